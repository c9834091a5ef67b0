//! What both implementations remember alike: shares, overruns and open reservations.

use ecology_types::{Charges, Key, ReservationId, Resource};
use serde::{Deserialize, Serialize};

use crate::reservations::{Reservation, Reservations};

/// How many resources are renewable.
pub(crate) const RENEWABLE_COUNT: usize = Resource::RENEWABLE.len();

/// One amount per renewable resource, in the order of [`Resource::RENEWABLE`].
pub(crate) type Amounts = [u64; RENEWABLE_COUNT];

/// The place of a renewable resource in [`Amounts`]; `None` for the others.
#[inline]
pub(crate) const fn place(resource: Resource) -> Option<usize> {
    resource.index().checked_sub(Resource::RENEWABLE[0].index())
}

#[inline]
fn renewable(charges: &Charges) -> Amounts {
    Resource::RENEWABLE.map(|resource| charges[resource])
}

/// The shares and overruns of one principal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) shares: Amounts,
    pub(crate) overruns: Amounts,
}

impl Account {
    const NOTHING: Self = Self { shares: [0; RENEWABLE_COUNT], overruns: [0; RENEWABLE_COUNT] };
}

/// Shares, overruns and reservations. They depend on the events alone and not on who serves, so both implementations
/// agree on them at every moment: differences can only come from what counts as used *now*.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Accounts {
    accounts: Vec<Account>,
    reservations: Reservations,
}

/// What happened to the amounts that a reservation held.
pub(crate) struct Settlement {
    pub(crate) principal: Key,
    /// What was set aside.
    pub(crate) held: Amounts,
    /// What of it was used.
    pub(crate) used: Amounts,
}

impl Accounts {
    /// The account of a principal; one nobody has heard of has nothing.
    #[inline]
    pub(crate) fn of(&self, principal: Key) -> Account {
        self.accounts.get(principal.index()).copied().unwrap_or_default()
    }

    #[inline]
    pub(crate) fn find(&self, principal: Key) -> Option<&Account> {
        self.accounts.get(principal.index())
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (Key, &Account)> {
        (0_u32..).map(Key).zip(&self.accounts)
    }

    pub(crate) fn len(&self) -> usize {
        self.accounts.len()
    }

    pub(crate) fn reservations(&self) -> &Reservations {
        &self.reservations
    }

    #[inline]
    fn of_mut(&mut self, principal: Key) -> &mut Account {
        let at = principal.index();
        if at >= self.accounts.len() {
            self.accounts.resize(at + 1, Account::default());
        }
        &mut self.accounts[at]
    }

    pub(crate) fn set_share(&mut self, principal: Key, place: usize, amount: u64) {
        self.of_mut(principal).shares[place] = amount;
    }

    /// Moves what can be moved: never more than the giver has, so that the sum of all shares stays.
    pub(crate) fn move_share(&mut self, place: usize, from: Key, to: Key, amount: u64) {
        if from == to {
            return;
        }
        let room = u64::MAX - self.of(to).shares[place];
        let amount = amount.min(self.of(from).shares[place]).min(room);
        self.of_mut(from).shares[place] -= amount;
        self.of_mut(to).shares[place] += amount;
    }

    /// What a use of `charges` needs of every resource: the charges and what is owed from overruns, but never more than the
    /// share, so that a large overrun is paid off in parts and nobody is stuck for ever.
    ///
    /// # Errors
    /// The first resource of which the charges alone exceed the share.
    #[inline]
    pub(crate) fn needs(&self, principal: Key, charges: &Charges) -> Result<Amounts, Resource> {
        let charges = renewable(charges);
        let mut needs = Amounts::default();
        let account = self.find(principal).unwrap_or(const { &Account::NOTHING });
        for (place, resource) in Resource::RENEWABLE.into_iter().enumerate() {
            if charges[place] > account.shares[place] {
                return Err(resource);
            }
            needs[place] = need(account, &charges, place);
        }
        Ok(needs)
    }

    /// Takes note of a use: what is to be booked. Overruns that it pays off are owed no longer.
    pub(crate) fn book(&mut self, principal: Key, charges: &Charges) -> Amounts {
        let charges = renewable(charges);
        let account = self.of_mut(principal);
        let mut booked = Amounts::default();
        for place in 0..RENEWABLE_COUNT {
            booked[place] = need(account, &charges, place);
            account.overruns[place] -= booked[place] - charges[place];
        }
        booked
    }

    /// Takes note of a reservation: what is to be held.
    pub(crate) fn reserve(&mut self, id: ReservationId, principal: Key, charges: &Charges) -> Amounts {
        let held = self.book(principal, charges);
        self.reservations.insert(id, Reservation { principal, charges: renewable(charges), held });
        held
    }

    /// Takes note that a reservation was used; `None` when there is none of that number.
    pub(crate) fn settle(&mut self, id: ReservationId, used: &Charges) -> Option<Settlement> {
        let Reservation { principal, charges, held } = self.reservations.remove(id)?;
        let measured = renewable(used);
        let account = self.of_mut(principal);
        let mut used = Amounts::default();
        for place in 0..RENEWABLE_COUNT {
            let paid_off = held[place] - charges[place];
            used[place] = paid_off + measured[place].min(charges[place]);
            let overrun = measured[place].saturating_sub(charges[place]);
            account.overruns[place] = account.overruns[place].saturating_add(overrun);
        }
        Some(Settlement { principal, held, used })
    }

    /// Takes note that a reservation was given back; an overrun that it would have paid off is owed again.
    pub(crate) fn release(&mut self, id: ReservationId) -> Option<(Key, Amounts)> {
        let Reservation { principal, charges, held } = self.reservations.remove(id)?;
        let account = self.of_mut(principal);
        for place in 0..RENEWABLE_COUNT {
            let owed = held[place] - charges[place];
            account.overruns[place] = account.overruns[place].saturating_add(owed);
        }
        Some((principal, held))
    }

    /// Checks what was read from a snapshot.
    pub(crate) fn is_sound(&self) -> bool {
        u32::try_from(self.accounts.len()).is_ok()
            && self.reservations.iter().all(|(_, reservation)| {
                reservation.principal.index() < self.accounts.len()
                    && (0..RENEWABLE_COUNT).all(|at| reservation.charges[at] <= reservation.held[at])
            })
    }
}

/// The charge and as much of the overrun as fits under the share; never less than the charge.
#[inline]
fn need(account: &Account, charges: &Amounts, place: usize) -> u64 {
    let charge = charges[place];
    charge.saturating_add(account.overruns[place]).min(account.shares[place]).max(charge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_follow_the_order_of_the_renewable_resources() {
        for (at, resource) in Resource::RENEWABLE.into_iter().enumerate() {
            assert_eq!(place(resource), Some(at));
        }
        for resource in [Resource::LlmBudget, Resource::Disk, Resource::Memory] {
            assert_eq!(place(resource), None);
        }
    }

    #[test]
    fn an_overrun_is_paid_off_in_parts() {
        let mut accounts = Accounts::default();
        let (alice, tokens) = (Key(3), |n| Charges::of(Resource::LlmTokens, n));
        accounts.set_share(alice, 0, 10);
        accounts.reserve(1, alice, &tokens(2));
        let settled = accounts.settle(1, &tokens(15)).unwrap();
        assert_eq!((settled.held[0], settled.used[0]), (2, 2));
        assert_eq!(accounts.of(alice).overruns[0], 13);
        assert_eq!(accounts.needs(alice, &tokens(4)).unwrap()[0], 10);
        assert_eq!(accounts.book(alice, &tokens(4))[0], 10);
        assert_eq!(accounts.of(alice).overruns[0], 7);
        assert_eq!(accounts.reserve(2, alice, &Charges::NONE)[0], 7, "even a use of nothing pays off");
        accounts.release(2);
        assert_eq!(accounts.of(alice).overruns[0], 7, "and owes again when it did not happen");
        assert_eq!(accounts.needs(alice, &tokens(11)), Err(Resource::LlmTokens));
    }
}
