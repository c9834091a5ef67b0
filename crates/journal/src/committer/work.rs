//! The committer's thread.

use super::super::sync::{MutexGuard, yield_now};
use super::shared::{Job, Shared, State};
use super::{OnCommit, Progress};
use crate::{Frame, Frames, Journal, JournalError};

/// A batch is let grow, by yielding the processor, until as many frames wait as the last sync released: whoever waited for that
/// sync is likely to come back at once, and without this the first to do so would get a sync of its own while the rest wait for
/// the next. It ends early when nothing came for this many looks (some microseconds), and it never begins for a lone committer.
const QUIET_LOOKS_MAX: u32 = 32;

/// The most looks in any case (well under a millisecond), so that a steady trickle is not made to wait for its like.
const LOOKS_MAX: u32 = 2048;

/// What to do next.
enum Next {
    Batch(Vec<Frames>),
    Work(Job),
    End,
}

/// Fails everybody when the thread unwinds, so that nobody waits for ever.
struct Guard<'s>(&'s Shared);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        let state = self.0.state();
        let orderly = state.closing && state.failed.is_none() && !std::thread::panicking();
        drop(state);
        self.0.fail(if orderly { &JournalError::Closed } else { &JournalError::CommitterDied });
    }
}

pub(super) fn run(
    shared: &Shared,
    mut journal: Box<dyn Journal>,
    mut on_commit: OnCommit,
) -> Box<dyn Journal> {
    let guard = Guard(shared);
    let mut released = 0;
    loop {
        let done = match next(shared, released) {
            Next::Work(job) => {
                let done = (job.work)(journal.as_mut());
                shared.done(job.bytes);
                done
            }
            Next::Batch(batch) => {
                #[cfg(feature = "planted-bugs")]
                if shared.options.planted == Some(crate::PlantedBug::AcknowledgeBeforeSync) {
                    let last = journal.last() + frames_of(&batch) as u64;
                    shared.advance(last, Vec::new());
                    on_commit(&Progress::Committed(last));
                }
                append(journal.as_mut(), &batch).map(|last| {
                    released = frames_of(&batch);
                    shared.advance(last, batch);
                    on_commit(&Progress::Committed(last));
                })
            }
            Next::End => {
                std::mem::forget(guard);
                shared.end();
                break;
            }
        };
        // Nobody waits for the housekeeping: the batch is acknowledged, and the next one gathers meanwhile.
        if let Err(error) = done.and_then(|()| journal.tend()) {
            shared.fail(&error);
            on_commit(&Progress::Failed(error));
            break;
        }
    }
    journal
}

fn frames_of(batch: &[Frames]) -> usize {
    batch.iter().map(Frames::len).sum()
}

fn append(journal: &mut dyn Journal, batch: &[Frames]) -> Result<u64, JournalError> {
    let first = journal.last() + 1;
    let mut frames = Vec::with_capacity(frames_of(batch));
    frames.extend(
        (first..).zip(batch.iter().flat_map(Frames::iter)).map(|(number, bytes)| Frame { number, bytes }),
    );
    journal.append(&frames)?;
    Ok(journal.last())
}

fn next(shared: &Shared, released: usize) -> Next {
    let mut state = shared.state();
    let mut gathered = false;
    loop {
        let committed = shared.committed();
        if let Some(job) = state.jobs.pop_front_if(|job| job.after <= committed) {
            return Next::Work(job);
        }
        let waiting = state.queue_frames;
        if waiting == 0 {
            if state.closing {
                return Next::End;
            }
            state = shared.wait(&shared.work, state);
        } else if gathered || waiting >= released || state.closing {
            return Next::Batch(take(shared, &mut state));
        } else {
            let enough = committed + released as u64;
            drop(state);
            gather(shared, enough);
            gathered = true;
            state = shared.state();
        }
    }
}

/// Lets submitters run until `enough` is submitted or nobody submits any more.
fn gather(shared: &Shared, enough: u64) {
    let (mut seen, mut quiet) = (0, 0);
    for _ in 0..LOOKS_MAX {
        let submitted = shared.submitted();
        if submitted >= enough {
            return;
        }
        quiet = if submitted == seen { quiet + 1 } else { 0 };
        if quiet > QUIET_LOOKS_MAX {
            return;
        }
        seen = submitted;
        yield_now();
    }
}

/// Takes the next batch off the queue: whole groups up to the limits, at least one.
fn take(shared: &Shared, state: &mut MutexGuard<'_, State>) -> Vec<Frames> {
    let options = &shared.options;
    let (mut frames, mut bytes) = (0, 0);
    let mut batch = Vec::new();
    while let Some(group) = state.queue.front() {
        let (more_frames, more_bytes) = (frames + group.len(), bytes + group.bytes_len());
        let fits = more_frames <= options.batch_frames_max && more_bytes <= options.batch_bytes_max;
        if !fits && !batch.is_empty() {
            break;
        }
        (frames, bytes) = (more_frames, more_bytes);
        batch.extend(state.queue.pop_front());
    }
    state.queue_frames -= frames;
    state.queue_bytes -= bytes;
    shared.room.notify_all();
    batch
}
