//! What is remembered of deleted artifacts, so that events about them stay hidden from those who could not see them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use ecology_types::{ArtifactRecord, Key};
use serde::{Deserialize, Serialize};

/// Deleted artifacts without their content, for as long as the log may still show an event about them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Graves {
    of_key: BTreeMap<Key, Vec<(u64, ArtifactRecord)>>,
    /// Event of the deletion and key, oldest first.
    order: VecDeque<(u64, Key)>,
}

impl Graves {
    /// Takes note that `record` was deleted by the event `seq`, and forgets those whose events the log has forgotten.
    pub(crate) fn bury(&mut self, record: &ArtifactRecord, seq: u64, first_kept: u64) {
        let record = ArtifactRecord { content: Arc::from(""), interface: None, ..record.clone() };
        self.order.push_back((seq, record.key));
        self.of_key.entry(record.key).or_default().push((seq, record));
        while let Some((oldest, key)) = self.order.front().copied()
            && oldest < first_kept
        {
            self.order.pop_front();
            if let Some(records) = self.of_key.get_mut(&key) {
                records.retain(|(seq, _)| *seq != oldest);
                if records.is_empty() {
                    self.of_key.remove(&key);
                }
            }
        }
    }

    /// What had this key and was deleted; in the legacy schema two things may have shared it.
    pub(crate) fn of(&self, key: Key) -> impl Iterator<Item = &ArtifactRecord> {
        self.of_key.get(&key).into_iter().flatten().map(|(_, record)| record)
    }
}
