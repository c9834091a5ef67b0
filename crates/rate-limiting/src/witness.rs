//! When things were used, kept apart from both implementations so that it can testify against either.

use ecology_types::{Charges, Key, Numbered, Resource, Span, Time};
use serde::{Deserialize, Serialize};

use crate::accounts::place;
use crate::traces::{Mask, Traces};
use crate::{Horizon, RateEvent, RateLimiter};

/// The times at which one principal used one resource, as far as verdicts need them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    pub(crate) tick: u64,
    /// The last use before the current tick began.
    pub last_before_tick: Option<Time>,
    /// The first use since the current tick began.
    pub first_in_tick: Option<Time>,
    pub(crate) last_in_tick: Option<Time>,
}

impl Trace {
    /// The trace as seen from the tick of this number.
    pub(crate) const fn in_tick(self, tick: u64) -> Self {
        if self.tick == tick {
            return self;
        }
        let last_before_tick =
            if self.last_in_tick.is_some() { self.last_in_tick } else { self.last_before_tick };
        Self { tick, last_before_tick, first_in_tick: None, last_in_tick: None }
    }
}

/// Which resources each open reservation will count as used.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Promised(Numbered<(Key, Mask)>);

/// Which resources these charges count as used: those that they name and those of which something is owed.
#[inline]
fn uses(principal: Key, charges: &Charges, limiter: &dyn RateLimiter) -> Mask {
    let mut uses = Mask::of(|at| charges[Resource::RENEWABLE[at]] > 0);
    if limiter.owes(principal) {
        uses = uses.or(Mask::of(|at| limiter.overrun(principal, Resource::RENEWABLE[at]) > 0));
    }
    uses
}

/// Hears the same events as a shadow pair and remembers when something was used, not how much.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Witness {
    tick: u64,
    traces: Traces,
    reservations: Promised,
    latest: Time,
    step_max: Span,
    forgotten_until: Option<Time>,
}

impl Witness {
    /// Takes note of an event before the pair does. `limiter` is either of the two: they agree on shares and overruns.
    pub fn hear(&mut self, event: &RateEvent<'_>, now: Time, limiter: &dyn RateLimiter) {
        self.latest = self.latest.max(now);
        match *event {
            RateEvent::TickStarted => self.tick += 1,
            RateEvent::Used { principal, charges } => {
                self.note(principal, uses(principal, charges, limiter));
            }
            RateEvent::Reserved { reservation, principal, charges } => {
                self.reservations.0.insert(reservation, (principal, uses(principal, charges, limiter)));
            }
            RateEvent::Settled { reservation, .. } => {
                if let Some((principal, used)) = self.reservations.0.remove(reservation) {
                    self.note(principal, used);
                }
            }
            RateEvent::Released { reservation } => {
                self.reservations.0.remove(reservation);
            }
            RateEvent::ShareSet { .. } | RateEvent::ShareMoved { .. } => {}
        }
    }

    /// Takes note that the length of the window changes from `before`.
    pub fn window_changes(&mut self, before: Span) {
        let horizon = Horizon::new(before);
        self.step_max = self.step_max.max(horizon.step());
        let forgotten = self.latest.0.checked_sub(horizon.window().0).map(Time);
        self.forgotten_until = self.forgotten_until.max(forgotten);
    }

    #[inline]
    fn note(&mut self, principal: Key, used: Mask) {
        self.traces.note(principal.index(), used, self.tick, self.latest);
    }

    /// When `principal` used `resource`.
    #[must_use]
    pub fn trace(&self, principal: Key, resource: Resource) -> Trace {
        let trace = place(resource).map(|at| self.traces.get(principal.index(), at));
        trace.unwrap_or_default().in_tick(self.tick)
    }

    /// About how many bytes it takes when it is saved.
    pub(crate) fn saved_bytes_about(&self) -> usize {
        self.traces.len() * 24 + 256
    }

    /// Reads what the next use of `principal` writes.
    #[inline]
    pub(crate) fn touch(&self, principal: Key) -> u64 {
        self.traces.touch(principal.index())
    }

    /// The latest moment at which a use at `then` leaves a rolling window: at most one step late.
    #[must_use]
    pub fn leaves(&self, then: Time, window: Span) -> Time {
        let horizon = Horizon::new(window);
        then.after(horizon.window()).after(self.step_max.max(horizon.step()))
    }

    /// Uses up to this moment had left the window when it became longer.
    #[must_use]
    pub const fn forgotten_until(&self) -> Option<Time> {
        self.forgotten_until
    }
}
