//! An escrowed thing is in exactly one place: listed once, and held by escrow.

use ecology_types::{Charges, GenesisArtifact, Good, Key, Scrip};

use super::Broken;
use crate::world::World;

impl World {
    pub(super) fn escrow_holds_what_it_lists(&self) -> Result<(), Broken> {
        let law = "an escrowed thing is in exactly one place";
        let escrow = GenesisArtifact::Escrow.key();
        let mut scrip = Scrip::ZERO;
        let mut listed: Vec<Key> = Vec::new();
        let mut rights = Charges::NONE;
        let mut earning: Vec<Key> = Vec::new();
        for order in self.book.iter() {
            if order.good.is_none() {
                scrip = Scrip(scrip.0 + order.price.0);
            }
            for part in order.good.iter().flat_map(Good::parts) {
                match part {
                    Good::Artifact(key) | Good::Agent(key) => {
                        if self.live(*key).is_none_or(|record| record.owner != escrow) {
                            let detail = format!(
                                "order {} lists {}, which escrow does not hold",
                                order.id,
                                self.id(*key)
                            );
                            return Err(Broken { law, detail });
                        }
                        listed.push(*key);
                    }
                    Good::Revenue(key) => {
                        if self.revenue.apart(*key) != Some(escrow) {
                            let detail = format!(
                                "order {} lists the revenue of {}, which escrow does not hold",
                                order.id,
                                self.id(*key)
                            );
                            return Err(Broken { law, detail });
                        }
                        earning.push(*key);
                    }
                    Good::Right { resource, amount } => {
                        rights[*resource] = rights[*resource].saturating_add(*amount);
                    }
                    Good::Scrip(amount) => scrip = Scrip(scrip.0 + amount.0),
                    Good::Bundle(_) => {
                        let detail = format!("order {} has a bundle in a bundle", order.id);
                        return Err(Broken { law, detail });
                    }
                }
            }
        }
        earning.sort_unstable();
        if earning.as_slice() != self.revenue.held_by(escrow).collect::<Vec<_>>() {
            return Err(Broken { law, detail: "escrow holds a revenue that no order lists once".to_owned() });
        }
        let held = self.accounts.get(escrow).map_or(Charges::NONE, |account| account.quotas.charges());
        if held != rights {
            let detail = format!("escrow holds the rights {held:?} for listings of {rights:?}");
            return Err(Broken { law, detail });
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
