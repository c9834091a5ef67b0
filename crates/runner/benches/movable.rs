//! How fast a world of a million artifacts moves to the other half of an axis and back, and what memory that takes.
//!
//! Lines: `RATIO movable/<case> found/<allowed> <value> <=TARGET`, `FIGURE <what> <value>` for what has no target. The floor is reading every
//! record once, in the same run. `--artifacts N` takes another number. Exit code 1 when a target is missed.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::cast_precision_loss, reason = "figures of a report")]

use std::hint::black_box;
use std::time::Instant;

use ecology_journal::{OpenMode, SqliteJournal};
use ecology_metering::{CountingAllocator, MemoryLap};
use ecology_runner::{Host, Observers, compose, store};
use ecology_types::{
    Act, Action, Axis, AxisVector, Charges, Command, Draft, Founder, Genesis, Id, Key, Migration,
    PolicyDraft, Resource, Rules, Scrip, Seed, Side, SmolStr, Time,
};
use ecology_world::World;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::system();

const ARTIFACTS: u32 = 1_000_000;
const ARTIFACTS_PER_SECOND: f64 = 200_000.0;
/// Memory while it moves, as a multiple of what the open world takes.
const MEMORY_MAX: f64 = 2.0;
const BATCH_KEYS_MAX: u32 = 4_096;
/// Records of one batch of the journal.
const BATCH_RECORDS: usize = 64;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<std::process::ExitCode, Failure> {
    let mut artifacts = ARTIFACTS;
    let mut only: Option<String> = None;
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--artifacts" => artifacts = args.next().and_then(|n| n.parse().ok()).unwrap_or(artifacts),
            "--only" => only = args.next(),
            _ => {}
        }
    }
    if only.is_some_and(|only| !"migrate".contains(only.as_str())) {
        return Ok(std::process::ExitCode::SUCCESS);
    }
    let folder = tempfile::tempdir()?;
    let lap = MemoryLap::begin();
    let mut host = populated(artifacts, &folder.path().join("a.world"))?;
    let open_bytes = in_use_bytes(lap);
    let mut missed = false;
    for (axis, what) in
        [(Axis::AccessControl, "policies to contracts"), (Axis::ArtifactOntology, "executables described")]
    {
        for (to, way) in [(Side::New, "there"), (Side::Old, "back")] {
            let floor = Instant::now();
            black_box(read_all(host.world()));
            let floor = floor.elapsed();
            let lap = MemoryLap::begin();
            let begun = Instant::now();
            let converted = migrate(&mut host, axis, to)?;
            let took = begun.elapsed();
            let allowed = f64::from(artifacts) / ARTIFACTS_PER_SECOND;
            let value = took.as_secs_f64() / allowed;
            println!(
                "RATIO movable/migrate_{axis}_{way} {:.2}s/{allowed:.2}s {value:.3} <=1.0",
                took.as_secs_f64()
            );
            missed |= value > 1.0;
            let peak = (open_bytes + lap.peak_bytes()) as f64 / open_bytes as f64;
            println!("RATIO movable/memory_{axis}_{way} peak/open {peak:.3} <={MEMORY_MAX}");
            missed |= peak > MEMORY_MAX;
            println!("FIGURE {what}, {way}: converted {converted}");
            let floors = took.as_secs_f64() / floor.as_secs_f64();
            println!("FIGURE {what}, {way}: times the floor of reading every record {floors:.1}");
        }
    }
    host.close()?;
    Ok(std::process::ExitCode::from(u8::from(missed)))
}

/// What is in use above what was in use when `since` began.
fn in_use_bytes(since: MemoryLap) -> u64 {
    let _ = MemoryLap::begin();
    since.peak_bytes()
}

/// A world with so many artifacts, half of them private, a tenth executable without methods, all of its history in a journal.
fn populated(artifacts: u32, path: &std::path::Path) -> Result<Host, Failure> {
    let mut journal = SqliteJournal::open(path, OpenMode::Create)?;
    store::stamp(&mut journal)?;
    let plenty = Charges([u64::from(u32::MAX) * 1_000; Resource::COUNT]);
    let mut rules = Rules { capacity: Charges([u64::MAX / 4; Resource::COUNT]), ..Rules::default() };
    rules.limits.artifacts_max = artifacts + 1_000;
    rules.limits.log_events_max = 1_000;
    let maker = Founder {
        id: Id::known("maker"),
        is_agent: true,
        config: "mind".into(),
        scrip: Scrip(1),
        quotas: plenty,
    };
    let genesis = Genesis { rules, founders: vec![maker], artifacts: Vec::new() };
    let mut host =
        Host::new(World::new(compose::parts(AxisVector::default())?), Box::new(journal), 4_096, 0)?;
    let mut nobody = Observers::default();
    host.step(&Command::Create(Box::new(genesis)), Time::ZERO, &mut nobody)?;
    let axes = AxisVector::default();
    let start = Command::StartRun {
        version: SmolStr::new("bench"),
        scenario: SmolStr::new("bench"),
        seed: Seed(1),
        axes,
    };
    host.step(&start, Time::ZERO, &mut nobody)?;
    let agent = host.world().symbols().key("maker").unwrap_or(Key(12));
    for n in 0..artifacts {
        let mut draft = Draft::new(Id::new(format!("artifact_{n}"))?, "roses are red, violets are blue");
        draft.can_execute = n.is_multiple_of(10).then_some(true);
        draft.policy = n.is_multiple_of(2).then(PolicyDraft::default);
        let act = Act { agent, action: Action::Write(Box::new(draft)), thought: None, answers: Vec::new() };
        let step = host.step(&Command::Act(act), Time::ZERO, &mut nobody)?;
        if let Err(refusal) = step.outcome {
            return Err(format!("artifact {n}: {refusal}").into());
        }
    }
    host.sync()?;
    drop(host);
    let mut journal = SqliteJournal::open(path, OpenMode::Write)?;
    let world = store::recover(&mut journal, axes, store::Recover::FROM_THE_START, &mut nobody)?;
    Ok(Host::new(world, Box::new(journal), BATCH_RECORDS, 0)?)
}

fn read_all(world: &World) -> u64 {
    let keys = u32::try_from(world.symbols().len()).unwrap_or(u32::MAX);
    (0..keys).filter_map(|key| world.live(Key(key))).map(|record| record.version).sum()
}

/// As `ecology migrate` does it: every batch is on its way to the disk before the next one is decided, and the end waits for all.
fn migrate(host: &mut Host, axis: Axis, to: Side) -> Result<u64, Failure> {
    let now = host.world().time();
    let before = host.world().migrations().residue_len(axis);
    let step = |host: &mut Host, step: Migration| -> Result<(), Failure> {
        host.step(&Command::Migrate(step), now, &mut Observers::default())?;
        host.send()?;
        Ok(())
    };
    step(host, Migration::Begin { axis, to, forced: None, evidence: "bench".into() })?;
    let all = host.world().symbols().len();
    while host.world().migrations().open().is_some_and(|open| open.watermark.index() < all) {
        step(host, Migration::Batch { keys_max: BATCH_KEYS_MAX })?;
    }
    step(host, Migration::Finish)?;
    host.sync()?;
    Ok(before.abs_diff(host.world().migrations().residue_len(axis)))
}
