//! No negative balance. Scrip and quotas are unsigned, so nobody *has* less than nothing; what could go wrong is the account of what is
//! set aside: it is exactly what the open reservations say. (A thought that cost more than its reservation can leave less in the stock
//! than other open ones set aside; then [`crate::Account::free`] is nothing, and nothing more begins.)

use std::collections::BTreeMap;

use ecology_types::{Key, Resource};

use super::Broken;
use crate::world::World;

impl World {
    pub(super) fn what_is_set_aside_is_reserved(&self) -> Result<(), Broken> {
        let law = "no negative balance";
        let mut reserved: BTreeMap<Key, u64> = BTreeMap::new();
        for (_, open) in self.reservations.iter() {
            *reserved.entry(open.principal).or_default() += open.charges[Resource::LlmBudget];
        }
        for (key, account) in self.accounts.iter() {
            let open = reserved.get(&key).copied().unwrap_or(0);
            if account.budget_reserved != open {
                let set_aside = account.budget_reserved;
                let detail = format!(
                    "{} has {set_aside} micro-dollars set aside for reservations of {open}",
                    self.id(key)
                );
                return Err(Broken { law, detail });
            }
        }
        Ok(())
    }
}
