//! What a worker runs.

use serde::{Deserialize, Serialize};

use crate::scan::scan;
use crate::{Engine, Fault, Limits, LuauEngine};

/// What a worker runs. Each worker knows one language, so that none has more rights than its language needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Language {
    /// Luau text.
    #[default]
    Luau,
    /// WebAssembly as [`WasmEngine`](crate::WasmEngine) takes it. Its workers may make code executable, for that is what a compiler does;
    /// [`Isolation::missing`](crate::Isolation::missing) says so.
    #[cfg(feature = "wasm")]
    Wasm,
}

impl Language {
    /// The [name](Engine::name) of its engine.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Luau => "luau",
            #[cfg(feature = "wasm")]
            Self::Wasm => "wasm",
        }
    }

    pub(super) const fn is_machine_code(self) -> bool {
        match self {
            Self::Luau => false,
            #[cfg(feature = "wasm")]
            Self::Wasm => true,
        }
    }

    /// The engine in this process.
    pub(super) fn engine(self, host_functions: &[&'static str]) -> Result<Box<dyn Engine>, Fault> {
        match self {
            Self::Luau => Ok(Box::new(LuauEngine::new(host_functions))),
            #[cfg(feature = "wasm")]
            Self::Wasm => Ok(Box::new(crate::WasmEngine::new(host_functions)?)),
        }
    }

    /// Refuses what no worker need see.
    pub(super) fn look_at(self, source: &str, limits: &Limits) -> Result<(), Fault> {
        match self {
            Self::Luau => scan(source, limits),
            #[cfg(feature = "wasm")]
            Self::Wasm => crate::wasm::decode(source, limits).map(|_| ()),
        }
    }
}
