//! Windows behind one small lock.

use std::collections::BTreeMap;
use std::task::Waker;

use ecology_types::Time;

use super::queue::Queue;
use crate::{Answer, Horizon, RollingWindow};

/// One key: one cache line. Its limit is that of the shard unless it has its own.
#[derive(Debug, Clone, Default)]
#[repr(align(64))]
pub(crate) struct Slot {
    window: RollingWindow,
}

/// Marks a slot whose limit was set for it alone. The other bits of `pins` count permits and waiters.
const OWN_LIMIT: u32 = 1 << 31;

/// So many decisions per look at one other slot.
const DECISIONS_PER_LOOK: u32 = 64;

/// The slots of one lock. `I` finds the slot of a key: nothing where keys are dense.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Shard<I> {
    pub(crate) slots: Vec<Slot>,
    horizon: Horizon,
    /// The limit of every key that has none of its own.
    limit: u64,
    /// Limits of slots that are marked.
    own_limits: BTreeMap<u32, u64>,
    /// The latest time seen: threads may bring theirs in any order.
    latest: Time,
    /// Counts decisions until one slot is looked at.
    turn: u32,
    hand: usize,
    next_ticket: u64,
    /// What is owed from permits that used more than they had reserved. Rare, hence apart from the slots.
    overruns: BTreeMap<u32, u64>,
    /// Where somebody waits.
    queues: BTreeMap<u32, Queue>,
    pub(crate) index: I,
}

impl<I> Shard<I> {
    pub(crate) fn new(limit: u64, horizon: Horizon, index: I) -> Self {
        Self {
            slots: Vec::new(),
            horizon,
            limit,
            own_limits: BTreeMap::new(),
            latest: Time::ZERO,
            turn: 0,
            hand: 0,
            next_ticket: 0,
            overruns: BTreeMap::new(),
            queues: BTreeMap::new(),
            index,
        }
    }

    #[inline]
    fn clamp(&mut self, now: Time) -> Time {
        self.latest = self.latest.max(now);
        self.latest
    }

    /// Whether it is time to look at one other slot.
    #[inline]
    pub(crate) fn is_turn_to_look(&mut self) -> bool {
        self.turn = self.turn.wrapping_add(1);
        self.turn.is_multiple_of(DECISIONS_PER_LOOK)
    }

    /// Which of `count` to look at next.
    pub(crate) fn next_look(&mut self, count: usize) -> Option<usize> {
        self.hand = if self.hand + 1 < count { self.hand + 1 } else { 0 };
        (count > 0).then_some(self.hand)
    }

    /// Forgets what has left the window of one slot; true when nothing keeps the slot.
    pub(crate) fn tidy(&mut self, at: u32) -> bool {
        let (now, horizon) = (self.latest, self.horizon);
        let slot = &mut self.slots[at as usize];
        slot.window.prune(now, horizon);
        slot.window.pins == 0 && slot.window.is_idle(now, horizon) && !self.overruns.contains_key(&at)
    }

    /// Books `weight` when it fits.
    #[inline]
    pub(crate) fn try_acquire(&mut self, at: u32, weight: u64, now: Time) -> Answer {
        let now = self.clamp(now);
        if !self.overruns.is_empty() || !self.queues.is_empty() {
            return self.try_acquire_slowly(at, weight, now);
        }
        let window = &mut self.slots[at as usize].window;
        let limit = if window.pins < OWN_LIMIT { self.limit } else { own_limit(&self.own_limits, at) };
        window.try_use(weight, limit, now, self.horizon)
    }

    /// The limit of one slot.
    pub(crate) fn limit(&self, at: u32) -> u64 {
        let is_common = self.slots[at as usize].window.pins < OWN_LIMIT;
        if is_common { self.limit } else { own_limit(&self.own_limits, at) }
    }

    #[inline(never)]
    fn try_acquire_slowly(&mut self, at: u32, weight: u64, now: Time) -> Answer {
        let answer = self.check(at, weight, now);
        if answer.is_admit() {
            self.book(at, weight);
        }
        answer
    }

    /// Whether `weight` fits behind those who wait already.
    pub(crate) fn check(&mut self, at: u32, weight: u64, now: Time) -> Answer {
        let now = self.clamp(now);
        let limit = self.limit(at);
        if weight == 0 {
            return Answer::Admit;
        }
        if weight > limit {
            return Answer::AboveShare;
        }
        let Some(queue) = self.queues.get(&at) else { return self.check_first(at, weight, now) };
        let ahead = queue.weight().saturating_add(weight).min(limit);
        match self.check_first(at, ahead, now) {
            Answer::Wait { until } => Answer::Wait { until },
            _ => Answer::Wait { until: Time(now.0.saturating_add(1)) },
        }
    }

    /// Whether `weight` fits, whoever waits.
    fn check_first(&mut self, at: u32, weight: u64, now: Time) -> Answer {
        let (need, limit) = (self.need(at, weight), self.limit(at));
        let window = &mut self.slots[at as usize].window;
        window.prune(now, self.horizon);
        window.check(need, limit, now, self.horizon)
    }

    /// The weight and as much of what is owed as fits under the limit.
    fn need(&self, at: u32, weight: u64) -> u64 {
        let owed = if self.overruns.is_empty() { 0 } else { self.overruns.get(&at).copied().unwrap_or(0) };
        weight.saturating_add(owed).min(self.limit(at)).max(weight)
    }

    /// Books a weight that was admitted, and what it pays off.
    pub(crate) fn book(&mut self, at: u32, weight: u64) {
        if weight > 0 {
            let need = self.pay_off(at, weight);
            let slot = &mut self.slots[at as usize];
            slot.window.book(need, self.latest, self.horizon);
        }
    }

    fn pay_off(&mut self, at: u32, weight: u64) -> u64 {
        let need = self.need(at, weight);
        self.owe(at, 0, need - weight);
        need
    }

    /// Adds to what is owed, then takes off what was paid.
    fn owe(&mut self, at: u32, more: u64, paid: u64) {
        if more > 0 || paid > 0 {
            let owed = self.overruns.entry(at).or_default();
            *owed = owed.saturating_add(more) - paid;
            if *owed == 0 {
                self.overruns.remove(&at);
            }
        }
    }

    /// Sets `weight` aside when it fits: what is held.
    pub(crate) fn try_reserve(&mut self, at: u32, weight: u64, now: Time) -> Result<u64, Answer> {
        let answer = self.check(at, weight, now);
        if !answer.is_admit() {
            return Err(answer);
        }
        let held = if weight == 0 { 0 } else { self.pay_off(at, weight) };
        let window = &mut self.slots[at as usize].window;
        let held = window.hold(held);
        self.pin(at);
        Ok(held)
    }

    /// Ends a reservation of which `used` was used; the waker of whoever may go on.
    pub(crate) fn settle(&mut self, at: u32, weight: u64, held: u64, used: u64, now: Time) -> Option<Waker> {
        let now = self.clamp(now);
        let paid_off = held - weight;
        self.owe(at, used.saturating_sub(weight), 0);
        let window = &mut self.slots[at as usize].window;
        window.settle(held, paid_off + used.min(weight), now, self.horizon);
        self.unpin(at);
        self.first_waiter(at)
    }

    /// Ends a reservation of which nothing was used; the waker of whoever may go on.
    pub(crate) fn cancel(&mut self, at: u32, weight: u64, held: u64) -> Option<Waker> {
        self.owe(at, held - weight, 0);
        let window = &mut self.slots[at as usize].window;
        window.free(held);
        self.unpin(at);
        self.first_waiter(at)
    }

    /// Gives a slot a limit of its own, or the common one again; the waker of whoever may go on.
    pub(crate) fn set_limit(&mut self, at: u32, limit: Option<u64>) -> Option<Waker> {
        let window = &mut self.slots[at as usize].window;
        if let Some(limit) = limit {
            window.pins |= OWN_LIMIT;
            self.own_limits.insert(at, limit);
        } else {
            window.pins &= !OWN_LIMIT;
            self.own_limits.remove(&at);
        }
        self.first_waiter(at)
    }

    /// What is used and held.
    pub(crate) fn used(&self, at: u32, now: Time) -> u64 {
        self.slots[at as usize].window.used(now.max(self.latest), self.horizon)
    }

    fn first_waiter(&self, at: u32) -> Option<Waker> {
        self.queues.get(&at)?.first()
    }

    /// Keeps a slot even while nothing of it counts.
    pub(crate) fn pin(&mut self, at: u32) {
        self.slots[at as usize].window.pins += 1;
    }

    /// Takes a pin back.
    pub(crate) fn unpin(&mut self, at: u32) {
        self.slots[at as usize].window.pins -= 1;
    }

    /// Stands in line: the ticket.
    pub(crate) fn enqueue(&mut self, at: u32, weight: u64, waker: &Waker) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.queues.entry(at).or_default().push(ticket, weight, waker);
        ticket
    }

    /// Tries for somebody in line: only the first is served. `None` when it is not the turn of this ticket.
    #[cfg_attr(not(feature = "async"), allow(dead_code, reason = "only futures wait"))]
    pub(crate) fn try_in_line(
        &mut self,
        at: u32,
        ticket: u64,
        weight: u64,
        now: Time,
        waker: &Waker,
    ) -> Option<Answer> {
        let answer = self.look_in_line(at, ticket, weight, now, waker)?;
        if answer.is_admit() {
            self.book(at, weight);
        }
        Some(answer)
    }

    /// What [`Shard::try_in_line`] would answer, booking nothing. Whoever has to wait is woken by this waker.
    pub(crate) fn look_in_line(
        &mut self,
        at: u32,
        ticket: u64,
        weight: u64,
        now: Time,
        waker: &Waker,
    ) -> Option<Answer> {
        let now = self.clamp(now);
        let queue = self.queues.get_mut(&at)?;
        queue.set_waker(ticket, waker);
        if weight > self.limit(at) {
            return Some(Answer::AboveShare);
        }
        if !self.queues.get(&at)?.is_first(ticket) {
            return None;
        }
        Some(self.check_first(at, weight, now))
    }

    /// Leaves the line; the waker of who is first now.
    pub(crate) fn leave(&mut self, at: u32, ticket: u64) -> Option<Waker> {
        let queue = self.queues.get_mut(&at)?;
        let next = queue.remove(ticket);
        if queue.is_empty() {
            self.queues.remove(&at);
        }
        next
    }
}

#[inline(never)]
fn own_limit(own_limits: &BTreeMap<u32, u64>, at: u32) -> u64 {
    own_limits.get(&at).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_one_cache_line() {
        assert_eq!(size_of::<Slot>(), 64);
    }
}
