//! What a meter reads.

use ecology_types::{Key, Measurement};
use serde::{Deserialize, Serialize};

use crate::Traffic;

/// What one action took of the machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// CPU time, in nanoseconds.
    pub cpu_ns: u64,
    /// The most memory in use during the action above what was in use when it began, in bytes. Zero where memory is not counted.
    pub memory_peak_bytes: u64,
}

impl Reading {
    /// The row that a settlement books for `principal`.
    #[must_use]
    pub const fn measurement(self, principal: Key, traffic: Traffic) -> Measurement {
        Measurement {
            reservation: None,
            principal,
            cpu_ns: self.cpu_ns,
            memory_peak_bytes: self.memory_peak_bytes,
            written_bytes: traffic.written_bytes,
            bandwidth_bytes: traffic.bandwidth_bytes,
        }
    }
}
