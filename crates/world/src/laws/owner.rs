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
            if record.key != Key(at) {
                let detail = format!("{} is kept in the place of {}", self.id(record.key), self.id(Key(at)));
                return Err(Broken { law, detail });
            }
            if record.owner.index() >= self.symbols.len() {
                let detail = format!("{} is owned by {}, which nobody is", self.id(Key(at)), record.owner.0);
                return Err(Broken { law, detail });
            }
        }
        // Which artifacts a search shows at all is the affair of the schema; under its owner it shows each of them once.
        let count = |owner| self.parts.ontology.count(&Query { owner, ..Query::default() }, &|_| true);
        let all = count(None);
        let found: u64 = owners.into_iter().map(|owner| count(Some(owner))).sum();
        if found == all {
            return Ok(());
        }
        Err(Broken { law, detail: format!("{all} artifacts can be found, {found} under their owners") })
    }
}
