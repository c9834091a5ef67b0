//! Counting what happened, for reports.

use std::collections::{BTreeMap, BTreeSet};

use ecology_types::{Effect, EventKind, Key, MintReason, RefusalCode, SmolStr};
use ecology_world::{Event, World};

use crate::host::Observer;

/// Names of methods that are counted apart.
const NAMES_MAX: usize = 1_000;

/// Counts over all events of a world: what a report says beyond the final state.
#[derive(Debug, Default)]
pub struct Tally {
    kinds: Vec<u64>,
    pub(crate) refused: BTreeMap<RefusalCode, u64>,
    pub(crate) volume: u64,
    pub(crate) minted: u64,
    pub(crate) basic_income: u64,
    /// Agents that used more in one turn than their plans allowed.
    pub(crate) plans_exceeded: BTreeSet<Key>,
    /// How many times a loop was stopped for that.
    pub(crate) loops_stopped: u64,
    /// The record of the last such turn.
    exceeded_in: u64,
    /// Codes of deprecations that this run has used.
    pub(crate) deprecations: BTreeSet<SmolStr>,
    /// Methods of each target in the order in which they were first called: a short list that is faster searched than hashed.
    done: rustc_hash::FxHashMap<Key, Vec<(SmolStr, u64)>>,
    done_len: usize,
    verbs: [u64; ecology_types::Verb::COUNT],
}

impl Tally {
    pub(crate) fn count(&self, kind: EventKind) -> u64 {
        self.kinds.get(kind as usize).copied().unwrap_or(0)
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
        for (target, methods) in &self.done {
            for (method, count) in methods {
                named.insert(format!("{}.{method}", world.id(*target)), *count);
            }
        }
        named
    }
}

impl Observer for Tally {
    fn observe(&mut self, _: &World, event: &Event) {
        let kind = event.effect.kind() as usize;
        if self.kinds.len() <= kind {
            self.kinds.resize(EventKind::ALL.len().max(kind + 1), 0);
        }
        self.kinds[kind] += 1;
        match &event.effect {
            Effect::ActionDone { verb, target, method, .. } => match (target, method) {
                (Some(target), Some(method)) => {
                    let methods = self.done.entry(*target).or_default();
                    if let Some((_, count)) = methods.iter_mut().find(|(name, _)| name == method) {
                        *count += 1;
                    } else if self.done_len < NAMES_MAX {
                        self.done_len += 1;
                        methods.push((method.clone(), 1));
                    }
                }
                _ => self.verbs[*verb as usize] += 1,
            },
            Effect::ActionRefused { code, .. } => *self.refused.entry(*code).or_default() += 1,
            Effect::EscrowSold { price, .. } => self.volume = self.volume.saturating_add(price.0),
            Effect::Minted { amount, reason: MintReason::Score, .. } => self.minted += amount.0,
            Effect::RunStarted { .. } => self.deprecations.clear(),
            Effect::LimitExceeded { agent, .. } => {
                self.plans_exceeded.insert(*agent);
                self.exceeded_in = event.cause;
            }
            // Told in the same record: this is why.
            Effect::AgentBlocked { .. } if event.cause == self.exceeded_in => self.loops_stopped += 1,
            Effect::DeprecationUsed { code } => {
                self.deprecations.insert(code.clone());
            }
            Effect::BasicIncomePaid { each, agents, .. } => self.basic_income += each.0 * agents,
            _ => {}
        }
    }
}
