//! Random transfers of one scrip: the exchange economy of Dragulescu & Yakovenko 2000.

use ecology_types::{Scrip, Seed, Span};
use serde::{Deserialize, Serialize};

use super::{Flaw, Script, Tools};
use crate::{Decision, Dice, Mind, MindError, Perception, services, state};

/// Configuration of [`RandomTransfer`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RandomTransferConfig {
    /// Mean of the random delay after each action in continuous mode, in microseconds; 0 for none.
    pub delay_mean: Span,
}

impl Script for RandomTransferConfig {
    fn check(&self) -> Result<(), Flaw> {
        super::check_delay(self.delay_mean)
    }

    fn delay_mean(&self) -> Span {
        self.delay_mean
    }

    fn build(&self, seed: Seed, _: &Tools) -> Box<dyn Mind> {
        Box::new(RandomTransfer::new(seed))
    }
}

/// Gives one scrip to another agent chosen uniformly at random, whenever it has one.
///
/// In tick mode it tries without looking: the ledger refuses when there is nothing to give at its turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RandomTransfer {
    dice: Dice,
}

impl RandomTransfer {
    /// One that draws from `seed`.
    #[must_use]
    pub const fn new(seed: Seed) -> Self {
        Self { dice: Dice::new(seed) }
    }
}

impl Mind for RandomTransfer {
    fn name(&self) -> &'static str {
        "random_transfer"
    }

    fn heeds_outcome(&self) -> bool {
        false
    }

    fn think(&mut self, view: &dyn Perception) -> Result<Decision, MindError> {
        let count = view.agents_count();
        // In tick mode everybody decides on the state before the tick; what arrives before the own turn can be given as well, so the
        // ledger is asked. Looking at the snapshot instead would be another model: its Gini at mean 1 is 0.578, not 0.628.
        let broke = view.tick() == 0 && view.scrip() < Scrip(1);
        if broke || count < 2 {
            return Ok(Decision::noop());
        }
        // Drawing again on hitting oneself keeps the others equally likely without knowing one's own place.
        for _ in 0..64 {
            let index = usize::try_from(self.dice.below(count as u64)).unwrap_or(0);
            match view.agent_at(index) {
                Some(to) if to != view.me() => return Ok(Decision::act(services::transfer(to, 1))),
                _ => {}
            }
        }
        Ok(Decision::noop())
    }

    fn save(&self) -> Vec<u8> {
        state::save(&self.dice)
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), MindError> {
        self.dice = state::restore(bytes)?;
        Ok(())
    }
}
