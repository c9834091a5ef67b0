//! What the committer's thread and its handles share.

use std::collections::VecDeque;
use std::sync::PoisonError;
use std::task::Waker;

use super::super::sync::{AtomicU64, Condvar, Mutex, MutexGuard, Ordering};
use super::CommitterOptions;
use crate::{Frames, Journal, JournalError};

/// What is done on the journal itself.
type Work = dyn FnOnce(&mut dyn Journal) -> Result<(), JournalError> + Send;

/// Work on the journal itself, done between batches.
pub(super) struct Job {
    /// The number of the last frame submitted before it: it is done when that is durable.
    pub(super) after: u64,
    /// Bytes that it keeps in memory until then and that nobody waits for.
    pub(super) bytes: usize,
    /// An error that it answers stops the journal.
    pub(super) work: Box<Work>,
}

/// Buffers that are kept for their room, and the largest one that is: together less than the queue may hold.
const SPARE_MAX: usize = 4;
const SPARE_BYTES_MAX: usize = 1024 * 1024;

/// What is behind the mutex.
pub(super) struct State {
    /// Groups in order, each to go into one batch; the last frame of the last one has number `submitted`.
    pub(super) queue: VecDeque<Frames>,
    pub(super) queue_frames: usize,
    pub(super) queue_bytes: usize,
    /// Empty buffers for the next groups.
    pub(super) spare: Vec<Frames>,
    /// The number of the last frame submitted.
    pub(super) submitted: u64,
    /// In the order in which they were given.
    pub(super) jobs: VecDeque<Job>,
    /// The bytes of jobs that nobody waits for and that have not been done.
    pub(super) jobs_bytes: usize,
    pub(super) closing: bool,
    pub(super) failed: Option<JournalError>,
    /// Futures that wait for a number.
    pub(super) wakers: Vec<(u64, Waker)>,
    /// Threads that wait in `wait_for`, so that nobody is signalled when nobody listens.
    pub(super) waiters: usize,
}

pub(super) struct Shared {
    state: Mutex<State>,
    pub(super) options: CommitterOptions,
    /// All frames up to this number are durable. Written under the mutex, read without.
    committed: AtomicU64,
    /// A copy of [`State::submitted`] that can be read without the mutex, so that looking does not hold up submitters.
    submitted: AtomicU64,
    /// The committer waits here for work.
    pub(super) work: Condvar,
    /// Submitters wait here for room.
    pub(super) room: Condvar,
    /// Waiters wait here for the watermark to move or the journal to fail.
    pub(super) moved: Condvar,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Shared").field("committed", &self.committed()).finish_non_exhaustive()
    }
}

impl Shared {
    pub(super) fn new(last: u64, options: CommitterOptions) -> Self {
        Self {
            state: Mutex::new(State {
                queue: VecDeque::new(),
                queue_frames: 0,
                queue_bytes: 0,
                spare: Vec::new(),
                submitted: last,
                jobs: VecDeque::new(),
                jobs_bytes: 0,
                closing: false,
                failed: None,
                wakers: Vec::new(),
                waiters: 0,
            }),
            options,
            committed: AtomicU64::new(last),
            submitted: AtomicU64::new(last),
            work: Condvar::new(),
            room: Condvar::new(),
            moved: Condvar::new(),
        }
    }

    /// The state. A thread that panicked while it held the mutex left nothing half-done: every section only moves values.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn wait<'s>(&self, on: &Condvar, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        on.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn committed(&self) -> u64 {
        self.committed.load(Ordering::Acquire)
    }

    pub(super) fn submitted(&self) -> u64 {
        self.submitted.load(Ordering::Relaxed)
    }

    /// To be called under the mutex.
    pub(super) fn note_submitted(&self, number: u64) {
        self.submitted.store(number, Ordering::Relaxed);
    }

    /// Moves the watermark and wakes whom it concerns. The buffers of what is durable go back to those who submit.
    pub(super) fn advance(&self, to: u64, batch: Vec<Frames>) {
        let mut state = self.state();
        for mut group in batch {
            if state.spare.len() < SPARE_MAX && group.room_bytes() <= SPARE_BYTES_MAX {
                group.clear();
                state.spare.push(group);
            }
        }
        self.committed.store(to, Ordering::Release);
        let (ready, waiting) =
            std::mem::take(&mut state.wakers).into_iter().partition(|&(number, _)| number <= to);
        state.wakers = waiting;
        let ready: Vec<(u64, Waker)> = ready;
        let listened = state.waiters > 0;
        drop(state);
        if listened {
            self.moved.notify_all();
        }
        ready.into_iter().for_each(|(_, waker)| waker.wake());
    }

    /// A job that kept so many bytes is done, so there is room again.
    pub(super) fn done(&self, bytes: usize) {
        if bytes > 0 {
            let mut state = self.state();
            state.jobs_bytes = state.jobs_bytes.saturating_sub(bytes);
            drop(state);
            self.room.notify_all();
        }
    }

    /// Lets those hear who wait for a number that will never be.
    pub(super) fn end(&self) {
        let wakers = std::mem::take(&mut self.state().wakers);
        self.moved.notify_all();
        wakers.into_iter().for_each(|(_, waker)| waker.wake());
    }

    /// Fails everybody who waits, now and later; the first error stays.
    pub(super) fn fail(&self, error: &JournalError) {
        let mut state = self.state();
        state.failed.get_or_insert_with(|| error.clone());
        state.queue.clear();
        (state.queue_frames, state.queue_bytes, state.jobs_bytes) = (0, 0, 0);
        // A dropped job tells its caller by hanging up.
        let jobs = std::mem::take(&mut state.jobs);
        let wakers = std::mem::take(&mut state.wakers);
        drop(state);
        drop(jobs);
        self.moved.notify_all();
        self.room.notify_all();
        wakers.into_iter().for_each(|(_, waker)| waker.wake());
    }
}
