//! What is set aside until it is known how much was really used.

use ecology_types::{Charges, Key, Numbered, ReservationId};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// The open reservations of a world.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Reservations {
    last: ReservationId,
    /// The oldest reservation is usually the next to be settled.
    open: Numbered<Open>,
    /// Looked up, never iterated.
    count_of: FxHashMap<Key, u32>,
}

/// One open reservation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// For whom.
    pub principal: Key,
    /// How much.
    pub charges: Charges,
}

impl Reservations {
    /// The number of the next one.
    #[must_use]
    pub const fn next(&self) -> ReservationId {
        self.last + 1
    }

    /// An open one.
    #[must_use]
    pub fn get(&self, reservation: ReservationId) -> Option<&Open> {
        self.open.get(reservation)
    }

    /// All open ones, in ascending numbers.
    pub fn iter(&self) -> impl Iterator<Item = (ReservationId, &Open)> {
        self.open.iter()
    }

    /// How many are open for one principal.
    #[must_use]
    pub fn count(&self, principal: Key) -> u32 {
        self.count_of.get(&principal).copied().unwrap_or(0)
    }

    pub(crate) fn insert(&mut self, reservation: ReservationId, principal: Key, charges: Charges) {
        self.last = self.last.max(reservation);
        self.open.insert(reservation, Open { principal, charges });
        *self.count_of.entry(principal).or_default() += 1;
    }

    pub(crate) fn remove(&mut self, reservation: ReservationId) -> Option<Open> {
        let open = self.open.remove(reservation)?;
        if let Some(count) = self.count_of.get_mut(&open.principal) {
            *count -= 1;
            if *count == 0 {
                self.count_of.remove(&open.principal);
            }
        }
        Some(open)
    }

    /// For state hashes: only what is open, in order.
    pub(crate) fn canonical(&self) -> (ReservationId, &Numbered<Open>) {
        (self.last, &self.open)
    }
}
