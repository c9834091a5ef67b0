//! The part of a limiter that does not depend on how uses are counted.

use ecology_types::{Charges, Key, Resource, Time};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Serialize, Serializer};

use crate::accounts::{Accounts, Amounts, RENEWABLE_COUNT, place, renewable};
use crate::meters::Meters;
use crate::pages::Pages;
use crate::{Ask, Decision, NeverReason, RateEvent};

/// Shares, reservations and what everybody used. Principals that used nothing lately have no meters: those are made with the
/// first use, and every few events also look at some others and forget them when nothing in them counts any more.
#[derive(Debug, Clone)]
pub(crate) struct Engine<M: Meters> {
    pub(crate) context: M::Context,
    accounts: Accounts,
    rows: Pages<M>,
    /// Where the search for idle rows continues.
    hand: usize,
    /// Events since it last went on.
    unsearched: u8,
    /// The latest time heard of.
    latest: Time,
}

/// Everything that decides, without what is idle. Equal histories give equal snapshots. It is written from where it is: see [`Busy`].
#[derive(Deserialize)]
struct Snapshot<S> {
    accounts: Accounts,
    rows: Vec<(u32, [S; RENEWABLE_COUNT])>,
    latest: Time,
}

impl<M: Meters> Engine<M> {
    /// A look is at a page of rows that lie side by side: about one row for each turn of an agent.
    const EVENTS_PER_LOOK: u8 = 64;

    pub(crate) fn new(context: M::Context) -> Self {
        let (accounts, rows) = (Accounts::default(), Pages::default());
        Self { context, accounts, rows, hand: 0, unsearched: 0, latest: Time::ZERO }
    }

    /// Changes what is the same for all meters.
    pub(crate) fn set_context(&mut self, context: M::Context) {
        if context != self.context {
            self.rows.iter_mut().for_each(|row| row.renew(self.latest, self.context, context));
            self.context = context;
        }
    }

    pub(crate) fn share(&self, principal: Key, resource: Resource) -> u64 {
        place(resource).map_or(0, |at| self.accounts.shares(principal)[at])
    }

    pub(crate) fn overrun(&self, principal: Key, resource: Resource) -> u64 {
        place(resource).map_or(0, |at| self.accounts.overruns(principal)[at])
    }

    pub(crate) fn owes(&self, principal: Key) -> bool {
        self.accounts.owes(principal)
    }

    #[inline]
    pub(crate) fn touch(&self, principal: Key) -> u64 {
        self.accounts.touch(principal)
            ^ self.row(principal).map_or(0, |row| row.touch(self.latest, self.context))
    }

    pub(crate) fn used(&self, principal: Key, resource: Resource, now: Time) -> u64 {
        let row = place(resource).and_then(|at| Some((at, self.row(principal)?)));
        row.map_or(0, |(at, row)| row.used(at, now, self.context))
    }

    #[inline]
    fn row(&self, principal: Key) -> Option<&M> {
        self.rows.get(principal.index())
    }

    #[inline]
    pub(crate) fn decide(&self, ask: &Ask<'_>, now: Time) -> Decision {
        match *ask {
            Ask::Use { principal, charges } => self.decide_use(principal, charges, now),
            Ask::Move { resource, from, to, amount } => self.decide_move(resource, from, to, amount, now),
        }
    }

    #[inline]
    fn decide_use(&self, principal: Key, charges: &Charges, now: Time) -> Decision {
        // Nearly every answer.
        if let Some(shares) = self.accounts.shares_free_of_debt(principal) {
            let (row, charges) = (self.row(principal), renewable(charges));
            let fits = |at: usize| {
                charges[at] == 0
                    || charges[at] <= shares[at]
                        && row.is_none_or(|row| row.fits(at, shares[at] - charges[at], self.context))
            };
            if (0..RENEWABLE_COUNT).all(fits) {
                return Decision::Admit;
            }
        }
        self.decide_short(principal, charges, now)
    }

    #[inline(never)]
    fn decide_short(&self, principal: Key, charges: &Charges, now: Time) -> Decision {
        let needs = match self.accounts.needs(principal, charges) {
            Ok(needs) => needs,
            Err(resource) => {
                let share = self.share(principal, resource);
                let why = NeverReason::AboveShare { share, needed: charges[resource] };
                return Decision::Never { why, resource };
            }
        };
        let Some(row) = self.row(principal) else { return Decision::Admit };
        let shares = self.accounts.shares(principal);
        let mut decision = Decision::Admit;
        let mut latest = now;
        for (at, resource) in Resource::RENEWABLE.into_iter().enumerate() {
            if needs[at] > 0 {
                let until = row.free_at(at, shares[at] - needs[at], now, self.context);
                if until > latest {
                    latest = until;
                    decision = Decision::Wait { until, resource };
                }
            }
        }
        decision
    }

    /// The giver gives only what it does not need for what it used and reserved: then the sum over all principals of the larger of
    /// share and use never grows, and the provider's own window holds through every transfer.
    fn decide_move(&self, resource: Resource, from: Key, to: Key, amount: u64, now: Time) -> Decision {
        let share = self.share(from, resource);
        if amount > share {
            let why = NeverReason::AboveShare { share, needed: amount };
            return Decision::Never { why, resource };
        }
        let row = place(resource).and_then(|at| Some((at, self.row(from)?)));
        let (Some((at, row)), true) = (row, from != to && amount > 0) else { return Decision::Admit };
        let until = row.free_at(at, share - amount, now, self.context);
        if until <= now { Decision::Admit } else { Decision::Wait { until, resource } }
    }

    pub(crate) fn apply(&mut self, event: &RateEvent<'_>, now: Time) {
        self.latest = self.latest.max(now);
        let (now, context) = (self.latest, self.context);
        match *event {
            RateEvent::ShareSet { principal, resource, amount } => {
                if let Some(at) = place(resource) {
                    self.accounts.set_share(principal, at, amount);
                }
            }
            RateEvent::ShareMoved { resource, from, to, amount } => {
                if let Some(at) = place(resource) {
                    self.accounts.move_share(at, from, to, amount);
                }
            }
            RateEvent::Used { principal, charges } => {
                let mut room = Amounts::default();
                let amounts = self.accounts.book(principal, charges, &mut room);
                for (at, amount) in amounts.iter().enumerate().filter(|(_, amount)| **amount > 0) {
                    self.rows.entry(principal.index()).book(at, *amount, now, context);
                }
            }
            RateEvent::Reserved { reservation, principal, charges } => {
                if self.accounts.reservations().contains(reservation) {
                    self.release(reservation);
                }
                let mut room = Amounts::default();
                let amounts = self.accounts.reserve(reservation, principal, charges, &mut room);
                for (at, amount) in amounts.iter().enumerate().filter(|(_, amount)| **amount > 0) {
                    self.rows.entry(principal.index()).hold(at, *amount, now, context);
                }
            }
            RateEvent::Settled { reservation, used } => {
                let rows = &mut self.rows;
                self.accounts.settle(reservation, used, |principal, at, held, used| {
                    if let Some(row) = rows.get_mut(principal.index()) {
                        row.settle(at, held, used, now, context);
                    }
                });
            }
            RateEvent::Released { reservation } => self.release(reservation),
            RateEvent::TickStarted => return,
        }
        self.unsearched += 1;
        if self.unsearched == Self::EVENTS_PER_LOOK {
            self.unsearched = 0;
            self.forget_idle(now);
        }
    }

    fn release(&mut self, reservation: u64) {
        let rows = &mut self.rows;
        self.accounts.release(reservation, |principal, at, held| {
            if let Some(row) = rows.get_mut(principal.index()) {
                row.free(at, held);
            }
        });
    }

    /// No answer depends on it: idle meters and none count the same.
    #[inline(never)]
    fn forget_idle(&mut self, now: Time) {
        let context = self.context;
        self.hand = self.rows.look(self.hand, |rows| M::give_back(rows, now, context));
    }

    /// Rows in which something counts, in the order of their keys.
    fn busy_rows(&self) -> impl Iterator<Item = (u32, &M)> {
        self.rows.iter().filter(|(_, row)| (0..RENEWABLE_COUNT).any(|at| self.counts(row, at)))
    }

    fn counts(&self, row: &M, at: usize) -> bool {
        row.used(at, self.latest, self.context) > 0
    }

    pub(crate) fn digest(&self, resource: Resource, into: &mut Vec<u8>) {
        let Some(at) = place(resource) else { return };
        append(into, &("accounts", self.latest));
        for (key, shares, overruns) in self.accounts.all() {
            let (share, overrun) = (shares[at], overruns[at]);
            if share > 0 || overrun > 0 {
                append(into, &(key, share, overrun));
            }
        }
        append(into, "meters");
        for (key, row) in self.busy_rows() {
            if self.counts(row, at) {
                append(into, &(key, row.state(at, self.latest, self.context)));
            }
        }
        append(into, "reservations");
        for (id, reservation) in self.accounts.reservations().iter() {
            let (charge, held) = (reservation.charges[at], reservation.held[at]);
            if held > 0 {
                append(into, &(id, reservation.principal, charge, held));
            }
        }
    }

    pub(crate) fn save(&self, into: &mut Vec<u8>) {
        // A large state that grows by doubling is copied, and fetched from the system, twice over.
        into.reserve(self.rows.iter().map(|(_, row)| row.saved_bytes_about()).sum());
        append(into, &(&self.accounts, Busy(self), self.latest));
    }

    pub(crate) fn restore(context: M::Context, saved: &[u8]) -> Result<Self, String> {
        let snapshot: Snapshot<M::State> = postcard::from_bytes(saved)
            .map_err(|error| format!("the snapshot of the rate limiter cannot be read: {error}"))?;
        let Snapshot { accounts, rows: saved_rows, latest } = snapshot;
        if !accounts.is_sound() {
            return Err("the snapshot of the rate limiter holds an impossible reservation".to_owned());
        }
        let mut engine = Self { accounts, latest, ..Self::new(context) };
        let mut least = 0;
        for (key, states) in saved_rows {
            let at = Key(key).index();
            if at >= engine.accounts.len() || at < least {
                return Err(format!("the snapshot of the rate limiter has a row out of place, at {key}"));
            }
            *engine.rows.entry(at) = M::from_states(&states, context).map_err(str::to_owned)?;
            least = at + 1;
        }
        Ok(engine)
    }
}

/// The rows in which something counts, one after the other: all windows of a world as plain data would be many times its limiter.
struct Busy<'a, M: Meters>(&'a Engine<M>);

impl<M: Meters> Serialize for Busy<'_, M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut rows = serializer.serialize_seq(Some(self.0.busy_rows().count()))?;
        for (key, row) in self.0.busy_rows() {
            rows.serialize_element(&(key, row.states(self.0.latest, self.0.context)))?;
        }
        rows.end()
    }
}

/// Appends a value in its one fixed binary form.
pub(crate) fn append(into: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    // Writing plain data into memory cannot fail: postcard only refuses sequences of unknown length, and there are none.
    let before = std::mem::take(into);
    *into = postcard::to_extend(value, before).unwrap_or_default();
}
