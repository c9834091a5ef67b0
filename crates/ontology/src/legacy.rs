//! The old schema.

use std::sync::OnceLock;

use ecology_types::{AllowList, ArtifactRecord, Draft, Id, Key, Limits, Policy, RefusalCode, Value};

use crate::registry::Registry;
use crate::roster::Roster;
use crate::{
    Ask, Change, NotAllowed, Ontology, OntologyDivergence, Page, Query, Resolution, form, search, snapshot,
};

/// Artifacts with a type, an owner and policy fields; principals in a registry of their own.
///
/// A principal and an artifact may share an id. What an action names is the artifact; a principal's record, which is an agent's configuration,
/// is reached by its id where no artifact has or had it.
#[derive(Debug, Clone, Default)]
pub struct Legacy {
    artifacts: Registry,
    principals: Registry,
    roster: Roster,
}

impl Legacy {
    /// The name of this implementation in flags and reports.
    pub const NAME: &'static str = "legacy";

    /// A schema with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    const fn registry(&self, standing: bool) -> &Registry {
        if standing { &self.principals } else { &self.artifacts }
    }

    fn add(&mut self, record: ArtifactRecord) {
        if record.has_standing && Registry::holds(record.key) {
            self.roster.enter(record.key, record.can_execute);
        }
        let home = if record.has_standing { &mut self.principals } else { &mut self.artifacts };
        home.insert(record);
    }

    /// The registry in which a change of `key` takes place.
    fn home(&mut self, key: Key) -> &mut Registry {
        if self.artifacts.live(key).is_some() { &mut self.artifacts } else { &mut self.principals }
    }
}

/// Refuses a draft that sets what the legacy schema would keep and never act on.
fn check_fields(draft: &Draft) -> Result<(), NotAllowed> {
    let (field, instead) = if draft.access_contract.is_some() {
        ("access_contract_id", "write read_policy, write_policy, invoke_policy and prices instead")
    } else if draft.interface.is_some() {
        ("an interface", "describe the methods in the content instead")
    } else if draft.memory.is_some() {
        ("a memory artifact", "name the memory in the content instead")
    } else {
        return Ok(());
    };
    let code = OntologyDivergence::FieldsWithoutPlace.code();
    let detail = format!("{code}: the legacy schema has no place for {field}; {instead}");
    Err(NotAllowed::new(RefusalCode::NotSupported, detail))
}

/// Refuses an id that is in use or was.
pub(crate) fn check_free(found: &Resolution<'_>, id: &Id) -> Result<(), NotAllowed> {
    match found {
        Resolution::Free => Ok(()),
        Resolution::Live(record) => {
            let what = if record.has_standing { "a principal" } else { "an artifact" };
            Err(NotAllowed::new(RefusalCode::IdTaken, format!("{id} is the id of {what}")))
        }
        Resolution::Tombstone => {
            let detail = format!("{id} was deleted; a deleted id is never reused");
            Err(NotAllowed::new(RefusalCode::IdTaken, detail))
        }
    }
}

/// Refuses to change what does not exist, and standing, which is settled at creation.
pub(crate) fn check_exists<'a>(
    found: Resolution<'a>,
    draft: &Draft,
) -> Result<&'a ArtifactRecord, NotAllowed> {
    let id = &draft.artifact;
    match found {
        Resolution::Free => {
            Err(NotAllowed::new(RefusalCode::ArtifactNotFound, format!("nothing has the id {id}")))
        }
        Resolution::Tombstone => {
            Err(NotAllowed::new(RefusalCode::ArtifactDeleted, format!("{id} was deleted")))
        }
        Resolution::Live(record) => match draft.has_standing {
            Some(standing) if standing != record.has_standing => {
                let detail =
                    format!("has_standing of {id} was settled at its creation; create another artifact");
                Err(NotAllowed::new(RefusalCode::NotSupported, detail))
            }
            _ => Ok(record),
        },
    }
}

fn describe_list(list: &AllowList, name: &dyn Fn(Key) -> Id) -> Value {
    match list {
        AllowList::Anyone => Value::List(vec![Value::text("*")]),
        AllowList::Only(keys) => Value::List(keys.iter().map(|key| Value::text(name(*key))).collect()),
    }
}

impl Ontology for Legacy {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn check(&self, ask: &Ask<'_>, limits: &Limits) -> Result<(), NotAllowed> {
        form::check(ask, self.counts().0, limits)?;
        match ask {
            Ask::Create { key, draft, standing, .. } => {
                check_free(&self.registry(*standing).get(*key), &draft.artifact)?;
            }
            Ask::Change { key, draft } => {
                check_exists(self.artifact(*key), draft)?;
            }
        }
        check_fields(ask.draft())
    }

    fn apply(&mut self, change: &Change<'_>) {
        let key = match *change {
            Change::Created(record) => return self.add(record.clone()),
            Change::Changed { key, .. }
            | Change::OwnerChanged { key, .. }
            | Change::Converted { key, .. }
            | Change::Deleted { key, .. } => key,
        };
        let home = self.home(key);
        let standing = home.standing(key);
        home.change(change);
        if standing == Some(true) {
            match self.principals.live(key) {
                Some(record) => self.roster.enter(key, record.can_execute),
                None => self.roster.leave(key),
            }
        }
    }

    fn artifact(&self, key: Key) -> Resolution<'_> {
        match self.artifacts.get(key) {
            Resolution::Free => self.principals.get(key),
            found => found,
        }
    }

    fn principal(&self, key: Key) -> Resolution<'_> {
        self.principals.get(key)
    }

    fn touch(&self, key: Key) -> u64 {
        self.principals.touch(key)
    }

    fn principals(&self) -> &[Key] {
        self.roster.principals()
    }

    fn agents(&self) -> &[Key] {
        self.roster.agents()
    }

    fn counts(&self) -> (u64, u64) {
        (
            self.artifacts.live_count() + self.principals.live_count(),
            self.artifacts.tombstone_count() + self.principals.tombstone_count(),
        )
    }

    fn search(&self, query: &Query, may_see: &dyn Fn(&ArtifactRecord) -> bool) -> Page {
        search::search(&[self.registry(query.has_standing == Some(true))], query, may_see)
    }

    fn describe(&self, record: &ArtifactRecord, name: &dyn Fn(Key) -> Id) -> Value {
        static OPEN: OnceLock<Policy> = OnceLock::new();
        let policy = record.policy.as_deref().unwrap_or_else(|| OPEN.get_or_init(Policy::open));
        Value::map([
            ("id", Value::text(&record.id)),
            ("type", Value::text(&record.kind)),
            ("owner", Value::text(name(record.owner))),
            ("creator", Value::text(name(record.creator))),
            ("read_policy", describe_list(&policy.read, name)),
            ("write_policy", describe_list(&policy.write, name)),
            ("invoke_policy", describe_list(&policy.invoke, name)),
            ("read_price", Value::count(policy.read_price.0)),
            ("invoke_price", Value::count(policy.invoke_price.0)),
            ("created_at", Value::count(record.created_at.0)),
            ("changed_at", Value::count(record.changed_at.0)),
            ("version", Value::count(record.version)),
            ("size", Value::count(record.disk_bytes())),
        ])
    }

    fn digest(&self, into: &mut Vec<u8>) {
        snapshot::digest(&self.principals, &self.artifacts, into);
    }

    fn save(&self) -> Vec<u8> {
        snapshot::save(&self.principals, &self.artifacts)
    }

    fn restore(&mut self, saved: &[u8]) -> Result<(), String> {
        let held = snapshot::read(saved)?;
        let mut restored = Self::new();
        for record in held.records {
            restored.add(record);
        }
        for (key, standing) in held.tombstones {
            if standing {
                restored.principals.entomb(key, true)
            } else {
                restored.artifacts.entomb(key, false)
            }
        }
        *self = restored;
        Ok(())
    }
}
