//! What each principal has used in total, by the rules and by measurement.

use ecology_types::{Charges, Key, Resource};
use serde::{Deserialize, Serialize};

use crate::totals::{Row, Totals};

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

impl Usage {
    pub(crate) const ACTIONS_DONE: usize = 0;
    pub(crate) const ACTIONS_REFUSED: usize = 1;
    pub(crate) const THOUGHTS: usize = 2;
    const COUNTED: usize = 3;
}

impl Row for Usage {
    type Narrow = [u32; 3 + Resource::COUNT];
    type Wide = [u64; 3 + Resource::COUNT];

    fn of(wide: &Self::Wide) -> Self {
        let mut counted = Charges::NONE;
        counted.0.copy_from_slice(&wide[Self::COUNTED..]);
        Self { actions_done: wide[0], actions_refused: wide[1], thoughts: wide[2], counted }
    }

    fn wide(&self) -> Self::Wide {
        let mut wide = [self.actions_done, self.actions_refused, self.thoughts, 0, 0, 0, 0, 0, 0, 0, 0];
        wide[Self::COUNTED..].copy_from_slice(&self.counted.0);
        wide
    }
}

impl Totals<Usage> {
    /// Adds what was counted by the rules.
    pub(crate) fn count(&mut self, key: Key, charges: &Charges) {
        self.add_all(key, |row| row[Usage::COUNTED..].copy_from_slice(&charges.0));
    }
}

impl Measured {
    pub(crate) const ROWS: usize = 0;
    pub(crate) const CPU_NS: usize = 1;
    pub(crate) const MEMORY_PEAK_BYTES: usize = 2;
    pub(crate) const WRITTEN_BYTES: usize = 3;
    pub(crate) const BANDWIDTH_BYTES: usize = 4;
}

impl Row for Measured {
    type Narrow = [u32; 5];
    type Wide = [u64; 5];

    fn of(wide: &Self::Wide) -> Self {
        let [rows, cpu_ns, memory_peak_bytes, written_bytes, bandwidth_bytes] = *wide;
        Self { rows, cpu_ns, memory_peak_bytes, written_bytes, bandwidth_bytes }
    }

    fn wide(&self) -> Self::Wide {
        [self.rows, self.cpu_ns, self.memory_peak_bytes, self.written_bytes, self.bandwidth_bytes]
    }
}
