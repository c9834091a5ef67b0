//! Random transfers of one scrip: the exchange economy of Dragulescu & Yakovenko.

use ecology_features::Config;
use ecology_minds::MindConfig;
use ecology_minds::scripted::RandomTransferConfig;
use ecology_minds::statistics::{boltzmann_gini, boltzmann_share_of_poor, gini};
use ecology_types::{Genesis, Rules, Scrip, Span};
use ecology_world::{Event, World};

use super::figures::Figure;
use super::{Length, OrderFree, Scenario, founder, rhythm};
use crate::host::Observer;
use crate::report::Finding;

const SOURCE: &str = "Dragulescu & Yakovenko 2000, European Physical Journal B 17";

/// What happens when all think on one snapshot and each gives at most once per tick: the published law is that of one transfer after the
/// other. Measured over ten seeds with 10,000 agents: 0.628 with a standard error of 0.004.
const GINI_BY_TICKS: (f64, f64) = (0.628, 0.004);
/// One transfer after the other, over the same ten seeds: 0.6646 with a standard error of 0.0024.
const GINI_ONE_AFTER_THE_OTHER: (f64, f64) = (0.6646, 0.0024);

/// See the module.
pub(super) struct BoltzmannScenario {
    config: Config,
}

impl BoltzmannScenario {
    pub(super) fn new(config: &Config) -> Self {
        Self { config: config.clone() }
    }
}

impl Observer for BoltzmannScenario {
    fn observe(&mut self, _: &World, _: &Event) {}

    fn memory(&self) -> Option<Vec<u8>> {
        // All that is told is read off the world.
        Some(Vec::new())
    }

    fn recall(&mut self, memory: &[u8]) -> bool {
        memory.is_empty()
    }
}

impl Scenario for BoltzmannScenario {
    fn adapt(&self, rules: &mut Rules) {
        // Nothing is minted: the law is about money that is only passed on.
        rules.mint.interval = Span::ZERO;
    }

    fn genesis(&self, rules: Rules) -> Genesis {
        let mind = MindConfig::RandomTransfer(RandomTransferConfig { delay_mean: rhythm(&self.config) });
        let scrip = self.config.scenario.boltzmann.scrip_each;
        let founders = (0..self.config.agents())
            .map(|n| founder(&self.config, &format!("agent_{n}"), &mind, scrip))
            .collect();
        Genesis { rules, founders, artifacts: Vec::new() }
    }

    fn order_free(&self) -> OrderFree {
        // Who has how much is luck, unless there is nothing to give.
        OrderFree { scrip: self.config.scenario.boltzmann.scrip_each == 0, shares: OrderFree::QUOTAS }
    }

    fn length(&self) -> Length {
        let ticks = self.config.scenario.boltzmann.ticks;
        Length { ticks, duration: Span(rhythm(&self.config).0.saturating_mul(ticks)) }
    }

    #[expect(clippy::cast_precision_loss, reason = "figures of a report")]
    fn findings(&self, world: &World) -> Vec<Finding> {
        let balances: Vec<Scrip> =
            world.parts().ontology.agents().iter().map(|agent| world.accounts().scrip(*agent)).collect();
        if balances.is_empty() {
            return Vec::new();
        }
        let agents = balances.len() as f64;
        let mean = self.config.scenario.boltzmann.scrip_each as f64;
        let poor = balances.iter().filter(|balance| balance.0 == 0).count() as f64 / agents;
        let by_ticks = world.tick() > 0;
        // The published tolerance is that of 10,000 agents; a sample of another size scatters with the root of its size.
        let scale = (10_000.0 / agents).sqrt().max(1.0);
        let (expected, tolerance, law) = match (by_ticks, self.config.scenario.boltzmann.scrip_each == 1) {
            (true, true) => (
                Some(GINI_BY_TICKS.0),
                GINI_BY_TICKS.1,
                "0.667 one after the other; our own reference over ten seeds with one turn per tick is 0.628",
            ),
            (false, true) => (
                Some(GINI_ONE_AFTER_THE_OTHER.0),
                GINI_ONE_AFTER_THE_OTHER.1,
                "0.667, law (1+m)/(1+2m); our own reference over ten seeds is 0.6646",
            ),
            (false, false) => (Some(boltzmann_gini(mean)), 0.01, "(1+m)/(1+2m)"),
            (true, false) => (None, 0.0, "(1+m)/(1+2m) without the rhythm of ticks"),
        };
        // Three standard errors.
        let margin = 3.0 * tolerance * scale;
        let mut findings = vec![
            Figure {
                name: "Gini of scrip".to_owned(),
                measured: gini(&balances),
                unit: "",
                published: law.to_owned(),
                least: expected.map(|gini| gini - margin),
                greatest: expected.map(|gini| gini + margin),
                source: SOURCE,
            }
            .finding(),
        ];
        let law = boltzmann_share_of_poor(mean);
        // The published share is that of one transfer after the other; there is none for turns taken together.
        if by_ticks {
            return findings;
        }
        findings.push(
            Figure {
                name: "agents without scrip".to_owned(),
                measured: poor * 100.0,
                unit: "%",
                published: format!("{:.1} %, law 1/(1+m)", law * 100.0),
                least: Some((law - 0.02 * scale) * 100.0),
                greatest: Some((law + 0.02 * scale) * 100.0),
                source: SOURCE,
            }
            .finding(),
        );
        findings
    }
}
