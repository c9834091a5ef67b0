//! Bidders with private values: Vickrey 1961, "Counterspeculation, auctions, and competitive sealed tenders".

use ecology_types::{Seed, Span};
use serde::{Deserialize, Serialize};

use super::entry::Entry;
use super::{Flaw, PRICE_MAX, Script, Tools, check_range};
use crate::{Decision, Dice, Mind, MindError, Perception, state};

/// Configuration of [`VickreyBidder`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VickreyBidderConfig {
    /// In each auction the private value is uniform from 1 to this, in scrip.
    pub value_max: u64,
    /// Private values of the first auctions, in scrip, instead of random ones.
    pub values: Vec<u64>,
    /// What it bids, in thousandths of the value. 1000 is the truth; others are deviations, which the theorem says never pay.
    pub bid_permille: u64,
    /// Mean of the random delay after each action in continuous mode, in microseconds; 0 for none.
    pub delay_mean: Span,
}

impl Default for VickreyBidderConfig {
    fn default() -> Self {
        Self { value_max: 1_000_000, values: Vec::new(), bid_permille: 1_000, delay_mean: Span::ZERO }
    }
}

impl Script for VickreyBidderConfig {
    fn check(&self) -> Result<(), Flaw> {
        check_range("value_max", self.value_max, 1, PRICE_MAX)?;
        check_range("bid_permille", self.bid_permille, 0, 10_000)?;
        if self.values.len() > 10_000 {
            return Err(Flaw::new(
                "values",
                format!("give at most 10000 numbers, not {}", self.values.len()),
            ));
        }
        for value in &self.values {
            check_range("values", *value, 0, PRICE_MAX)?;
        }
        super::check_delay(self.delay_mean)
    }

    fn delay_mean(&self) -> Span {
        self.delay_mean
    }

    fn build(&self, seed: Seed, _: &Tools) -> Box<dyn Mind> {
        Box::new(VickreyBidder::new(self.clone(), seed))
    }
}

/// Enters each auction of the mint once and bids its private value, or a fixed part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VickreyBidder {
    config: Box<VickreyBidderConfig>,
    seed: Seed,
    entry: Entry,
}

impl VickreyBidder {
    /// A bidder that draws from `seed`.
    #[must_use]
    pub fn new(config: VickreyBidderConfig, seed: Seed) -> Self {
        Self { config: Box::new(config), seed, entry: Entry::new() }
    }

    /// Its private value in the auction with this number, from 1. Drawn from seed and number alone, so that a report can ask for it later.
    #[must_use]
    pub fn value(&self, round: u32) -> u64 {
        let index = usize::try_from(round).unwrap_or(usize::MAX).saturating_sub(1);
        self.config.values.get(index).copied().unwrap_or_else(|| {
            Dice::new(self.seed.derive("value", u64::from(round))).within(1, self.config.value_max)
        })
    }

    /// How many auctions it took part in.
    #[must_use]
    pub const fn round(&self) -> u32 {
        self.entry.round()
    }
}

impl Mind for VickreyBidder {
    fn name(&self) -> &'static str {
        "vickrey_bidder"
    }

    fn think(&mut self, view: &dyn Perception) -> Result<Decision, MindError> {
        let mut entry = self.entry.clone();
        let decision = entry.step(
            view,
            |round| format!("entry {round}"),
            |round| {
                let bid = u128::from(self.value(round)) * u128::from(self.config.bid_permille) / 1_000;
                Some(u64::try_from(bid).unwrap_or(u64::MAX).min(view.scrip().0))
            },
        );
        self.entry = entry;
        decision
    }

    fn save(&self) -> Vec<u8> {
        state::save(&self.entry)
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), MindError> {
        self.entry = state::restore(bytes)?;
        Ok(())
    }
}
