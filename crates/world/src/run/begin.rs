//! Whether a run may begin.

use ecology_types::{
    Act, Action, ArtifactRecord, Charges, GenesisArtifact, Id, Key, Refusal, RefusalCode, Resource, Scrip,
    SmolStr, Time, Value, Verb,
};

use super::{Before, Frame, Run, arguments};
use crate::decide::Call;
use crate::step::Plan;
use crate::world::World;

/// An invocation as an action says it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Invocation<'a> {
    pub(crate) artifact: &'a Id,
    pub(crate) method: &'a SmolStr,
    pub(crate) args: &'a Value,
    pub(crate) allowance: Scrip,
}

impl<'a> Invocation<'a> {
    pub(crate) fn of(action: &'a Action) -> Option<Self> {
        match action {
            Action::Invoke { artifact, method, args } => {
                Some(Self { artifact, method, args, allowance: Scrip::ZERO })
            }
            Action::InvokeAllowing(call) => Some(Self {
                artifact: &call.artifact,
                method: &call.method,
                args: &call.args,
                allowance: call.allowance,
            }),
            _ => None,
        }
    }
}

impl World {
    /// The tool that an action invokes: code that somebody wrote, which has to run before the action can be carried out. `None` for every
    /// other action, and for one that names nothing that could run.
    #[must_use]
    pub fn tool_of(&self, action: &Action) -> Option<Key> {
        let record = self.find(Invocation::of(action)?.artifact).ok()?;
        (record.can_execute && is_code(record)).then_some(record.key)
    }

    /// Begins the run of a tool that `act` invokes, as of `now`: the caller may invoke it, can pay the price, the method is there and takes
    /// the arguments, and the caller has CPU time left. Changes nothing.
    ///
    /// # Errors
    /// The refusal that the action would get; the action can be handed to `step` without a run then.
    pub fn begin_run(&self, act: &Act, now: Time) -> Result<Run, Refusal> {
        let Some(call) = Invocation::of(&act.action) else {
            return Err(Refusal::new(RefusalCode::NotExecutable, "the action invokes nothing"));
        };
        if self.principal(act.agent).is_none() {
            let detail = format!("{} is no living principal", self.id(act.agent));
            return Err(Refusal::new(RefusalCode::NoStanding, detail));
        }
        let now = now.max(self.clock.time);
        let mut plan = Plan { time: now, ..Plan::default() };
        let (record, _) = self.open_invocation(act, &call, &mut plan)?;
        if !is_code(record) {
            let detail = format!("{} is a service of time zero and has no code to run", record.id);
            return Err(Refusal::new(RefusalCode::NotExecutable, detail));
        }
        let one = self.rules.action_estimate[Resource::Cpu].saturating_add(1);
        self.admit(act.agent, &Charges::of(Resource::Cpu, one), now)?;
        let rules = &self.code.rules;
        let share = self.parts.limiter.share(act.agent, Resource::Cpu);
        let used = self.parts.limiter.used(act.agent, Resource::Cpu, now);
        let free_us = share.saturating_sub(used).saturating_sub(one - 1);
        let affordable = free_us.saturating_mul(rules.instructions_per_cpu_us.max(1));
        let mut run = self.run_of(act.agent, record, &call, now, plan);
        run.instructions_max = rules.run_instructions_max.min(affordable);
        run.is_short_of_cpu = affordable < rules.run_instructions_max;
        Ok(run)
    }

    /// A run as it begins, without having judged whether it may.
    pub(super) fn run_of(
        &self,
        agent: Key,
        record: &ArtifactRecord,
        call: &Invocation<'_>,
        time: Time,
        plan: Plan,
    ) -> Run {
        let frame = Frame {
            tool: record.key,
            version: record.version,
            caller: agent,
            method: call.method.clone(),
            args: call.args.clone(),
            allowance: call.allowance,
            operations: Vec::new(),
            before: Before { effects: plan.events.len(), states: plan.states.len(), ..Before::default() },
        };
        let mix = [self.clock.seed.0, self.clock.record, u64::from(agent.0)];
        Run {
            agent,
            time,
            seed: Value::List(mix.into_iter().map(|part| Value::Int(part.cast_signed())).collect()).digest(),
            plan,
            frames: vec![frame],
            pending: None,
            operations: 0,
            bytes: 0,
            instructions: 0,
            instructions_max: self.code.rules.run_instructions_max,
            is_short_of_cpu: false,
        }
    }

    /// What every invocation goes through before it is carried out: limits, permission with its price, and for code that somebody wrote the
    /// method and its arguments. Gives what the caller pays.
    pub(crate) fn open_invocation(
        &self,
        act: &Act,
        call: &Invocation<'_>,
        plan: &mut Plan,
    ) -> Result<(&ArtifactRecord, Scrip), Refusal> {
        plan.args_bytes = match plan.fits {
            true => call.args.bytes() as u64,
            false => self.call_bytes(call.method, call.args)?,
        };
        let record = self.find(call.artifact)?;
        let asked = Call {
            caller: act.agent,
            verb: Verb::Invoke,
            method: Some(call.method),
            args: Some(call.args),
            answers: &act.answers,
        };
        let fee = self.permit(record, &asked, plan)?;
        self.callable(record, call.method, call.args)?;
        Ok((record, fee))
    }

    /// The bytes of the arguments, when method and arguments keep the limits of the world.
    pub(super) fn call_bytes(&self, method: &str, args: &Value) -> Result<u64, Refusal> {
        let limits = &self.rules.limits;
        if method.len() > limits.name_bytes_max as usize {
            let detail = format!("a method name has at most {} bytes", limits.name_bytes_max);
            return Err(Refusal::new(RefusalCode::ArgumentInvalid, detail));
        }
        let depth_max = limits.args_depth_max as usize;
        if args.depth(depth_max) > depth_max {
            let detail = format!("the arguments nest deeper than {depth_max} levels");
            return Err(Refusal::new(RefusalCode::ArgumentInvalid, detail));
        }
        let bytes = args.bytes() as u64;
        if bytes > limits.args_bytes_max {
            let detail =
                format!("the arguments have {bytes} bytes, this world allows {}", limits.args_bytes_max);
            return Err(Refusal::new(RefusalCode::ArgumentInvalid, detail));
        }
        Ok(bytes)
    }

    /// Whether something can be invoked at all and, when it is code that somebody wrote, in this way.
    pub(super) fn callable(
        &self,
        record: &ArtifactRecord,
        method: &str,
        args: &Value,
    ) -> Result<(), Refusal> {
        if !record.can_execute {
            let detail = format!("{} is {}, not code", record.id, record.kind);
            return Err(Refusal::new(RefusalCode::NotExecutable, detail));
        }
        if is_code(record) { arguments::check(record, method, args) } else { Ok(()) }
    }
}

/// Whether what can be executed is code that somebody wrote, and not a part of the world itself.
pub(crate) fn is_code(record: &ArtifactRecord) -> bool {
    GenesisArtifact::from_key(record.key).is_none()
}
