//! A journal with something between the caller and each append.

use crate::journal::Visit;
use crate::{Frame, Journal, JournalError};

/// Passes everything on to another journal; an append goes through a hook, which passes it on when it likes, and may look before and after.
#[derive(Debug)]
pub struct HookedJournal<J, F> {
    inner: J,
    append: F,
}

impl<J, F> HookedJournal<J, F>
where
    J: Journal + 'static,
    F: FnMut(&mut J, &[Frame<'_>]) -> Result<(), JournalError> + Send + 'static,
{
    /// A journal over `inner` whose appends are what `append` makes of them.
    pub const fn new(inner: J, append: F) -> Self {
        Self { inner, append }
    }
}

impl<J, F> Journal for HookedJournal<J, F>
where
    J: Journal + 'static,
    F: FnMut(&mut J, &[Frame<'_>]) -> Result<(), JournalError> + Send + 'static,
{
    fn append(&mut self, frames: &[Frame<'_>]) -> Result<(), JournalError> {
        (self.append)(&mut self.inner, frames)
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
        self.inner.set_meta(key, value)
    }

    fn save_snapshot(&mut self, at: u64, tag: &[u8], bytes: &[u8]) -> Result<(), JournalError> {
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
        self.inner.tend()
    }

    fn close(self: Box<Self>) -> Result<(), JournalError> {
        Box::new(self.inner).close()
    }
}
