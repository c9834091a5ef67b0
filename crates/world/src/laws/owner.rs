//! Each artifact has one owner of record, and is found under that one and under nobody else.

use std::collections::BTreeSet;

use ecology_ontology::Query;
use ecology_types::Key;

use super::Broken;
use crate::world::World;

impl World {
    pub(super) fn each_artifact_has_one_owner(&self) -> Result<(), Broken> {
        let law = "each artifact has one owner of record";
        let mut owners = BTreeSet::new();
        for at in 0..self.symbols.len() {
            let Ok(at) = u32::try_from(at) else { break };
            let Some(record) = self.live(Key(at)) else { continue };
            owners.insert(record.owner);
            owners.extend(self.principal(Key(at)).map(|principal| principal.owner));
            if record.key != Key(at) {
                let detail = format!("{} is kept in the place of {}", self.id(record.key), self.id(Key(at)));
                return Err(Broken { law, detail });
            }
            if record.owner.index() >= self.symbols.len() {
                let detail = format!("{} is owned by {}, which nobody is", self.id(Key(at)), record.owner.0);
                return Err(Broken { law, detail });
            }
        }
        // Which artifacts a search shows at all is the affair of the schema; under its owner it shows each of them, and under nobody else. Two
        // that share an id, which a legacy world may have left, are one key under two owners.
        let keys = |owner| {
            let query = Query { owner, limit: u32::MAX, ..Query::default() };
            self.parts.ontology.search(&query, &|_| true).keys
        };
        let mut found = BTreeSet::new();
        for owner in owners {
            for key in keys(Some(owner)) {
                let of_owner = [self.live(key), self.principal(key)]
                    .into_iter()
                    .flatten()
                    .any(|record| record.owner == owner);
                if !of_owner {
                    let detail =
                        format!("{} is found under {}, who does not own it", self.id(key), self.id(owner));
                    return Err(Broken { law, detail });
                }
                found.insert(key);
            }
        }
        let all = keys(None);
        if all.iter().copied().eq(found.iter().copied()) {
            return Ok(());
        }
        let detail = format!("{} artifacts can be found, {} under their owners", all.len(), found.len());
        Err(Broken { law, detail })
    }
}
