//! What chooses an agent's next action.

use ecology_types::{Action, Charges, Resource, Sleep, Span};

use crate::{Perception, SummaryBounds};

/// Chooses what one agent does next.
///
/// A mind holds its own state and nothing of the world. Given the same configuration, seed, saved state and perceptions it decides the same.
pub trait Mind: Send {
    /// The word for it, as configurations write it.
    fn name(&self) -> &'static str;

    /// What one thought may use at most; it is reserved before [`Mind::think`] is called.
    fn estimate(&self) -> Charges {
        Charges::of(Resource::LlmCalls, 1)
    }

    /// Where it thinks.
    fn pace(&self) -> Pace {
        Pace::Inline
    }

    /// How long the next thought takes on a clock that is virtual; a clock that is real needs no telling.
    fn thinking_time(&self) -> Span {
        Span::ZERO
    }

    /// What of the world a task mind wants captured in its [`crate::Summary`].
    fn attention(&self) -> SummaryBounds {
        SummaryBounds::default()
    }

    /// Whether it looks at what came of its last action; what nobody looks at is not kept.
    fn heeds_outcome(&self) -> bool {
        true
    }

    /// Thinks once and decides.
    ///
    /// # Errors
    /// [`MindError`] when it cannot decide; the runner backs off and tries again.
    fn think(&mut self, view: &dyn Perception) -> Result<Decision, MindError>;

    /// The state that survives a restart, at most [`STATE_BYTES_MAX`] bytes. Configuration and seed are not part of it.
    fn save(&self) -> Vec<u8>;

    /// Takes back what [`Mind::save`] gave, on a mind that was built from the same configuration and seed.
    ///
    /// # Errors
    /// [`MindError::State`] when the bytes are not such a state; the mind is then as it was before.
    fn restore(&mut self, state: &[u8]) -> Result<(), MindError>;
}

/// The largest state that a mind saves, in bytes.
pub const STATE_BYTES_MAX: usize = 64 * 1024;

/// Where a mind thinks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pace {
    /// Trusted, quick code: at once, on the live view.
    Inline,
    /// Somewhere else, in its own time, on an owned [`crate::Summary`].
    Task,
}

/// The result of one thought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What to do.
    pub action: Action,
    /// What the thought really used; never more than the estimate.
    pub usage: Charges,
    /// What the loop does after the action.
    pub then: Then,
}

impl Decision {
    /// Acts, having used one call and nothing else, and goes on.
    #[must_use]
    pub const fn act(action: Action) -> Self {
        Self { action, usage: Charges::of(Resource::LlmCalls, 1), then: Then::Continue }
    }

    /// Does nothing and goes on.
    #[must_use]
    pub const fn noop() -> Self {
        Self::act(Action::Noop)
    }

    /// The same decision with something else afterwards.
    #[must_use]
    pub fn then(mut self, then: Then) -> Self {
        self.then = then;
        self
    }
}

/// What an agent's loop does after an action.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Then {
    /// Thinks again.
    #[default]
    Continue,
    /// Waits first, as its own rhythm. Unlike a sleep it is no event of the world, and nothing ends it early.
    Delay(Span),
    /// Sleeps first.
    Sleep(Sleep),
    /// Ends for good.
    Stop,
}

/// Why a mind did not decide.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MindError {
    /// It failed; trying again may help.
    #[error("the mind could not decide: {0}")]
    Failed(Box<str>),
    /// The saved state is not one of this mind.
    #[error("the saved state does not fit this mind: {0}; start it without a state")]
    State(Box<str>),
}
