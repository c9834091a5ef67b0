//! A market of code: agents write, sell and use contracts and tools, sell themselves and form firms, under contracts only.

use std::collections::BTreeMap;

use ecology_contracts::LIBRARY;
use ecology_features::Config;
use ecology_minds::MindConfig;
use ecology_minds::scripted as minds;
use ecology_types::{Effect, Genesis, GenesisArtifact, Good, Id, Rules, SmolStr, Span, TransferReason};
use ecology_world::{Event, World};

use super::figures::Figure;
use super::{Length, Scenario, employment, founder, guild, rhythm};
use crate::host::Observer;
use crate::report::{ContractUse, Finding};

const SOURCE: &str = "laws of this world";

/// See the module.
pub(super) struct BazaarScenario {
    config: Config,
    library: guild::LibraryUse,
    fees: u64,
    /// Of the fees, what somebody got who does not own what was used.
    shared: u64,
    wages: u64,
    calls: u64,
    agents_sold: u64,
}

impl BazaarScenario {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            config: config.clone(),
            library: guild::LibraryUse::default(),
            fees: 0,
            shared: 0,
            wages: 0,
            calls: 0,
            agents_sold: 0,
        }
    }

    /// Those who take part besides the guild, in one round.
    fn others(&self, round: usize) -> Vec<(String, MindConfig)> {
        let delay_mean = rhythm(&self.config);
        let id = |name: &str| format!("{name}_{round}");
        let maker = |uses: Option<String>| {
            MindConfig::ToolMaker(minds::ToolMakerConfig {
                // The firm has its part in every call.
                partner: Id::new(id("firm")).ok(),
                uses: uses.and_then(|tool| Id::new(tool).ok()),
                delay_mean,
                ..minds::ToolMakerConfig::default()
            })
        };
        let mut others = vec![
            (
                id("worker"),
                MindConfig::Worker(minds::WorkerConfig {
                    price: 60,
                    dowry: 50,
                    delay_mean,
                    ..minds::WorkerConfig::default()
                }),
            ),
            (
                id("firm"),
                MindConfig::Firm(minds::FirmConfig {
                    kind: SmolStr::new_static("bundle:agent+scrip:50"),
                    price_max: 60,
                    delay_mean,
                    ..minds::FirmConfig::default()
                }),
            ),
            (id("smith"), maker(None)),
            // Its tool works with the smith's.
            (id("joiner"), maker(Some(format!("{}_tool_1", id("smith"))))),
            (
                id("trader"),
                MindConfig::ToolUser(minds::ToolUserConfig {
                    allowance: 8,
                    delay_mean,
                    ..minds::ToolUserConfig::default()
                }),
            ),
        ];
        others.extend(employment::cast(&self.config, round));
        others
    }
}

impl Observer for BazaarScenario {
    fn observe(&mut self, world: &World, event: &Event) {
        self.library.observe(world, event);
        match &event.effect {
            Effect::ActionDone { target: Some(target), method: Some(_), .. } => {
                self.calls += u64::from(GenesisArtifact::from_key(*target).is_none());
            }
            Effect::ScripTransferred { from, to, amount, reason } => {
                if *reason == TransferReason::Fee {
                    self.fees += amount.0;
                    // Firms own nothing that has a price.
                    self.shared += if world.id(*to).as_str().starts_with("firm_") { amount.0 } else { 0 };
                } else if employment::is_post(world.id(*from).as_str()) {
                    self.wages += amount.0;
                }
            }
            Effect::EscrowSold { good, .. } => {
                let is_agent = |part: &Good| match part {
                    Good::Agent(_) => true,
                    Good::Artifact(key) => world.live(*key).is_some_and(|record| record.has_standing),
                    _ => false,
                };
                self.agents_sold += u64::from(good.parts().iter().any(is_agent));
            }
            _ => {}
        }
    }

    fn memory(&self) -> Option<Vec<u8>> {
        let Self { config: _, library, fees, shared, wages, calls, agents_sold } = self;
        postcard::to_stdvec(&(library.memory(), fees, shared, wages, calls, agents_sold)).ok()
    }

    fn recall(&mut self, memory: &[u8]) -> bool {
        type Memory = (guild::LibraryMemory, u64, u64, u64, u64, u64);
        let Ok(((library, fees, shared, wages, calls, agents_sold), [])) =
            postcard::take_from_bytes::<Memory>(memory)
        else {
            return false;
        };
        let Some(library) = guild::LibraryUse::recalled(library) else { return false };
        let config = self.config.clone();
        *self = Self { config, library, fees, shared, wages, calls, agents_sold };
        true
    }
}

impl Scenario for BazaarScenario {
    fn adapt(&self, _: &mut Rules) {}

    fn genesis(&self, rules: Rules) -> Genesis {
        // The guild comes first, so that a small bazaar has every contract.
        let round = |round: usize| {
            let guild =
                (0..guild::MEMBERS).map(|at| guild::member(&self.config, round * guild::MEMBERS + at));
            guild.chain(self.others(round)).collect::<Vec<_>>()
        };
        let founders = (0..)
            .flat_map(round)
            .take(self.config.agents() as usize)
            .map(|(id, mind)| founder(&self.config, &id, &mind, 100))
            .collect();
        Genesis { rules, founders, artifacts: Vec::new() }
    }

    fn length(&self) -> Length {
        let ticks = u64::from(self.config.scenario.bazaar.ticks);
        Length { ticks, duration: Span(rhythm(&self.config).0.saturating_mul(ticks)) }
    }

    #[expect(clippy::cast_precision_loss, reason = "figures of a report")]
    fn findings(&self, world: &World) -> Vec<Finding> {
        let figure = |name: &str, measured: u64, published: String, least: u64| {
            Figure {
                name: name.to_owned(),
                measured: measured as f64,
                unit: "",
                published,
                least: Some(least as f64),
                greatest: None,
                source: SOURCE,
            }
            .finding()
        };
        let all = LIBRARY.len() as u64;
        vec![
            figure("library contracts in use", self.library.in_use(), format!("all {all}"), all),
            // Public refuses nobody.
            figure(
                "contracts that refused",
                self.library.refused(),
                format!("at least {}", all - 1),
                all - 1,
            ),
            figure("calls of agents' code", self.calls, "at least 8".to_owned(), 8),
            figure("scrip paid as prices", self.fees, "at least 20".to_owned(), 20),
            figure("scrip shared with partners", self.shared, "at least 1".to_owned(), 1),
            figure("wages paid", self.wages, "at least 12".to_owned(), 12),
            figure("agents sold", self.agents_sold, "at least 1".to_owned(), 1),
            figure(
                "laws that hold",
                u64::from(world.check_invariants().is_ok()),
                "1 (all of them)".to_owned(),
                1,
            ),
        ]
    }

    fn library(&self) -> BTreeMap<String, ContractUse> {
        self.library.report()
    }
}
