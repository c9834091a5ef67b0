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
    let former = limits.enforced(giver.0);
    limits.enforce(giver.0, giver.1)?;
    let Err(failed) = limits.enforce(receiver.0, receiver.1) else { return Ok(()) };
    let restored = match former {
        Some(plan) => limits.enforce(giver.0, &plan),
        None => {
            limits.release(giver.0);
            Ok(())
        }
    };
    Err(match restored {
        Ok(()) => failed,
        Err(not_restored) => {
            EnforceError::NotRestored { failed: Box::new(failed), not_restored: Box::new(not_restored) }
        }
    })
}
