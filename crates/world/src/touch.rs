//! Fetching what a turn needs before it is needed.

use ecology_types::{Action, Key, Value};

use crate::world::World;

impl World {
    /// Brings what a turn of `agent` with this action reads and writes into the processor's cache. Changes nothing.
    ///
    /// In a large world the rows of the next agent are never in the cache, and a turn that waits for one row after the other waits most of its
    /// time. Whoever carries out many turns touches those of several agents first: memory then fetches their rows side by side. The number
    /// that comes back depends on all that was read and means nothing; give it to [`std::hint::black_box`].
    #[must_use]
    pub fn touch(&self, agent: Key, action: &Action) -> u64 {
        let record = self.principal(agent).map_or(0, |record| record.version);
        let account = self.accounts.get(agent).map_or(0, |account| account.scrip.0 ^ account.budget_reserved);
        let usage = self.usage.find(agent).map_or(0, |usage| usage.actions_done ^ usage.counted.0[7]);
        let measured = self.measured.find(agent).map_or(0, |measured| measured.cpu_ns);
        let state = self.agents.get(agent).map_or(0, |row| u64::from(row.errors_in_row));
        let limiter = self.parts.limiter.touch(agent);
        record ^ account ^ usage ^ measured ^ state ^ limiter ^ self.touch_named(action)
    }

    /// Who an invocation is about is named in its arguments.
    fn touch_named(&self, action: &Action) -> u64 {
        let Action::Invoke { args: Value::Map(pairs), .. } = action else { return 0 };
        let named = pairs.iter().filter_map(|(_, value)| self.symbols.key(value.as_text()?));
        named.fold(0, |seen, key| {
            seen ^ self.accounts.scrip(key).0 ^ self.inboxes.touch(key) ^ u64::from(self.principal(key).is_some())
        })
    }
}
