//! What chooses an agent's next action.

mod mind;
mod perception;
mod summary;

pub use mind::{Decision, Mind, MindError, Pace, STATE_BYTES_MAX, Then};
pub use perception::{AgentStatus, ArtifactGlimpse, EventGlimpse, MintGlimpse, OrderGlimpse, Perception};
pub use summary::{Summary, SummaryBounds};
