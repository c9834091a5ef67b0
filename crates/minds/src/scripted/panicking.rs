//! Minds that panic, to see that a defect in one mind stays with its agent.

use ecology_types::{Charges, Seed, Span};
use serde::{Deserialize, Serialize};

use super::inner::{build_inner, check_inner};
use super::{Flaw, Script, Tools, check_range};
use crate::{Decision, Mind, MindConfig, MindError, Pace, Perception, SummaryBounds, state};

/// Configuration of [`Panicking`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PanickingConfig {
    /// The number of the first thought that panics, from 1; all later ones panic as well.
    pub first: u64,
    /// Whether it thinks away from the writer.
    pub task: bool,
    /// The mind that decides before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inner: Option<Box<MindConfig>>,
}

impl Default for PanickingConfig {
    fn default() -> Self {
        Self { first: 1, task: false, inner: None }
    }
}

impl Script for PanickingConfig {
    fn check(&self) -> Result<(), Flaw> {
        check_range("first", self.first, 1, i64::MAX as u64)?;
        check_inner("inner", self.inner.as_deref())
    }

    fn delay_mean(&self) -> Span {
        Span::ZERO
    }

    fn build(&self, seed: Seed, tools: &Tools) -> Box<dyn Mind> {
        let inner = build_inner(self.inner.as_deref(), seed, tools);
        Box::new(Panicking { inner, first: self.first, task: self.task, thoughts: 0 })
    }
}

/// Another mind with a planted defect. For tests: the only code of this crate that panics on purpose.
pub struct Panicking {
    inner: Box<dyn Mind>,
    first: u64,
    task: bool,
    thoughts: u64,
}

impl Mind for Panicking {
    fn name(&self) -> &'static str {
        "panicking"
    }

    fn estimate(&self) -> Charges {
        self.inner.estimate()
    }

    fn pace(&self) -> Pace {
        if self.task { Pace::Task } else { self.inner.pace() }
    }

    fn attention(&self) -> SummaryBounds {
        self.inner.attention()
    }

    fn think(&mut self, view: &dyn Perception) -> Result<Decision, MindError> {
        self.thoughts = self.thoughts.saturating_add(1);
        assert!(self.thoughts < self.first, "thought {} panics on purpose", self.thoughts);
        self.inner.think(view)
    }

    fn save(&self) -> Vec<u8> {
        state::save(&(self.thoughts, self.inner.save()))
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), MindError> {
        let (thoughts, inner): (u64, Vec<u8>) = state::restore(bytes)?;
        self.inner.restore(&inner)?;
        self.thoughts = thoughts;
        Ok(())
    }
}
