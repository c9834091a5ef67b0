//! The runner from outside: both modes, both clocks, faults and races.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail loudly")]

mod authors;
mod beside;
mod capacity;
mod code;
mod continuous;
mod employment;
mod faults;
mod hostile;
mod library;
mod life;
mod limits;
mod policy_source;
mod power;
mod real_clock;
mod redecide;
mod resume;
mod rights;
mod schedule;
mod session;
mod shadow;
mod shutdown;
mod sleep;
mod support;
mod thinking;
mod tick;
mod voided;
