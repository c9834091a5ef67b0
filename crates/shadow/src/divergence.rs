//! One entry of a divergence register.

/// A legitimate difference between the two implementations of an axis. What is not registered is a bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Divergence {
    /// Its stable code, for instance `RL-1`.
    pub code: &'static str,
    /// A name for it.
    pub title: &'static str,
    /// What the old implementation answers, and why.
    pub old: &'static str,
    /// What the new implementation answers, and why.
    pub new: &'static str,
    /// Who notices.
    pub affected: &'static str,
    /// What to do instead.
    pub instead: &'static str,
}
