//! How much disk an artifact takes from its owner's quota.

use std::collections::BTreeMap;

use ecology_types::{ArtifactRecord, Interface, Key, Snug};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::world::World;

/// The bytes of an interface: all its texts, and its schemas as [`ecology_types::Value::bytes`] counts them.
pub(crate) fn interface_bytes(interface: &Interface) -> u64 {
    let methods = interface
        .methods
        .iter()
        .map(|method| (method.name.len() + method.description.len() + method.input_schema.bytes()) as u64);
    interface.description.len() as u64 + methods.sum::<u64>()
}

/// The bytes of what an artifact consists of: content and interface.
fn bytes(content: &str, interface: Option<&Interface>) -> u64 {
    content.len() as u64 + interface.map_or(0, interface_bytes)
}

/// What artifacts of time zero took then: nobody is charged for it, whoever owns them later.
///
/// Ascending lists, because everybody of time zero has an entry and nobody gets one later.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Exempt {
    keys: Vec<Key>,
    bytes: Vec<u64>,
}

impl Exempt {
    pub(crate) fn get(&self, key: Key) -> u64 {
        self.keys.binary_search(&key).map_or(0, |at| self.bytes[at])
    }

    fn insert(&mut self, key: Key, bytes: u64) {
        if self.keys.last().is_none_or(|last| *last < key) {
            self.keys.push_snug(key);
            self.bytes.push_snug(bytes);
            return;
        }
        match self.keys.binary_search(&key) {
            Ok(at) => self.bytes[at] = bytes,
            Err(at) => {
                self.keys.insert(at, key);
                self.bytes.insert(at, bytes);
            }
        }
    }
}

impl Serialize for Exempt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.keys.iter().zip(&self.bytes))
    }
}

impl<'de> Deserialize<'de> for Exempt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut exempt = Self::default();
        for (key, bytes) in BTreeMap::deserialize(deserializer)? {
            exempt.insert(key, bytes);
        }
        Ok(exempt)
    }
}

impl World {
    /// What an artifact takes from the disk quota of whoever bears it: its owner, or its seller while it is in escrow.
    #[must_use]
    pub fn disk_bytes(&self, record: &ArtifactRecord) -> u64 {
        self.disk_bytes_with(record, &record.content, record.interface.as_deref())
    }

    /// The same for other content and methods.
    pub(crate) fn disk_bytes_with(
        &self,
        record: &ArtifactRecord,
        content: &str,
        interface: Option<&Interface>,
    ) -> u64 {
        let exempt = match record.creator {
            Key::GENESIS => self.exempt.get(record.key),
            _ => 0,
        };
        // Methods that a migration made up are nobody's to pay for.
        let interface = interface.filter(|interface| !self.migrations.made_up(record.key, interface));
        bytes(content, interface).saturating_sub(exempt).saturating_add(self.code.state_bytes(record.key))
    }

    /// Takes note of what was there at time zero, or put there by the operator.
    pub(crate) fn exempt_from_disk(&mut self, record: &ArtifactRecord) {
        let bytes = bytes(&record.content, record.interface.as_deref());
        if record.creator == Key::GENESIS && bytes > 0 {
            self.exempt.insert(record.key, bytes);
        }
    }
}

/// What something new takes.
pub(crate) fn new_bytes(content: &str, interface: Option<&Interface>) -> u64 {
    bytes(content, interface)
}
