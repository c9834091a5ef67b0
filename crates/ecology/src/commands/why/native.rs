//! What a contract of time zero or a policy says, asked again on the state before the decision.

use ecology_contracts::{AccessView, Answer, Governor, Request};
use ecology_journal::Journal;
use ecology_runner::Observers;
use ecology_runner::store::{self, Recover};
use ecology_types::{ArtifactRecord, Axis, GenesisArtifact, Key, Record, Scrip, Side, Time};
use ecology_world::World;
use serde_json::{Value, json};

use super::{act_of, call_of};
use crate::failure::Failure;

/// What governs the target of an action that the kernel decided by itself; `None` when code decided, or when there is no target.
pub(super) fn rule(journal: &mut dyn Journal, record: &Record) -> Result<Option<Value>, Failure> {
    let Some((act, target)) = act_of(&record.command).and_then(|act| Some((act, act.action.target()?)))
    else {
        return Ok(None);
    };
    if record.number < 2 {
        return Ok(None);
    }
    let how = Recover { until: record.number - 1, use_snapshot: true };
    let world = store::recover(journal, record.axes, how, &mut Observers::default())?;
    let Some(artifact) = world.live_named(target) else {
        return Ok(Some(
            json!({ "governor": null, "says": "nothing lives under this id, so nobody is asked" }),
        ));
    };
    let is_contract = record.axes.side(Axis::AccessControl) == Side::New;
    let governor = Governor::of_contract(artifact.access_contract);
    if is_contract && matches!(governor, Governor::Code(_)) {
        let contract = governor.key();
        if act.answers.iter().any(|answer| answer.artifact == artifact.key && answer.contract == contract) {
            return Ok(None);
        }
    }
    let call = call_of(&act.action);
    let request = Request {
        artifact,
        verb: act.action.verb(),
        caller: act.agent,
        method: call.map(|(method, _)| method),
        args: call.map(|(_, args)| args),
        answers: &act.answers,
    };
    let before = Before { world: &world, now: record.time };
    let (allowed, says, cost) = match world.parts().access.decide(&request, &before) {
        Answer::Allow { grant, reason } => (true, reason.to_owned(), grant.cost.0),
        Answer::Deny { reason, .. } => (false, reason, 0),
    };
    let by = if !is_contract {
        "policy"
    } else if matches!(governor, Governor::Stock(_)) {
        "stock contract"
    } else {
        "contract"
    };
    let service = GenesisArtifact::from_key(artifact.key).map(GenesisArtifact::name);
    Ok(Some(json!({
        "by": by,
        "governor": is_contract.then(|| world.id(governor.key()).as_str()),
        "policy_is_default": (!is_contract).then_some(artifact.policy.is_none()),
        "artifact": artifact.id.as_str(),
        "owner": world.id(artifact.owner).as_str(),
        "allowed": allowed,
        "cost": cost,
        "says": says,
        "service": service,
    })))
}

/// The state before a decision, as far as native rules look at it.
struct Before<'w> {
    world: &'w World,
    now: Time,
}

impl AccessView for Before<'_> {
    fn artifact(&self, key: Key) -> Option<&ArtifactRecord> {
        self.world.live(key)
    }

    fn balance(&self, key: Key) -> Scrip {
        self.world.accounts().scrip(key)
    }

    fn contract_depth_max(&self) -> u32 {
        self.world.rules().limits.contract_depth_max
    }

    fn state_version(&self, key: Key) -> u64 {
        self.world.kept_state(key).0
    }

    fn now(&self) -> Time {
        self.now
    }
}
