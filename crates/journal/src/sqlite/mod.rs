//! A journal in one SQLite file.
//!
//! One row holds one batch, many frames in one blob: SQLite's cost is per row and per page, so that a group commit of a thousand
//! frames costs little more than one. The row's key is the number of its first frame, which keeps the table append-only and
//! lets a read begin at any number with one search.

mod fault;
mod lock;
mod open;
mod scan;
mod snapshot;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use crate::batch::Writer;
use crate::check::{check_batch, check_snapshot, frame_length};
use crate::disk::{Disk, MachineDisk};
use crate::journal::Visit;
use crate::{Frame, Journal, JournalError};
use lock::WorldLock;

/// Marks a SQLite file as an ecology world ("ECOL" in ASCII).
pub const APPLICATION_ID: u32 = 0x4543_4F4C;

/// Where a batch is split into several rows (of one transaction), so that a read in its middle need not load all of it.
const ROW_BYTES_MAX: usize = 4 * 1024 * 1024;

/// How many times [`SqliteOptions::checkpoint_bytes`] the write-ahead log of a journal may grow that nobody tends.
const UNTENDED_TIMES: u32 = 4;

/// How long to wait for a foreign program that holds SQLite's own lock.
const BUSY_WAIT: Duration = Duration::from_secs(5);

const INSERT: &str = "INSERT INTO batch (first, count, chain, body) VALUES (?1, ?2, ?3, ?4)";

/// How to open a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenMode {
    /// Make a new world; refused where the file exists.
    Create,
    /// Open an existing world as its only writer.
    Write,
    /// Open an existing world to look at it; a writer may be at work meanwhile.
    Read,
}

/// How much is verified on opening. Reading always verifies what it reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verify {
    /// Every frame: damage anywhere refuses to open. Costs about as much as reading the file once.
    #[default]
    All,
    /// The last batch only: for a caller that reads (and so verifies) what it needs itself.
    Tail,
}

/// Settings of a [`SqliteJournal`].
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// Where the files are.
    pub disk: Arc<dyn Disk>,
    /// How much is verified on opening.
    pub verify: Verify,
    /// The largest the file may grow, in bytes; beyond it an append answers [`JournalError::DiskFull`]. No limit when `None`.
    pub file_bytes_max: Option<u64>,
    /// How many bytes gather in the write-ahead log before [`tend`](Journal::tend) moves them into the main file, which is after an
    /// acknowledgement and never before it. Where nobody tends the journal, SQLite does so itself at four times as many.
    pub checkpoint_bytes: u32,
    /// Memory for SQLite's page cache, in bytes.
    pub cache_bytes: u32,
    /// A bug to behave as if it were there.
    #[cfg(feature = "planted-bugs")]
    pub planted: Option<crate::PlantedBug>,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            disk: Arc::new(MachineDisk),
            verify: Verify::All,
            file_bytes_max: None,
            checkpoint_bytes: 16 * 1024 * 1024,
            cache_bytes: 16 * 1024 * 1024,
            #[cfg(feature = "planted-bugs")]
            planted: None,
        }
    }
}

/// What a repair cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// The first frame that is gone.
    pub at: u64,
    /// How many frames are gone.
    pub frames: u64,
}

/// A journal in one SQLite file: WAL, `synchronous=FULL`, one transaction per batch.
#[derive(Debug)]
pub struct SqliteJournal {
    // Before the lock, so that it is closed before the lock is let go.
    connection: Connection,
    disk: Arc<dyn Disk>,
    path: PathBuf,
    last: u64,
    chain: u32,
    scratch: Writer,
    poisoned: Option<JournalError>,
    checkpoint_bytes: u64,
    page_bytes: u64,
    /// About how many bytes were written to the write-ahead log since it was last moved into the main file.
    log_bytes: u64,
    lock: Option<WorldLock>,
}

impl SqliteJournal {
    /// Opens a world with the default settings.
    ///
    /// # Errors
    /// As [`open_with`](Self::open_with).
    pub fn open(path: impl AsRef<Path>, mode: OpenMode) -> Result<Self, JournalError> {
        Self::open_with(path, mode, &SqliteOptions::default())
    }

    /// Opens a world.
    ///
    /// # Errors
    /// What is wrong with the path, the file, its version or its content, or [`JournalError::Locked`] when another writer has it.
    pub fn open_with(
        path: impl AsRef<Path>,
        mode: OpenMode,
        options: &SqliteOptions,
    ) -> Result<Self, JournalError> {
        let mut journal = Self::connect(path.as_ref(), mode, options)?;
        journal.refresh()?;
        journal.verify(options.verify)?;
        Ok(journal)
    }

    fn connect(path: &Path, mode: OpenMode, options: &SqliteOptions) -> Result<Self, JournalError> {
        let disk = &*options.disk;
        let (path, lock) = match mode {
            OpenMode::Create => {
                let (path, lock) = open::create(options, path)?;
                (path, Some(lock))
            }
            OpenMode::Write => {
                let path = open::find(disk, path)?;
                open::judge_header(disk, &path)?;
                open::judge_writable(disk, &path)?;
                let lock = WorldLock::take(disk, &path)?;
                (path, Some(lock))
            }
            OpenMode::Read => {
                let path = open::find(disk, path)?;
                open::judge_header(disk, &path)?;
                (path, None)
            }
        };
        let connection = if lock.is_some() {
            open::connect_writer(disk, &path)?
        } else {
            open::connect_reader(disk, &path)?
        };
        let mut journal = Self {
            connection,
            disk: Arc::clone(&options.disk),
            path,
            last: 0,
            chain: 0,
            scratch: Writer::default(),
            poisoned: None,
            checkpoint_bytes: u64::from(options.checkpoint_bytes),
            page_bytes: 0,
            log_bytes: 0,
            lock,
        };
        let configured = journal.configure(options);
        configured.map_err(|error| journal.explain("opening the world", error))?;
        if mode == OpenMode::Write {
            journal.make_durable()?;
        }
        Ok(journal)
    }

    fn configure(&mut self, options: &SqliteOptions) -> Result<(), rusqlite::Error> {
        let connection = &self.connection;
        connection.busy_timeout(BUSY_WAIT)?;
        connection.pragma_update(None, "cache_size", -i64::from(options.cache_bytes / 1024))?;
        if self.lock.is_none() {
            return Ok(());
        }
        connection.pragma_update(None, "synchronous", "FULL")?;
        // A file that was in another mode (by an older program, or a foreign one) is put into this one; all that is said about durability
        // is said about a write-ahead log.
        if open::journal_mode(connection)? != "wal" {
            return Err(rusqlite::Error::SqliteFailure(
                rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN),
                Some("SQLite cannot keep a write-ahead log there".to_owned()),
            ));
        }
        let page_bytes: u32 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
        // pragma_update cannot be used for those that answer with a row.
        let untended = options.checkpoint_bytes.saturating_mul(UNTENDED_TIMES);
        connection.pragma_update_and_check(
            None,
            "wal_autocheckpoint",
            i64::from(untended / page_bytes.max(1)).max(1),
            |_| Ok(()),
        )?;
        if let Some(bytes) = options.file_bytes_max {
            let pages = i64::try_from(bytes / u64::from(page_bytes.max(1))).unwrap_or(i64::MAX).max(1);
            connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
        }
        self.page_bytes = u64::from(page_bytes);
        #[cfg(feature = "planted-bugs")]
        self.plant(options)?;
        Ok(())
    }

    /// What a killed process left is seen by its successor whether it is durable or not, and after a sync that failed the system
    /// may consider durable what never will be. So the name is synced, and the log is written anew into the main file, before anything is
    /// built on them.
    fn make_durable(&mut self) -> Result<(), JournalError> {
        open::sync_folder(&*self.disk, &self.path)?;
        let log = self.disk.look(&lock::beside(&self.path, "-wal")).map_or(0, |found| found.bytes);
        if log > 0 { self.checkpoint() } else { Ok(()) }
    }

    fn checkpoint(&mut self) -> Result<(), JournalError> {
        let moved = open::checkpoint(&self.connection, "PASSIVE");
        self.poison_on_error("moving the log into the main file", moved)?;
        self.log_bytes = 0;
        Ok(())
    }

    #[cfg(feature = "planted-bugs")]
    fn plant(&mut self, options: &SqliteOptions) -> Result<(), rusqlite::Error> {
        use crate::PlantedBug;
        match options.planted {
            Some(PlantedBug::CommitNotSynced) => self.connection.pragma_update(None, "synchronous", "NORMAL"),
            Some(PlantedBug::SyncRemoved) => self.connection.pragma_update(None, "synchronous", "OFF"),
            Some(PlantedBug::CheckpointBeforeAcknowledgement) => {
                let pages = (self.checkpoint_bytes / self.page_bytes.max(1)).max(1);
                self.checkpoint_bytes = u64::MAX;
                self.connection.pragma_update_and_check(
                    None,
                    "wal_autocheckpoint",
                    i64::try_from(pages).unwrap_or(i64::MAX),
                    |_| Ok(()),
                )
            }
            Some(PlantedBug::AcknowledgeBeforeSync | PlantedBug::FolderNotSynced) | None => Ok(()),
        }
    }

    /// Notes that about so many bytes went into the write-ahead log: whole pages, and the page above them.
    fn note_written(&mut self, bytes: usize) {
        let page = self.page_bytes.max(1);
        self.log_bytes += ((bytes as u64).div_ceil(page) + 1) * page;
    }

    /// Cuts a torn end off a world, provided that nothing sound follows the damage. SQLite itself drops a batch that was being
    /// written when the machine stopped, so a torn end means that the file was damaged afterwards: the sound frames of
    /// the last batch are kept, and what is cut was once acknowledged. `None` when there was nothing to cut.
    ///
    /// # Errors
    /// [`JournalError::Corrupt`] when sound frames follow the damage, and then nothing is changed; else as [`open`](Self::open).
    pub fn repair(path: impl AsRef<Path>) -> Result<Option<Cut>, JournalError> {
        Self::repair_with(path, &SqliteOptions::default())
    }

    /// As [`repair`](Self::repair), with other settings than the default ones.
    ///
    /// # Errors
    /// As [`repair`](Self::repair).
    pub fn repair_with(path: impl AsRef<Path>, options: &SqliteOptions) -> Result<Option<Cut>, JournalError> {
        let mut journal = Self::connect(path.as_ref(), OpenMode::Write, options)?;
        journal.refresh()?;
        match journal.verify(Verify::All) {
            Ok(()) => Ok(None),
            Err(JournalError::TornTail { at }) => journal.cut(at).map(Some),
            Err(error) => Err(error),
        }
    }

    /// Where the world is, links resolved.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn explain(&self, doing: &str, error: rusqlite::Error) -> JournalError {
        fault::explain(doing, &self.path, error)
    }

    fn must_write(&self) -> Result<(), JournalError> {
        match &self.poisoned {
            Some(cause) => Err(cause.poison()),
            None if self.lock.is_none() => Err(JournalError::ReadOnly),
            None => Ok(()),
        }
    }

    /// After a failed write nobody knows what the disk holds, so nothing more is written through this handle.
    fn poison_on_error<T>(
        &mut self,
        doing: &str,
        result: Result<T, rusqlite::Error>,
    ) -> Result<T, JournalError> {
        result.map_err(|error| {
            let error = self.explain(doing, error);
            self.poisoned = Some(error.clone());
            error
        })
    }

    /// Writes the rows of one batch; answers the chain after it.
    fn insert(&mut self, frames: &[Frame<'_>], lengths: &[u32]) -> Result<u32, rusqlite::Error> {
        let bytes: usize = frames.iter().map(|frame| frame.bytes.len()).sum();
        // One statement is a transaction by itself; only a batch of several rows needs one around it.
        let around =
            if bytes > ROW_BYTES_MAX { Some(self.connection.unchecked_transaction()?) } else { None };
        let mut statement = self.connection.prepare_cached(INSERT)?;
        let mut chain = self.chain;
        let writer = &mut self.scratch;
        writer.clear();
        let mut first = self.last + 1;
        for (index, (frame, length)) in frames.iter().zip(lengths).enumerate() {
            writer.push(frame.number, *length, frame.bytes);
            if writer.body.len() >= ROW_BYTES_MAX && around.is_some() || index + 1 == frames.len() {
                chain = writer.chain(chain);
                statement.execute(params![snapshot::signed(first), writer.count, chain, &writer.body])?;
                first = frame.number + 1;
                writer.clear();
            }
        }
        drop(statement);
        if let Some(transaction) = around {
            transaction.commit()?;
        }
        Ok(chain)
    }
}

impl Journal for SqliteJournal {
    fn append(&mut self, frames: &[Frame<'_>]) -> Result<(), JournalError> {
        self.must_write()?;
        check_batch(self.last, frames)?;
        let Some(last) = frames.last() else { return Ok(()) };
        let lengths: Vec<u32> =
            frames.iter().map(|frame| frame_length(frame.bytes)).collect::<Result<_, _>>()?;
        let inserted = self.insert(frames, &lengths);
        self.chain = self.poison_on_error("appending to the log", inserted)?;
        self.last = last.number;
        self.note_written(frames.iter().map(|frame| frame.bytes.len()).sum());
        Ok(())
    }

    fn last(&self) -> u64 {
        self.last
    }

    fn refresh(&mut self) -> Result<u64, JournalError> {
        let tail = self
            .connection
            .prepare_cached("SELECT first, count, chain FROM batch ORDER BY first DESC LIMIT 1")
            .and_then(|mut statement| {
                statement
                    .query_row([], |row| {
                        Ok((snapshot::number(row, 0)?, row.get::<_, u32>(1)?, row.get::<_, u32>(2)?))
                    })
                    .optional()
            })
            .map_err(|error| fault::explain_read(self.last + 1, &self.path, error))?;
        (self.last, self.chain) = match tail {
            None => (0, 0),
            Some((first, count, _)) if first == 0 || count == 0 => {
                return Err(JournalError::Corrupt {
                    number: first,
                    detail: "its batch has no frames".to_owned(),
                });
            }
            Some((first, count, chain)) => (first + u64::from(count) - 1, chain),
        };
        Ok(self.last)
    }

    fn for_each(&mut self, from: u64, to: u64, visit: &mut Visit<'_>) -> Result<(), JournalError> {
        if self.lock.is_none() {
            self.refresh()?;
        }
        self.scan(from.max(1), to.min(self.last), visit)
    }

    fn meta(&self, key: &str) -> Result<Option<String>, JournalError> {
        self.connection
            .prepare_cached("SELECT value FROM meta WHERE key = ?1")
            .and_then(|mut statement| statement.query_row([key], |row| row.get(0)).optional())
            .map_err(|error| self.explain("reading the metadata", error))
    }

    fn set_meta(&mut self, key: &str, value: &str) -> Result<(), JournalError> {
        self.must_write()?;
        let set =
            self.connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)", [key, value]);
        self.poison_on_error("writing the metadata", set)?;
        self.note_written(value.len());
        Ok(())
    }

    fn save_snapshot(&mut self, at: u64, tag: &[u8], bytes: &[u8]) -> Result<(), JournalError> {
        self.must_write()?;
        check_snapshot(at, self.last)?;
        let saved = snapshot::save(&self.connection, at, tag, bytes);
        self.poison_on_error("saving a snapshot", saved)?;
        self.note_written(bytes.len());
        Ok(())
    }

    fn newest_snapshot(
        &mut self,
        tag: &[u8],
        not_after: u64,
    ) -> Result<Option<(u64, Vec<u8>)>, JournalError> {
        snapshot::newest(&self.connection, tag, not_after)
            .map_err(|error| self.explain("reading a snapshot", error))
    }

    fn reader(&self) -> Result<Box<dyn Journal>, JournalError> {
        let options =
            SqliteOptions { disk: Arc::clone(&self.disk), verify: Verify::Tail, ..SqliteOptions::default() };
        Ok(Box::new(Self::open_with(&self.path, OpenMode::Read, &options)?))
    }

    /// Moves the write-ahead log into the main file once enough has gathered there. Where readers are in the way, what can be moved is,
    /// and the rest the next time.
    fn tend(&mut self) -> Result<(), JournalError> {
        if self.log_bytes < self.checkpoint_bytes {
            return Ok(());
        }
        self.must_write()?;
        self.checkpoint()
    }

    fn close(self: Box<Self>) -> Result<(), JournalError> {
        let Self { connection, path, lock, .. } = *self;
        connection.flush_prepared_statement_cache();
        let closed =
            connection.close().map_err(|(_, error)| fault::explain("closing the world", &path, error));
        drop(lock);
        closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Killing a process cannot show a missing sync (the kernel keeps what was written), so the settings themselves are judged.
    #[test]
    fn every_commit_is_synced() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let path = folder.path().join("world");
        for mode in [OpenMode::Create, OpenMode::Write] {
            let journal = SqliteJournal::open(&path, mode).expect("opens");
            let pragma = |name| {
                journal
                    .connection
                    .pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0))
                    .expect("a value")
            };
            // 2 is FULL: the write-ahead log is synced after each transaction.
            assert_eq!(pragma("synchronous"), rusqlite::types::Value::Integer(2));
            assert_eq!(pragma("journal_mode"), rusqlite::types::Value::Text("wal".to_owned()));
        }
    }
}
