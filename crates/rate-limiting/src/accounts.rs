//! What both implementations remember alike: shares, overruns and open reservations.

use std::sync::Arc;

use ecology_types::{Charges, Key, ReservationId, Resource, Snug};
use serde::{Deserialize, Serialize};

use crate::reservations::Reservations;

/// How many resources are renewable.
pub(crate) const RENEWABLE_COUNT: usize = Resource::RENEWABLE.len();

/// One amount per renewable resource, in the order of [`Resource::RENEWABLE`].
pub(crate) type Amounts = [u64; RENEWABLE_COUNT];

/// The place of a renewable resource in [`Amounts`]; `None` for the others.
#[inline]
pub(crate) const fn place(resource: Resource) -> Option<usize> {
    resource.index().checked_sub(Resource::RENEWABLE[0].index())
}

/// What of these charges is renewable: the last of the resources, in their order.
#[inline]
pub(crate) fn renewable(charges: &Charges) -> &Amounts {
    charges.0.last_chunk().unwrap_or(NOTHING)
}

/// The shares and overruns of one principal. Shares change by trade only, so those who were given the same keep one copy until then; an
/// overrun is the exception.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(Amounts, Amounts)", into = "(Amounts, Amounts)")]
pub(crate) struct Account {
    shares: Arc<Amounts>,
    /// `None` where nothing is owed.
    overruns: Option<Box<Amounts>>,
}

const NOTHING: &Amounts = &[0; RENEWABLE_COUNT];

impl Account {
    #[inline]
    pub(crate) fn overruns(&self) -> &Amounts {
        self.overruns.as_deref().unwrap_or(NOTHING)
    }

    /// Adds to what is owed of one resource and takes off what is paid.
    #[inline]
    fn owe(&mut self, place: usize, more: u64, paid: u64) {
        if more == 0 && paid == 0 {
            return;
        }
        let overruns = self.overruns.get_or_insert_default();
        overruns[place] = overruns[place].saturating_add(more) - paid;
        if **overruns == *NOTHING {
            self.overruns = None;
        }
    }
}

impl From<(Amounts, Amounts)> for Account {
    fn from((shares, overruns): (Amounts, Amounts)) -> Self {
        Self { shares: Arc::new(shares), overruns: (overruns != *NOTHING).then(|| Box::new(overruns)) }
    }
}

impl From<Account> for (Amounts, Amounts) {
    fn from(account: Account) -> Self {
        (*account.shares, *account.overruns())
    }
}

/// Shares, overruns and reservations. They depend on the events alone and not on who serves, so both implementations
/// agree on them at every moment: differences can only come from what counts as used *now*.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Saved")]
pub(crate) struct Accounts {
    accounts: Vec<Account>,
    reservations: Reservations,
    /// The shares of those who have none.
    #[serde(skip)]
    nothing: Account,
}

/// What is kept of them. Equal shares are brought together again when it is read back.
#[derive(Deserialize)]
struct Saved {
    accounts: Vec<Account>,
    reservations: Reservations,
}

impl From<Saved> for Accounts {
    fn from(Saved { mut accounts, reservations }: Saved) -> Self {
        accounts.shrink_to_fit();
        let mut loaded = Self { accounts, reservations, nothing: Account::default() };
        for at in 0..loaded.accounts.len() {
            loaded.share_with_neighbour(at);
        }
        loaded
    }
}

impl Accounts {
    /// The shares of a principal; one nobody has heard of has none.
    #[inline]
    pub(crate) fn shares(&self, principal: Key) -> &Amounts {
        self.accounts.get(principal.index()).map_or(NOTHING, |account| &account.shares)
    }

    /// The same where nothing is owed.
    #[inline]
    pub(crate) fn shares_free_of_debt(&self, principal: Key) -> Option<&Amounts> {
        let account = self.accounts.get(principal.index())?;
        account.overruns.is_none().then_some(&*account.shares)
    }

    /// What a principal owes from overruns.
    pub(crate) fn overruns(&self, principal: Key) -> &Amounts {
        self.accounts.get(principal.index()).map_or(NOTHING, Account::overruns)
    }

    /// Whether anything is owed.
    #[inline]
    pub(crate) fn owes(&self, principal: Key) -> bool {
        self.accounts.get(principal.index()).is_some_and(|account| account.overruns.is_some())
    }

    /// Reads what the next question about a principal will read.
    #[inline]
    pub(crate) fn touch(&self, principal: Key) -> u64 {
        self.accounts.get(principal.index()).map_or(0, |account| account.shares[0])
    }

    /// Everybody's shares and overruns.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Key, &Amounts, &Amounts)> {
        (0_u32..)
            .map(Key)
            .zip(&self.accounts)
            .map(|(key, account)| (key, &*account.shares, account.overruns()))
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
        self.accounts.reach(at + 1, || self.nothing.clone());
        &mut self.accounts[at]
    }

    pub(crate) fn set_share(&mut self, principal: Key, place: usize, amount: u64) {
        let shares = &mut self.of_mut(principal).shares;
        if shares[place] != amount {
            Arc::make_mut(shares)[place] = amount;
        }
        self.share_with_neighbour(principal.index());
    }

    /// Principals that joined one after the other mostly have the same shares: then they are kept once.
    fn share_with_neighbour(&mut self, at: usize) {
        if let Some([before, account]) = at.checked_sub(1).and_then(|first| self.accounts.get_mut(first..=at))
            && account.shares == before.shares
        {
            account.shares = Arc::clone(&before.shares);
        }
    }

    /// Moves what can be moved: never more than the giver has, so that the sum of all shares stays.
    pub(crate) fn move_share(&mut self, place: usize, from: Key, to: Key, amount: u64) {
        if from == to {
            return;
        }
        let (rest, sum) = (self.shares(from)[place], self.shares(to)[place]);
        let amount = amount.min(rest).min(u64::MAX - sum);
        self.set_share(from, place, rest - amount);
        self.set_share(to, place, sum + amount);
    }

    /// What a use of `charges` needs of every resource: the charges and what is owed from overruns, but never more than the
    /// share, so that a large overrun is paid off in parts and nobody is stuck for ever.
    ///
    /// # Errors
    /// The first resource of which the charges alone exceed the share.
    pub(crate) fn needs(&self, principal: Key, charges: &Charges) -> Result<Amounts, Resource> {
        let (shares, overruns) = match self.accounts.get(principal.index()) {
            Some(account) => (&*account.shares, account.overruns.as_deref()),
            None => (NOTHING, None),
        };
        let charges = renewable(charges);
        let mut needs = *charges;
        for (place, resource) in Resource::RENEWABLE.into_iter().enumerate() {
            if charges[place] > shares[place] {
                return Err(resource);
            }
        }
        if let Some(overruns) = overruns {
            for place in 0..RENEWABLE_COUNT {
                needs[place] = need(shares[place], overruns[place], charges[place]);
            }
        }
        Ok(needs)
    }

    /// Takes note of a use: what is to be booked. Overruns that it pays off are owed no longer. `room` is for what is not what is charged.
    #[inline]
    pub(crate) fn book<'a>(
        &mut self,
        principal: Key,
        charges: &'a Charges,
        room: &'a mut Amounts,
    ) -> &'a Amounts {
        let charges = renewable(charges);
        let account = self.of_mut(principal);
        if account.overruns.is_none() {
            // Nothing to pay off: what is charged is what is booked.
            return charges;
        }
        for place in 0..RENEWABLE_COUNT {
            room[place] = need(account.shares[place], account.overruns()[place], charges[place]);
            account.owe(place, 0, room[place] - charges[place]);
        }
        room
    }

    /// Takes note of a reservation: what is to be held.
    #[inline]
    pub(crate) fn reserve<'a>(
        &mut self,
        id: ReservationId,
        principal: Key,
        charges: &'a Charges,
        room: &'a mut Amounts,
    ) -> &'a Amounts {
        let held = self.book(principal, charges, room);
        self.reservations.insert(id, principal, renewable(charges), held);
        held
    }

    /// Takes note that a reservation was used. `each` is told of every resource of which something was held: whose, which, how much and what of it
    /// was used.
    #[inline]
    pub(crate) fn settle(
        &mut self,
        id: ReservationId,
        used: &Charges,
        mut each: impl FnMut(Key, usize, u64, u64),
    ) {
        let Some(reservation) = self.reservations.remove(id) else { return };
        let (principal, measured) = (reservation.principal(), renewable(used));
        for (place, measured) in measured.iter().enumerate() {
            let (charge, held) = reservation.of(place);
            if held > 0 {
                each(principal, place, held, held - charge + measured.min(&charge));
            }
            if *measured > charge {
                self.of_mut(principal).owe(place, measured - charge, 0);
            }
        }
    }

    /// Takes note that a reservation was given back; an overrun that it would have paid off is owed again. `each` is told of every resource of which
    /// something was held: whose, which and how much.
    pub(crate) fn release(&mut self, id: ReservationId, mut each: impl FnMut(Key, usize, u64)) {
        let Some(reservation) = self.reservations.remove(id) else { return };
        let principal = reservation.principal();
        for place in 0..RENEWABLE_COUNT {
            let (charge, held) = reservation.of(place);
            if held > 0 {
                each(principal, place, held);
            }
            self.of_mut(principal).owe(place, held - charge, 0);
        }
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
fn need(share: u64, overrun: u64, charge: u64) -> u64 {
    charge.saturating_add(overrun).min(share).max(charge)
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
    fn equal_shares_are_kept_once_and_nothing_owed_takes_no_room() {
        assert_eq!(size_of::<Account>(), 16);
        let mut accounts = Accounts::default();
        for key in (0..3).map(Key) {
            accounts.set_share(key, 0, 10);
            accounts.set_share(key, 2, 20);
        }
        let alike = |accounts: &Accounts, one: usize, other: usize| {
            Arc::ptr_eq(&accounts.accounts[one].shares, &accounts.accounts[other].shares)
        };
        assert!(alike(&accounts, 0, 2));
        let back: Accounts = postcard::from_bytes(&postcard::to_allocvec(&accounts).unwrap()).unwrap();
        assert!(alike(&back, 0, 2), "also after a restart");
        accounts.move_share(0, Key(1), Key(2), 4);
        let firsts: Vec<u64> = accounts.all().map(|(_, shares, _)| shares[0]).collect();
        assert_eq!(firsts, [10, 6, 14]);
        let mut saved = vec![3];
        for (_, shares, overruns) in accounts.all() {
            saved.extend(postcard::to_allocvec(&(shares, overruns)).unwrap());
        }
        saved.push(0);
        assert_eq!(postcard::to_allocvec(&accounts).unwrap(), saved, "the form of a snapshot is plain");
    }

    #[test]
    fn an_overrun_is_paid_off_in_parts() {
        let mut accounts = Accounts::default();
        let (alice, tokens) = (Key(3), |n| Charges::of(Resource::LlmTokens, n));
        accounts.set_share(alice, 0, 10);
        accounts.reserve(1, alice, &tokens(2), &mut [0; 5]);
        let mut settled = Vec::new();
        accounts.settle(1, &tokens(15), |whose, place, held, used| settled.push((whose, place, held, used)));
        assert_eq!(settled, [(alice, 0, 2, 2)]);
        assert_eq!(accounts.overruns(alice)[0], 13);
        assert_eq!(accounts.needs(alice, &tokens(4)).unwrap()[0], 10);
        assert_eq!(accounts.book(alice, &tokens(4), &mut [0; 5])[0], 10);
        assert_eq!(accounts.overruns(alice)[0], 7);
        assert_eq!(
            accounts.reserve(2, alice, &Charges::NONE, &mut [0; 5])[0],
            7,
            "even a use of nothing pays off"
        );
        accounts.release(2, |whose, place, held| assert_eq!((whose, place, held), (alice, 0, 7)));
        assert_eq!(accounts.overruns(alice)[0], 7, "and owes again when it did not happen");
        assert_eq!(accounts.needs(alice, &tokens(11)), Err(Resource::LlmTokens));
    }
}
