//! The exact rolling window.

use ecology_types::Time;
use serde::{Deserialize, Serialize};

use crate::ring::{Entry, Extent, Ring};
use crate::{Answer, Horizon};

/// What one principal used of one resource in the window that ends now, in 64 bytes while it is idle.
///
/// **Invariant.** When every use was admitted by [`RollingWindow::check`], the uses in *any* window `(t - W, t]` sum to at most the
/// share: a use at `t` counts until just before `t + W`.
///
/// A *coalescing ring*: uses in the same cell of the grid ([`Horizon::STEPS`] cells per window) are one entry, and an entry is
/// released as a whole when its *last* use leaves the window. Nothing is released early, hence no violation; nothing is released more
/// than one cell late; at most `STEPS + 2` entries exist. Every entry is pushed and popped once: a decision is O(1)
/// amortised. The oldest and the newest entry live in the header, one cache line, so that most decisions touch nothing else; the
/// ring between them is allocated with the third entry and freed with the last.
///
/// Times must not go back; one that does counts as the time of the latest use.
#[derive(Debug, Clone, Default)]
pub struct RollingWindow {
    /// All entries and what is held.
    used: u64,
    /// The newest entry: the only one that grows. No amount: there is no entry at all.
    open: Entry,
    /// The oldest closed entry. No amount: there is none.
    front: Entry,
    /// The closed entries after the oldest.
    ring: Ring,
    /// Where they lie in the ring.
    extent: Extent,
    /// Free for the owner of the window: it would be padding otherwise.
    pub(crate) pins: u32,
}

impl RollingWindow {
    /// A window in which nothing was used.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether `amount` more fits under `share` now. Changes nothing. An amount of zero always fits.
    #[inline]
    #[must_use]
    pub fn check(&self, amount: u64, share: u64, now: Time, horizon: Horizon) -> Answer {
        if amount == 0 {
            return Answer::Admit;
        }
        if amount > share {
            return Answer::AboveShare;
        }
        let until = self.free_at(share - amount, now, horizon);
        if until <= now { Answer::Admit } else { Answer::Wait { until } }
    }

    /// Books `amount` now when it fits under `share`.
    #[inline(always)]
    pub fn try_use(&mut self, amount: u64, share: u64, now: Time, horizon: Horizon) -> Answer {
        self.prune(now, horizon);
        if amount > 0 && amount <= share && self.used <= share - amount {
            self.add(amount, now, horizon);
            return Answer::Admit;
        }
        self.check(amount, share, now, horizon)
    }

    /// Books what is known to fit.
    #[inline]
    fn add(&mut self, amount: u64, now: Time, horizon: Horizon) {
        if now.0 > self.open.last {
            if self.open.amount > 0 && !horizon.is_one_cell(self.open.last, now.0) {
                self.prune(now, horizon);
                self.close(horizon.is_short());
            }
            self.open.last = now.0;
        }
        self.used += amount;
        self.open.amount += amount;
    }

    /// The first moment, from `now` on, at which at most `room` is used and held; [`Time::NEVER`] when only a settlement can bring it.
    #[inline]
    #[must_use]
    pub fn free_at(&self, room: u64, now: Time, horizon: Horizon) -> Time {
        if self.used <= room {
            return now;
        }
        let deficit = self.used - room;
        let leaves = if deficit <= self.front.amount {
            horizon.leaves(self.front.last)
        } else {
            self.freed_at(deficit, horizon)
        };
        leaves.max(now)
    }

    #[inline(never)]
    fn freed_at(&self, deficit: u64, horizon: Horizon) -> Time {
        let mut freed = 0;
        for entry in self.entries() {
            freed += entry.amount;
            if freed >= deficit {
                return horizon.leaves(entry.last);
            }
        }
        Time::NEVER
    }

    /// What is used in the window that ends at `now`, plus what is held.
    #[must_use]
    pub fn used(&self, now: Time, horizon: Horizon) -> u64 {
        let past = self.entries().take_while(|entry| horizon.is_past(entry.last, now));
        self.used - past.map(|entry| entry.amount).sum::<u64>()
    }

    /// What is held: set aside and not yet settled.
    #[must_use]
    pub fn held(&self) -> u64 {
        self.used - self.entries().map(|entry| entry.amount).sum::<u64>()
    }

    /// Whether nothing is used in the window that ends at `now` and nothing is held.
    #[must_use]
    pub fn is_idle(&self, now: Time, horizon: Horizon) -> bool {
        self.used == 0 || self.used(now, horizon) == 0
    }

    /// Books `amount` as used at `now` without asking. Returns what was booked: less only where the sum would not fit 64 bits.
    #[inline]
    pub fn book(&mut self, amount: u64, now: Time, horizon: Horizon) -> u64 {
        let amount = amount.min(u64::MAX - self.used);
        if amount > 0 {
            self.add(amount, now, horizon);
        }
        amount
    }

    /// Sets `amount` aside until it is settled or freed. Returns what was set aside: less only where the sum would not fit 64 bits.
    pub fn hold(&mut self, amount: u64) -> u64 {
        let amount = amount.min(u64::MAX - self.used);
        self.used += amount;
        amount
    }

    /// Frees `amount` that [`RollingWindow::hold`] set aside. More than is held is not freed.
    pub fn free(&mut self, amount: u64) {
        self.used -= amount.min(self.held());
    }

    /// Turns what was held into a use at `now`: `used` of it counts from now on, the rest is free at once.
    ///
    /// The hold counted until now and the use counts from now, so no trailing window sees less than what was really used, at
    /// whatever moment between the two it happened.
    pub fn settle(&mut self, held: u64, used: u64, now: Time, horizon: Horizon) {
        let held = held.min(self.held());
        self.used -= held;
        self.book(used.min(held), now, horizon);
    }

    /// Forgets what has left the window that ends at `now`.
    #[inline]
    pub fn prune(&mut self, now: Time, horizon: Horizon) {
        let oldest = if self.front.amount > 0 { self.front.last } else { self.open.last };
        if horizon.is_past(oldest, now) {
            self.prune_past(now, horizon);
        }
    }

    #[inline(never)]
    fn prune_past(&mut self, now: Time, horizon: Horizon) {
        while self.front.amount > 0 {
            if !horizon.is_past(self.front.last, now) {
                return;
            }
            self.used -= self.front.amount;
            let next = self.ring.pop(&mut self.extent, self.front.last);
            self.front = next.unwrap_or_default();
        }
        if horizon.is_past(self.open.last, now) {
            self.used -= self.open.amount;
            self.open.amount = 0;
            if self.ring.bytes() > 0 {
                (self.ring, self.extent) = (Ring::default(), Extent::default());
            }
        }
    }

    /// The oldest first, the open one last.
    fn entries(&self) -> impl Iterator<Item = Entry> + '_ {
        let between = self.ring.iter(self.extent, self.front.last);
        let all = std::iter::once(self.front).chain(between).chain(std::iter::once(self.open));
        all.filter(|entry| entry.amount > 0)
    }

    /// Closes the open entry. `is_near` says that nothing is kept for 2^32 microseconds.
    #[inline(never)]
    fn close(&mut self, is_near: bool) {
        let closed = self.open;
        self.open.amount = 0;
        if self.front.amount == 0 {
            self.front = closed;
            return;
        }
        if !self.ring.make_room(&mut self.extent) {
            self.merge_oldest();
        }
        self.ring.push(&mut self.extent, closed, is_near);
    }

    /// Frees the words of one long entry or of three short ones. Only where the window became longer, or the amounts are huge: that
    /// releases late and never early.
    #[inline(never)]
    fn merge_oldest(&mut self) {
        for _ in 0..3 {
            if let Some(next) = self.ring.pop(&mut self.extent, self.front.last) {
                self.front = Entry { last: next.last, amount: self.front.amount + next.amount };
            }
        }
    }

    /// What has not left the window that ends at `now`, in a fixed form that does not depend on when it was last pruned.
    pub(crate) fn state(&self, now: Time, horizon: Horizon) -> WindowState {
        let entries = self.entries().filter(|entry| !horizon.is_past(entry.last, now));
        WindowState { held: self.held(), entries: entries.map(|entry| (entry.last, entry.amount)).collect() }
    }

    /// The window that [`RollingWindow::state`] described, or what is wrong with the description.
    pub(crate) fn from_state(state: &WindowState) -> Result<Self, &'static str> {
        let mut window = Self::default();
        for (at, &(last, amount)) in state.entries.iter().enumerate() {
            if amount == 0 || last < window.open.last {
                return Err("the entries of a window are out of order");
            }
            if at > 0 {
                window.close(false);
            }
            window.open = Entry { last, amount };
            window.used =
                window.used.checked_add(amount).ok_or("the sum of a window does not fit 64 bits")?;
        }
        window.used =
            window.used.checked_add(state.held).ok_or("the sum of a window does not fit 64 bits")?;
        Ok(window)
    }

    /// How many entries are kept: at most [`Horizon::STEPS`] + 2 while the length of the window stays.
    #[must_use]
    pub fn entry_count(&self) -> usize {
        self.entries().count()
    }

    /// Bytes that the window occupies, its ring included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.ring.bytes()
    }
}

/// A [`RollingWindow`] as plain data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WindowState {
    pub(crate) held: u64,
    pub(crate) entries: Vec<(u64, u64)>,
}

impl WindowState {
    /// The same with at most one entry in the cell of `newest`, after which there is none.
    pub(crate) fn with_one_in_cell(&self, newest: u64, horizon: Horizon) -> Self {
        let mut state = self.clone();
        while let [.., (then, less), (last, amount)] = state.entries[..]
            && horizon.is_one_cell(then, newest)
        {
            state.entries.truncate(state.entries.len() - 2);
            state.entries.push((last, less + amount));
        }
        state
    }
}

#[cfg(test)]
mod tests {
    use ecology_types::Span;

    use super::*;

    const W: Horizon = Horizon::new(Span(1280));

    #[test]
    fn a_use_counts_until_just_before_it_is_a_window_old() {
        let mut window = RollingWindow::new();
        assert_eq!(window.try_use(10, 10, Time(5), W), Answer::Admit);
        assert_eq!(window.check(1, 10, Time(5), W), Answer::Wait { until: Time(1285) });
        assert_eq!(window.check(1, 10, Time(1284), W), Answer::Wait { until: Time(1285) });
        assert_eq!(window.check(10, 10, Time(1285), W), Answer::Admit);
        assert_eq!((window.used(Time(1284), W), window.used(Time(1285), W)), (10, 0));
    }

    #[test]
    fn an_idle_window_is_small() {
        assert_eq!(size_of::<RollingWindow>(), 64, "one cache line");
        let mut window = RollingWindow::new();
        for n in 0..40 {
            window.try_use(1, 100, Time(n * 10), W);
        }
        assert!(window.bytes() > 64);
        window.prune(Time(10_000), W);
        assert_eq!((window.bytes(), window.entry_count()), (64, 0));
    }

    #[test]
    fn the_ring_is_bounded_and_releases_at_most_one_step_late() {
        let mut window = RollingWindow::new();
        for now in 0..100_000 {
            window.try_use(1, u64::MAX, Time(now), W);
            assert!(window.entry_count() as u64 <= Horizon::STEPS + 2);
            let exact = (now + 1).min(1280);
            let used = window.used(Time(now), W);
            assert!((exact..exact + W.step().0).contains(&used), "{used} instead of {exact}");
        }
    }

    #[test]
    fn zero_weights_and_zero_shares() {
        let mut window = RollingWindow::new();
        assert_eq!(window.try_use(0, 0, Time(0), W), Answer::Admit);
        assert_eq!(window.entry_count(), 0);
        assert_eq!(window.try_use(1, 0, Time(0), W), Answer::AboveShare);
        window.book(5, Time(0), W);
        assert_eq!(window.check(0, 3, Time(1), W), Answer::Admit, "nothing always fits");
        assert_eq!(window.check(1, 3, Time(1), W), Answer::Wait { until: Time(1280) }, "the share shrank");
    }

    #[test]
    fn the_ends_of_the_number_range() {
        let mut window = RollingWindow::new();
        assert_eq!(window.try_use(u64::MAX, u64::MAX, Time(0), W), Answer::Admit);
        assert_eq!(window.book(7, Time(0), W), 0, "what does not fit 64 bits is not booked");
        assert_eq!(window.check(u64::MAX, u64::MAX, Time(1), W), Answer::Wait { until: Time(1280) });
        assert_eq!(window.try_use(u64::MAX, u64::MAX, Time(1280), W), Answer::Admit);
        let endless = Horizon::new(Span(u64::MAX));
        let mut window = RollingWindow::new();
        window.book(1, Time(9), endless);
        assert_eq!(window.check(1, 1, Time(10), endless), Answer::Wait { until: Time::NEVER });
    }

    #[test]
    fn a_hold_counts_until_it_is_settled_and_its_use_from_then_on() {
        let mut window = RollingWindow::new();
        assert_eq!(window.hold(6), 6);
        assert_eq!(window.check(5, 10, Time(9_000), W), Answer::Wait { until: Time::NEVER });
        window.settle(6, 4, Time(9_000), W);
        assert_eq!(window.used(Time(9_000), W), 4);
        assert_eq!(window.check(7, 10, Time(9_001), W), Answer::Wait { until: Time(10_280) });
        window.hold(3);
        window.free(99);
        assert_eq!((window.held(), window.used(Time(9_001), W)), (0, 4), "no more is freed than is held");
    }

    #[test]
    fn time_that_goes_back_counts_as_the_latest() {
        let mut window = RollingWindow::new();
        window.book(1, Time(1_000), W);
        window.book(1, Time(0), W);
        assert_eq!(window.used(Time(2_279), W), 2);
        assert_eq!(window.used(Time(2_280), W), 0);
    }

    #[test]
    fn a_longer_window_keeps_what_it_knows() {
        let mut window = RollingWindow::new();
        for n in 0..10_000_u64 {
            let horizon = Horizon::new(Span(128 + n));
            window.prune(Time(n), horizon);
            window.book(1, Time(n), horizon);
            assert!(window.entry_count() <= 1024 + 2);
        }
        let entries: u64 = window.entries().map(|entry| entry.amount).sum();
        assert_eq!(entries, window.used);
    }

    #[test]
    fn state_round_trips() {
        let mut window = RollingWindow::new();
        for n in 0..300 {
            window.try_use(n % 7, 200, Time(n * 13), W);
        }
        window.hold(3);
        let state = window.state(Time(300 * 13), W);
        let back = RollingWindow::from_state(&state).unwrap();
        assert_eq!(back.state(Time(300 * 13), W), state);
        for (room, now) in [(0, 3_900), (100, 3_900), (50, 4_500)] {
            assert_eq!(back.free_at(room, Time(now), W), window.free_at(room, Time(now), W));
        }
        let broken = WindowState { held: 1, entries: vec![(5, u64::MAX)] };
        assert!(RollingWindow::from_state(&broken).is_err());
    }
}
