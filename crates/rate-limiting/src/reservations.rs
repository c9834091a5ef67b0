//! Open reservations.

use ecology_types::{Key, Numbered, ReservationId};
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

/// Open reservations by number, in ascending order, so that digests do not depend on the order of a hash map.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reservations(Numbered<Reservation>);

impl Reservations {
    pub(crate) fn insert(&mut self, id: ReservationId, reservation: Reservation) {
        self.0.insert(id, reservation);
    }

    pub(crate) fn remove(&mut self, id: ReservationId) -> Option<Reservation> {
        self.0.remove(id)
    }

    pub(crate) fn contains(&self, id: ReservationId) -> bool {
        self.0.get(id).is_some()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (ReservationId, &Reservation)> {
        self.0.iter()
    }
}
