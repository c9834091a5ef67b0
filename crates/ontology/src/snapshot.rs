//! The bytes of all that exists, the same for both schemas.

use ecology_types::{ArtifactRecord, Key};
use serde::Serialize;

use crate::Resolution;
use crate::registry::Registry;

/// What a snapshot begins with: the name and the version of the format.
const HEADER: &[u8; 10] = b"ontology-1";

/// All that exists, in plain lists.
pub(crate) struct Held {
    /// Ascending by key; of two with one key the principal comes first.
    pub(crate) records: Vec<ArtifactRecord>,
    /// Key and whether it had standing; the same order.
    pub(crate) tombstones: Vec<(Key, bool)>,
}

fn append(value: &impl Serialize, into: &mut Vec<u8>) {
    // Encoding to memory fails only for sequences of unknown length, and no type here has one.
    *into = postcard::to_extend(value, std::mem::take(into)).expect("records always encode");
}

/// Appends everything in `first` and `second` to `into`. Where both hold something under one key, `first` holds the principal.
pub(crate) fn digest(first: &Registry, second: &Registry, into: &mut Vec<u8>) {
    let keys = || (0..first.keys().max(second.keys())).map(Key);
    append(&(first.live_count() + second.live_count()), into);
    for key in keys() {
        for registry in [first, second] {
            if let Some(record) = registry.live(key) {
                append(record, into);
            }
        }
    }
    append(&(first.tombstone_count() + second.tombstone_count()), into);
    for key in keys() {
        for registry in [first, second] {
            if registry.get(key) == Resolution::Tombstone {
                append(&(key, registry.standing(key) == Some(true)), into);
            }
        }
    }
}

/// A snapshot of everything in `first` and `second`, as in [`digest`].
pub(crate) fn save(first: &Registry, second: &Registry) -> Vec<u8> {
    let mut saved = HEADER.to_vec();
    digest(first, second, &mut saved);
    saved
}

/// Reads a snapshot back.
pub(crate) fn read(saved: &[u8]) -> Result<Held, String> {
    let body =
        saved.strip_prefix(HEADER).ok_or("these bytes are not a snapshot of an ontology of version 1")?;
    let ((records, tombstones), rest) =
        postcard::take_from_bytes::<(Vec<ArtifactRecord>, Vec<(Key, bool)>)>(body)
            .map_err(|error| format!("the snapshot of the ontology is damaged: {error}"))?;
    if !rest.is_empty() {
        return Err(format!("the snapshot of the ontology has {} bytes after its end", rest.len()));
    }
    let of_records = records.iter().map(|record| (record.key, record.has_standing));
    let all = [sorted(of_records)?, sorted(tombstones.iter().copied())?];
    if let Some((key, _)) = all[0].iter().find(|entry| all[1].binary_search(entry).is_ok()) {
        return Err(format!(
            "the snapshot of the ontology says that key {} both exists and is deleted",
            key.0
        ));
    }
    Ok(Held { records, tombstones })
}

/// Checks that keys ascend and are in range. The second part of an entry is false for a principal, so that it sorts first.
fn sorted(entries: impl Iterator<Item = (Key, bool)>) -> Result<Vec<(Key, bool)>, String> {
    let entries: Vec<_> = entries.map(|(key, has_standing)| (key, !has_standing)).collect();
    if let Some(pair) = entries.windows(2).find(|pair| pair[0] >= pair[1]) {
        return Err(format!("the snapshot of the ontology is not in order at key {}", pair[1].0.0));
    }
    match entries.last() {
        Some((key, _)) if !Registry::holds(*key) => {
            Err(format!("the snapshot of the ontology has key {}, which no world gives away", key.0))
        }
        _ => Ok(entries),
    }
}

#[cfg(all(test, feature = "conformance"))]
mod tests {
    use super::*;
    use crate::conformance::{agent, artifact};
    use crate::{Change, Legacy, Ontology};

    fn written(records: &[ArtifactRecord], tombstones: &[(Key, bool)]) -> Vec<u8> {
        let mut saved = HEADER.to_vec();
        append(&(records, tombstones), &mut saved);
        saved
    }

    #[test]
    fn a_snapshot_is_two_lists() {
        let mut legacy = Legacy::new();
        for record in [artifact(2, 1), agent(2), agent(1), artifact(3, 1)] {
            legacy.apply(&Change::Created(&record));
        }
        legacy.apply(&Change::Deleted { key: Key(3), at: ecology_types::Time(4) });
        let records = [agent(1), agent(2), artifact(2, 1)];
        assert_eq!(legacy.save(), written(&records, &[(Key(3), false)]));
    }

    #[test]
    fn lists_that_no_world_leaves_are_refused() {
        let far = artifact(Registry::KEYS_MAX, 0);
        for (records, tombstones, word) in [
            (vec![artifact(1, 0), artifact(1, 0)], vec![], "not in order"),
            (vec![artifact(2, 0), artifact(1, 0)], vec![], "not in order"),
            (vec![artifact(2, 0), agent(2)], vec![], "not in order"),
            (vec![], vec![(Key(1), true), (Key(1), true)], "not in order"),
            (vec![agent(1)], vec![(Key(1), true)], "both exists and is deleted"),
            (vec![far], vec![], "which no world gives away"),
            (vec![], vec![(Key(u32::MAX), false)], "which no world gives away"),
        ] {
            let refused = read(&written(&records, &tombstones)).map(|_| ()).expect_err(word);
            assert!(refused.contains(word), "{refused}");
        }
        assert!(read(&written(&[agent(1)], &[(Key(1), false)])).is_ok(), "two roles, one id");
    }
}
