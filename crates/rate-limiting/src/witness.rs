//! When things were used, kept apart from both implementations so that it can testify against either.

use ecology_types::{Charges, Key, Numbered, Resource, Span, Time};
use serde::{Deserialize, Serialize};

use crate::accounts::{RENEWABLE_COUNT, place};
use crate::{Horizon, RateEvent, RateLimiter};

/// The times at which one principal used one resource, as far as verdicts need them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    tick: u64,
    /// The last use before the current tick began.
    pub last_before_tick: Option<Time>,
    /// The first use since the current tick began.
    pub first_in_tick: Option<Time>,
    last_in_tick: Option<Time>,
}

impl Trace {
    /// The trace as seen from the tick of this number.
    const fn in_tick(self, tick: u64) -> Self {
        if self.tick == tick {
            return self;
        }
        let last_before_tick =
            if self.last_in_tick.is_some() { self.last_in_tick } else { self.last_before_tick };
        Self { tick, last_before_tick, first_in_tick: None, last_in_tick: None }
    }
}

/// A trace in half the room: everybody has one for each resource, and every use writes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Trace", into = "Trace")]
struct Packed {
    tick: u64,
    /// [`Time::NEVER`], at which nothing is used, stands for no time; likewise in the others.
    last_before_tick: Time,
    first_in_tick: Time,
    last_in_tick: Time,
}

impl Default for Packed {
    fn default() -> Self {
        Self { tick: 0, last_before_tick: Time::NEVER, first_in_tick: Time::NEVER, last_in_tick: Time::NEVER }
    }
}

impl Packed {
    #[inline]
    fn note(&mut self, tick: u64, now: Time) {
        if self.tick != tick {
            if self.last_in_tick != Time::NEVER {
                self.last_before_tick = self.last_in_tick;
            }
            (self.tick, self.first_in_tick) = (tick, Time::NEVER);
        }
        if self.first_in_tick == Time::NEVER {
            self.first_in_tick = now;
        }
        self.last_in_tick = now;
    }
}

impl From<Trace> for Packed {
    fn from(Trace { tick, last_before_tick, first_in_tick, last_in_tick }: Trace) -> Self {
        let time = |time: Option<Time>| time.unwrap_or(Time::NEVER);
        Self {
            tick,
            last_before_tick: time(last_before_tick),
            first_in_tick: time(first_in_tick),
            last_in_tick: time(last_in_tick),
        }
    }
}

impl From<Packed> for Trace {
    fn from(Packed { tick, last_before_tick, first_in_tick, last_in_tick }: Packed) -> Self {
        let time = |time: Time| (time != Time::NEVER).then_some(time);
        Self {
            tick,
            last_before_tick: time(last_before_tick),
            first_in_tick: time(first_in_tick),
            last_in_tick: time(last_in_tick),
        }
    }
}

/// Which resources each open reservation will count as used.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Promised(Numbered<(Key, [bool; RENEWABLE_COUNT])>);

/// Which resources these charges count as used: those that they name and those of which something is owed.
fn uses(principal: Key, charges: &Charges, limiter: &dyn RateLimiter) -> [bool; RENEWABLE_COUNT] {
    let named = Resource::RENEWABLE.map(|resource| charges[resource] > 0);
    if !limiter.owes(principal) {
        return named;
    }
    let mut uses = named;
    for (used, resource) in uses.iter_mut().zip(Resource::RENEWABLE) {
        *used |= limiter.overrun(principal, resource) > 0;
    }
    uses
}

/// Hears the same events as a shadow pair and remembers when something was used, not how much.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Witness {
    tick: u64,
    traces: Vec<[Packed; RENEWABLE_COUNT]>,
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

    fn note(&mut self, principal: Key, used: [bool; RENEWABLE_COUNT]) {
        let at = principal.index();
        if at >= self.traces.len() {
            self.traces.resize(at + 1, Default::default());
        }
        for (trace, used) in self.traces[at].iter_mut().zip(used) {
            if used {
                trace.note(self.tick, self.latest);
            }
        }
    }

    /// When `principal` used `resource`.
    #[must_use]
    pub fn trace(&self, principal: Key, resource: Resource) -> Trace {
        let at = place(resource);
        let trace = at.and_then(|at| Some(self.traces.get(principal.index())?[at]));
        Trace::from(trace.unwrap_or_default()).in_tick(self.tick)
    }

    /// Reads what the next use of `principal` writes.
    pub(crate) fn touch(&self, principal: Key) -> u64 {
        let traces = self.traces.get(principal.index()).map_or(&[][..], |traces| traces);
        traces.iter().step_by(2).fold(0, |seen, trace| seen ^ trace.tick)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_packed_trace_is_the_trace(steps in prop::collection::vec((0_u64..3, 0_u64..5), 0..20)) {
            let (mut packed, mut trace) = (Packed::default(), Trace::default());
            let (mut tick, mut now) = (0, Time::ZERO);
            for (ticks, moments) in steps {
                (tick, now) = (tick + ticks, Time(now.0 + moments));
                packed.note(tick, now);
                trace = trace.in_tick(tick);
                trace.first_in_tick = trace.first_in_tick.or(Some(now));
                trace.last_in_tick = Some(now);
                prop_assert_eq!(Trace::from(packed), trace);
                prop_assert_eq!(Packed::from(trace), packed);
                let saved = postcard::to_allocvec(&packed).unwrap();
                prop_assert_eq!(&saved, &postcard::to_allocvec(&trace).unwrap());
                prop_assert_eq!(postcard::from_bytes::<Packed>(&saved).unwrap(), packed);
            }
        }
    }

    #[test]
    fn it_takes_half_the_room() {
        assert_eq!((size_of::<Packed>(), size_of::<Trace>()), (32, 56));
    }
}
