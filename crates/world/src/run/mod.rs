//! Runs of tools: executables that agents write, whose code runs outside.
//!
//! Nothing in here runs code. Whoever does asks the world with [`World::begin_run`] whether the call may begin, puts every question of the code
//! to [`World::host`], and hands what came of it to `step` as [`ecology_types::ToolRun`]. `step` believes none of it: it carries the recorded
//! operations out again with the same functions, on the state of that moment plus what the run did before, and compares what comes of each with
//! what the code was told. A difference refuses the action as stale, and the code runs again. So either all effects of a run commit, in one
//! record, exactly as the code saw them, or none.
//!
//! The effects of a run so far are effects of a plan and nothing else; what the run sees of its own doing is read off that plan
//! ([`overlay`]). A nested run that fails takes its effects with it; the tool that invoked it sees an error and may go on.
//!
//! A call whose answer arrives from outside, such as a completion by a model, enters as a further variant of
//! [`ecology_types::HostCall`] that records the answer beside the question (it is input, so `step` cannot work it out again and only
//! checks its price against the allowance), and as a further variant of [`HostAnswer`] at which the runner keeps the [`Run`], a plain value,
//! until the answer is there, and then goes on as with [`World::supply`].

mod account;
mod arguments;
mod begin;
mod end;
mod host;
mod nested;
mod overlay;
mod perform;
mod questions;
mod verify;

use ecology_types::{HostCall, Key, Operation, Scrip, SmolStr, Time, Value, call_digest};

pub(crate) use begin::{Invocation, is_code};
pub use host::HostAnswer;

use crate::step::Plan;
use crate::world::World;

/// Most bytes that all calls of the host in one action are asked with and told: `step` goes through them again.
pub const RUN_BYTES_MAX: u64 = 1 << 20;

/// One run of a tool that is out, with the tools that it invokes.
///
/// A plain value: it holds nothing of the world and can wait as long as it has to.
#[derive(Debug)]
pub struct Run {
    /// Whose turn it is, and whose scrip an allowance is.
    agent: Key,
    time: Time,
    seed: u64,
    plan: Plan,
    /// The tools that are running, each invoked by the one before. Never empty.
    frames: Vec<Frame>,
    /// A call of the host that waits for the answer of a contract.
    pending: Option<HostCall>,
    /// Calls of the host so far, the more expensive ones counted several times.
    operations: u32,
    /// Bytes asked with and told so far.
    bytes: u64,
    /// Instructions of tools that have ended.
    instructions: u64,
    instructions_max: u64,
    is_short_of_cpu: bool,
}

/// One tool that is running.
#[derive(Debug)]
struct Frame {
    tool: Key,
    version: u64,
    caller: Key,
    method: SmolStr,
    args: Value,
    /// What is left of its allowance.
    allowance: Scrip,
    operations: Vec<Operation>,
    /// How the tool that invoked it was before: what is undone when this one fails.
    before: Before,
}

#[derive(Debug, Default)]
struct Before {
    /// How many effects there were, the price of this call not included.
    effects: usize,
    /// How many states contracts had given themselves.
    states: usize,
    /// The allowance of the tool that invoked it.
    allowance: Scrip,
    /// The call that it answers.
    call: Option<HostCall>,
}

impl Frame {
    fn call_digest(&self) -> u64 {
        call_digest(&self.method, &self.args)
    }
}

impl Run {
    #[expect(clippy::expect_used, reason = "a run begins with one frame and only leaves those above it")]
    fn top(&self) -> &Frame {
        self.frames.last().expect("the first frame stays")
    }

    #[expect(clippy::expect_used, reason = "a run begins with one frame and only leaves those above it")]
    fn top_mut(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("the first frame stays")
    }

    /// The tool whose code is to run now.
    #[must_use]
    pub fn tool(&self) -> Key {
        self.top().tool
    }

    /// The version of its code that was found when it was invoked.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.top().version
    }

    /// Its immediate caller.
    #[must_use]
    pub fn caller(&self) -> Key {
        self.top().caller
    }

    /// The method that was called.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.top().method
    }

    /// The arguments that it was called with.
    #[must_use]
    pub fn args(&self) -> &Value {
        &self.top().args
    }

    /// How many tools are running, each invoked by the one before.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.frames.len()
    }

    /// The world time that the run began at, which is the only time that it is told.
    #[must_use]
    pub const fn time(&self) -> Time {
        self.time
    }

    /// The seed of the random numbers of the tool that runs now.
    #[must_use]
    pub fn seed(&self) -> u64 {
        let frame = self.top();
        Value::List(vec![
            Value::Int(self.seed.cast_signed()),
            Value::Int(i64::from(frame.tool.0)),
            Value::Int(frame.call_digest().cast_signed()),
            Value::count(u64::from(self.operations)),
        ])
        .digest()
    }

    /// How many instructions the tool that runs now may use: what the tools that have ended left of the limit of the action.
    #[must_use]
    pub const fn instructions_left(&self) -> u64 {
        self.instructions_max.saturating_sub(self.instructions)
    }

    /// Whether the limit is what the caller's share of CPU time has room for and not that of the world: a tool that is ended by it did
    /// nothing wrong.
    #[must_use]
    pub const fn is_short_of_cpu(&self) -> bool {
        self.is_short_of_cpu
    }

    /// Adds to what the run was asked with and told.
    fn note_bytes(&mut self, bytes: usize) -> Result<(), String> {
        self.bytes = self.bytes.saturating_add(bytes as u64);
        if self.bytes > RUN_BYTES_MAX {
            return Err(format!(
                "what the tool asked with and was told in this action has more than {RUN_BYTES_MAX} bytes"
            ));
        }
        Ok(())
    }

    /// Counts a call of the host.
    fn note_operation(&mut self, weight: u32, world: &World) -> Result<(), String> {
        self.operations = self.operations.saturating_add(weight);
        let most = world.code.rules.operations_max;
        if self.operations > most {
            return Err(format!("the tool asked the world more than {most} times in one action"));
        }
        Ok(())
    }

    /// The tools that are running, as `a -> b`, with another one at the end.
    fn chain(&self, world: &World, last: Key) -> String {
        let mut chain = world.id(self.agent).to_string();
        for key in self.frames.iter().map(|frame| frame.tool).chain([last]) {
            chain.push_str(" -> ");
            chain.push_str(world.id(key).as_str());
        }
        chain
    }
}
