//! The old implementation: configured numbers, accounted for in this process.

use ecology_types::{Axis, Charges, Key, Side};

use crate::register::Register;
use crate::{Capacity, EnforceError, Limit, Plan, ResourceLimits, Verdict};

/// Keeps accounts of plans and judges actions by them; nothing of the machine is asked or changed.
///
/// An action that exceeds its plan is flagged when it is measured, or refused when its estimate exceeds it; it cannot be stopped halfway. Limits
/// on processes are planned and accounted for, but an action inside of this process starts none.
#[derive(Debug, Clone)]
pub struct ConfigLimits {
    capacity: Capacity,
    plans: Register,
    /// Sums of the plans in force, in the order of [`Limit::ALL`].
    sums: [u64; Limit::ALL.len()],
}

impl ConfigLimits {
    /// Limits over this capacity, with no plan in force.
    #[must_use]
    pub const fn new(capacity: Capacity) -> Self {
        Self { capacity, plans: Register::new(), sums: [0; Limit::ALL.len()] }
    }

    /// What there is for all together.
    #[must_use]
    pub const fn capacity(&self) -> &Capacity {
        &self.capacity
    }

    /// What the plans in force leave of one limit.
    #[must_use]
    pub fn free(&self, limit: Limit) -> u64 {
        let taken = Limit::ALL.into_iter().zip(self.sums).find(|(other, _)| *other == limit);
        self.capacity.amount(limit).saturating_sub(taken.map_or(0, |(_, sum)| sum))
    }
}

impl ResourceLimits for ConfigLimits {
    fn name(&self) -> &'static str {
        Axis::ResourceLimits.implementation(Side::Old)
    }

    fn plan(&self, shares: &Charges) -> Plan {
        self.capacity.plan(shares)
    }

    fn enforce(&mut self, principal: Key, plan: &Plan) -> Result<(), EnforceError> {
        if plan.window != self.capacity.window {
            return Err(EnforceError::WindowDiffers { asked: plan.window, window: self.capacity.window });
        }
        let former = self.plans.get(principal).copied().unwrap_or_default();
        let mut sums = self.sums;
        for (limit, sum) in Limit::ALL.into_iter().zip(&mut sums) {
            // Sums are those of the plans in force, so the former amount is part of them.
            let others = *sum - former.amount(limit);
            let free = self.capacity.amount(limit).saturating_sub(others);
            let asked = plan.amount(limit);
            if asked > free {
                return Err(EnforceError::OverCapacity { limit, asked, free });
            }
            *sum = others + asked;
        }
        self.sums = sums;
        self.plans.insert(principal, plan);
        Ok(())
    }

    fn release(&mut self, principal: Key) {
        if let Some(former) = self.plans.remove(principal) {
            for (limit, sum) in Limit::ALL.into_iter().zip(&mut self.sums) {
                *sum -= former.amount(limit);
            }
        }
    }

    fn enforced(&self, principal: Key) -> Option<Plan> {
        self.plans.get(principal).copied()
    }

    fn admit(&self, principal: Key, usage: &Charges) -> Verdict {
        self.plans.get(principal).map_or(Verdict::NoPlan, |plan| Verdict::on(plan, usage))
    }
}
