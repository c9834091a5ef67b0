//! Who is a principal and who is an agent.

use ecology_types::{Key, Snug};

/// Ascending lists, kept up to date with every change, so that asking for them costs nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Roster {
    principals: Vec<Key>,
    agents: Vec<Key>,
}

impl Roster {
    pub(crate) fn principals(&self) -> &[Key] {
        &self.principals
    }

    pub(crate) fn agents(&self) -> &[Key] {
        &self.agents
    }

    /// `key` is a live principal, and an agent or not.
    pub(crate) fn enter(&mut self, key: Key, is_agent: bool) {
        insert(&mut self.principals, key);
        if is_agent { insert(&mut self.agents, key) } else { remove(&mut self.agents, key) }
    }

    /// `key` is no live principal any more.
    pub(crate) fn leave(&mut self, key: Key) {
        remove(&mut self.principals, key);
        remove(&mut self.agents, key);
    }
}

fn insert(keys: &mut Vec<Key>, key: Key) {
    // New keys are the highest, so this is a push in all but odd histories.
    if keys.last().is_none_or(|last| *last < key) {
        keys.push_snug(key);
    } else if let Err(at) = keys.binary_search(&key) {
        keys.insert(at, key);
    }
}

fn remove(keys: &mut Vec<Key>, key: Key) {
    if let Ok(at) = keys.binary_search(&key) {
        keys.remove(at);
    }
}
