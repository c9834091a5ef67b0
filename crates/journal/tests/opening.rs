//! What opening refuses, and whether it says what to do.

use std::fs;
use std::path::Path;

use ecology_journal::conformance::append_all;
use ecology_journal::{
    FORMAT_VERSION, Journal, JournalError, OpenMode, SqliteJournal, SqliteOptions, keys, require_version,
};
use tempfile::TempDir;

fn refused(path: impl AsRef<Path>, mode: OpenMode) -> JournalError {
    let error = SqliteJournal::open(path, mode).unwrap_err();
    let text = error.to_string();
    assert!(text.contains(';'), "no remedy in: {text}");
    error
}

fn world(folder: &TempDir) -> std::path::PathBuf {
    let path = folder.path().join("world");
    let mut journal = SqliteJournal::open(&path, OpenMode::Create).unwrap();
    append_all(&mut journal, &[b"a", b"b"]).unwrap();
    path
}

#[test]
fn paths_that_cannot_be_worlds() {
    let folder = TempDir::new().unwrap();
    for mode in [OpenMode::Create, OpenMode::Write, OpenMode::Read] {
        assert!(matches!(refused(folder.path(), mode), JournalError::IsDirectory { .. }));
        let nowhere = folder.path().join("no/world");
        assert!(matches!(refused(nowhere, mode), JournalError::ParentMissing { .. }));
    }
    for mode in [OpenMode::Write, OpenMode::Read] {
        assert!(matches!(refused(folder.path().join("none"), mode), JournalError::NotFound { .. }));
        for (name, content) in [("empty", &b""[..]), ("short", b"SQLite format 3\0"), ("text", &[b'x'; 5000])]
        {
            let path = folder.path().join(name);
            fs::write(&path, content).unwrap();
            assert!(matches!(refused(&path, mode), JournalError::NotADatabase { .. }), "{name}");
            assert_eq!(fs::read(&path).unwrap(), content, "a foreign file is left as it was");
        }
    }
    let names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "nothing is left beside what was refused: {names:?}");
}

#[test]
fn a_foreign_database_and_a_newer_world() {
    let folder = TempDir::new().unwrap();
    let foreign = folder.path().join("foreign");
    rusqlite::Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    assert_eq!(
        refused(&foreign, OpenMode::Write),
        JournalError::NotAWorld { path: fs::canonicalize(&foreign).unwrap(), found: 0 }
    );
    let path = world(&folder);
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    for mode in [OpenMode::Write, OpenMode::Read] {
        let error = refused(&path, mode);
        assert!(
            matches!(error, JournalError::TooNew { found: 99, supported: FORMAT_VERSION, .. }),
            "{error:?}"
        );
    }
}

#[test]
fn a_newer_record_version() {
    let folder = TempDir::new().unwrap();
    let mut journal = SqliteJournal::open(folder.path().join("world"), OpenMode::Create).unwrap();
    require_version(&journal, keys::RECORD_VERSION, 1).unwrap();
    journal.set_meta(keys::RECORD_VERSION, "2").unwrap();
    require_version(&journal, keys::RECORD_VERSION, 2).unwrap();
    let error = require_version(&journal, keys::RECORD_VERSION, 1).unwrap_err();
    assert_eq!(error, JournalError::TooNew { what: "record version".to_owned(), found: 2, supported: 1 });
    journal.set_meta(keys::RECORD_VERSION, "two").unwrap();
    require_version(&journal, keys::RECORD_VERSION, 1).unwrap_err();
}

#[test]
fn creating_over_something() {
    let folder = TempDir::new().unwrap();
    let path = world(&folder);
    assert!(matches!(refused(&path, OpenMode::Create), JournalError::AlreadyExists { .. }));
    let other = folder.path().join("other");
    fs::write(folder.path().join("other-wal"), "left over").unwrap();
    assert!(matches!(refused(&other, OpenMode::Create), JournalError::LeftOver { .. }));
    assert!(!other.exists());
    // What a reader leaves behind holds nothing.
    fs::write(folder.path().join("other-wal"), "").unwrap();
    drop(SqliteJournal::open(&other, OpenMode::Create).unwrap());
    // A draft left by a creation that was killed is no obstacle.
    let third = folder.path().join("third");
    fs::write(folder.path().join("third.creating"), "half").unwrap();
    SqliteJournal::open(&third, OpenMode::Create).unwrap();
}

#[test]
fn a_file_marked_read_only() {
    let folder = TempDir::new().unwrap();
    let path = world(&folder);
    let mut permissions = fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).unwrap();
    assert!(matches!(refused(&path, OpenMode::Write), JournalError::NotWritable { .. }));
    let mut reader = SqliteJournal::open(&path, OpenMode::Read).unwrap();
    assert_eq!(reader.read(1, 10, 100).unwrap().len(), 2);
    assert_eq!(append_all(&mut reader, &[b"no"]), Err(JournalError::ReadOnly));
}

#[test]
fn a_second_writer_in_the_same_process_also_through_a_link() {
    let folder = TempDir::new().unwrap();
    let path = world(&folder);
    let link = folder.path().join("link");
    #[cfg(unix)]
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let journal = SqliteJournal::open(&path, OpenMode::Write).unwrap();
    for name in [&path, &link] {
        let error = refused(name, OpenMode::Write);
        let JournalError::Locked { hint, .. } = &error else { panic!("{error:?}") };
        assert!(hint.contains(&std::process::id().to_string()), "{hint}");
    }
    SqliteJournal::open(&path, OpenMode::Read).unwrap();
    Box::new(journal).close().unwrap();
    SqliteJournal::open(&link, OpenMode::Write).unwrap();
}

#[test]
fn no_room_left_stops_the_journal_and_loses_nothing() {
    let folder = TempDir::new().unwrap();
    let path = world(&folder);
    let options = SqliteOptions { file_bytes_max: Some(1_000_000), ..SqliteOptions::default() };
    let mut journal = SqliteJournal::open_with(&path, OpenMode::Write, &options).unwrap();
    let frame = [5u8; 10_000];
    let error = loop {
        if let Err(error) = append_all(&mut journal, &[&frame]) {
            break error;
        }
    };
    assert!(matches!(error, JournalError::DiskFull { .. }), "{error:?}");
    let last = journal.last();
    assert!(last > 5, "{last}");
    let error = append_all(&mut journal, &[b"small"]).unwrap_err();
    assert!(matches!(error, JournalError::Poisoned { .. }), "{error:?}");
    assert!(matches!(journal.set_meta("a", "b"), Err(JournalError::Poisoned { .. })));
    drop(journal);
    let mut journal = SqliteJournal::open(&path, OpenMode::Write).unwrap();
    assert_eq!(journal.last(), last);
    append_all(&mut journal, &[b"after making room"]).unwrap();
}
