//! Creating, replacing, editing and deleting artifacts.

use std::sync::Arc;

use ecology_ontology::{Ask, Resolution};
use ecology_types::{
    Act, AllowList, ArtifactRecord, Draft, Effect, GenesisArtifact, Id, Interface, Key, OnDeprecated,
    PermissionAnswer, Policy, PolicyDraft, Refusal, RefusalCode, Resource, Scrip, SmolStr, Time, Value, Verb,
    WriteMode,
};

use super::act::Done;
use super::permission::Call;
use crate::disk;
use crate::result::{id_value, row};
use crate::step::Plan;
use crate::world::World;

/// The key of an id that is to be created, and whether it has to be interned.
pub(crate) struct NewKey {
    pub(crate) key: Key,
    pub(crate) is_new: bool,
}

impl World {
    pub(crate) fn decide_write(
        &self,
        agent: Key,
        draft: &Draft,
        answers: &[PermissionAnswer],
        now: Time,
        plan: &mut Plan,
    ) -> Result<Done, Refusal> {
        match self.symbols.key(draft.artifact.as_str()).map(|key| self.parts.ontology.artifact(key)) {
            Some(Resolution::Live(_)) if draft.mode == WriteMode::Create => {
                Err(Refusal::new(RefusalCode::IdTaken, format!("{} exists already", draft.artifact)))
            }
            Some(Resolution::Live(record)) if !self.makes_a_second(record, draft) => {
                self.decide_replace(agent, record, draft, answers, plan)
            }
            _ if draft.mode == WriteMode::Replace => {
                Err(Refusal::new(RefusalCode::ArtifactNotFound, format!("{} does not exist", draft.artifact)))
            }
            _ => self.decide_creation(agent, draft, now, plan),
        }
    }

    /// Where the schema keeps principals apart, a write that makes data beside a principal of the same id is a creation.
    fn makes_a_second(&self, record: &ArtifactRecord, draft: &Draft) -> bool {
        record.has_standing
            && draft.has_standing != Some(true)
            && draft.kind.as_deref().is_some_and(|kind| kind != record.kind)
            && self.accounts.get(record.key).is_some()
            && self
                .parts
                .ontology
                .check(
                    &Ask::Create { key: record.key, draft, standing: false, executable: false },
                    &self.rules.limits,
                )
                .is_ok()
    }

    fn decide_creation(
        &self,
        agent: Key,
        draft: &Draft,
        now: Time,
        plan: &mut Plan,
    ) -> Result<Done, Refusal> {
        let NewKey { key, is_new } = self.new_key(&draft.artifact)?;
        // In the legacy schema an artifact may get the id of a principal. One that is for sale would change what the id, and so the
        // listing, stands for.
        if let Some(homonym) = self.principal(key) {
            self.not_in_escrow(homonym)?;
        }
        let standing = draft.has_standing.unwrap_or(false);
        let executable = draft.can_execute.unwrap_or_else(|| draft.interface.is_some());
        let ask = Ask::Create { key, draft, standing, executable };
        self.parts.ontology.check(&ask, &self.rules.limits).map_err(|no| Refusal::new(no.code, no.detail))?;
        if is_new {
            self.plan_interning(&draft.artifact, key, plan);
        }
        let bytes = disk::new_bytes(&draft.content, draft.interface.as_deref());
        let used = self.room_for(agent, bytes)?;
        let record = ArtifactRecord {
            key,
            id: draft.artifact.clone(),
            creator: agent,
            owner: agent,
            kind: draft.kind.clone().unwrap_or_else(|| default_kind(standing, executable)),
            content: Arc::clone(&draft.content),
            version: 1,
            created_at: now,
            changed_at: now,
            has_standing: standing,
            can_execute: executable,
            access_contract: self.mentioned(draft.access_contract.as_ref(), plan)?,
            policy: self.written_policy(draft, plan)?,
            interface: draft.interface.clone(),
            memory: self.mentioned(draft.memory.as_ref(), plan)?,
        };
        plan.push(Effect::ArtifactCreated(Box::new(record)));
        if bytes > 0 {
            plan.push(Effect::DiskUsed { principal: agent, bytes: used + bytes });
        }
        Ok(Done {
            result: written(&draft.artifact, 1, true),
            target: Some(key),
            written_bytes: bytes,
            result_bytes: 0,
        })
    }

    fn decide_replace(
        &self,
        agent: Key,
        record: &ArtifactRecord,
        draft: &Draft,
        answers: &[PermissionAnswer],
        plan: &mut Plan,
    ) -> Result<Done, Refusal> {
        self.not_in_escrow(record)?;
        self.permit(record, &Call::of(agent, Verb::Write, answers), plan)?;
        expect_version(record, draft.expected_version)?;
        if draft.has_standing.is_some_and(|standing| standing != record.has_standing) {
            let detail = format!("the standing of {} was decided when it was created", record.id);
            return Err(Refusal::new(RefusalCode::NotSupported, detail));
        }
        self.parts
            .ontology
            .check(&Ask::Change { key: record.key, draft }, &self.rules.limits)
            .map_err(|no| Refusal::new(no.code, no.detail))?;
        let interface = draft.interface.as_deref().or(record.interface.as_deref());
        let disk = self.resized(record, &draft.content, interface)?;
        let written_bytes =
            draft.content.len() as u64 + draft.interface.as_deref().map_or(0, disk::interface_bytes);
        let version = record.version + 1;
        let effect = Effect::ArtifactChanged {
            key: record.key,
            version,
            content: Some(Arc::clone(&draft.content)),
            kind: draft.kind.clone(),
            can_execute: draft.can_execute,
            access_contract: self.mentioned(draft.access_contract.as_ref(), plan)?,
            policy: self.written_policy(draft, plan)?,
            interface: draft.interface.clone(),
            memory: self.mentioned(draft.memory.as_ref(), plan)?,
        };
        plan.push(effect);
        plan.extend(disk);
        Ok(Done {
            result: written(&record.id, version, false),
            target: Some(record.key),
            written_bytes,
            result_bytes: 0,
        })
    }

    pub(crate) fn decide_edit(
        &self,
        act: &Act,
        artifact: &Id,
        find: &str,
        replace: &str,
        expected_version: Option<u64>,
        plan: &mut Plan,
    ) -> Result<Done, Refusal> {
        let record = self.find(artifact)?;
        self.not_in_escrow(record)?;
        self.permit(record, &Call::of(act.agent, Verb::Edit, &act.answers), plan)?;
        expect_version(record, expected_version)?;
        if find.is_empty() {
            return Err(Refusal::new(RefusalCode::PassageNotFound, "the passage to replace is empty"));
        }
        let mut places = record.content.match_indices(find);
        let Some((at, _)) = places.next() else {
            let detail = format!("the passage does not occur in {artifact} (version {})", record.version);
            return Err(Refusal::new(RefusalCode::PassageNotFound, detail));
        };
        // Overlapping occurrences count as well: searching again from the next character finds them.
        let next = at + find.chars().next().map_or(1, char::len_utf8);
        if record.content[next..].contains(find) {
            let detail = format!("the passage occurs more than once in {artifact}");
            return Err(Refusal::new(RefusalCode::PassageAmbiguous, detail));
        }
        let length = record.content.len() - find.len() + replace.len();
        if length as u64 > self.rules.limits.content_bytes_max {
            let detail = format!(
                "the content would have {length} bytes, this world allows {}",
                self.rules.limits.content_bytes_max
            );
            return Err(Refusal::new(RefusalCode::ContentTooLarge, detail));
        }
        let mut content = String::with_capacity(length);
        content.push_str(&record.content[..at]);
        content.push_str(replace);
        content.push_str(&record.content[at + find.len()..]);
        let disk = self.resized(record, &content, record.interface.as_deref())?;
        let version = record.version + 1;
        plan.push(Effect::ArtifactChanged {
            key: record.key,
            version,
            content: Some(Arc::from(content)),
            kind: None,
            can_execute: None,
            access_contract: None,
            policy: None,
            interface: None,
            memory: None,
        });
        plan.extend(disk);
        Ok(Done {
            result: written(artifact, version, false),
            target: Some(record.key),
            written_bytes: replace.len() as u64,
            result_bytes: 0,
        })
    }

    pub(crate) fn decide_delete(
        &self,
        agent: Key,
        artifact: &Id,
        answers: &[PermissionAnswer],
        plan: &mut Plan,
    ) -> Result<Done, Refusal> {
        let gone = |key| Done {
            result: row([("deleted", id_value(artifact))]),
            target: Some(key),
            written_bytes: 0,
            result_bytes: 0,
        };
        if let Some(key) = self.symbols.key(artifact.as_str())
            && self.parts.ontology.artifact(key) == Resolution::Tombstone
            && self.deleters.get(&key) == Some(&agent)
        {
            return Ok(gone(key));
        }
        let record = self.find(artifact)?;
        self.not_in_escrow(record)?;
        self.permit(record, &Call::of(agent, Verb::Delete, answers), plan)?;
        if GenesisArtifact::from_key(record.key).is_some() {
            let detail = format!("{artifact} is part of the world");
            return Err(Refusal::new(RefusalCode::NotPermitted, detail));
        }
        if record.has_standing {
            self.nothing_held(record)?;
            for (subscription, _) in self.subscriptions.of(record.key) {
                plan.push(Effect::Unsubscribed { subscription, principal: record.key });
            }
        }
        if self.mint.is_bid_with(record.key) {
            let detail = format!("{artifact} is bid with at the mint until the auction resolves");
            return Err(Refusal::new(RefusalCode::WrongState, detail));
        }
        plan.push(Effect::ArtifactDeleted { key: record.key });
        if let Some(account) = self.accounts.get(record.owner)
            && self.disk_bytes(record) > 0
        {
            let bytes = account.disk_used_bytes.saturating_sub(self.disk_bytes(record));
            plan.push(Effect::DiskUsed { principal: record.owner, bytes });
        }
        Ok(gone(record.key))
    }

    fn nothing_held(&self, record: &ArtifactRecord) -> Result<(), Refusal> {
        let Some(account) = self.accounts.get(record.key) else { return Ok(()) };
        let own = if record.owner == record.key { self.disk_bytes(record) } else { 0 };
        let owns = ecology_ontology::Query { owner: Some(record.key), limit: 2, ..Default::default() };
        let owned = self.parts.ontology.search(&owns, &|owned| !std::ptr::eq(owned, record));
        if account.scrip > Scrip::ZERO
            || !owned.keys.is_empty()
            || !account.quotas.is_none()
            || account.disk_used_bytes > own
            || account.budget_reserved > 0
            || self.book.count(record.key) > 0
            || self.mint.bids_of(record.key).next().is_some()
        {
            let detail = format!(
                "{} still holds scrip, quotas, artifacts, orders or bids, which would be lost with it",
                record.id
            );
            return Err(Refusal::new(RefusalCode::WrongState, detail));
        }
        Ok(())
    }

    /// An escrowed good is in exactly one place, and nobody changes it there.
    pub(crate) fn not_in_escrow(&self, record: &ArtifactRecord) -> Result<(), Refusal> {
        if record.owner == GenesisArtifact::Escrow.key() {
            return Err(Refusal::new(RefusalCode::AlreadyListed, format!("{} is in escrow", record.id)));
        }
        Ok(())
    }

    /// The key for an id that is to be created.
    pub(crate) fn new_key(&self, id: &Id) -> Result<NewKey, Refusal> {
        let limits = &self.rules.limits;
        if id.as_str().len() > limits.id_bytes_max as usize {
            let detail =
                format!("the id has {} bytes, this world allows {}", id.as_str().len(), limits.id_bytes_max);
            return Err(Refusal::new(RefusalCode::IdTooLong, detail));
        }
        if id.as_str().starts_with("genesis") {
            return Err(Refusal::new(RefusalCode::IdReserved, format!("{id} begins with genesis")));
        }
        if let Some(key) = self.symbols.key(id.as_str()) {
            return Ok(NewKey { key, is_new: false });
        }
        if self.symbols.len() >= limits.artifacts_max as usize {
            let detail = format!("the world holds its {} ids", limits.artifacts_max);
            return Err(Refusal::new(RefusalCode::LimitReached, detail));
        }
        Ok(NewKey { key: self.symbols.next(), is_new: true })
    }

    pub(crate) fn plan_interning(&self, id: &Id, key: Key, plan: &mut Plan) {
        plan.interned.push((SmolStr::from(id.clone()), key));
        plan.push(Effect::Interned { key, id: id.clone() });
    }

    /// The key of an id that is mentioned and need not exist: a missing contract is legal data, it just denies.
    pub(crate) fn mentioned(&self, id: Option<&Id>, plan: &mut Plan) -> Result<Option<Key>, Refusal> {
        let Some(id) = id else { return Ok(None) };
        if let Some(key) = self.symbols.key(id.as_str()) {
            return Ok(Some(key));
        }
        if let Some((_, key)) = plan.interned.iter().find(|(known, _)| known == id.as_str()) {
            return Ok(Some(*key));
        }
        if id.as_str().len() > self.rules.limits.id_bytes_max as usize {
            let detail = format!("{id} has more than {} bytes", self.rules.limits.id_bytes_max);
            return Err(Refusal::new(RefusalCode::IdTooLong, detail));
        }
        let next = self.symbols.next().0 as usize + plan.interned.len();
        let key = u32::try_from(next)
            .ok()
            .filter(|key| *key < self.rules.limits.artifacts_max)
            .map(Key)
            .ok_or_else(|| {
                Refusal::new(RefusalCode::LimitReached, "the world holds all the ids it may hold")
            })?;
        self.plan_interning(id, key, plan);
        Ok(Some(key))
    }

    /// The policy that a draft gives, unless policies are on their way out and refused.
    fn written_policy(&self, draft: &Draft, plan: &mut Plan) -> Result<Option<Arc<Policy>>, Refusal> {
        let Some(policy) = &draft.policy else { return Ok(None) };
        match self.rules.policy_fields {
            OnDeprecated::Allow => {}
            OnDeprecated::Warn if self.clock.deprecations_told.contains(POLICY_FIELDS) => {}
            OnDeprecated::Warn => {
                plan.push(Effect::DeprecationUsed { code: SmolStr::new_static(POLICY_FIELDS) });
            }
            OnDeprecated::Deny => {
                let detail = format!(
                    "{POLICY_FIELDS}: contracts decide here; set access_contract instead of policy fields"
                );
                return Err(Refusal::new(RefusalCode::NotSupported, detail));
            }
        }
        self.policy_of(policy).map(|policy| Some(Arc::new(policy)))
    }

    fn policy_of(&self, draft: &PolicyDraft) -> Result<Policy, Refusal> {
        Ok(Policy {
            read: self.allow_list(&draft.read)?,
            write: self.allow_list(&draft.write)?,
            invoke: self.allow_list(&draft.invoke)?,
            read_price: checked_price(draft.read_price)?,
            invoke_price: checked_price(draft.invoke_price)?,
        })
    }

    fn allow_list(&self, ids: &[SmolStr]) -> Result<AllowList, Refusal> {
        if ids.iter().any(|id| id == "*") {
            return Ok(AllowList::Anyone);
        }
        let mut keys = ids
            .iter()
            .map(|id| {
                self.symbols.key(id).ok_or_else(|| {
                    let shown: String = id.chars().take(64).collect();
                    Refusal::new(
                        RefusalCode::PrincipalNotFound,
                        format!("the policy names {shown:?}, which does not exist"),
                    )
                })
            })
            .collect::<Result<Vec<Key>, Refusal>>()?;
        keys.sort_unstable();
        keys.dedup();
        Ok(AllowList::Only(keys))
    }

    /// Whether `principal` has disk for `bytes` more; gives what it uses now.
    pub(crate) fn room_for(&self, principal: Key, bytes: u64) -> Result<u64, Refusal> {
        let Some(account) = self.accounts.get(principal) else {
            let detail = format!("{} has no account", self.id(principal));
            return Err(Refusal::new(RefusalCode::NoStanding, detail));
        };
        let free = account.free(Resource::Disk);
        if bytes > free {
            let detail = format!(
                "{} has {free} of its {} bytes of disk free and {bytes} are needed",
                self.id(principal),
                account.quotas[Resource::Disk]
            );
            return Err(Refusal::new(RefusalCode::InsufficientQuota, detail));
        }
        Ok(account.disk_used_bytes)
    }

    fn resized(
        &self,
        record: &ArtifactRecord,
        content: &str,
        interface: Option<&Interface>,
    ) -> Result<Option<Effect>, Refusal> {
        let before = self.disk_bytes(record);
        let bytes = self.disk_bytes_with(record, content, interface);
        if bytes == before {
            return Ok(None);
        }
        let used = if bytes > before {
            self.room_for(record.owner, bytes - before)? + (bytes - before)
        } else {
            let used = self.accounts.get(record.owner).map_or(0, |account| account.disk_used_bytes);
            used.saturating_sub(before - bytes)
        };
        Ok(Some(Effect::DiskUsed { principal: record.owner, bytes: used }))
    }
}

/// The code under which policy fields are deprecated.
const POLICY_FIELDS: &str = "ECO-D001";

fn checked_price(price: Scrip) -> Result<Scrip, Refusal> {
    if price > Scrip::TOTAL_MAX {
        let detail = format!("a price can be at most {} scrip", Scrip::TOTAL_MAX);
        return Err(Refusal::new(RefusalCode::AmountInvalid, detail));
    }
    Ok(price)
}

pub(crate) fn default_kind(standing: bool, executable: bool) -> SmolStr {
    SmolStr::new_static(match (standing, executable) {
        (true, true) => "agent",
        (true, false) => "account",
        (false, true) => "code",
        (false, false) => "data",
    })
}

fn expect_version(record: &ArtifactRecord, expected: Option<u64>) -> Result<(), Refusal> {
    match expected {
        Some(expected) if expected != record.version => {
            let detail =
                format!("{} has version {} and the action expects {expected}", record.id, record.version);
            Err(Refusal::new(RefusalCode::VersionConflict, detail))
        }
        _ => Ok(()),
    }
}

fn written(id: &Id, version: u64, created: bool) -> Value {
    row([("id", id_value(id)), ("version", Value::count(version)), ("created", Value::Bool(created))])
}
