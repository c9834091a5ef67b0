//! What a comparison found so far.

use serde::{Deserialize, Serialize};

/// The tally of a shadow pair.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Name of the serving implementation.
    pub serving: String,
    /// Name of the candidate.
    pub candidate: String,
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
    /// The first unexplained differences, in full.
    pub first_unexplained: Vec<Unexplained>,
    /// Questions by kind, in ascending order of the kinds.
    pub kinds: Vec<(String, u64)>,
}

impl Report {
    /// Adds what another pair of the same two implementations found later. The first unexplained differences stay the first.
    pub fn add(&mut self, later: &Self) {
        self.compared += later.compared;
        self.same += later.same;
        self.mismatched += later.mismatched;
        self.candidate_failures += later.candidate_failures;
        add_counts(&mut self.expected, &later.expected);
        add_counts(&mut self.kinds, &later.kinds);
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

/// One difference that nothing explains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unexplained {
    /// The kind of question.
    pub kind: String,
    /// The question and both answers.
    pub detail: String,
}
