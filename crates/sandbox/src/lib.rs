//! Runs untrusted code under hard limits.
//!
//! What is absent, on purpose: any effect on the world. Code computes, asks its [`Host`], and returns a value; what follows from that is decided
//! elsewhere. Code sees no clock, no file, no network, no environment, no other program and no earlier call.
//!
//! - **Bounded**: instructions, memory, sizes, depth, questions to the host. A run that passes a limit ends with a [`Fault`] it cannot catch.
//! - **Deterministic**: same source, function, arguments, limits, seed and host answers give the same outcome and the same instructions, in process
//!   and in a worker, in a fresh virtual machine and in a used one. (Two things that code should not build on: the order in which a table
//!   whose keys are tables or functions is walked, and the exact byte at which memory runs out.)
//! - **Integers**: numbers that are not whole or beyond 2^53 do not pass the border in either direction; they are refused, never rounded.
//!
//! ```
//! use ecology_sandbox::{Engine, Limits, LuauEngine, NoHost};
//! use ecology_types::Value;
//!
//! let engine = LuauEngine::new(&[]);
//! let source = "function check_permission(request) return { allowed = request.caller == 'alice' } end";
//! let program = engine.compile(source, &Limits::default())?;
//! let request = Value::map([("caller", Value::text("alice"))]);
//! let called = program.call("check_permission", &[request], &Limits::default(), 0, &mut NoHost);
//! assert_eq!(called.outcome?.get("allowed"), Some(&Value::Bool(true)));
//! # Ok::<(), ecology_sandbox::Fault>(())
//! ```

#[cfg(feature = "conformance")]
pub mod conformance;
mod engine;
mod fault;
mod host;
mod limits;
mod luau;
mod meter;
mod mixed;
mod scan;
#[cfg(feature = "wasm")]
pub mod wasm;
#[cfg(unix)]
mod worker;

pub use engine::{Called, Engine, Program};
pub use fault::{Fault, MESSAGE_CHARS_MAX, clean};
pub use host::{Host, HostError, NoHost};
pub use limits::{
    BYTES_PER_INSTRUCTION, INSTRUCTIONS_PER_HOST_CALL, ITEMS_PER_INSTRUCTION, Limits, MEMORY_STEP_BYTES_MAX,
    instruction_weight,
};
pub use luau::LuauEngine;
pub use mixed::MixedEngine;
#[cfg(feature = "wasm")]
pub use wasm::WasmEngine;
#[cfg(unix)]
pub use worker::{Isolation, Language, Layer, WORKER_SUBCOMMAND, WorkerEngine, WorkerOptions, worker_main};
