//! End to end, through the real binary.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod bad_input;
mod bazaar;
mod compare_modes;
mod crash;
mod deprecations;
mod determinism;
mod disk;
mod figures;
mod flag_walk;
mod golden;
mod guild;
mod import;
mod interrupt;
mod limits;
mod migration;
mod movable;
mod power;
mod readme;
mod sandbox;
mod why;
