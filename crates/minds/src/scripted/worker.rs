//! Workers: agents that sell themselves and work on for whoever owns them.

use ecology_types::{Action, Draft, EventKind, Id, Seed, SmolStr, Span, Value, WriteMode};
use serde::{Deserialize, Serialize};

use super::quoting::last_done;
use super::{Flaw, PRICE_MAX, Script, Tools, check_kind, check_range};
use crate::{Decision, Mind, MindError, Perception, services, state};

/// Configuration of [`Worker`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WorkerConfig {
    /// For whom it works; without one it works for whoever buys it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub employer: Option<Id>,
    /// The price that it asks for itself, in scrip; 0 when it is not for sale.
    pub price: u64,
    /// Scrip of its own that goes with it; 0 for none.
    pub dowry: u64,
    /// The kind of what it makes.
    pub good: SmolStr,
    /// How many it makes.
    pub works_max: u64,
    /// Mean of the random delay after each action in continuous mode, in microseconds; 0 for none.
    pub delay_mean: Span,
}

impl Default for WorkerConfig {
    fn default() -> Self {
        Self {
            employer: None,
            price: 0,
            dowry: 0,
            good: SmolStr::new_static("ware"),
            works_max: 8,
            delay_mean: Span::ZERO,
        }
    }
}

impl Script for WorkerConfig {
    fn check(&self) -> Result<(), Flaw> {
        check_kind("good", &self.good)?;
        check_range("price", self.price, 0, PRICE_MAX)?;
        check_range("dowry", self.dowry, 0, PRICE_MAX)?;
        check_range("works_max", self.works_max, 0, 1_000_000)?;
        super::check_delay(self.delay_mean)
    }

    fn delay_mean(&self) -> Span {
        self.delay_mean
    }

    fn build(&self, _: Seed, _: &Tools) -> Box<dyn Mind> {
        Box::new(Worker::new(self.clone()))
    }
}

/// Lists itself for sale, waits for a buyer, and then makes one piece after the other and hands each over to whoever bought it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    config: Box<WorkerConfig>,
    state: State,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    employer: Option<Id>,
    /// Counts the pieces.
    piece: u64,
    step: Step,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Step {
    /// It has not said that it is for sale.
    List,
    /// It has, a moment ago.
    Listed,
    /// It makes the next piece.
    Make,
    /// It hands over what it has made.
    HandOver,
}

impl Worker {
    /// A worker before its first piece.
    #[must_use]
    pub fn new(config: WorkerConfig) -> Self {
        let step = if config.price > 0 { Step::List } else { Step::Make };
        let state = State { employer: config.employer.clone(), piece: 0, step };
        Self { config: Box::new(config), state }
    }

    /// Who bought it: whoever took its listing, or whose offer was there first.
    fn hear_of_sale(&mut self, view: &dyn Perception) {
        if let Some(Ok(result)) = view.last_outcome()
            && self.state.step == Step::Listed
            && let Some(with) = result.get("with").and_then(Value::as_text)
        {
            self.state.employer = Id::new(with).ok();
        }
        let mut buyer = None;
        view.events(&mut |event| {
            if event.kind == EventKind::EscrowSold
                && let Some(actor) = event.actor.filter(|actor| *actor != view.me())
            {
                buyer = Some(actor.clone());
            }
        });
        if buyer.is_some() {
            self.state.employer = buyer;
        }
    }

    fn act(&mut self, view: &dyn Perception) -> Result<Option<Action>, MindError> {
        let config = &*self.config;
        if self.state.step == Step::List && self.state.employer.is_none() {
            self.state.step = Step::Listed;
            let me = view.me();
            let dowry = config.dowry.min(view.scrip().0);
            return Ok(Some(if dowry == 0 {
                services::deposit_artifact(me, config.price, None)
            } else {
                services::deposit_bundle(
                    &[services::good_artifact(me), services::good_scrip(dowry)],
                    config.price,
                )
            }));
        }
        let Some(employer) = &self.state.employer else { return Ok(None) };
        if self.state.step == Step::HandOver && last_done(view) {
            self.state.step = Step::Make;
            return Ok(Some(services::transfer_ownership(&piece_id(view, self.state.piece)?, employer)));
        }
        if self.state.piece >= config.works_max {
            return Ok(None);
        }
        self.state.piece += 1;
        self.state.step = Step::HandOver;
        let content = format!("{} {} of {}", config.good, self.state.piece, view.me());
        let mut draft = Draft::new(piece_id(view, self.state.piece)?, content);
        draft.mode = WriteMode::Create;
        draft.kind = Some(config.good.clone());
        Ok(Some(Action::Write(Box::new(draft))))
    }
}

fn piece_id(view: &dyn Perception, piece: u64) -> Result<Id, MindError> {
    Id::new(format!("{}_work_{piece}", view.me()))
        .map_err(|error| MindError::Failed(error.to_string().into()))
}

impl Mind for Worker {
    fn name(&self) -> &'static str {
        "worker"
    }

    fn think(&mut self, view: &dyn Perception) -> Result<Decision, MindError> {
        self.hear_of_sale(view);
        Ok(self.act(view)?.map_or_else(Decision::noop, Decision::act))
    }

    fn save(&self) -> Vec<u8> {
        state::save(&self.state)
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), MindError> {
        self.state = state::restore(bytes)?;
        Ok(())
    }
}
