//! Scrip is conserved except by the mint: all balances together are what was minted.

use super::Broken;
use crate::world::World;

impl World {
    pub(super) fn scrip_is_conserved(&self) -> Result<(), Broken> {
        let sum = self.accounts.iter().map(|(_, account)| account.scrip.0).fold(0, u64::saturating_add);
        if sum == self.accounts.supply().0 {
            return Ok(());
        }
        let detail = format!("balances add up to {sum}, {} were minted", self.accounts.supply());
        Err(Broken { law: "scrip is conserved except by the mint", detail })
    }
}
