//! Bidders: agents that bid at the mint for what their artifacts are scored at.

use ecology_types::{Seed, Span};
use serde::{Deserialize, Serialize};

use super::entry::Entry;
use super::{Flaw, PRICE_MAX, Script, Tools, check_range};
use crate::{Decision, Dice, Mind, MindError, Perception, state};

/// Configuration of [`Bidder`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BidderConfig {
    /// The lowest bid, in scrip.
    pub bid_min: u64,
    /// The highest bid, in scrip; never more than what it has.
    pub bid_max: u64,
    /// Length of the artifact that it enters, in bytes, beyond its head line.
    pub text_bytes: u64,
    /// Mean of the random delay after each action in continuous mode, in microseconds; 0 for none.
    pub delay_mean: Span,
}

impl Default for BidderConfig {
    fn default() -> Self {
        Self { bid_min: 1, bid_max: 10, text_bytes: 200, delay_mean: Span::ZERO }
    }
}

impl Script for BidderConfig {
    fn check(&self) -> Result<(), Flaw> {
        check_range("bid_max", self.bid_max, 1, PRICE_MAX)?;
        check_range("bid_min", self.bid_min, 1, self.bid_max)?;
        check_range("text_bytes", self.text_bytes, 0, 50_000)?;
        super::check_delay(self.delay_mean)
    }

    fn delay_mean(&self) -> Span {
        self.delay_mean
    }

    fn build(&self, seed: Seed, _: &Tools) -> Box<dyn Mind> {
        Box::new(Bidder::new(self.clone(), seed))
    }
}

/// Enters each auction of the mint once, with a new artifact and a random bid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bidder {
    config: Box<BidderConfig>,
    state: State,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    dice: Dice,
    entry: Entry,
}

impl Bidder {
    /// A bidder that draws from `seed`.
    #[must_use]
    pub fn new(config: BidderConfig, seed: Seed) -> Self {
        Self { config: Box::new(config), state: State { dice: Dice::new(seed), entry: Entry::new() } }
    }
}

impl Mind for Bidder {
    fn name(&self) -> &'static str {
        "bidder"
    }

    fn think(&mut self, view: &dyn Perception) -> Result<Decision, MindError> {
        let State { dice, entry } = &mut self.state;
        let config = &self.config;
        let most = config.bid_max.min(view.scrip().0);
        let content = |round| {
            let length = usize::try_from(config.text_bytes).unwrap_or(0);
            format!("entry {round}\n{}", "a new idea, ".chars().cycle().take(length).collect::<String>())
        };
        entry.step(view, content, |_| (most >= config.bid_min).then(|| dice.within(config.bid_min, most)))
    }

    fn save(&self) -> Vec<u8> {
        state::save(&self.state)
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), MindError> {
        self.state = state::restore(bytes)?;
        Ok(())
    }
}
