//! The old implementation: counters that are refilled when a tick begins.

use ecology_types::{Key, Resource, Span, Time};
use serde::{Deserialize, Serialize};

use crate::counters::Counters;
use crate::engine::{Engine, append};
use crate::{Answer, Ask, Decision, RateEvent, RateLimiter, snapshot};

/// What one principal used of one resource in the current tick. What it did not use is lost when the next one begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TickCounter {
    tick: u64,
    used: u64,
    held: u64,
}

impl TickCounter {
    /// What was used in the tick of this number, plus what is held.
    #[inline]
    #[must_use]
    pub const fn used(&self, tick: u64) -> u64 {
        if self.tick == tick { self.used + self.held } else { self.held }
    }

    /// Whether `amount` more fits under `share` in the tick of this number. An amount of zero always fits.
    #[inline]
    #[must_use]
    pub const fn check(&self, amount: u64, share: u64, tick: u64) -> Answer {
        if amount == 0 {
            Answer::Admit
        } else if amount > share {
            Answer::AboveShare
        } else if self.used(tick) <= share - amount {
            Answer::Admit
        } else {
            Answer::Wait { until: Time::NEVER }
        }
    }

    /// Books `amount` in the tick of this number when it fits under `share`.
    #[inline]
    pub fn try_use(&mut self, amount: u64, share: u64, tick: u64) -> Answer {
        let answer = self.check(amount, share, tick);
        if answer.is_admit() {
            self.book(amount, tick);
        }
        answer
    }

    /// Books `amount` without asking; what would not fit 64 bits is not booked.
    #[inline]
    pub fn book(&mut self, amount: u64, tick: u64) {
        if self.tick != tick {
            (self.tick, self.used) = (tick, 0);
        }
        self.used += amount.min(u64::MAX - self.used - self.held);
    }

    pub(crate) fn hold(&mut self, amount: u64, tick: u64) {
        self.held += amount.min(u64::MAX - self.used(tick).max(self.used.saturating_add(self.held)));
    }

    pub(crate) fn free(&mut self, amount: u64) {
        self.held -= amount.min(self.held);
    }

    pub(crate) fn settle(&mut self, held: u64, used: u64, tick: u64) {
        let held = held.min(self.held);
        self.free(held);
        self.book(used.min(held), tick);
    }

    pub(crate) const fn of(tick: u64, used: u64, held: u64) -> Self {
        Self { tick, used, held }
    }

    /// The tick of what was used.
    pub(crate) const fn tick(&self) -> u64 {
        self.tick
    }

    pub(crate) const fn held(&self) -> u64 {
        self.held
    }

    /// The counter as seen from the tick of this number.
    pub(crate) const fn in_tick(&self, tick: u64) -> Self {
        Self { tick, used: self.used(tick) - self.held, held: self.held }
    }

    /// Judges a counter that was read.
    pub(crate) fn check_sum(&self) -> Result<(), &'static str> {
        self.used.checked_add(self.held).map(drop).ok_or("the sum of a tick does not fit 64 bits")
    }
}

/// Refills every share when a tick begins; what was not used is lost.
///
/// Between two ticks a principal may use its share once, so a trailing window across a tick boundary may hold twice the
/// share. Only the start of a tick frees what was used, which is why waits have no end: [`Time::NEVER`].
#[derive(Debug, Clone)]
pub struct TickLimiter {
    engine: Engine<Counters>,
    tick: Span,
}

impl TickLimiter {
    /// Its name in flags and reports.
    pub const NAME: &'static str = "tick";

    /// A limiter in which nobody has a share. The length of a tick is kept for reports: ticks begin when
    /// [`RateEvent::TickStarted`] says so.
    #[must_use]
    pub fn new(tick: Span) -> Self {
        Self { engine: Engine::new(0), tick }
    }
}

impl RateLimiter for TickLimiter {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn decide(&self, ask: &Ask<'_>, now: Time) -> Decision {
        self.engine.decide(ask, now)
    }

    fn apply(&mut self, event: &RateEvent<'_>, now: Time) {
        if matches!(event, RateEvent::TickStarted) {
            self.engine.context = self.engine.context.wrapping_add(1);
        }
        self.engine.apply(event, now);
    }

    fn share(&self, principal: Key, resource: Resource) -> u64 {
        self.engine.share(principal, resource)
    }

    fn used(&self, principal: Key, resource: Resource, now: Time) -> u64 {
        self.engine.used(principal, resource, now)
    }

    fn owes(&self, principal: Key) -> bool {
        self.engine.owes(principal)
    }

    fn overrun(&self, principal: Key, resource: Resource) -> u64 {
        self.engine.overrun(principal, resource)
    }

    fn touch(&self, principal: Key) -> u64 {
        self.engine.touch(principal)
    }

    fn set_window(&mut self, window: Span) {
        self.tick = window;
    }

    fn window(&self) -> Span {
        self.tick
    }

    fn digest(&self, resource: Resource, into: &mut Vec<u8>) {
        append(into, &(Self::NAME, self.tick, self.engine.context));
        self.engine.digest(resource, into);
    }

    fn save(&self) -> Vec<u8> {
        let mut into = snapshot::head(Self::NAME);
        append(&mut into, &(self.tick, self.engine.context));
        self.engine.save(&mut into);
        into
    }

    fn restore(&mut self, saved: &[u8]) -> Result<(), String> {
        let body = snapshot::body(Self::NAME, saved)?;
        let ((tick, number), rest) = postcard::take_from_bytes(body)
            .map_err(|error| format!("the snapshot of the rate limiter cannot be read: {error}"))?;
        *self = Self { engine: Engine::restore(number, rest)?, tick };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_refilled_by_the_next_tick_and_keeps_its_holds() {
        let mut counter = TickCounter::default();
        assert_eq!(counter.try_use(7, 10, 0), Answer::Admit);
        assert_eq!(counter.try_use(4, 10, 0), Answer::Wait { until: Time::NEVER });
        counter.hold(3, 0);
        assert_eq!(counter.used(1), 3, "a hold outlives the tick");
        assert_eq!(counter.try_use(7, 10, 1), Answer::Admit);
        assert_eq!(counter.try_use(11, 10, 1), Answer::AboveShare);
    }

    #[test]
    fn sums_stop_at_the_end_of_the_number_range() {
        let mut counter = TickCounter::default();
        counter.book(u64::MAX, 0);
        counter.hold(5, 0);
        counter.book(u64::MAX, 1);
        counter.hold(5, 1);
        assert_eq!(counter.used(1), u64::MAX);
    }
}
