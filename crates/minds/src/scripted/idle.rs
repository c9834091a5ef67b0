//! A mind that wants nothing.

use ecology_types::{Seed, Span};
use serde::{Deserialize, Serialize};

use super::{Flaw, Script, Tools};
use crate::{Decision, Mind, MindError, Perception, state};

/// Configuration of [`Idle`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IdleConfig {
    /// Mean of the random delay after each action in continuous mode, in microseconds; 0 for none.
    pub delay_mean: Span,
}

impl Script for IdleConfig {
    fn check(&self) -> Result<(), Flaw> {
        super::check_delay(self.delay_mean)
    }

    fn delay_mean(&self) -> Span {
        self.delay_mean
    }

    fn build(&self, _: Seed, _: &Tools) -> Box<dyn Mind> {
        Box::new(Idle)
    }
}

/// Does nothing, time after time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Idle;

impl Mind for Idle {
    fn name(&self) -> &'static str {
        "idle"
    }

    fn think(&mut self, _: &dyn Perception) -> Result<Decision, MindError> {
        Ok(Decision::noop())
    }

    fn save(&self) -> Vec<u8> {
        Vec::new()
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), MindError> {
        state::restore::<()>(bytes)
    }
}
