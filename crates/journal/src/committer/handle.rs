//! What submitters hold.

use super::super::sync::{Arc, MutexGuard, sync_channel};
use super::shared::{Job, Shared, State};
use super::ticket::Ticket;
use crate::check::frame_length;
use crate::{Frames, Journal, JournalError};

/// Why [`CommitHandle::try_submit`] took nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrySubmitError {
    /// The queue is full; here are the bytes again.
    #[error("the journal's queue is full; try again when the watermark has moved")]
    Full(Vec<u8>),
    /// It will not be taken later either.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Submits frames to a [`super::Committer`]. Cheap to clone; every clone feeds the same log.
#[derive(Debug, Clone)]
pub struct CommitHandle {
    shared: Arc<Shared>,
}

impl CommitHandle {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Appends a frame; its number follows the last one submitted. Blocks while the queue is full.
    ///
    /// # Errors
    /// The error that stopped the journal; [`JournalError::Closed`]; [`JournalError::TooLarge`].
    pub fn submit(&self, bytes: Vec<u8>) -> Result<Ticket, JournalError> {
        self.submit_frames(None, bytes.into())
    }

    /// As [`submit`](Self::submit), for a writer that numbers its frames itself: refused unless `number` comes next.
    ///
    /// # Errors
    /// [`JournalError::OutOfOrder`] besides those of [`submit`](Self::submit).
    pub fn submit_numbered(&self, number: u64, bytes: Vec<u8>) -> Result<Ticket, JournalError> {
        self.submit_frames(Some(number), bytes.into())
    }

    /// Appends several frames that go into one batch, so that a crash keeps all or none of them. The ticket is that of the last
    /// one. `first`, when given, must be the number that comes next. An empty group answers a ticket for what was submitted before.
    ///
    /// # Errors
    /// As [`submit_numbered`](Self::submit_numbered).
    pub fn submit_group(&self, first: Option<u64>, group: Vec<Vec<u8>>) -> Result<Ticket, JournalError> {
        self.submit_frames(first, group.into_iter().collect())
    }

    /// As [`submit_group`](Self::submit_group), for frames that share one buffer; [`spare`](Self::spare) has one for the next group.
    ///
    /// # Errors
    /// As [`submit_numbered`](Self::submit_numbered).
    pub fn submit_frames(&self, first: Option<u64>, group: Frames) -> Result<Ticket, JournalError> {
        group.check()?;
        let mut state = self.shared.state();
        loop {
            Self::must_take(&state, first)?;
            if self.has_room(&state) {
                return Ok(self.push(state, group));
            }
            state = self.shared.wait(&self.shared.room, state);
        }
    }

    /// As [`submit`](Self::submit), but gives the bytes back instead of blocking.
    ///
    /// # Errors
    /// [`TrySubmitError::Full`] besides those of [`submit`](Self::submit).
    pub fn try_submit(&self, bytes: Vec<u8>) -> Result<Ticket, TrySubmitError> {
        frame_length(&bytes)?;
        let state = self.shared.state();
        Self::must_take(&state, None)?;
        if self.has_room(&state) {
            Ok(self.push(state, bytes.into()))
        } else {
            Err(TrySubmitError::Full(bytes))
        }
    }

    /// An empty buffer with the room of one that has been committed, if there is one.
    #[must_use]
    pub fn spare(&self) -> Frames {
        self.shared.state().spare.pop().unwrap_or_default()
    }

    /// All frames up to this number are durable.
    #[must_use]
    pub fn committed(&self) -> u64 {
        self.shared.committed()
    }

    /// The number of the last frame submitted.
    #[must_use]
    pub fn submitted(&self) -> u64 {
        self.shared.state().submitted
    }

    /// The error that stopped the journal, if one did.
    #[must_use]
    pub fn failure(&self) -> Option<JournalError> {
        self.shared.state().failed.clone()
    }

    /// Blocks until frame `number` is durable.
    ///
    /// # Errors
    /// The error that stopped the journal, or [`JournalError::Closed`] when the committer ends before it gets there.
    pub fn wait_for(&self, number: u64) -> Result<(), JournalError> {
        Ticket::new(Arc::clone(&self.shared), number).wait().map(drop)
    }

    /// Blocks until everything submitted so far is durable.
    ///
    /// # Errors
    /// As [`wait_for`](Self::wait_for).
    pub fn flush(&self) -> Result<(), JournalError> {
        self.wait_for(self.submitted())
    }

    /// Runs `work` on the journal once everything submitted before is durable, and waits for its answer.
    ///
    /// # Errors
    /// As [`wait_for`](Self::wait_for); what `work` itself answers is passed on untouched.
    pub fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut dyn Journal) -> T + Send + 'static,
    ) -> Result<T, JournalError> {
        let (tell, answer) = sync_channel(1);
        let mut state = self.shared.state();
        Self::must_take(&state, None)?;
        let after = state.submitted;
        state.jobs.push_back(Job {
            after,
            bytes: 0,
            work: Box::new(move |journal| {
                // The caller waits for this; where it went away nobody needs the answer.
                drop(tell.send(work(journal)));
                Ok(())
            }),
        });
        drop(state);
        self.shared.work.notify_one();
        answer.recv().map_err(|_| self.failure().map_or(JournalError::CommitterDied, |error| error.poison()))
    }

    /// Keeps a snapshot of the state after frame `at`, once that is durable.
    ///
    /// # Errors
    /// As [`Journal::save_snapshot`].
    pub fn save_snapshot(&self, at: u64, tag: Vec<u8>, bytes: Vec<u8>) -> Result<(), JournalError> {
        self.run(move |journal| journal.save_snapshot(at, &tag, &bytes))?
    }

    /// The same without waiting for it: whoever goes on is not held up while a large state is written. Waits only while as many bytes of earlier ones
    /// are still to be written as may wait in the queue. One that cannot be kept stops the journal, as an append does.
    ///
    /// # Errors
    /// The error that stopped the journal; [`JournalError::Closed`].
    pub fn save_snapshot_later(&self, at: u64, tag: Vec<u8>, bytes: Vec<u8>) -> Result<(), JournalError> {
        // A snapshot of nothing takes a place, too.
        let size = bytes.len().max(1);
        let mut state = self.shared.state();
        loop {
            Self::must_take(&state, None)?;
            if state.jobs_bytes == 0 || state.jobs_bytes + size <= self.shared.options.queue_bytes_max {
                break;
            }
            state = self.shared.wait(&self.shared.room, state);
        }
        state.jobs_bytes += size;
        let after = state.submitted;
        state.jobs.push_back(Job {
            after,
            bytes: size,
            work: Box::new(move |journal| journal.save_snapshot(at, &tag, &bytes)),
        });
        drop(state);
        self.shared.work.notify_one();
        Ok(())
    }

    pub(super) fn close(&self) {
        self.shared.state().closing = true;
        self.shared.work.notify_one();
        self.shared.room.notify_all();
        self.shared.moved.notify_all();
    }

    fn must_take(state: &State, first: Option<u64>) -> Result<(), JournalError> {
        if let Some(error) = &state.failed {
            return Err(error.poison());
        }
        if state.closing {
            return Err(JournalError::Closed);
        }
        match first {
            Some(found) if found != state.submitted + 1 => {
                Err(JournalError::OutOfOrder { expected: state.submitted + 1, found })
            }
            _ => Ok(()),
        }
    }

    /// A group is taken whole as soon as there is any room, so that one larger than the queue is taken at all.
    fn has_room(&self, state: &State) -> bool {
        let options = &self.shared.options;
        state.queue.is_empty()
            || state.queue_frames < options.queue_frames_max && state.queue_bytes < options.queue_bytes_max
    }

    fn push(&self, mut state: MutexGuard<'_, State>, group: Frames) -> Ticket {
        let idle = state.queue.is_empty();
        state.submitted += group.len() as u64;
        let number = state.submitted;
        self.shared.note_submitted(number);
        if !group.is_empty() {
            state.queue_frames += group.len();
            state.queue_bytes += group.bytes_len();
            state.queue.push_back(group);
        }
        drop(state);
        if idle {
            self.shared.work.notify_one();
        }
        Ticket::new(Arc::clone(&self.shared), number)
    }
}
