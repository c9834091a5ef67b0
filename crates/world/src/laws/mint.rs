//! The mint holds what is bid and what is left over.

use ecology_types::GenesisArtifact;

use super::Broken;
use crate::world::World;

impl World {
    pub(super) fn mint_holds_what_is_bid(&self) -> Result<(), Broken> {
        let bids = self.mint.bids().map(|bid| bid.amount.0).fold(0, u64::saturating_add);
        let held = self.accounts.scrip(GenesisArtifact::Mint.key());
        if held.0 == bids + self.mint.pool.0 {
            return Ok(());
        }
        let detail =
            format!("the mint holds {held} scrip for bids of {bids} and a pool of {}", self.mint.pool);
        Err(Broken { law: "the mint holds what is bid and what is left over", detail })
    }
}
