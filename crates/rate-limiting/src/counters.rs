//! The tick counters of one principal, in one cache line.

use ecology_types::Time;

use crate::TickCounter;
use crate::accounts::RENEWABLE_COUNT;
use crate::meters::{Meters, Numbers, small};

/// One [`TickCounter`] for each resource. Small numbers, which nearly all are, are kept together under the tick that they share.
#[derive(Debug, Clone)]
#[repr(align(64))]
pub(crate) enum Counters {
    /// Sums below 2^32.
    Narrow(Narrow),
    /// Everything else.
    Wide(Box<[TickCounter; RENEWABLE_COUNT]>),
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Narrow {
    /// The tick of what was used.
    tick: u64,
    used: Numbers,
    held: Numbers,
}

impl Default for Counters {
    fn default() -> Self {
        Self::Narrow(Narrow::default())
    }
}

impl Narrow {
    #[inline]
    fn used(&self, at: usize, tick: u64) -> u64 {
        let used = if self.tick == tick { self.used[at] } else { 0 };
        u64::from(used) + u64::from(self.held[at])
    }

    /// `None` where the sum is no small number.
    #[inline]
    fn book(&mut self, at: usize, amount: u64, tick: u64) -> Option<()> {
        if self.tick != tick {
            (self.tick, self.used) = (tick, Numbers::default());
        }
        self.used[at] = small(self.used[at], amount)?;
        Some(())
    }

    /// The same.
    #[inline]
    fn hold(&mut self, at: usize, amount: u64) -> Option<()> {
        self.held[at] = small(self.held[at], amount)?;
        Some(())
    }

    /// Frees what is held of `amount`: what that is.
    #[inline]
    fn free(&mut self, at: usize, amount: u64) -> u64 {
        let part = u32::try_from(amount).unwrap_or(u32::MAX).min(self.held[at]);
        self.held[at] -= part;
        part.into()
    }

    fn counter(&self, at: usize) -> TickCounter {
        TickCounter::of(self.tick, self.used[at].into(), self.held[at].into())
    }
}

impl Counters {
    /// One counter for each, made now where they are narrow.
    #[cold]
    fn wide(&mut self) -> &mut [TickCounter; RENEWABLE_COUNT] {
        if let Self::Narrow(narrow) = self {
            *self = Self::Wide(Box::new(std::array::from_fn(|at| narrow.counter(at))));
        }
        match self {
            Self::Wide(counters) => counters,
            // They have just been made.
            Self::Narrow(_) => unreachable!("counters that were made wide are wide"),
        }
    }

    fn is_idle(&self, tick: u64) -> bool {
        (0..RENEWABLE_COUNT).all(|at| self.used(at, Time::ZERO, tick) == 0)
    }

    /// The last tick in which something was used.
    fn last(&self) -> u64 {
        match self {
            Self::Narrow(narrow) => narrow.tick,
            Self::Wide(counters) => counters.iter().map(TickCounter::tick).max().unwrap_or(0),
        }
    }
}

impl Meters for Counters {
    type Context = u64;
    type State = TickCounter;

    #[inline]
    fn used(&self, at: usize, _now: Time, tick: u64) -> u64 {
        match self {
            Self::Narrow(narrow) => narrow.used(at, tick),
            Self::Wide(counters) => counters[at].used(tick),
        }
    }

    #[inline]
    fn fits(&self, at: usize, room: u64, tick: u64) -> bool {
        self.used(at, Time::ZERO, tick) <= room
    }

    fn free_at(&self, at: usize, room: u64, now: Time, tick: u64) -> Time {
        if self.used(at, now, tick) <= room { now } else { Time::NEVER }
    }

    #[inline]
    fn book(&mut self, at: usize, amount: u64, _now: Time, tick: u64) {
        if let Self::Narrow(narrow) = self
            && narrow.book(at, amount, tick).is_some()
        {
            return;
        }
        self.wide()[at].book(amount, tick);
    }

    #[inline]
    fn hold(&mut self, at: usize, amount: u64, _now: Time, tick: u64) {
        if let Self::Narrow(narrow) = self
            && narrow.hold(at, amount).is_some()
        {
            return;
        }
        self.wide()[at].hold(amount, tick);
    }

    #[inline]
    fn free(&mut self, at: usize, amount: u64) {
        match self {
            Self::Narrow(narrow) => {
                narrow.free(at, amount);
            }
            Self::Wide(counters) => counters[at].free(amount),
        }
    }

    #[inline]
    fn settle(&mut self, at: usize, held: u64, used: u64, now: Time, tick: u64) {
        match self {
            Self::Narrow(narrow) => {
                let part = narrow.free(at, held);
                self.book(at, used.min(part), now, tick);
            }
            Self::Wide(counters) => counters[at].settle(held, used, tick),
        }
    }

    /// The number of the tick is part of every answer, so there is nothing to do: no tick comes again.
    fn renew(&mut self, _now: Time, _before: u64, _after: u64) {}

    /// Whoever used something in the last tick is likely to do so in this one, and giving its room back in between costs more than the room.
    fn give_back(rows: &mut [Self], _now: Time, tick: u64) -> bool {
        rows.iter().all(|row| row.last().saturating_add(1) < tick && row.is_idle(tick))
    }

    fn state(&self, at: usize, _now: Time, tick: u64) -> TickCounter {
        match self {
            Self::Narrow(narrow) => narrow.counter(at).in_tick(tick),
            Self::Wide(counters) => counters[at].in_tick(tick),
        }
    }

    fn from_states(states: &[TickCounter; RENEWABLE_COUNT], tick: u64) -> Result<Self, &'static str> {
        for state in states {
            state.check_sum()?;
        }
        let mut counters = Self::Wide(Box::new(*states));
        if let Some(narrow) = narrow(&states.map(|state| state.in_tick(tick)), tick) {
            counters = Self::Narrow(narrow);
        }
        Ok(counters)
    }

    #[inline]
    fn touch(&self, _now: Time, _tick: u64) -> u64 {
        self.last()
    }
}

/// The counters in small numbers, where they are.
fn narrow(counters: &[TickCounter; RENEWABLE_COUNT], tick: u64) -> Option<Narrow> {
    let mut narrow = Narrow { tick, ..Narrow::default() };
    for (at, counter) in counters.iter().enumerate() {
        narrow.held[at] = u32::try_from(counter.held()).ok()?;
        narrow.used[at] = u32::try_from(counter.used(tick) - counter.held()).ok()?;
    }
    Some(narrow)
}
