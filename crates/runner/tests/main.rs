//! The runner from outside: both modes, both clocks, faults and races.

#![expect(clippy::unwrap_used, reason = "what is unexpected in a test ends it")]

mod capacity;
mod continuous;
mod faults;
mod life;
mod real_clock;
mod schedule;
mod session;
mod shutdown;
mod sleep;
mod support;
mod tick;
mod voided;
