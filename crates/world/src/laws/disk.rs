//! Every byte of content is charged to somebody.

use ecology_types::{ArtifactRecord, GenesisArtifact, Good, Key};

use super::Broken;
use crate::world::World;

impl World {
    pub(super) fn disk_adds_up(&self) -> Result<(), Broken> {
        let escrow = GenesisArtifact::Escrow.key();
        let mut used: std::collections::BTreeMap<Key, u64> = std::collections::BTreeMap::new();
        let sellers: std::collections::BTreeMap<Key, Key> = self
            .book
            .iter()
            .flat_map(|order| order.good.iter().flat_map(Good::parts).map(|part| (part, order.owner)))
            .filter_map(|(part, seller)| Some((part.artifact()?, seller)))
            .collect();
        let mut add = |record: &ArtifactRecord| {
            let bearer = if record.owner == escrow {
                sellers.get(&record.key).copied().unwrap_or(escrow)
            } else {
                record.owner
            };
            *used.entry(bearer).or_default() += self.disk_bytes(record);
        };
        for at in 0..self.symbols.len() {
            let Ok(at) = u32::try_from(at) else { break };
            let key = Key(at);
            if let Some(record) = self.live(key) {
                add(record);
            }
            if let Some(record) = self.principal(key)
                && self.live(key).is_none_or(|live| !std::ptr::eq(live, record))
            {
                add(record);
            }
        }
        for (key, account) in self.accounts.iter() {
            let expected = used.get(&key).copied().unwrap_or(0);
            if expected != account.disk_used_bytes {
                let detail = format!(
                    "{} owns {expected} bytes and is charged for {}",
                    self.id(key),
                    account.disk_used_bytes
                );
                return Err(Broken { law: "every byte of content is charged to somebody", detail });
            }
        }
        Ok(())
    }
}
