//! A small world for one test: who takes part, what each mind does, and what happened.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};

use ecology_journal::{Journal, MemoryDisk, MemoryJournal};
use ecology_metering::ModelledMeter;
use ecology_minds::services;
use ecology_minds::{Decision, Mind, MindError, Pace, Perception, Then};
use ecology_runner::clock::{Clock, VirtualClock};
use ecology_runner::code::Asker;
use ecology_runner::{
    ContinuousLimits, Equipment, FormerMinds, Host, HostError, KeptMinds, MeterSource, Observer, RunOutcome,
    Stop, TickLimits, compose, run_continuously, run_ticks,
};
use ecology_sandbox::Engine;
use ecology_types::{
    Act, Action, Axis, AxisVector, Charges, Command, Draft, Effect, EventKind, Founder, Genesis, Id, Key,
    Outcome, Resource, Rules, Scrip, Seed, Side, Sleep, Span, Time,
};
use ecology_world::{Event, LoopState, World};

/// What one mind of a test does at each of its thoughts, from 0.
pub(crate) type Play = Arc<dyn Fn(u64, &dyn Perception) -> Result<Decision, MindError> + Send + Sync>;

/// A mind that is a closure of a test.
struct Player {
    play: Play,
    thoughts: u64,
    shape: Shape,
}

/// How a test's mind thinks.
#[derive(Clone)]
pub(crate) struct Shape {
    pub(crate) pace: Pace,
    pub(crate) time: Span,
    pub(crate) estimate: Charges,
}

impl Default for Shape {
    fn default() -> Self {
        Self { pace: Pace::Inline, time: Span::ZERO, estimate: Charges::of(Resource::LlmCalls, 1) }
    }
}

impl Mind for Player {
    fn name(&self) -> &'static str {
        "player"
    }

    fn estimate(&self) -> Charges {
        self.shape.estimate
    }

    fn pace(&self) -> Pace {
        self.shape.pace
    }

    fn thinking_time(&self) -> Span {
        self.shape.time
    }

    fn think(&mut self, view: &dyn Perception) -> Result<Decision, MindError> {
        self.thoughts += 1;
        (self.play)(self.thoughts - 1, view)
    }

    fn save(&self) -> Vec<u8> {
        self.thoughts.to_le_bytes().to_vec()
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), MindError> {
        let bytes = state.try_into().map_err(|_| MindError::State("not eight bytes".into()))?;
        self.thoughts = u64::from_le_bytes(bytes);
        Ok(())
    }
}

/// Everything that happened, in order.
#[derive(Default)]
pub(crate) struct Trace {
    pub(crate) events: Vec<Event>,
    /// Check every law of the world after each so many events; 0 for never.
    pub(crate) check_every: usize,
}

impl Observer for Trace {
    fn observe(&mut self, world: &World, event: &Event) {
        self.events.push(event.clone());
        if self.check_every > 0
            && self.events.len().is_multiple_of(self.check_every)
            && is_settled(world, event)
            && let Err(broken) = world.check_invariants()
        {
            panic!("after event {}: {broken}", event.seq);
        }
    }
}

/// Events are shown when their whole record has been applied.
fn is_settled(world: &World, event: &Event) -> bool {
    event.cause == world.last_record()
}

/// A world in the making.
pub(crate) struct Town {
    pub(crate) axes: AxisVector,
    pub(crate) rules: Rules,
    pub(crate) founders: Vec<Founder>,
    pub(crate) plays: BTreeMap<String, (Play, Shape)>,
    pub(crate) seed: Seed,
    pub(crate) arrivals: Vec<(Time, Founder)>,
    pub(crate) threads: usize,
    pub(crate) stop: Stop,
    pub(crate) thinkers_max: usize,
    pub(crate) grace: Span,
    pub(crate) think_timeout: Span,
    pub(crate) check_every: usize,
    /// Configurations that are handed over before the run: whose, and to whom.
    pub(crate) handed_over: Vec<(&'static str, &'static str)>,
    /// What runs code, if not what runs it everywhere.
    pub(crate) engine: Option<Arc<dyn Engine>>,
}

pub(crate) fn axes(mode: Side) -> AxisVector {
    AxisVector::default().with(Axis::ExecutionMode, mode).with(Axis::RateLimiting, mode)
}

/// Plenty of everything.
pub(crate) fn plenty() -> Charges {
    Charges::of(Resource::LlmCalls, 100_000)
        .with(Resource::LlmTokens, 100_000)
        .with(Resource::LlmBudget, 100_000)
        .with(Resource::Cpu, 10_000_000)
        .with(Resource::Disk, 100_000)
        .with(Resource::Memory, 10_000_000)
        .with(Resource::DiskWrites, 1_000_000)
        .with(Resource::Bandwidth, 10_000_000)
}

pub(crate) fn founder(id: &str, config: &str, quotas: Charges) -> Founder {
    Founder { id: Id::new(id).unwrap(), is_agent: true, config: config.into(), scrip: Scrip(100), quotas }
}

impl Town {
    pub(crate) fn by_ticks() -> Self {
        Self::new(axes(Side::Old))
    }

    pub(crate) fn continuous() -> Self {
        Self::new(axes(Side::New))
    }

    pub(crate) fn both() -> [Self; 2] {
        [Self::by_ticks(), Self::continuous()]
    }

    pub(crate) fn new(axes: AxisVector) -> Self {
        let mut rules = Rules::default();
        rules.mint.interval = Span::ZERO;
        rules.action_estimate = Charges::of(Resource::Cpu, 1_000);
        Self {
            axes,
            rules,
            founders: Vec::new(),
            plays: BTreeMap::new(),
            seed: Seed(1),
            arrivals: Vec::new(),
            threads: 1,
            stop: Stop::default(),
            thinkers_max: 4,
            grace: Span::from_millis(500),
            think_timeout: Span::from_secs(300),
            check_every: 7,
            handed_over: Vec::new(),
            engine: None,
        }
    }

    pub(crate) fn is_continuous(&self) -> bool {
        self.axes.side(Axis::ExecutionMode) == Side::New
    }

    pub(crate) fn agent(mut self, id: &str, config: &str) -> Self {
        self.founders.push(founder(id, config, plenty()));
        self
    }

    /// An agent whose mind is a closure. Its configuration is its name.
    pub(crate) fn player(
        self,
        id: &str,
        play: impl Fn(u64, &dyn Perception) -> Result<Decision, MindError> + Send + Sync + 'static,
    ) -> Self {
        self.shaped(id, Shape::default(), play)
    }

    pub(crate) fn shaped(
        mut self,
        id: &str,
        shape: Shape,
        play: impl Fn(u64, &dyn Perception) -> Result<Decision, MindError> + Send + Sync + 'static,
    ) -> Self {
        self.founders.push(founder(id, &format!("play {id}"), plenty()));
        self.plays.insert(format!("play {id}"), (Arc::new(play), shape));
        self
    }

    /// The one that came last holds this of a resource.
    pub(crate) fn with(mut self, resource: Resource, amount: u64) -> Self {
        self.founders.last_mut().unwrap().quotas[resource] = amount;
        self
    }

    pub(crate) fn world(&self) -> World {
        World::new(compose::parts(self.axes).unwrap())
    }

    pub(crate) fn genesis(&self) -> Command {
        Command::Create(Box::new(Genesis {
            rules: self.rules.clone(),
            founders: self.founders.clone(),
            artifacts: Vec::new(),
        }))
    }

    pub(crate) fn host(&self, disk: &MemoryDisk) -> Host {
        let journal: Box<dyn Journal> = Box::new(MemoryJournal::open(disk).unwrap());
        let mut host = Host::new(self.world(), journal, 1_024, 0).unwrap();
        host.step(&self.genesis(), Time::ZERO, &mut Trace::default()).unwrap();
        for (what, to) in &self.handed_over {
            let key = host.world().symbols().key(what).unwrap();
            let action = services::transfer_ownership(&id(what), &id(to));
            let act = Act { agent: key, action, thought: None, answers: Vec::new() };
            let step = host.step(&Command::Act(act), Time::ZERO, &mut Trace::default()).unwrap();
            assert!(step.outcome.is_ok(), "{:?}", step.outcome);
        }
        self.begin(&mut host);
        host
    }

    /// Somebody who makes an agent that holds nothing and thinks for nothing, so that it can be deleted, and then does `next`.
    pub(crate) fn maker_of(
        mut self,
        made: &'static str,
        shape: Shape,
        play: impl Fn(u64, &dyn Perception) -> Result<Decision, MindError> + Send + Sync + 'static,
        next: impl Fn(u64, &dyn Perception) -> Result<Decision, MindError> + Send + Sync + 'static,
    ) -> Self {
        self.axes = self.axes.with(Axis::ArtifactOntology, Side::New);
        self.rules.action_estimate = Charges::NONE;
        let free = move |thought: u64, view: &dyn Perception| {
            play(thought, view).map(|decision| Decision { usage: Charges::NONE, ..decision })
        };
        let shape = Shape { estimate: Charges::NONE, ..shape };
        self.plays.insert(format!("play {made}"), (Arc::new(free), shape));
        self.player("maker", move |thought, view| {
            if thought > 0 {
                return next(thought, view);
            }
            let mut draft = Draft::new(id(made), format!("play {made}"));
            draft.has_standing = Some(true);
            draft.can_execute = Some(true);
            act_then_wait(Action::Write(Box::new(draft)))
        })
    }

    /// Who owns the configuration of an agent from the beginning, instead of itself.
    pub(crate) fn owned(mut self, what: &'static str, by: &'static str) -> Self {
        self.handed_over.push((what, by));
        self
    }

    pub(crate) fn begin(&self, host: &mut Host) {
        let start = Command::StartRun {
            version: "test".into(),
            scenario: "test".into(),
            seed: self.seed,
            axes: self.axes,
        };
        let now = host.world().time();
        host.step(&start, now, &mut Trace::default()).unwrap();
    }

    pub(crate) fn equipment(&self, minds: Option<Vec<u8>>) -> Equipment {
        let plays = self.plays.clone();
        Equipment {
            meter: MeterSource::Exact(Box::new(ModelledMeter::new(1_500, 1))),
            make_mind: Box::new(move |config, seed| match plays.get(config) {
                Some((play, shape)) => {
                    Ok(Box::new(Player { play: Arc::clone(play), thoughts: 0, shape: shape.clone() }))
                }
                None => ecology_minds::build(config, seed).map_err(|error| error.to_string()),
            }),
            scorer: compose::scorer(),
            seed: self.seed,
            minds: minds
                .map_or(FormerMinds::None, |states| FormerMinds::Kept(KeptMinds { states, is_latest: true })),
            think_timeout: self.think_timeout,
            arrivals: self.arrivals.clone(),
            code: match &self.engine {
                Some(engine) => Asker::new(Arc::clone(engine), NonZeroUsize::MIN.saturating_add(1), 60_000),
                None => compose::asker(&ecology_features::config::Sandbox {
                    isolation: ecology_features::config::SandboxIsolation::InProcess,
                    ..Default::default()
                })
                .unwrap(),
            },
        }
    }

    pub(crate) fn run_host(
        &self,
        host: Host,
        ticks: u64,
        minds: Option<Vec<u8>>,
        clock: Option<Box<dyn Clock>>,
    ) -> Ran {
        let mut trace = Trace { events: Vec::new(), check_every: self.check_every };
        let outcome = self.try_run(host, ticks, minds, clock, &mut trace).unwrap();
        Ran { outcome, events: trace.events }
    }

    pub(crate) fn try_run(
        &self,
        host: Host,
        ticks: u64,
        minds: Option<Vec<u8>>,
        clock: Option<Box<dyn Clock>>,
        trace: &mut Trace,
    ) -> Result<RunOutcome, HostError> {
        let equipment = self.equipment(minds);
        if self.is_continuous() {
            let duration = Span(self.rules.tick.0 * ticks);
            let clock = clock.unwrap_or_else(|| {
                Box::new(VirtualClock::starting_at(host.world().time())) as Box<dyn Clock>
            });
            let limits = ContinuousLimits {
                duration,
                thinkers_max: self.thinkers_max,
                grace: self.grace,
                progress_every_steps: 10,
            };
            run_continuously(host, equipment, clock, limits, &self.stop, trace, &mut |_| {})
        } else {
            let limits = TickLimits { ticks, threads: NonZeroUsize::new(self.threads).unwrap() };
            run_ticks(host, equipment, limits, &self.stop, trace, &mut |_| {})
        }
    }

    /// Runs the town for so many ticks of time, by ticks or on a virtual clock.
    pub(crate) fn run(&self, ticks: u64) -> Ran {
        self.run_host(self.host(&MemoryDisk::new()), ticks, None, None)
    }
}

/// A run that is over.
pub(crate) struct Ran {
    pub(crate) outcome: RunOutcome,
    pub(crate) events: Vec<Event>,
}

impl Ran {
    pub(crate) fn world(&self) -> &World {
        self.outcome.host.world()
    }

    pub(crate) fn key(&self, id: &str) -> Key {
        self.world().symbols().key(id).unwrap()
    }

    pub(crate) fn state(&self, id: &str) -> LoopState {
        self.world().agents().get(self.key(id)).unwrap().state.clone()
    }

    pub(crate) fn of(&self, id: &str, kind: EventKind) -> Vec<&Event> {
        let key = self.key(id);
        self.events
            .iter()
            .filter(|event| event.effect.kind() == kind && subject(event) == Some(key))
            .collect()
    }

    pub(crate) fn times(&self, id: &str, kind: EventKind) -> Vec<u64> {
        self.of(id, kind).iter().map(|event| event.time.0).collect()
    }

    pub(crate) fn count(&self, id: &str, kind: EventKind) -> usize {
        self.of(id, kind).len()
    }

    pub(crate) fn nothing_is_open(&self) {
        assert_eq!(self.world().reservations().iter().count(), 0, "reservations are left open");
        self.world().check_invariants().unwrap();
    }
}

/// Whom an event of a loop is about.
pub(crate) fn subject(event: &Event) -> Option<Key> {
    match &event.effect {
        Effect::AgentStarted { agent }
        | Effect::AgentSlept { agent, .. }
        | Effect::AgentWoke { agent, .. }
        | Effect::AgentBlocked { agent, .. }
        | Effect::AgentUnblocked { agent }
        | Effect::AgentFailed { agent, .. }
        | Effect::AgentPaused { agent, .. }
        | Effect::AgentVoided { agent }
        | Effect::AgentStopped { agent, .. }
        | Effect::LimitExceeded { agent, .. }
        | Effect::Thought { agent, .. } => Some(*agent),
        _ => event.actor,
    }
}

pub(crate) fn act(action: Action) -> Result<Decision, MindError> {
    Ok(Decision::act(action))
}

pub(crate) fn noop() -> Result<Decision, MindError> {
    Ok(Decision::noop())
}

/// Does nothing for a millisecond.
pub(crate) fn wait_ms(ms: u64) -> Result<Decision, MindError> {
    Ok(Decision::noop().then(Then::Delay(Span::from_millis(ms))))
}

pub(crate) fn act_then_wait(action: Action) -> Result<Decision, MindError> {
    Ok(Decision::act(action).then(Then::Delay(Span::from_millis(100))))
}

pub(crate) fn sleep(
    duration: Option<Span>,
    on: Vec<ecology_types::WakeCondition>,
) -> Result<Decision, MindError> {
    Ok(Decision::noop().then(Then::Sleep(Sleep { duration, on })))
}

pub(crate) fn stop() -> Result<Decision, MindError> {
    Ok(Decision::noop().then(Then::Stop))
}

pub(crate) fn id(name: &str) -> Id {
    Id::new(name).unwrap()
}

/// What minds of a test noted down.
pub(crate) type Notes<T> = Arc<Mutex<Vec<T>>>;

pub(crate) fn notes<T>() -> Notes<T> {
    Arc::new(Mutex::new(Vec::new()))
}

pub(crate) fn note<T>(notes: &Notes<T>, what: T) {
    notes.lock().unwrap().push(what);
}

pub(crate) fn noted<T: Clone>(notes: &Notes<T>) -> Vec<T> {
    notes.lock().unwrap().clone()
}

pub(crate) fn was_done(outcome: Option<&Outcome>) -> Option<bool> {
    outcome.map(Result::is_ok)
}
