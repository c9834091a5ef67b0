//! The committer's thread.

use std::sync::MutexGuard;

use super::shared::{Job, Shared, State, Waiting};
use super::{OnCommit, Progress};
use crate::{Frame, Journal, JournalError};

/// How often a batch that still grows is let grow by yielding the processor. This is no timer: nobody is waited for who does not
/// run already. It matters when one sync releases many submitters at once: without it the first to come back would get a sync
/// of its own and the rest would wait for the next.
const YIELDS_MAX: u32 = 64;

/// What to do next.
enum Next {
    Batch(Vec<Waiting>),
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
    loop {
        match next(shared) {
            Next::Work(job) => job(journal.as_mut()),
            Next::Batch(batch) => match append(journal.as_mut(), &batch) {
                Ok(last) => {
                    shared.advance(last);
                    on_commit(&Progress::Committed(last));
                }
                Err(error) => {
                    shared.fail(&error);
                    on_commit(&Progress::Failed(error));
                    break;
                }
            },
            Next::End => {
                std::mem::forget(guard);
                shared.end();
                break;
            }
        }
    }
    journal
}

fn append(journal: &mut dyn Journal, batch: &[Waiting]) -> Result<u64, JournalError> {
    let first = journal.last() + 1;
    let frames: Vec<Frame<'_>> =
        (first..).zip(batch).map(|(number, waiting)| Frame { number, bytes: &waiting.bytes }).collect();
    journal.append(&frames)?;
    Ok(journal.last())
}

fn next(shared: &Shared) -> Next {
    let mut state = shared.state();
    let mut seen = 0;
    let mut yields = 0;
    loop {
        let committed = shared.committed();
        if let Some((_, job)) = state.jobs.pop_front_if(|&mut (after, _)| after <= committed) {
            return Next::Work(job);
        }
        let waiting = state.queue.len();
        if waiting == 0 {
            if state.closing {
                return Next::End;
            }
            state = shared.wait(&shared.work, state);
        } else if waiting > seen && yields < YIELDS_MAX && waiting < shared.options.batch_frames_max {
            seen = waiting;
            yields += 1;
            drop(state);
            std::thread::yield_now();
            state = shared.state();
        } else {
            return Next::Batch(take(shared, &mut state));
        }
    }
}

/// Takes the next batch off the queue: whole groups up to the limits, at least one.
fn take(shared: &Shared, state: &mut MutexGuard<'_, State>) -> Vec<Waiting> {
    let options = &shared.options;
    let (mut frames, mut bytes) = (0, 0);
    // The end of the last group that fits.
    let mut fits = 0;
    for waiting in &state.queue {
        frames += 1;
        bytes += waiting.bytes.len();
        if (frames > options.batch_frames_max || bytes > options.batch_bytes_max) && fits > 0 {
            break;
        }
        if !waiting.joined_to_next {
            fits = frames;
        }
    }
    let batch: Vec<Waiting> = state.queue.drain(..fits).collect();
    let taken: usize = batch.iter().map(|waiting| waiting.bytes.len()).sum();
    state.queue_bytes -= taken;
    shared.room.notify_all();
    batch
}
