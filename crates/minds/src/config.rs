//! An agent's configuration: the text of its artifact, and the mind that is built from it.

use std::sync::Arc;

use ecology_types::Seed;
use serde::{Deserialize, Serialize};

use crate::config_text::{self, Position};
use crate::scripted::{self, Paced, Script, Tools};
use crate::{Mind, scripted as s};

/// The longest configuration, in bytes.
pub const CONFIG_BYTES_MAX: usize = 100_000;

macro_rules! minds {
    ($($(#[$doc:meta])* $variant:ident $name:literal $config:ty,)*) => {
        /// The configuration of a mind: JSON or TOML with `mind = "..."` and the fields of that mind. Unknown fields are refused.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "mind")]
        pub enum MindConfig {
            $($(#[$doc])* #[serde(rename = $name)] $variant($config),)*
        }

        impl MindConfig {
            /// What can stand after `mind = `.
            pub const NAMES: &[&str] = &[$($name,)*];

            /// The word that stands after `mind = `.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $name,)* }
            }

            pub(crate) fn script(&self) -> &dyn Script {
                match self { $(Self::$variant(config) => config,)* }
            }

            fn parse_as(name: &str, text: &str) -> Option<Result<Self, config_text::TextError>> {
                match name {
                    $($name => Some(config_text::parse_fields::<$config>(text).map(Self::$variant)),)*
                    _ => None,
                }
            }
        }
    };
}

minds! {
    /// Wants nothing.
    Idle "idle" s::IdleConfig,
    /// Gives away one scrip after the other.
    RandomTransfer "random_transfer" s::RandomTransferConfig,
    /// Trades at random prices.
    ZeroIntelligence "zero_intelligence" s::ZeroIntelligenceConfig,
    /// Writes and sells artifacts.
    Builder "builder" s::BuilderConfig,
    /// Bids at the mint.
    Bidder "bidder" s::BidderConfig,
    /// Bids its private value at the mint.
    VickreyBidder "vickrey_bidder" s::VickreyBidderConfig,
    /// Sells promises and keeps them.
    Borrower "borrower" s::BorrowerConfig,
    /// Buys promises.
    Lender "lender" s::LenderConfig,
    /// Gives quota to frozen agents.
    Rescuer "rescuer" s::RescuerConfig,
    /// Looks at everything.
    Scout "scout" s::ScoutConfig,
    /// Waits.
    Sleeper "sleeper" Arc<s::SleeperConfig>,
    /// Makes principals.
    Spawner "spawner" s::SpawnerConfig,
    /// Trades rights.
    QuotaTrader "quota_trader" s::QuotaTraderConfig,
    /// Fails on purpose.
    Failing "failing" s::FailingConfig,
    /// Takes its time.
    Slow "slow" s::SlowConfig,
    /// Panics on purpose.
    Panicking "panicking" s::PanickingConfig,
    /// Sleeps: its mind is not here.
    Resting "resting" s::RestingConfig,
    /// Works through a list of actions.
    Errands "errands" s::ErrandsConfig,
    /// Sells itself and works for its owner.
    Worker "worker" s::WorkerConfig,
    /// Buys agents and has them work.
    Firm "firm" s::FirmConfig,
    /// Works through several lists of actions at the same time.
    Agenda "agenda" s::AgendaConfig,
    /// Writes tools, for others to use at a price.
    ToolMaker "tool_maker" s::ToolMakerConfig,
    /// Uses the tools of others.
    ToolUser "tool_user" s::ToolUserConfig,
}

impl MindConfig {
    /// Reads a configuration. A text that begins with `{` is JSON, any other is TOML.
    ///
    /// # Errors
    /// [`MindConfigError`] says what is wrong, where, and what to write.
    pub fn parse(text: &str) -> Result<Self, MindConfigError> {
        if text.len() > CONFIG_BYTES_MAX {
            return Err(MindConfigError::TooLong { bytes: text.len(), bytes_max: CONFIG_BYTES_MAX });
        }
        let name = config_text::parse_name(text)
            .map_err(|error| MindConfigError::Syntax { at: error.at, message: error.message.into() })?
            .ok_or(MindConfigError::NoMind)?;
        let config = Self::parse_as(&name, text).ok_or_else(|| MindConfigError::UnknownMind {
            at: config_text::locate(text, "mind"),
            name: name.chars().take(64).collect(),
        })??;
        config.script().check().map_err(|flaw| MindConfigError::Field {
            at: config_text::locate(text, flaw.field),
            mind: config.name(),
            field: flaw.field,
            message: flaw.message.into(),
        })?;
        Ok(config)
    }

    /// The configuration as one line of JSON; [`MindConfig::parse`] reads it back.
    #[must_use]
    pub fn to_text(&self) -> String {
        // These structures have text keys and integers only, which JSON always takes.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The mind that it describes. Everything random in it comes from `seed`; each agent needs a seed of its own.
    #[must_use]
    pub fn build(&self, seed: Seed, tools: &Tools) -> Box<dyn Mind> {
        let script = self.script();
        let mind = script.build(seed, tools);
        match script.delay_mean() {
            ecology_types::Span::ZERO => mind,
            delay => Box::new(Paced::new(mind, delay, seed)),
        }
    }
}

impl From<s::SleeperConfig> for MindConfig {
    fn from(config: s::SleeperConfig) -> Self {
        Self::Sleeper(Arc::new(config))
    }
}

/// The mind that the text of a configuration describes, without any way to the outside.
///
/// # Errors
/// [`MindConfigError`] says what is wrong, where, and what to write.
pub fn build(config_text: &str, seed: Seed) -> Result<Box<dyn Mind>, MindConfigError> {
    build_with(config_text, seed, &Tools::default())
}

/// The mind that the text of a configuration describes.
///
/// # Errors
/// [`MindConfigError`] says what is wrong, where, and what to write.
pub fn build_with(
    config_text: &str,
    seed: Seed,
    tools: &scripted::Tools,
) -> Result<Box<dyn Mind>, MindConfigError> {
    Ok(MindConfig::parse(config_text)?.build(seed, tools))
}

/// What is wrong with a configuration. Agents write these texts, so each message says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MindConfigError {
    /// The text is too long.
    #[error("a configuration has at most {bytes_max} bytes, this one has {bytes}; shorten it")]
    TooLong {
        /// Length found, in bytes.
        bytes: usize,
        /// Length allowed, in bytes.
        bytes_max: usize,
    },
    /// The text is neither JSON nor TOML.
    #[error("{at}: {message}; a configuration is TOML or JSON that begins with mind = \"...\"")]
    Syntax {
        /// Where.
        at: Position,
        /// What is wrong.
        message: Box<str>,
    },
    /// A field has the wrong shape or name, or is missing.
    #[error("{at}: {message}")]
    Text {
        /// Where.
        at: Position,
        /// What is wrong.
        message: Box<str>,
    },
    /// Nothing says which mind it is.
    #[error("nothing says which mind it is; begin with mind = \"...\", one of: {}", MindConfig::NAMES.join(", "))]
    NoMind,
    /// There is no such mind.
    #[error("{at}: there is no mind {name:?}; write one of: {}", MindConfig::NAMES.join(", "))]
    UnknownMind {
        /// Where.
        at: Position,
        /// What stands there.
        name: Box<str>,
    },
    /// A field has a value that the mind cannot work with.
    #[error("{at}: {field} of {mind}: {message}")]
    Field {
        /// Where.
        at: Position,
        /// Which mind.
        mind: &'static str,
        /// Which field.
        field: &'static str,
        /// What is wrong.
        message: Box<str>,
    },
}

impl From<config_text::TextError> for MindConfigError {
    fn from(error: config_text::TextError) -> Self {
        Self::Text { at: error.at, message: error.message.into() }
    }
}
