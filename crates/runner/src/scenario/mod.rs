//! The published experiments: who takes part, for how long, and what should come out.

mod bazaar;
mod boltzmann;
mod commune;
mod employment;
mod figures;
mod guild;
mod imported;
mod market;
mod vickrey;

use std::collections::BTreeMap;

use ecology_features::Config;
use ecology_features::config::ScenarioName;
use ecology_types::{Axis, Founder, Genesis, Resource, Rules, Side, Span, Time};
use ecology_world::World;

pub(crate) use figures::millionths;

use crate::host::Observer;
use crate::report::{ContractUse, Finding};

/// An experiment. It watches every event of its world, so that it can say in the end what came out.
pub trait Scenario: Observer {
    /// Rules that the experiment needs, over those of the configuration.
    fn adapt(&self, rules: &mut Rules);

    /// The world of time zero.
    fn genesis(&self, rules: Rules) -> Genesis;

    /// How long it takes: in ticks, and in world time for continuous mode.
    fn length(&self) -> Length;

    /// Principals that join later, with the time of their arrival, ascending.
    fn arrivals(&self) -> Vec<(Time, Founder)> {
        Vec::new()
    }

    /// What each principal ends with whoever acts first. What is not declared here is compared as a sum only.
    fn order_free(&self) -> OrderFree {
        OrderFree::default()
    }

    /// What came out, beside what was published.
    fn findings(&self, world: &World) -> Vec<Finding>;

    /// What contracts of the library said to others than their authors, by the library's name.
    fn library(&self) -> BTreeMap<String, ContractUse> {
        BTreeMap::new()
    }
}

/// What an experiment declares to be the same for every single founder, in whatever order they take their turns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OrderFree {
    /// Scrip, open orders and bids aside.
    pub scrip: bool,
    /// Shares of these resources.
    pub shares: &'static [Resource],
}

impl OrderFree {
    /// Every right that is not spent, where nobody gives any away.
    const QUOTAS: &'static [Resource] = &[
        Resource::LlmTokens,
        Resource::LlmCalls,
        Resource::Cpu,
        Resource::DiskWrites,
        Resource::Bandwidth,
        Resource::Memory,
        Resource::Disk,
    ];
}

/// How long an experiment takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Length {
    /// In tick mode.
    pub ticks: u64,
    /// In continuous mode.
    pub duration: Span,
}

/// What a list of scenarios says about one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScenarioInfo {
    /// Its name.
    pub name: &'static str,
    /// What happens in it, in one sentence.
    pub what: &'static str,
    /// What should come out.
    pub expects: &'static str,
    /// Where that was published.
    pub source: &'static str,
    /// How many agents it takes by itself.
    pub agents: u32,
}

/// Every scenario.
pub const SCENARIOS: &[ScenarioInfo] = &[
    ScenarioInfo {
        name: "market",
        what: "zero-intelligence traders meet in a continuous double auction made of escrow's asks and offers",
        expects: "97 to 100 % of the surplus with budget constraint, visibly less (49 to 90 %) without",
        source: "Gode & Sunder 1993, Journal of Political Economy 101(1)",
        agents: 100,
    },
    ScenarioInfo {
        name: "boltzmann",
        what: "everybody gives one scrip to somebody at random, again and again",
        expects: "Gini 0.6646 in continuous mode, 0.628 in tick mode, at one scrip each",
        source: "Dragulescu & Yakovenko 2000, European Physical Journal B 17",
        agents: 10_000,
    },
    ScenarioInfo {
        name: "vickrey",
        what: "bidders with private values bid for one prize at the mint, which takes the second price",
        expects: "mean revenue of (n-1)/(n+1) of the highest possible value",
        source: "Vickrey 1961, Journal of Finance 16(1)",
        agents: 10,
    },
    ScenarioInfo {
        name: "commune",
        what: "a mixed economy that uses every service: builders, bidders, borrowers, lenders, rescuers, scouts, and agents who write contracts once contracts decide",
        expects: "scrip conserved except by the mint, every service used, every contract of the library in use where contracts decide, nobody's failure stops another",
        source: "laws of this world",
        agents: 100,
    },
    ScenarioInfo {
        name: "bazaar",
        what: "a market of code: agents govern their works by every contract of the library, write tools at a price that is shared, employ each other, sell themselves and form firms, under contracts only",
        expects: "every contract in use, prices paid and shared, wages paid, strangers refused, laws kept",
        source: "laws of this world",
        agents: 60,
    },
    ScenarioInfo {
        name: "imported",
        what: "a world that `ecology import` made goes on; its agents rest until somebody gives them minds",
        expects: "scrip conserved except by the mint, and nothing of what was imported lost",
        source: "laws of this world",
        agents: 0,
    },
];

/// The scenario that the configuration names.
#[must_use]
pub fn build(config: &Config) -> Box<dyn Scenario> {
    match config.run.scenario {
        ScenarioName::Market => Box::new(market::MarketScenario::new(config)),
        ScenarioName::Boltzmann => Box::new(boltzmann::BoltzmannScenario::new(config)),
        ScenarioName::Vickrey => Box::new(vickrey::VickreyScenario::new(config)),
        ScenarioName::Commune => Box::new(commune::CommuneScenario::new(config)),
        ScenarioName::Bazaar => Box::new(bazaar::BazaarScenario::new(config)),
        ScenarioName::Imported => Box::new(imported::ImportedScenario::default()),
    }
}

/// The positions without which an experiment makes no sense.
#[must_use]
pub const fn needs(name: ScenarioName) -> &'static [(Axis, Side)] {
    match name {
        ScenarioName::Bazaar => &[(Axis::ArtifactOntology, Side::New), (Axis::AccessControl, Side::New)],
        _ => &[],
    }
}

/// A founder with the shares of the configuration.
fn founder(config: &Config, id: &str, mind: &ecology_minds::MindConfig, scrip: u64) -> Founder {
    Founder {
        // Ids of founders are spelled by the scenarios from letters, digits and underscores.
        id: ecology_types::Id::new(id).unwrap_or_else(|_| ecology_types::Id::known("founder")),
        is_agent: true,
        config: mind.to_text().into(),
        scrip: ecology_types::Scrip(scrip),
        quotas: config.shares.charges(),
    }
}

/// The mean of a random delay in continuous mode: one tick, so that both modes give everybody about the same number of turns.
fn rhythm(config: &Config) -> Span {
    Span::from_millis(config.time.tick_ms)
}
