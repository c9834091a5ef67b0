#![doc = include_str!("../README.md")]
#![cfg_attr(
    test,
    allow(
        clippy::duplicate_mod,
        reason = "the committer is compiled a second time over a scheduler, see shuttled.rs"
    )
)]

mod batch;
mod check;
mod committer;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod disk;
mod error;
#[cfg(any(test, feature = "conformance"))]
mod faulty;
mod frame;
mod frames;
#[cfg(any(test, feature = "conformance"))]
mod hooked;
mod journal;
mod memory;
#[cfg(feature = "planted-bugs")]
mod planted;
#[cfg(test)]
mod shuttled;
mod sqlite;
mod sync;

pub use committer::{
    CommitHandle, Committer, CommitterOptions, OnCommit, Progress, Ticket, TicketFuture, TrySubmitError,
};
pub use disk::{Disk, Found, Hold, MachineDisk};
pub use error::JournalError;
#[cfg(any(test, feature = "conformance"))]
pub use faulty::{Fault, FaultyJournal};
pub use frame::{Frame, OwnedFrame};
pub use frames::Frames;
#[cfg(any(test, feature = "conformance"))]
pub use hooked::HookedJournal;
pub use journal::{Journal, Visit};
pub use memory::{MemoryDisk, MemoryJournal};
#[cfg(feature = "planted-bugs")]
pub use planted::PlantedBug;
pub use sqlite::{APPLICATION_ID, Cut, OpenMode, SqliteJournal, SqliteOptions, Verify};

/// The version of the layout of a journal file. A file that carries a higher one refuses to open.
pub const FORMAT_VERSION: u32 = 1;

/// The largest frame, in bytes.
pub const FRAME_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How many snapshots are kept per tag: the newest, and one to fall back to.
pub const SNAPSHOTS_KEPT: usize = 2;

/// Names of metadata in common use; any other name may be used as well.
pub mod keys {
    /// The version of the encoding of the frames, a decimal number.
    pub const RECORD_VERSION: &str = "record_version";
    /// What the world is called.
    pub const WORLD_NAME: &str = "world_name";
}

/// Refuses a journal whose metadata `key` carries a version above `supported`. An absent one passes.
///
/// # Errors
/// [`JournalError::TooNew`]; [`JournalError::Io`] when the value is not a number; or when the journal cannot be read.
pub fn require_version(journal: &dyn Journal, key: &str, supported: u32) -> Result<(), JournalError> {
    let Some(text) = journal.meta(key)? else { return Ok(()) };
    match text.parse::<u32>() {
        Ok(found) if found > supported => {
            Err(JournalError::TooNew { what: key.replace('_', " "), found, supported })
        }
        Ok(_) => Ok(()),
        Err(_) => Err(JournalError::Io {
            doing: format!("reading {key}"),
            detail: format!("{text:?} is not a number"),
        }),
    }
}
