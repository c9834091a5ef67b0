//! Borrowers: agents that sell promises.

use ecology_types::{Action, Draft, Id, Seed, Span, Time, Value, WriteMode};
use serde::{Deserialize, Serialize};

use super::debt::{DEBT_KIND, DebtTerms};
use super::quoting::{last_done, own_orders};
use super::{Flaw, PRICE_MAX, SPAN_MAX, Script, Tools, check_range};
use crate::{Decision, Mind, MindError, Perception, services, state};

/// Configuration of [`Borrower`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BorrowerConfig {
    /// What it asks for a promise now, in scrip.
    pub principal: u64,
    /// What it pays for it later, in scrip.
    pub face: u64,
    /// How much later, in microseconds of world time.
    pub term: Span,
    /// How many debts it takes up, one after the other.
    pub debts_max: u64,
    /// Mean of the random delay after each action in continuous mode, in microseconds; 0 for none.
    pub delay_mean: Span,
}

impl Default for BorrowerConfig {
    fn default() -> Self {
        Self { principal: 10, face: 11, term: Span::from_secs(10), debts_max: 1_000, delay_mean: Span::ZERO }
    }
}

impl Script for BorrowerConfig {
    fn check(&self) -> Result<(), Flaw> {
        check_range("principal", self.principal, 1, PRICE_MAX)?;
        check_range("face", self.face, 1, PRICE_MAX)?;
        check_range("term", self.term.0, 1, SPAN_MAX.0)?;
        check_range("debts_max", self.debts_max, 1, u64::from(u32::MAX))?;
        super::check_delay(self.delay_mean)
    }

    fn delay_mean(&self) -> Span {
        self.delay_mean
    }

    fn build(&self, _: Seed, _: &Tools) -> Box<dyn Mind> {
        Box::new(Borrower::new(self.clone()))
    }
}

/// Writes a promise to pay its owner, sells it through escrow, and when it is due asks the store who owns it and pays that one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Borrower {
    config: Box<BorrowerConfig>,
    state: State,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    /// Counts the debts.
    debts: u32,
    due: Time,
    step: Step,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Step {
    /// Nothing owed.
    Free,
    /// The promise is being written.
    Written,
    /// It is being put into escrow.
    Listing,
    /// It waits in escrow for a buyer.
    Listed,
    /// Somebody owns it.
    Owing,
    /// The store is being asked who.
    Asking,
    /// That one is being paid.
    Paying,
}

impl Borrower {
    /// A borrower without debts.
    #[must_use]
    pub fn new(config: BorrowerConfig) -> Self {
        Self { config: Box::new(config), state: State { debts: 0, due: Time::ZERO, step: Step::Free } }
    }

    fn debt_id(&self, view: &dyn Perception) -> Result<Id, MindError> {
        Id::new(format!("{}_debt_{}", view.me(), self.state.debts))
            .map_err(|error| MindError::Failed(error.to_string().into()))
    }

    fn promise(&mut self, view: &dyn Perception) -> Result<Option<Action>, MindError> {
        if u64::from(self.state.debts) >= self.config.debts_max {
            return Ok(None);
        }
        self.state.debts = self.state.debts.saturating_add(1);
        self.state.due = view.now().after(self.config.term);
        self.state.step = Step::Written;
        let terms = DebtTerms { issuer: view.me().clone(), face: self.config.face, due: self.state.due };
        let mut draft = Draft::new(self.debt_id(view)?, terms.to_text());
        draft.mode = WriteMode::Create;
        draft.kind = Some(DebtTerms::kind());
        Ok(Some(Action::Write(Box::new(draft))))
    }

    fn act(&mut self, view: &dyn Perception) -> Result<Option<Action>, MindError> {
        let done = last_done(view);
        match self.state.step {
            Step::Free => self.promise(view),
            Step::Written if done => {
                self.state.step = Step::Listing;
                Ok(Some(services::deposit_artifact(&self.debt_id(view)?, self.config.principal, None)))
            }
            // Refused: the id is taken or the disk is full. The next promise has another number.
            Step::Written => {
                self.state.step = Step::Free;
                Ok(None)
            }
            Step::Listing | Step::Listed => {
                if self.state.step == Step::Listing && !done {
                    self.state.step = Step::Free;
                    return Ok(None);
                }
                match own_orders(view, DEBT_KIND, true) {
                    (None, _) => self.state.step = Step::Owing,
                    // Nobody wanted it in time: it is taken back, and the next promise falls due later.
                    (Some(open), _) if view.now() >= self.state.due => {
                        self.state.step = Step::Free;
                        return Ok(Some(services::cancel(open.order)));
                    }
                    (Some(_), _) => self.state.step = Step::Listed,
                }
                Ok(None)
            }
            Step::Owing if view.now() >= self.state.due && view.scrip().0 >= self.config.face => {
                self.state.step = Step::Asking;
                Ok(Some(services::get_metadata(&self.debt_id(view)?)))
            }
            Step::Owing => Ok(None),
            Step::Asking => {
                let owner = match view.last_outcome() {
                    Some(Ok(metadata)) => metadata.get("owner").and_then(Value::as_text),
                    _ => None,
                };
                let owner = owner.and_then(|owner| Id::new(owner).ok());
                match owner.filter(|owner| owner != view.me()) {
                    Some(owner) => {
                        self.state.step = Step::Paying;
                        Ok(Some(services::transfer(&owner, self.config.face)))
                    }
                    // Deleted or its own again: nobody is owed anything.
                    None => {
                        self.state.step = Step::Free;
                        Ok(None)
                    }
                }
            }
            Step::Paying => {
                self.state.step = if done { Step::Free } else { Step::Owing };
                Ok(None)
            }
        }
    }
}

impl Mind for Borrower {
    fn name(&self) -> &'static str {
        "borrower"
    }

    fn think(&mut self, view: &dyn Perception) -> Result<Decision, MindError> {
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
