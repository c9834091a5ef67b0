//! The life of agents' loops, as far as the world remembers it.

use ecology_types::{Key, Resource, Time, WakeCondition};
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
        /// What wakes it earlier.
        on: Vec<WakeCondition>,
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
        if self.slot_of.len() <= agent.index() {
            self.slot_of.resize(agent.index() + 1, Self::NO_SLOT);
        }
        if self.slot_of[agent.index()] == Self::NO_SLOT {
            self.slot_of[agent.index()] = u32::try_from(self.loops.len()).unwrap_or(Self::NO_SLOT);
            self.keys.push(agent);
            self.loops.push(AgentLoop::default());
        }
        &mut self.loops[self.slot_of[agent.index()] as usize]
    }
}
