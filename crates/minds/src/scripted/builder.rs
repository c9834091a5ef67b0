//! Builders: agents that make artifacts and live on selling them.

use ecology_types::{Action, Draft, Id, PolicyDraft, Scrip, Seed, SmolStr, Span, WriteMode};
use serde::{Deserialize, Serialize};

use super::quoting::{last_done, own_orders};
use super::{Flaw, PRICE_MAX, Script, Tools, check_kind, check_range};
use crate::{Decision, Dice, Mind, MindError, Perception, services, state};

/// Configuration of [`Builder`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BuilderConfig {
    /// The kind of what it makes.
    pub good: SmolStr,
    /// The lowest price that it asks, in scrip.
    pub price_min: u64,
    /// The highest price that it asks, in scrip.
    pub price_max: u64,
    /// What it pays at most for the work of another, in scrip; 0 for never buying.
    pub spend_max: u64,
    /// What it charges others for a read, in scrip. Above 0 it writes a policy with its artifacts, which only the old access control knows.
    pub read_price: u64,
    /// How many of its asks are open at most; then it takes back the oldest.
    pub asks_max: u64,
    /// Length of what it writes, in bytes, beyond its head line.
    pub text_bytes: u64,
    /// Mean of the random delay after each action in continuous mode, in microseconds; 0 for none.
    pub delay_mean: Span,
}

impl Default for BuilderConfig {
    fn default() -> Self {
        Self {
            good: SmolStr::new_static("essay"),
            price_min: 5,
            price_max: 15,
            spend_max: 10,
            read_price: 0,
            asks_max: 4,
            text_bytes: 100,
            delay_mean: Span::ZERO,
        }
    }
}

impl Script for BuilderConfig {
    fn check(&self) -> Result<(), Flaw> {
        check_kind("good", &self.good)?;
        check_range("price_max", self.price_max, 1, PRICE_MAX)?;
        check_range("price_min", self.price_min, 1, self.price_max)?;
        check_range("spend_max", self.spend_max, 0, PRICE_MAX)?;
        check_range("read_price", self.read_price, 0, PRICE_MAX)?;
        check_range("asks_max", self.asks_max, 1, 64)?;
        check_range("text_bytes", self.text_bytes, 0, 50_000)?;
        super::check_delay(self.delay_mean)
    }

    fn delay_mean(&self) -> Span {
        self.delay_mean
    }

    fn build(&self, seed: Seed, _: &Tools) -> Box<dyn Mind> {
        Box::new(Builder::new(self.clone(), seed))
    }
}

/// Writes a draft, finishes it with an edit, asks a price for it, reads what others sell and now and then buys it; then the next piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Builder {
    config: Box<BuilderConfig>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    dice: Dice,
    /// Counts the pieces.
    piece: u32,
    step: Step,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Step {
    Write,
    Finish,
    Sell,
    Study,
    Buy,
    TidyUp,
}

impl Step {
    const fn next(self) -> Self {
        match self {
            Self::Write => Self::Finish,
            Self::Finish => Self::Sell,
            Self::Sell => Self::Study,
            Self::Study => Self::Buy,
            Self::Buy => Self::TidyUp,
            Self::TidyUp => Self::Write,
        }
    }
}

/// The word in a draft that the edit replaces.
const DRAFT: &str = "state: draft";
const FINISHED: &str = "state: finished";

impl Builder {
    /// A builder that draws from `seed`.
    #[must_use]
    pub fn new(config: BuilderConfig, seed: Seed) -> Self {
        let state = State { dice: Dice::new(seed), piece: 0, step: Step::Write };
        Self { config: Box::new(config), state }
    }

    fn piece_id(&self, view: &dyn Perception) -> Result<Id, MindError> {
        Id::new(format!("{}_piece_{}", view.me(), self.state.piece))
            .map_err(|error| MindError::Failed(error.to_string().into()))
    }

    fn write(&mut self, view: &dyn Perception) -> Result<Action, MindError> {
        const SENTENCE: &str = "What is scarce has a price, and what has a price is looked after. ";
        let artifact = self.piece_id(view)?;
        let length = usize::try_from(self.config.text_bytes).unwrap_or(0);
        let text: String = SENTENCE.chars().cycle().take(length).collect();
        let content = format!("{} {}, {DRAFT}\n{text}", self.config.good, self.state.piece);
        let mut draft = Draft::new(artifact, content);
        draft.mode = WriteMode::Create;
        draft.kind = Some(self.config.good.clone());
        if self.config.read_price > 0 {
            draft.policy = Some(PolicyDraft {
                read: vec![SmolStr::new_static("*")],
                read_price: Scrip(self.config.read_price),
                ..PolicyDraft::default()
            });
        }
        Ok(Action::Write(Box::new(draft)))
    }

    fn act(&mut self, view: &dyn Perception) -> Result<Option<Action>, MindError> {
        let kind = self.config.good.clone();
        Ok(match self.state.step {
            Step::Write => {
                self.state.piece = self.state.piece.wrapping_add(1);
                Some(self.write(view)?)
            }
            // What was refused a moment ago (an id that is taken, a full disk) leaves nothing to finish.
            Step::Finish if !last_done(view) => None,
            Step::Finish => Some(Action::Edit {
                artifact: self.piece_id(view)?,
                find: DRAFT.into(),
                replace: FINISHED.into(),
                expected_version: None,
            }),
            Step::Sell if !last_done(view) => None,
            Step::Sell => {
                let price = self.state.dice.within(self.config.price_min, self.config.price_max);
                Some(services::deposit_artifact(&self.piece_id(view)?, price, None))
            }
            Step::Study => view
                .best_ask(&kind)
                .and_then(|ask| ask.good_id)
                .map(|artifact| Action::Read { artifact: artifact.clone() }),
            Step::Buy => view
                .best_ask(&kind)
                .filter(|ask| !ask.mine && ask.price.0 <= self.config.spend_max && ask.price <= view.scrip())
                .map(|ask| services::purchase(ask.id)),
            Step::TidyUp => {
                let (oldest, count) = own_orders(view, &kind, true);
                oldest
                    .filter(|_| count as u64 >= self.config.asks_max)
                    .map(|open| services::cancel(open.order))
            }
        })
    }
}

impl Mind for Builder {
    fn name(&self) -> &'static str {
        "builder"
    }

    fn attention(&self) -> crate::SummaryBounds {
        crate::SummaryBounds { kinds: vec![self.config.good.clone()], ..Default::default() }
    }

    fn think(&mut self, view: &dyn Perception) -> Result<Decision, MindError> {
        // A step that has nothing to do passes on to the next; after one round there is nothing to do at all.
        for _ in 0..6 {
            let action = self.act(view)?;
            self.state.step = self.state.step.next();
            if let Some(action) = action {
                return Ok(Decision::act(action));
            }
        }
        Ok(Decision::noop())
    }

    fn save(&self) -> Vec<u8> {
        state::save(&self.state)
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), MindError> {
        self.state = state::restore(bytes)?;
        Ok(())
    }
}
