//! The narrow waist: the six things that an agent can do.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::{Id, PolicyDraft, Value, artifact::Interface};

/// What an agent wants done. Nothing else changes the world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Nothing, on purpose.
    Noop,
    /// Take in the content of an artifact.
    Read {
        /// Which one.
        artifact: Id,
    },
    /// Create an artifact or replace its content.
    Write(Box<Draft>),
    /// Replace one exact passage inside the content.
    Edit {
        /// Which one.
        artifact: Id,
        /// The passage as it stands; it must occur exactly once.
        find: Arc<str>,
        /// What takes its place.
        replace: Arc<str>,
        /// When set, the edit is refused unless the artifact still has this version.
        expected_version: Option<u64>,
    },
    /// Remove an artifact for good; its id stays taken.
    Delete {
        /// Which one.
        artifact: Id,
    },
    /// Call a method of an executable artifact.
    Invoke {
        /// Which one.
        artifact: Id,
        /// Which method.
        method: SmolStr,
        /// Its arguments, a map.
        args: Value,
    },
    /// An invocation that lets the tool spend some of the caller's scrip.
    InvokeAllowing(Box<crate::AllowedInvocation>),
}

impl Action {
    /// An invocation, for code that spells out known ids.
    #[must_use]
    pub fn invoke(artifact: Id, method: &str, args: Value) -> Self {
        Self::Invoke { artifact, method: SmolStr::new(method), args }
    }

    /// Which of the six it is.
    #[must_use]
    pub const fn verb(&self) -> Verb {
        match self {
            Self::Noop => Verb::Noop,
            Self::Read { .. } => Verb::Read,
            Self::Write(_) => Verb::Write,
            Self::Edit { .. } => Verb::Edit,
            Self::Delete { .. } => Verb::Delete,
            Self::Invoke { .. } | Self::InvokeAllowing(_) => Verb::Invoke,
        }
    }

    /// The artifact that it is about, if any.
    #[must_use]
    pub fn target(&self) -> Option<&Id> {
        match self {
            Self::Noop => None,
            Self::Write(draft) => Some(&draft.artifact),
            Self::Read { artifact }
            | Self::Edit { artifact, .. }
            | Self::Delete { artifact }
            | Self::Invoke { artifact, .. } => Some(artifact),
            Self::InvokeAllowing(call) => Some(&call.artifact),
        }
    }
}

/// What a `write` says. A field that is `None` keeps what is there, or takes the default on creation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Which artifact.
    pub artifact: Id,
    /// Its content.
    pub content: Arc<str>,
    /// Whether it may exist already.
    pub mode: WriteMode,
    /// When set, a replacement is refused unless the artifact still has this version.
    pub expected_version: Option<u64>,
    /// The label, `artifact_type` in the legacy schema.
    pub kind: Option<SmolStr>,
    /// Whether it may hold scrip and resources. Only settable on creation.
    pub has_standing: Option<bool>,
    /// Whether it can be invoked.
    pub can_execute: Option<bool>,
    /// The id of the contract that answers for it.
    pub access_contract: Option<Id>,
    /// Lists and prices of the old access control.
    pub policy: Option<PolicyDraft>,
    /// Its methods.
    pub interface: Option<Arc<Interface>>,
    /// The artifact that holds its memory.
    pub memory: Option<Id>,
}

impl Draft {
    /// A draft that gives content and leaves the rest.
    #[must_use]
    pub fn new(artifact: Id, content: impl Into<Arc<str>>) -> Self {
        Self {
            artifact,
            content: content.into(),
            mode: WriteMode::CreateOrReplace,
            expected_version: None,
            kind: None,
            has_standing: None,
            can_execute: None,
            access_contract: None,
            policy: None,
            interface: None,
            memory: None,
        }
    }
}

/// Whether a written artifact may or must exist already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum WriteMode {
    /// Either.
    #[default]
    CreateOrReplace,
    /// It must not exist: first come.
    Create,
    /// It must exist.
    Replace,
}

/// What is done to an artifact: the six actions, and the transfer of what belongs to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Verb {
    /// Nothing.
    Noop,
    /// Take in content.
    Read,
    /// Create or replace.
    Write,
    /// Replace a passage.
    Edit,
    /// Remove.
    Delete,
    /// Call a method.
    Invoke,
    /// Give to another owner. Asked of a contract; as an action it is an invocation of `genesis_ledger`.
    Transfer,
}

impl Verb {
    /// How many verbs there are.
    pub const COUNT: usize = 7;
    /// All of them.
    pub const ALL: [Self; Self::COUNT] =
        [Self::Noop, Self::Read, Self::Write, Self::Edit, Self::Delete, Self::Invoke, Self::Transfer];

    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Noop => "noop",
            Self::Read => "read",
            Self::Write => "write",
            Self::Edit => "edit",
            Self::Delete => "delete",
            Self::Invoke => "invoke",
            Self::Transfer => "transfer",
        }
    }
}

impl std::fmt::Display for Verb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}
