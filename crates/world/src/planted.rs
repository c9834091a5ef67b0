//! Bugs put in on purpose, so that the crash tests can prove that they would find them. Never in an ordinary build.

use std::cell::Cell;

/// A bug that a test asks for, on the thread that steps the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlantedBug {
    /// What a crash left reserved is not released when the next run begins.
    ReservationNotReleased,
    /// What a migration replaces is not kept for the way back.
    ResidueForgotten,
}

thread_local! {
    static PLANTED: Cell<Option<PlantedBug>> = const { Cell::new(None) };
}

impl PlantedBug {
    /// Behaves on this thread, from now on, as if the bug were there; `None` ends it.
    pub fn plant(bug: Option<Self>) {
        PLANTED.set(bug);
    }

    pub(crate) fn is_planted(self) -> bool {
        PLANTED.get() == Some(self)
    }
}
