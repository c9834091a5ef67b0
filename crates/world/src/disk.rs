//! How much disk an artifact takes from its owner's quota.

use std::collections::BTreeMap;

use ecology_types::{ArtifactRecord, Interface, Key};

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
pub(crate) type Exempt = BTreeMap<Key, u64>;

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
            Key::GENESIS => self.exempt.get(&record.key).copied().unwrap_or(0),
            _ => 0,
        };
        // Methods that a migration made up are nobody's to pay for.
        let interface = interface.filter(|interface| !self.migrations.made_up(record.key, interface));
        bytes(content, interface).saturating_sub(exempt)
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
