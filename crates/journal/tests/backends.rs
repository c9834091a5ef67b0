//! The suite over every backend, decorator and the committer.

use ecology_journal::conformance::Storage;
use ecology_journal::{
    Committer, CommitterOptions, FaultyJournal, Journal, MemoryDisk, MemoryJournal, OpenMode, SqliteJournal,
    journal_conformance,
};
use tempfile::TempDir;

struct Memory(MemoryDisk);

impl Storage for Memory {
    fn open(&mut self) -> Box<dyn Journal> {
        Box::new(MemoryJournal::open(&self.0).unwrap())
    }
}

fn memory() -> Memory {
    Memory(MemoryDisk::new())
}

struct Sqlite(TempDir);

impl Storage for Sqlite {
    fn open(&mut self) -> Box<dyn Journal> {
        let path = self.0.path().join("world");
        let mode = if path.exists() { OpenMode::Write } else { OpenMode::Create };
        Box::new(SqliteJournal::open(path, mode).unwrap())
    }
}

fn sqlite() -> Sqlite {
    Sqlite(TempDir::new().unwrap())
}

struct Through<S>(S, fn(Box<dyn Journal>) -> Box<dyn Journal>);

impl<S: Storage> Storage for Through<S> {
    fn open(&mut self) -> Box<dyn Journal> {
        self.1(self.0.open())
    }
}

fn committed(inner: Box<dyn Journal>) -> Box<dyn Journal> {
    Box::new(Committer::start(inner, CommitterOptions::default()).unwrap())
}

#[allow(clippy::needless_update, reason = "a feature adds a field")]
fn narrow(inner: Box<dyn Journal>) -> Box<dyn Journal> {
    let options = CommitterOptions {
        batch_frames_max: 1,
        batch_bytes_max: 1,
        queue_frames_max: 1,
        queue_bytes_max: 1,
        ..CommitterOptions::default()
    };
    Box::new(Committer::start(inner, options).unwrap())
}

fn faultless(inner: Box<dyn Journal>) -> Box<dyn Journal> {
    Box::new(FaultyJournal::new(inner, None))
}

journal_conformance!(on_memory, memory());
journal_conformance!(on_sqlite, sqlite());
journal_conformance!(memory_through_committer, Through(memory(), committed));
journal_conformance!(sqlite_through_committer, Through(sqlite(), committed));
journal_conformance!(memory_through_narrow_committer, Through(memory(), narrow));
journal_conformance!(memory_through_faultless_decorator, Through(memory(), faultless));
