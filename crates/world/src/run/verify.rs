//! Carrying a recorded run out again.

use ecology_types::{
    Act, ArtifactRecord, Denial, Effect, HostCall, Refusal, RefusalCode, Time, ToolRun, Value, told_digest,
};

use super::Run;
use super::begin::Invocation;
use super::host::Performed;
use crate::decide::Done;
use crate::step::Plan;
use crate::world::World;

impl World {
    /// Carries out a run that came in as input. `plan` holds what the permission of the call has planned already.
    pub(crate) fn carry_out_run(
        &self,
        act: &Act,
        record: &ArtifactRecord,
        call: &Invocation<'_>,
        told: &ToolRun,
        now: Time,
        plan: &mut Plan,
    ) -> Result<Done, Refusal> {
        let first = plan.events.len();
        let mut run = self.run_of(act.agent, record, call, told.time, std::mem::take(plan));
        let again = self.run_again(&mut run, told, now);
        run.instructions = run.instructions.saturating_add(told.instructions);
        *plan = run.plan;
        let outcome = again.map_err(|why| {
            let detail = format!("{} has to run again: {why}", call.artifact);
            Refusal::new(RefusalCode::AnswerStale, detail)
        })?;
        plan.run_cpu = self.bearers(act.agent, told);
        let result = self.judged(outcome, run.instructions).map_err(|denial| {
            Refusal::new(RefusalCode::ExecutionFailed, format!("{}: {}", call.artifact, denial.reason))
        })?;
        let written_bytes = plan.events[first..].iter().map(|event| kept_bytes(&event.effect)).sum();
        Ok(Done { result, written_bytes, ..Done::default() })
    }

    /// Carries the operations of one tool out again and gives its outcome.
    ///
    /// # Errors
    /// What differs from what the code was told.
    fn run_again(&self, run: &mut Run, told: &ToolRun, now: Time) -> Result<Result<Value, Denial>, String> {
        let frame = run.top();
        if told.tool != frame.tool || told.caller != frame.caller || told.call_digest != frame.call_digest() {
            return Err("the run is one of another call".to_owned());
        }
        if told.time != run.time {
            return Err("a tool that it invoked was told another time".to_owned());
        }
        if told.version != frame.version {
            let id = self.id(told.tool);
            return Err(format!("{id} is at version {}, not {}", frame.version, told.version));
        }
        for (at, operation) in told.operations.iter().enumerate() {
            let differs = |why: &str| Err(format!("call {} of {}: {why}", at + 1, self.id(told.tool)));
            if operation.call == HostCall::Now {
                let age_max = self.code.rules.answer_age_max;
                if run.time > now || run.time.after(age_max) < now {
                    return differs("the time that it was told is over");
                }
            }
            let inner = match &operation.call {
                HostCall::Invoke { run, .. } => run.as_deref(),
                _ => None,
            };
            let answer = match (self.perform(run, &operation.call, now), inner) {
                (Performed::Told(answer), None) => answer,
                (Performed::Entered, Some(inner)) => {
                    let outcome = self.run_again(run, inner, now)?;
                    match self.close(run, outcome, inner.instructions) {
                        Some((_, ended)) => self.told_of(&ended),
                        None => return differs("nothing was entered"),
                    }
                }
                (Performed::End(reason), _) => return differs(&reason),
                (Performed::Ask(_), _) => return differs("a contract has to be asked"),
                _ => return differs("what is invoked is code now, or is not any more"),
            };
            if told_digest(&answer) != operation.told {
                return differs("the answer is another one now");
            }
        }
        Ok(told.outcome.clone())
    }
}

fn kept_bytes(effect: &Effect) -> u64 {
    match effect {
        Effect::StateSet { state, .. } => state.bytes() as u64,
        _ => 0,
    }
}
