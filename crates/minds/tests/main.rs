//! Every mind against a small world.

#![expect(clippy::unwrap_used, reason = "a test that finds nothing there has failed")]

mod village;

mod boltzmann;
mod configs;
mod laws;
mod market;
mod services;
mod vickrey;
