//! End to end, through the real binary.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod determinism;
mod flag_walk;
