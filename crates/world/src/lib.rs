//! The world of an agent ecology as a deterministic state machine.
//!
//! [`World::step`] takes a command and a time, decides, and applies what comes of it; [`World::fold`] applies recorded effects. What is
//! absent, on purpose: IO, clocks, randomness, floating point, async, and any knowledge of which implementation of an axis serves.
//! Access is checked on every path out: reading, searching, the event log, and what an agent perceives.

mod accounts;
mod agents;
mod check;
mod code;
mod decide;
mod disk;
mod dismantle;
mod event_log;
mod graves;
mod hash;
mod inbox;
pub mod laws;
mod migrations;
mod mint;
mod order_book;
mod oversize;
mod parts;
#[cfg(feature = "planted-bugs")]
mod planted;
mod quotas;
mod refilled;
mod reservations;
mod result;
mod revenue;
mod run;
mod scorer;
mod services;
mod snapshot;
mod step;
mod subscriptions;
mod totals;
mod touch;
mod usage;
mod view;
mod visibility;
mod world;

pub use accounts::{Account, Accounts};
pub use agents::{AgentLoop, Agents, LoopState};
pub use check::{Question, is_cacheable};
pub use decide::MigrationPlan;
pub use event_log::{Entry, Event, EventLog};
pub use hash::StateHash;
pub use inbox::Inboxes;
pub use laws::Broken;
pub use migrations::{Migrations, OpenMigration, Residue};
pub use mint::{Auction, Mint};
pub use order_book::OrderBook;
pub use parts::Parts;
#[cfg(feature = "planted-bugs")]
pub use planted::PlantedBug;
pub use quotas::Quotas;
pub use reservations::{Open, Reservations};
pub use revenue::Revenue;
pub use run::{HostAnswer, RUN_BYTES_MAX, Run};
pub use scorer::{DistinctWords, Scorer};
pub use snapshot::{SNAPSHOT_VERSION, SnapshotError};
pub use step::{Step, StepError};
pub use subscriptions::Subscriptions;
pub use totals::Totals;
pub use usage::{Measured, Usage};
pub use view::AgentView;
pub use world::{FoldError, World};

/// The README's code, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
