//! Moving limits from one running principal to another.

use ecology_types::Key;

use crate::{EnforceError, Plan, ResourceLimits};

/// Puts two plans in force that a transfer of shares led to: first the giver's lower one, then the receiver's higher one. In this order the
/// plans in force never exceed the capacity in between, and a giver that cannot be lowered, because it uses more at the moment, stops the
/// transfer before anything has changed. When the receiver's plan fails, the giver gets its former one back.
///
/// # Errors
/// What the failing step says; [`EnforceError::NotRestored`] when the giver's former plan could not be put back.
pub fn enforce_transfer(
    limits: &mut dyn ResourceLimits,
    giver: (Key, &Plan),
    receiver: (Key, &Plan),
) -> Result<(), EnforceError> {
    enforce_together(limits, &[(giver.0, Some(*giver.1)), (receiver.0, Some(*receiver.1))])
}

/// Puts the plans of several principals in force that transfers among them led to, all or none; `None` takes a principal out.
///
/// Everybody is first lowered to what is left to them, in the given order, and only then does anybody get more. So the order of the transfers
/// does not matter, nor that somebody gives one resource for another. A principal that is named twice gets the plan that is named last.
///
/// # Errors
/// What the failing step says, with everything as it was before; [`EnforceError::NotRestored`] when a former plan could not be put back.
pub fn enforce_together(
    limits: &mut dyn ResourceLimits,
    plans: &[(Key, Option<Plan>)],
) -> Result<(), EnforceError> {
    let former: Vec<(Key, Option<Plan>)> =
        plans.iter().map(|(principal, _)| (*principal, limits.enforced(*principal))).collect();
    let lowered = plans.iter().zip(&former).try_for_each(|((principal, plan), (_, had))| match (plan, had) {
        (Some(plan), Some(had)) => change(limits, *principal, &plan.at_most(had)),
        (None, _) => {
            limits.release(*principal);
            Ok(())
        }
        (Some(_), None) => Ok(()),
    });
    let raised = lowered.and_then(|()| {
        plans
            .iter()
            .filter_map(|(principal, plan)| Some((*principal, (*plan)?)))
            .try_for_each(|(principal, plan)| change(limits, principal, &plan))
    });
    let Err(failed) = raised else { return Ok(()) };
    match restore(limits, &former) {
        Ok(()) => Err(failed),
        Err(not_restored) => {
            Err(EnforceError::NotRestored { failed: Box::new(failed), not_restored: Box::new(not_restored) })
        }
    }
}

/// Puts a plan in force unless it is already.
fn change(limits: &mut dyn ResourceLimits, principal: Key, plan: &Plan) -> Result<(), EnforceError> {
    if limits.enforced(principal).as_ref() == Some(plan) { Ok(()) } else { limits.enforce(principal, plan) }
}

/// Puts the former plans back, those that get less than they have now first.
fn restore(limits: &mut dyn ResourceLimits, former: &[(Key, Option<Plan>)]) -> Result<(), EnforceError> {
    let lower = former.iter().try_for_each(|(principal, plan)| match (plan, limits.enforced(*principal)) {
        (Some(plan), Some(now)) => change(limits, *principal, &plan.at_most(&now)),
        (None, Some(_)) => {
            limits.release(*principal);
            Ok(())
        }
        (_, None) => Ok(()),
    });
    lower?;
    former
        .iter()
        .filter_map(|(principal, plan)| Some((*principal, (*plan)?)))
        .try_for_each(|(principal, plan)| change(limits, principal, &plan))
}
