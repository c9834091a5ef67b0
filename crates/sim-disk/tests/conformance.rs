//! The simulated disk is a disk: the suite of every journal passes on it.

use ecology_journal::conformance::Storage;
use ecology_journal::{Disk as _, Journal, OpenMode, SqliteJournal, journal_conformance};
use ecology_sim_disk::{Fault, SimDisk};

use crate::story::{WORLD, options};

struct Simulated(SimDisk);

impl Storage for Simulated {
    fn open(&mut self) -> Box<dyn Journal> {
        let path = self.0.path(WORLD);
        let mode = if self.0.look(&path).is_ok() { OpenMode::Write } else { OpenMode::Create };
        Box::new(SqliteJournal::open_with(path, mode, &options(&self.0, None)).unwrap())
    }
}

journal_conformance!(on_a_simulated_disk, Simulated(SimDisk::new()));

#[test]
fn a_second_writer_is_refused() {
    let mut storage = Simulated(SimDisk::new());
    let first = storage.open();
    let options = options(&storage.0, None);
    let second = SqliteJournal::open_with(storage.0.path(WORLD), OpenMode::Write, &options);
    assert!(matches!(second, Err(ecology_journal::JournalError::Locked { .. })));
    drop(first);
    let _ = storage.open();
}

/// A program cannot stand a disk that lies, and the simulation shows it: this is what a missing sync looks like.
#[test]
fn a_disk_that_lies_loses_what_was_acknowledged() {
    let mut storage = Simulated(SimDisk::new());
    let mut journal = storage.open();
    storage.0.plan(Fault::SyncsLie { from: 0 });
    ecology_journal::conformance::append_all(&mut *journal, &[b"one"]).unwrap();
    let lost = (0..20).any(|seed| {
        let found = SimDisk::from_image(&storage.0.crash(seed));
        let options = options(&found, None);
        SqliteJournal::open_with(found.path(WORLD), OpenMode::Write, &options).unwrap().last() == 0
    });
    assert!(lost);
}
