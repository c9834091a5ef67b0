//! Finding, judging and making the file.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::lock::{WorldLock, beside};
use super::{APPLICATION_ID, fault};
use crate::{FORMAT_VERSION, JournalError};

/// A larger page means fewer writes per batch, a smaller one fewer bytes for a batch of one frame. Measured on a slow disk, a group of
/// 1024 frames gains a tenth over pages of 4096 bytes and a lone frame, which waits for its sync anyway, loses nothing.
const PAGE_BYTES: u32 = 32 * 1024;

const SCHEMA: &str = "
CREATE TABLE batch (
    first INTEGER PRIMARY KEY,
    count INTEGER NOT NULL,
    chain INTEGER NOT NULL,
    body  BLOB NOT NULL
) STRICT;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE snapshot (
    tag   BLOB NOT NULL,
    at    INTEGER NOT NULL,
    part  INTEGER NOT NULL,
    parts INTEGER NOT NULL,
    sum   INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (tag, at, part)
) STRICT;
";

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The file that `path` means, links resolved, so that two names of one world share one lock.
pub(super) fn find(path: &Path) -> Result<PathBuf, JournalError> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Err(JournalError::IsDirectory { path: path.to_owned() }),
        Ok(_) => fs::canonicalize(path).map_err(|error| unreadable(path, &error)),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let folder = folder_of(path);
            if folder.is_dir() {
                Err(JournalError::NotFound { path: path.to_owned() })
            } else {
                Err(JournalError::ParentMissing { folder: folder.to_owned() })
            }
        }
        Err(error) => Err(unreadable(path, &error)),
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> JournalError {
    JournalError::NotReadable { path: path.to_owned(), detail: error.to_string() }
}

fn unwritable(path: &Path, detail: impl ToString) -> JournalError {
    JournalError::NotWritable { path: path.to_owned(), detail: detail.to_string() }
}

/// That the file is a world of a version this program knows, from its first bytes alone: opening a foreign file with SQLite could
/// already change it.
pub(super) fn judge_header(path: &Path) -> Result<(), JournalError> {
    let mut header = Vec::new();
    File::open(path)
        .and_then(|file| file.take(100).read_to_end(&mut header))
        .map_err(|error| unreadable(path, &error))?;
    let word = |at: usize| {
        header.get(at..at + 4).and_then(|four| four.try_into().ok()).map(u32::from_be_bytes).unwrap_or(0)
    };
    if !header.starts_with(b"SQLite format 3\0") || header.len() < 100 {
        return Err(JournalError::NotADatabase { path: path.to_owned() });
    }
    // Offsets of the SQLite file format: 60 user version, 68 application id.
    let (version, application) = (word(60), word(68));
    if application != APPLICATION_ID {
        return Err(JournalError::NotAWorld { path: path.to_owned(), found: application });
    }
    if version > FORMAT_VERSION {
        return Err(JournalError::TooNew {
            what: path.display().to_string(),
            found: version,
            supported: FORMAT_VERSION,
        });
    }
    Ok(())
}

/// That the file may be written.
pub(super) fn judge_writable(path: &Path) -> Result<(), JournalError> {
    let found = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if found.permissions().readonly() {
        // Root could write all the same; whoever marked the file meant it.
        return Err(unwritable(path, "it is marked read-only"));
    }
    fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .map(drop)
        .map_err(|error| unwritable(path, error))
}

/// Makes an empty world. It appears under its name only once it is complete and durable.
pub(super) fn create(path: &Path) -> Result<(PathBuf, WorldLock), JournalError> {
    match find(path) {
        Ok(_) => return Err(JournalError::AlreadyExists { path: path.to_owned() }),
        Err(JournalError::NotFound { .. }) => {}
        Err(error) => return Err(error),
    }
    let folder = fs::canonicalize(folder_of(path)).map_err(|error| unreadable(folder_of(path), &error))?;
    let Some(name) = path.file_name() else {
        return Err(JournalError::IsDirectory { path: path.to_owned() });
    };
    let path = folder.join(name);
    for suffix in ["-wal", "-journal"] {
        let left_over = beside(&path, suffix);
        // An empty one holds nothing: readers leave it behind.
        if fs::metadata(&left_over).is_ok_and(|found| found.len() > 0) {
            return Err(JournalError::LeftOver { path: left_over });
        }
    }
    let lock = WorldLock::take(&path)?;
    if path.exists() {
        return Err(JournalError::AlreadyExists { path });
    }
    let draft = beside(&path, ".creating");
    for old in [draft.clone(), beside(&draft, "-wal"), beside(&draft, "-shm"), beside(&draft, "-journal")] {
        match fs::remove_file(&old) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(unwritable(&old, error)),
            _ => {}
        }
    }
    build(&draft)?;
    File::open(&draft)
        .and_then(|file| file.sync_all())
        .and_then(|()| fs::rename(&draft, &path))
        .and_then(|()| File::open(&folder)?.sync_all())
        .map_err(|error| unwritable(&path, error))?;
    Ok((path, lock))
}

fn build(draft: &Path) -> Result<(), JournalError> {
    let failed = |error| fault::explain("creating the world", draft, error);
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(draft, flags).map_err(failed)?;
    connection
        .execute_batch(&format!(
            "PRAGMA page_size={PAGE_BYTES}; PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version={FORMAT_VERSION};
             PRAGMA synchronous=FULL; PRAGMA journal_mode=WAL; BEGIN; {SCHEMA} COMMIT;"
        ))
        .map_err(failed)?;
    connection.close().map_err(|(_, error)| failed(error))
}

/// Connects for reading. Without a writer and without the right to create the files beside it, the file alone is read.
pub(super) fn connect_reader(path: &Path) -> Result<Connection, JournalError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let probe =
        |connection: &Connection| connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()));
    let first = Connection::open_with_flags(path, flags)
        .and_then(|connection| probe(&connection).map(|()| connection));
    let error = match first {
        Ok(connection) => return Ok(connection),
        Err(error) => error,
    };
    let wal_bytes = fs::metadata(beside(path, "-wal")).map_or(0, |wal| wal.len());
    if wal_bytes > 0 {
        return Err(fault::explain("opening the world for reading", path, error));
    }
    let encoded = path.display().to_string().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let address = format!("file:{encoded}?immutable=1");
    Connection::open_with_flags(address, flags | OpenFlags::SQLITE_OPEN_URI)
        .and_then(|connection| probe(&connection).map(|()| connection))
        .map_err(|_| fault::explain("opening the world for reading", path, error))
}

/// Connects for writing.
pub(super) fn connect_writer(path: &Path) -> Result<Connection, JournalError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags)
        .map_err(|error| fault::explain("opening the world for writing", path, error))
}
