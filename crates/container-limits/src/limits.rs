//! The trait that all implementations share.

use ecology_shadow::{Comparison, Report};
use ecology_types::{Charges, Key};

use crate::{EnforceError, Plan, Verdict};

/// Makes plans out of shares, enforces them, and judges what was used.
pub trait ResourceLimits: Send + Sync {
    /// The name of the implementation in flags and reports.
    fn name(&self) -> &'static str;

    /// The plan of a principal with these shares. Pure and monotone.
    fn plan(&self, shares: &Charges) -> Plan;

    /// Puts a plan in force for a principal, in place of the one it has.
    ///
    /// # Errors
    /// [`EnforceError`]; the plan that was in force stays.
    fn enforce(&mut self, principal: Key, plan: &Plan) -> Result<(), EnforceError>;

    /// Takes a principal out: its plan makes room for others. Without effect when it has none.
    fn release(&mut self, principal: Key);

    /// The plan that is in force for a principal.
    fn enforced(&self, principal: Key) -> Option<Plan>;

    /// Whether what one action uses, estimated or measured, is within its principal's plan. Changes nothing.
    fn admit(&self, principal: Key, usage: &Charges) -> Verdict;

    /// The comparison with another implementation, when this is a shadow pair.
    fn comparison(&self) -> Option<&Comparison> {
        None
    }

    /// What that comparison found so far.
    fn shadow_report(&self) -> Option<Report> {
        self.comparison().map(Comparison::report)
    }
}
