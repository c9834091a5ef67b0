//! Counting verdicts.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::{Failure, Report, Unexplained, Verdict};

/// The most bytes of a detail that are kept: details hold drafts, and drafts hold content.
const DETAIL_BYTES_MAX: usize = 2_000;

/// Counts verdicts behind a lock. For answers that were compared elsewhere; a pair that is asked often uses a [`crate::Comparison`].
#[derive(Debug)]
pub struct Tally {
    serving: &'static str,
    candidate: &'static str,
    unexplained_max: usize,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    compared: u64,
    same: u64,
    expected: BTreeMap<&'static str, u64>,
    mismatched: u64,
    failures: BTreeMap<Failure, u64>,
    first_unexplained: Vec<Unexplained>,
    kinds: BTreeMap<&'static str, u64>,
    occasions: BTreeMap<&'static str, u64>,
}

/// Where in a history a question was asked.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Place {
    pub(crate) occasion: &'static str,
    pub(crate) record: u64,
}

impl Tally {
    /// How many unexplained differences are kept in full unless told otherwise.
    pub const UNEXPLAINED_KEPT_MAX: usize = 16;

    /// An empty tally for a pair.
    #[must_use]
    pub fn new(serving: &'static str, candidate: &'static str) -> Self {
        Self::keeping(serving, candidate, Self::UNEXPLAINED_KEPT_MAX)
    }

    /// An empty tally that keeps this many unexplained differences in full.
    #[must_use]
    pub fn keeping(serving: &'static str, candidate: &'static str, unexplained_max: usize) -> Self {
        Self { serving, candidate, unexplained_max, counts: Mutex::default() }
    }

    /// Counts one verdict on a question of the given kind.
    pub fn record(&self, kind: &'static str, verdict: &Verdict) {
        self.count(kind, "", 1);
        self.note(kind, verdict, Place::default(), || None);
    }

    /// Counts one verdict on a question of the given kind that was asked on an occasion while `record` was being decided. `question` is
    /// what can be asked again; it is called only for a difference that is kept in full.
    pub fn record_at(
        &self,
        kind: &'static str,
        verdict: &Verdict,
        occasion: &'static str,
        record: u64,
        question: impl FnOnce() -> Option<String>,
    ) {
        self.count(kind, occasion, 1);
        self.note(kind, verdict, Place { occasion, record }, question);
    }

    /// Counts questions without a verdict on them.
    pub(crate) fn count(&self, kind: &'static str, occasion: &'static str, questions: u64) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.compared += questions;
        *counts.kinds.entry(kind).or_default() += questions;
        if !occasion.is_empty() {
            *counts.occasions.entry(occasion).or_default() += questions;
        }
    }

    /// Takes note of a verdict on a question that is counted elsewhere.
    pub(crate) fn note(
        &self,
        kind: &'static str,
        verdict: &Verdict,
        place: Place,
        question: impl FnOnce() -> Option<String>,
    ) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let (detail, is_mismatch) = match verdict {
            Verdict::Same => {
                counts.same += 1;
                return;
            }
            Verdict::Expected { code } => {
                *counts.expected.entry(code).or_default() += 1;
                return;
            }
            Verdict::Mismatch { detail } => {
                counts.mismatched += 1;
                (detail, true)
            }
            Verdict::CandidateFailed { failure, detail } => {
                *counts.failures.entry(*failure).or_default() += 1;
                (detail, false)
            }
        };
        if counts.first_unexplained.len() < self.unexplained_max {
            let unexplained = Unexplained {
                kind: kind.to_owned(),
                detail: beginning(detail),
                occasion: place.occasion.to_owned(),
                record: place.record,
                question: if is_mismatch { question() } else { None },
            };
            counts.first_unexplained.push(unexplained);
        }
    }

    /// How often the candidate failed.
    pub(crate) fn failures(&self) -> u64 {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.failures.values().sum()
    }

    /// What was found so far.
    #[must_use]
    pub fn report(&self) -> Report {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        Report {
            serving: self.serving.to_owned(),
            candidate: self.candidate.to_owned(),
            one_in: 1,
            compared: counts.compared,
            same: counts.same,
            expected: named(&counts.expected),
            mismatched: counts.mismatched,
            candidate_failures: counts.failures.values().sum(),
            failures: counts.failures.iter().map(|(sort, n)| (sort.name().to_owned(), *n)).collect(),
            switched_off: None,
            first_unexplained: counts.first_unexplained.clone(),
            kinds: named(&counts.kinds),
            occasions: named(&counts.occasions),
            kinds_never: Vec::new(),
            occasions_never: Vec::new(),
            latency: None,
        }
    }
}

fn named(counts: &BTreeMap<&'static str, u64>) -> Vec<(String, u64)> {
    counts.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect()
}

fn beginning(detail: &str) -> String {
    if detail.len() <= DETAIL_BYTES_MAX {
        return detail.to_owned();
    }
    let end = (0..=DETAIL_BYTES_MAX).rev().find(|end| detail.is_char_boundary(*end)).unwrap_or(0);
    format!("{} ...", &detail[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_counted_and_details_bounded() {
        let tally = Tally::new("old", "new");
        tally.record("use", &Verdict::Same);
        tally.record("use", &Verdict::Expected { code: "RL-1" });
        for n in 0..100 {
            tally.record("move", &Verdict::Mismatch { detail: n.to_string() });
        }
        let report = tally.report();
        assert_eq!((report.compared, report.same, report.mismatched), (102, 1, 100));
        assert_eq!(report.expected, [("RL-1".to_owned(), 1)]);
        assert_eq!(report.first_unexplained.len(), Tally::UNEXPLAINED_KEPT_MAX);
        assert_eq!(report.kinds, [("move".to_owned(), 100), ("use".to_owned(), 2)]);
    }

    #[test]
    fn a_difference_knows_where_it_happened_and_how_to_ask_again() {
        let tally = Tally::keeping("old", "new", 1);
        let long = "ä".repeat(DETAIL_BYTES_MAX);
        let asked = || Some("again".to_owned());
        tally.record_at("use", &Verdict::Mismatch { detail: long.clone() }, "tick", 7, asked);
        tally.record_at("use", &Verdict::Mismatch { detail: long }, "tick", 8, || panic!("nobody keeps it"));
        let report = tally.report();
        let [first] = report.first_unexplained.as_slice() else { panic!("{report:?}") };
        assert_eq!(
            (first.record, first.occasion.as_str(), first.question.as_deref()),
            (7, "tick", Some("again"))
        );
        assert!(first.detail.len() <= DETAIL_BYTES_MAX + 4 && first.detail.ends_with(" ..."));
        assert_eq!(report.occasions, [("tick".to_owned(), 2)]);
    }
}
