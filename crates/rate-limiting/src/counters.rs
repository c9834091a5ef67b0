//! The tick counters of one principal, in one cache line.

use ecology_types::Time;

use crate::TickCounter;
use crate::accounts::{Amounts, RENEWABLE_COUNT, places};
use crate::meters::{Meters, Numbers, add};

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

    /// All or nothing: `None` where a sum is no small number.
    #[inline]
    fn book(&mut self, amounts: &Amounts, tick: u64) -> Option<()> {
        if self.tick != tick {
            (self.tick, self.used) = (tick, Numbers::default());
        }
        add(&mut self.used, amounts)
    }

    #[inline]
    fn hold(&mut self, amounts: &Amounts) -> Option<()> {
        add(&mut self.held, amounts)
    }

    /// Frees what is held of `amounts`; `then` is told where and how much that is.
    #[inline]
    fn free(&mut self, amounts: &Amounts, mut then: impl FnMut(usize, u32)) {
        for at in places(amounts) {
            let part = u32::try_from(amounts[at]).unwrap_or(u32::MAX).min(self.held[at]);
            self.held[at] -= part;
            then(at, part);
        }
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
    fn fits(&self, needs: &Amounts, shares: &Amounts, tick: u64) -> bool {
        let Self::Narrow(narrow) = self else { return false };
        let fits = |at: usize| needs[at] == 0 || narrow.used(at, tick) <= shares[at].wrapping_sub(needs[at]);
        (0..RENEWABLE_COUNT).fold(true, |all, at| all & fits(at))
    }

    fn free_at(&self, at: usize, room: u64, now: Time, tick: u64) -> Time {
        if self.used(at, now, tick) <= room { now } else { Time::NEVER }
    }

    #[inline]
    fn book(&mut self, amounts: &Amounts, _now: Time, tick: u64) {
        if let Self::Narrow(narrow) = self
            && narrow.book(amounts, tick).is_some()
        {
            return;
        }
        for (counter, amount) in self.wide().iter_mut().zip(amounts) {
            counter.book(*amount, tick);
        }
    }

    #[inline]
    fn hold(&mut self, amounts: &Amounts, _now: Time, tick: u64) {
        if let Self::Narrow(narrow) = self
            && narrow.hold(amounts).is_some()
        {
            return;
        }
        for (counter, amount) in self.wide().iter_mut().zip(amounts) {
            counter.hold(*amount, tick);
        }
    }

    #[inline]
    fn free(&mut self, amounts: &Amounts) {
        match self {
            Self::Narrow(narrow) => {
                narrow.free(amounts, |_, _| ());
            }
            Self::Wide(counters) => {
                counters.iter_mut().zip(amounts).for_each(|(counter, amount)| counter.free(*amount));
            }
        }
    }

    #[inline]
    fn settle(&mut self, held: &Amounts, used: &Amounts, now: Time, tick: u64) {
        match self {
            Self::Narrow(narrow) => {
                let mut booked = Amounts::default();
                narrow.free(held, |at, part| booked[at] = used[at].min(part.into()));
                self.book(&booked, now, tick);
            }
            Self::Wide(counters) => {
                for (counter, (held, used)) in counters.iter_mut().zip(held.iter().zip(used)) {
                    counter.settle(*held, *used, tick);
                }
            }
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
    fn touch(&self) -> u64 {
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
