//! Counts what nearly always one thread counts.

use std::sync::atomic::{AtomicU64, Ordering};

/// The number of the next thread that asks for one.
static NEXT: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// No two threads of a process have the same, also when one of them has ended.
    static NUMBER: u64 = NEXT.fetch_add(1, Ordering::Relaxed);
}

/// A thread, for [`Counter::count`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner(u64);

impl Owner {
    /// The thread that this is called on.
    #[inline]
    pub(crate) fn present() -> Self {
        Self(NUMBER.with(|number| *number))
    }
}

/// A number that goes up. Its owner, who is the same for all of its life, adds to it by a load and a store; everybody else by an atomic addition,
/// which costs as much as a whole answer and waits for every load before it.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    /// Written by the owner alone.
    owned: AtomicU64,
    others: AtomicU64,
}

impl Counter {
    /// Adds one and gives how many whoever calls had counted before: the owner, or all others together.
    #[inline]
    pub(crate) fn count(&self, owner: Owner) -> u64 {
        if Owner::present() != owner {
            return self.others.fetch_add(1, Ordering::Relaxed);
        }
        let before = self.owned.load(Ordering::Relaxed);
        self.owned.store(before.wrapping_add(1), Ordering::Relaxed);
        before
    }

    /// What all have counted.
    pub(crate) fn total(&self) -> u64 {
        self.owned.load(Ordering::Relaxed).wrapping_add(self.others.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_whoever_counts() {
        const EACH: u64 = 10_000;
        let counter = Counter::default();
        let owner = Owner::present();
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for _ in 0..EACH {
                        counter.count(owner);
                    }
                    assert_ne!(Owner::present(), owner);
                });
            }
            for n in 0..EACH {
                assert_eq!(counter.count(owner), n, "the owner counts for itself");
            }
        });
        assert_eq!(counter.total(), 4 * EACH);
    }
}
