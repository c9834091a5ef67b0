//! A market of code: agents write, sell and use contracts and tools, sell themselves and form firms, under contracts only.

use std::collections::BTreeSet;

use ecology_contracts::LIBRARY;
use ecology_features::Config;
use ecology_minds::MindConfig;
use ecology_minds::scripted as minds;
use ecology_types::{
    ArtifactRecord, Effect, Genesis, GenesisArtifact, Good, RefusalCode, Rules, SmolStr, Span, TransferReason,
};
use ecology_world::{Event, World};

use super::figures::Figure;
use super::{Length, Scenario, founder, guild, rhythm};
use crate::host::Observer;
use crate::report::Finding;

const SOURCE: &str = "laws of this world";

/// See the module.
pub(super) struct BazaarScenario {
    config: Config,
    /// Contracts of the library under which somebody else than their author did something.
    used: BTreeSet<&'static str>,
    /// Contracts of the library that refused somebody.
    refused: BTreeSet<&'static str>,
    fees: u64,
    calls: u64,
    agents_sold: u64,
}

impl BazaarScenario {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            config: config.clone(),
            used: BTreeSet::new(),
            refused: BTreeSet::new(),
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

/// The contract of the library that governs an artifact.
fn governed_by(world: &World, record: &ArtifactRecord) -> Option<&'static str> {
    guild::library_name(world.id(record.access_contract?).as_str())
}

impl Observer for BazaarScenario {
    fn observe(&mut self, world: &World, event: &Event) {
        match &event.effect {
            Effect::ActionDone { target: Some(target), method, .. } => {
                if let Some(record) = world.live(*target) {
                    if event.actor != Some(record.creator)
                        && let Some(name) = governed_by(world, record)
                    {
                        self.used.insert(name);
                    }
                    self.calls +=
                        u64::from(method.is_some() && GenesisArtifact::from_key(record.key).is_none());
                }
            }
            Effect::ActionRefused { target: Some(id), code: RefusalCode::NotPermitted, .. } => {
                if let Some(name) = world.live_named(id).and_then(|record| governed_by(world, record)) {
                    self.refused.insert(name);
                }
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

    fn memory(&self) -> Option<Vec<u8>> {
        let Self { config: _, used, refused, fees, calls, agents_sold } = self;
        postcard::to_stdvec(&(used, refused, fees, calls, agents_sold)).ok()
    }

    fn recall(&mut self, memory: &[u8]) -> bool {
        type Memory = (BTreeSet<String>, BTreeSet<String>, u64, u64, u64);
        let Ok(((used, refused, fees, calls, agents_sold), [])) = postcard::take_from_bytes::<Memory>(memory)
        else {
            return false;
        };
        let known = |names: &BTreeSet<String>| -> Option<BTreeSet<&'static str>> {
            let name_of =
                |name: &String| LIBRARY.iter().map(|template| template.name).find(|known| known == name);
            names.iter().map(name_of).collect()
        };
        let (Some(used), Some(refused)) = (known(&used), known(&refused)) else { return false };
        let config = self.config.clone();
        *self = Self { config, used, refused, fees, calls, agents_sold };
        true
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
        // Under self_owned nobody but the artifact itself does anything, so nobody can use it.
        let usable = LIBRARY.len() as u64 - 2;
        let all = format!("at least {usable}");
        vec![
            figure("contracts in use", self.used.len() as u64, all, usable),
            figure("contracts that refused", self.refused.len() as u64, "at least 9".to_owned(), 9),
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
}
