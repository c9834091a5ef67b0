//! Whether an action kept to its plan.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Limit, Plan};
use ecology_types::Charges;

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
    pub fn on(plan: &Plan, usage: &Charges) -> Self {
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
