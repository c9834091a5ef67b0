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
        /// In which way.
        failure: Failure,
        /// What went wrong.
        detail: String,
    },
}

/// The ways in which a candidate fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Failure {
    /// It panicked.
    Panicked,
    /// One answer took longer than [`crate::Budget::answer_ns_max`].
    TooSlow,
    /// Over a whole window its answers took more than [`crate::Budget::latency_ratio_max`] times as long as those of the serving side.
    OverBudget,
    /// It cannot take up the history that the serving side holds, for instance because it cannot read a snapshot.
    CannotFollow,
}

impl Failure {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Panicked, Self::TooSlow, Self::OverBudget, Self::CannotFollow];

    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Panicked => "panicked",
            Self::TooSlow => "too_slow",
            Self::OverBudget => "over_budget",
            Self::CannotFollow => "cannot_follow",
        }
    }
}
