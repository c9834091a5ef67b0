//! All tests of the crate against worlds of every allowed combination of implementations.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod actions;
mod checks;
mod codes;
mod deprecations;
mod escrow;
mod generated;
mod hostile;
mod laws;
mod migrations;
mod mint;
mod namespace;
mod rights;
mod run;
mod services;
mod store;
mod support;
mod visibility;
