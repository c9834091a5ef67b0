//! The world as it would be after the effects that have been planned so far.

use ecology_contracts::AccessView;
use ecology_types::{ArtifactRecord, Effect, Key, Scrip, Value};

use crate::world::World;

/// The present state with planned effects on top, for whoever decides about the next one.
pub(crate) struct During<'a> {
    world: &'a World,
    effects: &'a [Effect],
}

impl World {
    /// The state as it would be after these effects.
    pub(crate) const fn during<'a>(&'a self, effects: &'a [Effect]) -> During<'a> {
        During { world: self, effects }
    }

    /// A balance as it would be after these effects.
    pub(crate) fn scrip_during(&self, key: Key, effects: &[Effect]) -> Scrip {
        let mut scrip = self.accounts.scrip(key);
        for effect in effects {
            if let Effect::ScripTransferred { from, to, amount, .. } = effect
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
    pub(crate) fn state_during<'a>(&'a self, key: Key, effects: &'a [Effect]) -> (u64, &'a Value) {
        effects
            .iter()
            .rev()
            .find_map(|effect| match effect {
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
        self.world.scrip_during(key, self.effects)
    }

    fn contract_depth_max(&self) -> u32 {
        self.world.contract_depth_max()
    }
}
