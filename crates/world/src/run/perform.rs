//! Carrying out one call of the host: the same function answers the code and judges its record.

use ecology_types::{
    Effect, GenesisArtifact, HostCall, Id, Key, Purse, Refusal, Scrip, SmolStr, Time, TransferReason, Value,
    Verb,
};

use super::Run;
use super::host::Performed;
use crate::decide::Call;
use crate::world::World;

/// What the call of a tool that looks through much counts for.
pub(super) const LARGE: u32 = 16;

impl World {
    /// Carries out one call of the host for the tool that runs now, on the present state plus what the run did before.
    pub(super) fn perform(&self, run: &mut Run, call: &HostCall, now: Time) -> Performed {
        let asked = match call {
            HostCall::SetState(state) => state.bytes(),
            HostCall::Invoke { args, .. } => args.bytes(),
            _ => 0,
        };
        let counted =
            run.note_operation(weight(call), self).and_then(|()| run.note_bytes(asked.saturating_add(64)));
        if let Err(reason) = counted {
            return Performed::End(reason);
        }
        let told = match call {
            HostCall::Read(id) => self.read_by(run, id),
            HostCall::Balance(id) => self.balance_for(run, id),
            HostCall::Events { kind, about, actor } => {
                Ok(Value::count(self.count_for(run.tool(), kind, about.as_deref(), actor.as_deref())))
            }
            HostCall::Now => Ok(Value::count(run.time.0)),
            HostCall::State => Ok(self.state_during(run.tool(), &run.plan.events).1.clone()),
            HostCall::SetState(state) => self.keep(run, state),
            HostCall::Pay { from, to, amount } => self.pay(run, *from, to, *amount),
            HostCall::Describe(id) => Ok(self.describe_for(run.tool(), id)),
            HostCall::Invoke { artifact, method, args, allowance, permission, .. } => {
                let answers = permission.as_deref().map_or(&[][..], std::slice::from_ref);
                match self.invoke_by(run, call, (artifact, method, args, *allowance), answers, now) {
                    Performed::Told(told) => told,
                    other => return other,
                }
            }
        };
        let bytes = told.as_ref().map_or_else(String::len, Value::bytes);
        match run.note_bytes(bytes) {
            Ok(()) => Performed::Told(told),
            Err(reason) => Performed::End(reason),
        }
    }

    /// The content of an artifact for a tool, which reads as itself and never as whoever called it.
    fn read_by(&self, run: &mut Run, id: &SmolStr) -> Result<Value, String> {
        let before = run.plan.events.len();
        let (tool, purse) = (run.tool(), self.purse_of(run));
        run.plan.purse = purse;
        let read = self.artifact_named(id).and_then(|record| {
            let paid = self.permit(record, &Call::of(tool, Verb::Read, &[]), &mut run.plan)?;
            Ok((Value::Text(SmolStr::from(std::sync::Arc::clone(&record.content))), paid))
        });
        run.plan.purse = None;
        match read {
            Ok((content, paid)) => {
                if purse.is_some() {
                    let frame = run.top_mut();
                    frame.allowance = Scrip(frame.allowance.0.saturating_sub(paid.0));
                }
                Ok(content)
            }
            Err(refusal) => {
                run.plan.events.truncate(before);
                Err(words(&refusal))
            }
        }
    }

    /// What pays the prices that a tool without standing meets: its allowance.
    pub(super) fn purse_of(&self, run: &Run) -> Option<(Key, Scrip)> {
        self.principal(run.tool()).is_none().then(|| (run.agent, run.top().allowance))
    }

    fn balance_for(&self, run: &Run, id: &SmolStr) -> Result<Value, String> {
        match self.principal_named(id) {
            Some(key) => Ok(Value::count(self.scrip_during(key, &run.plan.events).0)),
            None => Err(format!("world.balance: {id} is no principal")),
        }
    }

    fn keep(&self, run: &mut Run, state: &Value) -> Result<Value, String> {
        let limits = &self.rules.limits;
        let (bytes, bytes_max) = (state.bytes() as u64, self.code.rules.state_bytes_max);
        if bytes > bytes_max {
            return Err(format!(
                "world.set_state: the state has {bytes} bytes, this world allows {bytes_max}"
            ));
        }
        let depth_max = limits.args_depth_max as usize;
        if state.depth(depth_max) > depth_max {
            return Err(format!("world.set_state: the state nests deeper than {depth_max} levels"));
        }
        let (tool, first) = (run.tool(), run.top().before.effects);
        let (version, before) = self.state_during(tool, &run.plan.events);
        let held = if version == 0 { 0 } else { before.bytes() as u64 };
        self.plan_state_room(tool, held, bytes, &mut run.plan)
            .map_err(|no| format!("world.set_state: {}", no.detail))?;
        // One that was set in this run already is set once only; but not one that has to come back when this tool fails.
        for event in &mut run.plan.events[first..] {
            if let Effect::StateSet { key, state: kept, .. } = &mut event.effect
                && *key == tool
            {
                kept.clone_from(state);
                return Ok(Value::Null);
            }
        }
        run.plan.push(Effect::StateSet { key: tool, version: version + 1, state: state.clone() });
        Ok(Value::Null)
    }

    fn pay(&self, run: &mut Run, from: Purse, to: &SmolStr, amount: Scrip) -> Result<Value, String> {
        let Some(payee) = self.principal_named(to) else {
            return Err(format!("world.pay: {to} is no principal, so it cannot be paid"));
        };
        if GenesisArtifact::from_key(payee).is_some() || self.accounts.get(payee).is_none() {
            return Err(format!("world.pay: {to} takes scrip only through its own methods"));
        }
        let (payer, left) = match from {
            Purse::Allowance => (run.agent, run.top().allowance),
            Purse::Own => {
                let tool = run.tool();
                if self.principal(tool).is_none() {
                    return Err(format!(
                        "world.pay: {} has no standing and so nothing of its own; pay from=\"allowance\"",
                        self.id(tool)
                    ));
                }
                (tool, Scrip::TOTAL_MAX)
            }
        };
        if amount > left {
            return Err(format!("world.pay: {left} scrip are left of the allowance and {amount} are needed"));
        }
        let balance = self.scrip_during(payer, &run.plan.events);
        if amount > balance {
            return Err(format!("world.pay: {} has {balance} scrip and {amount} are needed", self.id(payer)));
        }
        run.plan.push(Effect::ScripTransferred {
            from: payer,
            to: payee,
            amount,
            reason: TransferReason::Transfer,
        });
        if from == Purse::Allowance {
            let frame = run.top_mut();
            frame.allowance = Scrip(frame.allowance.0 - amount.0);
            return Ok(Value::count(frame.allowance.0));
        }
        Ok(Value::count(balance.0 - if payer == payee { 0 } else { amount.0 }))
    }

    /// The live artifact that code names.
    pub(super) fn artifact_named(&self, id: &str) -> Result<&ecology_types::ArtifactRecord, Refusal> {
        let id = Id::new(id)
            .map_err(|error| Refusal::new(ecology_types::RefusalCode::IdInvalid, error.to_string()))?;
        self.find(&id)
    }
}

/// What a call counts for.
fn weight(call: &HostCall) -> u32 {
    let looks_through_much = match call {
        HostCall::Events { .. } => true,
        HostCall::Invoke { artifact, .. } => [
            GenesisArtifact::Store,
            GenesisArtifact::EventLog,
            GenesisArtifact::Escrow,
            GenesisArtifact::Ledger,
            GenesisArtifact::RightsRegistry,
        ]
        .iter()
        .any(|service| service.name() == artifact),
        _ => false,
    };
    if looks_through_much { LARGE } else { 1 }
}

/// A refusal as code is told it.
pub(super) fn words(refusal: &Refusal) -> String {
    format!("{}: {}", refusal.code.name(), refusal.detail)
}
