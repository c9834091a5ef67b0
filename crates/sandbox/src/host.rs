//! What code may ask the world while it runs.

use ecology_types::Value;
use serde::{Deserialize, Serialize};

/// What code may ask the world while it runs. The sandbox installs the functions as members of the global table `world`.
///
/// A call that a worker could not finish is made again from its beginning, and then asks again: answers must not have effects by themselves.
/// Collect them and apply them when the call is done.
pub trait Host {
    /// Answers one question.
    ///
    /// # Errors
    /// [`HostError::Refused`] is seen by the code, which may catch it; [`HostError::Abort`] ends the run.
    fn call(&mut self, function: &str, args: &[Value]) -> Result<Value, HostError>;
}

/// Why a host gives no answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum HostError {
    /// A sentence that the code sees as an error it can `pcall`.
    #[error("{0}")]
    Refused(String),
    /// The run ends at once with [`Fault::Aborted`](crate::Fault::Aborted); the code cannot catch it.
    #[error("{0}")]
    Abort(String),
}

/// A host that has nothing to say: for code that only computes.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoHost;

impl Host for NoHost {
    fn call(&mut self, function: &str, _args: &[Value]) -> Result<Value, HostError> {
        Err(HostError::Refused(format!("world.{function} is not available here")))
    }
}
