//! How far a window looks back, and how finely.

use ecology_types::{Span, Time};

/// The length of a rolling window and the step within which uses are kept as one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Horizon {
    window: u64,
    step: u64,
}

impl Horizon {
    /// Into how many steps a window is divided. A use is released at most one step late: 1/128 of the window.
    pub const STEPS: u64 = 128;

    /// The horizon of a window of this length. A window shorter than a microsecond, the unit of [`Time`], counts as one.
    #[must_use]
    pub const fn new(window: Span) -> Self {
        let window = if window.0 == 0 { 1 } else { window.0 };
        Self { window, step: window.div_ceil(Self::STEPS) }
    }

    /// The length of the window.
    #[must_use]
    pub const fn window(&self) -> Span {
        Span(self.window)
    }

    /// Uses less than this apart from the first of an entry join it.
    #[must_use]
    pub const fn step(&self) -> Span {
        Span(self.step)
    }

    /// Whether what happened at `then` lies outside the window `(now - window, now]`.
    #[inline]
    pub(crate) const fn is_past(&self, then: u64, now: Time) -> bool {
        now.0.saturating_sub(then) >= self.window
    }

    /// The first moment at which what happened at `then` lies outside the window.
    #[inline]
    pub(crate) const fn leaves(&self, then: u64) -> Time {
        Time(then.saturating_add(self.window))
    }

    /// Whether a use at `now` joins an entry whose first use was at `first`.
    #[inline]
    pub(crate) const fn joins(&self, first: u64, now: u64) -> bool {
        now.saturating_sub(first) < self.step
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_half_open() {
        let horizon = Horizon::new(Span(100));
        assert!(!horizon.is_past(0, Time(99)));
        assert!(horizon.is_past(0, Time(100)), "what happened at 0 no longer counts at 100");
        assert_eq!(horizon.leaves(0), Time(100));
        assert_eq!(horizon.leaves(u64::MAX - 3), Time::NEVER);
    }

    #[test]
    fn steps_are_at_most_a_window_over_steps_wide() {
        assert_eq!(Horizon::new(Span(1280)).step(), Span(10));
        assert_eq!(Horizon::new(Span(0)).window(), Span(1));
        assert_eq!(Horizon::new(Span(1)).step(), Span(1), "a step is never empty");
    }
}
