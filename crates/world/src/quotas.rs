//! The shares and stocks of one principal.

use std::ops::Index;
use std::sync::Arc;

use ecology_types::{Charges, Resource};
use serde::{Deserialize, Serialize};

/// One amount for every resource. The money, which every thought changes, is each principal's own; the others change by trade only, so those who
/// were given the same share one copy until then.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Charges", into = "Charges")]
pub struct Quotas {
    budget: u64,
    /// The others. Its place for the budget is zero.
    others: Arc<Charges>,
}

impl Quotas {
    /// All of them as one vector.
    #[must_use]
    pub fn charges(&self) -> Charges {
        Charges::with(*self.others, Resource::LlmBudget, self.budget)
    }

    /// Whether there is nothing of anything.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.budget == 0 && self.others.is_none()
    }

    pub(crate) fn set(&mut self, resource: Resource, amount: u64) {
        match resource {
            Resource::LlmBudget => self.budget = amount,
            _ if self.others[resource] != amount => Arc::make_mut(&mut self.others)[resource] = amount,
            _ => {}
        }
    }

    /// Keeps one copy with `other` of what both have alike.
    pub(crate) fn share(&mut self, other: &Self) {
        if self.others == other.others {
            self.others = Arc::clone(&other.others);
        }
    }

    #[cfg(test)]
    pub(crate) fn is_shared_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.others, &other.others)
    }
}

impl Index<Resource> for Quotas {
    type Output = u64;

    fn index(&self, resource: Resource) -> &u64 {
        match resource {
            Resource::LlmBudget => &self.budget,
            _ => &self.others[resource],
        }
    }
}

impl From<Charges> for Quotas {
    fn from(mut charges: Charges) -> Self {
        let budget = std::mem::take(&mut charges[Resource::LlmBudget]);
        Self { budget, others: Arc::new(charges) }
    }
}

impl From<Quotas> for Charges {
    fn from(quotas: Quotas) -> Self {
        quotas.charges()
    }
}
