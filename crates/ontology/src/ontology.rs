//! The trait that both schemas share.

use std::sync::Arc;

use ecology_types::{
    ArtifactRecord, ConvertedField, Draft, Id, Interface, Key, Limits, Policy, RefusalCode, SmolStr, Time,
    Value,
};
use serde::{Deserialize, Serialize};

/// May this come to be or change? Asked before anything happens; who may do it is a question for access control, not for the schema.
#[derive(Debug, Clone, Copy)]
pub enum Ask<'a> {
    /// A new artifact or principal. `standing` and `executable` are already resolved from the draft and the defaults.
    Create {
        /// The key that the id has or will have.
        key: Key,
        /// What is written.
        draft: &'a Draft,
        /// May hold scrip and resources.
        standing: bool,
        /// Can be invoked.
        executable: bool,
    },
    /// New content or description for what exists.
    Change {
        /// Which one.
        key: Key,
        /// What is written.
        draft: &'a Draft,
    },
}

/// The schema says no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAllowed {
    /// The code of the refusal.
    pub code: RefusalCode,
    /// The particulars.
    pub detail: String,
}

/// What happened. Both schemas take note of the same changes.
///
/// Where a live artifact and a principal share a key, a change of the key is one of the artifact. A change of a key without anything live does nothing.
#[derive(Debug, Clone, Copy)]
pub enum Change<'a> {
    /// Something came to be.
    Created(&'a ArtifactRecord),
    /// It changed; what is `None` stayed.
    Changed {
        /// Which one.
        key: Key,
        /// Its new version.
        version: u64,
        /// When.
        at: Time,
        /// New content.
        content: Option<&'a Arc<str>>,
        /// New label.
        kind: Option<&'a SmolStr>,
        /// Whether it can be invoked.
        can_execute: Option<bool>,
        /// The contract that answers for it.
        access_contract: Option<Key>,
        /// New lists and prices.
        policy: Option<&'a Arc<Policy>>,
        /// New methods.
        interface: Option<&'a Arc<Interface>>,
        /// The artifact with its memory.
        memory: Option<Key>,
    },
    /// It belongs to somebody else. Its version rises by one, because what a contract answered may have depended on the owner.
    OwnerChanged {
        /// Which one.
        key: Key,
        /// The new owner.
        to: Key,
        /// When.
        at: Time,
    },
    /// A migration changed a field of it, for the schema and not for anybody: neither its version nor the time of its last change move.
    Converted {
        /// Which one.
        key: Key,
        /// What changed.
        field: &'a ConvertedField,
    },
    /// It was removed and leaves a tombstone.
    Deleted {
        /// Which one.
        key: Key,
        /// When.
        at: Time,
    },
}

/// What a key stands for when an action names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution<'a> {
    /// Something that exists.
    Live(&'a ArtifactRecord),
    /// Something that was deleted.
    Tombstone,
    /// Nothing, so far.
    Free,
}

/// A search. Every filter that is set must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    /// Text that occurs in id, label or content, compared without regard to ASCII case.
    pub text: Option<SmolStr>,
    /// This label (`artifact_type`).
    pub kind: Option<SmolStr>,
    /// This owner.
    pub owner: Option<Key>,
    /// This creator.
    pub creator: Option<Key>,
    /// With or without standing.
    pub has_standing: Option<bool>,
    /// Executable or not.
    pub can_execute: Option<bool>,
    /// Items to skip.
    pub offset: u64,
    /// Items on the page; the caller has checked it against the limit.
    pub limit: u32,
}

/// One page of a search, in ascending order of keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// What matches and may be seen.
    pub keys: Vec<Key>,
    /// Whether there is more behind this page.
    pub more: bool,
}

/// What exists, what it looks like, and how it is found.
///
/// `check` decides and changes nothing; `apply` takes note of what happened and never refuses.
pub trait Ontology: Send + Sync {
    /// The name of the implementation in flags and reports.
    fn name(&self) -> &'static str;

    /// Whether the schema has a place for this.
    ///
    /// # Errors
    /// [`NotAllowed`] says what is wrong.
    fn check(&self, ask: &Ask<'_>, limits: &Limits) -> Result<(), NotAllowed>;

    /// Takes note of what happened.
    fn apply(&mut self, change: &Change<'_>);

    /// What an action that names this key means: the artifact that has or had it, or else the principal, whose record is an agent's configuration.
    fn artifact(&self, key: Key) -> Resolution<'_>;

    /// The principal with this key: something with standing.
    fn principal(&self, key: Key) -> Resolution<'_>;

    /// Reads what [`Ontology::principal`] will read for this key, so that it is in the processor's cache by then. The number means nothing. It is no
    /// question: a pair compares nothing here.
    fn touch(&self, _key: Key) -> u64 {
        0
    }

    /// The keys of all live principals, ascending.
    fn principals(&self) -> &[Key];

    /// The keys of all live agents (standing and executable), ascending.
    fn agents(&self) -> &[Key];

    /// How many live artifacts and principals there are, and how many tombstones.
    fn counts(&self) -> (u64, u64);

    /// One page of those that match and that `may_see` lets through. `may_see` is asked for content matches and listings alike.
    fn search(&self, query: &Query, may_see: &dyn Fn(&ArtifactRecord) -> bool) -> Page;

    /// How many match and may be seen, on all pages together; offset and limit of the query are ignored.
    fn count(&self, query: &Query, may_see: &dyn Fn(&ArtifactRecord) -> bool) -> u64 {
        let all = Query { offset: 0, limit: u32::MAX, ..query.clone() };
        self.search(&all, may_see).keys.len() as u64
    }

    /// What this schema shows of a record: its metadata, without content. `name` gives the id of a key.
    fn describe(&self, record: &ArtifactRecord, name: &dyn Fn(Key) -> Id) -> Value;

    /// Everything it holds, in ascending order of keys (where a principal and an artifact share a key, the principal first), then the tombstones.
    /// Equal worlds give equal bytes. For state hashes.
    fn digest(&self, into: &mut Vec<u8>);

    /// All it holds, for a snapshot that [`Ontology::restore`] reads back. `Legacy` and `Unified` write and read the same format, so a world
    /// that changes its schema opens the snapshot that the other one left.
    fn save(&self) -> Vec<u8>;

    /// Reads what [`Ontology::save`] wrote, replacing all it holds.
    ///
    /// # Errors
    /// In plain words, when the bytes are not such a snapshot.
    fn restore(&mut self, saved: &[u8]) -> Result<(), String>;

    /// The comparison with another implementation, when this is a shadow pair.
    fn comparison(&self) -> Option<&ecology_shadow::Comparison> {
        None
    }

    /// What that comparison found so far.
    fn shadow_report(&self) -> Option<ecology_shadow::Report> {
        self.comparison().map(ecology_shadow::Comparison::report)
    }
}
