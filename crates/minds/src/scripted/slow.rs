//! Minds that take their time, to see that one agent's slowness stays its own.

use std::sync::Arc;

use ecology_types::{Charges, Seed, Span};
use serde::{Deserialize, Serialize};

use super::inner::{build_inner, check_inner};
use super::{Delay, Flaw, SPAN_MAX, Script, Tools, check_range};
use crate::{Decision, Mind, MindConfig, MindError, Pace, Perception, SummaryBounds};

/// Configuration of [`Slow`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SlowConfig {
    /// How long a thought takes, in microseconds.
    pub thinking: Span,
    /// The mind that decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inner: Option<Box<MindConfig>>,
}

impl Default for SlowConfig {
    fn default() -> Self {
        Self { thinking: Span::from_millis(100), inner: None }
    }
}

impl Script for SlowConfig {
    fn check(&self) -> Result<(), Flaw> {
        check_range("thinking", self.thinking.0, 0, SPAN_MAX.0)?;
        check_inner("inner", self.inner.as_deref())
    }

    fn delay_mean(&self) -> Span {
        Span::ZERO
    }

    fn build(&self, seed: Seed, tools: &Tools) -> Box<dyn Mind> {
        let inner = build_inner(self.inner.as_deref(), seed, tools);
        Box::new(Slow::new(inner, self.thinking, tools.delay.clone()))
    }
}

/// Another mind that thinks away from the writer and takes time: by the delay that it is given, which really waits, or on a virtual clock,
/// which asks [`Mind::thinking_time`].
pub struct Slow {
    inner: Box<dyn Mind>,
    thinking: Span,
    delay: Option<Arc<dyn Delay>>,
}

impl Slow {
    /// `inner`, with thoughts that take so long.
    #[must_use]
    pub fn new(inner: Box<dyn Mind>, thinking: Span, delay: Option<Arc<dyn Delay>>) -> Self {
        Self { inner, thinking, delay }
    }
}

impl Mind for Slow {
    fn name(&self) -> &'static str {
        "slow"
    }

    fn estimate(&self) -> Charges {
        self.inner.estimate()
    }

    fn pace(&self) -> Pace {
        Pace::Task
    }

    fn thinking_time(&self) -> Span {
        self.thinking
    }

    fn attention(&self) -> SummaryBounds {
        self.inner.attention()
    }

    fn think(&mut self, view: &dyn Perception) -> Result<Decision, MindError> {
        if let Some(delay) = &self.delay {
            delay.wait(self.thinking);
        }
        self.inner.think(view)
    }

    fn save(&self) -> Vec<u8> {
        self.inner.save()
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), MindError> {
        self.inner.restore(bytes)
    }
}
