//! Resting: agents whose mind is not here.

use ecology_types::{Seed, Sleep, SmolStr, Span, WakeCondition};
use serde::{Deserialize, Serialize};

use super::{Flaw, Script, Tools};
use crate::{Decision, Mind, MindError, Perception, Then, state};

/// Configuration of [`Resting`]: all that is known of a mind that cannot be run here, as text that nothing interprets. An agent that came from
/// another program keeps its prompt and its model in it until somebody writes a configuration with a mind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RestingConfig {
    /// The language model that it thought with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<SmolStr>,
    /// What it was told before every thought.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// Everything else that was set for it, as its program wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<String>,
    /// The content of the artifact that stood for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
}

impl Script for RestingConfig {
    fn check(&self) -> Result<(), Flaw> {
        Ok(())
    }

    fn delay_mean(&self) -> Span {
        Span::ZERO
    }

    fn build(&self, _: Seed, _: &Tools) -> Box<dyn Mind> {
        Box::new(Resting)
    }
}

/// Does nothing and sleeps until its own configuration changes, which gives it another mind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resting;

impl Mind for Resting {
    fn name(&self) -> &'static str {
        "resting"
    }

    fn think(&mut self, view: &dyn Perception) -> Result<Decision, MindError> {
        let on = vec![WakeCondition::ArtifactChanged(view.me().clone())];
        Ok(Decision::noop().then(Then::Sleep(Sleep { duration: None, on })))
    }

    fn save(&self) -> Vec<u8> {
        Vec::new()
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), MindError> {
        state::restore::<()>(bytes)
    }
}
