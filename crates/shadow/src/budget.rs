//! What a candidate may cost before it is switched off.

/// What a candidate may cost. Times are held against it only where a stopwatch is given, and only for the answers that are timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// How many times as long as the serving side the candidate may take, over a window of [`Budget::WINDOW_ANSWERS`] timed answers of which the
    /// [`Budget::OUTLIERS`] slowest of each side are left out: the machine may have interrupted either. 0 sets no bound.
    pub latency_ratio_max: u64,
    /// The longest time for one answer, in nanoseconds. 0 sets no bound.
    pub answer_ns_max: u64,
    /// Failures that are only counted; with the next one the candidate is switched off. A candidate that fails while it is told what
    /// happened is switched off at once, because it holds another history from then on.
    pub failures_max: u64,
}

impl Budget {
    /// Timed answers over which the ratio is taken.
    pub const WINDOW_ANSWERS: usize = 64;
    /// The slowest answers of each side that do not count in a window.
    pub const OUTLIERS: usize = 4;
}

impl Default for Budget {
    /// Twenty-five times as long, one second for one answer, switched off at the first failure.
    fn default() -> Self {
        Self { latency_ratio_max: 25, answer_ns_max: 1_000_000_000, failures_max: 0 }
    }
}
