//! The world of time zero, its rules, and the beginning of a run.

use std::collections::BTreeMap;
use std::sync::Arc;

use ecology_ontology::{Ask, Resolution};
use ecology_types::{
    AllowList, ArtifactRecord, AxisVector, Effect, Founder, Genesis, GenesisArtifact, Id, Key, MintReason,
    Policy, PolicyDraft, Resource, Rules, Scrip, Seed, SmolStr, Time,
};

use crate::disk;
use crate::services;
use crate::step::{Plan, StepError};
use crate::world::World;

impl World {
    pub(crate) fn decide_create(
        &self,
        genesis: &Genesis,
        now: Time,
        plan: &mut Plan,
    ) -> Result<(), StepError> {
        check_rules(&genesis.rules)?;
        plan.push(Effect::RulesSet(Box::new(genesis.rules.clone())));
        for artifact in GenesisArtifact::ALL {
            plan.push(Effect::Interned { key: artifact.key(), id: artifact.id() });
            plan.push(Effect::ArtifactCreated(Box::new(genesis_record(artifact, now))));
        }
        let mut keys = BTreeMap::new();
        let mut supply = Scrip::ZERO;
        let mut shares = [0_u64; Resource::COUNT];
        for (next, founder) in (GenesisArtifact::ALL.len()..).zip(&genesis.founders) {
            if founder.id.as_str().starts_with("genesis") {
                let problem = format!("{} begins with genesis, which is reserved; rename it", founder.id);
                return Err(StepError::Genesis(problem));
            }
            if founder.id.as_str().len() > genesis.rules.limits.id_bytes_max as usize {
                let problem = format!(
                    "{} has {} bytes, this world allows {}; shorten it or raise limits.id_bytes_max",
                    founder.id,
                    founder.id.as_str().len(),
                    genesis.rules.limits.id_bytes_max
                );
                return Err(StepError::Genesis(problem));
            }
            let key = key_at(next)?;
            if keys.insert(founder.id.clone(), key).is_some() {
                let problem = format!("{} is there twice; every id is used once", founder.id);
                return Err(StepError::Genesis(problem));
            }
            supply = supply.checked_add(founder.scrip).ok_or_else(|| {
                StepError::Genesis(format!("the endowments add up to more than {} scrip", Scrip::TOTAL_MAX))
            })?;
            for resource in Resource::ALL {
                let sum = shares[resource.index()].saturating_add(founder.quotas[resource]);
                let capacity = genesis.rules.capacity[resource];
                if sum > capacity {
                    let problem = format!(
                        "the shares of {resource} add up to more than its capacity of {capacity} {}; \
                         lower the shares or raise capacity.{resource}",
                        resource.unit()
                    );
                    return Err(StepError::Genesis(problem));
                }
                shares[resource.index()] = sum;
            }
            plan.push(Effect::Interned { key, id: founder.id.clone() });
            push_founder(founder, key, now, plan);
        }
        self.decide_first_artifacts(genesis, keys, now, plan)
    }

    fn decide_first_artifacts(
        &self,
        genesis: &Genesis,
        mut keys: BTreeMap<Id, Key>,
        now: Time,
        plan: &mut Plan,
    ) -> Result<(), StepError> {
        let founders = keys.len();
        let mut used: BTreeMap<Key, u64> = BTreeMap::new();
        // A contract or a member of a list may be named before it is made, so all ids come first.
        for (next, (_, draft)) in (GenesisArtifact::ALL.len() + founders..).zip(&genesis.artifacts) {
            if draft.artifact.as_str().starts_with("genesis") {
                let problem = format!("{} begins with genesis, which is reserved; rename it", draft.artifact);
                return Err(StepError::Genesis(problem));
            }
            let key = key_at(next)?;
            if keys.insert(draft.artifact.clone(), key).is_some() {
                let problem = format!("{} is there twice; every id is used once", draft.artifact);
                return Err(StepError::Genesis(problem));
            }
        }
        let named = |id: &str| {
            let genesis = GenesisArtifact::ALL.into_iter().find(|artifact| artifact.name() == id);
            genesis.map(GenesisArtifact::key).or_else(|| keys.get(id).copied())
        };
        for (creator, draft) in &genesis.artifacts {
            let wrong = |problem: String| StepError::Genesis(format!("{}: {problem}", draft.artifact));
            let founder = |key: &Key| key.index() < GenesisArtifact::ALL.len() + founders;
            let Some(owner) = keys.get(creator).copied().filter(founder) else {
                return Err(wrong(format!("it names a creator {creator} that is no founder")));
            };
            let Some(key) = keys.get(&draft.artifact).copied() else { continue };
            let standing = draft.has_standing.unwrap_or(false);
            let executable = draft.can_execute.unwrap_or_else(|| draft.interface.is_some());
            let ask = Ask::Create { key, draft, standing, executable };
            self.parts.ontology.check(&ask, &genesis.rules.limits).map_err(|no| wrong(no.detail))?;
            let mentioned = |id: &Option<Id>| match id {
                Some(id) => match named(id.as_str()) {
                    Some(key) => Ok(Some(key)),
                    None => Err(wrong(format!("it names {id}, which is not there"))),
                },
                None => Ok(None),
            };
            let policy = match &draft.policy {
                Some(policy) => Some(Arc::new(first_policy(policy, &named).map_err(wrong)?)),
                None => None,
            };
            let bytes = disk::new_bytes(&draft.content, draft.interface.as_deref());
            let quota = genesis
                .founders
                .get(owner.index() - GenesisArtifact::ALL.len())
                .map_or(0, |founder| founder.quotas[Resource::Disk]);
            let in_use = used.entry(owner).or_default();
            *in_use = in_use.saturating_add(bytes);
            if *in_use > quota {
                return Err(wrong(format!(
                    "the artifacts of {creator} take {in_use} bytes so far and its disk quota is {quota}; \
                     raise the quota or leave some out"
                )));
            }
            plan.push(Effect::Interned { key, id: draft.artifact.clone() });
            let record = ArtifactRecord {
                key,
                id: draft.artifact.clone(),
                creator: owner,
                owner,
                kind: draft.kind.clone().unwrap_or_else(|| super::write::default_kind(standing, executable)),
                content: Arc::clone(&draft.content),
                version: 1,
                created_at: now,
                changed_at: now,
                has_standing: standing,
                can_execute: executable,
                access_contract: mentioned(&draft.access_contract)?,
                policy,
                interface: draft.interface.clone(),
                memory: mentioned(&draft.memory)?,
            };
            plan.push(Effect::ArtifactCreated(Box::new(record)));
            if bytes > 0 {
                plan.push(Effect::DiskUsed { principal: owner, bytes: *in_use });
            }
        }
        Ok(())
    }

    pub(crate) fn decide_founder(
        &self,
        founder: &Founder,
        now: Time,
        plan: &mut Plan,
    ) -> Result<(), StepError> {
        if founder.id.as_str().starts_with("genesis") {
            let problem = format!("{} begins with genesis, which is reserved; choose another id", founder.id);
            return Err(StepError::Contradiction(problem));
        }
        if founder.id.as_str().len() > self.rules.limits.id_bytes_max as usize {
            let problem = format!("{} has more than {} bytes", founder.id, self.rules.limits.id_bytes_max);
            return Err(StepError::Contradiction(problem));
        }
        // An id that somebody merely mentioned is still free.
        let known = self.symbols.key(founder.id.as_str());
        if known.is_some_and(|key| {
            self.parts.ontology.artifact(key) != Resolution::Free
                || self.parts.ontology.principal(key) != Resolution::Free
        }) {
            return Err(StepError::Contradiction(format!(
                "{} is in use already; choose another id",
                founder.id
            )));
        }
        if self.accounts.supply().checked_add(founder.scrip).is_none() {
            return Err(StepError::Contradiction(format!("there can be at most {} scrip", Scrip::TOTAL_MAX)));
        }
        for resource in Resource::ALL {
            let sum: u64 = self
                .accounts
                .iter()
                .map(|(_, account)| account.quotas[resource])
                .fold(founder.quotas[resource], u64::saturating_add);
            if founder.quotas[resource] > 0 && sum > self.rules.capacity[resource] {
                let problem = format!(
                    "a share of {} {resource} for {} exceeds what is left of the capacity of {}",
                    founder.quotas[resource], founder.id, self.rules.capacity[resource]
                );
                return Err(StepError::Contradiction(problem));
            }
        }
        if known.is_none() && self.symbols.len() >= self.rules.limits.artifacts_max as usize {
            let problem = format!("the world holds its {} ids", self.rules.limits.artifacts_max);
            return Err(StepError::Contradiction(problem));
        }
        let key = known.unwrap_or_else(|| self.symbols.next());
        if known.is_none() {
            plan.push(Effect::Interned { key, id: founder.id.clone() });
        }
        push_founder(founder, key, now, plan);
        Ok(())
    }

    pub(crate) fn decide_rules(&self, rules: &Rules, plan: &mut Plan) -> Result<(), StepError> {
        check_rules(rules)?;
        for resource in Resource::ALL {
            let sum: u64 = self
                .accounts
                .iter()
                .map(|(_, account)| account.quotas[resource])
                .fold(0, u64::saturating_add);
            if sum > rules.capacity[resource] {
                let problem = format!(
                    "a capacity of {} {resource} is below the shares of {sum} that principals hold",
                    rules.capacity[resource]
                );
                return Err(StepError::Contradiction(problem));
            }
        }
        plan.push(Effect::RulesSet(Box::new(rules.clone())));
        Ok(())
    }

    pub(crate) fn decide_start_run(
        &self,
        version: &SmolStr,
        scenario: &SmolStr,
        seed: Seed,
        axes: AxisVector,
        plan: &mut Plan,
    ) {
        for (reservation, open) in self.reservations.iter() {
            #[cfg(feature = "planted-bugs")]
            if crate::PlantedBug::ReservationNotReleased.is_planted() {
                break;
            }
            plan.push(Effect::ReservationReleased { reservation, principal: open.principal });
        }
        plan.push(Effect::RunStarted {
            run: self.clock.run + 1,
            version: version.clone(),
            scenario: scenario.clone(),
            seed,
            axes,
        });
    }
}

/// The policy of an artifact of time zero; `named` knows the keys of all ids that exist then.
fn first_policy(draft: &PolicyDraft, named: &dyn Fn(&str) -> Option<Key>) -> Result<Policy, String> {
    let list = |ids: &[SmolStr]| -> Result<AllowList, String> {
        if ids.iter().any(|id| id == "*") {
            return Ok(AllowList::Anyone);
        }
        let keys = ids
            .iter()
            .map(|id| named(id).ok_or_else(|| format!("its policy names {id:?}, which is not there")));
        let mut keys = keys.collect::<Result<Vec<Key>, String>>()?;
        keys.sort_unstable();
        keys.dedup();
        Ok(AllowList::Only(keys))
    };
    Ok(Policy {
        read: list(&draft.read)?,
        write: list(&draft.write)?,
        invoke: list(&draft.invoke)?,
        read_price: draft.read_price,
        invoke_price: draft.invoke_price,
    })
}

fn key_at(next: usize) -> Result<Key, StepError> {
    u32::try_from(next).map(Key).map_err(|_| StepError::Genesis("more founders than keys".to_owned()))
}

fn check_rules(rules: &Rules) -> Result<(), StepError> {
    let limits = &rules.limits;
    let positive: [(&str, u64); 8] = [
        ("limits.id_bytes_max", limits.id_bytes_max.into()),
        ("limits.name_bytes_max", limits.name_bytes_max.into()),
        ("limits.content_bytes_max", limits.content_bytes_max),
        ("limits.args_bytes_max", limits.args_bytes_max),
        ("limits.page_items_max", limits.page_items_max.into()),
        ("time.window", rules.window.0),
        ("time.tick", rules.tick.0),
        ("mint.mint_ratio", rules.mint.mint_ratio),
    ];
    for (name, value) in positive {
        if value == 0 {
            return Err(StepError::Genesis(format!("{name} must be above zero")));
        }
    }
    if limits.id_bytes_max as usize > Id::BYTES_MAX {
        let problem =
            format!("limits.id_bytes_max is {}; it can be at most {}", limits.id_bytes_max, Id::BYTES_MAX);
        return Err(StepError::Genesis(problem));
    }
    Ok(())
}

fn genesis_record(artifact: GenesisArtifact, now: Time) -> ArtifactRecord {
    let service = services::service(artifact);
    ArtifactRecord {
        key: artifact.key(),
        id: artifact.id(),
        creator: GenesisArtifact::Genesis.key(),
        owner: GenesisArtifact::Genesis.key(),
        kind: SmolStr::new_static(if artifact.is_contract() {
            "contract"
        } else if service.is_some() {
            "service"
        } else {
            "creator"
        }),
        content: Arc::from(services::description(artifact)),
        version: 1,
        created_at: now,
        changed_at: now,
        has_standing: false,
        can_execute: service.is_some() || artifact.is_contract(),
        access_contract: None,
        policy: None,
        interface: services::interface(artifact),
        memory: None,
    }
}

/// The record of a founder, as both ontologies take it.
pub(crate) fn founder_record(founder: &Founder, key: Key, now: Time) -> ArtifactRecord {
    ArtifactRecord {
        key,
        id: founder.id.clone(),
        creator: GenesisArtifact::Genesis.key(),
        owner: key,
        kind: SmolStr::new_static(if founder.is_agent { "agent" } else { "account" }),
        content: Arc::clone(&founder.config),
        version: 1,
        created_at: now,
        changed_at: now,
        has_standing: true,
        can_execute: founder.is_agent,
        // Nobody but the agent itself changes it, until it sells that right.
        access_contract: Some(GenesisArtifact::Private.key()),
        policy: Some(Arc::new(private_policy())),
        interface: None,
        memory: None,
    }
}

/// The policy that says what `genesis_private` says: the configuration of a mind is for its owner alone.
pub(crate) fn private_policy() -> Policy {
    let nobody = || AllowList::Only(Vec::new());
    Policy { invoke: nobody(), read: nobody(), ..Policy::open() }
}

fn push_founder(founder: &Founder, key: Key, now: Time, plan: &mut Plan) {
    plan.push(Effect::ArtifactCreated(Box::new(founder_record(founder, key, now))));
    if founder.scrip > Scrip::ZERO {
        plan.push(Effect::Minted { to: key, amount: founder.scrip, reason: MintReason::Endowment });
    }
    for (resource, amount) in founder.quotas.iter() {
        plan.push(Effect::QuotaSet { principal: key, resource, amount });
    }
}
