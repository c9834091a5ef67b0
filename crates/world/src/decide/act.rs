//! One turn of an agent: it pays for its thought, then its action is carried out or refused as a whole.

use std::sync::Arc;

use ecology_rate_limiting::{Ask, Decision, NeverReason};
use ecology_types::{
    Act, Action, Charges, Draft, Effect, Id, Key, Outcome, Refusal, RefusalCode, ReservationId, Resource,
    SmolStr, Thought, Time, Value, Verb,
};

use super::permission::Call;
use crate::event_log::Event;
use crate::result::{id_value, row};
use crate::services::{self, Caller};
use crate::step::Plan;
use crate::world::World;

/// What carrying out an action gives, before it is known whether the rates allow it.
#[derive(Debug, Default)]
pub(crate) struct Done {
    pub(crate) result: Value,
    pub(crate) target: Option<Key>,
    pub(crate) written_bytes: u64,
    /// Bytes of the result that the request does not contain.
    pub(crate) result_bytes: u64,
}

impl Done {
    /// Done with a result and nothing else to account for.
    pub(crate) fn of(result: Value) -> Self {
        Self { result, ..Self::default() }
    }
}

impl World {
    pub(crate) fn decide_act(&self, act: &Act, now: Time, plan: &mut Plan) -> Outcome {
        let unpaid = match &act.thought {
            Some(thought) if self.open_reservation(act.agent, thought).is_none() => thought.usage,
            _ => Charges::NONE,
        };
        let reserve = Charges::of(Resource::Cpu, self.rules.action_estimate[Resource::Cpu]);
        let before = plan.events.len();
        let mut owes = false;
        // What leads to the action and the action itself come before what it changes.
        if let Some(thought) = &act.thought {
            self.plan_thought(act.agent, thought, plan);
        }
        self.plan_cpu(act.agent, reserve, plan);
        let action_at = plan.events.len();
        let (verb, method) = (act.action.verb(), method_of(&act.action));
        plan.push(Effect::ActionDone { verb, target: None, method, charges: Charges::NONE });
        let carried = self.carry_out(act, now, plan);
        let checked = carried.and_then(|done| {
            let charges = charges_of(act, &done, plan.args_bytes);
            let total = unpaid.saturating_add(&charges).saturating_add(&reserve);
            // What the action gives away is not there any more to pay for it.
            let total = total.saturating_add(&given_away(act.agent, &plan.events[action_at..]));
            self.admit(act.agent, &total, now)?;
            let bookings = [&unpaid, &charges, &reserve].into_iter().filter(|part| !part.is_none()).count();
            if bookings > 1 {
                self.owes_no_window(act.agent, &total, now).inspect_err(|_| owes = true)?;
            }
            Ok((done, charges))
        });
        match checked {
            Ok((done, charges)) => {
                // Only now it is known what the action was about and what it used up.
                if let Some(Event { effect: Effect::ActionDone { target, charges: used, .. }, .. }) =
                    plan.events.get_mut(action_at)
                {
                    (*target, *used) = (done.target, charges);
                }
                if let Some(thought) = &act.thought {
                    self.plan_settlement(act.agent, thought, plan);
                }
                plan.written_bytes = done.written_bytes;
                plan.bandwidth_bytes = charges[Resource::Bandwidth];
                Ok(done.result)
            }
            Err(refusal) => {
                plan.events.truncate(before);
                plan.reservation = None;
                // The thought is paid for even when the action is refused, unless there is no capacity for the thought itself.
                if let Some(thought) = &act.thought {
                    // Its CPU time is booked as well, so that nobody thinks for free by being refused.
                    let both = unpaid.saturating_add(&reserve);
                    if self.admit(act.agent, &both, now).is_ok()
                        && (unpaid.is_none() || self.owes_no_window(act.agent, &both, now).is_ok())
                    {
                        self.plan_thought(act.agent, thought, plan);
                        self.plan_cpu(act.agent, reserve, plan);
                    } else if unpaid.is_none() || self.admit(act.agent, &unpaid, now).is_ok() {
                        self.plan_thought(act.agent, thought, plan);
                    }
                }
                if owes && unpaid.is_none() && plan.reservation.is_none() {
                    plan.push(Effect::Charged { principal: act.agent, charges: Charges::NONE });
                }
                plan.push(Effect::ActionRefused {
                    verb: act.action.verb(),
                    target: act.action.target().cloned(),
                    method: method_of(&act.action).map(|method| shorten(&method)),
                    code: refusal.code,
                    detail: refusal.detail.clone(),
                });
                if let Some(thought) = &act.thought {
                    self.plan_settlement(act.agent, thought, plan);
                }
                Err(refusal)
            }
        }
    }

    /// Sets CPU time aside for the turn, to be settled with what is measured.
    fn plan_cpu(&self, agent: Key, reserve: Charges, plan: &mut Plan) {
        if !reserve.is_none() {
            let reservation = self.reservations.next();
            plan.reservation = Some(reservation);
            plan.push(Effect::ReservationMade { reservation, principal: agent, charges: reserve });
        }
    }

    /// The reservation that a thought settles, when it is open and of this agent.
    pub(crate) fn open_reservation(&self, agent: Key, thought: &Thought) -> Option<ReservationId> {
        thought.reservation.filter(|reservation| {
            self.reservations.get(*reservation).is_some_and(|open| open.principal == agent)
        })
    }

    pub(crate) fn plan_thought(&self, agent: Key, thought: &Thought, plan: &mut Plan) {
        plan.push(Effect::Thought {
            agent,
            usage: thought.usage,
            reservation: self.open_reservation(agent, thought),
            prompt_digest: thought.prompt_digest,
        });
    }

    /// Settles the reservation of a thought, after everything else: an overrun that shows here is owed by the *next* use, and what was
    /// admitted a moment ago did not include it.
    pub(crate) fn plan_settlement(&self, agent: Key, thought: &Thought, plan: &mut Plan) {
        if let Some(reservation) = self.open_reservation(agent, thought) {
            plan.push(Effect::ReservationSettled { reservation, principal: agent, used: thought.usage });
        }
    }

    /// A use pays off what is owed from overruns, as much of it as fits a window. When a turn is booked in several parts, each would pay
    /// off another windowful; so whoever owes more than one window has room for pays that off first, a window at a time, and then acts.
    fn owes_no_window(&self, agent: Key, total: &Charges, now: Time) -> Result<(), Refusal> {
        if !self.parts.limiter.owes(agent) {
            return Ok(());
        }
        for resource in Resource::RENEWABLE {
            let owed = self.parts.limiter.overrun(agent, resource);
            let share = self.parts.limiter.share(agent, resource);
            if owed > 0 && total[resource].saturating_add(owed) > share {
                let detail = format!(
                    "{} owes {owed} {} of {resource} from earlier overruns, more than is left of its share of {share}; \
                     this window pays off what fits",
                    self.id(agent),
                    resource.unit()
                );
                let until = now.after(self.parts.limiter.window());
                return Err(Refusal::new(RefusalCode::RateExceeded, detail).until(until));
            }
        }
        Ok(())
    }

    /// Whether a principal can pay for all of `charges` now: money from its stock, rates from its shares, all or nothing.
    pub(crate) fn admit(&self, principal: Key, charges: &Charges, now: Time) -> Result<(), Refusal> {
        let dollars = charges[Resource::LlmBudget];
        if dollars > 0 {
            let free = self.accounts.get(principal).map_or(0, |account| account.free(Resource::LlmBudget));
            if free < dollars {
                let detail =
                    format!("{} has {free} micro-dollars left and {dollars} are needed", self.id(principal));
                return Err(Refusal::new(RefusalCode::InsufficientQuota, detail));
            }
        }
        match self.parts.limiter.decide(&Ask::Use { principal, charges }, now) {
            Decision::Admit => Ok(()),
            Decision::Wait { until, resource } => {
                let share = self.parts.limiter.share(principal, resource);
                let used = self.parts.limiter.used(principal, resource, now);
                let detail = format!(
                    "{} has used {used} of its {share} {} of {resource} and needs {} more",
                    self.id(principal),
                    resource.unit(),
                    charges[resource]
                );
                Err(Refusal::new(RefusalCode::RateExceeded, detail).until(until))
            }
            Decision::Never { why: NeverReason::AboveShare { share, needed }, resource } => {
                let detail = format!(
                    "{} needs {needed} {} of {resource} at once and its whole share of one window is {share}",
                    self.id(principal),
                    resource.unit()
                );
                Err(Refusal::new(RefusalCode::RateTooLarge, detail))
            }
        }
    }

    fn carry_out(&self, act: &Act, now: Time, plan: &mut Plan) -> Result<Done, Refusal> {
        if self.principal(act.agent).is_none() {
            let detail = format!("{} is no living principal", self.id(act.agent));
            return Err(Refusal::new(RefusalCode::NoStanding, detail));
        }
        if let Some(thought) = &act.thought
            && let Some(reservation) = thought.reservation
            && self.open_reservation(act.agent, thought).is_none()
        {
            let detail = format!("{} has no open reservation {reservation}", self.id(act.agent));
            return Err(Refusal::new(RefusalCode::ReservationUnknown, detail));
        }
        match &act.action {
            Action::Noop => Ok(Done::default()),
            Action::Read { artifact } => self.decide_read(act, artifact, plan),
            Action::Write(draft) => self.decide_write(act.agent, draft, &act.answers, now, plan),
            Action::Edit { artifact, find, replace, expected_version } => {
                self.decide_edit(act, artifact, find, replace, *expected_version, plan)
            }
            Action::Delete { artifact } => self.decide_delete(act.agent, artifact, &act.answers, plan),
            Action::Invoke { artifact, method, args } => {
                self.decide_invoke(act, artifact, method, args, now, plan)
            }
            Action::InvokeAllowing(call) => {
                self.decide_invoke(act, &call.artifact, &call.method, &call.args, now, plan)
            }
        }
    }

    fn decide_read(&self, act: &Act, artifact: &Id, plan: &mut Plan) -> Result<Done, Refusal> {
        let record = self.find(artifact)?;
        self.permit(record, &Call::of(act.agent, Verb::Read, &act.answers), plan)?;
        let name = |key: Key| self.id(key).clone();
        let result = row([
            ("id", id_value(artifact)),
            ("content", Value::Text(SmolStr::from(Arc::clone(&record.content)))),
            ("version", Value::count(record.version)),
            ("metadata", self.parts.ontology.describe(record, &name)),
        ]);
        Ok(Done {
            result,
            target: Some(record.key),
            written_bytes: 0,
            result_bytes: record.content.len() as u64,
        })
    }

    fn decide_invoke(
        &self,
        act: &Act,
        artifact: &Id,
        method: &SmolStr,
        args: &Value,
        now: Time,
        plan: &mut Plan,
    ) -> Result<Done, Refusal> {
        let bytes = args.bytes() as u64;
        plan.args_bytes = bytes;
        if !plan.fits {
            self.refuse_large(method, args, bytes)?;
        }
        let record = self.find(artifact)?;
        let call = Call {
            caller: act.agent,
            verb: Verb::Invoke,
            method: Some(method),
            args: Some(args),
            answers: &act.answers,
        };
        let fee = self.permit(record, &call, plan)?;
        if !record.can_execute {
            let detail = format!("{artifact} is {}, not code", record.kind);
            return Err(Refusal::new(RefusalCode::NotExecutable, detail));
        }
        let caller = Caller { key: act.agent, fee, answers: &act.answers, now };
        let mut done = services::invoke(self, record, method, args, &caller, plan)?;
        done.target = Some(record.key);
        if done.result_bytes == 0 {
            done.result_bytes = done.result.bytes() as u64;
        }
        Ok(done)
    }

    /// Refuses an invocation that is larger than a limit.
    fn refuse_large(&self, method: &SmolStr, args: &Value, bytes: u64) -> Result<(), Refusal> {
        let limits = &self.rules.limits;
        let depth_max = limits.args_depth_max as usize;
        let detail = if method.len() > limits.name_bytes_max as usize {
            format!("a method name has at most {} bytes", limits.name_bytes_max)
        } else if args.depth(depth_max) > depth_max {
            format!("the arguments nest deeper than {depth_max} levels")
        } else if bytes > limits.args_bytes_max {
            format!("the arguments have {bytes} bytes, this world allows {}", limits.args_bytes_max)
        } else {
            return Ok(());
        };
        Err(Refusal::new(RefusalCode::ArgumentInvalid, detail))
    }

    /// The live artifact that an action names, or why there is none.
    pub(crate) fn find(&self, id: &Id) -> Result<&ecology_types::ArtifactRecord, Refusal> {
        use ecology_ontology::Resolution;
        let Some(key) = self.symbols.key(id.as_str()) else {
            return Err(Refusal::new(RefusalCode::ArtifactNotFound, format!("{id} does not exist")));
        };
        match self.parts.ontology.artifact(key) {
            Resolution::Live(record) => Ok(record),
            Resolution::Tombstone => {
                Err(Refusal::new(RefusalCode::ArtifactDeleted, format!("{id} was deleted")))
            }
            Resolution::Free => {
                Err(Refusal::new(RefusalCode::ArtifactNotFound, format!("{id} does not exist")))
            }
        }
    }
}

/// What an action uses up by the rules: the bytes of request and result, and those that it writes.
fn charges_of(act: &Act, done: &Done, args_bytes: u64) -> Charges {
    let request = match &act.action {
        Action::Noop => 0,
        Action::Read { artifact } | Action::Delete { artifact } => artifact.as_str().len(),
        Action::Write(draft) => draft_bytes(draft),
        Action::Edit { artifact, find, replace, .. } => artifact.as_str().len() + find.len() + replace.len(),
        Action::Invoke { artifact, method, .. } => artifact.as_str().len() + method.len(),
        Action::InvokeAllowing(call) => call.artifact.as_str().len() + call.method.len(),
    };
    Charges::of(Resource::Bandwidth, request as u64 + args_bytes + done.result_bytes)
        .with(Resource::DiskWrites, done.written_bytes)
}

/// The quotas that an agent gives to others.
fn given_away(agent: Key, events: &[Event]) -> Charges {
    let mut given = Charges::NONE;
    for event in events {
        if let Effect::QuotaTransferred { from, to, resource, amount } = &event.effect
            && *from == agent
            && *to != agent
        {
            given[*resource] = given[*resource].saturating_add(*amount);
        }
    }
    given
}

/// The bytes of a request to write: everything in it that an agent chooses freely.
fn draft_bytes(draft: &Draft) -> usize {
    let mentioned = |id: &Option<Id>| id.as_ref().map_or(0, |id| id.as_str().len());
    let policy: usize = draft.policy.as_ref().map_or(0, |policy| {
        [&policy.read, &policy.write, &policy.invoke].into_iter().flatten().map(SmolStr::len).sum()
    });
    let interface = draft.interface.as_deref().map_or(0, crate::disk::interface_bytes);
    draft.artifact.as_str().len()
        + draft.content.len()
        + mentioned(&draft.access_contract)
        + mentioned(&draft.memory)
        + policy
        + usize::try_from(interface).unwrap_or(usize::MAX)
}

fn method_of(action: &Action) -> Option<SmolStr> {
    match action {
        Action::Invoke { method, .. } => Some(method.clone()),
        Action::InvokeAllowing(call) => Some(call.method.clone()),
        _ => None,
    }
}

/// Method names of refused actions come from agents and are kept in the log: short, and on one line.
fn shorten(method: &SmolStr) -> SmolStr {
    if method.len() <= 64 && !method.chars().any(char::is_control) {
        return method.clone();
    }
    method.chars().filter(|c| !c.is_control()).take(64).collect()
}
