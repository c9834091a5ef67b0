//! One run of one world, from its configuration to its report.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use ecology_features::ConfigError;
use ecology_features::config::{Clock as ClockChoice, Config, ExecutionMode, MeteringSource, ScenarioName};
use ecology_journal::{Journal, JournalError, OpenMode, SqliteJournal, Verify};
use ecology_types::{Axis, AxisVector, Command, Seed, Span, Time};
use ecology_world::{StateHash, World};

use crate::clock::{Clock, RealClock, VirtualClock};
use crate::compose::{self, NoSandbox, NotBuilt};
use crate::continuous::{ContinuousLimits, run_continuously};
use crate::crew::MINDS_TAG;
use crate::drive::{Equipment, FormerMinds, KeptMinds};
use crate::host::{Host, HostError, Observer, Observers};
use crate::made_with::{Contradiction, MadeWith};
use crate::outcome::RunOutcome;
use crate::report::RunReport;
use crate::reproduce;
use crate::resume::{TakenUp, resume};
use crate::scenario;
use crate::stop::Stop;
use crate::store::{self, OpenError, Recover};
use crate::summary;
use crate::tally::Tally;
use crate::tick::{TickLimits, run_ticks};
use crate::verdicts::KeptVerdicts;
use crate::watch::Watch;
use crate::worlds::{OnThisMachine, Worlds, in_memory};

/// The tag under which the hash at the end of a run is kept.
pub(crate) const HASH_TAG: &[u8] = b"hash v1";

/// What to run.
#[derive(Debug, Clone)]
pub struct SessionSpec {
    /// The whole configuration.
    pub config: Config,
    /// The file of the world; it is made when it does not exist. Without one, and without `run.world` in the configuration, a fresh file
    /// in the folder `worlds` of the current directory.
    pub path: Option<PathBuf>,
    /// The switch that ends the run early.
    pub stop: Stop,
    /// Version of the program, for the journal.
    pub version: &'static str,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The present tick; 0 in continuous mode.
    pub tick: u64,
    /// The last tick of this run.
    pub ticks: Option<u64>,
    /// World time.
    pub world_time: Time,
    /// World time at which this run ends.
    pub until: Option<Time>,
    /// The number of the last event.
    pub events: u64,
    /// The number of the last record.
    pub records: u64,
    /// Open orders in escrow.
    pub open_orders: u64,
}

/// Why a run did not take place or did not end well.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The world cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The world cannot be run on.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The positions name an implementation that is not built.
    #[error(transparent)]
    NotBuilt(#[from] NotBuilt),
    /// Code cannot run where, or by what, the configuration wants it to.
    #[error(transparent)]
    NoSandbox(#[from] NoSandbox),
    /// A number of the configuration is out of range.
    #[error(transparent)]
    Config(Box<ConfigError>),
    /// The journal cannot be made or opened.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The folder for new worlds cannot be made.
    #[error("the folder {folder} cannot be made: {detail}; make it yourself or name a file with --world")]
    Folder {
        /// Which one.
        folder: String,
        /// What the system says.
        detail: String,
    },
    /// The world belongs to another scenario.
    #[error(
        "{world} was made for the scenario {found}, and {asked} was asked for; leave --scenario out to go on with {found}, or name another file"
    )]
    OtherScenario {
        /// The file.
        world: String,
        /// Its scenario.
        found: String,
        /// What was asked for.
        asked: String,
    },
    /// The scenario makes no sense under these positions.
    #[error(
        "the scenario {scenario} needs {axis} = \"{implementation}\"; add --set features.{axis}={implementation}"
    )]
    Needs {
        /// The scenario.
        scenario: &'static str,
        /// The axis.
        axis: Axis,
        /// What has to serve on it.
        implementation: &'static str,
    },
    /// A world that only an import can make is not there.
    #[error(
        "the scenario imported goes on with a world that is there, and {world:?} is none; make it with `ecology import SOURCE --world PATH`"
    )]
    NotImported {
        /// The file.
        world: String,
    },
    /// The world was made with another value of a setting that is fixed when a world is made.
    #[error(
        "{world} was made with {} = {}, and {} was asked for; leave it out to go on with {}, or name another file",
        .contradiction.key, .contradiction.made_with, .contradiction.asked, .contradiction.made_with
    )]
    MadeOtherwise {
        /// The file.
        world: String,
        /// Which setting, and both values.
        contradiction: Contradiction,
    },
}

impl From<ConfigError> for SessionError {
    fn from(error: ConfigError) -> Self {
        Self::Config(Box::new(error))
    }
}

/// Runs a world: makes it or takes it up where it stands, drives it, and reports.
///
/// # Errors
/// [`SessionError`] says what is wrong and what to do. A world that exists is never harmed by a run that cannot begin.
pub fn run(spec: SessionSpec, progress: &mut dyn FnMut(&Progress)) -> Result<RunReport, SessionError> {
    run_in(&OnThisMachine, spec, progress)
}

/// As [`run`], with the worlds kept elsewhere.
///
/// # Errors
/// As [`run`].
pub fn run_in(
    worlds: &dyn Worlds,
    spec: SessionSpec,
    progress: &mut dyn FnMut(&Progress),
) -> Result<RunReport, SessionError> {
    run_and_look_in(worlds, spec, progress, &mut |_| {})
}

/// As [`run`], and shows the world as it is at the end.
///
/// # Errors
/// As [`run`].
pub(crate) fn run_and_look(
    spec: SessionSpec,
    progress: &mut dyn FnMut(&Progress),
    look: &mut dyn FnMut(&World),
) -> Result<RunReport, SessionError> {
    run_and_look_in(&OnThisMachine, spec, progress, look)
}

fn run_and_look_in(
    worlds: &dyn Worlds,
    spec: SessionSpec,
    progress: &mut dyn FnMut(&Progress),
    look: &mut dyn FnMut(&World),
) -> Result<RunReport, SessionError> {
    let started = std::time::Instant::now();
    let SessionSpec { mut config, path, stop, version } = spec;
    let axes = config.axis_vector();
    let comparison = compose::comparison(&config.comparison);
    let make_parts = || compose::parts_with(axes, &comparison);
    // Positions that are not built are refused before anything is touched.
    make_parts()?;
    // So is a sandbox that cannot be had.
    let code = compose::asker(&config.sandbox)?;
    let path = path.or_else(|| config.run.world.clone());
    if let Some(path) = path.as_deref() {
        restore(worlds, &mut config, path)?;
    }
    for (axis, side) in scenario::needs(config.run.scenario) {
        if axes.side(*axis) != *side {
            let scenario = config.run.scenario.name();
            return Err(SessionError::Needs {
                scenario,
                axis: *axis,
                implementation: axis.implementation(*side),
            });
        }
    }
    let mut scenario = scenario::build(&config);
    let length = length(&config, scenario.length());
    let mut tally = Tally::default();
    let made_by = made_by(version, &config);
    let opened = {
        let mut both = Watch { scenario: &mut *scenario, tally: &mut tally, made_by: &made_by };
        open(worlds, &config, path, &make_parts, &mut both)?
    };
    let Opened { mut host, file, taken_up, minds } = opened;
    let seed = Seed(config.run.seed);
    let name = config.run.scenario.name();
    let now = host.world().time();
    let (run, ..) = host.world().run();
    {
        let mut both = Watch { scenario: &mut *scenario, tally: &mut tally, made_by: &made_by };
        if *host.world().code_rules() != config.code {
            host.step(&Command::SetCodeRules(Box::new(config.code.clone())), now, &mut both)?;
        }
        let start = Command::StartRun { version: version.into(), scenario: name.into(), seed, axes };
        host.step(&start, now, &mut both)?;
    }
    host.sync()?;
    let equipment = Equipment {
        meter: compose::meter_source(metering(&config)),
        make_mind: compose::minds(takes_real_time(&config)),
        scorer: compose::scorer(),
        // Runs of one world draw from different streams; the first one from the seed itself.
        seed: if run == 0 { seed } else { seed.derive("run", run) },
        minds,
        think_timeout: Span::from_millis(config.loops.think_timeout_ms),
        arrivals: scenario.arrivals(),
        code,
    };
    let outcome = {
        let mut both = Watch { scenario: &mut *scenario, tally: &mut tally, made_by: &made_by };
        drive(&config, host, equipment, length, &stop, &mut both, progress)?
    };
    let RunOutcome { mut host, ended, minds_started_anew, limits, code, .. } = outcome;
    look(host.world());
    let hash = host.world().hash();
    host.keep(HASH_TAG, format!("{} {}", hash.decided_hex(), hash.measured_hex()).as_bytes())?;
    host.snapshot_with(&Watch { scenario: &mut *scenario, tally: &mut tally, made_by: &made_by })?;
    let mut report = summary::report(host.world(), &tally, &*scenario, &limits, hash);
    report.world = file.as_ref().map(|file| file.display().to_string());
    report.resumed = taken_up.is_some();
    report.taken_up = taken_up;
    report.ended = ended.reason().to_owned();
    report.code = code.into();
    report.minds_started_anew = minds_started_anew as u64;
    report.version = version.to_owned();
    report.metering.meter = match metering(&config) {
        MeteringSource::Machine => "machine".to_owned(),
        MeteringSource::Modelled => "modelled".to_owned(),
    };
    report.mode = match (config.features.execution_mode, config.run.clock) {
        (ExecutionMode::Tick, _) => "tick".to_owned(),
        (ExecutionMode::Continuous, ClockChoice::Real) => "continuous, real clock".to_owned(),
        (ExecutionMode::Continuous, ClockChoice::Virtual) => "continuous, virtual clock".to_owned(),
    };
    host.close()?;
    if let Some(file) = file.filter(|_| report.shadow.values().any(|found| found.unexplained > 0)) {
        // What cannot be reproduced is told of all the same; a run does not fail because of it.
        let this_run: Vec<_> = verdicts(&file)?.into_iter().filter(|kept| kept.run == report.run).collect();
        for (axis, path) in reproduce::write_files(&file, &this_run, &reproduce::built).unwrap_or_default() {
            if let Some(found) = report.shadow.get_mut(axis.name()) {
                found.reproductions.push(path.display().to_string());
            }
        }
    }
    report.elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(report)
}

/// On a virtual clock no machine time passes that could be measured: the modelled meter serves there.
fn metering(config: &Config) -> MeteringSource {
    let virtual_time = config.features.execution_mode == ExecutionMode::Continuous
        && config.run.clock == ClockChoice::Virtual;
    if virtual_time { MeteringSource::Modelled } else { config.metering.source }
}

/// Whether a mind that takes its time takes that of the machine.
fn takes_real_time(config: &Config) -> bool {
    config.features.execution_mode == ExecutionMode::Continuous && config.run.clock == ClockChoice::Real
}

/// What has to be the same for a run to go on with what an earlier one counted, in words.
fn made_by(version: &str, config: &Config) -> String {
    // Plain settings: they can always be written.
    let made_with = serde_json::to_string(&MadeWith::of(config)).unwrap_or_default();
    format!("{version} {made_with}")
}

/// A world that exists goes on with the settings that shaped its agents. What else is wrong with it, opening it will tell.
fn restore(worlds: &dyn Worlds, config: &mut Config, path: &Path) -> Result<(), SessionError> {
    if in_memory(config) {
        return Ok(());
    }
    let Ok(Some(made_with)) = made_with_in(worlds, path) else { return Ok(()) };
    made_with.restore_defaults(config).map_err(|contradiction| SessionError::MadeOtherwise {
        world: path.display().to_string(),
        contradiction,
    })
}

/// How long this run takes: what was asked for, or else what the scenario says.
fn length(config: &Config, by_scenario: scenario::Length) -> scenario::Length {
    scenario::Length {
        ticks: config.run.ticks.unwrap_or(if config.run.duration_ms.is_some() {
            u64::MAX
        } else {
            by_scenario.ticks
        }),
        duration: match (config.run.duration_ms, config.run.ticks) {
            (Some(ms), _) => Span::from_millis(ms),
            (None, Some(ticks)) => Span(Span::from_millis(config.time.tick_ms).0.saturating_mul(ticks)),
            (None, None) => by_scenario.duration,
        },
    }
}

fn drive(
    config: &Config,
    host: Host,
    equipment: Equipment,
    length: scenario::Length,
    stop: &Stop,
    observer: &mut dyn Observer,
    progress: &mut dyn FnMut(&Progress),
) -> Result<RunOutcome, HostError> {
    let start = host.world().time();
    let first_tick = host.world().tick();
    let by_ticks = config.features.execution_mode == ExecutionMode::Tick;
    // Ticks are bounded by a duration as well, in world time.
    let in_duration = length.duration.0 / host.world().rules().tick.0.max(1);
    let ticks = if config.run.duration_ms.is_some() { length.ticks.min(in_duration) } else { length.ticks };
    let until = start.after(length.duration);
    let mut tell = |world: &World| {
        progress(&Progress {
            tick: world.tick(),
            ticks: by_ticks.then_some(first_tick.saturating_add(ticks)),
            world_time: world.time(),
            until: (!by_ticks).then_some(until),
            events: world.last_event(),
            records: world.last_record(),
            open_orders: world.orders().len() as u64,
        });
    };
    if by_ticks {
        let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        run_ticks(host, equipment, TickLimits { ticks, threads }, stop, observer, &mut tell)
    } else {
        let clock: Box<dyn Clock> = match config.run.clock {
            ClockChoice::Real => Box::new(RealClock::starting_at(start)),
            ClockChoice::Virtual => Box::new(VirtualClock::starting_at(start)),
        };
        let mut limits = ContinuousLimits::lasting(length.duration);
        if config.run.clock == ClockChoice::Real {
            // Steps are rare there: whoever watches wants to hear of each.
            limits.progress_every_steps = 1;
        }
        run_continuously(host, equipment, clock, limits, stop, observer, &mut tell)
    }
}

struct Opened {
    host: Host,
    file: Option<PathBuf>,
    /// How, when the world existed before.
    taken_up: Option<TakenUp>,
    minds: FormerMinds,
}

fn open(
    worlds: &dyn Worlds,
    config: &Config,
    path: Option<PathBuf>,
    parts: &dyn Fn() -> Result<ecology_world::Parts, NotBuilt>,
    both: &mut Watch<'_>,
) -> Result<Opened, SessionError> {
    let in_memory = in_memory(config);
    let is_imported = config.run.scenario == ScenarioName::Imported;
    let is_fresh = path.is_none() && !in_memory && !is_imported;
    let mut path = match path {
        Some(path) => path,
        None if in_memory || is_imported => PathBuf::new(),
        None => fresh_path(config.run.scenario.name(), 1)?.1,
    };
    let mut rules = config.rules()?;
    both.scenario.adapt(&mut rules);
    let batch = config.journal.batch_records_max as usize;
    let every = config.journal.snapshot_every_records;
    let mut empty = None;
    let opening = std::time::Instant::now();
    if !in_memory && !is_fresh && worlds.exists(&path) {
        let mut journal = worlds.journal(config, &path, OpenMode::Write)?;
        if journal.last() == 0 {
            // Somebody was killed while making this world; nothing was acknowledged, so it is made anew.
            empty = Some(journal);
        } else {
            let (world, mut taken_up) = resume(&mut *journal, parts, both)?;
            taken_up.elapsed_us = u64::try_from(opening.elapsed().as_micros()).unwrap_or(u64::MAX);
            // Nothing has been written so far, and nothing will be to a world of another scenario.
            let (_, _, found, _) = world.run();
            // A world that was imported has not been run by anybody yet.
            let made_for = if found.is_empty() { MadeWith::read(&journal)? } else { None };
            let found = made_for.as_ref().and_then(MadeWith::scenario).unwrap_or(found);
            let asked = config.run.scenario.name();
            if !found.is_empty() && found != asked {
                let world = path.display().to_string();
                return Err(SessionError::OtherScenario {
                    world,
                    found: found.to_owned(),
                    asked: asked.to_owned(),
                });
            }
            let last = world.last_record();
            let minds = match journal.newest_snapshot(MINDS_TAG, last)? {
                Some((at, states)) => {
                    taken_up.minds = (at < last).then_some(at);
                    FormerMinds::Kept(KeptMinds { states, is_latest: at == last })
                }
                None if world.run().0 > 0 => FormerMinds::Lost,
                None => FormerMinds::None,
            };
            let mut host = Host::new(world, journal, batch, every)?.with_snapshot_at(taken_up.snapshot);
            if *host.world().rules() != rules {
                let now = host.world().time();
                host.step(&Command::SetRules(Box::new(rules)), now, both)?;
            }
            return Ok(Opened { host, file: Some(path), taken_up: Some(taken_up), minds });
        }
    }
    if is_imported {
        return Err(SessionError::NotImported { world: path.display().to_string() });
    }
    let genesis = both.scenario.genesis(rules);
    // The world is made in memory first: an impossible one leaves no file behind.
    let mut host = Host::unrecorded(World::new(parts()?));
    let records = host.create(genesis, both)?;
    let mut journal = match empty {
        Some(journal) => journal,
        None if is_fresh => {
            let (journal, free) = journal_of_its_own(worlds, config)?;
            path = free;
            journal
        }
        None => worlds.journal(config, &path, OpenMode::Create)?,
    };
    store::stamp(&mut *journal)?;
    MadeWith::of(config).keep(&mut *journal)?;
    host.record_in(journal, batch, every, records)?;
    host.sync()?;
    Ok(Opened { host, file: (!in_memory).then_some(path), taken_up: None, minds: FormerMinds::None })
}

/// A world that nobody has named gets the first free name; where another run was faster, the next one.
fn journal_of_its_own(
    worlds: &dyn Worlds,
    config: &Config,
) -> Result<(Box<dyn Journal>, PathBuf), SessionError> {
    let mut from = 1;
    loop {
        let (number, path) = fresh_path(config.run.scenario.name(), from)?;
        match worlds.journal(config, &path, OpenMode::Create) {
            Err(JournalError::AlreadyExists { .. } | JournalError::Locked { .. }) if number < u32::MAX => {
                from = number + 1;
            }
            made => return Ok((made?, path)),
        }
    }
}

/// The first free name in the folder `worlds`, from a number on, with its number.
fn fresh_path(scenario: &str, from: u32) -> Result<(u32, PathBuf), SessionError> {
    let folder = Path::new("worlds");
    std::fs::create_dir_all(folder).map_err(|error| SessionError::Folder {
        folder: folder.display().to_string(),
        detail: error.to_string(),
    })?;
    let named = |n| (n, folder.join(format!("{scenario}-{n:03}.world")));
    Ok((from..u32::MAX).map(named).find(|(_, path)| !path.exists()).unwrap_or_else(|| named(u32::MAX)))
}

/// Opens a world to look at it: its present state, its journal, and the positions of its last record.
///
/// # Errors
/// [`OpenError`] says what is wrong.
pub fn open_for_reading(path: &Path) -> Result<(World, Box<dyn Journal>, AxisVector), OpenError> {
    let mut journal = SqliteJournal::open(path, OpenMode::Read)?;
    let axes = store::last_axes(&mut journal)?;
    let world = store::recover(&mut journal, axes, Recover::QUICKLY, &mut Observers::default())?;
    Ok((world, Box::new(journal), axes))
}

/// What a world was made with; `None` when it was made before that was kept, or when its making was interrupted.
///
/// # Errors
/// When there is no world that can be read.
pub fn made_with(path: &Path) -> Result<Option<MadeWith>, JournalError> {
    made_with_in(&OnThisMachine, path)
}

fn made_with_in(worlds: &dyn Worlds, path: &Path) -> Result<Option<MadeWith>, JournalError> {
    let journal = worlds.look(path, Verify::Tail)?;
    if journal.last() == 0 { Ok(None) } else { MadeWith::read(&*journal) }
}

/// What the shadows of each run of a world found, as far as it is kept: of the last [`crate::verdicts::RUNS_KEPT_MAX`] runs, in the order of
/// the runs, and within a run of the axes.
///
/// # Errors
/// When there is no world that can be read, or its verdicts cannot.
pub fn verdicts(path: &Path) -> Result<Vec<KeptVerdicts>, JournalError> {
    crate::verdicts::of_world(path)
}

/// What recomputing a world's state gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// Records replayed.
    pub records: u64,
    /// Events in them.
    pub events: u64,
    /// World time of the last one.
    pub time: Time,
    /// The digest of the recomputed state.
    pub hash: StateHash,
    /// The digest that the last run kept when it ended, in the form `decided measured`, when the replay ends exactly there.
    pub recorded: Option<(String, String)>,
    /// The digest of the state from the newest snapshot and the rest of the journal, when there is a snapshot.
    pub from_snapshot: Option<StateHash>,
    /// The law that does not hold in the recomputed state, if one does not.
    pub broken_law: Option<String>,
}

impl Replay {
    /// Whether everything that can be compared agrees.
    #[must_use]
    pub fn agrees(&self) -> bool {
        let recorded = self.recorded.as_ref().is_none_or(|(decided, measured)| {
            *decided == self.hash.decided_hex() && *measured == self.hash.measured_hex()
        });
        recorded && self.from_snapshot.is_none_or(|hash| hash == self.hash) && self.broken_law.is_none()
    }
}

/// Recomputes the state of a world from its first record and compares it with what was kept.
///
/// # Errors
/// [`OpenError`] says which record cannot be replayed.
pub fn replay(path: &Path, until: Option<u64>) -> Result<Replay, OpenError> {
    replay_in(&OnThisMachine, path, until)
}

/// As [`replay`], with the worlds kept elsewhere.
///
/// # Errors
/// As [`replay`].
pub fn replay_in(worlds: &dyn Worlds, path: &Path, until: Option<u64>) -> Result<Replay, OpenError> {
    let mut journal = worlds.look(path, Verify::All)?;
    let journal = &mut *journal;
    let axes = store::last_axes(journal)?;
    let until = until.unwrap_or(u64::MAX);
    let mut nobody = Observers::default();
    let world = store::recover(journal, axes, Recover { until, use_snapshot: false }, &mut nobody)?;
    let hash = world.hash();
    let last = world.last_record();
    let recorded = match journal.newest_snapshot(HASH_TAG, last)? {
        Some((at, bytes)) if at == last => String::from_utf8(bytes)
            .ok()
            .and_then(|text| text.split_once(' ').map(|(a, b)| (a.to_owned(), b.to_owned()))),
        _ => None,
    };
    let shortcut = store::recover(journal, axes, Recover { until, use_snapshot: true }, &mut nobody)?;
    let has_snapshot = journal.newest_snapshot(&store::snapshot_tag(axes), last)?.is_some();
    Ok(Replay {
        records: last,
        events: world.last_event(),
        time: world.time(),
        hash,
        recorded,
        from_snapshot: has_snapshot.then(|| shortcut.hash()),
        broken_law: world.check_invariants().err().map(|broken| broken.to_string()),
    })
}
