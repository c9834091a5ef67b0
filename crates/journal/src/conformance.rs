//! The suite every journal passes, decorators and the committer included.
//!
//! ```
//! # #[cfg(feature = "conformance")] {
//! use ecology_journal::{Journal, MemoryDisk, MemoryJournal, conformance::Storage};
//!
//! struct Memory(MemoryDisk);
//! impl Storage for Memory {
//!     fn open(&mut self) -> Box<dyn Journal> {
//!         Box::new(MemoryJournal::open(&self.0).expect("sound"))
//!     }
//! }
//! ecology_journal::journal_conformance!(memory, Memory(MemoryDisk::new()));
//! # }
//! ```
#![expect(clippy::expect_used, reason = "a failed expectation is what a suite reports")]

use std::ops::ControlFlow;

use crate::{Frame, Journal, JournalError, SNAPSHOTS_KEPT};

/// Where a journal under test keeps its content. The suite makes one per test.
pub trait Storage {
    /// The journal on this storage, for writing: empty at first, later with what was appended. The suite closes one handle before it
    /// asks for the next.
    fn open(&mut self) -> Box<dyn Journal>;
}

/// Makes a module of `#[test]`s, one per law, over the storage that the expression makes.
#[macro_export]
macro_rules! journal_conformance {
    ($module:ident, $storage:expr) => {
        mod $module {
            #[allow(unused_imports, reason = "the expression may need nothing from outside")]
            use super::*;
            $crate::journal_conformance!(@each $storage; starts_empty, keeps_what_was_appended, refuses_a_gap,
                takes_an_empty_batch, begins_anywhere, keeps_to_the_limits_of_a_page, stops_when_told,
                keeps_metadata, keeps_the_newest_snapshots, refuses_a_snapshot_ahead, survives_reopening,
                takes_odd_sizes, shows_readers_what_is_committed, agrees_with_a_list);
        }
    };
    (@each $storage:expr; $($law:ident),*) => {
        $(#[test]
        fn $law() {
            $crate::conformance::$law(&mut $storage);
        })*
    };
}

/// Appends the contents as one batch, numbered from the last frame on.
///
/// # Errors
/// As [`Journal::append`].
pub fn append_all(journal: &mut dyn Journal, contents: &[&[u8]]) -> Result<(), JournalError> {
    let frames: Vec<Frame<'_>> = (journal.last() + 1..)
        .zip(contents)
        .map(|(number, content)| Frame { number, bytes: content })
        .collect();
    journal.append(&frames)
}

/// Everything from `from` to `to`, numbers checked.
fn collect(journal: &mut dyn Journal, from: u64, to: u64) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    let mut expected = from.max(1);
    journal
        .for_each(from, to, &mut |number, bytes| {
            assert_eq!(number, expected, "frames come in order, without holes");
            expected += 1;
            all.push(bytes.to_vec());
            ControlFlow::Continue(())
        })
        .expect("a sound journal can be read");
    all
}

fn hundred(storage: &mut dyn Storage) -> Box<dyn Journal> {
    let mut journal = storage.open();
    let contents: Vec<Vec<u8>> = (1..=100u64).map(|number| number.to_le_bytes().to_vec()).collect();
    for batch in contents.chunks(7) {
        let batch: Vec<&[u8]> = batch.iter().map(Vec::as_slice).collect();
        append_all(journal.as_mut(), &batch).expect("appends");
    }
    journal
}

/// A new journal has no frames, no metadata and no snapshots.
pub fn starts_empty(storage: &mut dyn Storage) {
    let mut journal = storage.open();
    assert_eq!(journal.last(), 0);
    assert_eq!(journal.read(1, 10, 1000), Ok(vec![]));
    assert_eq!(journal.meta("absent"), Ok(None));
    assert_eq!(journal.newest_snapshot(b"tag", u64::MAX), Ok(None));
}

/// What was appended is read back as it was.
pub fn keeps_what_was_appended(storage: &mut dyn Storage) {
    let mut journal = storage.open();
    append_all(journal.as_mut(), &[b"a", b"", b"ccc"]).expect("appends");
    append_all(journal.as_mut(), &[b"d"]).expect("appends");
    assert_eq!(journal.last(), 4);
    assert_eq!(
        collect(journal.as_mut(), 0, u64::MAX),
        [b"a".to_vec(), b"".to_vec(), b"ccc".to_vec(), b"d".to_vec()]
    );
}

/// A batch that does not follow is refused whole, and the right one is taken afterwards.
pub fn refuses_a_gap(storage: &mut dyn Storage) {
    let mut journal = storage.open();
    append_all(journal.as_mut(), &[b"a"]).expect("appends");
    for numbers in [[1, 2], [3, 4], [2, 4], [2, 2], [0, 1]] {
        let frames = numbers.map(|number| Frame { number, bytes: b"x" });
        let refused = journal.append(&frames).expect_err("does not follow");
        assert!(matches!(refused, JournalError::OutOfOrder { .. }), "{refused}");
        assert_eq!(journal.last(), 1);
    }
    append_all(journal.as_mut(), &[b"b"]).expect("a refusal does not poison");
    assert_eq!(collect(journal.as_mut(), 1, u64::MAX), [b"a".to_vec(), b"b".to_vec()]);
}

/// An empty batch changes nothing.
pub fn takes_an_empty_batch(storage: &mut dyn Storage) {
    let mut journal = storage.open();
    journal.append(&[]).expect("nothing to do");
    assert_eq!(journal.last(), 0);
}

/// A read begins and ends at any number, in the middle of batches too.
pub fn begins_anywhere(storage: &mut dyn Storage) {
    let mut journal = hundred(storage);
    for from in 1..=101 {
        for to in [0u64, from, from + 3, 50, 100, 1000] {
            let expected: Vec<Vec<u8>> =
                (from..=to.min(100)).map(|number: u64| number.to_le_bytes().to_vec()).collect();
            assert_eq!(collect(journal.as_mut(), from, to), expected, "{from}..={to}");
        }
    }
}

/// A page has at most as many frames and bytes as allowed, and at least one.
pub fn keeps_to_the_limits_of_a_page(storage: &mut dyn Storage) {
    let mut journal = hundred(storage);
    let mut lengths = |from, frames_max, bytes_max| {
        journal
            .read(from, frames_max, bytes_max)
            .expect("reads")
            .iter()
            .map(|frame| frame.number)
            .collect::<Vec<_>>()
    };
    assert_eq!(lengths(5, 3, usize::MAX), [5, 6, 7]);
    assert_eq!(lengths(5, 100, 17), [5, 6]);
    assert_eq!(lengths(5, 100, 0), [5]);
    assert_eq!(lengths(5, 0, 100), [0u64; 0]);
    assert_eq!(lengths(99, 100, 1000), [99, 100]);
    assert_eq!(lengths(101, 100, 1000), [0u64; 0]);
}

/// A visitor that breaks sees no more.
pub fn stops_when_told(storage: &mut dyn Storage) {
    let mut journal = hundred(storage);
    let mut seen = 0;
    journal
        .for_each(10, 90, &mut |number, _| {
            seen = number;
            if number == 20 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .expect("reads");
    assert_eq!(seen, 20);
}

/// Named values are kept and replaced.
pub fn keeps_metadata(storage: &mut dyn Storage) {
    let mut journal = storage.open();
    journal.set_meta("name", "eden").expect("sets");
    journal.set_meta("other", "").expect("sets");
    journal.set_meta("name", "Эдем").expect("sets");
    journal.close().expect("closes");
    let journal = storage.open();
    assert_eq!(journal.meta("name"), Ok(Some("Эдем".to_owned())));
    assert_eq!(journal.meta("other"), Ok(Some(String::new())));
    assert_eq!(journal.meta("third"), Ok(None));
}

/// The newest snapshots per tag are kept, each found under its own tag and bound.
pub fn keeps_the_newest_snapshots(storage: &mut dyn Storage) {
    let mut journal = hundred(storage);
    for at in [0u64, 10, 20, 30] {
        journal.save_snapshot(at, b"one", &at.to_le_bytes()).expect("saves");
    }
    journal.save_snapshot(30, b"one", b"again").expect("replaces");
    journal.save_snapshot(5, b"two", b"").expect("saves");
    let large: Vec<u8> = (0..20_000_000u32).map(|index| index.to_le_bytes()[index as usize % 3]).collect();
    journal.save_snapshot(100, b"large", &large).expect("saves");
    journal.close().expect("closes");
    let mut journal = storage.open();
    assert_eq!(SNAPSHOTS_KEPT, 2);
    assert_eq!(journal.newest_snapshot(b"one", u64::MAX), Ok(Some((30, b"again".to_vec()))));
    assert_eq!(journal.newest_snapshot(b"one", 29), Ok(Some((20, 20u64.to_le_bytes().to_vec()))));
    assert_eq!(journal.newest_snapshot(b"one", 20), Ok(Some((20, 20u64.to_le_bytes().to_vec()))));
    assert_eq!(journal.newest_snapshot(b"one", 19), Ok(None), "older ones are gone");
    assert_eq!(journal.newest_snapshot(b"two", 5), Ok(Some((5, vec![]))));
    assert_eq!(journal.newest_snapshot(b"", 100), Ok(None));
    assert!(journal.newest_snapshot(b"large", 100) == Ok(Some((100, large))));
}

/// A snapshot of what is not yet in the log is refused.
pub fn refuses_a_snapshot_ahead(storage: &mut dyn Storage) {
    let mut journal = hundred(storage);
    assert_eq!(
        journal.save_snapshot(101, b"tag", b""),
        Err(JournalError::SnapshotAhead { at: 101, last: 100 })
    );
    journal.save_snapshot(100, b"tag", b"").expect("a refusal does not poison");
}

/// Everything is there again after closing, and after dropping.
pub fn survives_reopening(storage: &mut dyn Storage) {
    let mut journal = hundred(storage);
    let before = collect(journal.as_mut(), 1, 100);
    journal.close().expect("closes");
    let mut journal = storage.open();
    assert_eq!((journal.last(), collect(journal.as_mut(), 1, 100)), (100, before));
    append_all(journal.as_mut(), &[b"more"]).expect("appends");
    drop(journal);
    let mut journal = storage.open();
    assert_eq!(collect(journal.as_mut(), 101, 1000), [b"more".to_vec()]);
}

/// Large frames, many frames and frames beyond the limit.
pub fn takes_odd_sizes(storage: &mut dyn Storage) {
    let mut journal = storage.open();
    let large = vec![7u8; 5_000_000];
    append_all(journal.as_mut(), &[b"", &large, b"x", &large, b""]).expect("appends");
    append_all(journal.as_mut(), &vec![&b"many"[..]; 20_000]).expect("appends");
    let beyond = vec![0u8; crate::FRAME_BYTES_MAX + 1];
    let refused = append_all(journal.as_mut(), &[b"fine", &beyond]).expect_err("too large");
    assert!(matches!(refused, JournalError::TooLarge { .. }), "{refused}");
    append_all(journal.as_mut(), &[b"end"]).expect("a refusal does not poison");
    assert_eq!(journal.last(), 20_006);
    journal.close().expect("closes");
    let mut journal = storage.open();
    let all = collect(journal.as_mut(), 1, u64::MAX);
    assert_eq!(all.len(), 20_006);
    assert!(all[0].is_empty() && all[1] == large && all[2] == b"x" && all[3] == large && all[4].is_empty());
    assert!(all[5..20_005].iter().all(|content| content == b"many"));
    assert_eq!(all[20_005], b"end");
}

/// A reader sees what was committed, also later, and cannot write.
pub fn shows_readers_what_is_committed(storage: &mut dyn Storage) {
    let mut journal = hundred(storage);
    let mut reader = journal.reader().expect("a reader opens beside a writer");
    assert_eq!(reader.last(), 100);
    append_all(journal.as_mut(), &[b"later"]).expect("appends");
    assert_eq!(reader.refresh(), Ok(101));
    append_all(journal.as_mut(), &[b"latest"]).expect("appends");
    assert_eq!(collect(reader.as_mut(), 101, u64::MAX), [b"later".to_vec(), b"latest".to_vec()]);
    assert_eq!(append_all(reader.as_mut(), &[b"no"]), Err(JournalError::ReadOnly));
    assert_eq!(reader.set_meta("name", "no"), Err(JournalError::ReadOnly));
    assert_eq!(reader.save_snapshot(1, b"tag", b"no"), Err(JournalError::ReadOnly));
    reader.close().expect("closes");
    assert_eq!(journal.last(), 102);
}

/// Random batches, reads and reopenings agree with a list that does the same.
pub fn agrees_with_a_list(storage: &mut dyn Storage) {
    let mut model: Vec<Vec<u8>> = Vec::new();
    let mut journal = storage.open();
    // SplitMix64 (Steele, Lea and Flood 2014): the suite brings its own, so that users need no library for it.
    let mut seed = 42u64;
    let mut below = |bound: u64| {
        seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    };
    for _ in 0..150 {
        match below(10) {
            0..6 => {
                let batch: Vec<Vec<u8>> = (0..below(40))
                    .map(|_| (0..below(300)).map(|_| below(256).to_le_bytes()[0]).collect())
                    .collect();
                let borrowed: Vec<&[u8]> = batch.iter().map(Vec::as_slice).collect();
                append_all(journal.as_mut(), &borrowed).expect("appends");
                model.extend(batch);
            }
            6..9 => {
                let from = below(model.len() as u64 + 2);
                let to = from + below(100);
                let expected: Vec<Vec<u8>> = (from.max(1)..=to)
                    .filter_map(|number| model.get(usize::try_from(number).ok()? - 1).cloned())
                    .collect();
                assert_eq!(collect(journal.as_mut(), from, to), expected);
            }
            _ => {
                journal.close().expect("closes");
                journal = storage.open();
            }
        }
        assert_eq!(journal.last(), model.len() as u64);
    }
    assert_eq!(collect(journal.as_mut(), 1, u64::MAX), model);
}
