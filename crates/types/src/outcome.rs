//! The one answer to every action.

use crate::{Refusal, Value};

/// The outcome of an action: done with a result, or refused with a reason.
pub type Outcome = Result<Value, Refusal>;
