//! Ours against the physical floor, in interleaved rounds on one file system.
//!
//! `cargo bench -p ecology-journal [-- --only NAME]`. Prints `RATIO <name> ours/floor <value> <target>` lines and exits with 1 when one
//! misses its target. Files go to the folder in `ECOLOGY_BENCH_DIR`, else beside the build's artifacts; a file system in memory
//! would measure nothing.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on should say where"
)]

use std::fs::File;
use std::io::{Read, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ecology_journal::{
    CommitHandle, Committer, CommitterOptions, Frame, Journal, OpenMode, SqliteJournal, SqliteOptions, Verify,
};

const FRAME_BYTES: usize = 200;
const COMMITTERS: u64 = 1024;
const ROUNDS: usize = 31;
const SLICE: Duration = Duration::from_millis(120);
const RECOVERY_FRAMES: u64 = 1_000_000;
/// Nothing that syncs beats a raw append by this much; a journal that forgot its sync does.
const TOO_GOOD: f64 = 8.0;

/// The frame that any side writes as its `number`th.
fn content(number: u64) -> Vec<u8> {
    let mut bytes = vec![0u8; FRAME_BYTES];
    for (index, eight) in bytes.chunks_mut(8).enumerate() {
        let mixed = (number + index as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        eight.copy_from_slice(&mixed.to_le_bytes()[..eight.len()]);
    }
    bytes
}

/// The floor: frames with length and checksum in one write and one sync.
struct Raw {
    file: File,
    buffer: Vec<u8>,
    number: u64,
}

impl Raw {
    fn new(path: &Path) -> Self {
        Self { file: File::create(path).unwrap(), buffer: Vec::new(), number: 0 }
    }

    fn fill(&mut self, frames: u64) {
        self.buffer.clear();
        for _ in 0..frames {
            self.number += 1;
            let bytes = content(self.number);
            self.buffer.extend_from_slice(&u32::try_from(bytes.len()).unwrap().to_le_bytes());
            self.buffer.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
            self.buffer.extend_from_slice(&bytes);
        }
        self.file.write_all(&self.buffer).unwrap();
    }

    fn commit(&mut self, frames: u64) {
        self.fill(frames);
        self.file.sync_data().unwrap();
    }
}

/// Frames per second of `work`, which answers how many it committed.
fn rate(mut work: impl FnMut() -> u64) -> f64 {
    let start = Instant::now();
    let mut frames = 0;
    while start.elapsed() < SLICE {
        frames += work();
    }
    frames as f64 / start.elapsed().as_secs_f64()
}

/// Runs both sides in turn, each first in every other round; drops the tenth of the rounds with the highest and the lowest ratios
/// (somebody else used the disk) and judges the ratio of the total rates of the rest, so that checkpoints count.
fn compare(name: &str, target: f64, mut floor: impl FnMut() -> f64, mut ours: impl FnMut() -> f64) -> bool {
    // Both sides once for nothing: files get their first blocks.
    floor();
    ours();
    let mut rounds: Vec<(f64, f64)> = (0..ROUNDS)
        .map(|round| {
            if round % 2 == 0 {
                let below = floor();
                (below, ours())
            } else {
                let above = ours();
                (floor(), above)
            }
        })
        .collect();
    rounds.sort_by(|left, right| (left.1 / left.0).total_cmp(&(right.1 / right.0)));
    let kept = &rounds[ROUNDS / 10..ROUNDS - ROUNDS / 10];
    // Each round lasts equally long, so that the mean of the rates is the total of frames over the total of time.
    let count = kept.len() as f64;
    let below = kept.iter().map(|round| round.0).sum::<f64>() / count;
    let above = kept.iter().map(|round| round.1).sum::<f64>() / count;
    let ratio = above / below;
    let verdict = if ratio > TOO_GOOD {
        "TOO GOOD: does it sync?"
    } else if ratio >= target {
        "ok"
    } else {
        "MISSED"
    };
    println!("{name}: floor {below:.0}/s, ours {above:.0}/s");
    println!("RATIO {name} ours/floor {ratio:.2} >={target:.2} {verdict}");
    verdict == "ok"
}

fn committer(folder: &Path, name: &str) -> Committer {
    let journal = SqliteJournal::open(folder.join(name), OpenMode::Create).unwrap();
    Committer::start(Box::new(journal), CommitterOptions::default()).unwrap()
}

/// One driver that keeps 1024 frames under way, as a world's only writer does.
fn drive(handle: &CommitHandle, submitted: &mut u64) -> u64 {
    let before = handle.committed();
    while *submitted < before + COMMITTERS {
        *submitted += 1;
        handle.submit(content(*submitted)).unwrap();
    }
    handle.wait_for(before + 1).unwrap();
    handle.committed() - before
}

/// As many threads as committers, each waiting for its own frame.
fn threads(handle: &CommitHandle) -> f64 {
    let (stop, frames) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for thread in 0..COMMITTERS {
            let (handle, stop, frames) = (handle.clone(), &stop, &frames);
            std::thread::Builder::new()
                .stack_size(64 * 1024)
                .spawn_scoped(scope, move || {
                    while !stop.load(Ordering::Relaxed) {
                        handle.submit(content(thread)).unwrap().wait().unwrap();
                        frames.fetch_add(1, Ordering::Relaxed);
                    }
                })
                .unwrap();
        }
        let start = Instant::now();
        let before = frames.load(Ordering::Relaxed);
        std::thread::sleep(SLICE);
        let rate = (frames.load(Ordering::Relaxed) - before) as f64 / start.elapsed().as_secs_f64();
        stop.store(true, Ordering::Relaxed);
        rate
    })
}

fn raw_scan(path: &Path) -> f64 {
    let start = Instant::now();
    let mut file = std::io::BufReader::with_capacity(1 << 20, File::open(path).unwrap());
    let (mut header, mut bytes, mut frames, mut sum) = ([0u8; 8], Vec::new(), 0u64, 0u64);
    while file.read_exact(&mut header).is_ok() {
        let length = u32::from_le_bytes(header[..4].try_into().unwrap());
        bytes.resize(length as usize, 0);
        file.read_exact(&mut bytes).unwrap();
        assert_eq!(crc32fast::hash(&bytes), u32::from_le_bytes(header[4..].try_into().unwrap()));
        sum += u64::from(bytes[0]);
        frames += 1;
    }
    std::hint::black_box(sum);
    assert_eq!(frames, RECOVERY_FRAMES);
    frames as f64 / start.elapsed().as_secs_f64()
}

/// Opens the world, as after a crash, and visits every frame.
fn our_scan(path: &Path) -> f64 {
    let start = Instant::now();
    let options = SqliteOptions { verify: Verify::Tail, ..SqliteOptions::default() };
    let mut journal = SqliteJournal::open_with(path, OpenMode::Write, &options).unwrap();
    let (mut frames, mut sum) = (0u64, 0u64);
    journal
        .for_each(1, u64::MAX, &mut |_, bytes| {
            sum += u64::from(bytes[0]);
            frames += 1;
            ControlFlow::Continue(())
        })
        .unwrap();
    std::hint::black_box(sum);
    assert_eq!(frames, RECOVERY_FRAMES);
    frames as f64 / start.elapsed().as_secs_f64()
}

fn recovery(folder: &Path, batch: u64, name: &str, target: f64) -> bool {
    let (raw_path, path) = (folder.join(format!("{name}.raw")), folder.join(name));
    let mut raw = Raw::new(&raw_path);
    let mut journal = SqliteJournal::open(&path, OpenMode::Create).unwrap();
    let mut number = 0;
    while number < RECOVERY_FRAMES {
        let frames = batch.min(RECOVERY_FRAMES - number);
        raw.fill(frames);
        let contents: Vec<Vec<u8>> = (number + 1..=number + frames).map(content).collect();
        let borrowed: Vec<Frame<'_>> =
            (number + 1..).zip(&contents).map(|(number, bytes)| Frame { number, bytes }).collect();
        journal.append(&borrowed).unwrap();
        number += frames;
    }
    drop(journal);
    compare(name, target, || raw_scan(&raw_path), || our_scan(&path))
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let only = arguments.iter().position(|word| word == "--only").and_then(|at| arguments.get(at + 1));
    let wanted = |name: &str| only.is_none_or(|only| name.contains(only.as_str()));
    let root = std::env::var_os("ECOLOGY_BENCH_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    let folder = tempfile::TempDir::new_in(root).unwrap();
    let folder = folder.path();
    let mut good = true;
    if wanted("one-committer-direct") {
        let mut raw = Raw::new(&folder.join("one.raw"));
        let mut journal = SqliteJournal::open(folder.join("one"), OpenMode::Create).unwrap();
        let mut ours = || {
            let number = journal.last() + 1;
            journal.append(&[Frame { number, bytes: &content(number) }]).unwrap();
            1
        };
        good &= compare(
            "one-committer-direct",
            0.8,
            || {
                rate(|| {
                    raw.commit(1);
                    1
                })
            },
            || rate(&mut ours),
        );
    }
    if wanted("one-committer") {
        let mut raw = Raw::new(&folder.join("single.raw"));
        let handle = committer(folder, "single");
        good &= compare(
            "one-committer",
            0.8,
            || {
                rate(|| {
                    raw.commit(1);
                    1
                })
            },
            || {
                rate(|| {
                    handle.submit(content(0)).unwrap().wait().unwrap();
                    1
                })
            },
        );
    }
    if wanted("1024-committers") {
        let mut raw = Raw::new(&folder.join("many.raw"));
        let handle = committer(folder, "many");
        let mut submitted = 0;
        good &= compare(
            "1024-committers",
            0.8,
            || {
                rate(|| {
                    raw.commit(COMMITTERS);
                    COMMITTERS
                })
            },
            || rate(|| drive(&handle, &mut submitted)),
        );
    }
    if wanted("1024-batch-direct") {
        let mut raw = Raw::new(&folder.join("batch.raw"));
        let mut journal = SqliteJournal::open(folder.join("batch"), OpenMode::Create).unwrap();
        good &= compare(
            "1024-batch-direct",
            0.8,
            || {
                rate(|| {
                    raw.commit(COMMITTERS);
                    COMMITTERS
                })
            },
            || {
                rate(|| {
                    let first = journal.last() + 1;
                    let contents: Vec<Vec<u8>> = (first..first + COMMITTERS).map(content).collect();
                    let frames: Vec<Frame<'_>> =
                        (first..).zip(&contents).map(|(number, bytes)| Frame { number, bytes }).collect();
                    journal.append(&frames).unwrap();
                    COMMITTERS
                })
            },
        );
    }
    if wanted("1024-threads") {
        // Not judged: a thousand threads cost two switches a frame, which no floor of one thread has.
        let handle = committer(folder, "threads");
        println!("1024-threads: {:.0}/s", threads(&handle));
    }
    if wanted("recovery") {
        // The raw scan reads one file from end to end; ours finds pages through an index, joins them and checks the chain besides.
        good &= recovery(folder, COMMITTERS, "recovery", 0.4);
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
