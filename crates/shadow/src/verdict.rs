//! How two answers to one question compare.

/// The result of one comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Both say the same.
    Same,
    /// They differ, and a registered divergence explains it.
    Expected {
        /// Its code in the divergence register, for instance `RL-1`.
        code: &'static str,
    },
    /// They differ and nothing explains it: a bug in one of the two.
    Mismatch {
        /// The question and both answers.
        detail: String,
    },
    /// The candidate failed to answer.
    CandidateFailed {
        /// What went wrong.
        detail: String,
    },
}
