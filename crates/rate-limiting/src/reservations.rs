//! Open reservations.

use std::collections::BTreeMap;

use ecology_types::{Key, ReservationId};
use serde::{Deserialize, Serialize};

use crate::accounts::Amounts;

/// What was set aside under one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reservation {
    pub(crate) principal: Key,
    /// What was asked for.
    pub(crate) charges: Amounts,
    /// What is held: the charges and what of the overrun is paid off with them.
    pub(crate) held: Amounts,
}

/// Open reservations by number. Looked up at every settlement, so they are hashed; whatever shows all of them, a digest or a snapshot, shows them in
/// ascending order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "BTreeMap<ReservationId, Reservation>", into = "BTreeMap<ReservationId, Reservation>")]
pub(crate) struct Reservations(ByNumber<Reservation>);

impl From<BTreeMap<ReservationId, Reservation>> for Reservations {
    fn from(ordered: BTreeMap<ReservationId, Reservation>) -> Self {
        Self(ordered.into_iter().collect())
    }
}

impl From<Reservations> for BTreeMap<ReservationId, Reservation> {
    fn from(open: Reservations) -> Self {
        open.0.into_iter().collect()
    }
}

/// A map by the number of a reservation.
pub(crate) type ByNumber<T> = hashbrown::HashMap<ReservationId, T, std::hash::BuildHasherDefault<Spread>>;

/// Spreads consecutive numbers over the whole range: Fibonacci hashing (Knuth 1973, section 6.4), the same in every process.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spread(u64);

impl std::hash::Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(self.0 ^ u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        // The upper bits of the product are the best ones, and a table looks at both ends.
        self.0 = number.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(32);
    }
}

impl Reservations {
    pub(crate) fn insert(&mut self, id: ReservationId, reservation: Reservation) {
        self.0.insert(id, reservation);
    }

    pub(crate) fn remove(&mut self, id: ReservationId) -> Option<Reservation> {
        self.0.remove(&id)
    }

    pub(crate) fn contains(&self, id: ReservationId) -> bool {
        self.0.contains_key(&id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (ReservationId, &Reservation)> {
        let mut all: Vec<_> = self.0.iter().map(|(id, reservation)| (*id, reservation)).collect();
        all.sort_unstable_by_key(|(id, _)| *id);
        all.into_iter()
    }
}
