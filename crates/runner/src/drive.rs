//! What both modes share: a host, its agents, their rests, and the mint's schedule.

use std::collections::VecDeque;

use ecology_metering::Meter;
use ecology_minds::Then;
use ecology_types::{
    Act, Command, Effect, Founder, Key, Lifecycle, RefusalCode, Resource, Seed, Sleep, Span, Thought, Time, WakeReason,
};
use ecology_world::{Event, LoopState, Scorer, Step, World};

use crate::bookkeeping::Bookkeeping;
use crate::crew::Crew;
use crate::host::{Host, HostError, Observer};
use crate::sleepers::Sleepers;

/// What a drive is made of, besides the host.
pub struct Equipment {
    /// Measures every turn.
    pub meter: Box<dyn Meter>,
    /// Scores what wins at the mint.
    pub scorer: Box<dyn Scorer>,
    /// Where all randomness of the run comes from.
    pub seed: Seed,
    /// States of minds from an earlier run that ended at this very record.
    pub minds: Option<Vec<u8>>,
    /// Principals that join later, with the time of their arrival, ascending. Those who are there already are passed over.
    pub arrivals: Vec<(Time, Founder)>,
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
}

/// A host with its agents.
pub(crate) struct Drive<'o> {
    pub(crate) host: Host,
    pub(crate) crew: Crew,
    pub(crate) sleepers: Sleepers,
    pub(crate) books: Bookkeeping,
    pub(crate) observer: &'o mut dyn Observer,
    pub(crate) seed: Seed,
    /// Minds of an earlier run that could not go on where they were.
    pub(crate) minds_started_anew: usize,
    scorer: Box<dyn Scorer>,
    calls: Vec<Call>,
    handled: u64,
    arrivals: VecDeque<(Time, Founder)>,
}

/// Why a turn does not begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Short {
    pub(crate) resource: Resource,
    pub(crate) until: Option<Time>,
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
        let mut drive = Self {
            host,
            crew: Crew::new(equipment.seed),
            sleepers: Sleepers::default(),
            books: Bookkeeping::new(equipment.meter),
            observer,
            seed: equipment.seed,
            minds_started_anew: 0,
            scorer: equipment.scorer,
            calls: Vec::new(),
            handled,
            arrivals: VecDeque::new(),
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
                LoopState::New => drive.lifecycle(agent, Lifecycle::Start, now)?,
                LoopState::Sleeping { until, on } => {
                    let Drive { host, sleepers, .. } = &mut drive;
                    if let Some(reason) = sleepers.sleep(host.world(), agent, until, &on) {
                        drive.lifecycle(agent, Lifecycle::Wake(reason), now)?;
                    }
                }
                LoopState::Blocked { resource, until } => drive.sleepers.block(agent, until, resource),
                LoopState::Running | LoopState::BackingOff { .. } | LoopState::Paused | LoopState::Stopped => {}
            }
        }
        if let Some(minds) = equipment.minds {
            let Drive { host, crew, .. } = &mut drive;
            drive.minds_started_anew = crew.restore(&minds, host.world());
        }
        drive.calls.clear();
        Ok(drive)
    }

    pub(crate) fn world(&self) -> &World {
        self.host.world()
    }

    /// Takes a step and collects what its events call for.
    pub(crate) fn step(&mut self, command: &Command, now: Time) -> Result<Step, HostError> {
        let step = self.host.step(command, now, self.observer)?;
        let Drive { host, sleepers, calls, handled, .. } = self;
        let world = host.world();
        for event in world.log().after(*handled) {
            collect(world, sleepers, event, calls);
        }
        *handled = world.last_event();
        Ok(step)
    }

    /// What has been called for since the last time, in the order of the events.
    pub(crate) fn take_calls(&mut self) -> Vec<Call> {
        std::mem::take(&mut self.calls)
    }

    pub(crate) fn lifecycle(&mut self, agent: Key, change: Lifecycle, now: Time) -> Result<(), HostError> {
        self.step(&Command::Lifecycle { agent, change }, now).map(|_| ())
    }

    /// Whether a member can begin a turn: its loop runs and there is capacity for what its thought may use.
    pub(crate) fn shortage(&self, at: usize, now: Time) -> Option<Short> {
        let member = &self.crew.members[at];
        let estimate = member.estimate();
        let refusal = self.world().would_admit(member.agent, &estimate, now).err()?;
        let resource = estimate
            .iter()
            .map(|(resource, _)| resource)
            .find(|resource| refusal.detail.contains(resource.name()))
            .unwrap_or(if refusal.code == RefusalCode::InsufficientQuota {
                Resource::LlmBudget
            } else {
                Resource::LlmCalls
            });
        Some(Short { resource, until: refusal.retry_at.filter(|until| *until != Time::NEVER) })
    }

    /// Carries out what a member decided and measures it. `thinking` is what its thought took, when that was measured.
    pub(crate) fn act(
        &mut self,
        at: usize,
        decision: ecology_minds::Decision,
        reservation: Option<u64>,
        thinking: ecology_metering::Reading,
        now: Time,
    ) -> Result<Then, HostError> {
        let member = &self.crew.members[at];
        let agent = member.agent;
        let thought = Thought { reservation, usage: decision.usage, prompt_digest: member.config_version };
        let seen = self.world().last_event();
        let command =
            Command::Act(Act { agent, action: decision.action, thought: Some(thought), answers: Vec::new() });
        let step = self.step(&command, now)?;
        self.books.note_bytes(step.bandwidth_bytes + step.written_bytes);
        let acting = self.books.lap();
        self.books.enter(agent, thinking, acting, &step);
        let member = &mut self.crew.members[at];
        member.seen = seen;
        member.last_outcome = Some(step.outcome);
        Ok(decision.then)
    }

    /// Enters a sleep, unless what is waited for is there already. Gives whether the agent sleeps.
    pub(crate) fn sleep(&mut self, agent: Key, sleep: Sleep, now: Time) -> Result<bool, HostError> {
        self.lifecycle(agent, Lifecycle::Sleep(sleep), now)?;
        let Drive { host, sleepers, .. } = self;
        let world = host.world();
        let (until, on) = match world.agents().get(agent).map(|row| &row.state) {
            Some(LoopState::Sleeping { until, on }) => (*until, on.as_slice()),
            _ => return Ok(false),
        };
        match sleepers.sleep(world, agent, until, on) {
            Some(reason) => {
                self.lifecycle(agent, Lifecycle::Wake(reason), now)?;
                Ok(false)
            }
            None => Ok(true),
        }
    }

    /// When the next principal arrives.
    pub(crate) fn next_arrival(&self) -> Option<Time> {
        self.arrivals.front().map(|(when, _)| *when)
    }

    /// Lets those join whose time has come.
    pub(crate) fn welcome(&mut self, now: Time) -> Result<(), HostError> {
        while self.next_arrival().is_some_and(|when| when <= now) {
            if let Some((_, founder)) = self.arrivals.pop_front() {
                self.step(&Command::AddPrincipal(Box::new(founder)), now)?;
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

    /// Books what is left, ends the run in the journal, and keeps the minds' states for the next one.
    pub(crate) fn finish(mut self, reason: &str, now: Time) -> Result<Host, HostError> {
        let Drive { host, books, observer, .. } = &mut self;
        books.book(host, now, *observer)?;
        self.step(&Command::EndRun { reason: reason.into() }, now)?;
        let minds = self.crew.save();
        self.host.keep(crate::crew::MINDS_TAG, &minds)?;
        self.host.sync()?;
        Ok(self.host)
    }
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
        _ => {}
    }
}

/// Time between two moments, at least one microsecond: a loop that takes no time at all would never let the clock move.
pub(crate) fn at_least_a_moment(span: Span) -> Span {
    Span(span.0.max(1))
}
