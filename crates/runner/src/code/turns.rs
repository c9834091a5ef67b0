//! Whose turn it is to have code run.

use std::collections::BTreeMap;

use ecology_types::Key;
use rustc_hash::FxHashMap;

/// What waits to be run, in a fair order: start-time fair queueing (Goyal, Vin and Cheng 1996). Everybody's requests are laid out one after the other,
/// each as long as it took, and whoever begins first in that layout goes first. One who had much run waits behind those who had little, and
/// nobody waits for ever: a newcomer begins where the layout has come to, not at its beginning.
#[derive(Debug)]
pub(super) struct Turns<T> {
    waiting: BTreeMap<(u64, u64), (Key, T)>,
    /// Where the requests of each end so far, in nanoseconds of the layout. Looked up, and gone through only to forget.
    ends: FxHashMap<Key, u64>,
    /// Where the layout has come to.
    here: u64,
    arrivals: u64,
}

/// Ends that are kept at least before those are forgotten that lie in the past.
const ENDS_KEPT: usize = 1_024;

impl<T> Default for Turns<T> {
    fn default() -> Self {
        Self { waiting: BTreeMap::new(), ends: FxHashMap::default(), here: 0, arrivals: 0 }
    }
}

impl<T> Turns<T> {
    /// Queues a request of somebody.
    pub(super) fn push(&mut self, whose: Key, request: T) {
        let start = self.here.max(self.ends.get(&whose).copied().unwrap_or(0));
        self.arrivals += 1;
        self.waiting.insert((start, self.arrivals), (whose, request));
    }

    /// Whose turn it is.
    pub(super) fn pop(&mut self) -> Option<(Key, T)> {
        let ((start, _), next) = self.waiting.pop_first()?;
        self.here = self.here.max(start);
        Some(next)
    }

    /// Enters how long a request took.
    pub(super) fn took(&mut self, whose: Key, ns: u64) {
        let end = self.ends.entry(whose).or_insert(0);
        *end = (*end).max(self.here).saturating_add(ns);
        // Everybody who waits has come nearer by an equal part of it, so that ever new ones cannot keep anybody from his turn.
        self.here = self.here.saturating_add(ns / (self.waiting.len() as u64 + 1));
        if self.ends.len() > 2 * ENDS_KEPT.max(self.waiting.len()) {
            let here = self.here;
            self.ends.retain(|_, end| *end > here);
        }
    }

    /// Takes out everything that waits.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_had_much_run_wait_behind_those_who_had_little() {
        let mut turns = Turns::default();
        for at in 0..100 {
            turns.push(Key(1), at);
            assert_eq!(turns.pop(), Some((Key(1), at)), "alone nobody waits");
            turns.took(Key(1), 1_000_000);
            turns.push(Key(2), at);
            turns.push(Key(1), at);
            assert_eq!(turns.pop().map(|(whose, _)| whose), Some(Key(2)), "round {at}");
            turns.took(Key(2), 1_000);
            assert_eq!(turns.pop().map(|(whose, _)| whose), Some(Key(1)));
            turns.took(Key(1), 1_000_000);
        }
        assert_eq!(turns.pop(), None);
    }

    #[test]
    fn ever_new_ones_pass_by_as_often_as_a_long_request_is_worth_and_no_more() {
        let mut turns = Turns::default();
        turns.push(Key(1), 0);
        turns.pop();
        turns.push(Key(2), 0);
        turns.took(Key(1), 5_000);
        turns.push(Key(1), 1);
        let mut passed = 0;
        for newcomer in 3.. {
            let (whose, _) = turns.pop().unwrap();
            if whose == Key(1) {
                break;
            }
            turns.push(Key(newcomer), 0);
            turns.took(whose, 1_000);
            passed += 1;
            assert!(passed < 100, "it starves");
        }
        assert!(passed >= 2, "it had its share already");
    }

    #[test]
    fn what_is_remembered_stays_bounded() {
        let mut turns = Turns::default();
        for who in 0..100_000 {
            turns.push(Key(who), ());
            turns.pop();
            turns.took(Key(who), 1);
        }
        assert!(turns.ends.len() <= 2 * ENDS_KEPT + 1, "{}", turns.ends.len());
    }
}
