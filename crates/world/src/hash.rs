//! One short number for a whole state.

use std::fmt;

use ecology_types::Resource;
use serde::Serialize;

use crate::world::World;

/// The digest of a state, in two parts.
///
/// `decided` covers everything that follows from commands by the rules: two runs of one seed in tick mode agree in it. `measured` covers
/// what the machine measured meanwhile (CPU time, memory), which no two runs share. A replay of one journal agrees in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StateHash {
    /// BLAKE3 of all that is decided by the rules.
    pub decided: [u8; 32],
    /// BLAKE3 of all that is measured.
    pub measured: [u8; 32],
}

impl fmt::Display for StateHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short =
            |bytes: &[u8; 32]| bytes[..16].iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        write!(f, "{}:{}", short(&self.decided), short(&self.measured))
    }
}

impl StateHash {
    /// The decided part in full, as hexadecimal text.
    #[must_use]
    pub fn decided_hex(&self) -> String {
        self.decided.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The measured part in full, as hexadecimal text.
    #[must_use]
    pub fn measured_hex(&self) -> String {
        self.measured.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl World {
    /// The digest of the present state. Covers everything in a fixed order; takes time in proportion to the size of the world.
    #[must_use]
    pub fn hash(&self) -> StateHash {
        let mut decided = Section::default();
        decided.add(&*self.rules);
        decided.add(&self.clock);
        decided.add_with(|bytes| self.parts.ontology.digest(bytes));
        for id in self.symbols.iter() {
            decided.add(id);
        }
        decided.add(&self.accounts);
        decided.add(&self.book.canonical());
        decided.add(&self.mint);
        decided.add(&self.agents);
        decided.add(&self.subscriptions);
        for row in self.usage.iter() {
            decided.add(&row);
        }
        let mut deleters: Vec<_> = self.deleters.iter().collect();
        deleters.sort_unstable();
        decided.add(&deleters);
        decided.add(&self.migrations);
        // Worlds that hold no code keep the hash that they had before there was any.
        if !self.code.is_default() {
            decided.add(&self.code);
        }
        let mut measured = Section::default();
        for resource in Resource::RENEWABLE {
            let section = if resource.is_measured() { &mut measured } else { &mut decided };
            section.add_with(|bytes| self.parts.limiter.digest(resource, bytes));
        }
        measured.add(&self.reservations.canonical());
        for row in self.measured.iter() {
            measured.add(&row);
        }
        StateHash { decided: decided.finish(), measured: measured.finish() }
    }
}

#[derive(Default)]
struct Section {
    hasher: blake3::Hasher,
    buffer: Vec<u8>,
}

impl Section {
    fn add(&mut self, part: &impl Serialize) {
        self.buffer.clear();
        let bytes = std::mem::take(&mut self.buffer);
        // Every type in a state encodes; a part that did not would make hashes differ from replay and be noticed there.
        self.buffer = postcard::to_extend(part, bytes).unwrap_or_default();
        self.flush();
    }

    fn add_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.buffer.clear();
        write(&mut self.buffer);
        self.flush();
    }

    /// Length first, so that two parts never run into each other.
    fn flush(&mut self) {
        self.hasher.update(&(self.buffer.len() as u64).to_le_bytes());
        self.hasher.update(&self.buffer);
    }

    fn finish(&self) -> [u8; 32] {
        *self.hasher.finalize().as_bytes()
    }
}
