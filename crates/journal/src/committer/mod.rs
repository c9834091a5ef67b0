//! Group commit without a timer: a batch is what arrived during the last sync.

mod handle;
mod shared;
mod ticket;
mod work;

use super::sync::{Arc, Builder, JoinHandle};
use crate::journal::Visit;
use crate::{Frame, Journal, JournalError};

pub use handle::{CommitHandle, TrySubmitError};
use shared::Shared;
pub use ticket::{Ticket, TicketFuture};

/// Limits of a [`Committer`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitterOptions {
    /// The most frames in one batch. A group submitted together is never split and may exceed it.
    pub batch_frames_max: usize,
    /// The most bytes in one batch, likewise; one frame always fits.
    pub batch_bytes_max: usize,
    /// The most frames that wait; beyond it `submit` blocks.
    pub queue_frames_max: usize,
    /// The most bytes that wait; beyond it `submit` blocks.
    pub queue_bytes_max: usize,
    /// A bug to behave as if it were there.
    #[cfg(feature = "planted-bugs")]
    pub planted: Option<crate::PlantedBug>,
}

impl Default for CommitterOptions {
    fn default() -> Self {
        Self {
            batch_frames_max: 16 * 1024,
            batch_bytes_max: 4 * 1024 * 1024,
            queue_frames_max: 64 * 1024,
            queue_bytes_max: 64 * 1024 * 1024,
            #[cfg(feature = "planted-bugs")]
            planted: None,
        }
    }
}

/// What the committer's thread reports after each batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// All frames up to this number are durable.
    Committed(u64),
    /// The journal stopped: nothing beyond what was reported before is acknowledged, now or later.
    Failed(JournalError),
}

/// Called on the committer's thread, between two syncs: it should only pass the news on.
pub type OnCommit = Box<dyn FnMut(&Progress) + Send>;

/// Owns a thread that owns a [`Journal`] and commits in groups what any number of [`CommitHandle`]s submit.
///
/// It is a [`Journal`] itself: `append` submits a group and waits for it. Dropping it drains and joins.
pub struct Committer {
    handle: CommitHandle,
    thread: Option<JoinHandle<Box<dyn Journal>>>,
}

impl std::fmt::Debug for Committer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Committer").field("handle", &self.handle).finish_non_exhaustive()
    }
}

impl Committer {
    /// Starts the thread.
    ///
    /// # Errors
    /// [`JournalError::Io`] when the machine gives no thread.
    pub fn start(journal: Box<dyn Journal>, options: CommitterOptions) -> Result<Self, JournalError> {
        Self::start_with(journal, options, Box::new(|_| {}))
    }

    /// Starts the thread; `on_commit` hears of every batch.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_with(
        journal: Box<dyn Journal>,
        options: CommitterOptions,
        on_commit: OnCommit,
    ) -> Result<Self, JournalError> {
        let shared = Arc::new(Shared::new(journal.last(), options));
        let worker = Arc::clone(&shared);
        let thread = Builder::new()
            .name("journal".to_owned())
            .spawn(move || work::run(&worker, journal, on_commit))
            .map_err(|error| JournalError::Io {
                doing: "starting the committer".to_owned(),
                detail: error.to_string(),
            })?;
        Ok(Self { handle: CommitHandle::new(shared), thread: Some(thread) })
    }

    /// A handle to submit through; any number may exist, on any thread.
    #[must_use]
    pub fn handle(&self) -> CommitHandle {
        self.handle.clone()
    }

    /// Takes nothing more, commits what waits, ends the thread and gives the journal back.
    ///
    /// # Errors
    /// The error that stopped the journal, if one did.
    pub fn shutdown(mut self) -> Result<Box<dyn Journal>, JournalError> {
        let journal = self.join().unwrap_or(Err(JournalError::Closed))?;
        match self.handle.failure() {
            Some(error) => Err(error),
            None => Ok(journal),
        }
    }

    fn join(&mut self) -> Option<Result<Box<dyn Journal>, JournalError>> {
        self.handle.close();
        let thread = self.thread.take()?;
        Some(thread.join().map_err(|_| JournalError::CommitterDied))
    }
}

impl std::ops::Deref for Committer {
    type Target = CommitHandle;

    fn deref(&self) -> &CommitHandle {
        &self.handle
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        drop(self.join());
    }
}

impl Journal for Committer {
    fn append(&mut self, frames: &[Frame<'_>]) -> Result<(), JournalError> {
        let Some(first) = frames.first() else { return Ok(()) };
        crate::check::check_batch(first.number.saturating_sub(1), frames)?;
        let group = frames.iter().map(|frame| frame.bytes.to_vec()).collect();
        self.handle.submit_group(Some(first.number), group)?.wait().map(drop)
    }

    fn last(&self) -> u64 {
        self.handle.committed()
    }

    fn refresh(&mut self) -> Result<u64, JournalError> {
        Ok(self.handle.committed())
    }

    fn for_each(&mut self, from: u64, to: u64, visit: &mut Visit<'_>) -> Result<(), JournalError> {
        // Through a handle of its own: a visitor need not be `Send`, and a long read should not hold up commits.
        let mut reader = self.handle.run(|journal| journal.reader())??;
        reader.for_each(from, to, visit)
    }

    fn meta(&self, key: &str) -> Result<Option<String>, JournalError> {
        let key = key.to_owned();
        self.handle.run(move |journal| journal.meta(&key))?
    }

    fn set_meta(&mut self, key: &str, value: &str) -> Result<(), JournalError> {
        let (key, value) = (key.to_owned(), value.to_owned());
        self.handle.run(move |journal| journal.set_meta(&key, &value))?
    }

    fn save_snapshot(&mut self, at: u64, tag: &[u8], bytes: &[u8]) -> Result<(), JournalError> {
        self.handle.save_snapshot(at, tag.to_vec(), bytes.to_vec())
    }

    fn newest_snapshot(
        &mut self,
        tag: &[u8],
        not_after: u64,
    ) -> Result<Option<(u64, Vec<u8>)>, JournalError> {
        let tag = tag.to_vec();
        self.handle.run(move |journal| journal.newest_snapshot(&tag, not_after))?
    }

    fn reader(&self) -> Result<Box<dyn Journal>, JournalError> {
        self.handle.run(|journal| journal.reader())?
    }

    fn close(self: Box<Self>) -> Result<(), JournalError> {
        (*self).shutdown()?.close()
    }
}
