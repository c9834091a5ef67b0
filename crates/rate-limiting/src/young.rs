//! A window in little room while little is in it.

use std::num::NonZeroU32;

use ecology_types::Time;

use crate::meter::Meter;
use crate::window::WindowState;
use crate::{Horizon, RollingWindow};

/// A [`RollingWindow`] that takes a quarter of the room as long as everything in it lies in one cell.
///
/// A principal that acts now and then has one entry in each of its windows, and most have none in most. The full window is made with the
/// second entry; it goes with the whole row, when nothing in it counts any more.
#[derive(Debug, Clone)]
pub(crate) enum Young {
    /// At most one entry, and small numbers.
    One {
        /// What was used.
        amount: u32,
        /// What is set aside.
        held: Held,
        /// When it was last used.
        last: u64,
    },
    /// Everything else.
    Full(Box<RollingWindow>),
}

/// An amount below 2^32 - 1, kept as the number above it: the zero that it never is marks the full window, which saves eight bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Held(NonZeroU32);

impl Held {
    const NOTHING: Self = Self(NonZeroU32::MIN);

    fn new(amount: u64) -> Option<Self> {
        NonZeroU32::MIN.checked_add(u32::try_from(amount).ok()?).map(Self)
    }

    const fn get(self) -> u64 {
        self.0.get() as u64 - 1
    }

    /// What is left of it; never less than nothing.
    fn less(self, amount: u64) -> Self {
        Self::new(self.get().saturating_sub(amount)).unwrap_or(Self::NOTHING)
    }
}

impl Default for Young {
    fn default() -> Self {
        Self::One { amount: 0, held: Held::NOTHING, last: 0 }
    }
}

impl Young {
    /// The full window, made now if it is not there.
    fn full(&mut self) -> &mut RollingWindow {
        if let Self::One { amount, held, last } = *self {
            let window = RollingWindow::of_one(last, amount.into(), held.get());
            *self = Self::Full(Box::new(window));
        }
        match self {
            Self::Full(window) => window,
            // It has just been made.
            Self::One { .. } => unreachable!("a window that was made full is full"),
        }
    }
}

/// The sum, where it is a small number.
fn small(sum: u32, more: u64) -> Option<u32> {
    u32::try_from(more).ok().and_then(|more| sum.checked_add(more))
}

impl Meter for Young {
    type Context = Horizon;
    type State = WindowState;

    fn used(&self, now: Time, horizon: Horizon) -> u64 {
        match self {
            Self::One { held, last, .. } if horizon.is_past(*last, now) => held.get(),
            Self::One { amount, held, .. } => u64::from(*amount) + held.get(),
            Self::Full(window) => window.used(now, horizon),
        }
    }

    fn free_at(&self, room: u64, now: Time, horizon: Horizon) -> Time {
        match self {
            Self::One { amount, held, .. } if u64::from(*amount) + held.get() <= room => now,
            Self::One { held, last, .. } if held.get() <= room => horizon.leaves(*last).max(now),
            Self::One { .. } => Time::NEVER,
            Self::Full(window) => window.free_at(room, now, horizon),
        }
    }

    fn book(&mut self, more: u64, now: Time, horizon: Horizon) {
        self.prune(now, horizon);
        if more == 0 {
            return;
        }
        if let Self::One { amount, last, .. } = self
            && (*amount == 0 || now.0 <= *last || horizon.is_one_cell(*last, now.0))
            && let Some(sum) = small(*amount, more)
        {
            *amount = sum;
            *last = now.0.max(*last);
        } else {
            self.full().book(more, now, horizon);
        }
    }

    fn hold(&mut self, more: u64, now: Time, horizon: Horizon) {
        self.prune(now, horizon);
        if let Self::One { held, .. } = self
            && let Some(sum) = held.get().checked_add(more).and_then(Held::new)
        {
            *held = sum;
        } else {
            self.full().hold(more);
        }
    }

    fn free(&mut self, less: u64) {
        match self {
            Self::One { held, .. } => *held = held.less(less),
            Self::Full(window) => window.free(less),
        }
    }

    fn settle(&mut self, held: u64, used: u64, now: Time, horizon: Horizon) {
        self.prune(now, horizon);
        match self {
            Self::One { held: all, .. } => {
                let part = held.min(all.get());
                *all = all.less(part);
                self.book(used.min(part), now, horizon);
            }
            Self::Full(window) => window.settle(held, used, now, horizon),
        }
    }

    fn prune(&mut self, now: Time, horizon: Horizon) {
        match self {
            Self::One { amount, last, .. } => {
                if horizon.is_past(*last, now) {
                    *amount = 0;
                }
            }
            Self::Full(window) => window.prune(now, horizon),
        }
    }

    fn is_idle(&self, now: Time, horizon: Horizon) -> bool {
        self.used(now, horizon) == 0
    }

    fn state(&self, now: Time, horizon: Horizon) -> WindowState {
        match self {
            Self::One { amount, held, last } => {
                let counts = *amount > 0 && !horizon.is_past(*last, now);
                WindowState {
                    held: held.get(),
                    entries: counts.then(|| (*last, (*amount).into())).into_iter().collect(),
                }
            }
            Self::Full(window) => window.state(now, horizon),
        }
    }

    fn from_state(state: &WindowState, _horizon: Horizon) -> Result<Self, &'static str> {
        let (last, amount) = match state.entries[..] {
            [] => (0, 0),
            [(last, amount)] if amount > 0 => (last, amount),
            _ => return Ok(Self::Full(Box::new(RollingWindow::from_state(state)?))),
        };
        match (u32::try_from(amount), Held::new(state.held)) {
            (Ok(amount), Some(held)) => Ok(Self::One { amount, held, last }),
            _ => Ok(Self::Full(Box::new(RollingWindow::from_state(state)?))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ecology_types::Span;
    use proptest::prelude::*;

    #[derive(Debug, Clone)]
    enum Step {
        Book(u64),
        Hold(u64),
        Free(u64),
        Settle(u64, u64),
        Prune,
        Save,
    }

    fn amount() -> impl Strategy<Value = u64> {
        prop_oneof![4 => 0_u64..20, 1 => (u64::from(u32::MAX) - 3)..(u64::from(u32::MAX) + 3), 1 => any::<u64>()]
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => amount().prop_map(Step::Book),
            2 => amount().prop_map(Step::Hold),
            2 => amount().prop_map(Step::Free),
            3 => (amount(), amount()).prop_map(|(held, used)| Step::Settle(held, used)),
            1 => Just(Step::Prune),
            1 => Just(Step::Save),
        ]
    }

    proptest! {
        #[test]
        fn it_answers_like_the_full_window(
            window in prop_oneof![Just(1_u64), Just(100), 181_u64..5_000],
            steps in prop::collection::vec((step(), 0_u64..60, amount()), 0..40),
        ) {
            let horizon = Horizon::new(Span(window));
            let (mut young, mut full) = (Young::default(), RollingWindow::default());
            let mut now = Time(0);
            for (step, later, room) in steps {
                now.0 += later;
                match step {
                    Step::Book(amount) => {
                        Meter::book(&mut young, amount, now, horizon);
                        full.prune(now, horizon);
                        full.book(amount, now, horizon);
                    }
                    Step::Hold(amount) => {
                        Meter::hold(&mut young, amount, now, horizon);
                        full.prune(now, horizon);
                        full.hold(amount);
                    }
                    Step::Free(amount) => {
                        Meter::free(&mut young, amount);
                        full.free(amount);
                    }
                    Step::Settle(held, used) => {
                        Meter::settle(&mut young, held, used, now, horizon);
                        full.prune(now, horizon);
                        full.settle(held, used, now, horizon);
                    }
                    Step::Prune => {
                        Meter::prune(&mut young, now, horizon);
                        full.prune(now, horizon);
                    }
                    Step::Save => {
                        let state = Meter::state(&young, now, horizon);
                        young = <Young as Meter>::from_state(&state, horizon).unwrap();
                        full = RollingWindow::from_state(&state).unwrap();
                    }
                }
                for room in [0, 3, room] {
                    prop_assert_eq!(
                        Meter::free_at(&young, room, now, horizon),
                        full.free_at(room, now, horizon),
                        "room {} in {:?} and {:?}", room, young, full
                    );
                }
                for at in [now, Time(now.0 + window / 2), Time(now.0 + window)] {
                    prop_assert_eq!(Meter::used(&young, at, horizon), full.used(at, horizon));
                    prop_assert_eq!(Meter::is_idle(&young, at, horizon), full.is_idle(at, horizon));
                    let (one, other) = (Meter::state(&young, at, horizon), full.state(at, horizon));
                    prop_assert_eq!(one, other);
                }
            }
        }
    }

    #[test]
    fn it_takes_a_quarter_of_the_room() {
        assert_eq!(4 * size_of::<Young>(), size_of::<RollingWindow>());
    }
}
