//! Scouts: agents that look at everything and change nothing.

use ecology_types::{Action, EventKind, Id, Seed, SmolStr, Span, Value};
use serde::{Deserialize, Serialize};

use super::{Flaw, Script, Tools, check_kind, check_range};
use crate::{Decision, Dice, Mind, MindError, Perception, SummaryBounds, services, state};

/// Configuration of [`Scout`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScoutConfig {
    /// The text that it searches for.
    pub text: SmolStr,
    /// The kind of artifacts that it lists.
    pub kind: SmolStr,
    /// How many items it asks for at a time.
    pub page: u64,
    /// Mean of the random delay after each action in continuous mode, in microseconds; 0 for none.
    pub delay_mean: Span,
}

impl Default for ScoutConfig {
    fn default() -> Self {
        Self {
            text: SmolStr::new_static("finished"),
            kind: SmolStr::new_static("essay"),
            page: 10,
            delay_mean: Span::ZERO,
        }
    }
}

impl Script for ScoutConfig {
    fn check(&self) -> Result<(), Flaw> {
        check_kind("kind", &self.kind)?;
        check_kind("text", &self.text)?;
        check_range("page", self.page, 1, 1_000)?;
        super::check_delay(self.delay_mean)
    }

    fn delay_mean(&self) -> Span {
        self.delay_mean
    }

    fn build(&self, seed: Seed, _: &Tools) -> Box<dyn Mind> {
        Box::new(Scout::new(self.clone(), seed))
    }
}

/// Calls every free method of every service in turn: store, ledger, rights registry, escrow, mint, event log and handbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scout {
    config: Box<ScoutConfig>,
    state: State,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    dice: Dice,
    step: u32,
    /// The number of the event that its page of the log begins after.
    since: u64,
    /// Whether it has just subscribed.
    subscribing: bool,
    subscription: Option<u64>,
}

/// How many steps one round has.
const STEPS: u32 = 22;

impl Scout {
    /// A scout that draws from `seed`.
    #[must_use]
    pub fn new(config: ScoutConfig, seed: Seed) -> Self {
        let dice = Dice::new(seed);
        let state = State { dice, step: 0, since: 0, subscribing: false, subscription: None };
        Self { config: Box::new(config), state }
    }

    /// Somebody, itself at the worst.
    fn somebody(&mut self, view: &dyn Perception) -> Id {
        let index = self.state.dice.below(view.agents_count() as u64);
        view.agent_at(usize::try_from(index).unwrap_or(0)).unwrap_or(view.me()).clone()
    }

    /// An artifact: one of its own, one for sale, or the ledger.
    fn something(view: &dyn Perception, kind: &str) -> Id {
        let for_sale = view.best_ask(kind).and_then(|ask| ask.good_id);
        let own = view.owned_at(0).map(|artifact| artifact.id);
        for_sale.or(own).unwrap_or(services::ledger()).clone()
    }

    fn look(&mut self, view: &dyn Perception) -> Option<Action> {
        let page = || ("limit", Value::count(self.config.page));
        let offset = || ("offset", Value::Int(0));
        let text = |id: &Id| Value::Text(id.clone().into());
        let kind = self.config.kind.clone();
        let (store, ledger) = (services::store(), services::ledger());
        Some(match self.state.step % STEPS {
            0 => services::method(services::handbook(), "read", []),
            1 => services::method(store, "list_agents", []),
            2 => services::method(store, "list_principals", []),
            3 => services::method(store, "count", []),
            4 => services::method(store, "list", [offset(), page()]),
            5 => services::method(store, "list_by_type", [("type", kind.as_str().into()), page()]),
            6 => {
                let (page, owner) = (page(), self.somebody(view));
                services::method(store, "list_by_owner", [("owner", text(&owner)), page])
            }
            7 => services::method(store, "search", [("text", self.config.text.as_str().into()), page()]),
            8 => services::get_metadata(&Self::something(view, &kind)),
            9 => services::method(store, "get", [("artifact", text(&Self::something(view, &kind)))]),
            10 => services::method(store, "get_interface", [("artifact", text(services::escrow()))]),
            11 => services::method(ledger, "balance", [("principal", text(&self.somebody(view)))]),
            12 => services::method(ledger, "all_balances", [offset(), page()]),
            13 => services::method(
                services::rights_registry(),
                "check_quota",
                [("principal", text(&self.somebody(view)))],
            ),
            14 => services::method(services::rights_registry(), "all_quotas", [offset(), page()]),
            15 => {
                services::method(services::escrow(), "list_active", [("kind", kind.as_str().into()), page()])
            }
            16 => {
                let order = view.best_ask(&kind).or_else(|| view.best_offer(&kind))?.id;
                services::method(services::escrow(), "check", [("order", order.into())])
            }
            17 => services::method(services::mint(), "status", []),
            18 => {
                services::method(services::event_log(), "read", [("since", self.state.since.into()), page()])
            }
            19 => {
                self.state.subscribing = true;
                services::subscribe(&[EventKind::EscrowSold, EventKind::MintResolved])
            }
            20 => Action::Read { artifact: Self::something(view, &kind) },
            _ => services::unsubscribe(self.state.subscription.take()?),
        })
    }
}

impl Mind for Scout {
    fn name(&self) -> &'static str {
        "scout"
    }

    fn attention(&self) -> SummaryBounds {
        SummaryBounds { kinds: vec![self.config.kind.clone()], ..Default::default() }
    }

    fn think(&mut self, view: &dyn Perception) -> Result<Decision, MindError> {
        if std::mem::take(&mut self.state.subscribing)
            && let Some(Ok(answer)) = view.last_outcome()
        {
            // A service may answer with the bare number or with a map that has it.
            self.state.subscription = answer.get("subscription").unwrap_or(answer).as_count();
        }
        view.events(&mut |event| self.state.since = self.state.since.max(event.seq));
        for _ in 0..STEPS {
            let action = self.look(view);
            self.state.step = self.state.step.wrapping_add(1) % STEPS;
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
