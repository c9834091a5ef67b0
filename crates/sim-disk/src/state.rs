//! Everything behind the lock of one disk.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use ecology_types::{Seed, SeededRng};
use rand::RngExt as _;

use crate::file::File;
use crate::names::{FileId, Names};
use crate::shared_memory::SharedMemory;
use crate::{Fault, Image};

/// When images are collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Collect {
    /// Draws the moments and what survives.
    pub seed: u64,
    /// The power goes before one in so many operations (writes, syncs, changes of names).
    pub one_in: u32,
    /// How many images, each with another subset of survivors, at such a moment.
    pub images: u32,
}

/// What has been done to a file, or to a disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Writes.
    pub writes: u64,
    /// Syncs, those that failed included.
    pub syncs: u64,
}

/// A lock of SQLite on a whole file; higher ones include lower ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum Level {
    #[default]
    None,
    Shared,
    Reserved,
    Pending,
    Exclusive,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    names: Names,
    files: BTreeMap<FileId, File>,
    next_file: FileId,
    /// Lock files that a process holds.
    pub(crate) held: BTreeSet<String>,
    /// Locks of SQLite by file and handle.
    levels: BTreeMap<FileId, BTreeMap<u64, Level>>,
    pub(crate) shared: BTreeMap<FileId, SharedMemory>,
    faults: Vec<Fault>,
    operations: u64,
    counts: Counts,
    counts_of: BTreeMap<String, Counts>,
    promised: BTreeMap<&'static str, u64>,
    collecting: Option<(Collect, SeededRng)>,
    images: Vec<Image>,
}

impl State {
    /// A disk with these files, all durable.
    pub(crate) fn of(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        let mut state = Self::default();
        let mut names = BTreeMap::new();
        for (name, content) in files {
            let file = state.add(File::of(content));
            names.insert(name, file);
        }
        state.names = Names::of(names);
        state
    }

    /// The same disk for another process: what was written is there, what was not durable still is not, and nobody holds anything.
    pub(crate) fn after_kill(&self) -> Self {
        Self {
            names: self.names.clone(),
            files: self.files.clone(),
            next_file: self.next_file,
            promised: self.promised.clone(),
            ..Self::default()
        }
    }

    fn add(&mut self, file: File) -> FileId {
        self.next_file += 1;
        self.files.insert(self.next_file, file);
        self.next_file
    }

    pub(crate) fn plan(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    pub(crate) fn heal(&mut self) {
        self.faults.clear();
    }

    pub(crate) fn counts(&self, name: Option<&str>) -> Counts {
        match name {
            None => self.counts,
            Some(name) => self.counts_of.get(name).copied().unwrap_or_default(),
        }
    }

    pub(crate) fn operations(&self) -> u64 {
        self.operations
    }

    pub(crate) fn promise(&mut self, what: &'static str, number: u64) {
        let promised = self.promised.entry(what).or_default();
        *promised = number.max(*promised);
    }

    pub(crate) fn collect(&mut self, collect: Option<Collect>) {
        self.collecting = collect.map(|collect| (collect, Seed(collect.seed).rng()));
    }

    pub(crate) fn take_images(&mut self) -> Vec<Image> {
        std::mem::take(&mut self.images)
    }

    /// What would be found if the power went now.
    pub(crate) fn crash(&self, seed: u64) -> Image {
        let mut rng = Seed(seed).rng();
        // Often nothing of what was under way survives, often half of it, sometimes nearly all: each finds other bugs.
        let luck = [0, 10, 50, 50, 90, 100][rng.random_range(0..6)];
        let names = self.names.survivors(&mut rng, luck);
        let files = names
            .into_iter()
            .filter_map(|(name, file)| {
                let content = self.files.get(&file)?.survivor(&mut rng, luck);
                Some((name, content))
            })
            .collect();
        Image { files, promised: self.promised.clone(), operations: self.operations, seed }
    }

    /// Something is about to be done to the disk: the power may go instead.
    fn next_operation(&mut self) {
        if let Some((collect, mut rng)) = self.collecting.take() {
            if rng.random_range(0..collect.one_in.max(1)) == 0 {
                for _ in 0..collect.images {
                    let image = self.crash(rng.random());
                    self.images.push(image);
                }
            }
            self.collecting = Some((collect, rng));
        }
        self.operations += 1;
    }

    pub(crate) fn find(&self, name: &str) -> Option<FileId> {
        self.names.get(name)
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.names.live().keys().cloned().collect()
    }

    pub(crate) fn content(&self, file: FileId) -> &[u8] {
        self.files.get(&file).map_or(&[], File::content)
    }

    pub(crate) fn make(&mut self, name: &str) -> FileId {
        self.next_operation();
        let file = self.add(File::default());
        self.names.make(name, file);
        file
    }

    /// A file without a name, for SQLite's own use.
    pub(crate) fn make_nameless(&mut self) -> FileId {
        self.add(File::default())
    }

    pub(crate) fn forget_nameless(&mut self, file: FileId) {
        self.files.remove(&file);
    }

    pub(crate) fn remove(&mut self, name: &str) -> io::Result<()> {
        if self.find(name).is_none() {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.next_operation();
        self.names.remove(name);
        Ok(())
    }

    pub(crate) fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        let file = self.find(from).ok_or(io::ErrorKind::NotFound)?;
        self.next_operation();
        self.names.rename(from, to, file);
        Ok(())
    }

    /// Writes; `name` is for the counts only.
    pub(crate) fn write(&mut self, name: &str, file: FileId, at: usize, bytes: &[u8]) -> io::Result<()> {
        self.next_operation();
        self.counts.writes += 1;
        self.counts_of.entry(name.to_owned()).or_default().writes += 1;
        let grows = (at + bytes.len()).saturating_sub(self.content(file).len());
        let full = self.faults.iter().any(|fault| match fault {
            Fault::Full { bytes_max } => grows > 0 && self.bytes() + grows as u64 > *bytes_max,
            _ => false,
        });
        if full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        if let Some(file) = self.files.get_mut(&file) {
            file.write(at, bytes);
        }
        Ok(())
    }

    /// The length of all files that have a name.
    pub(crate) fn bytes(&self) -> u64 {
        self.names.files().map(|file| self.content(file).len() as u64).sum()
    }

    pub(crate) fn resize(&mut self, file: FileId, to: usize) {
        self.next_operation();
        if let Some(file) = self.files.get_mut(&file) {
            file.resize(to);
        }
    }

    pub(crate) fn sync_file(&mut self, name: &str, file: FileId) -> io::Result<()> {
        let goes = self.begin_sync(name);
        let Some(file) = self.files.get_mut(&file) else { return Ok(()) };
        match goes {
            Sync::Done => file.sync(),
            Sync::Lied => {}
            Sync::Failed => {
                file.doom();
                return Err(io::Error::other("injected: the sync failed"));
            }
        }
        Ok(())
    }

    pub(crate) fn sync_names(&mut self) -> io::Result<()> {
        match self.begin_sync("") {
            Sync::Done => self.names.sync(),
            Sync::Lied => {}
            Sync::Failed => return Err(io::Error::other("injected: the sync failed")),
        }
        Ok(())
    }

    fn begin_sync(&mut self, name: &str) -> Sync {
        self.next_operation();
        let number = self.counts.syncs;
        self.counts.syncs += 1;
        self.counts_of.entry(name.to_owned()).or_default().syncs += 1;
        let mut outcome = Sync::Done;
        for fault in &self.faults {
            match *fault {
                Fault::SyncFailsOnce { at } if at == number => outcome = Sync::Failed,
                Fault::SyncsFail { from } if from <= number => outcome = Sync::Failed,
                Fault::SyncsLie { from } if from <= number => outcome = Sync::Lied,
                _ => {}
            }
        }
        outcome
    }

    /// Raises or lowers a lock of SQLite; `false` when another handle is in the way.
    pub(crate) fn set_level(&mut self, file: FileId, handle: u64, wanted: Level) -> bool {
        let levels = self.levels.entry(file).or_default();
        let own = levels.get(&handle).copied().unwrap_or_default();
        let others = || {
            levels
                .iter()
                .filter(|(other, _)| **other != handle)
                .map(|(_, level)| *level)
                .max()
                .unwrap_or_default()
        };
        let highest = others();
        let granted = if wanted <= own {
            wanted
        } else {
            match wanted {
                Level::Shared if highest >= Level::Pending => return false,
                Level::Reserved if highest >= Level::Reserved => return false,
                Level::Pending | Level::Exclusive if highest >= Level::Reserved => return false,
                // Readers are let finish and no new one is let in.
                Level::Exclusive if highest >= Level::Shared => Level::Pending,
                _ => wanted,
            }
        };
        if granted == Level::None {
            levels.remove(&handle);
        } else {
            levels.insert(handle, granted);
        }
        granted >= wanted || wanted <= own
    }

    /// Whether anybody has reserved the file.
    pub(crate) fn is_reserved(&self, file: FileId) -> bool {
        self.levels.get(&file).is_some_and(|levels| levels.values().any(|level| *level >= Level::Reserved))
    }
}

enum Sync {
    Done,
    Lied,
    Failed,
}
