//! Where a world is on its way from one half of an axis to the other, and what the way back needs.

use std::collections::BTreeMap;

use ecology_types::{Axis, Converted, ConvertedField, Interface, Key, RangeDigest, Side};
use serde::{Deserialize, Serialize};

/// What migrations have done to a world so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migrations {
    open: Option<OpenMigration>,
    /// The half that the last finished migration of each axis led to.
    sides: [Option<Side>; Axis::COUNT],
    /// What was there before, for every field that a migration changed.
    residue: BTreeMap<(Axis, Key), Residue>,
    /// Digests of ranges as the old half sees them, by axis and first key.
    ranges: BTreeMap<(Axis, Key), (Key, RangeDigest)>,
}

/// A migration that has begun and not finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenMigration {
    /// The axis.
    pub axis: Axis,
    /// The half that it leads to.
    pub to: Side,
    /// The next key: everything before it has been converted.
    pub watermark: Key,
    /// The record of its last step. When the world has gone on since then, everything is gone over once more.
    pub record: u64,
}

/// A field before and after a migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Residue {
    /// What was there.
    pub before: ConvertedField,
    /// What the migration put there.
    pub set: ConvertedField,
}

impl Migrations {
    /// The migration in progress, if there is one.
    #[must_use]
    pub const fn open(&self) -> Option<OpenMigration> {
        self.open
    }

    /// The half that a finished migration of this axis led to; `None` when there was none.
    #[must_use]
    pub const fn side(&self, axis: Axis) -> Option<Side> {
        self.sides[axis.index()]
    }

    /// What the migration of an axis has replaced in an artifact.
    #[must_use]
    pub fn residue(&self, axis: Axis, key: Key) -> Option<&Residue> {
        self.residue.get(&(axis, key))
    }

    /// How many artifacts carry something that a migration of this axis put there.
    #[must_use]
    pub fn residue_len(&self, axis: Axis) -> u64 {
        self.residue.range((axis, Key(0))..=(axis, Key(u32::MAX))).count() as u64
    }

    /// The residue of an axis for keys from `from` on and before `until`.
    pub(crate) fn residue_between(
        &self,
        axis: Axis,
        from: Key,
        until: Key,
    ) -> impl Iterator<Item = (Key, &Residue)> {
        self.residue.range((axis, from)..(axis, until)).map(|((_, key), residue)| (*key, residue))
    }

    /// The digests of the ranges that were moved last, with their first key and the key after their last one.
    pub fn ranges(&self, axis: Axis) -> impl Iterator<Item = (Key, Key, RangeDigest)> + '_ {
        let all = self.ranges.range((axis, Key(0))..=(axis, Key(u32::MAX)));
        all.map(|((_, from), (until, digest))| (*from, *until, *digest))
    }

    /// Whether these methods were made up by a migration: nobody is charged for the room that they take.
    pub(crate) fn made_up(&self, key: Key, interface: &Interface) -> bool {
        !self.residue.is_empty()
            && self.residue(Axis::ArtifactOntology, key).is_some_and(
                |residue| matches!(&residue.set, ConvertedField::Interface(Some(set)) if **set == *interface),
            )
    }

    pub(crate) fn begin(&mut self, axis: Axis, to: Side, record: u64) {
        self.open = Some(OpenMigration { axis, to, watermark: Key(0), record });
    }

    /// Takes note of a batch. `before` gives the present value of a field that is about to be replaced.
    pub(crate) fn batch(
        &mut self,
        axis: Axis,
        range: (Key, Key, RangeDigest),
        record: u64,
        converted: &[Converted],
        before: impl Fn(Key, &ConvertedField) -> ConvertedField,
    ) {
        let (from, until, digest) = range;
        for one in converted {
            #[cfg(feature = "planted-bugs")]
            if crate::PlantedBug::ResidueForgotten.is_planted() {
                continue;
            }
            if one.keeps {
                let fresh = |set: &ConvertedField| Residue { before: before(one.key, set), set: set.clone() };
                // What was there before the first conversion stays what was there before. No map of today converts a field that it has
                // converted; one of a later release may give another successor to what an earlier one left half way.
                let residue = self.residue.entry((axis, one.key)).or_insert_with(|| fresh(&one.field));
                residue.set.clone_from(&one.field);
            } else {
                self.residue.remove(&(axis, one.key));
            }
        }
        if from == Key(0) {
            let old: Vec<_> = self.ranges(axis).map(|(from, ..)| from).collect();
            for from in old {
                self.ranges.remove(&(axis, from));
            }
        }
        self.ranges.insert((axis, from), (until, digest));
        if let Some(open) = &mut self.open {
            open.watermark = until;
            open.record = record;
        }
    }

    pub(crate) fn finish(&mut self, axis: Axis, to: Side) {
        self.open = None;
        self.sides[axis.index()] = Some(to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_before_the_first_conversion_stays_what_was_there_before() {
        let mut migrations = Migrations::default();
        let axis = Axis::AccessControl;
        let contract = |key| ConvertedField::AccessContract(Some(Key(key)));
        let was = ConvertedField::AccessContract(None);
        for (field, found) in [(contract(5), was.clone()), (contract(6), contract(5))] {
            let converted = [Converted { key: Key(40), field: field.clone(), keeps: true }];
            let range = (Key(0), Key(50), RangeDigest::default());
            migrations.batch(axis, range, 1, &converted, |_, _| found.clone());
            let residue = Residue { before: was.clone(), set: field };
            assert_eq!(migrations.residue(axis, Key(40)), Some(&residue));
        }
    }
}
