//! Things that are numbered as they come, and of which the oldest usually goes first.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A map from ascending numbers that are never reused: open reservations, for instance.
///
/// What came lately is in a ring, found by subtraction. What stays while nearly everything after it has gone moves to an ordered map, so that
/// one thing that is never taken out does not keep room for all that come after it.
#[derive(Debug, Clone)]
pub struct Numbered<T> {
    /// All numbers here are below `first`.
    old: BTreeMap<u64, T>,
    /// The number of the first place of the ring.
    first: u64,
    ring: VecDeque<Option<T>>,
    /// Places of the ring that hold something.
    in_ring: usize,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self { old: BTreeMap::new(), first: 0, ring: VecDeque::new(), in_ring: 0 }
    }
}

impl<T> Numbered<T> {
    /// Empty places that the ring may have whatever it holds.
    const EMPTY_MAX: usize = 64;

    fn place(&self, number: u64) -> Option<usize> {
        usize::try_from(number.checked_sub(self.first)?).ok()
    }

    /// The thing with this number.
    #[inline]
    #[must_use]
    pub fn get(&self, number: u64) -> Option<&T> {
        match self.place(number) {
            Some(at) => self.ring.get(at)?.as_ref(),
            None => self.old.get(&number),
        }
    }

    /// Puts a thing under a number, instead of what was there.
    pub fn insert(&mut self, number: u64, thing: T) {
        if self.ring.is_empty() && self.old.last_key_value().is_none_or(|(last, _)| *last < number) {
            self.first = number;
        }
        let Some(at) = self.place(number) else {
            self.old.insert(number, thing);
            return;
        };
        if let Some(place) = self.ring.get_mut(at) {
            self.in_ring += usize::from(place.is_none());
            *place = Some(thing);
            return;
        }
        if at - self.ring.len() > Self::EMPTY_MAX {
            self.retire(self.ring.len());
            self.first = number;
        } else {
            self.ring.resize_with(at, || None);
        }
        self.ring.push_back(Some(thing));
        self.in_ring += 1;
        let places_max = Self::EMPTY_MAX + 4 * self.in_ring;
        if self.ring.len() > places_max {
            self.retire(self.ring.len() / 2);
        }
    }

    /// Moves the first places of the ring to the ordered map.
    fn retire(&mut self, places: usize) {
        for thing in self.ring.drain(..places) {
            if let Some(thing) = thing {
                self.old.insert(self.first, thing);
                self.in_ring -= 1;
            }
            self.first += 1;
        }
    }

    /// Takes the thing with this number out.
    #[inline]
    pub fn remove(&mut self, number: u64) -> Option<T> {
        let Some(at) = self.place(number) else { return self.old.remove(&number) };
        let thing = self.ring.get_mut(at)?.take()?;
        self.in_ring -= 1;
        while self.ring.pop_front_if(|place| place.is_none()).is_some() {
            self.first += 1;
        }
        Some(thing)
    }

    /// Everything, in ascending numbers.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        let ring =
            (self.first..).zip(&self.ring).filter_map(|(number, place)| Some((number, place.as_ref()?)));
        self.old.iter().map(|(number, thing)| (*number, thing)).chain(ring)
    }

    /// How many things there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.old.len() + self.in_ring
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T: PartialEq> PartialEq for Numbered<T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<T: Eq> Eq for Numbered<T> {}

impl<T> FromIterator<(u64, T)> for Numbered<T> {
    fn from_iter<I: IntoIterator<Item = (u64, T)>>(things: I) -> Self {
        let mut all = Self::default();
        things.into_iter().for_each(|(number, thing)| all.insert(number, thing));
        all
    }
}

/// As a map in ascending order.
impl<T: Serialize> Serialize for Numbered<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (number, thing) in self.iter() {
            map.serialize_entry(&number, thing)?;
        }
        map.end()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Numbered<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(BTreeMap::<u64, T>::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_a_map(
            steps in prop::collection::vec(
                (any::<bool>(), prop_oneof![0_u64..40, Just(200), Just(5_000)], any::<prop::sample::Index>()),
                1..400,
            ),
        ) {
            let (mut numbered, mut model) = (Numbered::default(), BTreeMap::new());
            let mut next = 1_u64;
            for (inserts, gap, which) in steps {
                if inserts || model.is_empty() {
                    next += gap.saturating_sub(30).max(1);
                    numbered.insert(next, next);
                    model.insert(next, next);
                } else {
                    let numbers: Vec<u64> = model.keys().copied().collect();
                    let number = *which.get(&numbers);
                    prop_assert_eq!(numbered.get(number), Some(&number));
                    prop_assert_eq!(numbered.remove(number), model.remove(&number));
                    prop_assert_eq!(numbered.remove(number), None);
                    prop_assert_eq!(numbered.get(number), None);
                }
                prop_assert_eq!(numbered.len(), model.len());
                prop_assert!(numbered.iter().map(|(number, thing)| (number, *thing)).eq(model.clone()));
                let bytes = postcard::to_allocvec(&numbered).unwrap();
                prop_assert_eq!(&bytes, &postcard::to_allocvec(&model).unwrap());
                prop_assert_eq!(&postcard::from_bytes::<Numbered<u64>>(&bytes).unwrap(), &numbered);
            }
        }
    }

    #[test]
    fn one_that_stays_keeps_no_room() {
        let mut numbered = Numbered::default();
        numbered.insert(1, 1_u64);
        for number in 2..100_000 {
            numbered.insert(number, number);
            assert_eq!(numbered.remove(number), Some(number));
            assert!(numbered.ring.len() < 200);
        }
        numbered.insert(0, 0);
        assert_eq!(numbered.iter().map(|(number, _)| number).collect::<Vec<_>>(), [0, 1]);
    }
}
