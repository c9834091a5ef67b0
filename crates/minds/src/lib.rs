//! What chooses an agent's next action.

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

pub use config::{CONFIG_BYTES_MAX, MindConfig, MindConfigError, build, build_with};
pub use config_text::Position;
pub use dice::Dice;
pub use market_schedule::{Equilibrium, MarketDesign, MarketSchedule, efficiency_millionths};
pub use mind::{Decision, Mind, MindError, Pace, STATE_BYTES_MAX, Then};
pub use perception::{AgentStatus, ArtifactGlimpse, EventGlimpse, MintGlimpse, OrderGlimpse, Perception};
pub use summary::{Summary, SummaryBounds};
