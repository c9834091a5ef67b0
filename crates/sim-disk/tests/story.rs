//! What happens to a world before the power goes: drawn from a seed, so that a failure can be played again.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use ecology_journal::{
    Committer, CommitterOptions, HookedJournal, Journal, JournalError, OpenMode, PlantedBug, Progress,
    SqliteJournal, SqliteOptions,
};
use ecology_sim_disk::{Collect, Image, SimDisk};
use ecology_types::{Seed, SeededRng};
use rand::RngExt as _;

/// The file.
pub(crate) const WORLD: &str = "a.world";
/// Under which snapshots are kept.
pub(crate) const TAG: &[u8] = b"story";
/// The entry whose value is a number that only grows.
pub(crate) const COUNTER: &str = "counter";

/// Kinds of promises. Numbers of frames are one higher, so that the world itself is a promise.
pub(crate) const FRAMES: &str = "frames";
pub(crate) const SNAPSHOT: &str = "snapshot";
pub(crate) const META: &str = "metadata";

/// Settings under which a little goes a long way: the log is moved into the main file every few batches.
pub(crate) fn options(disk: &SimDisk, planted: Option<PlantedBug>) -> SqliteOptions {
    SqliteOptions {
        disk: Arc::new(disk.clone()),
        checkpoint_bytes: 256 * 1024,
        planted,
        ..SqliteOptions::default()
    }
}

/// The content of a frame.
pub(crate) fn content(seed: u64, number: u64) -> Vec<u8> {
    let mut rng = Seed(seed).derive("frame", number).rng();
    let length = match rng.random_range(0..20) {
        0 => 0,
        1 => 40_000,
        _ => rng.random_range(1..800),
    };
    pattern(seed ^ number, length)
}

/// The content of a snapshot.
pub(crate) fn snapshot(seed: u64, at: u64) -> Vec<u8> {
    pattern(seed.wrapping_add(at), 10_000 + usize::try_from(at % 7).unwrap() * 20_000)
}

fn pattern(seed: u64, length: usize) -> Vec<u8> {
    let word = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes();
    word.iter().copied().cycle().take(length).collect()
}

/// A journal that judges what each append does to the disk: one sync of the log, and nothing to the main file.
fn watched(inner: Box<dyn Journal>, disk: SimDisk, found: Arc<Mutex<Option<String>>>) -> Box<dyn Journal> {
    Box::new(HookedJournal::new(inner, move |inner: &mut Box<dyn Journal>, frames| {
        let (main, log) = (disk.counts_of(WORLD), disk.counts_of("a.world-wal"));
        inner.append(frames)?;
        let (main_now, log_now) = (disk.counts_of(WORLD), disk.counts_of("a.world-wal"));
        if main_now != main {
            let what = format!("an acknowledgement waited for the main file: {main:?}, then {main_now:?}");
            found.lock().unwrap().get_or_insert(what);
        } else if log_now.syncs == log.syncs {
            found.lock().unwrap().get_or_insert("an acknowledgement waited for no sync".to_owned());
        }
        Ok(())
    }))
}

/// A story under way.
pub(crate) struct Story {
    pub(crate) seed: u64,
    pub(crate) disk: SimDisk,
    /// Numbers at which a group ended: a crash leaves one of these as the last.
    pub(crate) ends: BTreeSet<u64>,
    rng: SeededRng,
    planted: Option<PlantedBug>,
    found: Arc<Mutex<Option<String>>>,
    counter: u64,
}

impl Story {
    pub(crate) fn new(seed: u64, planted: Option<PlantedBug>) -> Self {
        Self {
            seed,
            disk: SimDisk::new(),
            ends: BTreeSet::from([0]),
            rng: Seed(seed).derive("story", 0).rng(),
            planted,
            found: Arc::default(),
            counter: 0,
        }
    }

    fn open(&self, mode: OpenMode) -> Result<Committer, JournalError> {
        let journal =
            SqliteJournal::open_with(self.disk.path(WORLD), mode, &options(&self.disk, self.planted))?;
        self.disk.promise(FRAMES, 1 + journal.last());
        let watched = watched(Box::new(journal), self.disk.clone(), Arc::clone(&self.found));
        let disk = self.disk.clone();
        Committer::start_with(
            watched,
            CommitterOptions { planted: self.planted, ..CommitterOptions::default() },
            Box::new(move |progress| {
                if let Progress::Committed(last) = progress {
                    disk.promise(FRAMES, 1 + last);
                }
            }),
        )
    }

    /// Plays the story. `judge` sees every image that the disk collects, as soon as the step that it belongs to is over.
    ///
    /// # Errors
    /// What the judge says, or what broke a law on the way, or that the world could not be run at all.
    pub(crate) fn play(
        &mut self,
        collect: Collect,
        judge: &mut dyn FnMut(&Self, Image) -> Result<(), String>,
    ) -> Result<(), String> {
        self.disk.collect(Some(collect));
        let done = self.steps(judge);
        let ending = self.judge_all(judge);
        done.map_err(|broken| broken.unwrap_or_else(|error| format!("the story broke off: {error}")))?;
        ending
    }

    fn judge_all(&self, judge: &mut dyn FnMut(&Self, Image) -> Result<(), String>) -> Result<(), String> {
        for image in self.disk.take_images() {
            judge(self, image)?;
        }
        self.found.lock().unwrap().take().map_or(Ok(()), Err)
    }

    fn steps(
        &mut self,
        judge: &mut dyn FnMut(&Self, Image) -> Result<(), String>,
    ) -> Result<(), Result<String, JournalError>> {
        let mut committer = self.open(OpenMode::Create).map_err(Err)?;
        for _ in 0..self.rng.random_range(6..16) {
            match self.rng.random_range(0..20) {
                0 | 1 => {
                    committer.shutdown().and_then(Journal::close).map_err(Err)?;
                    self.judge_all(judge).map_err(Ok)?;
                    committer = self.open(OpenMode::Write).map_err(Err)?;
                }
                2 | 3 => {
                    let at = committer.committed();
                    committer.save_snapshot(at, TAG, &snapshot(self.seed, at)).map_err(Err)?;
                    self.disk.promise(SNAPSHOT, at);
                }
                4 => {
                    self.counter += 1;
                    committer.set_meta(COUNTER, &self.counter.to_string()).map_err(Err)?;
                    self.disk.promise(META, self.counter);
                }
                5 => {
                    // A reader stays open while others write, and holds up the moving of the log.
                    let mut reader = committer.reader().map_err(Err)?;
                    let _ = reader.read(1, 2, 100).map_err(Err)?;
                    self.group(&committer).map_err(Err)?;
                }
                _ => self.group(&committer).map_err(Err)?,
            }
            self.judge_all(judge).map_err(Ok)?;
        }
        if self.rng.random_bool(0.5) {
            committer.shutdown().and_then(Journal::close).map_err(Err)?;
        }
        Ok(())
    }

    fn group(&mut self, committer: &Committer) -> Result<(), JournalError> {
        let first = committer.submitted() + 1;
        let count = if self.rng.random_bool(0.3) { 1 } else { self.rng.random_range(2..40) };
        let frames = (first..first + count).map(|number| content(self.seed, number)).collect();
        self.ends.insert(first + count - 1);
        committer.submit_group(Some(first), frames)?.wait().map(drop)
    }
}
