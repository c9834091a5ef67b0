//! Drives the agents of an ecology on a durable journal.
//!
//! [`run_ticks`] and [`run_continuously`] run the same world with the same minds; [`compose`] is the only place that turns positions into
//! implementations; [`store`] opens worlds; [`scenario`] holds the published experiments.
//!
//! What is absent, on purpose: a second writer. Every change goes through [`Host::step`], thoughts that take long come back as inputs,
//! and an agent that rests costs neither a thread nor a task.

pub mod agreement;
mod bookkeeping;
pub mod clock;
pub mod code;
pub mod compare_modes;
pub mod compose;
mod continuous;
mod crew;
pub mod diff;
pub mod draft;
mod drive;
pub mod dump;
mod enforcement;
pub mod fork;
mod host;
pub mod import;
pub mod made_with;
pub mod migrate;
pub mod occasion;
mod outcome;
mod policy_answers;
pub mod redecide;
pub mod report;
mod report_schema;
pub mod reproduce;
mod resume;
pub mod scenario;
pub mod session;
mod sleepers;
mod stop;
pub mod store;
mod summary;
mod tally;
mod thinkers;
mod tick;
pub mod unshadowed;
pub mod usage;
pub mod verdicts;
mod watch;
mod worlds;

pub use bookkeeping::Source as MeterSource;
pub use continuous::{ContinuousLimits, run_continuously};
pub use crew::MakeMind;
pub use drive::{Equipment, FormerMinds, KeptMinds};
pub use enforcement::LimitsOutcome;
pub use host::{Host, HostError, Observer, Observers};
pub use outcome::{Ended, RunOutcome};
pub use report_schema::{report_schema, report_schema_text};
pub use sleepers::Sleepers;
pub use stop::Stop;
pub use tally::Tally;
pub use tick::{TickLimits, run_ticks};
pub use worlds::{OnThisMachine, Worlds};
