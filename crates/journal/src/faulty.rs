//! A journal that fails on purpose.

use crate::journal::Visit;
use crate::{Frame, Journal, JournalError};

/// What goes wrong, and at which append (counted from 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is written and the error is told.
    Before {
        /// Which append.
        append: u64,
    },
    /// All is written and an error is told all the same, as when a sync fails after the bytes reached the disk.
    After {
        /// Which append.
        append: u64,
    },
    /// Only the first frames of the batch are written, and the error is told.
    Tear {
        /// Which append.
        append: u64,
        /// How many frames of it survive.
        frames_kept: usize,
    },
}

/// Passes everything on to another journal and injects what it was told to. After a fault it is poisoned, as every journal is.
#[derive(Debug)]
pub struct FaultyJournal<J> {
    inner: J,
    fault: Option<Fault>,
    appends: u64,
    poisoned: Option<JournalError>,
}

impl<J: Journal> FaultyJournal<J> {
    /// A journal over `inner` with the fault planned, or none.
    pub fn new(inner: J, fault: Option<Fault>) -> Self {
        Self { inner, fault, appends: 0, poisoned: None }
    }

    /// The journal within, for instance to open what it holds again.
    pub fn into_inner(self) -> J {
        self.inner
    }

    fn sound(&self) -> Result<(), JournalError> {
        self.poisoned.as_ref().map_or(Ok(()), |cause| Err(cause.poison()))
    }

    fn injected(&mut self) -> Result<(), JournalError> {
        let error = JournalError::Io {
            doing: "appending to the log".to_owned(),
            detail: "injected fault".to_owned(),
        };
        self.poisoned = Some(error.clone());
        Err(error)
    }
}

impl<J: Journal + 'static> Journal for FaultyJournal<J> {
    fn append(&mut self, frames: &[Frame<'_>]) -> Result<(), JournalError> {
        self.sound()?;
        self.appends += 1;
        match self.fault {
            Some(Fault::Before { append }) if append == self.appends => self.injected(),
            Some(Fault::After { append }) if append == self.appends => {
                self.inner.append(frames)?;
                self.injected()
            }
            Some(Fault::Tear { append, frames_kept }) if append == self.appends => {
                self.inner.append(frames.get(..frames_kept).unwrap_or(frames))?;
                self.injected()
            }
            _ => self.inner.append(frames),
        }
    }

    fn last(&self) -> u64 {
        self.inner.last()
    }

    fn refresh(&mut self) -> Result<u64, JournalError> {
        self.inner.refresh()
    }

    fn for_each(&mut self, from: u64, to: u64, visit: &mut Visit<'_>) -> Result<(), JournalError> {
        self.inner.for_each(from, to, visit)
    }

    fn meta(&self, key: &str) -> Result<Option<String>, JournalError> {
        self.inner.meta(key)
    }

    fn set_meta(&mut self, key: &str, value: &str) -> Result<(), JournalError> {
        self.sound()?;
        self.inner.set_meta(key, value)
    }

    fn save_snapshot(&mut self, at: u64, tag: &[u8], bytes: &[u8]) -> Result<(), JournalError> {
        self.sound()?;
        self.inner.save_snapshot(at, tag, bytes)
    }

    fn newest_snapshot(
        &mut self,
        tag: &[u8],
        not_after: u64,
    ) -> Result<Option<(u64, Vec<u8>)>, JournalError> {
        self.inner.newest_snapshot(tag, not_after)
    }

    fn reader(&self) -> Result<Box<dyn Journal>, JournalError> {
        self.inner.reader()
    }

    fn tend(&mut self) -> Result<(), JournalError> {
        self.sound()?;
        self.inner.tend()
    }

    fn close(self: Box<Self>) -> Result<(), JournalError> {
        Box::new(self.inner).close()
    }
}
