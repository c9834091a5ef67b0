//! A world that was imported goes on.

use ecology_types::{Effect, Genesis, MintReason, Rules, Scrip, Span};
use ecology_world::{Event, World};

use super::figures::Figure;
use super::{Length, Scenario};
use crate::host::Observer;
use crate::report::Finding;

const SOURCE: &str = "laws of this world";
/// A run of a world that nobody set a length for.
const TICKS: u64 = 100;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct ImportedScenario {
    endowed: u64,
    scored: u64,
}

impl Observer for ImportedScenario {
    fn observe(&mut self, _: &World, event: &Event) {
        if let Effect::Minted { amount, reason, .. } = &event.effect {
            let sum = match reason {
                MintReason::Endowment => &mut self.endowed,
                MintReason::Score => &mut self.scored,
            };
            *sum = sum.saturating_add(amount.0);
        }
    }

    fn memory(&self) -> Option<Vec<u8>> {
        let Self { endowed, scored } = self;
        postcard::to_stdvec(&(endowed, scored)).ok()
    }

    fn recall(&mut self, memory: &[u8]) -> bool {
        let Ok(((endowed, scored), [])) = postcard::take_from_bytes(memory) else { return false };
        *self = Self { endowed, scored };
        true
    }
}

impl Scenario for ImportedScenario {
    fn adapt(&self, _: &mut Rules) {}

    /// Nobody: who is there comes from the files that are imported.
    fn genesis(&self, rules: Rules) -> Genesis {
        Genesis { rules, founders: Vec::new(), artifacts: Vec::new() }
    }

    fn length(&self) -> Length {
        Length { ticks: TICKS, duration: Span::from_secs(TICKS) }
    }

    #[expect(clippy::cast_precision_loss, reason = "figures of a report")]
    fn findings(&self, world: &World) -> Vec<Finding> {
        let figure = |name: &str, measured: u64, published: String, wanted: u64| {
            Figure {
                name: name.to_owned(),
                measured: measured as f64,
                unit: "",
                published,
                least: Some(wanted as f64),
                greatest: Some(wanted as f64),
                source: SOURCE,
            }
            .finding()
        };
        let wanted = self.endowed.saturating_add(self.scored);
        let Scrip(supply) = world.accounts().supply();
        vec![
            figure("scrip in the world", supply, format!("{wanted} (imported and minted since)"), wanted),
            figure(
                "laws that hold",
                u64::from(world.check_invariants().is_ok()),
                "1 (all of them)".to_owned(),
                1,
            ),
        ]
    }
}
