//! The world as it would be after the effects that have been planned so far.

use ecology_contracts::AccessView;
use ecology_types::{ArtifactRecord, Effect, EventCount, Key, Scrip, Span, Time, Value};

use crate::event_log::Event;
use crate::world::World;

/// The present state with planned effects on top, for whoever decides about the next one.
pub(crate) struct During<'a> {
    world: &'a World,
    events: &'a [Event],
    now: Time,
}

impl World {
    /// The state as it would be after these effects.
    pub(crate) const fn during<'a>(&'a self, events: &'a [Event], now: Time) -> During<'a> {
        During { world: self, events, now }
    }

    /// A balance as it would be after these effects.
    pub(crate) fn scrip_during(&self, key: Key, events: &[Event]) -> Scrip {
        let mut scrip = self.accounts.scrip(key);
        for event in events {
            if let Effect::ScripTransferred { from, to, amount, .. } = &event.effect
                && from != to
            {
                if *from == key {
                    scrip = Scrip(scrip.0.saturating_sub(amount.0));
                } else if *to == key {
                    scrip = Scrip(scrip.0.saturating_add(amount.0));
                }
            }
        }
        scrip
    }

    /// What an executable keeps as it would be after these effects, with its version.
    pub(crate) fn state_during<'a>(&'a self, key: Key, events: &'a [Event]) -> (u64, &'a Value) {
        events
            .iter()
            .rev()
            .find_map(|event| match &event.effect {
                Effect::StateSet { key: set, version, state } if *set == key => Some((*version, state)),
                _ => None,
            })
            .unwrap_or_else(|| self.code.state(key))
    }
}

impl AccessView for During<'_> {
    fn artifact(&self, key: Key) -> Option<&ArtifactRecord> {
        self.world.live(key)
    }

    fn balance(&self, key: Key) -> Scrip {
        self.world.scrip_during(key, self.events)
    }

    fn contract_depth_max(&self) -> u32 {
        self.world.contract_depth_max()
    }

    fn state_version(&self, key: Key) -> u64 {
        self.world.state_during(key, self.events).0
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
