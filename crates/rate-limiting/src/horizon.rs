//! How far a window looks back, and how finely.

use ecology_types::{Span, Time};

/// The length of a rolling window and the grid on which uses are kept as one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Horizon {
    window: u64,
    /// Cells per microsecond, as a fraction of 2^64; zero when every microsecond is a cell.
    scale: u64,
}

impl Horizon {
    /// Into how many cells a window is divided. A use is released at most one cell late: 0.6 % of the window.
    pub const STEPS: u64 = 180;

    /// The horizon of a window of this length. A window shorter than a microsecond, the unit of [`Time`], counts as one.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the quotient is below 2^64 where the window is longer than STEPS"
    )]
    pub const fn new(window: Span) -> Self {
        let window = if window.0 == 0 { 1 } else { window.0 };
        if window <= Self::STEPS {
            return Self { window, scale: 0 };
        }
        // Rounded up: a cell may be narrower than window / STEPS, never wider.
        let scale = (((Self::STEPS as u128) << 64) / window as u128) as u64;
        Self { window, scale: scale.saturating_add(1) }
    }

    /// The length of the window.
    #[must_use]
    pub const fn window(&self) -> Span {
        Span(self.window)
    }

    /// No cell is longer than this. Uses this far apart are never in the same cell.
    #[must_use]
    pub const fn step(&self) -> Span {
        Span(self.window.div_ceil(Self::STEPS))
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

    /// Whether less than 2^32 microseconds, 71 minutes, lie between two entries that are both kept.
    #[inline]
    pub(crate) const fn is_short(&self) -> bool {
        self.window < 1 << 32
    }

    /// Whether two moments lie in the same cell.
    #[inline]
    pub(crate) const fn is_one_cell(&self, a: u64, b: u64) -> bool {
        if self.scale == 0 { a == b } else { self.cell(a) == self.cell(b) }
    }

    /// A multiplication instead of a division: it is in the path of every use.
    #[inline]
    const fn cell(&self, time: u64) -> u128 {
        (time as u128 * self.scale as u128) >> 64
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
    fn cells_are_at_most_a_step_wide_and_together_a_window() {
        for window in [1, 2, 179, 180, 181, 500, 1280, 12_800, 1_000_003, 60_000_000, 1 << 40, u64::MAX] {
            let horizon = Horizon::new(Span(window));
            let step = horizon.step().0;
            assert!(step >= 1 && (step - 1) * Horizon::STEPS < window);
            for start in [0, 1, 12_345, u64::MAX / 2, u64::MAX - 2 * step.min(u64::MAX / 4)] {
                assert!(!horizon.is_one_cell(start, start + step), "window {window}, start {start}");
            }
            let cells = horizon.cell(window) + 1;
            assert!(horizon.scale == 0 || cells <= u128::from(Horizon::STEPS) + 2, "{cells} cells");
        }
        assert_eq!(Horizon::new(Span(0)).window(), Span(1));
        assert!(!Horizon::new(Span(1)).is_one_cell(0, 1), "a short window keeps every microsecond apart");
    }
}
