//! The flags: which implementation serves on each axis of the migration, what this release offers of it, and everything else
//! that can be configured.
//!
//! - [`AXES`] is the table of the axes: question, halves, [`Stage`]s, needs. It is the only such table.
//! - [`load`] reads a [`Config`] in layers (defaults, file, environment, assignments), checks it whole, and keeps the
//!   [`Origin`] of every value. It reports everything that is wrong at once, each with its place and with what to write.
//! - [`DEPRECATIONS`] says what goes, when, and what to write instead.
//! - [`schema`] and [`reference()`] are generated from the same types; the copies under `config/` are tested against them.
//!
//! What is absent, on purpose: implementations. Nothing here knows how any axis is built, and no axis can read a flag. The only
//! IO is [`mod@file`], at the edge.
//!
//! ```
//! use ecology_features::{Sources, load, table};
//!
//! let loaded = load(Sources::new().set("--set", "features.rate_limiting=rolling"))?;
//! assert_eq!(loaded.config.axis_vector().serving(ecology_types::Axis::RateLimiting), "rolling");
//! assert_eq!(loaded.origins["features.rate_limiting"].to_string(), "--set");
//! assert_eq!(table(&loaded).len(), 5);
//! # Ok::<(), Vec<ecology_features::ConfigError>>(())
//! ```

mod axes;
mod combinations;
pub mod config;
mod deprecations;
mod error;
pub mod file;
mod keys;
mod layers;
mod loaded;
mod nearest;
mod place;
mod position;
mod reference;
mod schema;

pub use axes::{AXES, AxisInfo, Implementation, Need, Shadowing, Stage, info, stage_of};
pub use config::Config;
pub use deprecations::{
    DEPRECATIONS, Deprecation, DeprecationCode, Deprecations, Level, Trigger, UnknownCode, active,
};
pub use error::{ConfigError, Problem};
pub use keys::{Key, Shape, find, settings};
pub use layers::{ENVIRONMENT_PREFIX, ERRORS_MAX, Sources, variable};
pub use loaded::{Loaded, Origin, SettingRow, load, table};
pub use place::Place;
pub use position::{FeatureRow, Position, State, next_step, rows};
pub use reference::{all_new, reference};
pub use schema::{schema, schema_text, text_of};
