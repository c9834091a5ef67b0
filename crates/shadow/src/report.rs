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

/// One difference that nothing explains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unexplained {
    /// The kind of question.
    pub kind: String,
    /// The question and both answers.
    pub detail: String,
}
