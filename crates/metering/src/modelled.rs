//! A meter that computes.

use crate::{Meter, Reading};

/// Computes CPU time from the number of bytes that an action moves, for runs on a virtual clock: equal runs have equal readings.
#[derive(Debug, Clone)]
pub struct ModelledMeter {
    action_ns: u64,
    byte_ns: u64,
    bytes: u64,
}

impl ModelledMeter {
    /// `action_ns` nanoseconds for every action and `byte_ns` for every byte that it moves. Its memory peak is the bytes that it moves.
    #[must_use]
    pub const fn new(action_ns: u64, byte_ns: u64) -> Self {
        Self { action_ns, byte_ns, bytes: 0 }
    }
}

impl Meter for ModelledMeter {
    fn name(&self) -> &'static str {
        "modelled"
    }

    fn start(&mut self) {
        self.bytes = 0;
    }

    fn note_bytes(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
    }

    fn lap(&mut self) -> Reading {
        let bytes = std::mem::take(&mut self.bytes);
        let cpu_ns = self.action_ns.saturating_add(bytes.saturating_mul(self.byte_ns));
        Reading { cpu_ns, memory_peak_bytes: bytes }
    }
}
