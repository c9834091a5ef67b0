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

impl Report {
    /// Adds what another pair of the same two implementations found later. The first unexplained differences stay the first; of latencies the worst
    /// figure of both counts.
    pub fn add(&mut self, later: &Self) {
        self.compared += later.compared;
        self.same += later.same;
        self.mismatched += later.mismatched;
        self.candidate_failures += later.candidate_failures;
        add_counts(&mut self.expected, &later.expected);
        add_counts(&mut self.kinds, &later.kinds);
        add_counts(&mut self.occasions, &later.occasions);
        add_counts(&mut self.failures, &later.failures);
        self.kinds_never.retain(|kind| later.kinds_never.contains(kind));
        self.occasions_never.retain(|occasion| later.occasions_never.contains(occasion));
        if self.switched_off.is_none() {
            self.switched_off.clone_from(&later.switched_off);
        }
        if let Some(found) = &later.latency {
            self.latency.get_or_insert_default().add(found);
        }
        let room = crate::Tally::UNEXPLAINED_KEPT_MAX.saturating_sub(self.first_unexplained.len());
        self.first_unexplained.extend(later.first_unexplained.iter().take(room).cloned());
    }
}

/// Adds counts by name; both lists are in ascending order of the names.
fn add_counts(sum: &mut Vec<(String, u64)>, more: &[(String, u64)]) {
    for (name, count) in more {
        match sum.binary_search_by(|(other, _)| other.cmp(name)) {
            Ok(at) => sum[at].1 += count,
            Err(at) => sum.insert(at, (name.clone(), *count)),
        }
    }
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

impl Latency {
    /// Adds what was timed elsewhere: of each figure the worse one.
    pub fn add(&mut self, other: &Self) {
        self.timed += other.timed;
        self.serving.worsen(&other.serving);
        self.candidate.worsen(&other.candidate);
    }
}

impl Quantiles {
    fn worsen(&mut self, other: &Self) {
        self.p50_ns = self.p50_ns.max(other.p50_ns);
        self.p99_ns = self.p99_ns.max(other.p99_ns);
        self.max_ns = self.max_ns.max(other.max_ns);
    }
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
