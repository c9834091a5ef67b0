//! What an agent costs that does nothing, how fast an event wakes a sleeper, how fast agents begin, and how many steps a second of CPU gives.
//!
//! Lines: `RATIO runner/<case> found/<allowed> <value> <=TARGET`, where value is what was found over what is allowed, and `FIGURE <what> <value>` for what has no
//! target. `--only WORD` runs the cases whose name holds the word; `--only ablation` shows what each part of a step costs and runs at no other time. Exit code 1 when a target is missed.
//!
//! There is no peer to compare with in one process: the floor of a step is a transfer between two accounts in a slab, measured in the same run.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::cast_precision_loss, reason = "figures of a report")]

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ecology_journal::{OpenMode, SqliteJournal};
use ecology_metering::{CountingAllocator, MemoryLap, NullMeter, thread_cpu_ns};
use ecology_runner::clock::VirtualClock;
use ecology_runner::{
    ContinuousLimits, Equipment, Host, MeterSource, Observer, Observers, Stop, Tally, TickLimits, compose,
    run_continuously, run_ticks,
};
use ecology_types::{
    Axis, AxisVector, Charges, Command, Draft, Effect, Founder, Genesis, Id, Resource, Rules, Scrip, Seed,
    Side, Span, Time,
};
use ecology_world::{Event, World};

#[global_allocator]
static ALLOCATOR: CountingAllocator<mimalloc::MiMalloc> = CountingAllocator::new(mimalloc::MiMalloc);

const SLEEPERS: u32 = 100_000;
/// Bytes of an idle agent beyond its artifacts.
const IDLE_BYTES_MAX: f64 = 512.0;
const WAKE_P99_MAX: Duration = Duration::from_millis(1);
const START_MAX: Duration = Duration::from_secs(2);
/// Agent-steps per CPU second.
const STEPS_PER_CPU_SECOND: f64 = 1_000_000.0;

struct Report {
    only: Option<String>,
    missed: bool,
}

impl Report {
    fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| name.contains(only.as_str()))
    }

    fn ratio(&mut self, name: &str, what: &str, value: f64) {
        println!("RATIO runner/{name} {what} {value:.3} <=1.0");
        self.missed |= value > 1.0;
    }

    fn figure(&self, what: &str, value: impl std::fmt::Display) {
        println!("FIGURE {what} {value}");
    }
}

fn id(name: &str) -> Id {
    Id::new(name).unwrap_or_else(|_| Id::known("name"))
}

fn shares() -> Charges {
    Charges::of(Resource::LlmCalls, 1_000_000)
        .with(Resource::Bandwidth, 10_000_000)
        .with(Resource::Cpu, 10_000_000)
}

fn founder(name: &str, config: &Arc<str>, scrip: u64) -> Founder {
    Founder {
        id: id(name),
        is_agent: true,
        config: Arc::clone(config),
        scrip: Scrip(scrip),
        quotas: shares(),
    }
}

fn rules() -> Rules {
    let mut rules = Rules::default();
    rules.mint.interval = Span::ZERO;
    rules.action_estimate = Charges::of(Resource::Cpu, 100);
    // What is kept of the past is the same for any number of agents, and no part of what one costs.
    rules.limits.log_events_max = 1_000;
    rules
}

fn axes(mode: Side) -> AxisVector {
    AxisVector::default().with(Axis::ExecutionMode, mode).with(Axis::RateLimiting, mode)
}

fn world(mode: Side) -> Result<World, Box<dyn std::error::Error>> {
    Ok(World::new(compose::parts(axes(mode))?))
}

fn equipment(meter: MeterSource) -> Equipment {
    Equipment {
        meter,
        make_mind: compose::minds(false),
        scorer: compose::scorer(),
        seed: Seed(1),
        minds: None,
        arrivals: Vec::new(),
    }
}

/// Sleepers that wait for a transfer to themselves, and one that gives to them one after the other.
fn sleepers(count: u32) -> Genesis {
    let config: Arc<str> = "mind = 'sleeper'\nevents_about_me = ['scrip_transferred']".into();
    let founders = (0..count).map(|n| founder(&format!("agent_{n}"), &config, 1)).collect();
    Genesis { rules: rules(), founders, artifacts: Vec::new() }
}

/// Notes the moment at which each gift was recorded and each woken agent acted.
#[derive(Default)]
struct Stopwatch {
    given: Option<Instant>,
    taken: Vec<Duration>,
    sleeping: u32,
    begun: Option<Instant>,
    all_asleep: Option<Duration>,
    /// Where memory is counted from.
    memory: Option<MemoryLap>,
    in_use_bytes: u64,
}

/// What is in use above what was in use when `since` began. Beginning another lap sets the peak to what is in use now.
fn in_use_bytes(since: MemoryLap) -> u64 {
    let _ = MemoryLap::begin();
    since.peak_bytes()
}

impl Observer for Stopwatch {
    fn observe(&mut self, _: &World, event: &Event) {
        match &event.effect {
            Effect::ScripTransferred { .. } => self.given = Some(Instant::now()),
            Effect::Thought { .. } => {
                if let Some(given) = self.given.take() {
                    self.taken.push(given.elapsed());
                }
            }
            Effect::AgentSlept { .. } => {
                self.sleeping += 1;
                if self.sleeping == SLEEPERS {
                    self.all_asleep = self.begun.map(|begun| begun.elapsed());
                    self.in_use_bytes = self.memory.map_or(0, in_use_bytes);
                }
            }
            _ => {}
        }
    }
}

fn main() -> Result<std::process::ExitCode, Box<dyn std::error::Error>> {
    let mut only = None;
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        if arg == "--only" {
            only = args.next();
        }
    }
    let mut report = Report { only, missed: false };
    if report.wants("idle") || report.wants("start") {
        idle(&mut report)?;
    }
    if report.wants("wake") {
        wake(&mut report)?;
    }
    if report.wants("tick") {
        tick(&mut report)?;
    }
    if report.only.as_deref() == Some("ablation") {
        ablation(&mut report)?;
    }
    Ok(std::process::ExitCode::from(u8::from(report.missed)))
}

fn modelled() -> MeterSource {
    MeterSource::Exact(Box::new(ecology_metering::ModelledMeter::new(1_000, 1)))
}

/// Begins a run, as every session does. The events of the last record stay in memory until the next one, and those of a world's beginning
/// are many: they are no part of what an agent costs.
fn begin(host: &mut Host) -> Result<(), Box<dyn std::error::Error>> {
    let start = Command::StartRun {
        version: "bench".into(),
        scenario: "bench".into(),
        seed: Seed(1),
        axes: host.world().axes(),
    };
    host.step(&start, Time::ZERO, &mut Observers::default())?;
    Ok(())
}

/// Memory of a hundred thousand sleeping agents against that of as many artifacts with the same names and contents that are nobody.
fn idle(report: &mut Report) -> Result<(), Box<dyn std::error::Error>> {
    let artifacts = {
        let config: Arc<str> = "mind = 'sleeper'\nevents_about_me = ['scrip_transferred']".into();
        let mut genesis = sleepers(1);
        genesis.founders[0].quotas[Resource::Disk] = 1 << 40;
        genesis.artifacts = (1..SLEEPERS)
            .map(|n| (id("agent_0"), Draft::new(id(&format!("agent_{n}")), Arc::clone(&config))))
            .collect();
        let since = MemoryLap::begin();
        let mut host = Host::unrecorded(world(Side::New)?);
        let command = Command::Create(Box::new(genesis));
        let held = in_use_bytes(since);
        host.step(&command, Time::ZERO, &mut Observers::default())?;
        begin(&mut host)?;
        let bytes = in_use_bytes(since) - held;
        drop(command);
        black_box(&host);
        bytes
    };
    let genesis = Command::Create(Box::new(sleepers(SLEEPERS)));
    let mut watch = Stopwatch { memory: Some(MemoryLap::begin()), ..Stopwatch::default() };
    let mut host = Host::unrecorded(world(Side::New)?);
    host.step(&genesis, Time::ZERO, &mut Observers::default())?;
    begin(&mut host)?;
    let born = watch.memory.map_or(0, in_use_bytes);
    watch.begun = Some(Instant::now());
    let clock = Box::new(VirtualClock::starting_at(Time::ZERO));
    let limits = ContinuousLimits::lasting(Span::from_secs(1));
    let outcome = run_continuously(
        host,
        equipment(modelled()),
        clock,
        limits,
        &Stop::default(),
        &mut watch,
        &mut |_| {},
    )?;
    let count = f64::from(SLEEPERS);
    let each = (watch.in_use_bytes.saturating_sub(artifacts)) as f64 / count;
    report.figure("artifact_bytes_each", artifacts / u64::from(SLEEPERS));
    report.figure("born_bytes_each", born / u64::from(SLEEPERS));
    report.figure("asleep_bytes_each", watch.in_use_bytes / u64::from(SLEEPERS));
    report.figure("idle_agent_bytes_beyond_artifact", format!("{each:.0}"));
    report.ratio("idle_agent_bytes", "found/512", each / IDLE_BYTES_MAX);
    let started = watch.all_asleep.unwrap_or(Duration::MAX);
    report.figure("start_100k_agents_ms", started.as_millis());
    report.ratio("start_100k_agents", "found/2s", started.as_secs_f64() / START_MAX.as_secs_f64());
    drop(outcome);
    Ok(())
}

/// One agent gives to one sleeper after the other; each time, how long until the woken one acts.
fn wake(report: &mut Report) -> Result<(), Box<dyn std::error::Error>> {
    let mut genesis = sleepers(SLEEPERS);
    let giver: Arc<str> = "mind = 'random_transfer'\ndelay_mean = 1000".into();
    genesis.founders.push(founder("giver", &giver, 1_000_000));
    let mut host = Host::unrecorded(world(Side::New)?);
    host.step(&Command::Create(Box::new(genesis)), Time::ZERO, &mut Observers::default())?;
    let mut watch = Stopwatch::default();
    let clock = Box::new(VirtualClock::starting_at(Time::ZERO));
    let limits = ContinuousLimits::lasting(Span::from_secs(10));
    run_continuously(host, equipment(modelled()), clock, limits, &Stop::default(), &mut watch, &mut |_| {})?;
    // Gifts that came before everybody slept woke nobody; what was timed then is somebody's first turn.
    let mut taken = watch.taken;
    taken.drain(..taken.len().min(100));
    taken.sort_unstable();
    let at = |hundredths: usize| {
        taken.get((taken.len() * hundredths / 100).min(taken.len().saturating_sub(1))).copied()
    };
    let p99 = at(99).unwrap_or(Duration::MAX);
    report.figure("wakes", taken.len());
    report.figure("wake_p50_us", at(50).unwrap_or_default().as_micros());
    report.figure("wake_p99_us", p99.as_micros());
    report.ratio("event_wake_p99_100k_sleepers", "found/1ms", p99.as_secs_f64() / WAKE_P99_MAX.as_secs_f64());
    Ok(())
}

/// A run of the transfer economy by ticks. The full one is what `ecology run --scenario boltzmann` does.
#[derive(Debug, Clone, Copy)]
struct Economy {
    name: &'static str,
    agents: u32,
    /// Encode every step and commit it to a journal on disk.
    journal: bool,
    /// Count all events for a report.
    tally: bool,
    /// Measure every turn.
    measure: bool,
    /// Reserve CPU time for every turn and settle it with what was measured.
    reserve: bool,
    /// Events that stay readable from inside the world.
    log_events_max: u32,
}

impl Economy {
    const STEPS: u64 = 1_000_000;

    fn full() -> Self {
        Self {
            name: "everything",
            agents: 10_000,
            journal: true,
            tally: true,
            measure: true,
            reserve: true,
            log_events_max: ecology_types::Limits::default().log_events_max,
        }
    }

    /// CPU time of the whole process, minds and journal included, for all steps.
    fn run(&self) -> Result<Duration, Box<dyn std::error::Error>> {
        let config: Arc<str> = "mind = 'random_transfer'".into();
        let mut rules = rules();
        rules.limits.log_events_max = self.log_events_max;
        if !self.reserve {
            rules.action_estimate = Charges::NONE;
        }
        let founders = (0..self.agents).map(|n| founder(&format!("agent_{n}"), &config, 1)).collect();
        let genesis = Command::Create(Box::new(Genesis { rules, founders, artifacts: Vec::new() }));
        let folder = tempfile::tempdir()?;
        let world = world(Side::Old)?;
        let mut host = if self.journal {
            let journal = SqliteJournal::open(folder.path().join("world"), OpenMode::Create)?;
            Host::new(world, Box::new(journal), 16 * 1_024, 0)?
        } else {
            Host::unrecorded(world)
        };
        host.step(&genesis, Time::ZERO, &mut Observers::default())?;
        host.sync()?;
        let meter =
            if self.measure { MeterSource::Apportioned } else { MeterSource::Exact(Box::new(NullMeter)) };
        let ticks = Self::STEPS / u64::from(self.agents);
        let limits = TickLimits { ticks, threads: NonZeroUsize::MIN };
        let mut tally = Tally::default();
        let mut observers = Observers::default();
        if self.tally {
            observers = observers.with(&mut tally);
        }
        let before = process_cpu();
        let outcome =
            run_ticks(host, equipment(meter), limits, &Stop::default(), &mut observers, &mut |_| {})?;
        let spent = process_cpu().saturating_sub(before);
        drop(outcome);
        Ok(spent)
    }
}

/// The transfer economy with everything on, against a million agent-steps per CPU second.
fn tick(report: &mut Report) -> Result<(), Box<dyn std::error::Error>> {
    let full = Economy::full();
    let steps = Economy::STEPS as f64;
    let floor = floor(full.agents, Economy::STEPS / u64::from(full.agents));
    report.figure("floor_slab_transfer_ns", format!("{:.1}", floor.as_nanos() as f64 / steps));
    let spent = full.run()?.as_secs_f64();
    report.figure("tick_boltzmann_steps_per_cpu_second", format!("{:.0}", steps / spent));
    report.figure(
        "tick_boltzmann_times_floor",
        format!("{:.1}", spent / floor.as_secs_f64().max(f64::MIN_POSITIVE)),
    );
    report.ratio(
        "tick_boltzmann_steps",
        "1000000_per_cpu_second/achieved",
        STEPS_PER_CPU_SECOND / (steps / spent),
    );
    Ok(())
}

/// What each part of a step costs: the transfer economy with one part after the other left out, in turns, each the best of three.
fn ablation(report: &mut Report) -> Result<(), Box<dyn std::error::Error>> {
    let full = Economy::full();
    let cases = [
        full,
        Economy { name: "no_journal", journal: false, ..full },
        Economy { name: "no_tally", tally: false, ..full },
        Economy { name: "no_measuring", measure: false, ..full },
        Economy { name: "no_cpu_reservation", reserve: false, ..full },
        Economy { name: "short_log", log_events_max: 1_000, ..full },
        Economy { name: "500_agents", agents: 500, ..full },
        Economy { name: "500_agents_no_journal", agents: 500, journal: false, ..full },
    ];
    let mut best = [Duration::MAX; 8];
    for _ in 0..3 {
        for (best, case) in best.iter_mut().zip(&cases) {
            *best = case.run()?.min(*best);
        }
    }
    for (spent, case) in best.iter().zip(&cases) {
        let of_full = spent.as_secs_f64() / best[0].as_secs_f64();
        report.figure(&format!("ablation_{}_of_everything", case.name), format!("{of_full:.2}"));
    }
    Ok(())
}

/// CPU time of all threads of this process.
fn process_cpu() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(now.tv_sec).unwrap_or(0), u32::try_from(now.tv_nsec).unwrap_or(0))
}

/// A loop of transfers between random accounts in a slab.
fn floor(agents: u32, ticks: u64) -> Duration {
    let mut rng = Seed(1).rng();
    let mut slab = vec![1_u64; agents as usize];
    let before = thread_cpu_ns();
    for _ in 0..ticks {
        for from in 0..agents as usize {
            let to = usize::try_from(rand::RngExt::random::<u32>(&mut rng) % agents).unwrap_or(0);
            if slab[from] > 0 {
                slab[from] -= 1;
                slab[to] += 1;
            }
        }
    }
    black_box(&slab);
    Duration::from_nanos(thread_cpu_ns() - before)
}
