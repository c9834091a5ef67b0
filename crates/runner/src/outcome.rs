//! How a run ended.

use crate::enforcement::LimitsOutcome;
use crate::host::Host;

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It reached its last tick or its time.
    Finished,
    /// It was asked to stop.
    Interrupted,
    /// Every agent has stopped or paused.
    Everybody,
}

impl Ended {
    /// The word for it, as the journal keeps it.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Interrupted => "interrupted",
            Self::Everybody => "everybody stopped",
        }
    }
}

/// A run that ended in an orderly way. All of it is durable.
#[derive(Debug)]
pub struct RunOutcome {
    /// The world with its journal.
    pub host: Host,
    /// Why it ended.
    pub ended: Ended,
    /// Minds of an earlier run that could not go on where they were.
    pub minds_started_anew: usize,
    /// Principals that were to join and could not, because their id was in use or no capacity was left for their shares.
    pub arrivals_refused: usize,
    /// Whose process is held to which limits.
    pub limits: LimitsOutcome,
    /// CPU time of the runner's own work, in nanoseconds: what was measured and charged to nobody.
    pub nobody_cpu_ns: u64,
    /// What asking the code of contracts came to.
    pub code: crate::code::CodeCounts,
}
