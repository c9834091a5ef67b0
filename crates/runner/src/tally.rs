//! Counting what happened, for reports.

use std::collections::BTreeMap;

use ecology_types::{Effect, EventKind, MintReason, RefusalCode};
use ecology_world::{Event, World};

use crate::host::Observer;

/// Counts over all events of a world.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) kinds: BTreeMap<EventKind, u64>,
    pub(crate) refused: BTreeMap<RefusalCode, u64>,
    pub(crate) volume: u64,
    pub(crate) minted: u64,
    pub(crate) basic_income: u64,
    done: rustc_hash::FxHashMap<(u32, ecology_types::SmolStr), u64>,
    verbs: [u64; ecology_types::Verb::COUNT],
}

impl Tally {
    pub(crate) fn count(&self, kind: EventKind) -> u64 {
        self.kinds.get(&kind).copied().unwrap_or(0)
    }

    /// Actions carried out, by verb or by service and method.
    pub(crate) fn done_by_kind(&self, world: &World) -> BTreeMap<String, u64> {
        let mut named: BTreeMap<String, u64> = BTreeMap::new();
        for verb in ecology_types::Verb::ALL {
            let count = self.verbs[verb as usize];
            if count > 0 {
                named.insert(verb.name().to_owned(), count);
            }
        }
        for ((target, method), count) in &self.done {
            named.insert(format!("{}.{method}", world.id(ecology_types::Key(*target))), *count);
        }
        named
    }
}

impl Observer for Tally {
    fn observe(&mut self, _: &World, event: &Event) {
        *self.kinds.entry(event.effect.kind()).or_default() += 1;
        match &event.effect {
            Effect::ActionDone { verb, target, method, .. } => match (target, method) {
                (Some(target), Some(method)) => {
                    if let Some(count) = self.done.get_mut(&(target.0, method.clone())) {
                        *count += 1;
                    } else if self.done.len() < 1_000 {
                        self.done.insert((target.0, method.clone()), 1);
                    }
                }
                _ => self.verbs[*verb as usize] += 1,
            },
            Effect::ActionRefused { code, .. } => *self.refused.entry(*code).or_default() += 1,
            Effect::EscrowSold { price, .. } => self.volume = self.volume.saturating_add(price.0),
            Effect::Minted { amount, reason: MintReason::Score, .. } => self.minted += amount.0,
            Effect::BasicIncomePaid { each, agents, .. } => self.basic_income += each.0 * agents,
            _ => {}
        }
    }
}
