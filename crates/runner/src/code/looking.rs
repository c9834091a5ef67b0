//! What a contract sees while it is asked.

use std::sync::Arc;

use ecology_sandbox::{Host, HostError};
use ecology_types::{Reads, SmolStr, Time, Value};
use ecology_world::Question;

use super::desk::Desk;

/// Answers the calls of one check and keeps what it was told. All that a contract is told belongs to one state of the world: when the world moves
/// on between two looks and something that it was told before does not hold any more, the check ends there.
pub(super) struct Looking<'d, D> {
    pub(super) desk: &'d mut D,
    pub(super) question: Arc<Question>,
    pub(super) reads: Reads,
    /// The last record of the world at the last look.
    pub(super) record: u64,
    pub(super) now: Time,
    pub(super) end: Option<End>,
}

/// Why a check ended before the code did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Something that it was told has changed.
    Stale,
    /// There is no world to look at any more.
    Closed,
}

impl<D: Desk> Host for Looking<'_, D> {
    fn call(&mut self, function: &str, args: &[Value]) -> Result<Value, HostError> {
        let (function, args, now) = (SmolStr::new(function), args.to_vec(), self.now);
        let (question, seen) = (Arc::clone(&self.question), self.record);
        let mut reads = std::mem::take(&mut self.reads);
        let looked = self.desk.look(move |world, _| {
            let record = world.last_record();
            if record != seen && !world.still_reads(&reads, question.contract, now) {
                return None;
            }
            let told = world.tell(&question, &mut reads, &function, &args, now);
            Some((told, reads, record))
        });
        let end = match looked {
            Ok(Some((told, reads, record))) => {
                (self.reads, self.record) = (reads, record);
                return told.map_err(|sentence| HostError::Refused(sentence.to_string()));
            }
            Ok(None) => End::Stale,
            Err(_) => End::Closed,
        };
        self.end = Some(end);
        Err(HostError::Abort("what the contract was told has changed meanwhile".to_owned()))
    }
}
