//! The runner from outside: both modes, both clocks, faults and races.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail loudly")]

mod capacity;
mod continuous;
mod faults;
mod life;
mod real_clock;
mod redecide;
mod schedule;
mod session;
mod shutdown;
mod sleep;
mod support;
mod tick;
mod voided;
