//! What an agent sleeps for.

use serde::{Deserialize, Serialize};

use crate::{EventKind, Id, Scrip, Span};

/// A sleep as a mind asks for it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sleep {
    /// How long at the most; `None` for no end.
    pub duration: Option<Span>,
    /// What wakes it earlier; the first that comes true.
    pub on: Vec<WakeCondition>,
}

impl Sleep {
    /// A sleep of a fixed length.
    #[must_use]
    pub const fn of(duration: Span) -> Self {
        Self { duration: Some(duration), on: Vec::new() }
    }
}

/// Something that wakes a sleeping agent.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum WakeCondition {
    /// Any event of this kind that the agent may see.
    Event(EventKind),
    /// An event of this kind in which the agent itself takes part: paid to it, sold by it, done to its artifacts.
    EventAboutMe(EventKind),
    /// A change or deletion of this artifact.
    ArtifactChanged(Id),
    /// The agent's balance reaches at least this.
    ScripAtLeast(Scrip),
    /// The agent's balance falls below this.
    ScripBelow(Scrip),
}
