//! Which records have an owner, a creator, a label or a role, in ascending order of keys.

use std::hash::Hash;
use std::iter::Peekable;

use ecology_types::{ArtifactRecord, Key, SmolStr};
use hashbrown::HashMap;
use roaring::{RoaringBitmap, bitmap};
use rustc_hash::FxBuildHasher;

use crate::Query;

/// Sets of keys under a name. The map is looked up and never iterated; an empty set is dropped.
type Sets<K> = HashMap<K, RoaringBitmap, FxBuildHasher>;

/// Ordered sets that answer a filter without looking at every record.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    /// Without those that own themselves, as principals mostly do: their key says it.
    by_owner: Sets<Key>,
    by_creator: Sets<Key>,
    by_kind: Sets<SmolStr>,
    /// Every key is in exactly one of these: data, tools, accounts, agents.
    by_role: [RoaringBitmap; 4],
}

/// The position in [`Index::by_role`].
const fn role(has_standing: bool, can_execute: bool) -> usize {
    (has_standing as usize) << 1 | can_execute as usize
}

fn enter<K: Hash + Eq + Clone>(sets: &mut Sets<K>, name: &K, key: Key) {
    match sets.get_mut(name) {
        Some(set) => {
            set.insert(key.0);
        }
        None => {
            sets.insert(name.clone(), RoaringBitmap::from([key.0]));
        }
    }
}

fn leave<K: Hash + Eq>(sets: &mut Sets<K>, name: &K, key: Key) {
    if let Some(set) = sets.get_mut(name) {
        set.remove(key.0);
        if set.is_empty() {
            sets.remove(name);
        }
    }
}

impl Index {
    pub(crate) fn add(&mut self, record: &ArtifactRecord) {
        if record.owner != record.key {
            enter(&mut self.by_owner, &record.owner, record.key);
        }
        enter(&mut self.by_creator, &record.creator, record.key);
        enter(&mut self.by_kind, &record.kind, record.key);
        self.by_role[role(record.has_standing, record.can_execute)].insert(record.key.0);
    }

    pub(crate) fn remove(&mut self, record: &ArtifactRecord) {
        if record.owner != record.key {
            leave(&mut self.by_owner, &record.owner, record.key);
        }
        leave(&mut self.by_creator, &record.creator, record.key);
        leave(&mut self.by_kind, &record.kind, record.key);
        self.by_role[role(record.has_standing, record.can_execute)].remove(record.key.0);
    }

    pub(crate) fn move_owner(&mut self, key: Key, from: Key, to: Key) {
        if from != key {
            leave(&mut self.by_owner, &from, key);
        }
        if to != key {
            enter(&mut self.by_owner, &to, key);
        }
    }

    pub(crate) fn move_kind(&mut self, key: Key, from: &SmolStr, to: &SmolStr) {
        leave(&mut self.by_kind, from, key);
        enter(&mut self.by_kind, to, key);
    }

    pub(crate) fn move_role(&mut self, key: Key, has_standing: bool, can_execute: bool) {
        self.by_role[role(has_standing, !can_execute)].remove(key.0);
        self.by_role[role(has_standing, can_execute)].insert(key.0);
    }

    /// The smallest ordered choice of keys that contains everything that matches. The remaining filters still have to be checked.
    pub(crate) fn candidates(&self, query: &Query) -> Candidates<'_> {
        let roles = (0..4)
            .filter(|at| query.has_standing.is_none_or(|has| has == (at & 2 != 0)))
            .filter(|at| query.can_execute.is_none_or(|can| can == (at & 1 != 0)));
        let mut best: Vec<&RoaringBitmap> = roles.map(|at| &self.by_role[at]).collect();
        let mut size: u64 = best.iter().map(|set| set.len()).sum();
        // What belongs to itself is the one candidate that the owner's set does not have.
        let mut itself = None;
        if let Some(owner) = query.owner {
            let others = self.by_owner.get(&owner);
            let count = others.map_or(0, RoaringBitmap::len) + 1;
            if count < size {
                size = count;
                best = others.into_iter().collect();
                itself = Some(owner);
            }
        }
        let named = [
            query.creator.as_ref().map(|creator| self.by_creator.get(creator)),
            query.kind.as_ref().map(|kind| self.by_kind.get(kind)),
        ];
        for set in named.into_iter().flatten() {
            match set {
                None => return Candidates { sets: Vec::new(), itself: None },
                Some(set) if set.len() < size => {
                    size = set.len();
                    best = vec![set];
                    itself = None;
                }
                Some(_) => {}
            }
        }
        Candidates { sets: best.into_iter().map(|set| set.iter().peekable()).collect(), itself }
    }
}

/// The union of up to four disjoint sets and one key more, ascending.
pub(crate) struct Candidates<'a> {
    sets: Vec<Peekable<bitmap::Iter<'a>>>,
    /// In none of the sets.
    itself: Option<Key>,
}

impl Iterator for Candidates<'_> {
    type Item = Key;

    fn next(&mut self) -> Option<Key> {
        let lowest = self.sets.iter_mut().filter_map(|set| set.peek().copied()).min();
        if let Some(itself) = self.itself.filter(|key| lowest.is_none_or(|lowest| key.0 < lowest)) {
            self.itself = None;
            return Some(itself);
        }
        let lowest = lowest?;
        for set in &mut self.sets {
            if set.next_if(|key| *key == lowest).is_some() {
                break;
            }
        }
        Some(Key(lowest))
    }
}
