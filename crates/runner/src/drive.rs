//! What both modes share: a host, its agents, their rests, and the mint's schedule.

use std::collections::VecDeque;

use ecology_minds::Then;
use ecology_rate_limiting::{Ask, Decision as RateDecision};
use ecology_types::{
    Act, Action, Axis, Charges, Command, Effect, Founder, Key, Lifecycle, Measurement, Refusal, RefusalCode,
    ReservationId, Resource, Seed, Sleep, Span, Thought, Time, WakeReason,
};
use ecology_world::{Event, LoopState, Scorer, Step, StepError, World};
use rustc_hash::FxHashMap;

use crate::bookkeeping::{Bookkeeping, Source, Took};
use crate::code::{Answered, Asker, Sent};
use crate::compose;
use crate::crew::{self, Crew, MakeMind};
use crate::enforcement::Enforcement;
use crate::host::{Host, HostError, Observer};
use crate::outcome::{Ended, RunOutcome};
use crate::sleepers::Sleepers;

/// What a drive is made of, besides the host.
pub struct Equipment {
    /// Measures every turn.
    pub meter: Source,
    /// Makes minds from configurations.
    pub make_mind: MakeMind,
    /// Scores what wins at the mint.
    pub scorer: Box<dyn Scorer>,
    /// Where all randomness of the run comes from.
    pub seed: Seed,
    /// What is there of the minds of earlier runs.
    pub minds: FormerMinds,
    /// Longest thought of a mind that thinks on a thread of its own.
    pub think_timeout: Span,
    /// Principals that join later, with the time of their arrival, ascending. Those who are there already are passed over.
    pub arrivals: Vec<(Time, Founder)>,
    /// Asks the code of contracts.
    pub code: Asker,
}

/// What is there of the minds of earlier runs, when a run begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum FormerMinds {
    /// Nobody has run this world yet.
    #[default]
    None,
    /// An earlier run ended before it could keep any.
    Lost,
    /// Their states, as they were kept.
    Kept(KeptMinds),
}

/// States of minds as an earlier run kept them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptMinds {
    /// The states.
    pub states: Vec<u8>,
    /// Whether they are those of the last record. After a crash they are those of the last snapshot, and what happened since is news to the minds.
    pub is_latest: bool,
}

/// What an event calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    /// A new agent.
    Join(Key),
    /// An agent that is gone.
    Leave(Key),
    /// A sleeper to wake.
    Wake(Key, WakeReason),
    /// A blocked agent that was given capacity.
    Unblock(Key),
    /// A paused agent whose configuration was written anew.
    Repair(Key),
}

/// What came of answering a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Nothing that concerns a loop.
    Nothing,
    /// The loop of the member at this place runs, or tries again later.
    Goes(usize),
    /// The member at this place is gone.
    Gone(usize),
}

/// A host with its agents.
pub(crate) struct Drive<'o> {
    pub(crate) host: Host,
    pub(crate) crew: Crew,
    pub(crate) sleepers: Sleepers,
    pub(crate) books: Bookkeeping,
    pub(crate) observer: &'o mut dyn Observer,
    pub(crate) seed: Seed,
    enforcement: Enforcement,
    /// Longest thought of a mind that thinks on a thread of its own.
    pub(crate) think_timeout: Span,
    /// Minds of an earlier run that could not go on from any state.
    pub(crate) minds_started_anew: usize,
    /// Principals that could not join because their id or their share had been taken.
    pub(crate) arrivals_refused: usize,
    scorer: Box<dyn Scorer>,
    calls: Vec<Call>,
    arrivals: VecDeque<(Time, Founder)>,
    /// Asks the code of contracts.
    pub(crate) code: Asker,
}

/// What a turn brings along to its step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Carried {
    /// The last event before it was decided what code is asked.
    pub(crate) seen: u64,
    /// What its thought took.
    pub(crate) thinking: Took,
}

/// Why a turn does not begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Short {
    pub(crate) resource: Resource,
    /// When there will be enough again by itself.
    pub(crate) until: Option<Time>,
    /// Whether nothing but a transfer can help: the share or the stock is too small.
    pub(crate) is_frozen: bool,
}

impl<'o> Drive<'o> {
    /// Takes up all agents that the world knows, in the state in which it knows them.
    pub(crate) fn new(
        host: Host,
        equipment: Equipment,
        now: Time,
        observer: &'o mut dyn Observer,
    ) -> Result<Self, HostError> {
        let handled = host.world().last_event();
        let world = host.world();
        let limits = compose::resource_limits(world.axes(), world.rules())?;
        let mut drive = Self {
            enforcement: Enforcement::new(limits, world),
            host,
            crew: Crew::new(equipment.seed, equipment.make_mind),
            sleepers: Sleepers::default(),
            books: Bookkeeping::new(equipment.meter),
            observer,
            seed: equipment.seed,
            think_timeout: equipment.think_timeout,
            minds_started_anew: 0,
            arrivals_refused: 0,
            scorer: equipment.scorer,
            calls: Vec::new(),
            arrivals: VecDeque::new(),
            code: equipment.code,
        };
        drive.arrivals = equipment
            .arrivals
            .into_iter()
            .filter(|(_, founder)| drive.world().principal_named(founder.id.as_str()).is_none())
            .collect();
        let agents = drive.world().parts().ontology.agents().to_vec();
        for agent in agents {
            drive.crew.join(agent);
            let state = drive.world().agents().get(agent).map(|row| row.state.clone()).unwrap_or_default();
            match state {
                LoopState::New => {
                    drive.lifecycle(agent, Lifecycle::Start, now)?;
                }
                LoopState::Sleeping { .. } => {
                    let Drive { host, sleepers, .. } = &mut drive;
                    if let Some(reason) = sleepers.sleep(host.world(), agent) {
                        drive.lifecycle(agent, Lifecycle::Wake(reason), now)?;
                    }
                }
                LoopState::Blocked { resource, until } => {
                    let Drive { host, sleepers, .. } = &mut drive;
                    sleepers.block(host.world(), agent, until, resource);
                }
                LoopState::Running
                | LoopState::BackingOff { .. }
                | LoopState::Paused
                | LoopState::Stopped => {}
            }
        }
        let Drive { host, crew, .. } = &mut drive;
        drive.minds_started_anew = match equipment.minds {
            FormerMinds::None => 0,
            FormerMinds::Lost => crew.begun(host.world()),
            FormerMinds::Kept(KeptMinds { states, is_latest }) => {
                let crew::Restored { minds, failed } = crew.restore(&states, host.world());
                // Whoever was not there yet when the states were kept has none, and may have thought since.
                if is_latest { failed } else { crew.begun(host.world()).saturating_sub(minds) }
            }
        };
        drive.catch_up(handled);
        Ok(drive)
    }

    /// Calls those who rest although what they waited for has happened: a crash can come between an event and the waking of those who
    /// waited for it, and the events between two runs were seen by nobody.
    fn catch_up(&mut self, until: u64) {
        let Drive { host, sleepers, calls, .. } = self;
        if sleepers.is_empty() {
            return;
        }
        let world = host.world();
        let mut rests_since: FxHashMap<Key, u64> = FxHashMap::default();
        for event in world.log().after(0) {
            if let Effect::AgentSlept { agent, .. } | Effect::AgentBlocked { agent, .. } = &event.effect {
                rests_since.insert(*agent, event.seq);
            }
        }
        for event in world.log().after(0).take_while(|event| event.seq <= until) {
            sleepers.concerned(world, &event, |agent, reason| {
                if rests_since.get(&agent).is_none_or(|since| event.seq > *since) {
                    calls.push(reason.map_or(Call::Unblock(agent), |reason| Call::Wake(agent, reason)));
                }
            });
        }
    }

    pub(crate) fn world(&self) -> &World {
        self.host.world()
    }

    /// Takes a step and collects what its events call for.
    pub(crate) fn step(&mut self, command: &Command, now: Time) -> Result<Step, HostError> {
        let Drive { host, sleepers, calls, observer, enforcement, .. } = self;
        step_and_collect(host, sleepers, calls, enforcement, *observer, command, now)
    }

    /// What has been called for since the last time, in the order of the events.
    pub(crate) fn take_calls(&mut self) -> Vec<Call> {
        std::mem::take(&mut self.calls)
    }

    /// Whether a key is that of a living agent.
    pub(crate) fn lives(&self, agent: Key) -> bool {
        self.world().principal(agent).is_some_and(|record| record.can_execute)
    }

    /// Records a change in the life of a loop, and gives whether there was a loop to change. An agent that somebody has deleted a moment ago has
    /// none any more: the event of that ends it, and there is nothing else to say about it.
    pub(crate) fn lifecycle(&mut self, agent: Key, change: Lifecycle, now: Time) -> Result<bool, HostError> {
        if !matches!(change, Lifecycle::Stop { .. }) && !self.lives(agent) {
            return Ok(false);
        }
        self.step(&Command::Lifecycle { agent, change }, now).map(|_| true)
    }

    /// Does what an event calls for.
    pub(crate) fn answer(&mut self, call: Call, now: Time) -> Result<Answer, HostError> {
        let (agent, change) = match call {
            Call::Join(agent) => {
                let at = self.crew.join(agent);
                let state = self.world().agents().get(agent).map(|row| &row.state);
                let begins = matches!(state, None | Some(LoopState::New | LoopState::Stopped));
                let goes = begins && self.lifecycle(agent, Lifecycle::Start, now)?;
                return Ok(if goes { Answer::Goes(at) } else { Answer::Nothing });
            }
            Call::Leave(agent) => {
                let Drive { host, sleepers, .. } = self;
                sleepers.forget(host.world(), agent);
                if self.world().agents().get(agent).is_some_and(|row| row.state != LoopState::Stopped) {
                    self.lifecycle(agent, Lifecycle::Stop { reason: "deleted".into() }, now)?;
                }
                return Ok(match self.crew.place(agent) {
                    Some(at) => {
                        self.crew.leave(at);
                        Answer::Gone(at)
                    }
                    None => Answer::Nothing,
                });
            }
            Call::Wake(agent, reason) if self.sleepers.contains(agent) => (agent, Lifecycle::Wake(reason)),
            Call::Unblock(agent) if self.sleepers.contains(agent) => (agent, Lifecycle::Unblock),
            Call::Repair(agent) if self.is_paused(agent) => (agent, Lifecycle::Resume),
            Call::Wake(..) | Call::Unblock(_) | Call::Repair(_) => return Ok(Answer::Nothing),
        };
        let Drive { host, sleepers, .. } = self;
        sleepers.forget(host.world(), agent);
        let goes = self.lifecycle(agent, change, now)?;
        Ok(match self.crew.place(agent) {
            Some(at) if goes => Answer::Goes(at),
            _ => Answer::Nothing,
        })
    }

    fn is_paused(&self, agent: Key) -> bool {
        self.world().agents().get(agent).is_some_and(|row| row.state == LoopState::Paused)
    }

    /// Whether a member can begin a turn: there is capacity for what its thought may use.
    pub(crate) fn shortage(&self, at: usize, now: Time) -> Option<Short> {
        let member = &self.crew.members[at];
        let (agent, estimate) = (member.agent, member.estimate());
        let world = self.world();
        let budget = Resource::LlmBudget;
        if estimate[budget] > 0
            && world.accounts().get(agent).map_or(0, |account| account.free(budget)) < estimate[budget]
        {
            return Some(Short { resource: budget, until: None, is_frozen: true });
        }
        let ask = Ask::Use { principal: agent, charges: &estimate };
        match world.parts().limiter.decide(&ask, now.max(world.time())) {
            RateDecision::Admit => None,
            RateDecision::Wait { until, resource } => {
                Some(Short { resource, until: (until != Time::NEVER).then_some(until), is_frozen: false })
            }
            RateDecision::Never { resource, .. } => Some(Short { resource, until: None, is_frozen: true }),
        }
    }

    /// Books all turns that have been measured, and stops whoever was measured to use more in one of them than its plan allows.
    ///
    /// A turn is judged by the plan that was in force when it was taken. What its agent was given since counts as well: nobody waits for
    /// what is there.
    pub(crate) fn book(&mut self, now: Time) -> Result<(), HostError> {
        let Drive { host, sleepers, calls, observer, books, enforcement, .. } = self;
        let booked = books.book(|command| {
            step_and_collect(host, sleepers, calls, enforcement, *observer, command, now).map(|_| ())
        })?;
        let exceeded: Vec<(Measurement, Lifecycle)> =
            booked.iter().filter_map(|row| Some((*row, enforcement.judge(row)?))).collect();
        enforcement.renew(host.world());
        for (row, change) in exceeded {
            if self.enforcement.judge(&row).is_some() {
                self.limit(row.principal, change, now)?;
            }
        }
        Ok(())
    }

    /// Books when there is enough for one record.
    pub(crate) fn book_if_full(&mut self, now: Time) -> Result<(), HostError> {
        if self.books.is_full() { self.book(now) } else { Ok(()) }
    }

    /// Brings plans up to date before anything new is measured: what was measured so far is judged by the former ones.
    fn renew_plans(&mut self, now: Time) -> Result<(), HostError> {
        if !self.enforcement.is_stale() {
            return Ok(());
        }
        self.book(now)?;
        self.books.start();
        Ok(())
    }

    /// Stops a loop until its agent is given more of what it lacks.
    fn limit(&mut self, agent: Key, change: Lifecycle, now: Time) -> Result<(), HostError> {
        let Lifecycle::Limit { resource, .. } = change else { return Ok(()) };
        let state = self.world().agents().get(agent).map(|row| &row.state);
        if matches!(state, Some(LoopState::Blocked { until: None, .. })) {
            return Ok(());
        }
        // One that has fallen asleep meanwhile is found by what it waits for only as long as the world knows it as a sleeper.
        let Drive { host, sleepers, .. } = &mut *self;
        sleepers.forget(host.world(), agent);
        if self.lifecycle(agent, change, now)? && self.is_blocked(agent) {
            let Drive { host, sleepers, .. } = &mut *self;
            sleepers.block(host.world(), agent, None, resource);
        }
        Ok(())
    }

    /// Whether the loop of an agent waits for capacity.
    pub(crate) fn is_blocked(&self, agent: Key) -> bool {
        self.world().agents().get(agent).is_some_and(|row| matches!(row.state, LoopState::Blocked { .. }))
    }

    /// Enters a thought that led to no action.
    pub(crate) fn enter_thought(&mut self, agent: Key, thinking: Took, now: Time) -> Result<(), HostError> {
        self.renew_plans(now)?;
        self.books.enter_thought(agent, thinking);
        self.book_if_exceeded(now)
    }

    /// Books at once when the last turn is known to have used too much already.
    fn book_if_exceeded(&mut self, now: Time) -> Result<(), HostError> {
        if self.books.last().is_some_and(|row| self.enforcement.judge(row).is_some()) {
            self.book(now)?;
            self.books.start();
        }
        Ok(())
    }

    /// The act that a member decided on.
    pub(crate) fn act_of(&self, at: usize, action: Action, usage: Charges, reservation: Option<u64>) -> Act {
        let member = &self.crew.members[at];
        let thought = Thought { reservation, usage, prompt_digest: member.config_version };
        Act { agent: member.agent, action, thought: Some(thought), answers: Vec::new() }
    }

    /// Carries out what a member decided and measures it. `thinking` is what its thought took, when that was measured.
    pub(crate) fn act(
        &mut self,
        at: usize,
        decision: ecology_minds::Decision,
        reservation: Option<u64>,
        thinking: Took,
        now: Time,
    ) -> Result<Then, HostError> {
        self.renew_plans(now)?;
        let seen = self.world().last_event();
        let act = self.act_of(at, decision.action, decision.usage, reservation);
        let command = self.code.command(self.host.world(), act, now);
        self.carry_out(at, &command, decision.then, Carried { seen, thinking }, now)
    }

    /// Has the code run that an act needs, beside the writer if need be.
    pub(crate) fn send(&mut self, act: Act, now: Time) -> Result<Sent, HostError> {
        self.renew_plans(now)?;
        Ok(self.code.send(self.host.world(), act, now))
    }

    /// Answers what code beside the writer asks, and gives what has come back.
    pub(crate) fn serve(&mut self) -> Vec<Answered> {
        self.code.serve(self.host.world())
    }

    /// What is to be done with what came back from beside the writer.
    pub(crate) fn come_back(&mut self, answered: Answered, now: Time) -> Sent {
        self.code.come_back(self.host.world(), answered, now)
    }

    /// Takes the step of a member's act and measures it.
    pub(crate) fn carry_out(
        &mut self,
        at: usize,
        command: &Command,
        then: Then,
        carried: Carried,
        now: Time,
    ) -> Result<Then, HostError> {
        let Carried { seen, thinking } = carried;
        let agent = self.crew.members[at].agent;
        let step = self.step(command, now)?;
        self.books.note_bytes(step.bandwidth_bytes + step.written_bytes);
        let acting = self.books.lap();
        self.books.enter(agent, thinking, acting, &step);
        self.book_if_exceeded(now)?;
        let member = &mut self.crew.members[at];
        member.seen = seen;
        if member.heeds_outcome() {
            member.remember(step.outcome);
        } else {
            member.forget_outcome();
        }
        Ok(match then {
            Then::Stop => {
                let Drive { host, sleepers, .. } = &mut *self;
                sleepers.forget(host.world(), agent);
                Then::Stop
            }
            // What it wanted to do next waits until it is given what it lacks.
            _ if self.is_blocked(agent) => Then::Continue,
            then => then,
        })
    }

    /// Gives up a thought that took too long. All that was set aside for it is charged: what it spent outside nobody knows.
    pub(crate) fn give_up(
        &mut self,
        at: usize,
        reservation: Option<ReservationId>,
        now: Time,
    ) -> Result<(), HostError> {
        let member = &self.crew.members[at];
        let agent = member.agent;
        let open = reservation.and_then(|reservation| self.world().reservations().get(reservation));
        let usage = open.map_or(Charges::NONE, |open| open.charges);
        let thought = Thought { reservation, usage, prompt_digest: member.config_version };
        if !self.lives(agent) {
            return match reservation {
                Some(reservation) => self.step(&Command::Release { reservation }, now).map(|_| ()),
                None => Ok(()),
            };
        }
        if self.is_blocked(agent) {
            // Its loop was stopped meanwhile and stays so.
            return self.step(&Command::Void { agent, thought }, now).map(|_| ());
        }
        let error = format!(
            "its thought did not end within {} ms (loops.think_timeout_ms) and was given up; what was set aside for it is charged",
            self.think_timeout.0 / 1_000
        );
        self.lifecycle(agent, Lifecycle::GiveUp { thought, error: error.into() }, now).map(|_| ())
    }

    /// Enters a sleep, unless what is waited for is there already. Gives whether the loop rests.
    pub(crate) fn sleep(&mut self, agent: Key, sleep: Sleep, now: Time) -> Result<bool, HostError> {
        if !self.lifecycle(agent, Lifecycle::Sleep(sleep), now)? {
            return Ok(true);
        }
        let Drive { host, sleepers, crew, .. } = self;
        match sleepers.sleep(host.world(), agent) {
            Some(reason) => {
                self.lifecycle(agent, Lifecycle::Wake(reason), now)?;
                Ok(false)
            }
            None => {
                if let Some(at) = crew.place(agent) {
                    crew.members[at].rest();
                }
                Ok(true)
            }
        }
    }

    /// When the next principal arrives.
    pub(crate) fn next_arrival(&self) -> Option<Time> {
        self.arrivals.front().map(|(when, _)| *when)
    }

    /// Lets those join whose time has come.
    pub(crate) fn welcome(&mut self, now: Time) -> Result<(), HostError> {
        while self.next_arrival().is_some_and(|when| when <= now) {
            let Some((_, founder)) = self.arrivals.pop_front() else { break };
            match self.step(&Command::AddPrincipal(Box::new(founder)), now) {
                Ok(_) => {}
                // An agent may have taken the id meanwhile; that is no reason to end everybody's run.
                Err(HostError::Step(StepError::Contradiction(_))) => self.arrivals_refused += 1,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Resolves the mint if that is due.
    pub(crate) fn mint(&mut self, now: Time) -> Result<(), HostError> {
        if !self.world().mint_is_due(now) {
            return Ok(());
        }
        let auction = self.world().pending_auction();
        let scores = auction
            .winners
            .iter()
            .map(|bid| {
                let Drive { host, scorer, .. } = self;
                let score = match host.world().live(bid.artifact) {
                    Some(artifact) => scorer.score(artifact),
                    None => Err(ecology_types::SmolStr::new_static("the artifact is gone")),
                };
                (bid.id, score)
            })
            .collect();
        self.step(&Command::ResolveMint { scores }, now).map(|_| ())
    }

    /// Takes a snapshot when one is due, and keeps the minds as they are then: a run that is killed is gone on with from there.
    pub(crate) fn snapshot_if_due(&mut self) -> Result<(), HostError> {
        if !self.host.is_snapshot_due() {
            return Ok(());
        }
        let minds = self.crew.save(self.host.world());
        self.host.keep(crew::MINDS_TAG, &minds)?;
        self.host.snapshot_with(self.observer)
    }

    /// Books what is left, ends the run in the journal, and keeps the minds' states for the next one.
    pub(crate) fn finish(mut self, ended: Ended, now: Time) -> Result<RunOutcome, HostError> {
        self.book(now)?;
        let limits = self.enforcement.outcome(self.world());
        let mut shadows = self.world().parts().shadow_reports();
        shadows.extend(limits.shadow.clone().map(|report| (Axis::ResourceLimits, report)));
        // What the shadows could not explain belongs to the history of the world, bounded by what they keep.
        for (axis, report) in shadows {
            for unexplained in report.first_unexplained {
                let detail = Refusal::new(RefusalCode::Unavailable, unexplained.detail).detail;
                self.step(&Command::Divergence { axis, detail }, now)?;
            }
        }
        self.step(&Command::EndRun { reason: ended.reason().into() }, now)?;
        // Looking at the configurations is a question to the world as well, so the verdicts come after it.
        let minds = self.crew.save(self.host.world());
        self.host.keep_verdicts()?;
        self.host.keep(crew::MINDS_TAG, &minds)?;
        self.host.sync()?;
        drop(minds);
        let code = self.code.counts();
        let Self { host, crew, sleepers, books, observer, minds_started_anew, arrivals_refused, .. } = self;
        crew.dismantle(&mut |part| observer.let_go(part));
        drop(sleepers);
        observer.let_go("sleepers");
        let nobody_cpu_ns = books.nobody_cpu_ns();
        drop(books);
        observer.let_go("bookkeeping");
        Ok(RunOutcome { ended, minds_started_anew, arrivals_refused, limits, nobody_cpu_ns, code, host })
    }
}

/// Takes a step and collects what its events call for.
fn step_and_collect(
    host: &mut Host,
    sleepers: &Sleepers,
    calls: &mut Vec<Call>,
    enforcement: &mut Enforcement,
    observer: &mut dyn Observer,
    command: &Command,
    now: Time,
) -> Result<Step, HostError> {
    let step = host.step(command, now, observer)?;
    let world = host.world();
    for event in world.last_events() {
        collect(world, sleepers, event, calls);
        enforcement.note(&event.effect);
    }
    Ok(step)
}

fn collect(world: &World, sleepers: &Sleepers, event: &Event, calls: &mut Vec<Call>) {
    sleepers.concerned(world, event, |agent, reason| {
        calls.push(reason.map_or(Call::Unblock(agent), |reason| Call::Wake(agent, reason)));
    });
    match &event.effect {
        Effect::ArtifactCreated(record) if record.has_standing && record.can_execute => {
            calls.push(Call::Join(record.key));
        }
        Effect::ArtifactDeleted { key } => calls.push(Call::Leave(*key)),
        Effect::ArtifactChanged { key, can_execute: Some(false), .. } => calls.push(Call::Leave(*key)),
        Effect::ArtifactChanged { key, content, can_execute, .. } => {
            let is_agent =
                world.principal(*key).is_some_and(|record| record.has_standing && record.can_execute);
            if is_agent && *can_execute == Some(true) {
                calls.push(Call::Join(*key));
            }
            if is_agent && content.is_some() {
                calls.push(Call::Repair(*key));
            }
        }
        _ => {}
    }
}

/// Time between two moments, at least one microsecond: a loop that takes no time at all would never let the clock move.
pub(crate) fn at_least_a_moment(span: Span) -> Span {
    Span(span.0.max(1))
}
