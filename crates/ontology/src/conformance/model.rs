//! What an ontology means, written as plainly as possible and without regard to speed.

use std::collections::BTreeMap;
use std::sync::Arc;

use ecology_types::{ArtifactRecord, ConvertedField, Key};

use super::Schema;
use crate::{Change, Page, Query, Resolution};

/// Two tables and no index: the reference that implementations are compared with.
#[derive(Debug, Clone, Default)]
pub struct Model {
    /// By key and whether it is *not* a principal, so that of two with one key the principal comes first. `None` is a tombstone.
    held: BTreeMap<(Key, bool), Option<ArtifactRecord>>,
}

impl Model {
    /// The place of what a change of `key` is about: the artifact if it is live, or else the principal.
    fn home(&self, key: Key) -> Option<(Key, bool)> {
        [(key, true), (key, false)].into_iter().find(|place| matches!(self.held.get(place), Some(Some(_))))
    }

    /// Takes note of what happened.
    pub fn apply(&mut self, change: &Change<'_>) {
        let key = match *change {
            Change::Created(record) => {
                self.held.insert((record.key, !record.has_standing), Some(record.clone()));
                return;
            }
            Change::Changed { key, .. }
            | Change::OwnerChanged { key, .. }
            | Change::Converted { key, .. }
            | Change::Deleted { key, .. } => key,
        };
        let Some(entry) = self.home(key).and_then(|place| self.held.get_mut(&place)) else { return };
        let Some(record) = entry else { return };
        match *change {
            Change::Created(_) => {}
            Change::Deleted { .. } => *entry = None,
            Change::Converted { field, .. } => match field {
                ConvertedField::AccessContract(contract) => record.access_contract = *contract,
                ConvertedField::Interface(interface) => record.interface = interface.clone(),
                ConvertedField::Nothing => {}
            },
            Change::OwnerChanged { to, at, .. } => {
                record.owner = to;
                record.version += 1;
                record.changed_at = at;
            }
            Change::Changed {
                version,
                at,
                content,
                kind,
                can_execute,
                access_contract,
                policy,
                interface,
                memory,
                ..
            } => {
                let before = record.clone();
                *record = ArtifactRecord {
                    version,
                    changed_at: at,
                    content: content.map_or(before.content, Arc::clone),
                    kind: kind.cloned().unwrap_or(before.kind),
                    can_execute: can_execute.unwrap_or(before.can_execute),
                    access_contract: access_contract.or(before.access_contract),
                    policy: policy.cloned().or(before.policy),
                    interface: interface.cloned().or(before.interface),
                    memory: memory.or(before.memory),
                    ..before
                };
            }
        }
    }

    fn at(&self, place: (Key, bool)) -> Resolution<'_> {
        match self.held.get(&place) {
            None => Resolution::Free,
            Some(None) => Resolution::Tombstone,
            Some(Some(record)) => Resolution::Live(record),
        }
    }

    /// What an action that names this key means.
    #[must_use]
    pub fn artifact(&self, key: Key) -> Resolution<'_> {
        match self.at((key, true)) {
            Resolution::Free => self.at((key, false)),
            found => found,
        }
    }

    /// The principal with this key.
    #[must_use]
    pub fn principal(&self, key: Key) -> Resolution<'_> {
        self.at((key, false))
    }

    /// Everything that is live, ascending; of two with one key the principal first.
    pub fn records(&self) -> impl Iterator<Item = &ArtifactRecord> {
        self.held.values().flatten()
    }

    /// Live things and tombstones.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        let live = self.records().count() as u64;
        (live, self.held.len() as u64 - live)
    }

    /// The keys of live principals, or of live agents only.
    #[must_use]
    pub fn principals(&self, only_agents: bool) -> Vec<Key> {
        let wanted = |record: &&ArtifactRecord| record.has_standing && (record.can_execute || !only_agents);
        self.records().filter(wanted).map(|record| record.key).collect()
    }

    /// One page of a search.
    #[must_use]
    pub fn search(&self, schema: Schema, query: &Query, may_see: &dyn Fn(&ArtifactRecord) -> bool) -> Page {
        let standing = match (schema, query.has_standing) {
            (Schema::Legacy, None) => Some(false),
            (_, asked) => asked,
        };
        let text = query.text.as_deref().unwrap_or_default().to_ascii_lowercase();
        let contains = |place: &str| place.to_ascii_lowercase().contains(&text);
        let mut keys: Vec<Key> = self
            .records()
            .filter(|record| {
                standing.is_none_or(|standing| standing == record.has_standing)
                    && query.can_execute.is_none_or(|can| can == record.can_execute)
                    && query.owner.is_none_or(|owner| owner == record.owner)
                    && query.creator.is_none_or(|creator| creator == record.creator)
                    && query.kind.as_ref().is_none_or(|kind| *kind == record.kind)
                    && may_see(record)
                    && (contains(record.id.as_str()) || contains(&record.kind) || contains(&record.content))
            })
            .map(|record| record.key)
            .collect();
        keys.dedup();
        let offset = usize::try_from(query.offset).unwrap_or(usize::MAX).min(keys.len());
        let mut rest = keys.split_off(offset);
        let more = rest.len() > query.limit as usize;
        rest.truncate(query.limit as usize);
        Page { keys: rest, more }
    }
}
