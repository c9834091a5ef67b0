//! What asking came to.

/// What an asker did so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CodeCounts {
    /// Questions that code was run for.
    pub asked: u64,
    /// Answers given again, because everything that they rest on was as before.
    pub from_cache: u64,
    /// Runs that ended in a fault of the contract.
    pub faults: u64,
    /// Answers that did not hold any more when their turn came.
    pub stale: u64,
    /// Questions that nobody could be asked: the sandbox had nothing to run them with.
    pub unavailable: u64,
    /// Sources compiled.
    pub compiled: u64,
    /// Instructions of all runs.
    pub instructions: u64,
}
