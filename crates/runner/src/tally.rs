//! Counting what happened, for reports.

use std::collections::{BTreeMap, BTreeSet};

use ecology_types::{Effect, EventKind, Key, MintReason, RefusalCode, SmolStr};
use ecology_world::{Event, World};

use crate::host::Observer;

/// Names of methods that are counted apart.
const NAMES_MAX: usize = 1_000;

/// Counts over all events of a world: what a report says beyond the final state.
#[derive(Debug, Default, PartialEq, Eq)]
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

/// A tally as bytes, in the order of these fields.
#[derive(serde::Serialize, serde::Deserialize)]
struct Saved {
    kinds: Vec<u64>,
    refused: BTreeMap<RefusalCode, u64>,
    volume: u64,
    minted: u64,
    basic_income: u64,
    plans_exceeded: BTreeSet<Key>,
    loops_stopped: u64,
    exceeded_in: u64,
    deprecations: BTreeSet<SmolStr>,
    done: BTreeMap<Key, Vec<(SmolStr, u64)>>,
    verbs: Vec<u64>,
}

impl Observer for Tally {
    fn memory(&self) -> Option<Vec<u8>> {
        let Self {
            kinds,
            refused,
            volume,
            minted,
            basic_income,
            plans_exceeded,
            loops_stopped,
            exceeded_in,
            deprecations,
            done,
            done_len: _,
            verbs,
        } = self;
        let saved = Saved {
            kinds: kinds.clone(),
            refused: refused.clone(),
            volume: *volume,
            minted: *minted,
            basic_income: *basic_income,
            plans_exceeded: plans_exceeded.clone(),
            loops_stopped: *loops_stopped,
            exceeded_in: *exceeded_in,
            deprecations: deprecations.clone(),
            done: done.iter().map(|(target, methods)| (*target, methods.clone())).collect(),
            verbs: verbs.to_vec(),
        };
        postcard::to_stdvec(&saved).ok()
    }

    fn recall(&mut self, memory: &[u8]) -> bool {
        let Ok((saved, [])) = postcard::take_from_bytes::<Saved>(memory) else { return false };
        let Ok(verbs) = saved.verbs.try_into() else { return false };
        *self = Self {
            kinds: saved.kinds,
            refused: saved.refused,
            volume: saved.volume,
            minted: saved.minted,
            basic_income: saved.basic_income,
            plans_exceeded: saved.plans_exceeded,
            loops_stopped: saved.loops_stopped,
            exceeded_in: saved.exceeded_in,
            deprecations: saved.deprecations,
            done_len: saved.done.values().map(Vec::len).sum(),
            done: saved.done.into_iter().collect(),
            verbs,
        };
        true
    }

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
