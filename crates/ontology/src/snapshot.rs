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
        Some((key, _)) if key.0 >= Registry::KEYS_MAX => {
            Err(format!("the snapshot of the ontology has key {}, which no world gives away", key.0))
        }
        _ => Ok(entries),
    }
}
