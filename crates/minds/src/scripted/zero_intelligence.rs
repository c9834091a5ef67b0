//! Zero-intelligence traders of a continuous double auction: Gode & Sunder 1993, "Allocative efficiency of markets with
//! zero-intelligence traders", Journal of Political Economy 101(1).

use std::sync::{Arc, LazyLock};

use ecology_types::{Action, Draft, Id, OrderId, Scrip, Seed, Sleep, SmolStr, Span, WriteMode};
use serde::{Deserialize, Serialize};

use super::{Flaw, PRICE_MAX, Script, Tools, check_kind, check_range};
use crate::{Decision, Dice, Mind, MindError, Perception, Then, services, state};

/// Most units that one trader is endowed with per period.
pub const UNITS_MAX: usize = 1_000;

/// Most lists of values for later rounds.
pub(super) const ROUNDS_MAX: usize = 1_000;

/// Which side of the market.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Offers scrip for units and values each at its redemption value.
    Buyer,
    /// Makes units at their costs and asks prices for them.
    Seller,
}

/// Configuration of [`ZeroIntelligence`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ZeroIntelligenceConfig {
    /// Buyer or seller.
    pub role: Role,
    /// Whether it keeps within its budget: a buyer never bids above the value of the unit, a seller never asks below its cost.
    #[serde(default = "yes")]
    pub constrained: bool,
    /// The kind of good that the market trades.
    pub good: SmolStr,
    /// Redemption values (buyer) or costs (seller) of the units in scrip, in the order in which they are traded.
    pub values: Vec<u64>,
    /// Values or costs of later rounds; after the last one the first round (`values`) comes again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub later_rounds: Vec<Vec<u64>>,
    /// How many periods one round has; 0 for a single round.
    #[serde(default)]
    pub periods_per_round: u64,
    /// The highest price that anybody names.
    pub price_max: u64,
    /// Length of a trading period in ticks, for tick mode; its last tick is for taking orders back. At the beginning of each the endowment is renewed. Without it: one period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period_ticks: Option<u64>,
    /// Length of a trading period in microseconds of world time; for tick mode only where `period_ticks` is not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Span>,
    /// Whether units left from a period, bought or unsold, are deleted in the next one.
    #[serde(default)]
    pub consume: bool,
    /// Mean of the random delay after each action in continuous mode, in microseconds; 0 for none.
    #[serde(default)]
    pub delay_mean: Span,
}

const fn yes() -> bool {
    true
}

impl Script for ZeroIntelligenceConfig {
    fn check(&self) -> Result<(), Flaw> {
        check_kind("good", &self.good)?;
        check_range("price_max", self.price_max, 1, PRICE_MAX)?;
        if self.values.is_empty() || self.values.len() > UNITS_MAX {
            return Err(Flaw::new(
                "values",
                format!("give 1 to {UNITS_MAX} numbers, not {}", self.values.len()),
            ));
        }
        for value in &self.values {
            check_range("values", *value, 1, self.price_max)?;
        }
        if self.later_rounds.len() > ROUNDS_MAX {
            return Err(Flaw::new("later_rounds", format!("give at most {ROUNDS_MAX} lists")));
        }
        for round in &self.later_rounds {
            if round.is_empty() || round.len() > UNITS_MAX {
                return Err(Flaw::new("later_rounds", format!("give 1 to {UNITS_MAX} numbers in each list")));
            }
            for value in round {
                check_range("later_rounds", *value, 1, self.price_max)?;
            }
        }
        if let Some(ticks) = self.period_ticks {
            check_range("period_ticks", ticks, 1, u64::from(u32::MAX))?;
        }
        if let Some(period) = self.period {
            check_range("period", period.0, 1, super::SPAN_MAX.0)?;
        }
        super::check_delay(self.delay_mean)
    }

    fn delay_mean(&self) -> Span {
        // It keeps its own rhythm, because it must be awake when the market closes.
        Span::ZERO
    }

    fn build(&self, seed: Seed, _: &Tools) -> Box<dyn Mind> {
        Box::new(ZeroIntelligence::new(self.clone(), seed))
    }
}

/// Names random prices for one unit after the other. A new quote replaces its older one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZeroIntelligence {
    config: Box<ZeroIntelligenceConfig>,
    state: State,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    dice: Dice,
    /// The number of the period, from 0.
    period: u64,
    /// How many units of this period are traded.
    traded: u32,
    /// Counts the units that were made in this period, for their ids.
    made: u32,
    /// The unit for sale.
    unit: Option<Id>,
    /// Whether an order of its own is in the book or has been filled since.
    quoting: bool,
    /// What the last decision was, until its outcome is known.
    pending: Pending,
    /// Where the search for units to consume stands, from the end; `None` when nothing is to be consumed.
    consuming: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Pending {
    Nothing,
    Making(Id),
    Quoting,
    Cancelling,
}

/// The content of every unit: shared, because there are many.
static UNIT_CONTENT: LazyLock<Arc<str>> = LazyLock::new(|| Arc::from("one unit"));

impl ZeroIntelligence {
    /// A trader that draws from `seed`.
    #[must_use]
    pub fn new(config: ZeroIntelligenceConfig, seed: Seed) -> Self {
        let state = State {
            dice: Dice::new(seed),
            period: 0,
            traded: 0,
            made: 0,
            unit: None,
            quoting: false,
            pending: Pending::Nothing,
            consuming: None,
        };
        Self { config: Box::new(config), state }
    }

    /// Which period it is and how far it has come.
    ///
    /// A market closes before its period ends, in its last tick or its last twentieth, so that no order of one period is filled in the next.
    fn period(&self, view: &dyn Perception) -> Period {
        match (view.tick(), self.config.period_ticks, self.config.period) {
            (tick @ 1.., Some(ticks), _) => Period {
                number: (tick - 1) / ticks.max(1),
                is_closed: ticks > 1 && tick.is_multiple_of(ticks),
                until_close: None,
                until_end: None,
            },
            (tick, _, Some(Span(length))) => {
                let length = length.max(1);
                let (number, at) = (view.now().0 / length, view.now().0 % length);
                let close = length - length / 20;
                Period {
                    number,
                    is_closed: at >= close,
                    until_close: (tick == 0 && at < close).then(|| Span(close - at)),
                    until_end: (tick == 0).then(|| Span(length - at)),
                }
            }
            _ => Period { number: 0, is_closed: false, until_close: None, until_end: None },
        }
    }

    /// The values or costs that hold in a period.
    fn values(&self, period: u64) -> &[u64] {
        let rounds = self.config.later_rounds.len() as u64 + 1;
        let round = period.checked_div(self.config.periods_per_round).unwrap_or(0) % rounds;
        match usize::try_from(round) {
            Ok(later @ 1..) => self.config.later_rounds.get(later - 1).unwrap_or(&self.config.values),
            _ => &self.config.values,
        }
    }

    /// Takes note of what became of the last decision. An order that was in the book and is there no more has been filled: only this
    /// mind itself cancels its orders.
    fn look_back(&mut self, view: &dyn Perception, open: Option<(OrderId, Scrip)>) {
        let done = matches!(view.last_outcome(), Some(Ok(_)));
        match std::mem::replace(&mut self.state.pending, Pending::Nothing) {
            Pending::Making(unit) if done => self.state.unit = Some(unit),
            Pending::Quoting if done => self.state.quoting = true,
            Pending::Cancelling if done => self.state.quoting = false,
            _ => {}
        }
        if self.state.quoting && open.is_none() {
            self.state.quoting = false;
            self.state.traded = self.state.traded.saturating_add(1);
            self.state.unit = None;
        }
    }

    /// A new period: the endowment is renewed.
    fn begin_period(&mut self, number: u64) {
        self.state.period = number;
        self.state.traded = 0;
        self.state.made = 0;
        self.state.unit = None;
        self.state.quoting = false;
        self.state.consuming = self.config.consume.then_some(0);
    }

    /// The next unit left from earlier periods that is to be deleted. Looks at a bounded number of artifacts.
    fn consume(&mut self, view: &dyn Perception) -> Option<Action> {
        let from = self.state.consuming?;
        let owned = view.owned_count();
        for index in from..owned.min(from.saturating_add(32)) {
            let Some(glimpse) = view.owned_at(index) else { break };
            let left = glimpse.kind == self.config.good && self.state.unit.as_ref() != Some(glimpse.id);
            if left && !glimpse.has_standing {
                // The next artifact takes this place when the deletion succeeds; when it is refused, skipping avoids a loop.
                self.state.consuming = Some(index + usize::from(matches!(view.last_outcome(), Some(Err(_)))));
                return Some(Action::Delete { artifact: glimpse.id.clone() });
            }
            self.state.consuming = Some(index + 1);
        }
        if self.state.consuming.is_some_and(|index| index >= owned) {
            self.state.consuming = None;
        }
        None
    }

    fn price(&mut self, value: u64, funds: u64) -> u64 {
        let highest = self.config.price_max;
        match (self.config.role, self.config.constrained) {
            (Role::Buyer, true) => self.state.dice.within(1, value.min(highest).min(funds)),
            (Role::Buyer, false) => self.state.dice.within(1, highest.min(funds)),
            (Role::Seller, true) => self.state.dice.within(value, highest),
            (Role::Seller, false) => self.state.dice.within(1, highest),
        }
    }

    fn quote(&mut self, view: &dyn Perception, open: Option<(OrderId, Scrip)>, value: u64) -> Action {
        let replace = open.map(|(order, _)| order);
        match self.config.role {
            Role::Buyer => {
                // Replacing an offer frees what it held.
                let funds = view.scrip().0.saturating_add(open.map_or(0, |(_, held)| held.0));
                if funds == 0 {
                    return Action::Noop;
                }
                let price = self.price(value, funds);
                self.state.pending = Pending::Quoting;
                services::offer(&self.config.good, price, replace)
            }
            Role::Seller => {
                let Some(unit) = self.state.unit.clone() else { return Action::Noop };
                let price = self.price(value, 0);
                self.state.pending = Pending::Quoting;
                services::deposit_artifact(&unit, price, replace)
            }
        }
    }

    fn make(&mut self, view: &dyn Perception) -> Result<Action, MindError> {
        let State { period, made, .. } = self.state;
        self.state.made = made.saturating_add(1);
        let unit = Id::new(format!("{}_unit_{period}_{made}", view.me()))
            .map_err(|error| MindError::Failed(error.to_string().into()))?;
        let mut draft = Draft::new(unit.clone(), Arc::clone(&UNIT_CONTENT));
        draft.kind = Some(self.config.good.clone());
        draft.mode = WriteMode::Create;
        self.state.pending = Pending::Making(unit);
        Ok(Action::Write(Box::new(draft)))
    }

    /// What the loop does after an action while the market is open: goes on after its own delay, but not past the close.
    fn pause(&mut self, period: &Period) -> Then {
        let delay = match self.config.delay_mean {
            Span::ZERO => return Then::Continue,
            mean => self.state.dice.exponential(mean),
        };
        Then::Delay(period.until_close.unwrap_or(delay).min(delay))
    }

    /// What the loop does when there is nothing left to trade: waits for the next period, or ends when there is none.
    fn rest(&mut self, period: &Period) -> Then {
        match period.until_end {
            Some(Span(left)) => {
                let delay = match self.config.delay_mean {
                    Span::ZERO => 0,
                    mean => self.state.dice.exponential(mean).0,
                };
                Then::Sleep(Sleep::of(Span(left.saturating_add(delay))))
            }
            None if self.config.period.is_none() && self.config.period_ticks.is_none() => Then::Stop,
            None => Then::Continue,
        }
    }
}

impl Mind for ZeroIntelligence {
    fn name(&self) -> &'static str {
        "zero_intelligence"
    }

    fn think(&mut self, view: &dyn Perception) -> Result<Decision, MindError> {
        let mut open = None;
        let asks = self.config.role == Role::Seller;
        view.my_orders(&mut |order| {
            if order.is_ask == asks && order.kind == self.config.good {
                open = Some((order.id, order.price));
            }
        });
        self.look_back(view, open);
        let period = self.period(view);
        if period.number != self.state.period {
            self.begin_period(period.number);
        }
        let value = self.values(period.number).get(self.state.traded as usize).copied();
        // An order without a unit to trade is left from before.
        if let Some((order, _)) = open
            && (period.is_closed || value.is_none() || (asks && self.state.unit.is_none()))
        {
            self.state.pending = Pending::Cancelling;
            return Ok(Decision::act(services::cancel(order)));
        }
        let action = match (self.consume(view), value) {
            (Some(delete), _) => delete,
            (None, Some(_)) if !period.is_closed && asks && self.state.unit.is_none() => self.make(view)?,
            (None, Some(value)) if !period.is_closed => self.quote(view, open, value),
            _ => {
                let then = self.rest(&period);
                return Ok(Decision::noop().then(then));
            }
        };
        let then = if view.tick() == 0 { self.pause(&period) } else { Then::Continue };
        Ok(Decision::act(action).then(then))
    }

    fn save(&self) -> Vec<u8> {
        state::save(&self.state)
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), MindError> {
        self.state = state::restore(bytes)?;
        Ok(())
    }
}

/// Where in a trading period it is.
struct Period {
    /// Its number, from 0.
    number: u64,
    /// Whether trading has ended for this period.
    is_closed: bool,
    /// How long it can trade, in continuous mode.
    until_close: Option<Span>,
    /// How long until the next period, in continuous mode.
    until_end: Option<Span>,
}
