//! How shadows are compared.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `[comparison]`: how shadows are compared, and what a candidate may cost before it is switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Comparison {
    /// Of how many questions of a kind one is compared, chosen by counting; 1 compares every question.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub one_in: u64,
    /// Of how many compared questions one is timed, rounded up to a power of two; look-ups of artifacts, and everything after 32,768 questions of its kind, are timed 16 times less. 0 times nothing.
    #[schemars(range(max = 1_000_000_000))]
    pub timed_one_in: u64,
    /// How many times as long as what serves a candidate may take, over 64 timed questions without the four slowest of each; 0 sets no bound.
    #[schemars(range(max = 1_000_000_000))]
    pub latency_ratio_max: u64,
    /// Longest time for one timed answer of a candidate, in milliseconds; 0 sets no bound.
    #[schemars(range(max = 1_000_000_000))]
    pub answer_ms_max: u64,
    /// Failures of a candidate that are only counted; with the next one it is switched off.
    #[schemars(range(max = 1_000_000_000))]
    pub failures_max: u64,
    /// Unexplained differences that are kept in full, for each axis and run.
    #[schemars(range(max = 1_000))]
    pub unexplained_kept_max: u32,
}

impl Default for Comparison {
    fn default() -> Self {
        Self {
            one_in: 1,
            timed_one_in: 16,
            latency_ratio_max: 25,
            answer_ms_max: 1_000,
            failures_max: 0,
            unexplained_kept_max: 16,
        }
    }
}
