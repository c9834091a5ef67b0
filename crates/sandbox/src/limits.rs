//! What one compilation or one call may use.

use serde::{Deserialize, Serialize};

/// What one compilation or one call may use. Every bound is hard: reaching it ends the run with a [`Fault`](crate::Fault).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Instructions a call may use. An instruction is a call, a return or a turn of a loop; natives that look at many bytes or items are
    /// charged one more for every [`BYTES_PER_INSTRUCTION`] or [`ITEMS_PER_INSTRUCTION`], and large programs pay more for each
    /// (see [`instruction_weight`]). Same code, same input: same count, on every machine and in every isolation.
    pub instructions_max: u64,
    /// Bytes a call may allocate, arguments included. Nothing is collected during a call, so this is what it allocates in all, counted in
    /// the pages of 16 KiB in which the machine takes memory for small things. Between two instructions a call may take at most
    /// [`MEMORY_STEP_BYTES_MAX`] of it.
    pub memory_bytes_max: u64,
    /// Bytes of source text that are compiled.
    pub source_bytes_max: u64,
    /// How deep brackets and blocks may nest in the source.
    pub source_depth_max: u32,
    /// Size of the arguments, the result, and each argument list and answer of a host call, as [`ecology_types::Value::bytes`] counts it.
    pub value_bytes_max: u64,
    /// How deep values may nest.
    pub value_depth_max: u32,
    /// How often a call may ask the host.
    pub host_calls_max: u32,
    /// Milliseconds of wall-clock time a call may take. A backstop, not a measure: code that keeps its instruction limit never gets near it. In
    /// process it is looked at between instructions; a worker that overstays is killed.
    pub wall_ms_max: u64,
}

/// Bytes that a native may look at for one instruction.
pub const BYTES_PER_INSTRUCTION: u64 = 64;

/// Items of a table that a native may move or look at for one instruction.
pub const ITEMS_PER_INSTRUCTION: u64 = 8;

/// Bytes that a call may allocate between two instructions. So no string is longer than this and no table has much more than 10,000 items or 4,096
/// names, which bounds what one operation without a call can cost: reading a number out of a long string, comparing two, looking for the next
/// item of a table that was emptied.
pub const MEMORY_STEP_BYTES_MAX: u64 = 160 << 10;

/// Instructions that asking the host costs, besides the call itself.
pub const INSTRUCTIONS_PER_HOST_CALL: u64 = 50;

/// What each instruction of a program of `bytecode_bytes` counts for: 1, and 1 more for every 4 KiB.
///
/// Between two places where instructions are counted lies at most the whole program, so a long program without loops could do much for one.
#[must_use]
pub const fn instruction_weight(bytecode_bytes: usize) -> u64 {
    1 + bytecode_bytes as u64 / 4096
}

impl Default for Limits {
    /// Enough for a permission check or a small tool: 200,000 instructions, 2 MiB, 64 KiB of source and values.
    fn default() -> Self {
        Self {
            instructions_max: 200_000,
            memory_bytes_max: 2 << 20,
            source_bytes_max: 64 << 10,
            source_depth_max: 100,
            value_bytes_max: 64 << 10,
            value_depth_max: 32,
            host_calls_max: 100,
            wall_ms_max: 1000,
        }
    }
}
