//! Artifacts that the operator puts into the world.

use std::collections::BTreeMap;
use std::sync::Arc;

use ecology_ontology::Ask;
use ecology_types::{
    AllowList, ArtifactRecord, Draft, Effect, Id, Key, Policy, PolicyDraft, Refusal, RefusalCode, SmolStr,
    Time,
};

use super::write::default_kind;
use crate::disk;
use crate::step::{Plan, StepError};
use crate::world::World;

impl World {
    /// Puts artifacts into the world, all or none.
    ///
    /// What a record holds is the superset of both schemas, so a contract, a memory or methods are kept whichever schema serves; shape and
    /// size of everything are checked as for any other artifact. Whatever a record names may come later, or never: to name is not to exist.
    pub(crate) fn decide_artifacts(
        &self,
        artifacts: &[(Id, Draft)],
        now: Time,
        plan: &mut Plan,
    ) -> Result<(), StepError> {
        let mut used: BTreeMap<Key, u64> = BTreeMap::new();
        let mut made: BTreeMap<&str, Key> = BTreeMap::new();
        for (owner, draft) in artifacts {
            let id = &draft.artifact;
            let wrong = |problem: &str| StepError::Contradiction(format!("{id}: {problem}"));
            let refused = |no: Refusal| wrong(&no.detail);
            let account =
                self.symbols.key(owner.as_str()).and_then(|key| Some((key, self.accounts.get(key)?)));
            let Some((owner, account)) = account else {
                return Err(wrong(&format!("it belongs to {owner}, who is no principal")));
            };
            if draft.has_standing == Some(true) {
                return Err(wrong("what has standing is a principal; add it as one"));
            }
            let key = match plan.interned.iter().find(|(known, _)| known == id.as_str()) {
                Some((_, key)) => *key,
                None => {
                    let new = self.new_key(id).map_err(refused)?;
                    let next = new.key.0 as usize + if new.is_new { plan.interned.len() } else { 0 };
                    let key = u32::try_from(next).map(Key).map_err(|_| wrong("there are no keys left"))?;
                    if new.is_new {
                        if next >= self.rules.limits.artifacts_max as usize {
                            return Err(wrong("the world holds all the ids it may hold"));
                        }
                        self.plan_interning(id, key, plan);
                    }
                    key
                }
            };
            if made.insert(id.as_str(), key).is_some() {
                return Err(wrong("it is there twice; every id is used once"));
            }
            let executable = draft.can_execute.unwrap_or_else(|| draft.interface.is_some());
            // The schema that serves may have no place for these; the record has.
            let shown = Draft { access_contract: None, memory: None, interface: None, ..draft.clone() };
            let ask = Ask::Create { key, draft: &shown, standing: false, executable };
            self.parts.ontology.check(&ask, &self.rules.limits).map_err(|no| wrong(&no.detail))?;
            let bytes = disk::new_bytes(&draft.content, draft.interface.as_deref());
            let in_use = used.entry(owner).or_insert(account.disk_used_bytes);
            *in_use = in_use.saturating_add(bytes);
            let quota = account.quotas[ecology_types::Resource::Disk];
            if *in_use > quota {
                return Err(wrong(&format!(
                    "the artifacts of its owner take {in_use} bytes so far and the disk quota is {quota}"
                )));
            }
            let record = ArtifactRecord {
                key,
                id: id.clone(),
                creator: owner,
                owner,
                kind: draft.kind.clone().unwrap_or_else(|| default_kind(false, executable)),
                content: Arc::clone(&draft.content),
                version: 1,
                created_at: now,
                changed_at: now,
                has_standing: false,
                can_execute: executable,
                access_contract: self.mentioned(draft.access_contract.as_ref(), plan).map_err(refused)?,
                policy: match &draft.policy {
                    Some(policy) => Some(Arc::new(self.placed_policy(policy, plan).map_err(refused)?)),
                    None => None,
                },
                interface: draft.interface.clone(),
                memory: self.mentioned(draft.memory.as_ref(), plan).map_err(refused)?,
            };
            plan.push(Effect::ArtifactCreated(Box::new(record)));
            if bytes > 0 {
                plan.push(Effect::DiskUsed { principal: owner, bytes: *in_use });
            }
        }
        Ok(())
    }

    /// The policy of a draft; it may name what comes later.
    fn placed_policy(&self, draft: &PolicyDraft, plan: &mut Plan) -> Result<Policy, Refusal> {
        let mut list = |ids: &[SmolStr]| -> Result<AllowList, Refusal> {
            if ids.iter().any(|id| id == "*") {
                return Ok(AllowList::Anyone);
            }
            let mut keys = Vec::with_capacity(ids.len());
            for id in ids {
                let id = Id::new(id)
                    .map_err(|error| Refusal::new(RefusalCode::ArgumentInvalid, error.to_string()))?;
                keys.extend(self.mentioned(Some(&id), plan)?);
            }
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
}
