//! The world as access control sees it at the time of a decision.

use ecology_contracts::AccessView;
use ecology_types::{ArtifactRecord, EventCount, Key, Scrip, Span, Time};

use crate::world::World;

/// A world at a moment that no record has reached yet.
pub(crate) struct Moment<'w> {
    pub(crate) world: &'w World,
    pub(crate) now: Time,
}

impl AccessView for Moment<'_> {
    fn artifact(&self, key: Key) -> Option<&ArtifactRecord> {
        self.world.live(key)
    }

    fn balance(&self, key: Key) -> Scrip {
        self.world.accounts.scrip(key)
    }

    fn contract_depth_max(&self) -> u32 {
        self.world.rules.limits.contract_depth_max
    }

    fn state_version(&self, key: Key) -> u64 {
        self.world.code.state(key).0
    }

    fn events(&self, viewer: Key, which: &EventCount) -> u64 {
        self.world.count_events(viewer, which)
    }

    fn now(&self) -> Time {
        self.now.max(self.world.clock.time)
    }

    fn answer_age_max(&self) -> Span {
        self.world.code.rules.answer_age_max
    }
}
