//! Who gets what others pay for an artifact.

use std::collections::{BTreeMap, BTreeSet};

use ecology_types::{ArtifactRecord, GenesisArtifact, Key};
use serde::{Deserialize, Serialize};

use crate::world::World;

const ESCROW: Key = GenesisArtifact::Escrow.key();

/// The revenues that go another way than to the owner.
///
/// Revenue follows ownership until it is given or sold by itself. From then on it is its holder's, whoever owns the artifact, until it
/// comes into the hands of the owner again: then the two are one as before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "BTreeMap<Key, Key>", into = "BTreeMap<Key, Key>")]
pub struct Revenue {
    /// The holder of each revenue that has gone its own way.
    holders: BTreeMap<Key, Key>,
    /// The same by holder.
    held: BTreeSet<(Key, Key)>,
}

impl From<BTreeMap<Key, Key>> for Revenue {
    fn from(holders: BTreeMap<Key, Key>) -> Self {
        let held = holders.iter().map(|(artifact, holder)| (*holder, *artifact)).collect();
        Self { holders, held }
    }
}

impl From<Revenue> for BTreeMap<Key, Key> {
    fn from(revenue: Revenue) -> Self {
        revenue.holders
    }
}

impl Revenue {
    /// The holder of the revenue of an artifact, when it has gone its own way.
    #[must_use]
    pub fn apart(&self, artifact: Key) -> Option<Key> {
        self.holders.get(&artifact).copied()
    }

    /// The artifacts whose revenue this one holds apart from owning them, in ascending order.
    pub fn held_by(&self, holder: Key) -> impl Iterator<Item = Key> {
        self.held.range((holder, Key(0))..=(holder, Key(u32::MAX))).map(|(_, artifact)| *artifact)
    }

    /// Whether all revenue follows ownership.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.holders.is_empty()
    }

    pub(crate) fn transfer(&mut self, artifact: Key, to: Key, owner: Option<Key>) {
        self.end(artifact);
        // What escrow holds it holds for whoever listed it, so there it never becomes one with the artifact.
        if owner != Some(to) || to == ESCROW {
            self.holders.insert(artifact, to);
            self.held.insert((to, artifact));
        }
    }

    pub(crate) fn owner_changed(&mut self, artifact: Key, to: Key) {
        if to != ESCROW && self.apart(artifact) == Some(to) {
            self.end(artifact);
        }
    }

    pub(crate) fn end(&mut self, artifact: Key) {
        if let Some(holder) = self.holders.remove(&artifact) {
            self.held.remove(&(holder, artifact));
        }
    }
}

impl World {
    /// The revenues that do not go to the owner.
    #[must_use]
    pub const fn revenue(&self) -> &Revenue {
        &self.revenue
    }

    /// Whose the revenue of an artifact is; [`GenesisArtifact::Escrow`] while it is for sale.
    #[must_use]
    pub fn revenue_holder(&self, record: &ArtifactRecord) -> Key {
        self.revenue.apart(record.key).unwrap_or(record.owner)
    }

    /// Who gets what others pay for an artifact. What is in escrow earns for its seller: escrow holds nothing but what its orders say.
    #[must_use]
    pub fn payee(&self, record: &ArtifactRecord) -> Key {
        let listing = match self.revenue.apart(record.key) {
            Some(holder) if holder != ESCROW => return holder,
            Some(_) => self.book.revenue_listing(record.key),
            None if record.owner != ESCROW => return record.owner,
            None => self.book.listing(record.key),
        };
        listing.map_or(record.owner, |order| order.owner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revenue_and_ownership_part_and_meet_again() {
        let (artifact, ann, bob) = (Key(30), Key(20), Key(21));
        let mut revenue = Revenue::default();
        revenue.transfer(artifact, bob, Some(ann));
        assert_eq!((revenue.apart(artifact), revenue.held_by(bob).count()), (Some(bob), 1));
        let saved: Revenue = postcard::from_bytes(&postcard::to_stdvec(&revenue).unwrap()).unwrap();
        assert_eq!(saved, revenue);
        revenue.owner_changed(artifact, Key(22));
        assert_eq!(revenue.apart(artifact), Some(bob));
        revenue.owner_changed(artifact, bob);
        assert!(revenue.is_empty() && revenue.held_by(bob).next().is_none());
        // Both in escrow, for two different sellers.
        revenue.transfer(artifact, ESCROW, Some(ESCROW));
        revenue.owner_changed(artifact, ESCROW);
        assert_eq!(revenue.apart(artifact), Some(ESCROW));
    }
}
