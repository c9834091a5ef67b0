//! Finding, judging and making the file.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::lock::{WorldLock, beside};
use super::{APPLICATION_ID, SqliteOptions, fault};
use crate::disk::Disk;
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
pub(super) fn find(disk: &dyn Disk, path: &Path) -> Result<PathBuf, JournalError> {
    match disk.look(path) {
        Ok(found) if found.is_folder => Err(JournalError::IsDirectory { path: path.to_owned() }),
        Ok(_) => disk.resolve(path).map_err(|error| unreadable(path, &error)),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let folder = folder_of(path);
            if disk.look(folder).is_ok_and(|found| found.is_folder) {
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
pub(super) fn judge_header(disk: &dyn Disk, path: &Path) -> Result<(), JournalError> {
    let header = disk.head(path, 100).map_err(|error| unreadable(path, &error))?;
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
pub(super) fn judge_writable(disk: &dyn Disk, path: &Path) -> Result<(), JournalError> {
    let found = disk.look(path).map_err(|error| unreadable(path, &error))?;
    if found.is_read_only {
        // Root could write all the same; whoever marked the file meant it.
        return Err(unwritable(path, "it is marked read-only"));
    }
    disk.may_write(path).map_err(|error| unwritable(path, error))
}

/// Makes an empty world. It appears under its name only once it is complete and durable.
pub(super) fn create(options: &SqliteOptions, path: &Path) -> Result<(PathBuf, WorldLock), JournalError> {
    let disk = &*options.disk;
    match find(disk, path) {
        Ok(_) => return Err(JournalError::AlreadyExists { path: path.to_owned() }),
        Err(JournalError::NotFound { .. }) => {}
        Err(error) => return Err(error),
    }
    let folder = disk.resolve(folder_of(path)).map_err(|error| unreadable(folder_of(path), &error))?;
    let Some(name) = path.file_name() else {
        return Err(JournalError::IsDirectory { path: path.to_owned() });
    };
    let path = folder.join(name);
    for suffix in ["-wal", "-journal"] {
        let left_over = beside(&path, suffix);
        // An empty one holds nothing: readers leave it behind.
        if disk.look(&left_over).is_ok_and(|found| found.bytes > 0) {
            return Err(JournalError::LeftOver { path: left_over });
        }
    }
    let lock = WorldLock::take(disk, &path)?;
    if disk.look(&path).is_ok() {
        return Err(JournalError::AlreadyExists { path });
    }
    let draft = beside(&path, ".creating");
    for old in [draft.clone(), beside(&draft, "-wal"), beside(&draft, "-shm"), beside(&draft, "-journal")] {
        match disk.remove(&old) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(unwritable(&old, error)),
            _ => {}
        }
    }
    build(disk, &draft)?;
    disk.sync(&draft)
        .and_then(|()| disk.rename(&draft, &path))
        .and_then(|()| sync_name(options, &folder))
        .map_err(|error| unwritable(&path, error))?;
    Ok((path, lock))
}

/// Makes the name of an existing world durable.
pub(super) fn sync_folder(disk: &dyn Disk, path: &Path) -> Result<(), JournalError> {
    disk.sync(folder_of(path)).map_err(|error| unwritable(path, error))
}

/// Makes the new name durable.
fn sync_name(options: &SqliteOptions, folder: &Path) -> std::io::Result<()> {
    #[cfg(feature = "planted-bugs")]
    if options.planted == Some(crate::PlantedBug::FolderNotSynced) {
        return Ok(());
    }
    options.disk.sync(folder)
}

fn connect(disk: &dyn Disk, path: impl AsRef<Path>, flags: OpenFlags) -> Result<Connection, rusqlite::Error> {
    match disk.vfs() {
        None => Connection::open_with_flags(path, flags),
        Some(vfs) => Connection::open_with_flags_and_vfs(path, flags, vfs),
    }
}

fn build(disk: &dyn Disk, draft: &Path) -> Result<(), JournalError> {
    let failed = |error| fault::explain("creating the world", draft, error);
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = connect(disk, draft, flags).map_err(failed)?;
    connection
        .execute_batch(&format!(
            "PRAGMA page_size={PAGE_BYTES}; PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version={FORMAT_VERSION};
             PRAGMA synchronous=FULL; PRAGMA journal_mode=WAL; BEGIN; {SCHEMA} COMMIT;"
        ))
        .map_err(failed)?;
    if journal_mode(&connection).map_err(failed)? != "wal" {
        // SQLite stays with the mode it had when it cannot change it, and says so only in its answer.
        return Err(JournalError::Io {
            doing: "creating the world".to_owned(),
            detail: "SQLite cannot keep a write-ahead log there".to_owned(),
        });
    }
    // Closing would do the same and keep silent about what went wrong; the draft is renamed and must stand alone.
    checkpoint(&connection, "TRUNCATE").map_err(failed)?;
    connection.close().map_err(|(_, error)| failed(error))?;
    if disk.look(&beside(draft, "-wal")).is_ok_and(|found| found.bytes > 0) {
        return Err(JournalError::Io {
            doing: "creating the world".to_owned(),
            detail: "its log could not be moved into its file".to_owned(),
        });
    }
    Ok(())
}

/// How SQLite keeps this file durable.
pub(super) fn journal_mode(connection: &Connection) -> Result<String, rusqlite::Error> {
    connection.query_row("PRAGMA journal_mode=WAL", [], |row| row.get(0))
}

/// Moves the write-ahead log into the main file, as far as readers let it.
pub(super) fn checkpoint(connection: &Connection, how: &str) -> Result<(), rusqlite::Error> {
    connection
        .prepare_cached(&format!("PRAGMA wal_checkpoint({how})"))
        .and_then(|mut statement| statement.query_row([], |_| Ok(())))
}

/// Connects for reading. Without a writer and without the right to create the files beside it, the file alone is read.
pub(super) fn connect_reader(disk: &dyn Disk, path: &Path) -> Result<Connection, JournalError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let probe =
        |connection: &Connection| connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()));
    let first = connect(disk, path, flags).and_then(|connection| probe(&connection).map(|()| connection));
    let error = match first {
        Ok(connection) => return Ok(connection),
        Err(error) => error,
    };
    let wal_bytes = disk.look(&beside(path, "-wal")).map_or(0, |wal| wal.bytes);
    if wal_bytes > 0 {
        return Err(fault::explain("opening the world for reading", path, error));
    }
    let encoded = path.display().to_string().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let address = format!("file:{encoded}?immutable=1");
    connect(disk, address, flags | OpenFlags::SQLITE_OPEN_URI)
        .and_then(|connection| probe(&connection).map(|()| connection))
        .map_err(|_| fault::explain("opening the world for reading", path, error))
}

/// Connects for writing.
pub(super) fn connect_writer(disk: &dyn Disk, path: &Path) -> Result<Connection, JournalError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    connect(disk, path, flags).map_err(|error| fault::explain("opening the world for writing", path, error))
}
