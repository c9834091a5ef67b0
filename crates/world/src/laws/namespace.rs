//! One namespace: an id has one key for good, and what had an id is never followed by another thing of that id.
//!
//! The legacy schema keeps artifacts and principals apart, so there each id can be made once as either. Under the unified schema whatever
//! was made before, as either and under whichever schema, keeps its id for ever.

use std::collections::BTreeMap;

use ecology_types::{Axis, Effect, Id, Key, Record, Side};

use super::{Broken, HistoryLaw};

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Namespace {
    keys: BTreeMap<Id, Key>,
    /// The roles in which each key was made: without and with standing.
    made: BTreeMap<Key, [bool; 2]>,
}

impl Namespace {
    /// The keys that were made as both, an artifact and a principal.
    pub fn pairs(&self) -> impl Iterator<Item = Key> {
        self.made.iter().filter(|(_, roles)| roles[0] && roles[1]).map(|(key, _)| *key)
    }
}

impl HistoryLaw for Namespace {
    fn hear(&mut self, record: &Record) -> Result<(), Broken> {
        let broken = |detail| Err(Broken { law: "an id means one thing", detail });
        let number = record.number;
        let is_unified = record.axes.side(Axis::ArtifactOntology) == Side::New;
        for effect in &record.effects {
            match effect {
                Effect::Interned { key, id } => {
                    // Keys are given in order, so a key that is not the next one was given before.
                    let is_next = key.index() == self.keys.len();
                    let before = self.keys.insert(id.clone(), *key);
                    if !is_next || before.is_some() {
                        return broken(format!("record {number} gives {id} the key {} a second time", key.0));
                    }
                }
                Effect::ArtifactCreated(created) => {
                    if self.keys.get(&created.id) != Some(&created.key) {
                        return broken(format!("record {number} makes {} under another key", created.id));
                    }
                    let roles = self.made.entry(created.key).or_default();
                    if roles[usize::from(created.has_standing)] || (is_unified && roles.contains(&true)) {
                        return broken(format!("record {number} makes {} a second time", created.id));
                    }
                    roles[usize::from(created.has_standing)] = true;
                }
                _ => {}
            }
        }
        Ok(())
    }
}
