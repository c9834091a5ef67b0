//! From what was read to what a world is made from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ecology_types::{Draft, Id, PolicyDraft, Scrip, SmolStr, counted};

use crate::agent::OldAgent;
use crate::artifact::OldArtifact;
use crate::checkpoint::Checkpoint;
use crate::imported::Principal;
use crate::names::{Names, is_reserved};
use crate::settings::OldConfig;
use crate::topic::Topic;
use crate::tree::{At, raw_text};
use crate::work::Work;

/// The most bytes that a type has here without any change of limits.
const LABEL_BYTES_MAX: usize = 64;
/// An owner that the checkpoint does not name.
const NOBODY: &str = "nobody";

/// A principal on its way.
pub(crate) struct Holder {
    pub(crate) old: String,
    pub(crate) at: At,
    pub(crate) scrip: u64,
    pub(crate) is_agent: bool,
    /// A service of the older program, which this world has itself.
    pub(crate) is_service: bool,
}

/// What a world is made from, on its way.
pub(crate) struct Mapped {
    pub(crate) principals: Vec<Principal>,
    pub(crate) artifacts: Vec<(Id, Draft)>,
}

/// Whether an artifact is a service of the older program.
pub(crate) fn is_service(artifact: &OldArtifact) -> bool {
    is_reserved(&artifact.id)
        && (artifact.kind.as_deref() == Some("genesis")
            || artifact.owner.as_deref().is_none_or(|owner| is_reserved(owner) || owner == "system"))
}

impl Work<'_> {
    /// Maps everything. Where something is wrong, what comes back makes no sense; the problems say so.
    pub(crate) fn map(
        &mut self,
        checkpoint: Checkpoint,
        agents: Vec<OldAgent>,
        config: &OldConfig,
        has_checkpoint: bool,
    ) -> Mapped {
        let holders = self.holders(&checkpoint, has_checkpoint);
        let by_old: BTreeMap<&str, usize> =
            holders.iter().enumerate().map(|(at, holder)| (holder.old.as_str(), at)).collect();
        let merges = |artifact: &OldArtifact| {
            by_old.get(artifact.id.as_str()).is_some_and(|at| {
                !holders[*at].is_service
                    && (artifact.has_standing || artifact.kind.as_deref() == Some("agent"))
            })
        };
        let file = checkpoint.file.as_str();
        let mut merged: BTreeMap<&str, &OldArtifact> = BTreeMap::new();
        for artifact in
            checkpoint.artifacts.iter().filter(|artifact| !is_service(artifact) && merges(artifact))
        {
            merged.entry(artifact.id.as_str()).or_insert(artifact);
        }
        let mut names = self.name_all(&checkpoint, &holders, &merged);

        // Who owns what, first of all: it decides who is needed.
        let mut made: BTreeMap<Option<&str>, Id> = BTreeMap::new();
        let mut principals: Vec<Principal> = Vec::with_capacity(holders.len());
        let mut place_of: BTreeMap<Id, usize> = BTreeMap::new();
        let owned: BTreeSet<&str> = checkpoint
            .artifacts
            .iter()
            .filter(|artifact| !is_service(artifact))
            .filter_map(|artifact| artifact.owner.as_deref())
            .collect();
        let mut agents_by_id: BTreeMap<String, OldAgent> =
            agents.into_iter().map(|agent| (agent.id.clone(), agent)).collect();
        let mut moved: Vec<(Id, Draft)> = Vec::new();
        for holder in &holders {
            let place = holder.at.place(file);
            if holder.is_service && holder.scrip == 0 && !owned.contains(holder.old.as_str()) {
                self.totals.principals_replaced += 1;
                let detail = "it holds nothing and owns nothing";
                self.items.add(Topic::Services, format!("balance of {}", holder.old), detail).at(place);
                continue;
            }
            let id = if holder.is_service {
                let id = names.fresh(&format!("imported:{}", holder.old));
                if holder.scrip > 0 {
                    let detail = format!("{} scrip of {}: {id} holds it", holder.scrip, holder.old);
                    self.items.add(Topic::Stranded, holder.old.as_str(), detail).at(place.clone());
                }
                made.insert(Some(holder.old.as_str()), id.clone());
                id
            } else {
                names.get(&holder.old).cloned().unwrap_or_else(|| Id::known("refused"))
            };
            let body = merged.get(holder.old.as_str()).copied();
            let config = if holder.is_agent {
                let files = agents_by_id.remove(&holder.old);
                self.resting(&id, holder, files, body, config, file, &mut names, &mut moved)
            } else {
                body.map_or_else(|| Arc::from(""), |artifact| Arc::clone(&artifact.content))
            };
            let (topic, sum) = if holder.is_agent {
                (Topic::Agents, &mut self.totals.agents)
            } else {
                (Topic::Accounts, &mut self.totals.accounts)
            };
            *sum += 1;
            self.totals.scrip_carried = self.totals.scrip_carried.saturating_add(holder.scrip);
            self.items.add(topic, id.as_str(), format!("{} scrip", holder.scrip)).at(place);
            place_of.insert(id.clone(), principals.len());
            let scrip = Scrip(holder.scrip);
            principals.push(Principal { id, is_agent: holder.is_agent, config, scrip, owned_bytes: 0 });
        }
        for artifact in merged.values() {
            self.merge(artifact, &names, file);
        }
        self.leftover_agents(agents_by_id, has_checkpoint);

        let mut artifacts: Vec<(Id, Draft)> = Vec::with_capacity(checkpoint.artifacts.len());
        for artifact in &checkpoint.artifacts {
            if is_service(artifact) {
                self.replace(artifact, file);
                continue;
            }
            if merged.get(artifact.id.as_str()).is_some_and(|one| std::ptr::eq(*one, artifact)) {
                continue;
            }
            let id = names.get(&artifact.id).cloned().unwrap_or_else(|| Id::known("refused"));
            let owner = match artifact.owner.as_deref() {
                Some(old) if made.contains_key(&Some(old)) => made[&Some(old)].clone(),
                Some(old) if by_old.contains_key(old) => {
                    names.get(old).cloned().unwrap_or_else(|| Id::known("refused"))
                }
                unknown => {
                    let owner = made
                        .entry(unknown)
                        .or_insert_with(|| match unknown {
                            Some(old) if !is_reserved(old) => {
                                names.get(old).cloned().unwrap_or_else(|| Id::known("refused"))
                            }
                            other => names.fresh(&format!("imported:{}", other.unwrap_or(NOBODY))),
                        })
                        .clone();
                    if !place_of.contains_key(&owner) {
                        self.totals.accounts += 1;
                        self.totals.accounts_made += 1;
                        let was = unknown.map_or_else(
                            || "artifacts without an owner".to_owned(),
                            |old| format!("what belonged to {old}"),
                        );
                        let detail = format!("made to own {was}");
                        self.items.add(Topic::Owners, owner.as_str(), detail).at(artifact.at.place(file));
                        place_of.insert(owner.clone(), principals.len());
                        principals.push(Principal {
                            id: owner.clone(),
                            is_agent: false,
                            config: Arc::from(""),
                            scrip: Scrip::ZERO,
                            owned_bytes: 0,
                        });
                    }
                    owner
                }
            };
            if artifact.owner.as_deref().is_some_and(is_reserved) {
                let detail = format!(
                    "it was in the hands of {}; {owner} owns it now",
                    artifact.owner.as_deref().unwrap_or_default()
                );
                self.items.add(Topic::Stranded, id.as_str(), detail).at(artifact.at.place(file));
            }
            let draft = self.draft(id, artifact, &owner, &names, &merged, file);
            artifacts.push((owner, draft));
        }
        self.totals.artifacts_made += moved.len() as u64;
        artifacts.append(&mut moved);
        self.totals.artifacts_carried = artifacts.len() as u64;
        for (owner, draft) in &artifacts {
            if let Some(principal) = place_of.get(owner).and_then(|at| principals.get_mut(*at)) {
                principal.owned_bytes = principal.owned_bytes.saturating_add(draft.content.len() as u64);
            }
        }
        Mapped { principals, artifacts }
    }

    /// Everybody who holds or acts, in the order of the files.
    fn holders(&mut self, checkpoint: &Checkpoint, has_checkpoint: bool) -> Vec<Holder> {
        let mut holders: Vec<Holder> = Vec::with_capacity(checkpoint.balances.len());
        let mut index: BTreeMap<&str, usize> = BTreeMap::new();
        for balance in &checkpoint.balances {
            index.insert(&balance.id, holders.len());
            let (old, at, scrip) = (balance.id.clone(), balance.at, balance.scrip);
            holders.push(Holder { is_service: is_reserved(&old), old, at, scrip, is_agent: false });
        }
        let acting = checkpoint.agent_ids.iter().map(|(id, at)| (id, *at, true, "agent_ids names it"));
        let standing = checkpoint
            .artifacts
            .iter()
            .filter(|artifact| artifact.has_standing && !is_service(artifact))
            .map(|artifact| {
                (&artifact.id, artifact.at, artifact.can_execute, "it is an artifact with standing")
            });
        for (id, at, acts, why) in acting.chain(standing) {
            if let Some(found) = index.get(id.as_str()) {
                holders[*found].is_agent |= acts;
                holders[*found].is_service &= !acts;
                continue;
            }
            if has_checkpoint {
                let detail = format!("{why} and no balance does: it holds nothing");
                self.items.add(Topic::Hints, id.as_str(), detail).at(at.place(&checkpoint.file));
            }
            index.insert(id, holders.len());
            holders.push(Holder { old: id.clone(), at, scrip: 0, is_agent: acts, is_service: false });
        }
        self.totals.principals_found = holders.len() as u64;
        holders
    }

    /// Names every id that gets a place here.
    fn name_all(
        &mut self,
        checkpoint: &Checkpoint,
        holders: &[Holder],
        merged: &BTreeMap<&str, &OldArtifact>,
    ) -> Names {
        let holders = holders.iter().filter(|one| !one.is_service).map(|one| (one.old.as_str(), one.at));
        let kept = || checkpoint.artifacts.iter().filter(|artifact| !is_service(artifact));
        let artifacts = kept().map(|artifact| (artifact.id.as_str(), artifact.at));
        // A principal belongs to itself here: who owned what stood for it needs no name.
        let is_merged = |artifact: &OldArtifact| {
            merged.get(artifact.id.as_str()).is_some_and(|one| std::ptr::eq(*one, artifact))
        };
        let owners = kept()
            .filter(|artifact| !is_merged(artifact))
            .filter_map(|artifact| Some((artifact.owner.as_deref()?, artifact.at)));
        let owners = owners.filter(|(owner, _)| !is_reserved(owner));
        let all = holders.chain(artifacts).chain(owners);
        self.names(all.map(|(id, at)| (id, at.place(&checkpoint.file))))
    }

    fn replace(&mut self, artifact: &OldArtifact, file: &str) {
        self.totals.artifacts_replaced += 1;
        self.totals.content_bytes_kept += artifact.content.len() as u64;
        self.totals.policies_kept += u64::from(artifact.policy.is_some());
        let item = self.items.add(Topic::Services, artifact.id.as_str(), "");
        item.at(artifact.at.place(file)).was(artifact.raw.clone());
    }

    fn merge(&mut self, artifact: &OldArtifact, names: &Names, file: &str) {
        self.totals.artifacts_merged += 1;
        self.totals.content_bytes_carried += artifact.content.len() as u64;
        self.totals.policies_kept += u64::from(artifact.policy.is_some());
        let name = names.get(&artifact.id).map_or(artifact.id.as_str(), Id::as_str).to_owned();
        let mut detail = format!("{} of content", counted(artifact.content.len() as u64, "byte", "bytes"));
        if artifact.policy.is_some() {
            detail += "; its policy is kept here, a configuration is private";
        }
        let kind = artifact.kind.as_deref().filter(|kind| *kind != "agent");
        if let Some(kind) = kind {
            detail += &format!("; its type was {}", crate::tree::quoted(kind));
        }
        let policy = artifact.policy.as_ref().and_then(|policy| policy.raw.clone());
        self.items.add(Topic::Merged, name.as_str(), detail).at(artifact.at.place(file)).was(policy);
        if let Some(memory) = &artifact.memory {
            let detail = "a principal of the legacy schema has no memory link";
            self.items
                .add(Topic::Memory, name.as_str(), detail)
                .at(artifact.at.place(file))
                .was(raw_text(memory));
        }
        if let Some(owner) = artifact.owner.as_deref().filter(|owner| *owner != artifact.id) {
            let detail = format!("it belonged to {owner}; a principal belongs to itself");
            self.items.add(Topic::Hints, name, detail).at(artifact.at.place(file));
        }
    }

    fn draft(
        &mut self,
        id: Id,
        artifact: &OldArtifact,
        owner: &Id,
        names: &Names,
        merged: &BTreeMap<&str, &OldArtifact>,
        file: &str,
    ) -> Draft {
        let place = artifact.at.place(file);
        let mut draft = Draft::new(id.clone(), Arc::clone(&artifact.content));
        draft.kind = artifact.kind.as_deref().and_then(|kind| self.label(&id, kind, &place));
        draft.has_standing = Some(false);
        draft.can_execute = Some(artifact.executable || artifact.can_execute);
        if artifact.has_code {
            self.items.add(Topic::Code, id.as_str(), "").at(place.clone());
        } else if draft.can_execute == Some(true) {
            self.items
                .add(Topic::Code, id.as_str(), "the checkpoint says that it has none")
                .at(place.clone());
        }
        if let Some(old) = &artifact.memory {
            let is_here = names.get(old).is_some() && !merged.contains_key(old.as_str());
            match names.get(old).filter(|_| is_here) {
                Some(memory) => draft.memory = Some(memory.clone()),
                None => {
                    self.items.add(Topic::Memory, id.as_str(), "").at(place.clone()).was(raw_text(old));
                }
            }
        }
        if let Some(old) = &artifact.policy {
            let policy = old.translate(&|entry| names.get_or_genesis(entry));
            let place = old.at.place(file);
            if policy.is_same {
                self.totals.policies_carried += 1;
                self.items.add(Topic::Policies, id.as_str(), "").at(place.clone());
            } else {
                self.totals.policies_changed += 1;
            }
            for (topic, left_out) in
                [(Topic::Contracts, &policy.contracts), (Topic::Narrowed, &policy.unknown)]
            {
                if !left_out.is_empty() {
                    let detail = format!("left out: {}", some_of(left_out));
                    self.items.add(topic, id.as_str(), detail).at(place.clone()).was(old.raw.clone());
                }
            }
            if policy.is_narrower_under_contracts {
                self.items.add(Topic::UnderContracts, id.as_str(), "").at(place);
            }
            draft.policy = policy.draft;
            draft.access_contract = policy.contract.map(ecology_types::GenesisArtifact::id);
        }
        let bytes = artifact.content.len() as u64;
        self.totals.content_bytes_carried += bytes;
        let kind = draft.kind.as_deref().unwrap_or("-");
        self.items
            .add(
                Topic::Artifacts,
                id.as_str(),
                format!("{kind}, {}, owned by {owner}", counted(bytes, "byte", "bytes")),
            )
            .at(place);
        draft
    }

    fn label(&mut self, id: &Id, kind: &str, place: &crate::Place) -> Option<SmolStr> {
        let mut label: String = kind.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let mut end = label.len().min(LABEL_BYTES_MAX);
        while !label.is_char_boundary(end) {
            end -= 1;
        }
        label.truncate(end);
        let label = Some(SmolStr::from(label)).filter(|label| !label.trim().is_empty());
        if label.as_deref() != Some(kind) {
            let detail = label
                .as_ref()
                .map_or_else(|| "it has none now".to_owned(), |label| format!("it is {label:?} now"));
            self.items.add(Topic::Labels, id.as_str(), detail).at(place.clone()).was(raw_text(kind));
        }
        label
    }

    fn leftover_agents(&mut self, agents: BTreeMap<String, OldAgent>, has_checkpoint: bool) {
        for (id, agent) in agents {
            let why = match (agent.is_enabled, has_checkpoint) {
                (false, _) => "it was not enabled",
                (true, true) => "the checkpoint does not name it",
                (true, false) => continue,
            };
            let settings = agent.settings.as_deref().unwrap_or("null");
            let text = |text: &Option<String>| text.as_deref().map_or("null".to_owned(), crate::tree::quoted);
            let kept = format!(
                "{{\"llm_model\":{},\"system_prompt\":{},\"settings\":{settings}}}",
                text(&agent.model),
                text(&agent.prompt)
            );
            let raw = serde_json::value::RawValue::from_string(kept).ok();
            self.items.add(Topic::AgentFiles, id, why).at(agent.at.place(&agent.file)).was(raw);
        }
    }
}

/// A few of many, with how many there are.
pub(crate) fn some_of(texts: &[String]) -> String {
    let shown =
        texts.iter().take(8).map(|text| crate::tree::quoted(&text.chars().take(80).collect::<String>()));
    let mut text = shown.collect::<Vec<_>>().join(", ");
    if texts.len() > 8 {
        text += &format!(" and {} more", texts.len() - 8);
    }
    text
}

/// The policy of what only its owner may see.
pub(crate) fn private() -> PolicyDraft {
    PolicyDraft::default()
}
