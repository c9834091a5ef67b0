//! What a contract sees while it is asked.

use ecology_sandbox::{Host, HostError};
use ecology_types::{Reads, Time, Value};
use ecology_world::{Question, World};

/// Answers the calls of one check on a view of the world that does not change meanwhile, and keeps what it was told.
pub(super) struct Looking<'w> {
    pub(super) world: &'w World,
    pub(super) question: &'w Question,
    pub(super) reads: Reads,
    pub(super) now: Time,
}

impl Host for Looking<'_> {
    fn call(&mut self, function: &str, args: &[Value]) -> Result<Value, HostError> {
        self.world
            .tell(self.question, &mut self.reads, function, args, self.now)
            .map_err(|sentence| HostError::Refused(sentence.to_string()))
    }
}
