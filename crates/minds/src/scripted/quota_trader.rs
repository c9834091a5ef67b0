//! Traders of rights: shares and stocks of resources for scrip.

use ecology_types::{Action, Resource, ResourceKind, Seed, SmolStr, Span};
use serde::{Deserialize, Serialize};

use super::quoting::own_orders;
use super::{Flaw, PRICE_MAX, Role, Script, Tools, check_range};
use crate::{Decision, Dice, Mind, MindError, Perception, SummaryBounds, services, state};

/// Configuration of [`QuotaTrader`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QuotaTraderConfig {
    /// Buyer or seller.
    pub role: Role,
    /// What it trades.
    pub resource: Resource,
    /// How much of it at a time, in its unit.
    pub amount: u64,
    /// A seller keeps at least this much; a buyer stops when it has this much.
    pub keep: u64,
    /// The lowest price that it names, in scrip.
    pub price_min: u64,
    /// The highest price that it names, in scrip.
    pub price_max: u64,
    /// Mean of the random delay after each action in continuous mode, in microseconds; 0 for none.
    pub delay_mean: Span,
}

impl Default for QuotaTraderConfig {
    fn default() -> Self {
        Self {
            role: Role::Seller,
            resource: Resource::Disk,
            amount: 100,
            keep: 1_000,
            price_min: 1,
            price_max: 10,
            delay_mean: Span::ZERO,
        }
    }
}

impl Script for QuotaTraderConfig {
    fn check(&self) -> Result<(), Flaw> {
        check_range("amount", self.amount, 1, i64::MAX as u64)?;
        check_range("keep", self.keep, 0, i64::MAX as u64)?;
        check_range("price_max", self.price_max, 1, PRICE_MAX)?;
        check_range("price_min", self.price_min, 1, self.price_max)?;
        super::check_delay(self.delay_mean)
    }

    fn delay_mean(&self) -> Span {
        self.delay_mean
    }

    fn build(&self, seed: Seed, _: &Tools) -> Box<dyn Mind> {
        Box::new(QuotaTrader::new(self.clone(), seed))
    }
}

/// Takes a price of the other side that suits it, and otherwise names a random one of its own. Only rights of its own amount are traded: resource and amount
/// are the kind of the good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaTrader {
    config: Box<QuotaTraderConfig>,
    kind: SmolStr,
    dice: Dice,
}

impl QuotaTrader {
    /// A trader that draws from `seed`.
    #[must_use]
    pub fn new(config: QuotaTraderConfig, seed: Seed) -> Self {
        let kind = services::right_kind(config.resource, config.amount);
        Self { config: Box::new(config), kind, dice: Dice::new(seed) }
    }

    fn act(&mut self, view: &dyn Perception) -> Option<Action> {
        let QuotaTraderConfig { role, resource, amount, keep, price_min, price_max, .. } = *self.config;
        let kind = self.kind.as_str();
        let quota = view.quota(resource);
        let (open, _) = own_orders(view, kind, role == Role::Seller);
        let replace = open.map(|open| open.order);
        let price = self.dice.within(price_min, price_max);
        match role {
            Role::Seller => {
                let in_use = match resource.kind() {
                    ResourceKind::Depletable => 0,
                    _ => view.used(resource),
                };
                let has_spare = quota.saturating_sub(in_use) >= amount.saturating_add(keep);
                match view.best_offer(kind) {
                    Some(offer) if has_spare && !offer.mine && offer.price.0 >= price_min => {
                        Some(services::accept_with_right(offer.id, resource, amount))
                    }
                    // What an open ask holds comes back when the ask is replaced.
                    _ if has_spare || replace.is_some() => {
                        Some(services::deposit_right(resource, amount, price, replace))
                    }
                    _ => None,
                }
            }
            Role::Buyer if quota >= keep => replace.map(services::cancel),
            Role::Buyer => match view.best_ask(kind) {
                Some(ask) if !ask.mine && ask.price.0 <= price_max && ask.price <= view.scrip() => {
                    Some(services::purchase(ask.id))
                }
                _ if open.is_none() && view.scrip().0 < price => None,
                _ => Some(services::offer(kind, price, replace)),
            },
        }
    }
}

impl Mind for QuotaTrader {
    fn name(&self) -> &'static str {
        "quota_trader"
    }

    fn attention(&self) -> SummaryBounds {
        SummaryBounds { kinds: vec![self.kind.clone()], ..Default::default() }
    }

    fn think(&mut self, view: &dyn Perception) -> Result<Decision, MindError> {
        Ok(self.act(view).map_or_else(Decision::noop, Decision::act))
    }

    fn save(&self) -> Vec<u8> {
        state::save(&self.dice)
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), MindError> {
        self.dice = state::restore(bytes)?;
        Ok(())
    }
}
