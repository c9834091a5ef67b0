//! What a comparison found so far.

use serde::{Deserialize, Serialize};

/// The tally of a shadow pair.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Name of the serving implementation.
    pub serving: String,
    /// Name of the candidate.
    pub candidate: String,
    /// One question in how many was compared: 1 for all, 0 where nobody counted.
    pub one_in: u64,
    /// Questions put to both.
    pub compared: u64,
    /// Answers that were the same.
    pub same: u64,
    /// Answers that differed for a registered reason, by code, in ascending order of the codes.
    pub expected: Vec<(String, u64)>,
    /// Answers that differed for no registered reason.
    pub mismatched: u64,
    /// Times the candidate failed to answer.
    pub candidate_failures: u64,
    /// The same by sort, in ascending order of the sorts.
    pub failures: Vec<(String, u64)>,
    /// Why the candidate was switched off, if it was.
    pub switched_off: Option<String>,
    /// The first unexplained differences and failures, in full.
    pub first_unexplained: Vec<Unexplained>,
    /// Questions by kind, in ascending order of the kinds.
    pub kinds: Vec<(String, u64)>,
    /// Questions by what was going on when they were asked, in ascending order of its names.
    pub occasions: Vec<(String, u64)>,
    /// Kinds of question that were never compared, in ascending order.
    pub kinds_never: Vec<String>,
    /// Occasions on which nothing was compared, in ascending order.
    pub occasions_never: Vec<String>,
    /// How long the two took, where that was measured.
    pub latency: Option<Latency>,
}

/// One difference that nothing explains, or one failure.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unexplained {
    /// The kind of question.
    pub kind: String,
    /// The question and both answers.
    pub detail: String,
    /// What was going on when it was asked.
    pub occasion: String,
    /// The record that was being decided; the last one before it when none was.
    pub record: u64,
    /// The question in a form that can be asked again; only of differences.
    pub question: Option<String>,
}

/// How long both sides took for the answers that were timed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latency {
    /// Answers that were timed.
    pub timed: u64,
    /// The serving side.
    pub serving: Quantiles,
    /// The candidate.
    pub candidate: Quantiles,
}

/// Quantiles in nanoseconds, one reading of the stopwatch included; see [`crate::Histogram`] for their error.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quantiles {
    /// Half of all answers took at most this long.
    pub p50_ns: u64,
    /// 99 of 100 answers took at most this long.
    pub p99_ns: u64,
    /// The slowest answer.
    pub max_ns: u64,
}
