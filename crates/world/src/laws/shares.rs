//! The shares of one resource add up to at most what the provider has, and the limiter grants what the ledger says.

use ecology_types::{Resource, ResourceKind};

use super::Broken;
use crate::world::World;

impl World {
    pub(super) fn shares_fit_capacity(&self) -> Result<(), Broken> {
        for resource in Resource::ALL {
            let sum = self
                .accounts
                .iter()
                .map(|(_, account)| account.quotas[resource])
                .fold(0, u64::saturating_add);
            if sum > self.rules.capacity[resource] {
                let detail =
                    format!("{sum} of {resource} are shared out of {}", self.rules.capacity[resource]);
                return Err(Broken { law: "shares add up to at most the provider's capacity", detail });
            }
            if resource.kind() == ResourceKind::Renewable {
                for (key, account) in self.accounts.iter() {
                    let share = self.parts.limiter.share(key, resource);
                    if share != account.quotas[resource] {
                        let detail = format!(
                            "{} holds {} of {resource} and the limiter grants {share}",
                            self.id(key),
                            account.quotas[resource]
                        );
                        return Err(Broken { law: "the limiter grants what the ledger says", detail });
                    }
                }
            }
        }
        Ok(())
    }
}
