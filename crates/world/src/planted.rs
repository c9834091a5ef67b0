//! Bugs put in on purpose, so that the crash tests can prove that they would find them. Never in an ordinary build.

use std::cell::Cell;

/// A bug that a test asks for, on the thread that steps the world. Those of a migration (a field forgotten that the other schema has no
/// place for) will be told here as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlantedBug {
    /// What a crash left reserved is not released when the next run begins.
    ReservationNotReleased,
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
