//! Whole runs on a disk that loses power: in ticks and continuously, every service in use. Whatever is found goes on, keeps every law,
//! and is a beginning of what was done that reaches as far as what was acknowledged.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, Mutex};

use ecology_features::config::{Clock, Config, ExecutionMode, MeteringSource, RateLimiting, ScenarioName};
use ecology_journal::{
    Disk as _, HookedJournal, Journal, JournalError, OpenMode, PlantedBug as JournalBug, SqliteJournal,
    SqliteOptions, Verify,
};
use ecology_runner::session::{self, SessionError, SessionSpec};
use ecology_runner::store::OpenError;
use ecology_runner::{Stop, Worlds, report::RunReport};
use ecology_sim_disk::{Collect, Fault, Image, SimDisk};
use ecology_types::{Record, Seed};
use ecology_world::PlantedBug;
use ecology_world::laws::{History, HistoryLaw as _, nothing_lost_nothing_twice};
use rand::RngExt as _;

const WORLD: &str = "a.world";
const RECORDS: &str = "records";
const MADE: &str = "made";

/// Worlds on a simulated disk, and everything that was handed to their journals.
#[derive(Clone)]
struct Simulated {
    disk: SimDisk,
    planted: Option<JournalBug>,
    done: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Simulated {
    fn on(disk: SimDisk) -> Self {
        Self { disk, planted: None, done: Arc::default() }
    }

    fn options(&self, verify: Verify) -> SqliteOptions {
        SqliteOptions {
            disk: Arc::new(self.disk.clone()),
            verify,
            checkpoint_bytes: 256 * 1024,
            planted: self.planted,
            ..SqliteOptions::default()
        }
    }
}

impl Worlds for Simulated {
    fn exists(&self, path: &Path) -> bool {
        self.disk.look(path).is_ok()
    }

    fn journal(&self, _: &Config, path: &Path, mode: OpenMode) -> Result<Box<dyn Journal>, JournalError> {
        let inner = SqliteJournal::open_with(path, mode, &self.options(Verify::All))?;
        self.disk.promise(MADE, 1);
        let worlds = self.clone();
        // Notes what is handed over, and what is acknowledged.
        Ok(Box::new(HookedJournal::new(inner, move |inner, frames| {
            worlds.done.lock().unwrap().extend(frames.iter().map(|frame| frame.bytes.to_vec()));
            inner.append(frames)?;
            worlds.disk.promise(RECORDS, inner.last());
            Ok(())
        })))
    }

    fn look(&self, path: &Path, verify: Verify) -> Result<Box<dyn Journal>, JournalError> {
        Ok(Box::new(SqliteJournal::open_with(path, OpenMode::Read, &self.options(verify))?))
    }
}

/// A run that a seed repeats to the byte: modelled measurements, a virtual clock, and every group of records a batch of its own.
fn config(mode: ExecutionMode, seed: u64) -> Config {
    let mut config = Config::default();
    config.sandbox.isolation = ecology_features::config::SandboxIsolation::InProcess;
    config.run.scenario = ScenarioName::Commune;
    config.run.agents = Some(14);
    config.run.seed = seed;
    config.run.clock = Clock::Virtual;
    config.metering.source = MeteringSource::Modelled;
    config.journal.batch_records_max = 1;
    config.journal.snapshot_every_records = 25;
    config.features.execution_mode = mode;
    if mode == ExecutionMode::Continuous {
        config.features.rate_limiting = RateLimiting::Rolling;
        config.run.duration_ms = Some(4_000);
    } else {
        config.run.ticks = Some(6);
    }
    config
}

fn run(worlds: &Simulated, config: &Config) -> Result<RunReport, SessionError> {
    let path = Some(worlds.disk.path(WORLD));
    let spec = SessionSpec { config: config.clone(), path, stop: Stop::default(), version: "test" };
    session::run_in(worlds, spec, &mut |_| {})
}

/// All records, each checked against the laws of histories.
fn lawful(worlds: &Simulated) -> Result<Vec<Vec<u8>>, String> {
    let mut journal =
        worlds.look(&worlds.disk.path(WORLD), Verify::All).map_err(|error| error.to_string())?;
    let (mut found, mut history, mut broken) = (Vec::new(), History::default(), None);
    let read = journal.for_each(1, u64::MAX, &mut |_, bytes| {
        found.push(bytes.to_vec());
        let record = Record::decode(bytes).map_err(|error| error.to_string());
        match record.and_then(|record| history.hear(&record).map_err(|broken| broken.to_string())) {
            Ok(()) => ControlFlow::Continue(()),
            Err(what) => {
                broken = Some(what);
                ControlFlow::Break(())
            }
        }
    });
    read.map_err(|error| error.to_string())?;
    broken.map_or(Ok(found), Err)
}

/// Judges what was found: nothing lost, nothing twice, every law, replayed from the first record and from a snapshot; then the world is
/// run on, and judged again.
fn judge(image: &Image, done: &[Vec<u8>], config: &Config) -> Result<(), String> {
    let worlds = Simulated::on(SimDisk::from_image(image));
    let path = worlds.disk.path(WORLD);
    let acknowledged = image.promised(RECORDS);
    let before = match session::replay_in(&worlds, &path, None) {
        Ok(replay) if !replay.agrees() => return Err(format!("the replay does not agree: {replay:?}")),
        Ok(_) => lawful(&worlds)?,
        Err(OpenError::Empty) if acknowledged == 0 => Vec::new(),
        Err(OpenError::Journal(JournalError::NotFound { .. })) if image.promised(MADE) == 0 => Vec::new(),
        Err(error) => return Err(format!("it does not open: {error}")),
    };
    nothing_lost_nothing_twice(done, acknowledged, &before).map_err(|broken| broken.to_string())?;
    let mut rest = config.clone();
    (rest.run.ticks, rest.run.duration_ms) = match config.run.duration_ms {
        Some(_) => (None, Some(300)),
        None => (Some(1), None),
    };
    let report = run(&worlds, &rest).map_err(|error| format!("it does not go on: {error}"))?;
    if report.resumed == before.is_empty() || report.broken_law.is_some() {
        return Err(format!("it went on wrongly: resumed {}, {:?}", report.resumed, report.broken_law));
    }
    let after = lawful(&worlds)?;
    nothing_lost_nothing_twice(&after, before.len() as u64, &before).map_err(|broken| broken.to_string())?;
    let replay = session::replay_in(&worlds, &path, None).map_err(|error| error.to_string())?;
    if replay.agrees() {
        Ok(())
    } else {
        Err(format!("after going on the replay does not agree: {replay:?}"))
    }
}

/// Runs one world twice over, so that resuming is part of what is interrupted, and judges a sample of `most` of the disks found.
fn power_cuts(
    mode: ExecutionMode,
    seed: u64,
    most: usize,
    planted: Option<JournalBug>,
    fault: Option<Fault>,
) -> Result<usize, String> {
    let config = config(mode, seed);
    let worlds = Simulated { planted, ..Simulated::on(SimDisk::new()) };
    worlds.disk.collect(Some(Collect { seed, one_in: 2, images: 1 }));
    if let Some(fault) = fault {
        worlds.disk.plan(fault);
    }
    for _ in 0..2 {
        let ran = run(&worlds, &config);
        if fault.is_none() {
            ran.map_err(|error| error.to_string())?;
        }
    }
    worlds.disk.collect(None);
    let mut images = worlds.disk.take_images();
    let mut rng = Seed(seed).derive("sample", 0).rng();
    while images.len() > most {
        images.swap_remove(rng.random_range(0..images.len()));
    }
    let done = worlds.done.lock().unwrap().clone();
    for image in &images {
        judge(image, &done, &config).map_err(|broken| {
            let at = image.operations;
            format!("{mode:?}, seed {seed}, after {at} operations (image {}): {broken}", image.seed)
        })?;
    }
    Ok(images.len())
}

/// Names one run to play again, and nothing else.
const SEED: &str = "ECOLOGY_CRASH_SEED";

fn many(mode: ExecutionMode, name: &str) {
    let only = std::env::var(SEED).ok().map(|seed| seed.parse().unwrap());
    let seeds = only.map_or(1..=6, |seed| seed..=seed);
    let mut images = 0;
    for seed in seeds {
        images += power_cuts(mode, seed, 40, None, None).unwrap_or_else(|broken| {
            panic!("{broken}\nrun it again: {SEED}={seed} cargo test -p ecology-runner --test main {name}")
        });
    }
    assert!(only.is_some() || images > 200, "{images}");
}

#[test]
fn power_lost_in_ticks() {
    many(ExecutionMode::Tick, "power::power_lost_in_ticks");
}

#[test]
fn power_lost_in_virtual_time() {
    many(ExecutionMode::Continuous, "power::power_lost_in_virtual_time");
}

#[test]
fn power_lost_and_one_seed_gives_the_same_images() {
    let found = |_: usize| {
        let worlds = Simulated::on(SimDisk::new());
        worlds.disk.collect(Some(Collect { seed: 1, one_in: 5, images: 1 }));
        run(&worlds, &config(ExecutionMode::Continuous, 1)).unwrap();
        // SQLite salts its log with randomness of its own; everything else repeats.
        let images = worlds.disk.take_images();
        images.into_iter().map(|image| (image.seed, image.operations, image.promised)).collect::<Vec<_>>()
    };
    assert_eq!(found(0), found(1));
}

#[test]
fn power_lost_after_syncs_that_failed() {
    for seed in 0..6 {
        let fault = Fault::SyncsFail { from: 25 + seed * 7 };
        power_cuts(ExecutionMode::Continuous, seed, 10, None, Some(fault)).unwrap();
        let fault = Fault::Full { bytes_max: 200_000 + seed * 300_000 };
        power_cuts(ExecutionMode::Tick, seed, 10, None, Some(fault)).unwrap();
    }
}

#[test]
fn power_lost_finds_a_commit_that_is_not_synced() {
    let found = power_cuts(ExecutionMode::Tick, 1, 60, Some(JournalBug::CommitNotSynced), None).unwrap_err();
    assert!(found.contains("were acknowledged"), "{found}");
}

#[test]
fn power_lost_finds_a_reservation_that_is_not_released() {
    PlantedBug::plant(Some(PlantedBug::ReservationNotReleased));
    let found = (1..=3).find_map(|seed| power_cuts(ExecutionMode::Continuous, seed, 60, None, None).err());
    PlantedBug::plant(None);
    let found = found.unwrap();
    assert!(found.contains("every reservation is settled or released"), "{found}");
}
