//! What it takes to open a world again, and to go on with its run, whose process was killed after a million actions.
//!
//! Lines: `RATIO recovery_<case> <what> <value> <=TARGET`; `-` where a figure is only told. The floor is a scan of the same frames in a bare
//! file, each with its length and checksum, in the same run, in turns. `--only WORD` runs nothing where the word is not part of `recovery`; `--long` takes more rounds.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::fs::File;
use std::io::Read as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use ecology_features::config::{Config, ScenarioName};
use ecology_journal::{Journal, OpenMode, SqliteJournal, SqliteOptions, Verify};
use ecology_minds::services;
use ecology_runner::report::{RunReport, TakenUp};
use ecology_runner::session::{self, SessionSpec};
use ecology_runner::store::{self, Recover};
use ecology_runner::{Host, Observers, Stop, compose};
use ecology_types::{
    Act, AxisVector, Charges, Command, Founder, Genesis, Id, Resource, Rules, Scrip, Seed, Span, Time,
};
use ecology_world::World;

type Anyhow<T> = Result<T, Box<dyn std::error::Error>>;

const ACTIONS: u64 = 1_000_000;
const AGENTS: u64 = 1_000;
/// As many records come after the last snapshot as an ordinary configuration lets come.
const AFTER_SNAPSHOT: u64 = 100_000;

fn id(number: u64) -> Anyhow<Id> {
    Ok(Id::new(format!("agent_{number}"))?)
}

/// A world with a million transfers, in a journal that nobody closed: a copy of its files is what a killed process leaves.
fn killed(folder: &Path) -> Anyhow<PathBuf> {
    let path = folder.join("lived");
    let mut journal: Box<dyn Journal> = Box::new(SqliteJournal::open(&path, OpenMode::Create)?);
    store::stamp(&mut *journal)?;
    let axes = AxisVector::default();
    let mut host = Host::new(World::new(compose::parts(axes)?), journal, 4_096, 0)?;
    let mut nobody = Observers::default();
    let quotas = Charges::of(Resource::LlmCalls, 1_000_000)
        .with(Resource::Bandwidth, 10_000_000)
        .with(Resource::Cpu, 10_000_000);
    let mut rules = Rules::default();
    rules.mint.interval = Span::ZERO;
    rules.action_estimate = Charges::NONE;
    let founder = |number| -> Anyhow<Founder> {
        Ok(Founder {
            id: id(number)?,
            is_agent: true,
            config: "mind = 'sleeper'".into(),
            scrip: Scrip(1_000),
            quotas,
        })
    };
    let founders = (0..AGENTS).map(founder).collect::<Anyhow<_>>()?;
    host.step(
        &Command::Create(Box::new(Genesis { rules, founders, artifacts: Vec::new() })),
        Time::ZERO,
        &mut nobody,
    )?;
    let start =
        Command::StartRun { version: "bench".into(), scenario: "recovery".into(), seed: Seed(1), axes };
    host.step(&start, Time::ZERO, &mut nobody)?;
    let keys = (0..AGENTS)
        .map(|number| Ok(host.world().symbols().key(id(number)?.as_str()).ok_or("an agent without a key")?))
        .collect::<Anyhow<Vec<_>>>()?;
    let actions = (0..AGENTS)
        .map(|number| Ok(services::transfer(&id((number * 7 + 1) % AGENTS)?, 1)))
        .collect::<Anyhow<Vec<_>>>()?;
    for number in 0..ACTIONS {
        if number % AGENTS == 0 {
            host.step(&Command::Tick, Time(number * 1_000), &mut nobody)?;
        }
        let at = usize::try_from(number % AGENTS)?;
        let act = Act { agent: keys[at], action: actions[at].clone(), thought: None, answers: Vec::new() };
        host.step(&Command::Act(act), Time(number * 1_000), &mut nobody)?;
        if number == ACTIONS - AFTER_SNAPSHOT {
            host.snapshot()?;
        }
    }
    host.sync()?;
    let left = folder.join("killed");
    for suffix in ["", "-wal"] {
        std::fs::copy(format!("{}{suffix}", path.display()), format!("{}{suffix}", left.display()))?;
    }
    host.close()?;
    Ok(left)
}

/// Fresh copies, because opening moves the log into the main file. They are on disk before anything is measured, as what a killed process leaves
/// is: it had waited for that at every commit.
fn copy(left: &Path, folder: &Path) -> Anyhow<PathBuf> {
    let path = folder.join("again");
    for suffix in ["", "-wal"] {
        let to = format!("{}{suffix}", path.display());
        std::fs::copy(format!("{}{suffix}", left.display()), &to)?;
        File::open(to)?.sync_all()?;
    }
    Ok(path)
}

/// The floor: the same frames one after the other in a bare file, each with its length and its checksum.
fn write_raw(left: &Path, folder: &Path) -> Anyhow<PathBuf> {
    let mut journal = SqliteJournal::open(copy(left, folder)?, OpenMode::Read)?;
    let mut bytes = Vec::new();
    journal.for_each(1, u64::MAX, &mut |_, frame| {
        bytes.extend_from_slice(&u32::try_from(frame.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend_from_slice(&crc32fast::hash(frame).to_le_bytes());
        bytes.extend_from_slice(frame);
        ControlFlow::Continue(())
    })?;
    let path = folder.join("raw");
    std::fs::write(&path, bytes)?;
    Ok(path)
}

fn raw_scan(path: &Path) -> Anyhow<f64> {
    let start = Instant::now();
    let mut file = std::io::BufReader::with_capacity(1 << 20, File::open(path)?);
    let (mut head, mut sum, mut bytes, mut frames) = ([0_u8; 4], [0_u8; 4], Vec::new(), 0_u64);
    while file.read_exact(&mut head).is_ok() {
        file.read_exact(&mut sum)?;
        bytes.resize(usize::try_from(u32::from_le_bytes(head))?, 0);
        file.read_exact(&mut bytes)?;
        assert_eq!(crc32fast::hash(&bytes), u32::from_le_bytes(sum));
        frames += 1;
    }
    assert!(frames > ACTIONS, "{frames}");
    Ok(start.elapsed().as_secs_f64())
}

fn journal_scan(path: &Path) -> Anyhow<f64> {
    let start = Instant::now();
    let options = SqliteOptions { verify: Verify::Tail, ..SqliteOptions::default() };
    let mut journal = SqliteJournal::open_with(path, OpenMode::Write, &options)?;
    let mut frames = 0_u64;
    journal.for_each(1, u64::MAX, &mut |_, _| {
        frames += 1;
        ControlFlow::Continue(())
    })?;
    assert!(frames > ACTIONS, "{frames}");
    Ok(start.elapsed().as_secs_f64())
}

fn world(path: &Path, how: Recover, verify: Verify) -> Anyhow<f64> {
    let start = Instant::now();
    let options = SqliteOptions { verify, ..SqliteOptions::default() };
    let mut journal = SqliteJournal::open_with(path, OpenMode::Write, &options)?;
    let world = store::recover(&mut journal, AxisVector::default(), how, &mut Observers::default())?;
    assert!(world.last_record() > ACTIONS);
    Ok(start.elapsed().as_secs_f64())
}

/// A run of a million turns, each of which gives a scrip away.
fn run_config() -> Config {
    let mut config = Config::default();
    config.sandbox.isolation = ecology_features::config::SandboxIsolation::InProcess;
    config.run.scenario = ScenarioName::Boltzmann;
    config.run.agents = Some(u32::try_from(AGENTS).unwrap_or(u32::MAX));
    config.run.ticks = Some(ACTIONS / AGENTS * 2);
    config.journal.snapshot_every_records = AFTER_SNAPSHOT;
    config
}

fn run_on(path: PathBuf, config: Config, progress: &mut dyn FnMut(&session::Progress)) -> Anyhow<RunReport> {
    let spec = SessionSpec { config, path: Some(path), stop: Stop::default(), version: "bench" };
    Ok(session::run(spec, progress)?)
}

/// The word that makes this program the one that is killed.
const TO_BE_KILLED: &str = "--to-be-killed";

/// A run as a process of its own, killed when it has carried out a million actions and is far from its last snapshot.
fn killed_run(folder: &Path) -> Anyhow<PathBuf> {
    let path = folder.join("run");
    let mut child = std::process::Command::new(std::env::current_exe()?)
        .arg(TO_BE_KILLED)
        .arg(&path)
        .stdout(std::process::Stdio::piped())
        .spawn()?;
    let mut word = [0_u8; 1];
    let said = child.stdout.take().ok_or("a process without a voice")?.read(&mut word)?;
    child.kill()?;
    child.wait()?;
    if said == 0 {
        return Err("the run ended before it was killed".into());
    }
    Ok(path)
}

/// What that process does.
fn be_killed(path: PathBuf) -> Anyhow<ExitCode> {
    let _ = run_on(path, run_config(), &mut |progress| {
        if progress.records > ACTIONS + AFTER_SNAPSHOT * 9 / 10 {
            println!("!");
            std::thread::park();
        }
    })?;
    Ok(ExitCode::FAILURE)
}

/// Goes on with a run for one tick, and gives how long it took until it went on, and how.
fn resumed(path: PathBuf) -> Anyhow<TakenUp> {
    let mut config = run_config();
    config.run.ticks = Some(1);
    let report = run_on(path, config, &mut |_| {})?;
    assert!(report.records > ACTIONS && report.broken_law.is_none());
    Ok(report.taken_up.ok_or("the world was made anew")?)
}

fn main() -> Anyhow<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [word, path] = &*arguments
        && word == TO_BE_KILLED
    {
        return be_killed(PathBuf::from(path));
    }
    let only = arguments.iter().position(|word| word == "--only").and_then(|at| arguments.get(at + 1));
    if only.is_some_and(|only| !"recovery".contains(only.as_str())) {
        return Ok(ExitCode::SUCCESS);
    }
    let rounds = if arguments.iter().any(|word| word == "--long") { 9 } else { 3 };
    let root = std::env::var_os("ECOLOGY_BENCH_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    let folder = tempfile::TempDir::new_in(root)?;
    let left = killed(folder.path())?;
    let raw = write_raw(&left, folder.path())?;
    // The best of each: somebody else's work only slows.
    let mut best = [f64::MAX; 5];
    for _ in 0..rounds {
        let found = [
            raw_scan(&raw)?,
            journal_scan(&copy(&left, folder.path())?)?,
            world(&copy(&left, folder.path())?, Recover::QUICKLY, Verify::Tail)?,
            world(&copy(&left, folder.path())?, Recover::QUICKLY, Verify::All)?,
            world(&copy(&left, folder.path())?, Recover::FROM_THE_START, Verify::All)?,
        ];
        for (best, found) in best.iter_mut().zip(found) {
            *best = best.min(found);
        }
    }
    let [raw, journal, snapshot, verified, whole] = best;
    println!("scan {raw:.3} s, journal {journal:.3} s, world from a snapshot {snapshot:.3} s");
    println!(
        "all verified and from a snapshot {verified:.3} s, all verified and from the first record {whole:.3} s"
    );
    println!("RATIO recovery_journal journal/scan {:.3} <=2.0", journal / raw);
    println!("RATIO recovery_snapshot snapshot/second {snapshot:.3} <=1.0");
    let run = killed_run(folder.path())?;
    let floor = write_raw(&run, folder.path())?;
    let mut best: Option<(f64, TakenUp)> = None;
    let mut floor_s = f64::MAX;
    for _ in 0..rounds {
        floor_s = floor_s.min(raw_scan(&floor)?);
        let begun = Instant::now();
        let taken_up = resumed(copy(&run, folder.path())?)?;
        let (whole, until) =
            (begun.elapsed().as_secs_f64(), Duration::from_micros(taken_up.elapsed_us).as_secs_f64());
        println!(
            "a run goes on after {until:.3} s, and has ended, one tick later, after {whole:.3} s: {taken_up:?}"
        );
        if best.as_ref().is_none_or(|(least, _)| until < *least) {
            best = Some((until, taken_up));
        }
    }
    let (until, taken_up) = best.ok_or("no round")?;
    println!("RATIO recovery_run run-resumes/second {until:.3} <=1.0");
    println!("RATIO recovery_run_floor run-resumes/scan {:.3} -", until / floor_s);
    println!("FIGURE recovery run-resumes-from {} and replays {}", taken_up.snapshot, taken_up.replayed);
    println!("RATIO recovery_verified verified-snapshot/second {verified:.3} -");
    println!("RATIO recovery_whole from-the-first-record/scan {:.3} -", whole / raw);
    Ok(ExitCode::from(u8::from(journal / raw > 2.0 || snapshot > 1.0 || until > 1.0)))
}
