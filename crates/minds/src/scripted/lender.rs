//! Lenders: agents that buy promises.

use ecology_types::{Action, EventKind, Id, Seed, SmolStr, Span, Time};
use serde::{Deserialize, Serialize};

use super::debt::{DEBT_KIND, DebtTerms};
use super::quoting::last_done;
use super::{Flaw, PRICE_MAX, Script, Tools, check_range};
use crate::{Decision, Dice, Mind, MindError, Perception, SummaryBounds, services, state};

/// Configuration of [`Lender`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LenderConfig {
    /// What it pays at most for one promise, in scrip.
    pub price_max: u64,
    /// The least gain it wants, in thousandths of the price.
    pub gain_permille: u64,
    /// How many promises it holds at most, 1 to 64.
    pub debts_max: u64,
    /// In how many of a thousand thoughts it puts up a promise for sale before it is due.
    pub resell_permille: u64,
    /// Mean of the random delay after each action in continuous mode, in microseconds; 0 for none.
    pub delay_mean: Span,
}

impl Default for LenderConfig {
    fn default() -> Self {
        Self { price_max: 100, gain_permille: 50, debts_max: 8, resell_permille: 0, delay_mean: Span::ZERO }
    }
}

impl Script for LenderConfig {
    fn check(&self) -> Result<(), Flaw> {
        check_range("price_max", self.price_max, 1, PRICE_MAX)?;
        check_range("gain_permille", self.gain_permille, 0, 1_000_000)?;
        check_range("debts_max", self.debts_max, 1, 64)?;
        check_range("resell_permille", self.resell_permille, 0, 1_000)?;
        super::check_delay(self.delay_mean)
    }

    fn delay_mean(&self) -> Span {
        self.delay_mean
    }

    fn build(&self, seed: Seed, _: &Tools) -> Box<dyn Mind> {
        Box::new(Lender::new(self.clone(), seed))
    }
}

/// Buys promises that gain enough, holds them or sells them on, and tears one up when its issuer has paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lender {
    config: Box<LenderConfig>,
    state: State,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    dice: Dice,
    held: Vec<Held>,
    /// The promise that is being bought.
    buying: Option<Held>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Held {
    artifact: Id,
    issuer: Id,
    due: Time,
    face: u64,
    paid: bool,
}

impl Lender {
    /// A lender that draws from `seed`.
    #[must_use]
    pub fn new(config: LenderConfig, seed: Seed) -> Self {
        let state = State { dice: Dice::new(seed), held: Vec::new(), buying: None };
        Self { config: Box::new(config), state }
    }

    fn look_back(&mut self, view: &dyn Perception) {
        if let Some(bought) = self.state.buying.take()
            && last_done(view)
        {
            self.state.held.push(bought);
        }
        // Sold on or deleted: no longer its own.
        self.state.held.retain(|held| view.artifact(&held.artifact).is_some_and(|found| found.owner_is_me));
        let now = view.now();
        let held = &mut self.state.held;
        view.events(&mut |event| {
            if event.kind == EventKind::ScripTransferred
                && event.about_me
                && let Some(paid) = held
                    .iter_mut()
                    .find(|held| !held.paid && held.due <= now && Some(&held.issuer) == event.actor)
            {
                paid.paid = true;
            }
        });
    }

    fn buy(&mut self, view: &dyn Perception) -> Option<Action> {
        if self.state.held.len() as u64 >= self.config.debts_max {
            return None;
        }
        let ask = view.best_ask(DEBT_KIND).filter(|ask| !ask.mine)?;
        let artifact = ask.good_id?;
        let terms = DebtTerms::parse(view.artifact(artifact)?.content?)?;
        let wanted = u128::from(ask.price.0) * u128::from(1_000 + self.config.gain_permille);
        let gains = u128::from(terms.face) * 1_000 >= wanted;
        let affordable = ask.price.0 <= self.config.price_max && ask.price <= view.scrip();
        // A promise that names somebody else as issuer than who made it binds nobody; its id begins with the issuer's when it is genuine.
        let genuine = artifact.as_str().starts_with(terms.issuer.as_str());
        if !(gains && affordable && genuine && terms.due > view.now()) || terms.issuer == *view.me() {
            return None;
        }
        self.state.buying = Some(Held {
            artifact: artifact.clone(),
            issuer: terms.issuer,
            due: terms.due,
            face: terms.face,
            paid: false,
        });
        Some(services::purchase(ask.id))
    }

    fn resell(&mut self, view: &dyn Perception) -> Option<Action> {
        if self.config.resell_permille == 0 || self.state.dice.below(1_000) >= self.config.resell_permille {
            return None;
        }
        let now = view.now();
        let held = self.state.held.iter().find(|held| held.due > now)?;
        Some(services::deposit_artifact(&held.artifact, held.face, None))
    }
}

impl Mind for Lender {
    fn name(&self) -> &'static str {
        "lender"
    }

    fn attention(&self) -> SummaryBounds {
        SummaryBounds {
            kinds: vec![SmolStr::new_static(DEBT_KIND)],
            artifacts: self.state.held.iter().map(|held| held.artifact.clone()).collect(),
            ..Default::default()
        }
    }

    fn think(&mut self, view: &dyn Perception) -> Result<Decision, MindError> {
        self.look_back(view);
        if let Some(at) = self.state.held.iter().position(|held| held.paid) {
            let paid = self.state.held.swap_remove(at);
            return Ok(Decision::act(Action::Delete { artifact: paid.artifact }));
        }
        let action = self.buy(view).or_else(|| self.resell(view));
        Ok(action.map_or_else(Decision::noop, Decision::act))
    }

    fn save(&self) -> Vec<u8> {
        state::save(&self.state)
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), MindError> {
        self.state = state::restore(bytes)?;
        Ok(())
    }
}
