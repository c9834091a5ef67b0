//! Limits as plain data.

use std::fmt;

use ecology_types::{Charges, Resource, Span};
use serde::{Deserialize, Serialize};

/// What the machine has for all principals together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capacity {
    /// The window of everything that is a rate.
    pub window: Span,
    /// Stock for allocatable resources, amount per window for renewable ones. Resources of language models are not limited here.
    pub shares: Charges,
    /// Processes and threads.
    pub pids: u64,
}

/// What one principal's process gets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Plan {
    /// The window of everything that is a rate.
    pub window: Span,
    /// CPU time per window, in microseconds.
    pub cpu_us: u64,
    /// Memory, in bytes.
    pub memory_bytes: u64,
    /// Room for content, in bytes.
    pub disk_bytes: u64,
    /// Bytes written per window.
    pub disk_write_bytes: u64,
    /// Bytes of requests and results per window.
    pub bandwidth_bytes: u64,
    /// Processes and threads.
    pub pids: u64,
}

/// One of the amounts of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Limit {
    /// Memory.
    Memory,
    /// CPU time per window.
    Cpu,
    /// Room for content.
    Disk,
    /// Bytes written per window.
    DiskWrites,
    /// Bytes of requests and results per window.
    Bandwidth,
    /// Processes and threads.
    Pids,
}

impl Limit {
    /// All of them, in the order in which they are checked: what harms others most comes first.
    pub const ALL: [Self; 6] =
        [Self::Memory, Self::Cpu, Self::Disk, Self::DiskWrites, Self::Bandwidth, Self::Pids];

    /// The resource whose share it comes from; processes have none.
    #[must_use]
    pub const fn resource(self) -> Option<Resource> {
        match self {
            Self::Memory => Some(Resource::Memory),
            Self::Cpu => Some(Resource::Cpu),
            Self::Disk => Some(Resource::Disk),
            Self::DiskWrites => Some(Resource::DiskWrites),
            Self::Bandwidth => Some(Resource::Bandwidth),
            Self::Pids => None,
        }
    }

    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.resource() {
            Some(resource) => resource.name(),
            None => "pids",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Capacity {
    /// The amount of one limit for all together.
    #[must_use]
    pub fn amount(&self, limit: Limit) -> u64 {
        limit.resource().map_or(self.pids, |resource| self.shares[resource])
    }

    /// The plan of a principal with these shares: each share, at most the capacity.
    ///
    /// Processes are no share of their own. They follow the share of memory, `pids * memory / memory capacity` rounded down, because a process
    /// without memory is of no use; rounding down keeps the sum within the capacity.
    #[must_use]
    pub fn plan(&self, shares: &Charges) -> Plan {
        let of = |resource: Resource| shares[resource].min(self.shares[resource]);
        let memory_bytes = of(Resource::Memory);
        let pids = u128::from(self.pids) * u128::from(memory_bytes);
        let pids = pids.checked_div(u128::from(self.shares[Resource::Memory])).unwrap_or(0);
        Plan {
            window: self.window,
            cpu_us: of(Resource::Cpu),
            memory_bytes,
            disk_bytes: of(Resource::Disk),
            disk_write_bytes: of(Resource::DiskWrites),
            bandwidth_bytes: of(Resource::Bandwidth),
            // At most `self.pids`, because the share of memory is at most the capacity.
            pids: u64::try_from(pids).unwrap_or(self.pids),
        }
    }
}

impl Plan {
    /// The amount of one limit.
    #[must_use]
    pub const fn amount(&self, limit: Limit) -> u64 {
        match limit {
            Limit::Memory => self.memory_bytes,
            Limit::Cpu => self.cpu_us,
            Limit::Disk => self.disk_bytes,
            Limit::DiskWrites => self.disk_write_bytes,
            Limit::Bandwidth => self.bandwidth_bytes,
            Limit::Pids => self.pids,
        }
    }

    /// The same plan with another amount of one limit.
    #[must_use]
    pub const fn with(mut self, limit: Limit, amount: u64) -> Self {
        match limit {
            Limit::Memory => self.memory_bytes = amount,
            Limit::Cpu => self.cpu_us = amount,
            Limit::Disk => self.disk_bytes = amount,
            Limit::DiskWrites => self.disk_write_bytes = amount,
            Limit::Bandwidth => self.bandwidth_bytes = amount,
            Limit::Pids => self.pids = amount,
        }
        self
    }

    /// The plan with the lower of both amounts everywhere, over the window of this one.
    #[must_use]
    pub fn at_most(&self, other: &Self) -> Self {
        Self {
            window: self.window,
            cpu_us: self.cpu_us.min(other.cpu_us),
            memory_bytes: self.memory_bytes.min(other.memory_bytes),
            disk_bytes: self.disk_bytes.min(other.disk_bytes),
            disk_write_bytes: self.disk_write_bytes.min(other.disk_write_bytes),
            bandwidth_bytes: self.bandwidth_bytes.min(other.bandwidth_bytes),
            pids: self.pids.min(other.pids),
        }
    }
}
