//! A mind with its own rhythm in continuous mode.

use ecology_types::{Charges, Seed, Span};

use crate::{Decision, Dice, Mind, MindError, Pace, Perception, SummaryBounds, Then, state};

/// Another mind that pauses for a random time after each action in continuous mode. In tick mode the tick is the rhythm.
///
/// The pauses are exponential, so that the order in which many such agents act is that of independent Poisson clocks: random and sequential.
pub struct Paced {
    inner: Box<dyn Mind>,
    delay_mean: Span,
    dice: Dice,
}

impl Paced {
    /// `inner` with pauses of the given mean.
    #[must_use]
    pub fn new(inner: Box<dyn Mind>, delay_mean: Span, seed: Seed) -> Self {
        Self { inner, delay_mean, dice: Dice::new(seed.derive("pace", 0)) }
    }
}

impl Mind for Paced {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn estimate(&self) -> Charges {
        self.inner.estimate()
    }

    fn pace(&self) -> Pace {
        self.inner.pace()
    }

    fn thinking_time(&self) -> Span {
        self.inner.thinking_time()
    }

    fn attention(&self) -> SummaryBounds {
        self.inner.attention()
    }

    fn think(&mut self, view: &dyn Perception) -> Result<Decision, MindError> {
        let mut decision = self.inner.think(view)?;
        if decision.then == Then::Continue && view.tick() == 0 {
            decision.then = Then::Delay(self.dice.exponential(self.delay_mean));
        }
        Ok(decision)
    }

    fn save(&self) -> Vec<u8> {
        state::save(&(self.dice, self.inner.save()))
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), MindError> {
        let (dice, inner): (Dice, Vec<u8>) = state::restore(bytes)?;
        self.inner.restore(&inner)?;
        self.dice = dice;
        Ok(())
    }
}
