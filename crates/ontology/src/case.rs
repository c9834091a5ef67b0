//! A question with the history before it, as plain data: what a difference is reproduced from.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use ecology_shadow::{Answers, Shrunk, shrink};
use ecology_types::{
    ArtifactRecord, ConvertedField, Draft, Id, Interface, Key, Limits, Policy, SmolStr, Time, Value,
};
use serde::{Deserialize, Serialize};

use crate::{Ask, Change, NotAllowed, Ontology, Page, Query, Resolution, ShadowOntology};

/// A serving schema and its candidate, before anything happened.
pub type Pair = (Box<dyn Ontology>, Box<dyn Ontology>);

/// As what a key is resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// See [`Ontology::artifact`].
    Artifact,
    /// See [`Ontology::principal`].
    Principal,
}

impl Role {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Artifact => "artifact",
            Self::Principal => "principal",
        }
    }
}

/// An [`Ask`] as plain data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// See [`Ask::Create`].
    Create {
        /// The key that the id has or will have.
        key: Key,
        /// What is written.
        draft: Box<Draft>,
        /// May hold scrip and resources.
        standing: bool,
        /// Can be invoked.
        executable: bool,
    },
    /// See [`Ask::Change`].
    Change {
        /// Which one.
        key: Key,
        /// What is written.
        draft: Box<Draft>,
    },
}

impl Asked {
    pub(crate) fn borrowed(&self) -> Ask<'_> {
        match self {
            Self::Create { key, draft, standing, executable } => {
                Ask::Create { key: *key, draft, standing: *standing, executable: *executable }
            }
            Self::Change { key, draft } => Ask::Change { key: *key, draft },
        }
    }
}

/// A question as plain data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// See [`Ontology::check`].
    Check {
        /// What is asked.
        ask: Asked,
        /// Under which limits.
        limits: Box<Limits>,
    },
    /// See [`Ontology::artifact`] and [`Ontology::principal`].
    Resolve {
        /// As what.
        role: Role,
        /// Which key.
        key: Key,
    },
    /// See [`Ontology::search`].
    Search {
        /// What is looked for.
        query: Query,
        /// What may not be seen, ascending.
        hidden: Vec<Key>,
    },
    /// See [`Ontology::describe`].
    Describe {
        /// What is described.
        record: Box<ArtifactRecord>,
        /// The ids of the keys that the serving side asked for.
        names: Vec<(Key, Id)>,
    },
}

/// What of an answer is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Check(Result<(), NotAllowed>),
    Resolve(Essence),
    Search(Page),
    Describe(Value),
}

/// What of a resolution is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Essence {
    Live { version: u64 },
    Tombstone,
    Free,
}

impl Essence {
    pub(crate) const fn of(resolution: &Resolution<'_>) -> Self {
        match resolution {
            Resolution::Live(record) => Self::Live { version: record.version },
            Resolution::Tombstone => Self::Tombstone,
            Resolution::Free => Self::Free,
        }
    }
}

impl Question {
    pub(crate) fn check(ask: &Ask<'_>, limits: &Limits) -> Self {
        let ask = match *ask {
            Ask::Create { key, draft, standing, executable } => {
                Asked::Create { key, draft: Box::new(draft.clone()), standing, executable }
            }
            Ask::Change { key, draft } => Asked::Change { key, draft: Box::new(draft.clone()) },
        };
        Self::Check { ask, limits: Box::new(limits.clone()) }
    }

    /// A search with what the serving side finds and may not show, whether or not it has standing. The candidate is not asked again.
    pub(crate) fn search(
        query: &Query,
        may_see: &dyn Fn(&ArtifactRecord) -> bool,
        serving: &dyn Ontology,
    ) -> Self {
        let hidden = RefCell::new(BTreeSet::new());
        let looking = |record: &ArtifactRecord| {
            let seen = may_see(record);
            if !seen {
                hidden.borrow_mut().insert(record.key);
            }
            seen
        };
        for has_standing in [query.has_standing, Some(false), Some(true)] {
            serving.search(&Query { has_standing, ..query.clone() }, &looking);
        }
        Self::Search { query: query.clone(), hidden: hidden.into_inner().into_iter().collect() }
    }

    /// A description with the names that the serving side asks for. The candidate is not asked again.
    pub(crate) fn describe(
        record: &ArtifactRecord,
        name: &dyn Fn(Key) -> Id,
        serving: &dyn Ontology,
    ) -> Self {
        let names = RefCell::new(BTreeMap::new());
        let looking = |key: Key| {
            let id = name(key);
            names.borrow_mut().insert(key, id.clone());
            id
        };
        let _ = serving.describe(record, &looking);
        // What the other schema shows besides: whoever the record itself names.
        let named = [record.access_contract, record.memory, Some(record.creator), Some(record.owner)];
        for key in named.into_iter().flatten() {
            looking(key);
        }
        Self::Describe { record: Box::new(record.clone()), names: names.into_inner().into_iter().collect() }
    }

    fn name_of(&self, key: Key) -> Id {
        let found = match self {
            Self::Describe { names, .. } => names.iter().find(|(other, _)| *other == key),
            _ => None,
        };
        found.map_or_else(|| Id::known("unnamed"), |(_, id)| id.clone())
    }

    pub(crate) fn may_see(&self, record: &ArtifactRecord) -> bool {
        match self {
            Self::Search { hidden, .. } => hidden.binary_search(&record.key).is_err(),
            _ => true,
        }
    }

    pub(crate) fn put(&self, ontology: &dyn Ontology) -> Answer {
        match self {
            Self::Check { ask, limits } => Answer::Check(ontology.check(&ask.borrowed(), limits)),
            Self::Resolve { role: Role::Artifact, key } => {
                Answer::Resolve(Essence::of(&ontology.artifact(*key)))
            }
            Self::Resolve { role: Role::Principal, key } => {
                Answer::Resolve(Essence::of(&ontology.principal(*key)))
            }
            Self::Describe { record, .. } => {
                Answer::Describe(ontology.describe(record, &|key| self.name_of(key)))
            }
            Self::Search { query, .. } => {
                Answer::Search(ontology.search(query, &|record| self.may_see(record)))
            }
        }
    }
}

impl fmt::Display for Question {
    /// As JSON.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

/// A [`Change`] as plain data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Heard {
    /// See [`Change::Created`].
    Created(Box<ArtifactRecord>),
    /// See [`Change::Changed`].
    Changed {
        /// Which one.
        key: Key,
        /// Its new version.
        version: u64,
        /// When.
        at: Time,
        /// New content.
        content: Option<Arc<str>>,
        /// New label.
        kind: Option<SmolStr>,
        /// Whether it can be invoked.
        can_execute: Option<bool>,
        /// The contract that answers for it.
        access_contract: Option<Key>,
        /// New lists and prices.
        policy: Option<Arc<Policy>>,
        /// New methods.
        interface: Option<Arc<Interface>>,
        /// The artifact with its memory.
        memory: Option<Key>,
    },
    /// See [`Change::OwnerChanged`].
    OwnerChanged {
        /// Which one.
        key: Key,
        /// The new owner.
        to: Key,
        /// When.
        at: Time,
    },
    /// See [`Change::Converted`].
    Converted {
        /// Which one.
        key: Key,
        /// What changed.
        field: ConvertedField,
    },
    /// See [`Change::Deleted`].
    Deleted {
        /// Which one.
        key: Key,
        /// When.
        at: Time,
    },
}

impl Heard {
    fn of(change: &Change<'_>) -> Self {
        match *change {
            Change::Created(record) => Self::Created(Box::new(record.clone())),
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
            } => Self::Changed {
                key,
                version,
                at,
                content: content.cloned(),
                kind: kind.cloned(),
                can_execute,
                access_contract,
                policy: policy.cloned(),
                interface: interface.cloned(),
                memory,
            },
            Change::OwnerChanged { key, to, at } => Self::OwnerChanged { key, to, at },
            Change::Converted { key, field } => Self::Converted { key, field: field.clone() },
            Change::Deleted { key, at } => Self::Deleted { key, at },
        }
    }

    fn tell(&self, ontology: &mut dyn Ontology) {
        let change = match self {
            Self::Created(record) => Change::Created(record),
            Self::Changed {
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
            } => Change::Changed {
                key: *key,
                version: *version,
                at: *at,
                content: content.as_ref(),
                kind: kind.as_ref(),
                can_execute: *can_execute,
                access_contract: *access_contract,
                policy: policy.as_ref(),
                interface: interface.as_ref(),
                memory: *memory,
            },
            Self::OwnerChanged { key, to, at } => Change::OwnerChanged { key: *key, to: *to, at: *at },
            Self::Converted { key, field } => Change::Converted { key: *key, field },
            Self::Deleted { key, at } => Change::Deleted { key: *key, at: *at },
        };
        ontology.apply(&change);
    }
}

/// A question with the history before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// What both sides were told, in order.
    pub history: Vec<Heard>,
    /// What both are asked then.
    pub question: Question,
}

impl Case {
    /// Puts the question to a pair that has heard the history.
    #[must_use]
    pub fn ask(&self, pair: Pair) -> Answers {
        answers(&self.history, &self.question, pair)
    }

    /// The same question with as little of the history as it takes for the answers to differ without a reason, trying at most `tries_max` histories.
    #[must_use]
    pub fn shrink(self, tries_max: usize, pair: &dyn Fn() -> Pair) -> (Self, Shrunk<Heard>) {
        let Self { history, question } = self;
        let shrunk = shrink(history, tries_max, |history| answers(history, &question, pair()).is_mismatch());
        (Self { history: shrunk.items.clone(), question }, shrunk)
    }
}

fn answers(history: &[Heard], question: &Question, (serving, candidate): Pair) -> Answers {
    let mut pair = ShadowOntology::new(serving, candidate);
    for heard in history {
        heard.tell(&mut pair);
    }
    pair.answers(question)
}

/// Keeps what a schema is told while it passes everything on: the history of a [`Case`].
pub struct Recording {
    inner: Box<dyn Ontology>,
    history: Arc<Mutex<Vec<Heard>>>,
}

impl Recording {
    /// A schema that has not been told anything yet, and where to find what it will be told.
    #[must_use]
    pub fn of(inner: Box<dyn Ontology>) -> (Self, Arc<Mutex<Vec<Heard>>>) {
        let history = Arc::default();
        (Self { inner, history: Arc::clone(&history) }, history)
    }
}

impl Ontology for Recording {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn check(&self, ask: &Ask<'_>, limits: &Limits) -> Result<(), NotAllowed> {
        self.inner.check(ask, limits)
    }

    fn apply(&mut self, change: &Change<'_>) {
        self.history.lock().unwrap_or_else(PoisonError::into_inner).push(Heard::of(change));
        self.inner.apply(change);
    }

    fn artifact(&self, key: Key) -> Resolution<'_> {
        self.inner.artifact(key)
    }

    fn principal(&self, key: Key) -> Resolution<'_> {
        self.inner.principal(key)
    }

    fn touch(&self, key: Key) -> u64 {
        self.inner.touch(key)
    }

    fn principals(&self) -> &[Key] {
        self.inner.principals()
    }

    fn agents(&self) -> &[Key] {
        self.inner.agents()
    }

    fn counts(&self) -> (u64, u64) {
        self.inner.counts()
    }

    fn search(&self, query: &Query, may_see: &dyn Fn(&ArtifactRecord) -> bool) -> Page {
        self.inner.search(query, may_see)
    }

    fn count(&self, query: &Query, may_see: &dyn Fn(&ArtifactRecord) -> bool) -> u64 {
        self.inner.count(query, may_see)
    }

    fn describe(&self, record: &ArtifactRecord, name: &dyn Fn(Key) -> Id) -> Value {
        self.inner.describe(record, name)
    }

    fn digest(&self, into: &mut Vec<u8>) {
        self.inner.digest(into);
    }

    fn save(&self) -> Vec<u8> {
        self.inner.save()
    }

    fn restore(&mut self, saved: &[u8]) -> Result<(), String> {
        self.inner.restore(saved)
    }
}
