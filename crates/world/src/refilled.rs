//! Until when ticks refilled the shares of a world.

use ecology_types::{Axis, AxisVector, Side, Time};
use serde::{Deserialize, Serialize};

/// Which half of rate limiting the runs of a world were limited by, as far as a law has to know.
///
/// A tick gives everybody a whole share again, so that a window across two ticks may rightly hold more than one (RL-1), and a share may be given
/// away while it does (RL-4). When windows serve from then on, they count all of it and admit nothing until it fits; what was used before is
/// no use that they admitted. Decides nothing, and follows from the history, so it is no part of the state's digest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refilled {
    /// Whether the last run was limited by ticks.
    by_ticks: bool,
    /// World time of the last run that began under windows after one under ticks.
    until: Option<Time>,
}

impl Refilled {
    /// Takes note that a run began.
    pub(crate) fn run_started(&mut self, axes: AxisVector, now: Time) {
        let by_ticks = axes.side(Axis::RateLimiting) == Side::Old;
        if self.by_ticks && !by_ticks {
            self.until = Some(now);
        }
        self.by_ticks = by_ticks;
    }

    /// The moment until which uses were admitted by ticks, in a world that windows limit now.
    pub(crate) const fn until(&self) -> Option<Time> {
        self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_change_from_ticks_to_windows_counts() {
        let axes = |side| AxisVector::default().with(Axis::RateLimiting, side);
        let mut refilled = Refilled::default();
        refilled.run_started(axes(Side::New), Time(1));
        assert_eq!(refilled.until(), None);
        for (side, now, until) in [
            (Side::Old, 2, None),
            (Side::Old, 3, None),
            (Side::New, 4, Some(4)),
            (Side::New, 5, Some(4)),
            (Side::Old, 6, Some(4)),
            (Side::New, 7, Some(7)),
        ] {
            refilled.run_started(axes(side), Time(now));
            assert_eq!(refilled.until(), until.map(Time), "{now}");
        }
    }
}
