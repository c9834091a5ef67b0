//! Where the standalone limiters take their time from when the caller does not bring it.

use std::time::Duration;

use ecology_types::Time;

/// Tells the time. Times must not go back, and all callers of one limiter must use the same clock.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Time;
}

/// The monotonic clock of the machine, counted from when this value was made.
#[derive(Debug, Clone, Copy)]
pub struct MonotonicClock(std::time::Instant);

impl Default for MonotonicClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where a standalone limiter meets a clock")]
    fn default() -> Self {
        Self(std::time::Instant::now())
    }
}

impl Clock for MonotonicClock {
    #[inline]
    fn now(&self) -> Time {
        after(self.0.elapsed())
    }
}

/// The cycle counter of the processor, counted from when this value was made: several times cheaper than [`MonotonicClock`].
///
/// Where the processor has no counter that runs at one rate on all cores, it is the monotonic clock of the machine all the same. The first one
/// made in a process measures the rate of the counter, for up to 200 ms. That measurement is good to some parts in a million, so windows are
/// longer or shorter by as much; the counter does not follow corrections of the machine's clock.
#[cfg(feature = "counter")]
#[derive(Debug, Clone)]
pub struct CounterClock {
    clock: quanta::Clock,
    begun: u64,
}

#[cfg(feature = "counter")]
impl Default for CounterClock {
    fn default() -> Self {
        let clock = quanta::Clock::new();
        let begun = clock.raw();
        Self { clock, begun }
    }
}

#[cfg(feature = "counter")]
impl Clock for CounterClock {
    #[inline]
    fn now(&self) -> Time {
        Time(self.clock.delta_as_nanos(self.begun, self.clock.raw()) / 1_000)
    }
}

/// The clock of the tokio runtime, which tests can pause.
#[cfg(feature = "async")]
#[derive(Debug, Clone, Copy)]
pub struct TokioClock(tokio::time::Instant);

#[cfg(feature = "async")]
impl Default for TokioClock {
    fn default() -> Self {
        Self(tokio::time::Instant::now())
    }
}

#[cfg(feature = "async")]
impl Clock for TokioClock {
    fn now(&self) -> Time {
        after(self.0.elapsed())
    }
}

/// 64 bits hold half a million years of microseconds; a division of 128 bits would cost as much as a decision.
#[inline]
fn after(elapsed: Duration) -> Time {
    Time(elapsed.as_secs().saturating_mul(1_000_000).saturating_add(u64::from(elapsed.subsec_micros())))
}
