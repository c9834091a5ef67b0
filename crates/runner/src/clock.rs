//! Where continuous mode takes its time from.

use std::time::Instant;

use ecology_types::{Span, Time};

/// A source of world time. The only place where a run may meet the machine's clock.
pub trait Clock: Send {
    /// The name in reports.
    fn name(&self) -> &'static str;
    /// The present moment of world time.
    fn now(&mut self) -> Time;
    /// How long to wait, in real time, until `until`; the clock stands there afterwards at the earliest. `None`: it is there already.
    fn wait(&mut self, until: Time) -> Option<std::time::Duration>;
}

/// The machine's clock: world time goes on from where the world stood when it was opened.
#[derive(Debug)]
pub struct RealClock {
    opened_at: Time,
    started: Instant,
}

impl RealClock {
    /// A clock that stands at `opened_at` now.
    #[must_use]
    pub fn starting_at(opened_at: Time) -> Self {
        Self { opened_at, started: Instant::now() }
    }
}

impl Clock for RealClock {
    fn name(&self) -> &'static str {
        "real"
    }

    fn now(&mut self) -> Time {
        self.opened_at.after(Span::from(self.started.elapsed()))
    }

    fn wait(&mut self, until: Time) -> Option<std::time::Duration> {
        let now = self.now();
        (until > now).then(|| until.since(now).to_std())
    }
}

/// Time that jumps to the next thing to do: a day passes in a moment, and the same seed gives the same run.
#[derive(Debug)]
pub struct VirtualClock {
    now: Time,
}

impl VirtualClock {
    /// A clock that stands at `now`.
    #[must_use]
    pub const fn starting_at(now: Time) -> Self {
        Self { now }
    }
}

impl Clock for VirtualClock {
    fn name(&self) -> &'static str {
        "virtual"
    }

    fn now(&mut self) -> Time {
        self.now
    }

    fn wait(&mut self, until: Time) -> Option<std::time::Duration> {
        self.now = self.now.max(until);
        None
    }
}
