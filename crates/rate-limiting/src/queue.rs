//! Those who wait for one key, first come first served.

use std::collections::BTreeMap;
use std::task::Waker;

/// Waiters in the order of their tickets. Only the first one watches the time.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiters: BTreeMap<u64, Waiter>,
    /// The sum of what they wait for.
    weight: u64,
}

#[derive(Debug)]
struct Waiter {
    weight: u64,
    waker: Waker,
}

impl Queue {
    pub(crate) fn push(&mut self, ticket: u64, weight: u64, waker: &Waker) {
        self.waiters.insert(ticket, Waiter { weight, waker: waker.clone() });
        self.weight = self.weight.saturating_add(weight);
    }

    pub(crate) fn is_first(&self, ticket: u64) -> bool {
        self.waiters.first_key_value().is_some_and(|(first, _)| *first == ticket)
    }

    pub(crate) fn set_waker(&mut self, ticket: u64, waker: &Waker) {
        if let Some(waiter) = self.waiters.get_mut(&ticket) {
            waiter.waker.clone_from(waker);
        }
    }

    /// Takes a waiter out; the waker of the one that is first now, when it was not before.
    pub(crate) fn remove(&mut self, ticket: u64) -> Option<Waker> {
        let was_first = self.is_first(ticket);
        let waiter = self.waiters.remove(&ticket)?;
        self.weight = self.weight.saturating_sub(waiter.weight);
        if was_first { self.first() } else { None }
    }

    /// The waker of the first.
    pub(crate) fn first(&self) -> Option<Waker> {
        self.waiters.first_key_value().map(|(_, waiter)| waiter.waker.clone())
    }

    pub(crate) const fn weight(&self) -> u64 {
        self.weight
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiters.is_empty()
    }
}
