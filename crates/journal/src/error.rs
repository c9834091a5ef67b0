//! What can go wrong, and what to do about it.

use std::path::PathBuf;

/// Why a journal refused. Every message says what is wrong and what to do instead.
///
/// It is `Clone`, because one failed sync is the answer to everybody who waited for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The path names a folder.
    #[error("{} is a folder, not a world file; name a file inside it, such as {}", path.display(), path.join("a.world").display())]
    IsDirectory {
        /// What was to be opened.
        path: PathBuf,
    },
    /// There is no such file.
    #[error("{} does not exist; check the path, or create the world first", path.display())]
    NotFound {
        /// What was to be opened.
        path: PathBuf,
    },
    /// The folder that should hold the file does not exist.
    #[error("the folder {} does not exist; create it, then try again", folder.display())]
    ParentMissing {
        /// The folder.
        folder: PathBuf,
    },
    /// A world was to be created where something is already.
    #[error("{} exists already; open it to resume, or choose another name", path.display())]
    AlreadyExists {
        /// What was to be created.
        path: PathBuf,
    },
    /// Part of a world whose main file is gone; a new world beside it would be mixed up with it.
    #[error("{} is left over from a world whose file is gone; put that file back, or remove this one", path.display())]
    LeftOver {
        /// The file left over.
        path: PathBuf,
    },
    /// The file or its folder may not be written.
    #[error("{} cannot be written ({detail}); change its permissions, copy it elsewhere, or open it for reading only", path.display())]
    NotWritable {
        /// What was to be written.
        path: PathBuf,
        /// What the system said.
        detail: String,
    },
    /// The file may not be read.
    #[error("{} cannot be read ({detail}); change its permissions, or run as its owner", path.display())]
    NotReadable {
        /// What was to be read.
        path: PathBuf,
        /// What the system said.
        detail: String,
    },
    /// The file is not a SQLite file.
    #[error("{} is not a world file (it is not a SQLite file); choose another file", path.display())]
    NotADatabase {
        /// What was to be opened.
        path: PathBuf,
    },
    /// A SQLite file, but not one of ours.
    #[error("{} is a SQLite file, but not an ecology world (application id {found:#010x}); choose another file", path.display())]
    NotAWorld {
        /// What was to be opened.
        path: PathBuf,
        /// The application id it carries.
        found: u32,
    },
    /// Written by a newer version.
    #[error("{what} is version {found}, this program knows versions up to {supported}; use a newer program")]
    TooNew {
        /// What carries the version.
        what: String,
        /// The version found.
        found: u32,
        /// The highest version this program reads.
        supported: u32,
    },
    /// Another writer has the world open.
    #[error("{} is in use by another writer; {hint}", path.display())]
    Locked {
        /// What was to be opened.
        path: PathBuf,
        /// Who holds it, as far as is known, and what to do.
        hint: String,
    },
    /// The handle was opened for reading.
    #[error("this journal was opened for reading only; open it for writing")]
    ReadOnly,
    /// No room left.
    #[error("no room left while {doing} ({detail}); free some space, then open the world again")]
    DiskFull {
        /// What was being done.
        doing: String,
        /// What the system said.
        detail: String,
    },
    /// Any other failure of the machine below.
    #[error("{doing} failed: {detail}; check the disk, then open the world again")]
    Io {
        /// What was being done.
        doing: String,
        /// What the system said.
        detail: String,
    },
    /// An earlier append failed, so that nobody can know what the disk holds.
    #[error(
        "the journal stopped after an error ({cause}); nothing since was kept; open the world again to see what the disk holds"
    )]
    Poisoned {
        /// The first error.
        cause: String,
    },
    /// A frame does not follow the last one.
    #[error("frame {found} does not follow the last one; number it {expected}")]
    OutOfOrder {
        /// The number that comes next.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// A limit on size.
    #[error("{what} has {bytes} bytes, at most {bytes_max} are kept; make it smaller")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Its size.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
    /// A snapshot of a state that the log has not reached.
    #[error("a snapshot at frame {at} is ahead of the log, which ends at {last}; append first, then save it")]
    SnapshotAhead {
        /// The frame the snapshot is of.
        at: u64,
        /// The last frame of the log.
        last: u64,
    },
    /// The end of the log is damaged and nothing after the damage is sound.
    #[error(
        "the log is torn at its end: frame {at} and what follows are incomplete; repair the world to cut them off (everything before is sound)"
    )]
    TornTail {
        /// The first frame that is not sound.
        at: u64,
    },
    /// A frame is damaged and sound ones follow, so that cutting it off would lose what was acknowledged.
    #[error(
        "the log is damaged at frame {number} ({detail}) and sound frames follow; restore the world from a copy"
    )]
    Corrupt {
        /// The first frame that is not sound.
        number: u64,
        /// What does not fit.
        detail: String,
    },
    /// The file itself is damaged, so that not even its frames can be found.
    #[error("{} is damaged ({detail}); restore the world from a copy", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        detail: String,
    },
    /// The committer was shut down.
    #[error("the committer was shut down; nothing more is taken; start another one")]
    Closed,
    /// The committer's thread died.
    #[error("the committer's thread ended unexpectedly; open the world again to see what the disk holds")]
    CommitterDied,
}

impl JournalError {
    /// What every later call answers after `self` stopped a journal.
    #[must_use]
    pub fn poison(&self) -> Self {
        match self {
            Self::Poisoned { .. } => self.clone(),
            other => Self::Poisoned { cause: other.to_string() },
        }
    }
}
