//! Who wants to hear of which events.

use std::collections::{BTreeMap, BTreeSet};

use ecology_types::{EventKind, Key};
use serde::{Deserialize, Serialize};

/// All subscriptions, by number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Saved")]
pub struct Subscriptions {
    last: u64,
    open: BTreeMap<u64, (Key, Vec<EventKind>)>,
    #[serde(skip)]
    of_principal: BTreeSet<(Key, u64)>,
}

/// What has to be kept; the rest is an index.
#[derive(Deserialize)]
struct Saved {
    last: u64,
    open: BTreeMap<u64, (Key, Vec<EventKind>)>,
}

impl From<Saved> for Subscriptions {
    fn from(Saved { last, open }: Saved) -> Self {
        let of_principal = open.iter().map(|(number, (who, _))| (*who, *number)).collect();
        Self { last, open, of_principal }
    }
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
        self.of_principal
            .range((principal, 0)..=(principal, u64::MAX))
            .filter_map(|(_, number)| self.open.get_key_value(number))
            .map(|(number, (_, kinds))| (*number, kinds.as_slice()))
    }

    pub(crate) fn insert(&mut self, subscription: u64, principal: Key, kinds: Vec<EventKind>) {
        self.last = self.last.max(subscription);
        self.of_principal.insert((principal, subscription));
        self.open.insert(subscription, (principal, kinds));
    }

    pub(crate) fn remove(&mut self, subscription: u64) {
        if let Some((principal, _)) = self.open.remove(&subscription) {
            self.of_principal.remove(&(principal, subscription));
        }
    }
}
