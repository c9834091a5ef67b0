//! Rounding without loss.

use serde::{Deserialize, Serialize};

/// Turns nanoseconds into whole microseconds and keeps the rest for the next time, so that nothing is lost and nothing is charged twice: after
/// any number of actions, the microseconds given out are the sum of the nanoseconds, rounded down once.
///
/// ```
/// let mut rest = ecology_metering::CpuRemainder::default();
/// assert_eq!([600, 600, 600].map(|ns| rest.carry(ns)), [0, 1, 0]);
/// assert_eq!(rest.ns(), 800);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CpuRemainder(u16);

impl CpuRemainder {
    /// Adds `cpu_ns` and takes out the whole microseconds.
    #[must_use]
    pub fn carry(&mut self, cpu_ns: u64) -> u64 {
        // Both parts are below 1000, so their sum holds at most one more microsecond; a value that was stored by somebody else is reduced too.
        let rest = u64::from(self.0) % 1_000 + cpu_ns % 1_000;
        self.0 = u16::try_from(rest % 1_000).unwrap_or(0);
        cpu_ns / 1_000 + rest / 1_000
    }

    /// The rest, in nanoseconds, below 1000.
    #[must_use]
    pub const fn ns(self) -> u16 {
        self.0
    }
}
