//! A market of code: agents write, sell and use contracts and tools, sell themselves and form firms, under contracts only.

use std::collections::BTreeMap;

use ecology_contracts::LIBRARY;
use ecology_features::Config;
use ecology_minds::MindConfig;
use ecology_minds::scripted as minds;
use ecology_types::{Effect, Genesis, GenesisArtifact, Good, Rules, SmolStr, Span, TransferReason};
use ecology_world::{Event, World};

use super::figures::Figure;
use super::{Length, Scenario, founder, guild, rhythm};
use crate::host::Observer;
use crate::report::{ContractUse, Finding};

const SOURCE: &str = "laws of this world";

/// See the module.
pub(super) struct BazaarScenario {
    config: Config,
    library: guild::LibraryUse,
    fees: u64,
    calls: u64,
    agents_sold: u64,
}

impl BazaarScenario {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            config: config.clone(),
            library: guild::LibraryUse::default(),
            fees: 0,
            calls: 0,
            agents_sold: 0,
        }
    }

    /// Those who take part besides the guild, dealt in turn.
    fn others(&self) -> Vec<(&'static str, MindConfig)> {
        let delay_mean = rhythm(&self.config);
        vec![
            (
                "worker",
                MindConfig::Worker(minds::WorkerConfig {
                    price: 60,
                    dowry: 50,
                    delay_mean,
                    ..minds::WorkerConfig::default()
                }),
            ),
            (
                "firm",
                MindConfig::Firm(minds::FirmConfig {
                    kind: SmolStr::new_static("bundle:agent+scrip:50"),
                    price_max: 60,
                    delay_mean,
                    ..minds::FirmConfig::default()
                }),
            ),
        ]
    }
}

impl Observer for BazaarScenario {
    fn observe(&mut self, world: &World, event: &Event) {
        self.library.observe(world, event);
        match &event.effect {
            Effect::ActionDone { target: Some(target), method: Some(_), .. } => {
                self.calls += u64::from(GenesisArtifact::from_key(*target).is_none());
            }
            Effect::ScripTransferred { amount, reason: TransferReason::Fee, .. } => self.fees += amount.0,
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
}

impl Scenario for BazaarScenario {
    fn adapt(&self, _: &mut Rules) {}

    fn genesis(&self, rules: Rules) -> Genesis {
        let others = self.others();
        let founders = (0..self.config.agents() as usize)
            .map(|n| {
                // The guild comes first, so that a small bazaar has every contract.
                let (round, at) = (n / (guild::MEMBERS + others.len()), n % (guild::MEMBERS + others.len()));
                let (id, mind) = match at.checked_sub(guild::MEMBERS) {
                    None => guild::member(&self.config, round * guild::MEMBERS + at),
                    Some(at) => (format!("{}_{round}", others[at].0), others[at].1.clone()),
                };
                founder(&self.config, &id, &mind, 100)
            })
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
