//! Open reservations.

use ecology_types::{Key, Numbered, ReservationId};
use serde::{Deserialize, Serialize};

use crate::accounts::{Amounts, RENEWABLE_COUNT};

/// What was set aside under one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reservation {
    pub(crate) principal: Key,
    /// What was asked for.
    pub(crate) charges: Amounts,
    /// What is held: the charges and what of the overrun is paid off with them.
    pub(crate) held: Amounts,
}

/// A reservation in little room: nearly all are of one resource, and pay nothing off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Reservation", into = "Reservation")]
pub(crate) enum Packed {
    /// Of one resource.
    One {
        principal: Key,
        /// Its place in [`Amounts`].
        at: u8,
        /// What was asked for and is held.
        amount: u64,
    },
    /// Everything else.
    Any(Box<Reservation>),
}

impl Packed {
    #[inline]
    pub(crate) fn principal(&self) -> Key {
        match self {
            Self::One { principal, .. } => *principal,
            Self::Any(reservation) => reservation.principal,
        }
    }

    /// What was asked for of one resource, and what is held of it.
    #[inline]
    pub(crate) fn of(&self, place: usize) -> (u64, u64) {
        match self {
            Self::One { at, amount, .. } if usize::from(*at) == place => (*amount, *amount),
            Self::One { .. } => (0, 0),
            Self::Any(reservation) => (reservation.charges[place], reservation.held[place]),
        }
    }

    #[inline]
    fn pack(principal: Key, charges: &Amounts, held: &Amounts) -> Self {
        let (mut at, mut named, mut is_paying) = (0, 0, false);
        for (place, (charge, held)) in (0_u8..).zip(charges.iter().zip(held)) {
            at = if *charge > 0 { place } else { at };
            named += u8::from(*charge > 0);
            is_paying |= charge != held;
        }
        if named == 1 && !is_paying {
            return Self::One { principal, at, amount: charges[usize::from(at)] };
        }
        Self::Any(Box::new(Reservation { principal, charges: *charges, held: *held }))
    }
}

impl From<Reservation> for Packed {
    fn from(reservation: Reservation) -> Self {
        Self::pack(reservation.principal, &reservation.charges, &reservation.held)
    }
}

impl From<Packed> for Reservation {
    #[inline]
    fn from(packed: Packed) -> Self {
        match packed {
            Packed::One { principal, at, amount } => {
                let mut charges = Amounts::default();
                charges[usize::from(at) % RENEWABLE_COUNT] = amount;
                Self { principal, charges, held: charges }
            }
            Packed::Any(reservation) => *reservation,
        }
    }
}

/// Open reservations by number, in ascending order, so that digests do not depend on the order of a hash map.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reservations(Numbered<Packed>);

impl Reservations {
    #[inline]
    pub(crate) fn insert(&mut self, id: ReservationId, principal: Key, charges: &Amounts, held: &Amounts) {
        self.0.insert(id, Packed::pack(principal, charges, held));
    }

    #[inline]
    pub(crate) fn remove(&mut self, id: ReservationId) -> Option<Packed> {
        self.0.remove(id)
    }

    #[inline]
    pub(crate) fn contains(&self, id: ReservationId) -> bool {
        self.0.get(id).is_some()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (ReservationId, Reservation)> + '_ {
        self.0.iter().map(|(id, packed)| (id, packed.clone().into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reservations_take_little_room_and_come_back_whole() {
        assert_eq!(size_of::<Option<Packed>>(), 16);
        let (none, one, two) = ([0; RENEWABLE_COUNT], [0, 0, u64::MAX, 0, 0], [0, 7, 0, 0, 9]);
        let all = [(none, none), (one, one), (two, two), (none, one), (one, two), (two, [3, 7, 0, 0, 9])];
        let mut reservations = Reservations::default();
        for (id, (charges, held)) in (1..).zip(all) {
            reservations.insert(id, Key(5), &charges, &held);
        }
        let saved = postcard::to_allocvec(&reservations).unwrap();
        let plain: std::collections::BTreeMap<u64, Reservation> = reservations.iter().collect();
        assert_eq!(saved, postcard::to_allocvec(&plain).unwrap(), "the form of a snapshot is plain");
        assert_eq!(postcard::from_bytes::<Reservations>(&saved).unwrap(), reservations);
        for (id, (charges, held)) in (1..).zip(all) {
            let removed = reservations.remove(id).unwrap();
            for place in 0..RENEWABLE_COUNT {
                assert_eq!(removed.of(place), (charges[place], held[place]));
            }
            assert_eq!(Reservation::from(removed), Reservation { principal: Key(5), charges, held });
            assert!(!reservations.contains(id));
        }
    }
}
