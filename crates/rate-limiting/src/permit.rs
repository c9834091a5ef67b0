//! A reservation of a standalone limiter.

use ecology_types::Time;

use super::bank::{Desk, Place};

/// Something set aside before it is known how much will be used. Dropping it gives everything back.
#[must_use = "dropping a permit gives back what it holds"]
pub struct Permit<'a> {
    desk: &'a dyn Desk,
    place: Place,
    weight: u64,
    held: u64,
    is_open: bool,
}

impl std::fmt::Debug for Permit<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Permit")
            .field("weight", &self.weight)
            .field("held", &self.held)
            .finish_non_exhaustive()
    }
}

impl<'a> Permit<'a> {
    pub(crate) fn new(desk: &'a dyn Desk, place: Place, weight: u64, held: u64) -> Self {
        Self { desk, place, weight, held, is_open: true }
    }

    /// What was asked for.
    #[must_use]
    pub const fn weight(&self) -> u64 {
        self.weight
    }

    /// Ends the reservation: `used` counts from now, by the clock of the limiter, and the rest is free at once. What exceeds the
    /// reservation is owed by the next use of the key.
    pub fn settle(self, used: u64) {
        let now = self.desk.now();
        self.settle_at(used, now);
    }

    /// The same, at a time that the caller brings.
    pub fn settle_at(mut self, used: u64, now: Time) {
        self.is_open = false;
        self.desk.settle(self.place, self.weight, self.held, used, now);
    }

    /// Ends the reservation; nothing was used. The same as dropping it.
    pub fn cancel(self) {}
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.is_open {
            self.desk.cancel(self.place, self.weight, self.held);
        }
    }
}
