//! The new schema.

use ecology_types::{ArtifactRecord, GenesisArtifact, Id, Interface, Key, Limits, RefusalCode, Value};

use crate::legacy::{check_exists, check_free};
use crate::registry::Registry;
use crate::roster::Roster;
use crate::{
    Ask, Change, NotAllowed, Ontology, OntologyDivergence, Page, Query, Resolution, form, search, snapshot,
};

/// One schema and one namespace for everything: an agent, its memory, a tool, an account, a contract and plain data are artifacts.
///
/// A world that began under the legacy schema may hold an artifact and a principal with the same id. Both stay, and such a principal moves
/// to a small registry of *homonyms*; no new pair can come to be. In a world without that past the second registry is empty.
#[derive(Debug, Clone, Default)]
pub struct Unified {
    artifacts: Registry,
    /// Principals whose id an artifact without standing has or had as well.
    homonyms: Registry,
    roster: Roster,
}

impl Unified {
    /// The name of this implementation in flags and reports.
    pub const NAME: &'static str = "unified";

    /// A schema with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The registry that takes something new under `key`. A principal gives way to an artifact and becomes a homonym.
    fn place(&mut self, key: Key, standing: bool) -> &mut Registry {
        match (self.artifacts.standing(key), standing) {
            (Some(false), true) => &mut self.homonyms,
            (Some(true), false) => {
                match self.artifacts.forget(key) {
                    Some(record) => self.homonyms.insert(record),
                    None => self.homonyms.entomb(key, true),
                }
                &mut self.artifacts
            }
            _ => &mut self.artifacts,
        }
    }

    fn add(&mut self, record: ArtifactRecord) {
        if record.has_standing && Registry::holds(record.key) {
            self.roster.enter(record.key, record.can_execute);
        }
        self.place(record.key, record.has_standing).insert(record);
    }

    /// The registry in which a change of `key` takes place.
    fn home(&mut self, key: Key) -> &mut Registry {
        if self.artifacts.live(key).is_some() { &mut self.artifacts } else { &mut self.homonyms }
    }

    /// Whether something with this standing, or without it, has or had this key.
    fn has_role(&self, key: Key, standing: bool) -> bool {
        [&self.artifacts, &self.homonyms].iter().any(|registry| registry.standing(key) == Some(standing))
    }
}

/// An executable that is not an agent describes at least one method.
fn check_callable(standing: bool, executable: bool, interface: Option<&Interface>) -> Result<(), NotAllowed> {
    if !executable || interface.is_some_and(|interface| !interface.methods.is_empty()) {
        return Ok(());
    }
    if standing && interface.is_none() {
        return Ok(());
    }
    let code = OntologyDivergence::InterfaceRequired.code();
    let detail = format!(
        "{code}: an executable needs an interface with at least one method; write interface = \
         {{ description, methods = [{{ name, description, input_schema }}] }}"
    );
    Err(NotAllowed::new(RefusalCode::ArgumentInvalid, detail))
}

fn describe_interface(interface: &Interface) -> Value {
    let methods = interface.methods.iter().map(|method| Value::Text(method.name.clone())).collect();
    Value::map([
        ("description", Value::Text(interface.description.clone())),
        ("methods", Value::List(methods)),
    ])
}

impl Ontology for Unified {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn check(&self, ask: &Ask<'_>, limits: &Limits) -> Result<(), NotAllowed> {
        form::check(ask, self.counts().0, limits)?;
        match ask {
            Ask::Create { key, draft, standing, executable } => {
                // A homonym is always beside an artifact or its tombstone, so this asks for both roles.
                check_free(&self.artifacts.get(*key), &draft.artifact).map_err(|mut no| {
                    if !self.has_role(*key, *standing) {
                        let code = OntologyDivergence::TwoNamespaces.code();
                        no.detail += &format!("; {code}: artifacts and principals share one namespace");
                    }
                    no
                })?;
                check_callable(*standing, *executable, draft.interface.as_deref())
            }
            Ask::Change { key, draft } => {
                let record = check_exists(self.artifact(*key), draft)?;
                let executable = draft.can_execute.unwrap_or(record.can_execute);
                // What a legacy world left without methods may go on as it is, but not be made so.
                if executable == record.can_execute && draft.interface.is_none() {
                    return Ok(());
                }
                let interface = draft.interface.as_deref().or(record.interface.as_deref());
                check_callable(record.has_standing, executable, interface)
            }
        }
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
            match home.live(key).map(|record| record.can_execute) {
                Some(can_execute) => self.roster.enter(key, can_execute),
                None => self.roster.leave(key),
            }
        }
    }

    fn artifact(&self, key: Key) -> Resolution<'_> {
        self.artifacts.get(key)
    }

    fn principal(&self, key: Key) -> Resolution<'_> {
        match self.artifacts.standing(key) {
            Some(true) => self.artifacts.get(key),
            Some(false) if !self.homonyms.is_empty() => self.homonyms.get(key),
            _ => Resolution::Free,
        }
    }

    fn touch(&self, key: Key) -> u64 {
        self.artifacts.touch(key)
    }

    fn principals(&self) -> &[Key] {
        self.roster.principals()
    }

    fn agents(&self) -> &[Key] {
        self.roster.agents()
    }

    fn counts(&self) -> (u64, u64) {
        (
            self.artifacts.live_count() + self.homonyms.live_count(),
            self.artifacts.tombstone_count() + self.homonyms.tombstone_count(),
        )
    }

    fn search(&self, query: &Query, may_see: &dyn Fn(&ArtifactRecord) -> bool) -> Page {
        search::search(&[&self.artifacts, &self.homonyms], query, may_see)
    }

    fn describe(&self, record: &ArtifactRecord, name: &dyn Fn(Key) -> Id) -> Value {
        let contract = record.access_contract.unwrap_or(GenesisArtifact::Freeware.key());
        Value::map([
            ("id", Value::text(&record.id)),
            ("label", Value::text(&record.kind)),
            ("has_standing", Value::Bool(record.has_standing)),
            ("can_execute", Value::Bool(record.can_execute)),
            ("access_contract_id", Value::text(name(contract))),
            ("interface", record.interface.as_deref().map_or(Value::Null, describe_interface)),
            ("memory", record.memory.map_or(Value::Null, |memory| Value::text(name(memory)))),
            ("owner", Value::text(name(record.owner))),
            ("creator", Value::text(name(record.creator))),
            ("created_at", Value::count(record.created_at.0)),
            ("changed_at", Value::count(record.changed_at.0)),
            ("version", Value::count(record.version)),
            ("size", Value::count(record.disk_bytes())),
        ])
    }

    fn digest(&self, into: &mut Vec<u8>) {
        snapshot::digest(&self.homonyms, &self.artifacts, into);
    }

    fn save(&self) -> Vec<u8> {
        snapshot::save(&self.homonyms, &self.artifacts)
    }

    fn restore(&mut self, saved: &[u8]) -> Result<(), String> {
        let held = snapshot::read(saved)?;
        let mut restored = Self::new();
        for record in held.records {
            restored.add(record);
        }
        for (key, standing) in held.tombstones {
            restored.place(key, standing).entomb(key, standing);
        }
        *self = restored;
        Ok(())
    }
}
