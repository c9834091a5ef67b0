//! Where the standalone limiters take their time from when the caller does not bring it.

use ecology_types::{Span, Time};

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
    fn now(&self) -> Time {
        Time(Span::from(self.0.elapsed()).0)
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
        Time(Span::from(self.0.elapsed()).0)
    }
}
