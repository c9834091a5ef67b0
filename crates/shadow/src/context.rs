//! On which occasion questions are asked.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// What is going on while a pair is asked: set by whoever drives it, shared by all pairs of one world.
#[derive(Debug)]
pub struct Context {
    occasions: &'static [&'static str],
    occasion: AtomicUsize,
    record: AtomicU64,
}

impl Context {
    /// A context with the names of the occasions that there can be. The first one holds until [`Context::enter`] is called.
    #[must_use]
    pub const fn new(occasions: &'static [&'static str]) -> Self {
        Self { occasions, occasion: AtomicUsize::new(0), record: AtomicU64::new(0) }
    }

    /// From now on questions belong to the occasion of this number and to this record. A number that there is no name for counts as 0.
    pub fn enter(&self, occasion: usize, record: u64) {
        let known = if occasion < self.occasions.len() { occasion } else { 0 };
        self.occasion.store(known, Ordering::Relaxed);
        self.record.store(record, Ordering::Relaxed);
    }

    /// The number of the present occasion.
    #[must_use]
    pub fn occasion(&self) -> usize {
        self.occasion.load(Ordering::Relaxed)
    }

    /// The present record.
    #[must_use]
    pub fn record(&self) -> u64 {
        self.record.load(Ordering::Relaxed)
    }

    /// The names of all occasions.
    #[must_use]
    pub const fn occasions(&self) -> &'static [&'static str] {
        self.occasions
    }

    /// The name of the present occasion; empty when occasions have no names.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.occasions.get(self.occasion()).copied().unwrap_or_default()
    }
}

impl Default for Context {
    /// One occasion without a name.
    fn default() -> Self {
        Self::new(&[])
    }
}
