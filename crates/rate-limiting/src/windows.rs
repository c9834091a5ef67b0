//! The windows of one principal.

use ecology_types::Time;

use crate::accounts::RENEWABLE_COUNT;
use crate::meters::Meters;
use crate::narrow::{Narrow, TooNarrow};
use crate::window::WindowState;
use crate::{Horizon, RollingWindow};

/// One [`RollingWindow`] for each resource, or what takes their place while numbers are small: it answers like them.
#[derive(Debug, Clone)]
pub(crate) enum Windows {
    /// Sums below 2^32.
    Narrow(Narrow),
    /// Everything else, until nothing in it counts any more.
    Wide(Box<[RollingWindow; RENEWABLE_COUNT]>),
}

impl Default for Windows {
    fn default() -> Self {
        Self::Narrow(Narrow::default())
    }
}

impl Windows {
    /// One window for each, made now where they are narrow.
    #[cold]
    fn wide(&mut self, horizon: Horizon) -> &mut [RollingWindow; RENEWABLE_COUNT] {
        if let Self::Narrow(narrow) = self {
            // Nothing has left a window that ends at the beginning of time.
            let states = narrow.states(Time::ZERO, horizon);
            // Its sums are small and its entries in order.
            *self = Self::Wide(wide(&states).unwrap_or_default());
        }
        match self {
            Self::Wide(windows) => windows,
            // They have just been made.
            Self::Narrow(_) => unreachable!("windows that were made wide are wide"),
        }
    }

    fn is_idle(&self, now: Time, horizon: Horizon) -> bool {
        match self {
            Self::Narrow(narrow) => narrow.is_idle(now, horizon),
            Self::Wide(windows) => windows.iter().all(|window| window.is_idle(now, horizon)),
        }
    }
}

fn wide(
    states: &[WindowState; RENEWABLE_COUNT],
) -> Result<Box<[RollingWindow; RENEWABLE_COUNT]>, &'static str> {
    let mut windows = Box::<[RollingWindow; RENEWABLE_COUNT]>::default();
    for (window, state) in windows.iter_mut().zip(states) {
        *window = RollingWindow::from_state(state)?;
    }
    Ok(windows)
}

impl Meters for Windows {
    type Context = Horizon;
    type State = WindowState;

    #[inline]
    fn used(&self, at: usize, now: Time, horizon: Horizon) -> u64 {
        match self {
            Self::Narrow(narrow) => narrow.used(at, now, horizon),
            Self::Wide(windows) => windows[at].used(now, horizon),
        }
    }

    #[inline]
    fn fits(&self, at: usize, room: u64, _horizon: Horizon) -> bool {
        match self {
            Self::Narrow(narrow) => narrow.sum(at) <= room,
            Self::Wide(_) => false,
        }
    }

    fn free_at(&self, at: usize, room: u64, now: Time, horizon: Horizon) -> Time {
        match self {
            Self::Narrow(narrow) => narrow.free_at(at, room, now, horizon),
            Self::Wide(windows) => windows[at].free_at(room, now, horizon),
        }
    }

    #[inline]
    fn book(&mut self, at: usize, amount: u64, now: Time, horizon: Horizon) {
        if let Self::Narrow(narrow) = self
            && Narrow::can_be(horizon)
            && narrow.book(at, amount, now, horizon).is_ok()
        {
            return;
        }
        let window = &mut self.wide(horizon)[at];
        window.prune(now, horizon);
        window.book(amount, now, horizon);
    }

    #[inline]
    fn hold(&mut self, at: usize, amount: u64, now: Time, horizon: Horizon) {
        if let Self::Narrow(narrow) = self
            && narrow.hold(at, amount, now, horizon).is_ok()
        {
            return;
        }
        let window = &mut self.wide(horizon)[at];
        window.prune(now, horizon);
        window.hold(amount);
    }

    #[inline]
    fn free(&mut self, at: usize, amount: u64) {
        match self {
            Self::Narrow(narrow) => {
                narrow.free(at, amount);
            }
            Self::Wide(windows) => windows[at].free(amount),
        }
    }

    #[inline]
    fn settle(&mut self, at: usize, held: u64, used: u64, now: Time, horizon: Horizon) {
        match self {
            Self::Narrow(narrow) => {
                let part = narrow.free(at, held);
                self.book(at, used.min(part), now, horizon);
            }
            Self::Wide(windows) => {
                windows[at].prune(now, horizon);
                windows[at].settle(held, used, now, horizon);
            }
        }
    }

    /// What no longer counted must not count again: whether it is still remembered depends on when it was last looked at, and no answer may.
    /// And the cells are others from now on.
    fn renew(&mut self, now: Time, before: Horizon, after: Horizon) {
        let states = self.states(now, before);
        // What it says of itself is in order.
        *self = Self::from_states(&states, after).unwrap_or_default();
    }

    fn give_back(rows: &mut [Self], now: Time, horizon: Horizon) -> bool {
        let mut all = true;
        for row in rows {
            let is_idle = row.is_idle(now, horizon);
            if is_idle && !matches!(row, Self::Narrow(narrow) if narrow.is_bare()) {
                *row = Self::default();
            }
            all &= is_idle;
        }
        all
    }

    fn states(&self, now: Time, horizon: Horizon) -> [WindowState; RENEWABLE_COUNT] {
        match self {
            Self::Narrow(narrow) => narrow.states(now, horizon),
            Self::Wide(windows) => windows.each_ref().map(|window| window.state(now, horizon)),
        }
    }

    fn saved_bytes_about(&self) -> usize {
        match self {
            Self::Narrow(narrow) => narrow.saved_bytes_about(),
            Self::Wide(_) => 1_024,
        }
    }

    fn state(&self, at: usize, now: Time, horizon: Horizon) -> WindowState {
        match self {
            Self::Narrow(narrow) => narrow.state(at, now, horizon),
            Self::Wide(windows) => windows[at].state(now, horizon),
        }
    }

    /// Windows that grew keep what they know: entries that a coarser grid brings into the newest cell become one there, which releases late and
    /// never early.
    fn from_states(states: &[WindowState; RENEWABLE_COUNT], horizon: Horizon) -> Result<Self, &'static str> {
        // Judges what was read.
        wide(states)?;
        let lasts = states.iter().filter_map(|state| state.entries.last());
        let newest = lasts.map(|(last, _)| *last).max().unwrap_or(0);
        let states = states.each_ref().map(|state| state.with_one_in_cell(newest, horizon));
        match Narrow::from_states(&states, horizon) {
            Ok(narrow) => Ok(Self::Narrow(narrow)),
            Err(TooNarrow) => Ok(Self::Wide(wide(&states)?)),
        }
    }

    #[inline]
    fn touch(&self, now: Time, horizon: Horizon) -> u64 {
        match self {
            Self::Narrow(narrow) => narrow.touch(now, horizon),
            Self::Wide(windows) => windows.iter().fold(0, |seen, window| seen ^ window.held()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::Amounts;
    use ecology_types::Span;
    use proptest::prelude::*;

    #[derive(Debug, Clone)]
    enum Step {
        Book,
        Hold,
        Free,
        Settle(Amounts),
        Prune,
        Save,
        /// Another length of the window.
        Renew(u64),
    }

    fn amount() -> impl Strategy<Value = u64> {
        prop_oneof![
            4 => 0_u64..20,
            2 => Just(0),
            1 => (u64::from(u32::MAX) - 3)..(u64::from(u32::MAX) + 3),
            1 => any::<u64>()
        ]
    }

    /// Mostly small numbers, so that windows stay narrow for a while.
    fn amounts() -> impl Strategy<Value = Amounts> {
        prop_oneof![
            6 => prop::array::uniform5(prop_oneof![0_u64..20, Just(0)]),
            1 => prop::array::uniform5(amount())
        ]
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => Just(Step::Book),
            2 => Just(Step::Hold),
            2 => Just(Step::Free),
            3 => amounts().prop_map(Step::Settle),
            1 => Just(Step::Prune),
            1 => Just(Step::Save),
        ]
    }

    fn windows() -> impl Strategy<Value = u64> {
        prop_oneof![Just(1_u64), Just(100), 181_u64..5_000, Just(1 << 50)]
    }

    /// Carries out one step on both.
    fn act(
        step: &Step,
        amounts: &Amounts,
        now: Time,
        h: Horizon,
        row: &mut Windows,
        full: &mut [RollingWindow],
    ) {
        for at in 0..RENEWABLE_COUNT {
            match step {
                Step::Book => row.book(at, amounts[at], now, h),
                Step::Hold => row.hold(at, amounts[at], now, h),
                Step::Free => row.free(at, amounts[at]),
                Step::Settle(used) => row.settle(at, amounts[at], used[at], now, h),
                Step::Prune | Step::Save | Step::Renew(_) => {}
            }
        }
        match (step, &mut *row) {
            (Step::Prune, Windows::Narrow(narrow)) => narrow.prune(now, h),
            (Step::Save | Step::Renew(_), _) => {
                let states = std::array::from_fn(|at| row.state(at, now, h));
                *row = Windows::from_states(&states, h).unwrap();
            }
            _ => {}
        }
        for (at, window) in full.iter_mut().enumerate() {
            if !matches!(step, Step::Free) {
                window.prune(now, h);
            }
            match step {
                Step::Book => {
                    window.book(amounts[at], now, h);
                }
                Step::Hold => {
                    window.hold(amounts[at]);
                }
                Step::Free => window.free(amounts[at]),
                Step::Settle(used) => window.settle(amounts[at], used[at], now, h),
                Step::Save => *window = RollingWindow::from_state(&window.state(now, h)).unwrap(),
                Step::Prune | Step::Renew(_) => {}
            }
        }
    }

    proptest! {
        #[test]
        fn it_answers_like_full_windows(
            window in windows(),
            steps in prop::collection::vec((step(), amounts(), 0_u64..60, amount()), 0..60),
        ) {
            let h = Horizon::new(Span(window));
            let (mut row, mut full) = (Windows::default(), <[RollingWindow; RENEWABLE_COUNT]>::default());
            let mut now = Time(0);
            for (step, amounts, later, room) in steps {
                now.0 += later;
                act(&step, &amounts, now, h, &mut row, &mut full);
                for (at, full) in full.iter().enumerate() {
                    for room in [0, 3, room] {
                        prop_assert_eq!(
                            row.free_at(at, room, now, h), full.free_at(room, now, h),
                            "room {} of {} in {:?} and {:?}", room, at, row, full
                        );
                    }
                    for then in [now, Time(now.0 + window / 2), Time(now.0.saturating_add(window))] {
                        prop_assert_eq!(row.used(at, then, h), full.used(then, h));
                        prop_assert_eq!(row.state(at, then, h), full.state(then, h));
                    }
                }
                for then in [now, Time(now.0 + window / 2), Time(now.0.saturating_add(window))] {
                    let states: [_; RENEWABLE_COUNT] = std::array::from_fn(|at| row.state(at, then, h));
                    prop_assert_eq!(row.states(then, h), states);
                    let idle = full.iter().all(|window| window.is_idle(then, h));
                    prop_assert_eq!(row.is_idle(then, h), idle, "{:?}", row);
                }
                for at in 0..RENEWABLE_COUNT {
                    prop_assert!(!row.fits(at, room, h) || row.free_at(at, room, now, h) == now);
                }
            }
        }

        /// Whether it is saved and read back in between, or not looked at, makes no difference, also when the length of the window changes.
        #[test]
        fn a_copy_that_is_read_back_stays_the_same(
            window in windows(),
            steps in prop::collection::vec(
                (
                    prop_oneof![8 => step(), 1 => windows().prop_map(Step::Renew)],
                    amounts(),
                    0_u64..60,
                    any::<bool>()
                ),
                0..60
            ),
        ) {
            let mut h = Horizon::new(Span(window));
            let (mut row, mut copy) = (Windows::default(), Windows::default());
            let mut now = Time(0);
            for (step, amounts, later, is_saved) in steps {
                now.0 += later;
                if let Step::Renew(window) = step {
                    let after = Horizon::new(Span(window));
                    row.renew(now, h, after);
                    copy.renew(now, h, after);
                    h = after;
                } else {
                    act(&step, &amounts, now, h, &mut row, &mut []);
                    act(&step, &amounts, now, h, &mut copy, &mut []);
                }
                if is_saved {
                    act(&Step::Save, &amounts, now, h, &mut copy, &mut []);
                }
                for at in 0..RENEWABLE_COUNT {
                    prop_assert_eq!(row.state(at, now, h), copy.state(at, now, h), "{:?} and {:?}", row, copy);
                }
            }
        }
    }

    #[test]
    fn two_cache_lines_and_a_short_log() {
        assert_eq!(size_of::<Windows>(), 128);
        let (h, mut row) = (Horizon::new(Span::from_secs(60)), Windows::default());
        for tick in 0..500 {
            for (at, amount) in [(1, 1), (4, 300), (2, 9)] {
                row.book(at, amount, Time(tick * 1_000_000), h);
            }
        }
        assert!(matches!(&row, Windows::Narrow(narrow) if !narrow.is_bare()));
        assert!(!Windows::give_back(std::slice::from_mut(&mut row), Time(500_000_000), h));
        assert!(Windows::give_back(std::slice::from_mut(&mut row), Time(559_000_000), h));
        assert!(
            matches!(&row, Windows::Narrow(narrow) if narrow.is_bare()),
            "what is idle gives its log back"
        );
    }
}
