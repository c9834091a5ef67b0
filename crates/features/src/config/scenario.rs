//! The scenarios and what can be set in each.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which experiment is run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScenarioName {
    /// A continuous double auction with zero-intelligence traders (Gode and Sunder 1993).
    #[default]
    Market,
    /// Random transfers of one scrip (Dragulescu and Yakovenko 2000).
    Boltzmann,
    /// Sealed bids at the mint, the winner pays the second price (Vickrey 1961).
    Vickrey,
    /// A mixed economy that uses every service.
    Commune,
    /// A market of code: contracts and tools that agents write, under contracts only.
    Bazaar,
    /// A world that `ecology import` made from another program's files. It cannot be made by a run, only gone on with.
    Imported,
}

impl ScenarioName {
    /// Every scenario.
    pub const ALL: [Self; 6] =
        [Self::Market, Self::Boltzmann, Self::Vickrey, Self::Commune, Self::Bazaar, Self::Imported];

    /// The name in configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::Boltzmann => "boltzmann",
            Self::Vickrey => "vickrey",
            Self::Commune => "commune",
            Self::Bazaar => "bazaar",
            Self::Imported => "imported",
        }
    }
}

impl super::Config {
    /// How many agents take part: what is set, or what the scenario takes by itself.
    #[must_use]
    pub fn agents(&self) -> u32 {
        self.run.agents.unwrap_or_else(|| match self.run.scenario {
            ScenarioName::Market | ScenarioName::Commune => 100,
            ScenarioName::Bazaar => 60,
            // The world has those that it was made with.
            ScenarioName::Imported => 0,
            ScenarioName::Boltzmann => 10_000,
            ScenarioName::Vickrey => self.scenario.vickrey.bidders.iter().copied().max().unwrap_or(2),
        })
    }
}

/// `[scenario]`: the settings of each scenario. Only those of `run.scenario` are used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Scenarios {
    /// A continuous double auction. Half of `run.agents` buy, half sell.
    pub market: Market,
    /// Random transfers of one scrip.
    pub boltzmann: Boltzmann,
    /// Sealed bids, the winner pays the second price.
    pub vickrey: Vickrey,
    /// A mixed economy that uses every service.
    pub commune: Commune,
    /// A market of code.
    pub bazaar: Bazaar,
}

/// Which traders take part in a market.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Traders {
    /// They never bid above what a unit is worth to them, nor ask below what it costs them.
    Constrained,
    /// They bid and ask anything.
    Unconstrained,
    /// First the one kind, then the other, on the same values and costs.
    #[default]
    Both,
}

/// `[scenario.market]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Market {
    /// How often values and costs are drawn anew. A trader's configuration holds those of all rounds, and has to fit.
    #[schemars(range(min = 1, max = 1_000))]
    pub rounds: u32,
    /// Trading periods in one round, each beginning with fresh units.
    #[schemars(range(min = 1, max = 10_000))]
    pub periods: u32,
    /// Length of one period, in ticks.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub ticks_per_period: u32,
    /// Highest price, value and cost, in scrip.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub price_max: u64,
    /// Which traders take part.
    pub constrained: Traders,
}

impl Default for Market {
    fn default() -> Self {
        Self { rounds: 4, periods: 5, ticks_per_period: 60, price_max: 200, constrained: Traders::Both }
    }
}

/// `[scenario.boltzmann]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Boltzmann {
    /// What each agent begins with, in scrip.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub scrip_each: u64,
    /// Length of the run, in ticks (in continuous mode: transfers per agent).
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub ticks: u64,
}

impl Default for Boltzmann {
    fn default() -> Self {
        Self { scrip_each: 1, ticks: 200 }
    }
}

/// `[scenario.vickrey]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Vickrey {
    /// How many bidders take part, one experiment for each number.
    #[schemars(length(min = 1, max = 64), inner(range(min = 2, max = 1_000)))]
    pub bidders: Vec<u32>,
    /// Auctions in one experiment.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub auctions: u64,
}

impl Default for Vickrey {
    fn default() -> Self {
        Self { bidders: vec![2, 5, 10], auctions: 2_000 }
    }
}

/// `[scenario.commune]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Commune {
    /// Length of the run, in days.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub days: u32,
    /// Length of one day, in ticks.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub ticks_per_day: u32,
}

impl Default for Commune {
    fn default() -> Self {
        Self { days: 30, ticks_per_day: 24 }
    }
}

/// `[scenario.bazaar]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Bazaar {
    /// Length of the run, in ticks.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub ticks: u32,
}

impl Default for Bazaar {
    fn default() -> Self {
        Self { ticks: 200 }
    }
}
