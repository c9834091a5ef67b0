//! What each principal has used in total, by the rules and by measurement.

use ecology_types::{Charges, Key};
use serde::{Deserialize, Serialize};

/// Totals of one principal since the beginning of the world.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Actions carried out.
    pub actions_done: u64,
    /// Actions refused.
    pub actions_refused: u64,
    /// Thoughts.
    pub thoughts: u64,
    /// Counted by the rules: calls, tokens, money, bytes written, bandwidth.
    pub counted: Charges,
}

/// Totals of one principal that the machine measured. They differ between two runs of one seed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// Actions and thoughts that were measured.
    pub rows: u64,
    /// CPU time, in nanoseconds.
    pub cpu_ns: u64,
    /// Highest peak of one action, in bytes.
    pub memory_peak_bytes: u64,
    /// Bytes written.
    pub written_bytes: u64,
    /// Bytes of requests and results.
    pub bandwidth_bytes: u64,
}

/// Totals of everybody, by key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Totals<T> {
    rows: Vec<T>,
}

impl<T> Default for Totals<T> {
    fn default() -> Self {
        Self { rows: Vec::new() }
    }
}

impl<T: Default + Copy + PartialEq> Totals<T> {
    /// The totals of one principal.
    #[must_use]
    pub fn get(&self, key: Key) -> T {
        self.rows.get(key.index()).copied().unwrap_or_default()
    }

    pub(crate) fn find(&self, key: Key) -> Option<&T> {
        self.rows.get(key.index())
    }

    pub(crate) fn entry(&mut self, key: Key) -> &mut T {
        if self.rows.len() <= key.index() {
            self.rows.resize(key.index() + 1, T::default());
        }
        &mut self.rows[key.index()]
    }

    /// Those that are not empty, in ascending keys.
    pub fn iter(&self) -> impl Iterator<Item = (Key, &T)> {
        let empty = T::default();
        self.rows
            .iter()
            .enumerate()
            .filter(move |(_, row)| **row != empty)
            .filter_map(|(at, row)| Some((Key(u32::try_from(at).ok()?), row)))
    }
}
