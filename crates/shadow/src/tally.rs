//! Counting verdicts.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::{Report, Unexplained, Verdict};

/// Counts verdicts. Shared: a pair records while it is asked through `&self`.
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
    candidate_failures: u64,
    first_unexplained: Vec<Unexplained>,
    kinds: BTreeMap<&'static str, u64>,
}

impl Tally {
    /// How many unexplained differences are kept in full unless told otherwise.
    pub const UNEXPLAINED_KEPT_MAX: usize = 16;

    /// An empty tally for a pair.
    #[must_use]
    pub fn new(serving: &'static str, candidate: &'static str) -> Self {
        Self { serving, candidate, unexplained_max: Self::UNEXPLAINED_KEPT_MAX, counts: Mutex::default() }
    }

    /// Counts one verdict on a question of the given kind.
    pub fn record(&self, kind: &'static str, verdict: &Verdict) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.compared += 1;
        *counts.kinds.entry(kind).or_default() += 1;
        let detail = match verdict {
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
                detail
            }
            Verdict::CandidateFailed { detail } => {
                counts.candidate_failures += 1;
                detail
            }
        };
        if counts.first_unexplained.len() < self.unexplained_max {
            let unexplained = Unexplained { kind: kind.to_owned(), detail: detail.clone() };
            counts.first_unexplained.push(unexplained);
        }
    }

    /// What was found so far.
    #[must_use]
    pub fn report(&self) -> Report {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        Report {
            serving: self.serving.to_owned(),
            candidate: self.candidate.to_owned(),
            compared: counts.compared,
            same: counts.same,
            expected: counts.expected.iter().map(|(code, n)| ((*code).to_owned(), *n)).collect(),
            mismatched: counts.mismatched,
            candidate_failures: counts.candidate_failures,
            first_unexplained: counts.first_unexplained.clone(),
            kinds: counts.kinds.iter().map(|(kind, n)| ((*kind).to_owned(), *n)).collect(),
        }
    }
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
}
