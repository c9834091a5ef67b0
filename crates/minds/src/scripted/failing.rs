//! Minds that fail, to see that one agent's failure stays its own.

use ecology_types::{Charges, Seed, Span};
use serde::{Deserialize, Serialize};

use super::inner::{build_inner, check_inner};
use super::{Flaw, Script, Tools, check_range};
use crate::{Decision, Mind, MindConfig, MindError, Pace, Perception, SummaryBounds, state};

/// Configuration of [`Failing`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FailingConfig {
    /// The number of the first thought that fails, from 1.
    pub first: u64,
    /// How many thoughts fail in a row.
    pub count: u64,
    /// The mind that decides otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inner: Option<Box<MindConfig>>,
}

impl Default for FailingConfig {
    fn default() -> Self {
        Self { first: 1, count: 1, inner: None }
    }
}

impl Script for FailingConfig {
    fn check(&self) -> Result<(), Flaw> {
        check_range("first", self.first, 1, i64::MAX as u64)?;
        check_range("count", self.count, 0, i64::MAX as u64)?;
        check_inner("inner", self.inner.as_deref())
    }

    fn delay_mean(&self) -> Span {
        Span::ZERO
    }

    fn build(&self, seed: Seed, tools: &Tools) -> Box<dyn Mind> {
        let inner = build_inner(self.inner.as_deref(), seed, tools);
        Box::new(Failing::new(inner, self.first, self.count))
    }
}

/// Another mind, some of whose thoughts fail.
pub struct Failing {
    inner: Box<dyn Mind>,
    first: u64,
    count: u64,
    thoughts: u64,
}

impl Failing {
    /// `inner`, but from the thought with number `first` (from 1) on `count` of them fail.
    #[must_use]
    pub fn new(inner: Box<dyn Mind>, first: u64, count: u64) -> Self {
        Self { inner, first, count, thoughts: 0 }
    }
}

impl Mind for Failing {
    fn name(&self) -> &'static str {
        "failing"
    }

    fn estimate(&self) -> Charges {
        self.inner.estimate()
    }

    fn pace(&self) -> Pace {
        self.inner.pace()
    }

    fn attention(&self) -> SummaryBounds {
        self.inner.attention()
    }

    fn think(&mut self, view: &dyn Perception) -> Result<Decision, MindError> {
        self.thoughts = self.thoughts.saturating_add(1);
        if self.thoughts >= self.first && self.thoughts - self.first < self.count {
            return Err(MindError::Failed(format!("thought {} fails on purpose", self.thoughts).into()));
        }
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
