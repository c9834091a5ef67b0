//! The trait that every engine implements.

use std::sync::Arc;

use ecology_types::{SmolStr, Value};

use crate::{Fault, Host, Limits};

/// Compiles and runs untrusted code. Object-safe, synchronous.
pub trait Engine: Send + Sync {
    /// Its short name: `luau`, `wasm`.
    fn name(&self) -> &'static str;

    /// Makes a program of source text and runs its top level once, under the same limits as a call.
    ///
    /// # Errors
    /// [`Fault::Compile`] with a line, or what stopped the top level.
    fn compile(&self, source: &str, limits: &Limits) -> Result<Arc<dyn Program>, Fault>;
}

/// A compiled program. Costs only the memory of its compiled form; what it takes to run it is kept for the programs used last.
pub trait Program: Send + Sync {
    /// Whether the source defines a global function of this name.
    fn has(&self, function: &str) -> bool;

    /// The names of all global functions that the source defines, sorted.
    fn functions(&self) -> &[SmolStr] {
        &[]
    }

    /// Calls a global function. Every call starts from fresh globals: nothing that is written in one is seen by another or by another program.
    ///
    /// The same function, arguments, limits, seed and host answers give the same outcome and the same instructions.
    fn call(&self, function: &str, args: &[Value], limits: &Limits, seed: u64, host: &mut dyn Host)
    -> Called;
}

/// What a call came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Called {
    /// The value it returned, or why there is none.
    pub outcome: Result<Value, Fault>,
    /// Instructions used, at most the limit when the limit ended the run.
    pub instructions: u64,
    /// Bytes allocated for the call: arguments, working memory and result.
    pub memory_peak_bytes: u64,
}

impl Called {
    /// A call that never ran.
    #[must_use]
    pub const fn not_run(fault: Fault) -> Self {
        Self { outcome: Err(fault), instructions: 0, memory_peak_bytes: 0 }
    }
}
