//! Who wants to hear of which events.

use std::collections::BTreeMap;

use ecology_types::{EventKind, Key};
use serde::{Deserialize, Serialize};

/// All subscriptions, by number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscriptions {
    last: u64,
    open: BTreeMap<u64, (Key, Vec<EventKind>)>,
}

impl Subscriptions {
    /// The number of the next one.
    #[must_use]
    pub const fn next(&self) -> u64 {
        self.last + 1
    }

    /// A subscription.
    #[must_use]
    pub fn get(&self, subscription: u64) -> Option<&(Key, Vec<EventKind>)> {
        self.open.get(&subscription)
    }

    /// Those of one principal, with what they are about.
    pub fn of(&self, principal: Key) -> impl Iterator<Item = (u64, &[EventKind])> {
        self.open
            .iter()
            .filter(move |(_, (who, _))| *who == principal)
            .map(|(number, (_, kinds))| (*number, kinds.as_slice()))
    }

    pub(crate) fn insert(&mut self, subscription: u64, principal: Key, kinds: Vec<EventKind>) {
        self.last = self.last.max(subscription);
        self.open.insert(subscription, (principal, kinds));
    }

    pub(crate) fn remove(&mut self, subscription: u64) {
        self.open.remove(&subscription);
    }
}
