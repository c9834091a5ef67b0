//! Power cuts on the simulated disk, and faults injected on purpose.

use ecology_journal::conformance::append_all;
use ecology_journal::{
    Committer, CommitterOptions, Fault, FaultyJournal, Journal, JournalError, MemoryDisk, MemoryJournal,
};

/// Commits through a committer until the power goes; answers what was acknowledged.
fn run_until_crash(disk: &MemoryDisk, frames: u64) -> u64 {
    let journal = MemoryJournal::open(disk).unwrap();
    let committer = Committer::start(Box::new(journal), CommitterOptions::default()).unwrap();
    let before = committer.committed();
    for number in 1..=frames {
        committer.submit(number.to_le_bytes().to_vec()).unwrap();
    }
    committer.wait_for(before + frames / 2).unwrap();
    let acknowledged = committer.committed();
    disk.crash(0);
    drop(committer);
    acknowledged
}

#[test]
fn what_was_acknowledged_survives_a_power_cut() {
    let disk = MemoryDisk::new();
    let acknowledged = run_until_crash(&disk, 1000);
    // What the committer still wrote after the cut is on the disk too; it does not matter here.
    let _ = MemoryJournal::repair(&disk);
    assert!(MemoryJournal::open(&disk).unwrap().last() >= acknowledged);
}

#[test]
fn a_disk_that_lies_about_syncs_is_caught() {
    let disk = MemoryDisk::new();
    disk.lie_about_syncs();
    let mut journal = MemoryJournal::open(&disk).unwrap();
    append_all(&mut journal, &[b"acknowledged"]).unwrap();
    let acknowledged = journal.last();
    disk.crash(0);
    std::mem::forget(journal);
    assert!(MemoryJournal::open(&disk).unwrap().last() < acknowledged, "the harness sees a lost frame");
}

#[test]
fn every_place_where_the_last_write_may_tear() {
    let whole = {
        let mut journal = MemoryJournal::new();
        append_all(&mut journal, &[b"one", b"two"]).unwrap();
        let before = journal.disk().bytes();
        append_all(&mut journal, &[b"three", b"", b"five"]).unwrap();
        journal.disk().bytes() - before
    };
    for kept in 0..=whole {
        let disk = MemoryDisk::new();
        let mut journal = MemoryJournal::open(&disk).unwrap();
        append_all(&mut journal, &[b"one", b"two"]).unwrap();
        disk.lie_about_syncs();
        append_all(&mut journal, &[b"three", b"", b"five"]).unwrap();
        disk.crash(kept);
        std::mem::forget(journal);
        match MemoryJournal::open(&disk) {
            Ok(journal) => assert_eq!(journal.last(), if kept == 0 { 2 } else { 5 }, "kept {kept}"),
            Err(JournalError::TornTail { at }) => {
                assert!((3..=5).contains(&at) && (1..whole).contains(&kept), "kept {kept}, torn at {at}");
                assert_eq!(MemoryJournal::repair(&disk), Ok(Some(3)), "an unfinished batch goes as a whole");
                let mut journal = MemoryJournal::open(&disk).unwrap();
                assert_eq!(journal.read(1, 10, 100).unwrap().len(), 2);
                append_all(&mut journal, &[b"three again"]).unwrap();
            }
            Err(error) => panic!("kept {kept}: {error}"),
        }
    }
}

#[test]
fn a_flipped_bit_anywhere_but_in_the_last_batch_is_not_repaired() {
    let disk = MemoryDisk::new();
    let mut journal = MemoryJournal::open(&disk).unwrap();
    append_all(&mut journal, &[b"one", b"two"]).unwrap();
    let first = disk.bytes();
    append_all(&mut journal, &[b"three"]).unwrap();
    drop(journal);
    for bit in 0..first * 8 {
        disk.damage(|log| log[bit / 8] ^= 1 << (bit % 8));
        let error = MemoryJournal::open(&disk).unwrap_err();
        assert!(matches!(error, JournalError::Corrupt { .. }), "bit {bit}: {error}");
        assert!(MemoryJournal::repair(&disk).is_err());
        disk.damage(|log| log[bit / 8] ^= 1 << (bit % 8));
    }
    assert_eq!(MemoryJournal::open(&disk).unwrap().last(), 3);
}

#[test]
fn an_injected_fault_poisons_and_its_trace_is_as_planned() {
    for (fault, survives) in [
        (Fault::Before { append: 2 }, 2),
        (Fault::After { append: 2 }, 4),
        (Fault::Tear { append: 2, frames_kept: 1 }, 3),
    ] {
        let mut journal = FaultyJournal::new(MemoryJournal::new(), Some(fault));
        append_all(&mut journal, &[b"1", b"2"]).unwrap();
        let error = append_all(&mut journal, &[b"3", b"4"]).unwrap_err();
        assert!(matches!(error, JournalError::Io { .. }), "{error}");
        assert!(matches!(append_all(&mut journal, &[b"x"]), Err(JournalError::Poisoned { .. })));
        assert!(matches!(journal.set_meta("a", "b"), Err(JournalError::Poisoned { .. })));
        assert!(matches!(journal.save_snapshot(1, b"", b""), Err(JournalError::Poisoned { .. })));
        let inner = journal.into_inner();
        let disk = inner.disk();
        drop(inner);
        assert_eq!(MemoryJournal::open(&disk).unwrap().last(), survives, "{fault:?}");
    }
}
