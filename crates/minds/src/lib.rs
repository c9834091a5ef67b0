//! What chooses an agent's next action.
//!
//! A [`Mind`] is asked for one thought at a time: it looks through a [`Perception`] at what its agent may see, and answers with a
//! [`Decision`]. Quick minds think on the live view of the world ([`Pace::Inline`]), slow ones elsewhere on a [`Summary`] of bounded size
//! ([`Pace::Task`]). A mind is built from a text, the content of its agent's artifact ([`MindConfig`]).
//!
//! What is absent, on purpose: any way to the world but a [`Decision`]; clocks, IO, floating point and hash maps in anything that decides;
//! language models and remote minds, which are other implementations of the same trait.
//!
//! ```
//! use ecology_minds::{MindConfig, build};
//! use ecology_types::Seed;
//!
//! let mind = build("mind = 'builder'\ngood = 'poem'", Seed(1))?;
//! assert_eq!(mind.name(), "builder");
//!
//! // Agents write these texts: whatever is wrong is told with its place and a remedy.
//! let error = MindConfig::parse("mind = 'builder'\ngoods = 'poem'").unwrap_err();
//! assert!(error.to_string().starts_with("line 2, column 1: unknown field `goods`"));
//! # Ok::<(), ecology_minds::MindConfigError>(())
//! ```

mod builder;
mod config;
mod config_text;
mod dice;
mod market_schedule;
mod mind;
mod perception;
pub mod scripted;
pub mod services;
mod state;
pub mod statistics;
mod summary;

pub use builder::Builder;
pub use config::{CONFIG_BYTES_MAX, MindConfig, MindConfigError, build, build_with};
pub use config_text::Position;
pub use dice::Dice;
pub use market_schedule::{Equilibrium, MarketDesign, MarketSchedule, efficiency_millionths};
pub use mind::{Decision, Mind, MindError, Pace, STATE_BYTES_MAX, Then};
pub use perception::{AgentStatus, ArtifactGlimpse, EventGlimpse, MintGlimpse, OrderGlimpse, Perception};
pub use summary::{Summary, SummaryBounds};
