//! The world of time zero, its rules, and the beginning of a run.

use std::sync::Arc;

use ecology_ontology::Ask;
use ecology_types::{
    ArtifactRecord, AxisVector, Effect, Founder, Genesis, GenesisArtifact, Id, Key, MintReason, Resource,
    Rules, Scrip, Seed, SmolStr, Time,
};

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
        let mut next = GenesisArtifact::ALL.len();
        let mut keys = std::collections::BTreeMap::new();
        let mut supply = Scrip::ZERO;
        let mut shares = [0_u64; Resource::COUNT];
        for founder in &genesis.founders {
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
            next += 1;
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
            push_founder(founder, key, now, plan);
        }
        for (creator, draft) in &genesis.artifacts {
            let Some(owner) = keys.get(creator).copied() else {
                return Err(StepError::Genesis(format!(
                    "{} names a creator {creator} that is no founder",
                    draft.artifact
                )));
            };
            if keys.contains_key(&draft.artifact) {
                return Err(StepError::Genesis(format!(
                    "{} is there twice; every id is used once",
                    draft.artifact
                )));
            }
            let key = key_at(next)?;
            next += 1;
            keys.insert(draft.artifact.clone(), key);
            let standing = draft.has_standing.unwrap_or(false);
            let executable = draft.can_execute.unwrap_or(false);
            let ask = Ask::Create { key, draft, standing, executable };
            self.parts
                .ontology
                .check(&ask, &genesis.rules.limits)
                .map_err(|no| StepError::Genesis(format!("{}: {}", draft.artifact, no.detail)))?;
            let bytes = draft.content.len() as u64;
            plan.push(Effect::Interned { key, id: draft.artifact.clone() });
            let record = ArtifactRecord {
                key,
                id: draft.artifact.clone(),
                creator: owner,
                owner,
                kind: draft.kind.clone().unwrap_or_else(|| SmolStr::new_static("data")),
                content: Arc::clone(&draft.content),
                version: 1,
                created_at: now,
                changed_at: now,
                has_standing: standing,
                can_execute: executable,
                access_contract: None,
                policy: None,
                interface: draft.interface.clone(),
                memory: None,
            };
            plan.push(Effect::ArtifactCreated(Box::new(record)));
            let used = plan
                .effects
                .iter()
                .rev()
                .find_map(|effect| match effect {
                    Effect::DiskUsed { principal, bytes } if *principal == owner => Some(*bytes),
                    _ => None,
                })
                .unwrap_or(0);
            plan.push(Effect::DiskUsed { principal: owner, bytes: used + bytes });
        }
        Ok(())
    }

    pub(crate) fn decide_founder(
        &self,
        founder: &Founder,
        now: Time,
        plan: &mut Plan,
    ) -> Result<(), StepError> {
        if self.symbols.key(founder.id.as_str()).is_some() {
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
        push_founder(founder, self.symbols.next(), now, plan);
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
        policy: Some(Arc::new(ecology_types::Policy {
            invoke: ecology_types::AllowList::Only(Vec::new()),
            read: ecology_types::AllowList::Only(Vec::new()),
            ..ecology_types::Policy::open()
        })),
        interface: None,
        memory: None,
    }
}

fn push_founder(founder: &Founder, key: Key, now: Time, plan: &mut Plan) {
    plan.push(Effect::Interned { key, id: founder.id.clone() });
    plan.push(Effect::ArtifactCreated(Box::new(founder_record(founder, key, now))));
    if founder.scrip > Scrip::ZERO {
        plan.push(Effect::Minted { to: key, amount: founder.scrip, reason: MintReason::Endowment });
    }
    for (resource, amount) in founder.quotas.iter() {
        plan.push(Effect::QuotaSet { principal: key, resource, amount });
    }
}
