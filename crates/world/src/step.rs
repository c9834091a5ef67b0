//! The one way to change a world.

use ecology_types::{Command, Effect, Key, Outcome, RecordRef, ReservationId, Scrip, SmolStr, Time, Value};

use crate::event_log::Event;
use crate::oversize;
use crate::world::{World, creates};

/// What came of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Done with a result, or refused with a reason.
    pub outcome: Outcome,
    /// The number of the record.
    pub record: u64,
    /// The number of its first event; its events are the last ones of the log.
    pub first_event: u64,
    /// The encoded record for a journal; empty when encoding is off.
    pub bytes: Vec<u8>,
    /// The reservation that the step made, to be settled with what is measured.
    pub reservation: Option<ReservationId>,
    /// Bytes of request and result, for measuring.
    pub bandwidth_bytes: u64,
    /// Bytes that the step wrote, for measuring.
    pub written_bytes: u64,
}

/// A command that makes no sense in the present state: a mistake of the program that runs the world, never of an agent.
/// Nothing changed and nothing is recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// The world exists already.
    #[error(
        "the world exists already; Create is the first command of a journal and the only one of its kind"
    )]
    AlreadyCreated,
    /// The world does not exist yet.
    #[error("the world has not been created; its first command must be Create")]
    NotCreated,
    /// The world of time zero cannot be made like this.
    #[error("the world of time zero cannot be made: {0}")]
    Genesis(String),
    /// The command contradicts the state.
    #[error("{0}")]
    Contradiction(String),
    /// The record could not be encoded.
    #[error("the record cannot be encoded: {0}")]
    Encoding(String),
}

/// The largest room for events that is kept from one step to the next.
const RECENT_LEN_MAX: usize = 2_048;

/// What a decision consists of, before it is applied.
///
/// Effects are planned as the events that they will be, in the room where they stay until the next step: nothing is moved when they are
/// applied.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) events: Vec<Event>,
    pub(crate) actor: Option<Key>,
    pub(crate) time: Time,
    pub(crate) record: u64,
    /// Whether it is known that the command keeps to the limits on size.
    pub(crate) fits: bool,
    pub(crate) reservation: Option<ReservationId>,
    pub(crate) bandwidth_bytes: u64,
    pub(crate) written_bytes: u64,
    /// Bytes of the arguments of an invocation.
    pub(crate) args_bytes: u64,
    /// Ids that this plan interns, so that one id is not interned twice.
    pub(crate) interned: Vec<(SmolStr, Key)>,
    /// Who pays instead of a caller that has no account, and how much at most: the allowance of a tool.
    pub(crate) purse: Option<(Key, Scrip)>,
    /// CPU time of the tools that ran for this action, in microseconds, by whom it is borne.
    pub(crate) run_cpu: Vec<(Key, u64)>,
    /// When questions are all that is wanted: those that the code of contracts has to be asked.
    pub(crate) asking: Option<Vec<crate::check::Question>>,
    /// CPU time of code that ran outside for this action, in microseconds, by who bears it.
    pub(crate) code_cpu: Vec<(Key, u64)>,
    /// The states that contracts give themselves when the action is carried out.
    pub(crate) states: Vec<(Key, Value)>,
}

impl Plan {
    #[inline(always)]
    pub(crate) fn push(&mut self, effect: Effect) {
        // Numbers are given when it is certain what comes before.
        self.events.push(Event { seq: 0, time: self.time, actor: self.actor, cause: self.record, effect });
    }

    /// What is planned so far.
    pub(crate) fn effects(&self) -> impl DoubleEndedIterator<Item = &Effect> {
        self.events.iter().map(|event| &event.effect)
    }

    pub(crate) fn extend(&mut self, effects: impl IntoIterator<Item = Effect>) {
        effects.into_iter().for_each(|effect| self.push(effect));
    }
}

impl World {
    /// Decides a command as of `now` and applies what comes of it.
    ///
    /// Pure in everything but `self`: the same state, command and time give the same effects. Time never goes back: a `now` before the
    /// last record counts as the time of that record.
    ///
    /// # Errors
    /// [`StepError`] for a command that makes no sense in the present state. What an agent does wrong is an outcome, not an error.
    pub fn step(&mut self, command: &Command, now: Time) -> Result<Step, StepError> {
        let mut bytes = Vec::with_capacity(256);
        let step = self.step_with(command, now, Some(&mut bytes))?;
        Ok(Step { bytes, ..step })
    }

    /// The same with the record appended to `into`, so that many records can share one buffer; [`Step::bytes`] stays empty.
    ///
    /// # Errors
    /// As [`World::step`]; `into` is then as it was before.
    pub fn step_into(&mut self, command: &Command, now: Time, into: &mut Vec<u8>) -> Result<Step, StepError> {
        let before = into.len();
        self.step_with(command, now, Some(into)).inspect_err(|_| into.truncate(before))
    }

    /// The same without encoding the record, for worlds that keep no journal.
    ///
    /// # Errors
    /// As [`World::step`].
    pub fn step_unrecorded(&mut self, command: &Command, now: Time) -> Result<Step, StepError> {
        self.step_with(command, now, None)
    }

    /// What would come of a command now, without doing it: for asking another implementation about a recorded history.
    ///
    /// # Errors
    /// As [`World::step`].
    pub fn would(&self, command: &Command, now: Time) -> Result<(Outcome, Vec<Effect>), StepError> {
        match (self.clock.record == 0, creates(command)) {
            (true, false) => return Err(StepError::NotCreated),
            (false, true) => return Err(StepError::AlreadyCreated),
            _ => {}
        }
        let now = now.max(self.clock.time);
        let mut plan = Plan { time: now, ..Plan::default() };
        let outcome = self.decide(command, now, &mut plan)?;
        Ok((outcome, plan.events.into_iter().map(|event| event.effect).collect()))
    }

    fn step_with(
        &mut self,
        command: &Command,
        now: Time,
        into: Option<&mut Vec<u8>>,
    ) -> Result<Step, StepError> {
        match (self.clock.record == 0, creates(command)) {
            (true, false) => return Err(StepError::NotCreated),
            (false, true) => return Err(StepError::AlreadyCreated),
            _ => {}
        }
        let now = now.max(self.clock.time);
        let cut = oversize::cut(command, &self.rules.limits);
        let command = cut.as_ref().unwrap_or(command);
        let actor = actor_of(command);
        if let Some(unknown) = actor.filter(|actor| actor.index() >= self.symbols.len()) {
            return Err(StepError::Contradiction(format!("nobody has the key {}", unknown.0)));
        }
        let mut events = std::mem::take(&mut self.recent);
        events.clear();
        if events.capacity() > RECENT_LEN_MAX {
            events = Vec::new();
        }
        let record = self.clock.record + 1;
        // What a run does has limits of its own, so only plain actions fit as a whole once `oversize::cut` has looked at them.
        let fits = cut.is_none() && matches!(command, Command::Act(_));
        let mut plan = Plan { events, actor, time: now, record, fits, ..Plan::default() };
        let outcome = self.decide(command, now, &mut plan)?;
        let first_event = self.clock.event + 1;
        let mut ends = std::mem::take(&mut self.ends);
        ends.clear();
        let encoded: Option<&[u8]> = match into {
            Some(into) => {
                let (time, axes, effects) = (now, self.parts.axes, [].as_slice());
                let head = RecordRef { number: record, first_event, time, axes, actor, command, effects };
                head.encode_into(plan.events.iter().map(|event| &event.effect), into, |end| ends.push(end))
                    .map_err(|error| StepError::Encoding(error.to_string()))?;
                Some(into)
            }
            None => None,
        };
        self.begin_record(now);
        self.recent = plan.events;
        self.commit(encoded.map(|bytes| (bytes, ends.as_slice())));
        self.ends = ends;
        Ok(Step {
            outcome,
            record,
            first_event,
            bytes: Vec::new(),
            reservation: plan.reservation,
            bandwidth_bytes: plan.bandwidth_bytes,
            written_bytes: plan.written_bytes,
        })
    }

    fn decide(&self, command: &Command, now: Time, plan: &mut Plan) -> Result<Outcome, StepError> {
        match command {
            Command::Create(genesis) => self.decide_create(genesis, now, plan)?,
            Command::SetRules(rules) => self.decide_rules(rules, plan)?,
            Command::StartRun { version, scenario, seed, axes } => {
                self.decide_start_run(version, scenario, *seed, *axes, plan);
            }
            Command::EndRun { reason } => plan.push(Effect::RunEnded { reason: reason.clone() }),
            Command::Tick => plan.push(Effect::TickStarted { tick: self.clock.tick + 1 }),
            Command::AddPrincipal(founder) => self.decide_founder(founder, now, plan)?,
            Command::AddPrincipals(founders) => self.decide_founders(founders, now, plan)?,
            Command::AddArtifacts(artifacts) => self.decide_artifacts(artifacts, now, plan)?,
            Command::Reserve { agent, charges } => {
                return Ok(self.decide_reserve(*agent, charges, now, plan));
            }
            Command::Release { reservation } => {
                let Some(open) = self.reservations.get(*reservation) else {
                    return Err(StepError::Contradiction(format!("reservation {reservation} is not open")));
                };
                plan.push(Effect::ReservationReleased {
                    reservation: *reservation,
                    principal: open.principal,
                });
            }
            Command::Act(act) => return Ok(self.decide_act(act, None, now, plan)),
            Command::ActByTool(turn) => return Ok(self.decide_act(&turn.act, Some(&turn.run), now, plan)),
            Command::SetCodeRules(rules) => plan.push(Effect::CodeRulesSet(rules.clone())),
            Command::Void { agent, thought } => {
                let open = self.open_reservation(*agent, thought);
                // Like the thought of a refused action, one without a reservation is paid for while there is capacity for it.
                if open.is_some() || self.admit(*agent, &thought.usage, now).is_ok() {
                    self.plan_thought(*agent, thought, plan);
                }
                plan.push(Effect::AgentVoided { agent: *agent });
                self.plan_settlement(*agent, thought, plan);
            }
            Command::Settle { rows } => self.decide_settle(rows, plan),
            Command::Lifecycle { agent, change } => self.decide_lifecycle(*agent, change, now, plan)?,
            Command::ResolveMint { scores } => self.decide_mint(scores, now, plan)?,
            Command::Migrate(step) => self.decide_migrate(step, now, plan)?,
            Command::Divergence { axis, detail } => {
                plan.push(Effect::PermissionDivergence { axis: *axis, detail: detail.clone() });
            }
        }
        Ok(Ok(Value::Null))
    }
}

const fn actor_of(command: &Command) -> Option<Key> {
    match command {
        Command::Act(act) => Some(act.agent),
        Command::ActByTool(turn) => Some(turn.act.agent),
        Command::Reserve { agent, .. } | Command::Void { agent, .. } | Command::Lifecycle { agent, .. } => {
            Some(*agent)
        }
        _ => None,
    }
}
