//! What an artifact is, in the superset that both ontologies read from.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::{Id, Key, Scrip, Time, Value};

/// One artifact with everything that either ontology knows of it.
///
/// A record is what is *stored*; what an ontology *shows* is its own affair: `legacy` shows type, owner and policy, `unified` shows
/// standing, executability, access contract and interface. Keeping the superset is what makes a switch in either direction lossless.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactRecord {
    /// The key of its id.
    pub key: Key,
    /// Its id.
    pub id: Id,
    /// Who made it. A fact that never changes.
    pub creator: Key,
    /// Who it belongs to. A social notion: policies read it, contracts may.
    pub owner: Key,
    /// `artifact_type` in the legacy schema, a descriptive label in the unified one (`data`, `code`, `agent`, `memory`, `contract`, a good's name).
    pub kind: SmolStr,
    /// Its content.
    pub content: Arc<str>,
    /// Rises by one with every change, beginning at 1.
    pub version: u64,
    /// When it was made.
    pub created_at: Time,
    /// When it last changed.
    pub changed_at: Time,
    /// May hold scrip and resources and bear costs.
    pub has_standing: bool,
    /// Has code that can be invoked.
    pub can_execute: bool,
    /// The contract that answers for it. `None` stands for the world's default, `genesis_freeware`.
    pub access_contract: Option<Key>,
    /// Lists and prices of the old access control. `None` stands for: anyone reads and invokes for free, only the owner writes.
    pub policy: Option<Arc<Policy>>,
    /// Its methods, for executables.
    pub interface: Option<Arc<Interface>>,
    /// The artifact that holds its memory, for agents.
    pub memory: Option<Key>,
}

impl ArtifactRecord {
    /// The bytes of disk that it takes from its owner's quota: content and interface text.
    #[must_use]
    pub fn disk_bytes(&self) -> u64 {
        self.content.len() as u64
    }
}

/// Who may read, write and invoke, and at what price: the old access control.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Policy {
    /// Who may read besides the owner.
    pub read: AllowList,
    /// Who may write, edit and delete besides the owner.
    pub write: AllowList,
    /// Who may invoke besides the owner.
    pub invoke: AllowList,
    /// What a read costs anyone but the owner; paid to the owner.
    pub read_price: Scrip,
    /// What an invocation costs anyone but the owner; paid to the owner.
    pub invoke_price: Scrip,
}

impl Policy {
    /// The policy of an artifact that names none: anyone reads and invokes for free, only the owner writes.
    #[must_use]
    pub const fn open() -> Self {
        Self {
            read: AllowList::Anyone,
            write: AllowList::Only(Vec::new()),
            invoke: AllowList::Anyone,
            read_price: Scrip::ZERO,
            invoke_price: Scrip::ZERO,
        }
    }
}

/// Everybody (`"*"`) or the listed principals.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AllowList {
    /// `"*"`
    Anyone,
    /// These, in ascending order of their keys.
    Only(Vec<Key>),
}

impl Default for AllowList {
    fn default() -> Self {
        Self::Only(Vec::new())
    }
}

impl AllowList {
    /// Whether `who` is on the list.
    #[must_use]
    pub fn allows(&self, who: Key) -> bool {
        match self {
            Self::Anyone => true,
            Self::Only(keys) => keys.contains(&who),
        }
    }
}

/// A policy as somebody writes it: ids instead of keys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyDraft {
    /// `["*"]` or ids.
    #[schemars(with = "Vec<String>")]
    pub read: Vec<SmolStr>,
    /// `["*"]` or ids.
    #[schemars(with = "Vec<String>")]
    pub write: Vec<SmolStr>,
    /// `["*"]` or ids.
    #[schemars(with = "Vec<String>")]
    pub invoke: Vec<SmolStr>,
    /// What a read costs, in scrip.
    pub read_price: Scrip,
    /// What an invocation costs, in scrip.
    pub invoke_price: Scrip,
}

/// The methods of an executable, in the shape of MCP tools.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Interface {
    /// What it is for, in one sentence.
    pub description: SmolStr,
    /// What can be called.
    pub methods: Vec<Method>,
}

/// One method of an interface.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Method {
    /// Its name.
    pub name: SmolStr,
    /// What it does, in one sentence.
    pub description: SmolStr,
    /// JSON-Schema of its arguments.
    pub input_schema: Value,
}
