//! What belongs to one call: its limits, what it has used of them, and why it must stop.

use std::time::{Duration, Instant};

use wasmtime::{Error, ResourceLimiter, Result};

use crate::meter::Meter;
use crate::{Fault, Limits};

/// Bytes that one entry of a table counts for.
const BYTES_PER_ENTRY: usize = 16;

/// What belongs to one call.
pub(super) struct Running {
    pub(super) limits: Limits,
    pub(super) host_calls_left: u32,
    /// Whether the world may be asked now: not while the module starts nor while it allocates.
    pub(super) may_ask: bool,
    deadline: Option<Instant>,
    memory_bytes: u64,
    memory_peak_bytes: u64,
    random: Meter,
    stop: Option<Fault>,
}

/// The error of whatever is noted in [`Running::stop`].
#[derive(Debug, thiserror::Error)]
#[error("stopped")]
struct Stopped;

impl Running {
    pub(super) fn new(limits: &Limits, seed: u64) -> Self {
        let random = Meter::default();
        random.start(limits, 1, seed);
        Self {
            limits: limits.clone(),
            host_calls_left: limits.host_calls_max,
            may_ask: false,
            deadline: Instant::now().checked_add(Duration::from_millis(limits.wall_ms_max)),
            memory_bytes: 0,
            memory_peak_bytes: 0,
            random,
            stop: None,
        }
    }

    /// Notes why the call must stop; the first reason stays.
    pub(super) fn stop(&mut self, why: Fault) -> Error {
        self.stop.get_or_insert(why);
        Error::new(Stopped)
    }

    pub(super) fn take_stop(&mut self) -> Option<Fault> {
        self.stop.take()
    }

    pub(super) const fn memory_peak_bytes(&self) -> u64 {
        self.memory_peak_bytes
    }

    pub(super) fn is_late(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() > deadline)
    }

    pub(super) fn random(&mut self) -> u64 {
        self.random.random()
    }

    fn grow(&mut self, current: usize, desired: usize) -> Result<bool> {
        let grown = desired.saturating_sub(current) as u64;
        let total = self.memory_bytes.saturating_add(grown);
        if total > self.limits.memory_bytes_max {
            return Err(self.stop(Fault::OutOfMemory));
        }
        self.memory_bytes = total;
        self.memory_peak_bytes = self.memory_peak_bytes.max(total);
        Ok(true)
    }
}

impl ResourceLimiter for Running {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        // Beyond what the module itself declared nothing grows, and nothing is to be counted.
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        self.grow(current, desired)
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        self.grow(current.saturating_mul(BYTES_PER_ENTRY), desired.saturating_mul(BYTES_PER_ENTRY))
    }

    fn instances(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        1
    }

    fn memories(&self) -> usize {
        1
    }
}
