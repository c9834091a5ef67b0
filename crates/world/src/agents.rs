//! The life of agents' loops, as far as the world remembers it.

use std::collections::VecDeque;
use std::sync::Arc;

use ecology_types::{Key, Resource, Snug, Time, WakeCondition};
use serde::{Deserialize, Serialize};

/// What an agent's loop is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LoopState {
    /// It never began.
    #[default]
    New,
    /// It thinks or acts, or may at any moment.
    Running,
    /// It sleeps.
    Sleeping {
        /// Until when at the latest.
        until: Option<Time>,
        /// What wakes it earlier. Sleepers with the same conditions mostly share them.
        on: Arc<[WakeCondition]>,
    },
    /// It waits for capacity: frozen, when nothing but a transfer can help.
    Blocked {
        /// Of what.
        resource: Resource,
        /// Until when.
        until: Option<Time>,
    },
    /// It failed and tries again later.
    BackingOff {
        /// When.
        until: Time,
    },
    /// It failed too often.
    Paused,
    /// It ended.
    Stopped,
}

/// One agent's loop.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentLoop {
    /// What it is doing.
    pub state: LoopState,
    /// Errors since its last success.
    pub errors_in_row: u32,
}

/// All loops, in a slab in the order in which they began.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Agents {
    slot_of: Vec<u32>,
    keys: Vec<Key>,
    loops: Vec<AgentLoop>,
    /// Conditions of the latest sleepers, to be shared by the next ones.
    #[serde(skip)]
    latest: VecDeque<Arc<[WakeCondition]>>,
}

impl Agents {
    const NO_SLOT: u32 = u32::MAX;
    /// How many lists of conditions are remembered: a population mostly sleeps in a few ways.
    const LATEST_MAX: usize = 8;

    /// The loop of an agent that has begun.
    #[must_use]
    pub fn get(&self, agent: Key) -> Option<&AgentLoop> {
        let slot = *self.slot_of.get(agent.index())?;
        self.loops.get(slot as usize)
    }

    /// All loops with their agents, in the order in which they began.
    pub fn iter(&self) -> impl Iterator<Item = (Key, &AgentLoop)> {
        self.keys.iter().copied().zip(&self.loops)
    }

    pub(crate) fn entry(&mut self, agent: Key) -> &mut AgentLoop {
        self.slot_of.reach(agent.index() + 1, || Self::NO_SLOT);
        if self.slot_of[agent.index()] == Self::NO_SLOT {
            self.slot_of[agent.index()] = u32::try_from(self.loops.len()).unwrap_or(Self::NO_SLOT);
            self.keys.push_snug(agent);
            self.loops.push_snug(AgentLoop::default());
        }
        &mut self.loops[self.slot_of[agent.index()] as usize]
    }

    pub(crate) fn sleep(&mut self, agent: Key, until: Option<Time>, on: &[WakeCondition]) {
        let on = match self.latest.iter().find(|list| ***list == *on) {
            Some(same) => Arc::clone(same),
            None => {
                if self.latest.len() >= Self::LATEST_MAX {
                    self.latest.pop_front();
                }
                let list: Arc<[WakeCondition]> = on.into();
                self.latest.push_back(Arc::clone(&list));
                list
            }
        };
        self.entry(agent).state = LoopState::Sleeping { until, on };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_conditions_are_kept_once() {
        let on = |scrip| [WakeCondition::ScripAtLeast(ecology_types::Scrip(scrip))];
        let mut agents = Agents::default();
        for key in (0..20).map(Key) {
            agents.sleep(key, None, &on(u64::from(key.0 % 2)));
        }
        let list = |key| match &agents.get(Key(key)).unwrap().state {
            LoopState::Sleeping { on, .. } => Arc::clone(on),
            state => panic!("{state:?}"),
        };
        assert!(Arc::ptr_eq(&list(0), &list(18)) && Arc::ptr_eq(&list(1), &list(19)));
        assert_eq!((&*list(4), &*list(7)), (&on(0)[..], &on(1)[..]));
    }
}
