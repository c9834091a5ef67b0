//! Where code that agents write runs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What runs code that agents write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SandboxEngine {
    /// Luau, interpreted, with every instruction counted.
    #[default]
    Luau,
    /// Luau, and WebAssembly for source that is the base64 text of a module; in builds with the feature wasm.
    LuauAndWasm,
}

/// What stands between code that agents write and the rest of this program.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SandboxIsolation {
    /// The limits of the engine alone, for development: a mistake in the engine itself would reach the whole program.
    InProcess,
    /// Worker processes of this program behind walls that the kernel holds. Where Linux does not hold them, a run does not begin.
    #[default]
    Process,
}

/// `[sandbox]`: where code that agents write runs. What it may do and what it costs is in `[code]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sandbox {
    /// The engine.
    pub engine: SandboxEngine,
    /// What stands between code and this program. in_process is for development and for programs that cannot be their own worker.
    pub isolation: SandboxIsolation,
    /// Acts whose code runs at once beside the writer (clock = "real"), and under isolation = "process" the worker processes. 0: one per core.
    #[schemars(range(max = 256))]
    pub workers: u32,
    /// Longest time of the machine's clock for one check or run, in milliseconds; a backstop behind the limits of instructions.
    #[schemars(range(min = 1, max = 3_600_000))]
    pub check_wall_ms_max: u64,
}

impl Default for Sandbox {
    fn default() -> Self {
        Self {
            engine: SandboxEngine::default(),
            isolation: SandboxIsolation::default(),
            workers: 0,
            check_wall_ms_max: 1_000,
        }
    }
}
