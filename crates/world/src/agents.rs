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
#[serde(from = "Saved")]
pub struct Agents {
    slot_of: Vec<u32>,
    keys: Vec<Key>,
    loops: Vec<AgentLoop>,
    /// Conditions of the latest sleepers, to be shared by the next ones.
    #[serde(skip)]
    latest: VecDeque<Arc<[WakeCondition]>>,
}

/// What is kept of them. Equal conditions are brought together again when it is read back.
#[derive(Deserialize)]
struct Saved {
    slot_of: Vec<u32>,
    keys: Vec<Key>,
    loops: Vec<AgentLoop>,
}

impl From<Saved> for Agents {
    fn from(Saved { mut slot_of, mut keys, mut loops }: Saved) -> Self {
        let mut latest = VecDeque::new();
        for row in &mut loops {
            if let LoopState::Sleeping { on, .. } = &mut row.state {
                *on = shared(&mut latest, on);
            }
        }
        slot_of.shrink_to_fit();
        keys.shrink_to_fit();
        loops.shrink_to_fit();
        Self { slot_of, keys, loops, latest }
    }
}

/// How many lists of conditions are remembered: a population mostly sleeps in a few ways.
const LATEST_MAX: usize = 8;

/// The list that is there already, where one of the latest is the same.
fn shared(latest: &mut VecDeque<Arc<[WakeCondition]>>, on: &[WakeCondition]) -> Arc<[WakeCondition]> {
    if let Some(same) = latest.iter().find(|list| ***list == *on) {
        return Arc::clone(same);
    }
    if latest.len() >= LATEST_MAX {
        latest.pop_front();
    }
    let list: Arc<[WakeCondition]> = on.into();
    latest.push_back(Arc::clone(&list));
    list
}

impl Agents {
    const NO_SLOT: u32 = u32::MAX;

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
        let on = shared(&mut self.latest, on);
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
        let saved = postcard::to_stdvec(&agents).unwrap();
        agents = postcard::from_bytes(&saved).unwrap();
        assert_eq!(postcard::to_stdvec(&agents).unwrap(), saved);
        let list = |key| match &agents.get(Key(key)).unwrap().state {
            LoopState::Sleeping { on, .. } => Arc::clone(on),
            state => panic!("{state:?}"),
        };
        assert!(Arc::ptr_eq(&list(0), &list(18)), "also after a restart");
    }
}
