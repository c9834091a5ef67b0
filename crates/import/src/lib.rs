//! Brings the files of an older agent ecology into this one, and accounts for everything in them.
//!
//! [`read`] takes a folder or a checkpoint, [`read_texts`] takes texts; both give an [`Imported`]: principals, artifacts and settings from which
//! a world is made, and a [`Report`] that says of each thing by name whether it was carried over, changed, or not carried over, and why.
//! What has no place in this world stands in the report as it was written.
//!
//! Invariants: scrip, principals, artifacts, bytes of content and policies add up ([`Totals::disagreement`], checked in every import). A policy
//! never allows more than it did. No id changes unless [`Options::rename_ids`] or [`Options::rename_colliding`] says so, and in the new world
//! every id means one thing. Dollars become micro-dollars from their decimal text,
//! to the nearest, a half to the even one. Every file is untrusted: its size, depth and number of entries are bounded ([`Limits`]), and
//! what is wrong with it is refused with its line and column.
//!
//! What is absent, on purpose: a world, floating point, and any interpretation of what agents wrote.

mod agent;
mod artifact;
mod checkpoint;
mod collisions;
mod event_log;
mod files;
mod imported;
mod json;
mod map;
mod names;
mod number;
mod options;
mod policy;
mod problem;
mod read;
mod report;
mod resting;
mod settings;
mod text;
mod topic;
mod tree;
mod work;
mod world_settings;
mod yaml;

pub use agent::AgentFiles;
pub use event_log::{BrokenLine, EventLog, TornLine};
pub use files::{collect, read};
pub use imported::{Imported, Principal};
pub use options::{Limits, Options};
pub use problem::{Place, Problem, ProblemKind, Refused};
pub use read::{Texts, read_texts};
pub use report::{Fate, FileRead, Item, REPORT_VERSION, Report, Totals};
pub use settings::Setting;
pub use text::Text;
pub use topic::Topic;
