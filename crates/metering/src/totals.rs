//! Sums per agent.

use ecology_types::{Charges, Measurement, Resource};
use serde::{Deserialize, Serialize};

use crate::CpuRemainder;

/// What one agent used in total. Sums stop at `u64::MAX`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentTotals {
    /// Actions and thoughts that were measured.
    pub actions: u64,
    /// CPU time, in whole microseconds.
    pub cpu_us: u64,
    /// The part of a microsecond that is not charged yet.
    pub cpu_rest: CpuRemainder,
    /// The highest memory peak of one action, in bytes.
    pub memory_peak_bytes: u64,
    /// Bytes written to the world.
    pub written_bytes: u64,
    /// Bytes of requests and results.
    pub bandwidth_bytes: u64,
}

impl AgentTotals {
    /// Adds one action and says what to charge for it: whole microseconds of CPU with the rest carried over, the peak of memory,
    /// bytes written and bandwidth.
    pub fn add(&mut self, measurement: &Measurement) -> Charges {
        let cpu_us = self.cpu_rest.carry(measurement.cpu_ns);
        self.actions = self.actions.saturating_add(1);
        self.cpu_us = self.cpu_us.saturating_add(cpu_us);
        self.memory_peak_bytes = self.memory_peak_bytes.max(measurement.memory_peak_bytes);
        self.written_bytes = self.written_bytes.saturating_add(measurement.written_bytes);
        self.bandwidth_bytes = self.bandwidth_bytes.saturating_add(measurement.bandwidth_bytes);
        Charges::of(Resource::Cpu, cpu_us)
            .with(Resource::Memory, measurement.memory_peak_bytes)
            .with(Resource::DiskWrites, measurement.written_bytes)
            .with(Resource::Bandwidth, measurement.bandwidth_bytes)
    }

    /// The totals as amounts of resources.
    #[must_use]
    pub const fn charges(&self) -> Charges {
        Charges::of(Resource::Cpu, self.cpu_us)
            .with(Resource::Memory, self.memory_peak_bytes)
            .with(Resource::DiskWrites, self.written_bytes)
            .with(Resource::Bandwidth, self.bandwidth_bytes)
    }
}
