//! Errands: agents that work through a list of actions, each tried until it comes out as expected.

use ecology_types::{Seed, Span};
use serde::{Deserialize, Serialize};

use super::errand::Errand;
use super::{Flaw, Script, Tools, check_range};
use crate::{Decision, Mind, MindError, Perception, Then, state};

/// Most errands on one list.
pub const ERRANDS_MAX: usize = 256;

/// Configuration of [`Errands`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ErrandsConfig {
    /// What to do, in this order.
    pub errands: Vec<Errand>,
    /// How often the whole list is done; 0 for as long as the agent lives.
    pub rounds: u64,
    /// How often one errand is tried before the agent goes on to the next one.
    pub tries_max: u32,
    /// Mean of the random delay after each action in continuous mode, in microseconds; 0 for none.
    pub delay_mean: Span,
}

impl Default for ErrandsConfig {
    fn default() -> Self {
        Self { errands: Vec::new(), rounds: 1, tries_max: 100, delay_mean: Span::ZERO }
    }
}

impl Script for ErrandsConfig {
    fn check(&self) -> Result<(), Flaw> {
        if self.errands.len() > ERRANDS_MAX {
            return Err(Flaw::new("errands", format!("a list has at most {ERRANDS_MAX}")));
        }
        self.errands.iter().try_for_each(Errand::check)?;
        check_range("tries_max", self.tries_max.into(), 1, u32::MAX.into())?;
        super::check_delay(self.delay_mean)
    }

    fn delay_mean(&self) -> Span {
        self.delay_mean
    }

    fn build(&self, _: Seed, _: &Tools) -> Box<dyn Mind> {
        Box::new(Errands::new(self.clone()))
    }
}

/// Does one errand after the other; what does not come out as expected is tried again, because others may have to act first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errands {
    config: Box<ErrandsConfig>,
    state: State,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    round: u64,
    at: u64,
    tries: u32,
}

impl Errands {
    /// An agent at the head of its list.
    #[must_use]
    pub fn new(config: ErrandsConfig) -> Self {
        Self { config: Box::new(config), state: State::default() }
    }

    fn present(&self) -> Option<&Errand> {
        self.config.errands.get(usize::try_from(self.state.at).ok()?)
    }

    fn advance(&mut self) {
        self.state.at += 1;
        self.state.tries = 0;
        if self.present().is_none() {
            self.state.at = 0;
            self.state.round = self.state.round.saturating_add(1);
        }
    }
}

impl Mind for Errands {
    fn name(&self) -> &'static str {
        "errands"
    }

    fn think(&mut self, view: &dyn Perception) -> Result<Decision, MindError> {
        if self.state.tries > 0 {
            let is_met = match (self.present(), view.last_outcome()) {
                (Some(errand), Some(outcome)) => errand.is_met_by(outcome),
                _ => false,
            };
            let is_given_up = self.state.tries >= self.config.tries_max
                && self.present().is_none_or(|errand| !errand.patient);
            if is_met || is_given_up {
                self.advance();
            }
        }
        let is_over = self.config.rounds > 0 && self.state.round >= self.config.rounds;
        let Some(errand) = self.present().filter(|_| !is_over) else {
            return Ok(Decision::noop().then(Then::Stop));
        };
        let action = errand.to_action(view)?;
        self.state.tries = self.state.tries.saturating_add(1);
        Ok(Decision::act(action))
    }

    fn save(&self) -> Vec<u8> {
        state::save(&self.state)
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), MindError> {
        self.state = state::restore(bytes)?;
        Ok(())
    }
}
