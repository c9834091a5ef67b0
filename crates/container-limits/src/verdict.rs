//! Whether an action kept to its plan.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Limit, Plan};
use ecology_types::{Charges, Resource};

/// What an action used, against the plan of its principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// Within every limit.
    Within,
    /// Above a limit; the first one in the order of [`Limit::ALL`].
    Exceeds {
        /// Which one.
        limit: Limit,
        /// What the action used.
        used: u64,
        /// What the plan allows.
        allowed: u64,
    },
    /// The principal has no plan and may use nothing.
    NoPlan,
}

impl Verdict {
    /// The verdict on one action. A rate is exceeded here only by an action that alone uses more than a whole window gives; usage over
    /// several actions is the rate limiter's affair. Resources of language models and what a plan does not limit are not looked at.
    #[must_use]
    #[inline]
    pub fn on(plan: &Plan, usage: &Charges) -> Self {
        // Nearly everything is within; all comparisons at once say so sooner than one after the other.
        let is_within = (usage[Resource::Memory] <= plan.memory_bytes)
            & (usage[Resource::Cpu] <= plan.cpu_us)
            & (usage[Resource::Disk] <= plan.disk_bytes)
            & (usage[Resource::DiskWrites] <= plan.disk_write_bytes)
            & (usage[Resource::Bandwidth] <= plan.bandwidth_bytes);
        if is_within { Self::Within } else { Self::first_exceeded(plan, usage) }
    }

    #[cold]
    fn first_exceeded(plan: &Plan, usage: &Charges) -> Self {
        for limit in Limit::ALL {
            let (used, allowed) =
                (limit.resource().map_or(0, |resource| usage[resource]), plan.amount(limit));
            if used > allowed {
                return Self::Exceeds { limit, used, allowed };
            }
        }
        Self::Within
    }

    /// Whether nothing was exceeded.
    #[must_use]
    pub const fn is_within(self) -> bool {
        matches!(self, Self::Within)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Within => f.write_str("within the plan"),
            Self::Exceeds { limit, used, allowed } => {
                write!(f, "used {used} of {limit} where the plan allows {allowed}")
            }
            Self::NoPlan => f.write_str("no plan is in force, so nothing may be used"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_counts_up_to_its_amount() {
        let mut plan = Plan::default();
        for limit in Limit::ALL {
            plan = plan.with(limit, 10);
        }
        for resource in Resource::ALL {
            let limit = Limit::ALL.into_iter().find(|limit| limit.resource() == Some(resource));
            for used in [9, 10, 11] {
                let usage = Charges::of(resource, used);
                let expected = match limit {
                    Some(limit) if used > 10 => Verdict::Exceeds { limit, used, allowed: 10 },
                    _ => Verdict::Within,
                };
                assert_eq!(Verdict::on(&plan, &usage), expected, "{resource}");
            }
        }
        let usage = Charges::of(Resource::Bandwidth, 11).with(Resource::Cpu, 12);
        let first = Verdict::Exceeds { limit: Limit::Cpu, used: 12, allowed: 10 };
        assert_eq!(Verdict::on(&plan, &usage), first, "the first in the order of the limits");
    }
}
