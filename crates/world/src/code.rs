//! What the world keeps of code that agents write: its physics, and the states of executables.

use std::collections::BTreeMap;

use ecology_types::{CodeRules, Key, Value};
use serde::{Deserialize, Serialize};

/// The physics of code, and what executables remember.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Code {
    pub(crate) rules: CodeRules,
    /// The state of each executable that keeps one, with its version.
    states: BTreeMap<Key, (u64, Value)>,
}

impl Code {
    /// Whether nothing has been said and nothing is kept.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The state of an executable with its version; version 0 for one that keeps none.
    pub(crate) fn state(&self, key: Key) -> (u64, &Value) {
        self.states.get(&key).map_or((0, &Value::Null), |(version, state)| (*version, state))
    }

    pub(crate) fn set_state(&mut self, key: Key, version: u64, state: Value) {
        self.states.insert(key, (version, state));
    }
}
