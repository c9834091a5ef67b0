//! The one table of ids and keys.

use std::hash::Hasher;
use std::sync::LazyLock;

use ecology_types::{GenesisArtifact, Id, Key, Snug};
use hashbrown::HashTable;
use rustc_hash::FxHasher;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Which key stands for which id. Keys are dense, begin at 0 and are never given away twice.
///
/// The hash table holds keys only and is never iterated; every order that leaves this type is the order of keys.
/// The hasher has a fixed seed, so that a run is the same on every machine.
#[derive(Debug, Clone, Default)]
pub struct Symbols {
    ids: Vec<Id>,
    keys: HashTable<Key>,
}

/// What an unknown key is called when not even key 0 has an id yet.
static NOBODY: LazyLock<Id> = LazyLock::new(|| GenesisArtifact::Genesis.id());

fn hash(id: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(id.as_bytes());
    hasher.finish()
}

impl Symbols {
    /// The key of an id, if it has been met before.
    #[must_use]
    pub fn key(&self, id: &str) -> Option<Key> {
        self.keys.find(hash(id), |key| self.id(*key).as_str() == id).copied()
    }

    /// The id of a key. A key that nobody gave away answers with the id of key 0, so that a report about a damaged world can still be written.
    #[must_use]
    pub fn id(&self, key: Key) -> &Id {
        self.ids.get(key.index()).or_else(|| self.ids.first()).unwrap_or(&NOBODY)
    }

    /// The key that the next new id gets.
    #[must_use]
    pub fn next(&self) -> Key {
        // A world holds fewer ids than there are keys: `Limits::artifacts_max` and memory end first.
        Key(u32::try_from(self.ids.len()).unwrap_or(u32::MAX))
    }

    /// Notes that `key` stands for `id`. Does nothing when the id has a key already or when `key` is not [`Symbols::next`]: a key is given once.
    pub fn insert(&mut self, key: Key, id: Id) {
        if key != self.next() || self.key(id.as_str()).is_some() {
            return;
        }
        let hashed = hash(id.as_str());
        self.ids.push_snug(id);
        let ids = &self.ids;
        self.keys.insert_unique(hashed, key, |key| ids.get(key.index()).map_or(0, |id| hash(id.as_str())));
    }

    /// The key of an id, given now if it has none.
    pub fn intern(&mut self, id: &Id) -> Key {
        if let Some(key) = self.key(id.as_str()) {
            return key;
        }
        let key = self.next();
        self.insert(key, id.clone());
        key
    }

    /// How many ids have a key.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether no id has a key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The ids, in ascending order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = &Id> {
        self.ids.iter()
    }
}

impl PartialEq for Symbols {
    fn eq(&self, other: &Self) -> bool {
        self.ids == other.ids
    }
}

impl Eq for Symbols {}

impl Serialize for Symbols {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.ids.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Symbols {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut symbols = Self::default();
        for id in Vec::<Id>::deserialize(deserializer)? {
            let key = symbols.next();
            if let Some(first) = symbols.key(id.as_str()) {
                return Err(D::Error::custom(format!("{id} has key {} and key {}", first.0, key.0)));
            }
            symbols.insert(key, id);
        }
        Ok(symbols)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_dense_and_given_once() {
        let mut symbols = Symbols::default();
        assert_eq!(symbols.id(Key(9)).as_str(), "genesis", "an empty table still answers");
        for n in 0..1000_u32 {
            let id = Id::new(format!("thing_{n}")).unwrap();
            assert_eq!(symbols.next(), Key(n));
            symbols.insert(Key(n), id.clone());
            symbols.insert(Key(n), id.clone());
            symbols.insert(Key(n + 1), id);
            symbols.insert(Key(n + 7), Id::new("gap").unwrap());
        }
        assert_eq!(symbols.len(), 1000);
        for n in 0..1000_u32 {
            assert_eq!(symbols.key(&format!("thing_{n}")), Some(Key(n)));
            assert_eq!(symbols.id(Key(n)).as_str(), format!("thing_{n}"));
        }
        assert_eq!(symbols.key("gap"), None);
        assert_eq!(symbols.id(Key(5000)).as_str(), "thing_0");
        assert_eq!(symbols.intern(&Id::known("thing_3")), Key(3));
        assert_eq!(symbols.intern(&Id::known("new")), Key(1000));
        assert!(symbols.iter().zip(0_u32..).all(|(id, n)| symbols.key(id.as_str()) == Some(Key(n))));
    }

    #[test]
    fn a_table_survives_being_saved() {
        let mut symbols = Symbols::default();
        for name in ["genesis", "alice", "bob"] {
            symbols.intern(&Id::known(name));
        }
        let bytes = postcard::to_allocvec(&symbols).unwrap();
        let back: Symbols = postcard::from_bytes(&bytes).unwrap();
        assert_eq!(back, symbols);
        assert_eq!(back.key("bob"), Some(Key(2)));
        let twice = postcard::to_allocvec(&vec![Id::known("a"), Id::known("a")]).unwrap();
        assert!(postcard::from_bytes::<Symbols>(&twice).is_err());
    }
}
