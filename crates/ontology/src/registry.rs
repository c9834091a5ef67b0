//! Records by key: a dense table of slots in front of a slab.

use std::sync::Arc;

use ecology_types::{ArtifactRecord, ConvertedField, Key, Policy, Snug};

use crate::index::{Candidates, Index};
use crate::{Change, Query, Resolution};

/// Nothing has this key.
const FREE: u32 = u32::MAX;
/// Something without standing had this key and was deleted.
const TOMBSTONE: u32 = u32::MAX - 1;
/// A principal had this key and was deleted.
const TOMBSTONE_OF_PRINCIPAL: u32 = u32::MAX - 2;

/// Live records and tombstones, at most one per key.
///
/// Four bytes per key and one record per live artifact; a look-up is two array accesses, however many there are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Registry {
    slots: Vec<u32>,
    /// Without holes: a deletion moves the last record into the place of the deleted one.
    records: Vec<ArtifactRecord>,
    tombstones: u64,
    index: Index,
    /// The policy of the latest record that has one, to be shared by the next one that has the same.
    policy: Option<Arc<Policy>>,
}

impl Registry {
    /// One more than the highest key that is held: 2^28, which is a table of 1 GiB. It keeps a damaged key from taking all memory.
    pub(crate) const KEYS_MAX: u32 = 1 << 28;

    /// Whether the key is in the range that is held.
    pub(crate) const fn holds(key: Key) -> bool {
        key.0 < Self::KEYS_MAX
    }

    fn slot(&self, key: Key) -> u32 {
        self.slots.get(key.index()).copied().unwrap_or(FREE)
    }

    fn set_slot(&mut self, key: Key, slot: u32) {
        self.slots.reach(key.index() + 1, || FREE);
        self.slots[key.index()] = slot;
    }

    /// What the key stands for here.
    pub(crate) fn get(&self, key: Key) -> Resolution<'_> {
        match self.slot(key) {
            FREE => Resolution::Free,
            TOMBSTONE | TOMBSTONE_OF_PRINCIPAL => Resolution::Tombstone,
            slot => self.records.get(slot as usize).map_or(Resolution::Free, Resolution::Live),
        }
    }

    /// The live record of the key.
    pub(crate) fn live(&self, key: Key) -> Option<&ArtifactRecord> {
        self.records.get(self.slot(key) as usize)
    }

    /// See [`crate::Ontology::touch`].
    pub(crate) fn touch(&self, key: Key) -> u64 {
        self.live(key).map_or(0, |record| record.version ^ u64::from(record.has_standing))
    }

    fn live_mut(&mut self, key: Key) -> Option<&mut ArtifactRecord> {
        let slot = self.slot(key);
        self.records.get_mut(slot as usize)
    }

    /// Whether what has or had this key has standing; `None` when nothing ever had it.
    pub(crate) fn standing(&self, key: Key) -> Option<bool> {
        match self.slot(key) {
            FREE => None,
            TOMBSTONE => Some(false),
            TOMBSTONE_OF_PRINCIPAL => Some(true),
            _ => self.live(key).map(|record| record.has_standing),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// How many keys from 0 on have a slot.
    pub(crate) fn keys(&self) -> u32 {
        u32::try_from(self.slots.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn live_count(&self) -> u64 {
        self.records.len() as u64
    }

    pub(crate) fn tombstone_count(&self) -> u64 {
        self.tombstones
    }

    /// Holds `record` under its key, instead of whatever was there: what happened is the truth.
    pub(crate) fn insert(&mut self, mut record: ArtifactRecord) {
        let key = record.key;
        if !Self::holds(key) {
            return;
        }
        if let Some(policy) = &mut record.policy {
            match &self.policy {
                Some(latest) if latest == policy => *policy = Arc::clone(latest),
                _ => self.policy = Some(Arc::clone(policy)),
            }
        }
        self.forget(key);
        self.index.add(&record);
        // Fewer than KEYS_MAX records are live, so a slot is never one of the three marks.
        let slot = u32::try_from(self.records.len()).unwrap_or(FREE);
        self.records.push_snug(record);
        self.set_slot(key, slot);
    }

    /// Leaves a tombstone under `key`.
    pub(crate) fn entomb(&mut self, key: Key, has_standing: bool) {
        if !Self::holds(key) {
            return;
        }
        self.forget(key);
        self.tombstones += 1;
        self.set_slot(key, if has_standing { TOMBSTONE_OF_PRINCIPAL } else { TOMBSTONE });
    }

    /// Makes the key free and gives back the record that it had.
    pub(crate) fn forget(&mut self, key: Key) -> Option<ArtifactRecord> {
        let slot = self.slot(key);
        match slot {
            FREE => None,
            TOMBSTONE | TOMBSTONE_OF_PRINCIPAL => {
                self.tombstones -= 1;
                self.set_slot(key, FREE);
                None
            }
            _ => {
                let record = self.records.swap_remove(slot as usize);
                if let Some(moved) = self.records.get(slot as usize) {
                    let moved = moved.key;
                    self.set_slot(moved, slot);
                }
                self.index.remove(&record);
                self.set_slot(key, FREE);
                Some(record)
            }
        }
    }

    /// Takes note of a change of a live record.
    /// Does nothing for a key without a live record.
    pub(crate) fn change(&mut self, change: &Change<'_>) {
        match *change {
            Change::Created(record) => self.insert(record.clone()),
            Change::Deleted { key, .. } => {
                if let Some(record) = self.live(key) {
                    let has_standing = record.has_standing;
                    self.entomb(key, has_standing);
                }
            }
            Change::Converted { key, field } => {
                let Some(record) = self.live_mut(key) else { return };
                match field {
                    ConvertedField::AccessContract(contract) => record.access_contract = *contract,
                    ConvertedField::Interface(interface) => record.interface.clone_from(interface),
                    ConvertedField::Nothing => {}
                }
            }
            Change::OwnerChanged { key, to, at } => {
                let Some(record) = self.live_mut(key) else { return };
                let from = std::mem::replace(&mut record.owner, to);
                record.version = record.version.saturating_add(1);
                record.changed_at = at;
                if from != to {
                    self.index.move_owner(key, from, to);
                }
            }
            Change::Changed {
                key,
                version,
                at,
                content,
                kind,
                can_execute,
                access_contract,
                policy,
                interface,
                memory,
            } => {
                let slot = self.slot(key);
                let Some(record) = self.records.get_mut(slot as usize) else { return };
                record.version = version;
                record.changed_at = at;
                if let Some(content) = content {
                    record.content = Arc::clone(content);
                }
                if let Some(kind) = kind.filter(|kind| **kind != record.kind) {
                    self.index.move_kind(key, &record.kind, kind);
                    record.kind = kind.clone();
                }
                if let Some(can_execute) = can_execute.filter(|can| *can != record.can_execute) {
                    self.index.move_role(key, record.has_standing, can_execute);
                    record.can_execute = can_execute;
                }
                record.access_contract = access_contract.or(record.access_contract);
                record.memory = memory.or(record.memory);
                if let Some(policy) = policy {
                    record.policy = Some(Arc::clone(policy));
                }
                if let Some(interface) = interface {
                    record.interface = Some(Arc::clone(interface));
                }
            }
        }
    }

    /// See [`Index::candidates`].
    pub(crate) fn candidates(&self, query: &Query) -> Candidates<'_> {
        self.index.candidates(query)
    }
}
