//! What both sides say to a question that is asked again.

use crate::{Failure, Verdict};

/// Two answers to one question, in words, and how they compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers {
    /// What the serving side says.
    pub serving: String,
    /// What the candidate says.
    pub candidate: String,
    /// How they compare.
    pub verdict: Verdict,
}

impl Answers {
    /// What there is when the candidate panicked on the way.
    #[must_use]
    pub fn without_candidate(serving: String) -> Self {
        let detail = "the candidate panicked".to_owned();
        let verdict = Verdict::CandidateFailed { failure: Failure::Panicked, detail: detail.clone() };
        Self { serving, candidate: detail, verdict }
    }

    /// Whether nothing explains that they differ.
    #[must_use]
    pub const fn is_mismatch(&self) -> bool {
        matches!(self.verdict, Verdict::Mismatch { .. })
    }
}
