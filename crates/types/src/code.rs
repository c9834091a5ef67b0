//! What code that agents write may ask, answer and do: contracts and tools.
//!
//! Code never runs inside `step`. It runs outside, on a view of the world, and what it found out and wants done enters the world as input,
//! with everything that it was told. `step` believes none of it: it looks everything up again and carries nothing out that does not hold any more.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::{EventKind, Id, Key, Payer, PermissionAnswer, Scrip, Span, Time, Value};

/// One turn of an agent that invokes a tool, with the run of its code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolAct {
    /// The turn; its action is an invocation.
    pub act: crate::Act,
    /// The run.
    pub run: ToolRun,
}

/// Why code said no or failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denial {
    /// In one sentence, short and without control characters.
    pub reason: SmolStr,
    /// Whether the code itself failed: an error, no end, too much memory, an answer that is none. Its owner bears the instructions then.
    pub is_fault: bool,
}

/// What code was told. Keys ascend; nothing appears twice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reads {
    /// Artifacts with their versions; 0 is the version of what is not there.
    pub versions: Vec<(Key, u64)>,
    /// Owners, which change without a version.
    pub owners: Vec<(Key, Key)>,
    /// Balances of scrip.
    pub balances: Vec<(Key, Scrip)>,
    /// States of executables, with their versions; 0 for one that keeps none.
    pub states: Vec<(Key, u64)>,
    /// Counts of events.
    pub events: Vec<(EventCount, u64)>,
    /// The time that it was told. Holds while it is not older than [`CodeRules::answer_age_max`].
    pub time: Option<Time>,
}

/// Which events are counted: those of one kind that concern an artifact or principal and are still in the readable part of the log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EventCount {
    /// Of this kind.
    pub kind: EventKind,
    /// Only those about this artifact or principal.
    pub about: Option<Key>,
    /// Only those caused by this principal.
    pub actor: Option<Key>,
}

/// The terms of a permission.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The price.
    pub cost: Scrip,
    /// Who pays it.
    pub payer: Payer,
    /// Who gets how much of it, in the contract's order; what is left goes to the owner.
    pub shares: Vec<(Key, Scrip)>,
    /// The contract's own state after the action; `None` leaves it as it is. Takes effect only when the action does.
    pub state: Option<Value>,
    /// Why, in a short sentence.
    pub reason: SmolStr,
}

/// One run of a tool: what it was called with, what it asked for in which order, and what it gave back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolRun {
    /// The tool.
    pub tool: Key,
    /// The version of its code that ran.
    pub version: u64,
    /// The immediate caller.
    pub caller: Key,
    /// Digest of method and arguments, see [`call_digest`].
    pub call_digest: u64,
    /// Its calls of the host, in order. `step` carries them out again and compares what it gives with what the code was told.
    pub operations: Vec<Operation>,
    /// What it gave back, or why it failed; the run of a tool that fails changes nothing.
    pub outcome: Result<Value, Denial>,
    /// Instructions that it used itself, without those of tools that it invoked.
    pub instructions: u64,
}

/// One call of the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// What was asked for.
    pub call: HostCall,
    /// Digest of what the code was told, see [`Value::digest`].
    pub told: u64,
}

/// What a tool may ask of the world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum HostCall {
    /// The content of an artifact, under its own access rules, with the tool as the caller.
    Read(SmolStr),
    /// The scrip of a principal.
    Balance(SmolStr),
    /// A count of events.
    Events {
        /// The name of the kind.
        kind: SmolStr,
        /// Only those about this artifact or principal.
        about: Option<SmolStr>,
    },
    /// The time.
    Now,
    /// The tool's own state.
    State,
    /// Replace the tool's own state.
    SetState(Value),
    /// Pay somebody.
    Pay {
        /// From where.
        from: Purse,
        /// Whom.
        to: SmolStr,
        /// How much.
        amount: Scrip,
    },
    /// Invoke another artifact, with the tool as the caller.
    Invoke {
        /// Which one.
        artifact: SmolStr,
        /// Which method.
        method: SmolStr,
        /// Its arguments.
        args: Value,
        /// How much of its own allowance the tool passes on.
        allowance: Scrip,
        /// The run of the other tool, unless a service answered.
        run: Option<Box<ToolRun>>,
        /// The answer of the other artifact's contract, when that is code.
        permission: Option<Box<PermissionAnswer>>,
    },
}

/// Where a tool pays from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purse {
    /// What the caller allowed with this call.
    Allowance,
    /// The tool's own balance, when it has standing.
    Own,
}

/// The physics of code in a world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CodeRules {
    /// Most instructions of one check of a permission.
    pub check_instructions_max: u64,
    /// Most instructions of one action, with all tools that it invokes.
    pub run_instructions_max: u64,
    /// Instructions that count as one microsecond of CPU time.
    pub instructions_per_cpu_us: u64,
    /// How deep tools may invoke tools.
    pub run_depth_max: u32,
    /// Most calls of the host in one action.
    pub operations_max: u32,
    /// Largest state that one executable keeps, in bytes.
    pub state_bytes_max: u64,
    /// How old a time may be that code was told, in microseconds of world time.
    pub answer_age_max: Span,
    /// How often code is asked again for one action because something changed meanwhile.
    pub asks_max: u32,
}

impl Default for CodeRules {
    fn default() -> Self {
        Self {
            check_instructions_max: 100_000,
            run_instructions_max: 1_000_000,
            instructions_per_cpu_us: 100,
            run_depth_max: 8,
            operations_max: 256,
            state_bytes_max: 64_000,
            answer_age_max: Span::from_secs(1),
            asks_max: 4,
        }
    }
}

/// The digest that ties an answer to the method and arguments that it was given for.
#[must_use]
pub fn call_digest(method: &str, args: &Value) -> u64 {
    Value::List(vec![Value::text(method), args.clone()]).digest()
}

impl Value {
    /// A digest of 64 bits that is the same on every machine: BLAKE3 of the encoded value.
    #[must_use]
    pub fn digest(&self) -> u64 {
        // No value of this type fails to encode; an empty encoding would only make a digest that matches nothing.
        let bytes = postcard::to_stdvec(self).unwrap_or_default();
        let hash = blake3::hash(&bytes);
        u64::from_le_bytes(hash.as_bytes()[..8].try_into().unwrap_or_default())
    }
}

/// An invocation that lets the tool spend some of the caller's scrip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllowedInvocation {
    /// Which artifact.
    pub artifact: Id,
    /// Which method.
    pub method: SmolStr,
    /// Its arguments, a map.
    pub args: Value,
    /// The most that the tool may pay from the caller's balance, over all tools that it invokes. The price of the call is not part of it.
    pub allowance: Scrip,
}
