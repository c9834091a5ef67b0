//! Totals of everybody, in little room.

use std::collections::BTreeMap;

use ecology_types::{Key, Snug};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A row of totals as an array of numbers. Only the rows of this crate are.
pub trait Row: Default + Copy + PartialEq + Serialize + DeserializeOwned {
    /// Every total in 32 bits.
    type Narrow: AsMut<[u32]> + AsRef<[u32]> + Default + Copy + std::fmt::Debug;
    /// Every total in full.
    type Wide: AsMut<[u64]> + AsRef<[u64]> + Default + Copy + std::fmt::Debug;

    /// The row with these numbers.
    fn of(wide: &Self::Wide) -> Self;

    /// Its numbers.
    fn wide(&self) -> Self::Wide;
}

/// Totals of everybody, by key: half as large as the numbers may become, until one of a row does. Then that row moves to a table of its own.
#[derive(Debug, Clone)]
pub struct Totals<T: Row> {
    rows: Vec<T::Narrow>,
    /// The rows whose first number is [`MOVED`].
    moved: BTreeMap<Key, T::Wide>,
}

/// Says that a row is kept in full elsewhere; no total in 32 bits has this value.
const MOVED: u32 = u32::MAX;

impl<T: Row> Default for Totals<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), moved: BTreeMap::new() }
    }
}

impl<T: Row> Totals<T> {
    /// The totals of one principal.
    #[must_use]
    pub fn get(&self, key: Key) -> T {
        self.rows.get(key.index()).map_or_else(T::default, |row| T::of(&self.full(key, row)))
    }

    /// The first and the last number of a row, to bring all of it into the processor's cache.
    pub(crate) fn touch(&self, key: Key) -> u32 {
        let row = self.rows.get(key.index()).map_or(&[][..], AsRef::as_ref);
        row.first().unwrap_or(&0) ^ row.last().unwrap_or(&0)
    }

    /// Those that are not empty, in ascending keys.
    pub fn iter(&self) -> impl Iterator<Item = (Key, T)> {
        self.all().filter(|(_, row)| *row != T::default())
    }

    fn all(&self) -> impl Iterator<Item = (Key, T)> {
        (0..).map(Key).zip(&self.rows).map(|(key, row)| (key, T::of(&self.full(key, row))))
    }

    fn full(&self, key: Key, row: &T::Narrow) -> T::Wide {
        let mut wide = T::Wide::default();
        if row.as_ref().first() == Some(&MOVED) {
            return self.moved.get(&key).copied().unwrap_or_default();
        }
        for (wide, narrow) in wide.as_mut().iter_mut().zip(row.as_ref()) {
            *wide = u64::from(*narrow);
        }
        wide
    }

    /// Adds to one total.
    #[inline]
    pub(crate) fn add(&mut self, key: Key, at: usize, amount: u64) {
        self.rows.reach(key.index() + 1, T::Narrow::default);
        let row = self.rows[key.index()].as_mut();
        if row[0] != MOVED
            && let Some(sum) = narrow_sum(row[at], amount)
        {
            row[at] = sum;
        } else {
            self.change_in_full(key, |wide| wide[at] = wide[at].saturating_add(amount));
        }
    }

    /// Adds to all totals what `fill` writes into a row of zeros.
    #[inline]
    pub(crate) fn add_all(&mut self, key: Key, fill: impl FnOnce(&mut [u64])) {
        let mut amounts = T::Wide::default();
        fill(amounts.as_mut());
        let amounts = amounts.as_ref();
        self.rows.reach(key.index() + 1, T::Narrow::default);
        let row = &mut self.rows[key.index()];
        if row.as_ref()[0] != MOVED {
            let mut sums = *row;
            let added = sums.as_mut().iter_mut().zip(amounts).all(|(sum, amount)| {
                let more = narrow_sum(*sum, *amount);
                *sum = more.unwrap_or(0);
                more.is_some()
            });
            if added {
                *row = sums;
                return;
            }
        }
        self.change_in_full(key, |wide| {
            for (sum, amount) in wide.iter_mut().zip(amounts) {
                *sum = sum.saturating_add(*amount);
            }
        });
    }

    /// Raises one total to at least `amount`.
    #[inline]
    pub(crate) fn raise(&mut self, key: Key, at: usize, amount: u64) {
        self.rows.reach(key.index() + 1, T::Narrow::default);
        let row = self.rows[key.index()].as_mut();
        match u32::try_from(amount) {
            Ok(amount) if amount < MOVED && row[0] != MOVED => row[at] = row[at].max(amount),
            _ => self.change_in_full(key, |wide| wide[at] = wide[at].max(amount)),
        }
    }

    /// Changes a row with numbers in full, and moves it if it has not been moved yet.
    #[inline(never)]
    fn change_in_full(&mut self, key: Key, change: impl FnOnce(&mut [u64])) {
        if let Some(moved) = self.moved.get_mut(&key) {
            // No total ever falls, so it stays here.
            return change(moved.as_mut());
        }
        let mut wide = self.full(key, &self.rows[key.index()]);
        change(wide.as_mut());
        self.set(key, wide);
    }

    fn set(&mut self, key: Key, wide: T::Wide) {
        let mut row = T::Narrow::default();
        let fits = row.as_mut().iter_mut().zip(wide.as_ref()).all(|(narrow, wide)| {
            *narrow = narrow_sum(0, *wide).unwrap_or(MOVED);
            *narrow != MOVED
        });
        if !fits {
            row.as_mut()[0] = MOVED;
            self.moved.insert(key, wide);
        }
        self.rows[key.index()] = row;
    }
}

#[inline]
fn narrow_sum(narrow: u32, amount: u64) -> Option<u32> {
    u64::from(narrow).checked_add(amount).and_then(|sum| u32::try_from(sum).ok()).filter(|sum| *sum != MOVED)
}

/// As a list of rows with numbers in full, one for every key.
#[derive(Serialize, Deserialize)]
#[serde(bound = "T: Row")]
struct Saved<T> {
    rows: Vec<T>,
}

impl<T: Row> Serialize for Totals<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Saved { rows: self.all().map(|(_, row)| row).collect() }.serialize(serializer)
    }
}

impl<'de, T: Row> Deserialize<'de> for Totals<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Saved { rows } = Saved::<T>::deserialize(deserializer)?;
        let mut totals = Self::default();
        totals.rows.reach(rows.len(), T::Narrow::default);
        for (key, row) in (0..).map(Key).zip(rows) {
            totals.set(key, row.wide());
        }
        Ok(totals)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usage::{Measured, Usage};
    use ecology_types::{Charges, Resource};
    use proptest::prelude::*;

    fn amount() -> impl Strategy<Value = u64> {
        prop_oneof![0_u64..100, (u64::from(u32::MAX) - 2)..(u64::from(u32::MAX) + 3), any::<u64>()]
    }

    proptest! {
        #[test]
        fn totals_are_exact_whatever_their_size(
            steps in prop::collection::vec((0_u32..3, 0_usize..3, amount(), amount()), 0..40),
        ) {
            let mut totals = Totals::<Usage>::default();
            let mut model = vec![Usage::default(); 3];
            for (key, kind, one, other) in steps {
                let row = &mut model[key as usize];
                match kind {
                    0 => {
                        totals.add(Key(key), Usage::THOUGHTS, one);
                        row.thoughts = row.thoughts.saturating_add(one);
                    }
                    1 => {
                        let charges = Charges::of(Resource::Cpu, one).with(Resource::LlmBudget, other);
                        totals.count(Key(key), &charges);
                        row.counted = row.counted.saturating_add(&charges);
                    }
                    _ => {
                        totals.raise(Key(key), Usage::ACTIONS_DONE, one);
                        row.actions_done = row.actions_done.max(one);
                    }
                }
            }
            for (key, row) in (0..).map(Key).zip(&model) {
                prop_assert_eq!(totals.get(key), *row);
            }
            let saved = postcard::to_stdvec(&totals).unwrap();
            let back: Totals<Usage> = postcard::from_bytes(&saved).unwrap();
            prop_assert!(back.iter().eq(totals.iter()));
            prop_assert_eq!(postcard::to_stdvec(&back).unwrap(), saved);
        }
    }

    #[test]
    fn a_row_is_half_as_large_as_its_numbers() {
        assert_eq!(size_of::<<Usage as Row>::Narrow>(), 44);
        assert_eq!(size_of::<<Measured as Row>::Narrow>(), 20);
    }
}
