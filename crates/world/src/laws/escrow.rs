//! An escrowed thing is in exactly one place: listed once, and held by escrow.

use ecology_types::{GenesisArtifact, Good, Key, Scrip};

use super::Broken;
use crate::world::World;

impl World {
    pub(super) fn escrow_holds_what_it_lists(&self) -> Result<(), Broken> {
        let law = "an escrowed thing is in exactly one place";
        let escrow = GenesisArtifact::Escrow.key();
        let mut scrip = Scrip::ZERO;
        let mut listed: Vec<Key> = Vec::new();
        for order in self.book.iter() {
            match order.good {
                None => scrip = Scrip(scrip.0 + order.price.0),
                Some(Good::Artifact(key) | Good::Agent(key)) => {
                    if self.live(key).is_none_or(|record| record.owner != escrow) {
                        let detail =
                            format!("order {} lists {}, which escrow does not hold", order.id, self.id(key));
                        return Err(Broken { law, detail });
                    }
                    listed.push(key);
                }
                Some(Good::Right { .. }) => {}
            }
        }
        let count = listed.len();
        listed.sort_unstable();
        listed.dedup();
        if listed.len() != count {
            return Err(Broken { law, detail: "one good is listed twice".to_owned() });
        }
        let held = self.accounts.scrip(escrow);
        if held != scrip {
            return Err(Broken { law, detail: format!("escrow holds {held} scrip for offers of {scrip}") });
        }
        Ok(())
    }
}
