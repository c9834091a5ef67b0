//! Firms: agents that buy agents, tell them what to do, and live on what these make.

use ecology_types::{Action, Draft, Id, Seed, SmolStr, Span, WriteMode};
use serde::{Deserialize, Serialize};

use super::quoting::last_done;
use super::{Flaw, PRICE_MAX, Script, Tools, WorkerConfig, check_kind, check_range};
use crate::{Decision, Mind, MindConfig, MindError, Perception, SummaryBounds, services, state};

/// Configuration of [`Firm`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FirmConfig {
    /// Under which kind the agents that it buys trade: `agent`, or `bundle:` with what comes with them.
    pub kind: SmolStr,
    /// How many agents it buys.
    pub agents_max: u64,
    /// What it pays for one at most, in scrip.
    pub price_max: u64,
    /// The kind of what they have to make.
    pub good: SmolStr,
    /// How many pieces each of them makes.
    pub works_max: u64,
    /// What it asks for a piece, in scrip.
    pub price: u64,
    /// How many pieces it has for sale at most at the same time.
    pub asks_max: u64,
    /// Mean of the random delay after each action in continuous mode, in microseconds; 0 for none. Its agents get the same.
    pub delay_mean: Span,
}

impl Default for FirmConfig {
    fn default() -> Self {
        Self {
            kind: SmolStr::new_static("agent"),
            agents_max: 2,
            price_max: 50,
            good: SmolStr::new_static("ware"),
            works_max: 8,
            price: 5,
            asks_max: 8,
            delay_mean: Span::ZERO,
        }
    }
}

impl Script for FirmConfig {
    fn check(&self) -> Result<(), Flaw> {
        check_kind("kind", &self.kind)?;
        check_kind("good", &self.good)?;
        check_range("agents_max", self.agents_max, 0, 1_000)?;
        check_range("price_max", self.price_max, 1, PRICE_MAX)?;
        check_range("works_max", self.works_max, 0, 1_000_000)?;
        check_range("price", self.price, 1, PRICE_MAX)?;
        check_range("asks_max", self.asks_max, 0, 64)?;
        super::check_delay(self.delay_mean)
    }

    fn delay_mean(&self) -> Span {
        self.delay_mean
    }

    fn build(&self, _: Seed, _: &Tools) -> Box<dyn Mind> {
        Box::new(Firm::new(self.clone()))
    }
}

/// Buys an agent that it can afford, writes its configuration anew so that it works for the firm, and sells what is handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firm {
    config: Box<FirmConfig>,
    state: State,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    /// Agents bought so far.
    agents: u64,
    /// Whom it is about to buy.
    buying: Option<Id>,
    /// The place of its own artifact to look at next.
    cursor: u64,
}

/// How many of its own artifacts it looks at in one thought.
const LOOKS: usize = 8;

impl Firm {
    /// A firm without anybody.
    #[must_use]
    pub fn new(config: FirmConfig) -> Self {
        Self { config: Box::new(config), state: State { agents: 0, buying: None, cursor: 0 } }
    }

    /// How many agents it has bought.
    #[must_use]
    pub const fn agents(&self) -> u64 {
        self.state.agents
    }

    /// The configuration of an agent that works for the firm.
    fn orders(&self, me: &Id) -> String {
        MindConfig::Worker(WorkerConfig {
            employer: Some(me.clone()),
            good: self.config.good.clone(),
            works_max: self.config.works_max,
            delay_mean: self.config.delay_mean,
            ..WorkerConfig::default()
        })
        .to_text()
    }

    fn act(&mut self, view: &dyn Perception) -> Option<Action> {
        let config = &*self.config;
        if let Some(agent) = self.state.buying.take()
            && last_done(view)
        {
            self.state.agents += 1;
            let mut draft = Draft::new(agent, self.orders(view.me()));
            draft.mode = WriteMode::Replace;
            return Some(Action::Write(Box::new(draft)));
        }
        if self.state.agents < config.agents_max
            && let Some(ask) = view.best_ask(&config.kind)
            && !ask.mine
            && ask.price.0 <= config.price_max
            && ask.price <= view.scrip()
            && let Some(agent) = ask.good_id.filter(|agent| *agent != view.me())
        {
            self.state.buying = Some(agent.clone());
            return Some(services::purchase(ask.id));
        }
        let mut open = 0;
        view.my_orders(&mut |order| open += u64::from(order.is_ask));
        let count = view.owned_count();
        if open >= config.asks_max || count == 0 {
            return None;
        }
        for _ in 0..LOOKS.min(count) {
            let index = usize::try_from(self.state.cursor).unwrap_or(0) % count;
            self.state.cursor = index as u64 + 1;
            if let Some(owned) = view.owned_at(index)
                && owned.kind == config.good
                && !owned.has_standing
            {
                return Some(services::deposit_artifact(owned.id, config.price, None));
            }
        }
        None
    }
}

impl Mind for Firm {
    fn name(&self) -> &'static str {
        "firm"
    }

    fn attention(&self) -> SummaryBounds {
        SummaryBounds { kinds: vec![self.config.kind.clone()], ..Default::default() }
    }

    fn think(&mut self, view: &dyn Perception) -> Result<Decision, MindError> {
        Ok(self.act(view).map_or_else(Decision::noop, Decision::act))
    }

    fn save(&self) -> Vec<u8> {
        state::save(&self.state)
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), MindError> {
        self.state = state::restore(bytes)?;
        Ok(())
    }
}
