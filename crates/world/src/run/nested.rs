//! Tools that invoke others.

use ecology_contracts::{Governor, Request};
use ecology_types::{
    ArtifactRecord, GenesisArtifact, HostCall, Key, PermissionAnswer, Refusal, RefusalCode, Scrip, SmolStr,
    Time, Value, Verb,
};

use super::begin::is_code;
use super::host::Performed;
use super::perform::words;
use super::{Before, Frame, Run};
use crate::check::Question;
use crate::decide::Call;
use crate::services::{self, Caller};
use crate::world::World;

/// What a tool says it wants to invoke.
type Wanted<'a> = (&'a SmolStr, &'a SmolStr, &'a Value, Scrip);

impl World {
    /// Carries out an invocation by the tool that runs now, or enters the other tool.
    pub(super) fn invoke_by(
        &self,
        run: &mut Run,
        call: &HostCall,
        (artifact, method, args, allowance): Wanted<'_>,
        answers: &[PermissionAnswer],
        now: Time,
    ) -> Performed {
        let refused = |refusal: &Refusal| Performed::Told(Err(words(refusal)));
        let record = match self.may_reach(run, artifact, method, args) {
            Ok(record) => record,
            Err(refusal) => return refused(&refusal),
        };
        let tool = run.tool();
        let request = Request {
            artifact: record,
            verb: Verb::Invoke,
            caller: tool,
            method: Some(method),
            args: Some(args),
            answers,
        };
        // The code of this contract looks at the world as it is before the action, and so would count the same use twice.
        if let Governor::Code(contract) = Governor::of_contract(record.access_contract)
            && run.plan.states.iter().any(|(decided, _)| *decided == contract)
        {
            let detail = format!(
                "{} has changed its state in this action, which it does once; let the caller invoke {artifact} as its next action",
                self.id(contract)
            );
            return refused(&Refusal::new(RefusalCode::NotPermitted, detail));
        }
        if answers.is_empty()
            && let Some(contract) =
                self.parts.access.needs_code(&request, &self.during(&run.plan.events, now))
        {
            return Performed::Ask(Box::new(Question::of(&request, contract)));
        }
        let fresh = answers.iter().filter(|answer| !answer.is_cached);
        let asking = fresh.fold(0_u64, |sum, answer| sum.saturating_add(answer.instructions));
        run.instructions = run.instructions.saturating_add(asking);
        let before = Before {
            effects: run.plan.events.len(),
            states: run.plan.states.len(),
            allowance: run.top().allowance,
            call: None,
        };
        let asked =
            Call { caller: tool, verb: Verb::Invoke, method: Some(method), args: Some(args), answers };
        let purse = self.purse_of(run);
        run.plan.purse = purse;
        let permitted = self.permit(record, &asked, &mut run.plan);
        run.plan.purse = None;
        let reached = permitted.and_then(|paid| {
            let left = Scrip(match purse {
                Some((_, left)) => left.0.saturating_sub(paid.0),
                None => before.allowance.0,
            });
            let Some(rest) = left.checked_sub(allowance) else {
                let detail =
                    format!("{left} scrip are left of the allowance and {allowance} are to be passed on");
                return Err(Refusal::new(RefusalCode::InsufficientScrip, detail));
            };
            run.top_mut().allowance = rest;
            if is_code(record) {
                return Ok(None);
            }
            let caller = Caller { key: tool, fee: paid, answers: &[], now };
            services::invoke(self, record, method, args, &caller, &mut run.plan).map(|done| Some(done.result))
        });
        match reached {
            Ok(Some(result)) => {
                // A service pays nothing out of an allowance, so what was passed on comes back.
                let frame = run.top_mut();
                frame.allowance = Scrip(frame.allowance.0.saturating_add(allowance.0));
                Performed::Told(Ok(result))
            }
            Ok(None) => {
                let call = match call {
                    HostCall::Invoke { permission, .. } => Some(HostCall::Invoke {
                        artifact: artifact.clone(),
                        method: method.clone(),
                        args: args.clone(),
                        allowance,
                        run: None,
                        permission: permission.clone(),
                    }),
                    _ => None,
                };
                run.frames.push(Frame {
                    tool: record.key,
                    version: record.version,
                    caller: tool,
                    method: method.clone(),
                    args: args.clone(),
                    allowance,
                    operations: Vec::new(),
                    before: Before { call, ..before },
                });
                Performed::Entered
            }
            Err(refusal) => {
                run.plan.events.truncate(before.effects);
                run.plan.states.truncate(before.states);
                run.top_mut().allowance = before.allowance;
                refused(&refusal)
            }
        }
    }

    /// Whether a tool can get at something at all, before anybody is asked for permission.
    fn may_reach(
        &self,
        run: &Run,
        artifact: &str,
        method: &str,
        args: &Value,
    ) -> Result<&ArtifactRecord, Refusal> {
        self.call_bytes(method, args)?;
        let record = self.artifact_named(artifact)?;
        self.callable(record, method, args)?;
        if !is_code(record) {
            self.serves_tools(run.tool(), record, method, args)?;
            return Ok(record);
        }
        if record.key == run.agent || run.frames.iter().any(|frame| frame.tool == record.key) {
            let detail = format!(
                "{}: a tool cannot be invoked while it runs, nor can whoever acts",
                run.chain(self, record.key)
            );
            return Err(Refusal::new(RefusalCode::ExecutionFailed, detail));
        }
        let depth_max = self.code.rules.run_depth_max as usize;
        if run.frames.len() >= depth_max {
            let detail =
                format!("{}: tools invoke tools at most {depth_max} deep", run.chain(self, record.key));
            return Err(Refusal::new(RefusalCode::ExecutionFailed, detail));
        }
        Ok(record)
    }

    /// Which methods of the services a tool may invoke: those that only look, and the transfer of its own scrip. A trade changes who owns
    /// what, and the calls after it in the same run would be judged by what is over.
    fn serves_tools(
        &self,
        tool: Key,
        record: &ArtifactRecord,
        method: &str,
        args: &Value,
    ) -> Result<(), Refusal> {
        use GenesisArtifact::{Escrow, EventLog, Handbook, Ledger, Mint, RightsRegistry, Store};
        let Some(service) = GenesisArtifact::from_key(record.key) else { return Ok(()) };
        let only_looks = match service {
            Ledger => matches!(method, "balance" | "all_balances"),
            RightsRegistry => matches!(method, "check_quota" | "all_quotas"),
            Store => !matches!(method, "create" | "delete"),
            Escrow => matches!(method, "check" | "list_active"),
            Mint => matches!(method, "status" | "check"),
            EventLog => method == "read",
            Handbook => true,
            contract => contract.is_contract(),
        };
        if only_looks {
            return Ok(());
        }
        if service == Ledger && method == "transfer" {
            if args.get("resource").is_some_and(|resource| *resource != Value::Null) {
                let detail =
                    "a tool transfers scrip only; shares of resources are given by principals themselves";
                return Err(Refusal::new(RefusalCode::NotPermitted, detail));
            }
            if self.principal(tool).is_none() {
                let detail = format!(
                    "{} has no standing and so nothing of its own; use world.pay with from=\"allowance\"",
                    self.id(tool)
                );
                return Err(Refusal::new(RefusalCode::NoStanding, detail));
            }
            return Ok(());
        }
        let shown: String = method.chars().take(64).collect();
        let detail = format!(
            "a tool may not invoke {}.{shown}: within a run only methods that look and genesis_ledger.transfer are open; return what is to \
             be done, and let the caller do it as its next action",
            record.id
        );
        Err(Refusal::new(RefusalCode::NotPermitted, detail))
    }
}
