//! Minds that follow a script: no model, no network, a few nanoseconds to a few microseconds a thought.

mod agenda;
mod bidder;
mod borrower;
mod builder;
mod debt;
mod entry;
mod errand;
mod errands;
mod failing;
mod firm;
mod idle;
mod inner;
mod lender;
mod paced;
mod panicking;
mod quota_trader;
mod quoting;
mod random_transfer;
mod rescuer;
mod resting;
mod scout;
mod sleeper;
mod slow;
mod spawner;
mod tool_maker;
mod tool_user;
mod vickrey_bidder;
mod worker;
mod zero_intelligence;

use std::sync::Arc;

use ecology_types::{Seed, Span};

pub use agenda::{Agenda, AgendaConfig};
pub use bidder::{Bidder, BidderConfig};
pub use borrower::{Borrower, BorrowerConfig};
pub use builder::{Builder, BuilderConfig};
pub use debt::{DEBT_KIND, DebtTerms};
pub use errand::Errand;
pub use errands::{ERRANDS_MAX, Errands, ErrandsConfig};
pub use failing::{Failing, FailingConfig};
pub use firm::{Firm, FirmConfig};
pub use idle::{Idle, IdleConfig};
pub use lender::{Lender, LenderConfig};
pub use paced::Paced;
pub use panicking::{Panicking, PanickingConfig};
pub use quota_trader::{QuotaTrader, QuotaTraderConfig};
pub use random_transfer::{RandomTransfer, RandomTransferConfig};
pub use rescuer::{Rescuer, RescuerConfig};
pub use resting::{Resting, RestingConfig};
pub use scout::{Scout, ScoutConfig};
pub use sleeper::{Sleeper, SleeperConfig};
pub use slow::{Slow, SlowConfig};
pub use spawner::{Spawner, SpawnerConfig};
pub use tool_maker::{ToolMaker, ToolMakerConfig};
pub use tool_user::{ToolUser, ToolUserConfig};
pub use vickrey_bidder::{VickreyBidder, VickreyBidderConfig};
pub use worker::{Worker, WorkerConfig};
pub use zero_intelligence::{Role, UNITS_MAX, ZeroIntelligence, ZeroIntelligenceConfig};

use crate::Mind;

/// The highest price or amount of scrip that a configuration may name.
pub const PRICE_MAX: u64 = 1_000_000_000_000;
/// The longest span that a configuration may name: 366 days.
pub const SPAN_MAX: Span = Span::from_secs(366 * 24 * 3600);
/// The longest kind of good that a configuration may name, in bytes.
pub const KIND_BYTES_MAX: usize = 64;

/// What minds are given besides their configuration: the ways to the outside that only the composer of a program can choose.
#[derive(Clone, Default)]
pub struct Tools {
    /// How a mind takes time. `None`: it does not, and only says how long it would have taken ([`Mind::thinking_time`]).
    pub delay: Option<Arc<dyn Delay>>,
}

/// Takes time: a sleep of the thread in a program, a wait on a virtual clock in a test.
pub trait Delay: Send + Sync {
    /// Returns after `span`.
    fn wait(&self, span: Span);
}

impl<F: Fn(Span) + Send + Sync> Delay for F {
    fn wait(&self, span: Span) {
        self(span);
    }
}

/// What a configuration is made into.
pub(crate) trait Script {
    /// Whether the numbers and names can be worked with.
    fn check(&self) -> Result<(), Flaw>;
    /// Mean of the random delay after each action in continuous mode.
    fn delay_mean(&self) -> Span;
    /// The mind.
    fn build(&self, seed: Seed, tools: &Tools) -> Box<dyn Mind>;
}

/// What is wrong with one field of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flaw {
    pub(crate) field: &'static str,
    pub(crate) message: String,
}

impl Flaw {
    pub(crate) fn new(field: &'static str, message: impl Into<String>) -> Self {
        Self { field, message: message.into() }
    }
}

pub(crate) fn check_range(field: &'static str, number: u64, least: u64, most: u64) -> Result<(), Flaw> {
    if (least..=most).contains(&number) {
        Ok(())
    } else {
        Err(Flaw::new(field, format!("{number} is not between {least} and {most}")))
    }
}

pub(crate) fn check_delay(delay: Span) -> Result<(), Flaw> {
    check_range("delay_mean", delay.0, 0, SPAN_MAX.0)
}

pub(crate) fn check_kind(field: &'static str, kind: &str) -> Result<(), Flaw> {
    if kind.is_empty() || kind.len() > KIND_BYTES_MAX || kind.chars().any(char::is_control) {
        return Err(Flaw::new(
            field,
            format!("a kind is 1 to {KIND_BYTES_MAX} bytes of text without control characters"),
        ));
    }
    Ok(())
}
