//! Sleepers: agents that wait for something to happen.

use std::sync::Arc;

use ecology_types::{EventKind, Id, Scrip, Seed, Sleep, Span, WakeCondition};
use serde::{Deserialize, Serialize};

use super::{Flaw, SPAN_MAX, Script, Tools, check_range};
use crate::{Decision, Mind, MindError, Perception, Then, state};

/// Configuration of [`Sleeper`]. Without anything it sleeps for good.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SleeperConfig {
    /// The longest sleep, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<Span>,
    /// Kinds of events that wake it, whoever they are about.
    pub events: Vec<EventKind>,
    /// Kinds of events that wake it when they are about itself.
    pub events_about_me: Vec<EventKind>,
    /// Artifacts whose change wakes it.
    pub artifacts: Vec<Id>,
    /// The balance that wakes it when it has that much or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scrip_at_least: Option<u64>,
    /// The balance that wakes it when it has less.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scrip_below: Option<u64>,
    /// After so many sleeps its loop ends; 0 for never.
    pub sleeps_max: u64,
}

impl SleeperConfig {
    fn sleep(&self) -> Sleep {
        let on = (self.events.iter().copied().map(WakeCondition::Event))
            .chain(self.events_about_me.iter().copied().map(WakeCondition::EventAboutMe))
            .chain(self.artifacts.iter().cloned().map(WakeCondition::ArtifactChanged))
            .chain(self.scrip_at_least.map(|scrip| WakeCondition::ScripAtLeast(Scrip(scrip))))
            .chain(self.scrip_below.map(|scrip| WakeCondition::ScripBelow(Scrip(scrip))))
            .collect();
        Sleep { duration: self.duration, on }
    }
}

impl Script for Arc<SleeperConfig> {
    fn check(&self) -> Result<(), Flaw> {
        if let Some(duration) = self.duration {
            check_range("duration", duration.0, 1, SPAN_MAX.0)?;
        }
        for (field, length) in [
            ("events", self.events.len()),
            ("events_about_me", self.events_about_me.len()),
            ("artifacts", self.artifacts.len()),
        ] {
            if length > 32 {
                return Err(Flaw::new(field, format!("give at most 32, not {length}")));
            }
        }
        check_range("sleeps_max", self.sleeps_max, 0, i64::MAX as u64)
    }

    fn delay_mean(&self) -> Span {
        Span::ZERO
    }

    fn build(&self, _: Seed, _: &Tools) -> Box<dyn Mind> {
        Box::new(Sleeper { config: Self::clone(self), sleeps: 0 })
    }
}

/// Does nothing and sleeps, again and again. Sleepers that were built from one configuration share it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sleeper {
    config: Arc<SleeperConfig>,
    sleeps: u64,
}

impl Sleeper {
    /// A sleeper that has not slept yet.
    #[must_use]
    pub fn new(config: &SleeperConfig) -> Self {
        Self { config: Arc::new(config.clone()), sleeps: 0 }
    }
}

impl Mind for Sleeper {
    fn name(&self) -> &'static str {
        "sleeper"
    }

    fn think(&mut self, _: &dyn Perception) -> Result<Decision, MindError> {
        if self.config.sleeps_max > 0 && self.sleeps >= self.config.sleeps_max {
            return Ok(Decision::noop().then(Then::Stop));
        }
        self.sleeps = self.sleeps.saturating_add(1);
        Ok(Decision::noop().then(Then::Sleep(self.config.sleep())))
    }

    fn save(&self) -> Vec<u8> {
        state::save(&self.sleeps)
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), MindError> {
        self.sleeps = state::restore(bytes)?;
        Ok(())
    }
}
