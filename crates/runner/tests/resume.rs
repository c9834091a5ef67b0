//! A run that was killed goes on from a snapshot exactly as it goes on from the first record.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use ecology_features::config::{
    AccessControl, ArtifactOntology, ArtifactOntologyShadow, Clock, Config, ExecutionMode, MeteringSource,
    RateLimiting, ScenarioName,
};
use ecology_journal::{HookedJournal, Journal, JournalError, OpenMode, SqliteJournal, Verify};
use ecology_runner::import::{ImportSpec, prepare};
use ecology_runner::report::{RunReport, TakenUp};
use ecology_runner::session::{self, SessionSpec};
use ecology_runner::{OnThisMachine, Stop, Worlds, scenario};
use ecology_types::{Axis, AxisVector};
use ecology_world::SNAPSHOT_VERSION;

const MEMORY: &[u8] = b"observers v1";
const MINDS: &[u8] = b"minds v2";
const EVERY: u64 = 60;

fn config(scenario: ScenarioName, mode: ExecutionMode) -> Config {
    let mut config = Config::default();
    config.sandbox.isolation = ecology_features::config::SandboxIsolation::InProcess;
    config.run.scenario = scenario;
    config.run.agents = match scenario {
        ScenarioName::Vickrey => None,
        ScenarioName::Bazaar => Some(60),
        _ => Some(16),
    };
    config.run.seed = 3;
    config.run.clock = Clock::Virtual;
    config.metering.source = MeteringSource::Modelled;
    config.journal.snapshot_every_records = EVERY;
    // A world runs on while its journal writes: without a bound the moments between two batches would be as few as the machine is busy.
    config.journal.batch_records_max = 32;
    config.features.execution_mode = mode;
    if scenario == ScenarioName::Bazaar {
        config.features.artifact_ontology = ArtifactOntology::Unified;
        config.features.access_control = AccessControl::Contract;
    } else {
        config.shadow.artifact_ontology = ArtifactOntologyShadow::Unified;
    }
    if mode == ExecutionMode::Continuous {
        config.features.rate_limiting = RateLimiting::Rolling;
        config.run.duration_ms = Some(20_000);
    } else {
        // An auction takes four ticks.
        config.run.ticks = Some(match scenario {
            ScenarioName::Vickrey => 60,
            ScenarioName::Bazaar => 30,
            _ => 12,
        });
    }
    config
}

fn copy(from: &Path, to: &Path) {
    for suffix in ["", "-wal"] {
        let file = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
        if file(from).exists() {
            std::fs::copy(file(from), file(to)).unwrap();
        }
    }
}

/// Worlds on this machine, of which copies are taken at several moments right after a commit: what a kill then would leave, because the log
/// is not moved into the file of so small a world.
struct Killed {
    path: PathBuf,
    images: Arc<Mutex<Vec<PathBuf>>>,
}

impl Worlds for Killed {
    fn exists(&self, path: &Path) -> bool {
        OnThisMachine.exists(path)
    }

    fn journal(
        &self,
        config: &Config,
        path: &Path,
        mode: OpenMode,
    ) -> Result<Box<dyn Journal>, JournalError> {
        let inner = OnThisMachine.journal(config, path, mode)?;
        let (path, images, mut next) = (self.path.clone(), Arc::clone(&self.images), 100);
        Ok(Box::new(HookedJournal::new(inner, move |inner, frames| {
            inner.append(frames)?;
            if inner.last() >= next {
                next = inner.last() + 90;
                let mut images = images.lock().unwrap();
                let image = path.with_extension(images.len().to_string());
                if images.len() < 4 {
                    copy(&path, &image);
                    images.push(image);
                }
            }
            Ok(())
        })))
    }

    fn look(&self, path: &Path, verify: Verify) -> Result<Box<dyn Journal>, JournalError> {
        OnThisMachine.look(path, verify)
    }
}

/// Makes the world of an import, with agents that pass on money.
fn import(path: &Path, config: &Config) {
    let mut other = config.clone();
    other.run.scenario = ScenarioName::Boltzmann;
    let mut rules = other.rules().unwrap();
    let scenario = scenario::build(&other);
    scenario.adapt(&mut rules);
    let founders = scenario.genesis(rules).founders;
    let spec = ImportSpec { config: config.clone(), founders, artifacts: Vec::new() };
    let _ = prepare(spec).unwrap().write(path, b"{}").unwrap();
}

/// Runs a world, and gives what a kill would leave at several moments and at the end.
fn killed(folder: &Path, config: &Config) -> Vec<PathBuf> {
    let path = folder.join("lived");
    let worlds = Killed { path: path.clone(), images: Arc::default() };
    let spec = SessionSpec {
        config: config.clone(),
        path: Some(path.clone()),
        stop: Stop::default(),
        version: "test",
    };
    let is_imported = config.run.scenario == ScenarioName::Imported;
    if is_imported {
        import(&path, config);
    }
    assert_eq!(session::run_in(&worlds, spec, &mut |_| {}).unwrap().taken_up.is_some(), is_imported);
    let mut images = worlds.images.lock().unwrap().clone();
    let image = folder.join("ended");
    copy(&path, &image);
    images.push(image);
    images
}

/// Writes nonsense over the newest entries under a tag, and gives the records that they were of.
fn spoil(path: &Path, tag: &[u8], most: usize) -> Vec<u64> {
    let mut journal = SqliteJournal::open(path, OpenMode::Write).unwrap();
    let (mut spoiled, mut before) = (Vec::new(), u64::MAX);
    while spoiled.len() < most {
        let Some((at, _)) = journal.newest_snapshot(tag, before).unwrap() else { break };
        journal.save_snapshot(at, tag, b"nonsense").unwrap();
        spoiled.push(at);
        before = at - 1;
    }
    spoiled
}

fn records(path: &Path) -> Vec<Vec<u8>> {
    let mut journal = SqliteJournal::open(path, OpenMode::Read).unwrap();
    let mut all = Vec::new();
    let visit = &mut |_, bytes: &[u8]| {
        all.push(bytes.to_vec());
        ControlFlow::Continue(())
    };
    journal.for_each(1, u64::MAX, visit).unwrap();
    all
}

/// Everything that a report says but how the world was taken up and what took how long; and every record.
fn go_on(path: &Path, config: &Config) -> (RunReport, session::Progress, Vec<Vec<u8>>) {
    let mut config = config.clone();
    config.run.ticks = config.run.ticks.map(|_| 3);
    config.run.duration_ms = config.run.duration_ms.map(|_| 3_000);
    let spec = SessionSpec { config, path: Some(path.to_owned()), stop: Stop::default(), version: "test" };
    let mut last = None;
    let mut report = session::run(spec, &mut |progress| last = Some(*progress)).unwrap();
    (report.elapsed_ms, report.world) = (0, None);
    for found in report.shadow.values_mut() {
        found.latency = None;
        // What a replay asks while no command is decided is compared as well, and a short one asks less.
        let outside = found.commands.remove("outside").unwrap_or_default();
        found.compared -= outside;
        found.same -= outside;
        found.kinds.clear();
    }
    let replay = session::replay(path, None).unwrap();
    assert!(replay.agrees(), "{replay:?}");
    (report, last.unwrap(), records(path))
}

fn goes_on_alike(scenario: ScenarioName, mode: ExecutionMode) {
    let folder = tempfile::tempdir().unwrap();
    let config = config(scenario, mode);
    let images = killed(folder.path(), &config);
    assert!(images.len() >= 3, "{scenario:?} {mode:?}: {} moments", images.len());
    let limiter = Axis::RateLimiting.implementation(config.axis_vector().side(Axis::RateLimiting));
    let tag = format!("world v{SNAPSHOT_VERSION} {limiter}").into_bytes();
    let (mut from_snapshot, mut from_older) = (0, 0);
    for image in &images {
        let again = |what: &str| {
            let path = folder.path().join(what);
            copy(image, &path);
            path
        };
        let whole = again("whole");
        let had = spoil(&whole, MEMORY, usize::MAX);
        let (mut expected, progress, written) = go_on(&whole, &config);
        let told = expected.taken_up.take().unwrap();
        assert_eq!(told.snapshot, 0, "{told:?}");
        // An import leaves a snapshot that nobody observed: as long as it is kept, it is passed over on the way to the first record.
        let unobserved = told.passed_over.len() - had.len();
        assert!(unobserved <= usize::from(scenario == ScenarioName::Imported), "{told:?}");
        let check = |path: &Path, newest: Option<u64>| {
            let (mut report, last, now) = go_on(path, &config);
            let taken_up = report.taken_up.take().unwrap();
            assert_eq!(taken_up.snapshot, newest.unwrap_or(0), "{scenario:?} {mode:?}: {taken_up:?}");
            assert_eq!(report, expected, "{scenario:?} {mode:?} from {}", taken_up.snapshot);
            assert_eq!((last, now == written), (progress, true), "{scenario:?} {mode:?}");
            std::fs::remove_file(path).unwrap();
            taken_up
        };
        let told = check(&again("shortly"), had.first().copied());
        let passed_by = |told: &TakenUp| if told.snapshot == 0 { unobserved } else { 0 };
        assert_eq!(told.passed_over.len(), passed_by(&told), "{told:?}");
        assert!(told.snapshot == 0 || told.replayed < told.snapshot + EVERY * 3, "{told:?}");
        from_snapshot += u64::from(told.snapshot > 0);
        // Whichever of the two is spoiled, the snapshot before it serves, and that is told.
        for spoiled in [MEMORY, &tag] {
            let path = again("older");
            if spoil(&path, spoiled, 1).is_empty() {
                assert!(had.is_empty(), "there is something to spoil");
                continue;
            }
            let told = check(&path, had.get(1).copied());
            assert_eq!(told.passed_over.len(), 1 + passed_by(&told), "{told:?}");
            from_older += u64::from(told.snapshot > 0);
        }
        std::fs::remove_file(&whole).unwrap();
    }
    assert!(from_snapshot > 1 && from_older > 0, "{scenario:?} {mode:?}: {from_snapshot}, {from_older}");
}

#[test]
fn markets_go_on_from_a_snapshot_as_from_the_first_record() {
    goes_on_alike(ScenarioName::Market, ExecutionMode::Tick);
    goes_on_alike(ScenarioName::Market, ExecutionMode::Continuous);
}

#[test]
fn transfers_and_auctions_go_on_from_a_snapshot_as_from_the_first_record() {
    goes_on_alike(ScenarioName::Boltzmann, ExecutionMode::Tick);
    goes_on_alike(ScenarioName::Vickrey, ExecutionMode::Tick);
}

#[test]
fn communes_go_on_from_a_snapshot_as_from_the_first_record() {
    goes_on_alike(ScenarioName::Commune, ExecutionMode::Tick);
    goes_on_alike(ScenarioName::Commune, ExecutionMode::Continuous);
}

#[test]
fn an_imported_world_goes_on_from_a_snapshot_as_from_the_first_record() {
    goes_on_alike(ScenarioName::Imported, ExecutionMode::Tick);
    goes_on_alike(ScenarioName::Imported, ExecutionMode::Continuous);
}

#[test]
fn a_bazaar_goes_on_from_a_snapshot_as_from_the_first_record() {
    goes_on_alike(ScenarioName::Bazaar, ExecutionMode::Tick);
}

#[test]
fn other_positions_and_another_version_replay_everything_and_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(ScenarioName::Market, ExecutionMode::Tick);
    let _ = killed(folder.path(), &config);
    let path = folder.path().join("lived");
    let run = |config: &Config, version| {
        let spec =
            SessionSpec { config: config.clone(), path: Some(path.clone()), stop: Stop::default(), version };
        session::run(spec, &mut |_| {}).unwrap().taken_up.unwrap()
    };
    let other = run(&config, "another");
    assert_eq!((other.snapshot, other.passed_over.len()), (0, 2), "{other:?}");
    let same = run(&config, "another");
    assert_eq!((same.replayed, same.passed_over.len()), (0, 0), "{same:?}");
    let mut moved = config;
    moved.features.rate_limiting = RateLimiting::Rolling;
    assert_ne!(moved.axis_vector(), AxisVector::default());
    let elsewhere = run(&moved, "another");
    assert_eq!((elsewhere.snapshot, elsewhere.passed_over.len()), (0, 0), "{elsewhere:?}");
    assert_eq!(run(&moved, "another").replayed, 0);
}

/// Minds of a killed run lose what they knew since the last snapshot, and no more.
fn minds_go_on(mode: ExecutionMode) {
    let folder = tempfile::tempdir().unwrap();
    let config = config(ScenarioName::Commune, mode);
    let (mut kept, mut lost) = (0, 0);
    for image in killed(folder.path(), &config) {
        let run = |path: &Path| {
            let report = go_on(path, &config).0;
            (report.taken_up.unwrap().minds, report.minds_started_anew, report.population.agents)
        };
        let newest = {
            let mut journal = SqliteJournal::open(&image, OpenMode::Read).unwrap();
            let last = journal.last();
            journal.newest_snapshot(MINDS, u64::MAX).unwrap().map(|(at, _)| (at, last))
        };
        let spoiled = folder.path().join("spoiled");
        copy(&image, &spoiled);
        spoil(&spoiled, MINDS, usize::MAX);
        let (from, anew, agents) = run(&image);
        match newest {
            None => {
                assert_eq!(from, None);
                assert!(anew > 0, "nothing was kept, and that is told");
            }
            Some((at, last)) if at < last => {
                assert_eq!(from, Some(at));
                assert!(anew < agents / 2, "{anew} of {agents} began anew although they were kept at {at}");
                kept += 1;
            }
            Some(_) => assert_eq!((from, anew), (None, 0), "it ended in order"),
        }
        if newest.is_some() {
            assert!(run(&spoiled).1 > agents / 2, "what cannot be read is lost");
            lost += 1;
        }
        std::fs::remove_file(&spoiled).unwrap();
    }
    assert!(kept > 0 && lost > 0, "{kept}, {lost}");
}

#[test]
fn minds_of_a_killed_run_go_on_as_they_were_at_its_last_snapshot() {
    minds_go_on(ExecutionMode::Tick);
    minds_go_on(ExecutionMode::Continuous);
}
