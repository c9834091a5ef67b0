//! Many principals at once.

use std::collections::BTreeSet;

use ecology_types::{Charges, Effect, Founder, Key, MintReason, Scrip, Time};

use super::create::founder_record;
use crate::step::{Plan, StepError};
use crate::world::World;

impl World {
    /// Adds principals, all or none. What is shared out already is summed up once, so that a population of any size takes linear time.
    pub(crate) fn decide_founders(
        &self,
        founders: &[Founder],
        now: Time,
        plan: &mut Plan,
    ) -> Result<(), StepError> {
        let mut shared = Charges::NONE;
        for (_, account) in self.accounts.iter() {
            shared = shared.saturating_add(&account.quotas.charges());
        }
        let mut supply = self.accounts.supply();
        let mut ids = BTreeSet::new();
        let first = self.symbols.next().0;
        for (key, founder) in (first..).map(Key).zip(founders) {
            self.check_newcomer(founder)?;
            if !ids.insert(founder.id.as_str()) {
                let problem = format!("{} is there twice; every id is used once", founder.id);
                return Err(StepError::Contradiction(problem));
            }
            supply = supply.checked_add(founder.scrip).ok_or_else(|| {
                StepError::Contradiction(format!("there can be at most {} scrip", Scrip::TOTAL_MAX))
            })?;
            shared = shared.saturating_add(&founder.quotas);
            for (resource, amount) in founder.quotas.iter() {
                if shared[resource] > self.rules.capacity[resource] {
                    let problem = format!(
                        "a share of {amount} {resource} for {} exceeds what is left of the capacity of {}",
                        founder.id, self.rules.capacity[resource]
                    );
                    return Err(StepError::Contradiction(problem));
                }
            }
            plan.push(Effect::Interned { key, id: founder.id.clone() });
            plan.push(Effect::ArtifactCreated(Box::new(founder_record(founder, key, now))));
            if founder.scrip > Scrip::ZERO {
                plan.push(Effect::Minted { to: key, amount: founder.scrip, reason: MintReason::Endowment });
            }
            for (resource, amount) in founder.quotas.iter() {
                plan.push(Effect::QuotaSet { principal: key, resource, amount });
            }
        }
        if self.symbols.len().saturating_add(founders.len()) > self.rules.limits.artifacts_max as usize {
            let problem = format!("the world holds at most {} ids", self.rules.limits.artifacts_max);
            return Err(StepError::Contradiction(problem));
        }
        Ok(())
    }

    fn check_newcomer(&self, founder: &Founder) -> Result<(), StepError> {
        let problem = if founder.id.as_str().starts_with("genesis") {
            format!("{} begins with genesis, which is reserved; rename it", founder.id)
        } else if founder.id.as_str().len() > self.rules.limits.id_bytes_max as usize {
            format!("{} has more than {} bytes; shorten it", founder.id, self.rules.limits.id_bytes_max)
        } else if self.symbols.key(founder.id.as_str()).is_some() {
            format!("{} is in use already; choose another id", founder.id)
        } else {
            return Ok(());
        };
        Err(StepError::Contradiction(problem))
    }
}
