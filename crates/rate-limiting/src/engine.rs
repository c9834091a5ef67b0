//! The part of a limiter that does not depend on how uses are counted.

use ecology_types::{Charges, Key, Resource, Snug, Time};
use serde::{Deserialize, Serialize};

use crate::accounts::{Accounts, Amounts, RENEWABLE_COUNT, place};
use crate::meter::Meter;
use crate::{Ask, Decision, NeverReason, RateEvent};

/// The meters of one principal.
type Row<M> = Box<[M; RENEWABLE_COUNT]>;

/// Shares, reservations and a slab of meters. A principal that used nothing lately has no row of meters: rows are made on the
/// first use, and every few events also look at one other row and forget it when nothing in it counts any more.
#[derive(Debug, Clone)]
pub(crate) struct Engine<M: Meter> {
    pub(crate) context: M::Context,
    accounts: Accounts,
    rows: Vec<Option<Row<M>>>,
    /// Where the search for idle rows continues.
    hand: usize,
    /// Events since it last went on.
    unsearched: u8,
    /// The latest time heard of.
    latest: Time,
}

/// Everything that decides, without what is idle. Equal histories give equal snapshots.
#[derive(Serialize, Deserialize)]
struct Snapshot<S> {
    accounts: Accounts,
    rows: Vec<(u32, [S; RENEWABLE_COUNT])>,
    latest: Time,
}

impl<M: Meter> Engine<M> {
    const EVENTS_PER_SEARCH: u8 = 4;

    pub(crate) fn new(context: M::Context) -> Self {
        let (accounts, rows) = (Accounts::default(), Vec::new());
        Self { context, accounts, rows, hand: 0, unsearched: 0, latest: Time::ZERO }
    }

    /// Changes what is the same for all meters. What no longer counted must not count again: whether it is still remembered
    /// depends on when its row was last looked at, and no answer may.
    pub(crate) fn set_context(&mut self, context: M::Context) {
        for meter in self.rows.iter_mut().flatten().flat_map(|row| row.iter_mut()) {
            meter.prune(self.latest, self.context);
        }
        self.context = context;
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

    pub(crate) fn touch(&self, principal: Key) -> u64 {
        let account =
            self.accounts.shares(principal)[0] ^ self.accounts.overruns(principal)[RENEWABLE_COUNT - 1];
        // The first and the last, which lie in different lines of the cache.
        let row = self.row(principal).map_or(0, |row| {
            row[0].used(self.latest, self.context) ^ row[RENEWABLE_COUNT - 1].used(self.latest, self.context)
        });
        account ^ row
    }

    pub(crate) fn used(&self, principal: Key, resource: Resource, now: Time) -> u64 {
        let meter = place(resource).and_then(|at| Some(&self.row(principal)?[at]));
        meter.map_or(0, |meter| meter.used(now, self.context))
    }

    #[inline]
    fn row(&self, principal: Key) -> Option<&Row<M>> {
        self.rows.get(principal.index())?.as_ref()
    }

    pub(crate) fn decide(&self, ask: &Ask<'_>, now: Time) -> Decision {
        match *ask {
            Ask::Use { principal, charges } => self.decide_use(principal, charges, now),
            Ask::Move { resource, from, to, amount } => self.decide_move(resource, from, to, amount, now),
        }
    }

    fn decide_use(&self, principal: Key, charges: &Charges, now: Time) -> Decision {
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
                let until = row[at].free_at(shares[at] - needs[at], now, self.context);
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
        let meter = place(resource).and_then(|at| Some(&self.row(from)?[at]));
        let (Some(meter), true) = (meter, from != to && amount > 0) else { return Decision::Admit };
        let until = meter.free_at(share - amount, now, self.context);
        if until <= now { Decision::Admit } else { Decision::Wait { until, resource } }
    }

    pub(crate) fn apply(&mut self, event: &RateEvent<'_>, now: Time) {
        self.latest = self.latest.max(now);
        let now = self.latest;
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
                let amounts = self.accounts.book(principal, charges);
                self.count(principal, &amounts, now, M::book);
            }
            RateEvent::Reserved { reservation, principal, charges } => {
                if self.accounts.reservations().contains(reservation) {
                    self.release(reservation);
                }
                let amounts = self.accounts.reserve(reservation, principal, charges);
                self.count(principal, &amounts, now, M::hold);
            }
            RateEvent::Settled { reservation, used } => {
                if let Some(settlement) = self.accounts.settle(reservation, used) {
                    let context = self.context;
                    if let Some(row) = self.row_mut(settlement.principal) {
                        for (at, meter) in row.iter_mut().enumerate() {
                            if settlement.held[at] > 0 {
                                meter.settle(settlement.held[at], settlement.used[at], now, context);
                            }
                        }
                    }
                }
            }
            RateEvent::Released { reservation } => self.release(reservation),
            RateEvent::TickStarted => return,
        }
        self.forget_one_idle(now);
    }

    fn release(&mut self, reservation: u64) {
        let Some((principal, held)) = self.accounts.release(reservation) else { return };
        if let Some(row) = self.row_mut(principal) {
            for (meter, held) in row.iter_mut().zip(held) {
                meter.free(held);
            }
        }
    }

    /// Books or holds the amounts that are not zero.
    fn count(
        &mut self,
        principal: Key,
        amounts: &Amounts,
        now: Time,
        how: fn(&mut M, u64, Time, M::Context),
    ) {
        if amounts.iter().all(|amount| *amount == 0) {
            return;
        }
        let at = principal.index();
        self.rows.reach(at + 1, || None);
        let row = self.rows[at].get_or_insert_with(Row::<M>::default);
        for (meter, amount) in row.iter_mut().zip(amounts) {
            if *amount > 0 {
                how(meter, *amount, now, self.context);
            }
        }
    }

    fn row_mut(&mut self, principal: Key) -> Option<&mut Row<M>> {
        self.rows.get_mut(principal.index())?.as_mut()
    }

    /// Looks at one row every few events, which is about one for each turn of an agent. No answer depends on it: an idle row and no row
    /// count the same.
    fn forget_one_idle(&mut self, now: Time) {
        self.unsearched = (self.unsearched + 1) % Self::EVENTS_PER_SEARCH;
        if self.unsearched != 0 {
            return;
        }
        if self.hand >= self.rows.len() {
            self.hand = 0;
        }
        if let Some(place) = self.rows.get_mut(self.hand) {
            let idle = |row: &Row<M>| row.iter().all(|meter| meter.is_idle(now, self.context));
            if place.as_ref().is_some_and(idle) {
                *place = None;
            }
            self.hand += 1;
        }
    }

    /// Rows in which something counts, in the order of their keys.
    fn busy_rows(&self) -> impl Iterator<Item = (u32, &Row<M>)> {
        let rows = (0_u32..).zip(&self.rows).filter_map(|(key, row)| Some((key, row.as_ref()?)));
        rows.filter(|(_, row)| row.iter().any(|meter| !meter.is_idle(self.latest, self.context)))
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
            if !row[at].is_idle(self.latest, self.context) {
                append(into, &(key, row[at].state(self.latest, self.context)));
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
        let states = |row: &Row<M>| row.each_ref().map(|meter| meter.state(self.latest, self.context));
        let rows = self.busy_rows().map(|(key, row)| (key, states(row))).collect();
        append(into, &Snapshot { accounts: self.accounts.clone(), rows, latest: self.latest });
    }

    pub(crate) fn restore(context: M::Context, saved: &[u8]) -> Result<Self, String> {
        let snapshot: Snapshot<M::State> = postcard::from_bytes(saved)
            .map_err(|error| format!("the snapshot of the rate limiter cannot be read: {error}"))?;
        let Snapshot { accounts, rows: saved_rows, latest } = snapshot;
        if !accounts.is_sound() {
            return Err("the snapshot of the rate limiter holds an impossible reservation".to_owned());
        }
        let mut engine = Self { accounts, latest, ..Self::new(context) };
        for (key, states) in saved_rows {
            let at = Key(key).index();
            if at >= engine.accounts.len() || at < engine.rows.len() {
                return Err(format!("the snapshot of the rate limiter has a row out of place, at {key}"));
            }
            let mut row = Row::<M>::default();
            for (meter, state) in row.iter_mut().zip(&states) {
                *meter = M::from_state(state, context).map_err(str::to_owned)?;
            }
            engine.rows.reach(at + 1, || None);
            engine.rows[at] = Some(row);
        }
        Ok(engine)
    }
}

/// Appends a value in its one fixed binary form.
pub(crate) fn append(into: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    // Writing plain data into memory cannot fail: postcard only refuses sequences of unknown length, and there are none.
    if let Ok(bytes) = postcard::to_allocvec(value) {
        into.extend_from_slice(&bytes);
    }
}
