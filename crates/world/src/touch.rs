//! Fetching what turns need before they need it.

use ecology_types::{Action, Key, Value};

use crate::world::World;

impl World {
    /// Brings what the turns of these agents with these actions read and write into the processor's cache. Changes nothing.
    ///
    /// In a large world the rows of the next agent are never in the cache, and a turn that waits for one row after the other waits most of its
    /// time. Whoever carries out many turns touches those of several agents first: memory then fetches their rows side by side, which is why
    /// this goes through all turns for each kind of row. The number that comes back depends on all that was read and means nothing; give it to
    /// [`std::hint::black_box`], so that nothing is left out.
    #[must_use]
    pub fn touch(&self, turns: &[(Key, Option<&Action>)]) -> u64 {
        let mut seen = 0;
        for (agent, _) in turns {
            seen ^= self.parts.limiter.touch(*agent);
        }
        for (agent, _) in turns {
            seen ^= self.parts.ontology.touch(*agent);
        }
        for (agent, _) in turns {
            seen ^= self.accounts.get(*agent).map_or(0, |account| account.scrip.0 ^ account.budget_reserved);
            seen ^= self.agents.get(*agent).map_or(0, |row| u64::from(row.errors_in_row));
        }
        for (agent, _) in turns {
            seen ^= u64::from(self.usage.touch(*agent) ^ self.measured.touch(*agent));
        }
        for key in turns.iter().filter_map(|(_, action)| self.named((*action)?)) {
            seen ^= self.parts.ontology.touch(key);
            seen ^= self.accounts.scrip(key).0 ^ self.inboxes.touch(key);
        }
        seen
    }

    /// Whom the first argument of an invocation names.
    fn named(&self, action: &Action) -> Option<Key> {
        let Action::Invoke { args: Value::Map(pairs), .. } = action else { return None };
        self.symbols.key(pairs.first()?.1.as_text()?)
    }
}
