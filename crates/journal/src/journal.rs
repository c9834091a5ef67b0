//! The trait.

use std::ops::ControlFlow;

use crate::{Frame, JournalError, OwnedFrame};

/// What a visitor answers and is asked: go on or stop, given a frame's number and bytes.
pub type Visit<'v> = dyn FnMut(u64, &[u8]) -> ControlFlow<()> + 'v;

/// A durable, ordered log of frames, with named metadata and snapshots. One writer, any number of readers.
///
/// Laws, judged by the conformance suite:
/// - `append` is atomic and returns after the batch is durable; on an error nothing of it may be acknowledged;
/// - after an error of the machine below every further write answers [`JournalError::Poisoned`];
/// - numbers run from 1 without holes, in the order of appends; a frame never changes;
/// - what is read was verified against its checksum.
pub trait Journal: Send {
    /// Appends one batch: all of it or nothing, durable on return. An empty batch does nothing.
    ///
    /// # Errors
    /// [`JournalError::OutOfOrder`] and [`JournalError::TooLarge`] change nothing and may be corrected;
    /// everything else poisons the journal.
    fn append(&mut self, frames: &[Frame<'_>]) -> Result<(), JournalError>;

    /// The number of the last durable frame; 0 when there is none. A reader's answer is as of its last
    /// [`refresh`](Self::refresh) or read.
    fn last(&self) -> u64;

    /// Takes note of what another handle appended meanwhile, and answers the number of the last frame.
    ///
    /// # Errors
    /// When the log cannot be read.
    fn refresh(&mut self) -> Result<u64, JournalError>;

    /// Visits the frames `from..=to` in order, as far as they exist, until the visitor breaks. 0 as `from` means 1.
    ///
    /// # Errors
    /// [`JournalError::Corrupt`] or [`JournalError::TornTail`] at the first frame that is not sound; all frames visited
    /// before it were.
    fn for_each(&mut self, from: u64, to: u64, visit: &mut Visit<'_>) -> Result<(), JournalError>;

    /// The frames from number `from` on: at most `frames_max` of them and at most `bytes_max` bytes, but at least one
    /// where there is one (so that a page is never empty before the end).
    ///
    /// # Errors
    /// As [`for_each`](Self::for_each).
    fn read(
        &mut self,
        from: u64,
        frames_max: usize,
        bytes_max: usize,
    ) -> Result<Vec<OwnedFrame>, JournalError> {
        let mut page = Vec::new();
        let mut spent = 0usize;
        if frames_max == 0 {
            return Ok(page);
        }
        self.for_each(from, u64::MAX, &mut |number, bytes| {
            spent = spent.saturating_add(bytes.len());
            if !page.is_empty() && spent > bytes_max {
                return ControlFlow::Break(());
            }
            page.push(OwnedFrame { number, bytes: bytes.to_vec() });
            if page.len() == frames_max { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(page)
    }

    /// A named value; `None` when it was never set. See [`crate::keys`] for the names in use.
    ///
    /// # Errors
    /// When the log cannot be read.
    fn meta(&self, key: &str) -> Result<Option<String>, JournalError>;

    /// Sets a named value, durably.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    fn set_meta(&mut self, key: &str, value: &str) -> Result<(), JournalError>;

    /// Keeps, durably, what the state was after frame `at`. `tag` names the version and the positions it was computed
    /// under: a snapshot is found again only under an equal tag. The newest [`crate::SNAPSHOTS_KEPT`] per tag are kept;
    /// one at the same frame replaces its predecessor.
    ///
    /// # Errors
    /// [`JournalError::SnapshotAhead`] when the log has not reached `at`; else as [`append`](Self::append).
    fn save_snapshot(&mut self, at: u64, tag: &[u8], bytes: &[u8]) -> Result<(), JournalError>;

    /// The newest sound snapshot under `tag` whose frame is at most `not_after`. A snapshot is only a shortcut, so a damaged
    /// one is passed over, never an error.
    ///
    /// # Errors
    /// When the journal cannot be read.
    fn newest_snapshot(&mut self, tag: &[u8], not_after: u64)
    -> Result<Option<(u64, Vec<u8>)>, JournalError>;

    /// Another handle on the same log, for reading only, usable while this one writes.
    ///
    /// # Errors
    /// When it cannot be opened.
    fn reader(&self) -> Result<Box<dyn Journal>, JournalError>;

    /// Does the housekeeping that nobody waits for. A committer calls it between two batches, after it has acknowledged the first one;
    /// who appends without one should call it now and then.
    ///
    /// # Errors
    /// As [`append`](Self::append); what was appended is durable all the same.
    fn tend(&mut self) -> Result<(), JournalError> {
        Ok(())
    }

    /// Closes the journal and reports what went wrong in doing so. Dropping it closes it too, silently.
    ///
    /// # Errors
    /// When the last clean-up fails; what was acknowledged is durable all the same.
    fn close(self: Box<Self>) -> Result<(), JournalError>;
}

impl Journal for Box<dyn Journal> {
    fn append(&mut self, frames: &[Frame<'_>]) -> Result<(), JournalError> {
        (**self).append(frames)
    }

    fn last(&self) -> u64 {
        (**self).last()
    }

    fn refresh(&mut self) -> Result<u64, JournalError> {
        (**self).refresh()
    }

    fn for_each(&mut self, from: u64, to: u64, visit: &mut Visit<'_>) -> Result<(), JournalError> {
        (**self).for_each(from, to, visit)
    }

    fn meta(&self, key: &str) -> Result<Option<String>, JournalError> {
        (**self).meta(key)
    }

    fn set_meta(&mut self, key: &str, value: &str) -> Result<(), JournalError> {
        (**self).set_meta(key, value)
    }

    fn save_snapshot(&mut self, at: u64, tag: &[u8], bytes: &[u8]) -> Result<(), JournalError> {
        (**self).save_snapshot(at, tag, bytes)
    }

    fn newest_snapshot(
        &mut self,
        tag: &[u8],
        not_after: u64,
    ) -> Result<Option<(u64, Vec<u8>)>, JournalError> {
        (**self).newest_snapshot(tag, not_after)
    }

    fn reader(&self) -> Result<Box<dyn Journal>, JournalError> {
        (**self).reader()
    }

    fn tend(&mut self) -> Result<(), JournalError> {
        (**self).tend()
    }

    fn close(self: Box<Self>) -> Result<(), JournalError> {
        (*self).close()
    }
}
