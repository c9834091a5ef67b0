//! The sandbox against its users.
#![allow(clippy::unwrap_used, reason = "a test ends when its own set-up is impossible")]

mod attacks;
mod eviction;
mod random_source;
mod requests;
#[cfg(feature = "wasm")]
mod wasm;
mod worker;

ecology_sandbox::conformance!(in_process, || ecology_sandbox::LuauEngine::new(&["read"]));
ecology_sandbox::conformance!(in_worker, || crate::worker::engine_with(1, &["read"]));
