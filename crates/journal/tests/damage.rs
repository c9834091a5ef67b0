//! Torn ends and damaged middles of a SQLite world.

use std::fs;
use std::path::{Path, PathBuf};

use ecology_journal::conformance::append_all;
use ecology_journal::{Cut, Journal, JournalError, OpenMode, SqliteJournal, SqliteOptions, Verify};
use tempfile::TempDir;

/// Three batches: frames 1 to 3, 4 to 6, 7 to 9, each frame four bytes.
fn nine(folder: &TempDir) -> PathBuf {
    let path = folder.path().join("world");
    let mut journal = SqliteJournal::open(&path, OpenMode::Create).unwrap();
    for batch in 0..3u32 {
        let frames: Vec<[u8; 4]> = (1..=3).map(|frame| (batch * 3 + frame).to_le_bytes()).collect();
        append_all(&mut journal, &frames.each_ref_slices()).unwrap();
    }
    journal.save_snapshot(9, b"tag", b"nine").unwrap();
    journal.save_snapshot(6, b"tag", b"six").unwrap();
    path
}

trait EachRef {
    fn each_ref_slices(&self) -> Vec<&[u8]>;
}

impl EachRef for Vec<[u8; 4]> {
    fn each_ref_slices(&self) -> Vec<&[u8]> {
        self.iter().map(<[u8; 4]>::as_slice).collect()
    }
}

fn change(path: &Path, sql: &str) {
    rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

/// Puts other bytes in place of those of a batch's body, from an offset on.
fn overwrite(path: &Path, first: u64, offset: usize, with: &[u8]) {
    let connection = rusqlite::Connection::open(path).unwrap();
    let first = i64::try_from(first).unwrap();
    let mut body: Vec<u8> =
        connection.query_row("SELECT body FROM batch WHERE first = ?1", [first], |row| row.get(0)).unwrap();
    body[offset..offset + with.len()].copy_from_slice(with);
    connection
        .execute("UPDATE batch SET body = ?2 WHERE first = ?1", rusqlite::params![first, body])
        .unwrap();
}

fn open(path: &Path) -> Result<SqliteJournal, JournalError> {
    SqliteJournal::open(path, OpenMode::Write)
}

fn corrupt_at(result: Result<SqliteJournal, JournalError>) -> u64 {
    match result {
        Err(JournalError::Corrupt { number, .. }) => number,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_torn_end_is_reported_and_cut_off_on_request() {
    let folder = TempDir::new().unwrap();
    let path = nine(&folder);
    // Frame 9 begins at 2 * (8 + 4).
    overwrite(&path, 7, 24 + 8, b"junk");
    assert_eq!(open(&path).unwrap_err(), JournalError::TornTail { at: 9 });
    assert_eq!(open(&path).unwrap_err(), JournalError::TornTail { at: 9 }, "nothing was changed");
    assert_eq!(SqliteJournal::repair(&path), Ok(Some(Cut { at: 9, frames: 1 })));
    assert_eq!(SqliteJournal::repair(&path), Ok(None));
    let mut journal = open(&path).unwrap();
    assert_eq!(journal.last(), 8);
    assert_eq!(journal.newest_snapshot(b"tag", 9).unwrap().unwrap().0, 6, "one beyond the end is gone");
    append_all(&mut journal, &[b"new 9"]).unwrap();
    drop(journal);
    assert_eq!(open(&path).unwrap().read(7, 10, 100).unwrap()[2].bytes, b"new 9");
}

#[test]
fn a_whole_batch_can_be_torn() {
    let folder = TempDir::new().unwrap();
    let path = nine(&folder);
    change(&path, "UPDATE batch SET body = zeroblob(36) WHERE first = 7");
    assert_eq!(open(&path).unwrap_err(), JournalError::TornTail { at: 7 });
    assert_eq!(SqliteJournal::repair(&path), Ok(Some(Cut { at: 7, frames: 3 })));
    assert_eq!(open(&path).unwrap().last(), 6);
    let path = folder.path().join("short");
    fs::rename(folder.path().join("world"), &path).unwrap();
    change(&path, "UPDATE batch SET body = substr(body, 1, 13) WHERE first = 4");
    assert_eq!(open(&path).unwrap_err(), JournalError::TornTail { at: 5 });
    assert_eq!(SqliteJournal::repair(&path), Ok(Some(Cut { at: 5, frames: 2 })));
    assert_eq!(open(&path).unwrap().last(), 4);
}

#[test]
fn damage_in_the_middle_refuses_to_open_and_to_be_repaired() {
    for (first, offset, with, expected) in [
        // In an earlier batch.
        (4, 8, &b"junk"[..], 4),
        (1, 24 + 8, b"junk", 3),
        // In the last batch with a sound frame behind it: its content, its checksum, its length.
        (7, 8, b"junk", 7),
        (7, 12 + 4, b"junk", 8),
        (7, 12, b"\xff\xff\xff\xff", 8),
        (7, 0, b"\x03", 7),
    ] {
        let folder = TempDir::new().unwrap();
        let path = nine(&folder);
        overwrite(&path, first, offset, with);
        assert_eq!(corrupt_at(open(&path)), expected, "{first} {offset}");
        let before = fs::read(&path).unwrap();
        assert!(matches!(SqliteJournal::repair(&path), Err(JournalError::Corrupt { .. })));
        assert_eq!(fs::read(&path).unwrap(), before);
    }
}

#[test]
fn missing_exchanged_and_miscounted_batches_are_found() {
    for (sql, expected) in [
        ("DELETE FROM batch WHERE first = 4", 4),
        ("DELETE FROM batch WHERE first = 1", 1),
        ("UPDATE batch SET chain = chain + 1 WHERE first = 4", 4),
        ("UPDATE batch SET count = 2 WHERE first = 4", 6),
        ("UPDATE batch SET count = 0 WHERE first = 4", 4),
        ("UPDATE batch SET count = 2 WHERE first = 7", 9),
        ("UPDATE batch SET first = 5 WHERE first = 4", 4),
    ] {
        let folder = TempDir::new().unwrap();
        let path = nine(&folder);
        change(&path, sql);
        assert_eq!(corrupt_at(open(&path)), expected, "{sql}");
    }
}

#[test]
fn reading_finds_what_a_quick_opening_skipped() {
    let folder = TempDir::new().unwrap();
    let path = nine(&folder);
    overwrite(&path, 4, 8, b"junk");
    let options = SqliteOptions { verify: Verify::Tail, ..SqliteOptions::default() };
    let mut journal = SqliteJournal::open_with(&path, OpenMode::Write, &options).unwrap();
    assert_eq!(journal.read(5, 10, 100).unwrap().len(), 5, "what is sound can be read");
    assert!(matches!(journal.read(1, 10, 100), Err(JournalError::Corrupt { number: 4, .. })));
}

#[test]
fn a_damaged_snapshot_is_passed_over() {
    let folder = TempDir::new().unwrap();
    let path = nine(&folder);
    change(&path, "UPDATE snapshot SET bytes = x'00' WHERE at = 9");
    let mut journal = open(&path).unwrap();
    assert_eq!(journal.newest_snapshot(b"tag", 9), Ok(Some((6, b"six".to_vec()))));
}

#[test]
fn pages_of_the_file_may_be_anything() {
    // Never a panic, never a wrong frame: an error, or exactly what was written.
    let folder = TempDir::new().unwrap();
    let path = nine(&folder);
    let sound = fs::read(&path).unwrap();
    for index in 0..400usize {
        let mut bytes = sound.clone();
        let at = index * 7919 % bytes.len();
        bytes[at] ^= 0x55;
        if index % 10 == 0 {
            bytes.truncate(at.max(1));
        }
        fs::write(&path, &bytes).unwrap();
        if let Ok(mut journal) = open(&path)
            && let Ok(frames) = journal.read(1, 100, 1000)
        {
            for (number, frame) in (1u32..).zip(frames) {
                assert_eq!(frame.bytes, number.to_le_bytes(), "byte {at}");
            }
        }
        for suffix in ["-wal", "-shm"] {
            let _ = fs::remove_file(folder.path().join(format!("world{suffix}")));
        }
    }
}

#[test]
fn a_truncated_write_ahead_log_keeps_exactly_the_whole_batches_before_the_cut() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("world");
    let wal = folder.path().join("world-wal");
    let mut journal = SqliteJournal::open(&path, OpenMode::Create).unwrap();
    // (length of the write-ahead log, last frame) after each acknowledged batch.
    let mut acknowledged = vec![(0, 0)];
    for batch in 0..40usize {
        let frames: Vec<Vec<u8>> = (0..1 + batch * 7 % 30).map(|frame| vec![7; frame * 50]).collect();
        let borrowed: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
        append_all(&mut journal, &borrowed).unwrap();
        acknowledged.push((fs::metadata(&wal).unwrap().len(), journal.last()));
    }
    let main = fs::read(&path).unwrap();
    let log = fs::read(&wal).unwrap();
    assert_eq!(acknowledged.last().unwrap().0, log.len() as u64, "no checkpoint came between");
    drop(journal);
    let copy = TempDir::new().unwrap();
    let cuts = (0..80).map(|index| index * 104_729 % log.len());
    let boundaries = acknowledged.iter().map(|&(bytes, _)| usize::try_from(bytes).unwrap());
    for cut in cuts.chain(boundaries) {
        let path = copy.path().join(format!("cut-{cut}"));
        fs::write(&path, &main).unwrap();
        fs::write(copy.path().join(format!("cut-{cut}-wal")), &log[..cut]).unwrap();
        let expected = acknowledged.iter().rfind(|&&(bytes, _)| bytes <= cut as u64).unwrap().1;
        let mut journal = open(&path).unwrap();
        assert_eq!(journal.last(), expected, "cut at {cut}");
        append_all(&mut journal, &[b"goes on"]).unwrap();
    }
}
