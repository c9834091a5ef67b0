//! What asking came to.

/// What an asker did so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CodeCounts {
    /// Questions that code was run for.
    pub asked: u64,
    /// Answers given again, because everything that they rest on was as before.
    pub from_cache: u64,
    /// Runs of tools.
    pub runs: u64,
    /// Runs and checks that ended in a fault of the code.
    pub faults: u64,
    /// Answers that did not hold any more when their turn came.
    pub stale: u64,
    /// Questions that nobody could be asked: the sandbox had nothing to run them with.
    pub unavailable: u64,
    /// Sources compiled.
    pub compiled: u64,
    /// Instructions of all runs.
    pub instructions: u64,
    /// Acts whose code ran beside the writer, not on it.
    pub beside: u64,
}

impl CodeCounts {
    /// Adds what somebody else did.
    pub(super) const fn add(&mut self, other: &Self) {
        self.asked += other.asked;
        self.from_cache += other.from_cache;
        self.runs += other.runs;
        self.faults += other.faults;
        self.stale += other.stale;
        self.unavailable += other.unavailable;
        self.compiled += other.compiled;
        self.instructions = self.instructions.saturating_add(other.instructions);
        self.beside += other.beside;
    }
}
