//! Rescuers: agents that thaw frozen ones.

use ecology_types::{Id, Resource, Seed, Span};
use serde::{Deserialize, Serialize};

use super::quoting::last_done;
use super::{Flaw, Script, Tools, check_range};
use crate::{AgentStatus, Decision, Mind, MindError, Perception, services, state};

/// How many agents it looks at in one thought.
const LOOKS: usize = 16;

/// Configuration of [`Rescuer`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RescuerConfig {
    /// What it gives.
    pub resource: Resource,
    /// How much of it at a time.
    pub amount: u64,
    /// What it keeps for itself.
    pub keep: u64,
    /// Mean of the random delay after each action in continuous mode, in microseconds; 0 for none.
    pub delay_mean: Span,
}

impl Default for RescuerConfig {
    fn default() -> Self {
        Self { resource: Resource::LlmCalls, amount: 1, keep: 2, delay_mean: Span::ZERO }
    }
}

impl Script for RescuerConfig {
    fn check(&self) -> Result<(), Flaw> {
        check_range("amount", self.amount, 1, i64::MAX as u64)?;
        check_range("keep", self.keep, 0, i64::MAX as u64)?;
        super::check_delay(self.delay_mean)
    }

    fn delay_mean(&self) -> Span {
        self.delay_mean
    }

    fn build(&self, _: Seed, _: &Tools) -> Box<dyn Mind> {
        Box::new(Rescuer::new(self.clone()))
    }
}

/// Goes round all agents and gives some of its quota to each one that it finds frozen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rescuer {
    config: Box<RescuerConfig>,
    state: State,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    /// The place of the agent to look at next.
    cursor: u64,
    rescued: u32,
    /// Who is being helped at the moment.
    pending: Option<Id>,
}

impl Rescuer {
    /// A rescuer at the beginning of its round.
    #[must_use]
    pub fn new(config: RescuerConfig) -> Self {
        Self { config: Box::new(config), state: State { cursor: 0, rescued: 0, pending: None } }
    }

    /// How many times it has helped.
    #[must_use]
    pub const fn rescued(&self) -> u32 {
        self.state.rescued
    }
}

impl Mind for Rescuer {
    fn name(&self) -> &'static str {
        "rescuer"
    }

    fn think(&mut self, view: &dyn Perception) -> Result<Decision, MindError> {
        if self.state.pending.take().is_some() && last_done(view) {
            self.state.rescued = self.state.rescued.saturating_add(1);
        }
        let RescuerConfig { resource, amount, keep, .. } = *self.config;
        let count = view.agents_count();
        let free = match resource.kind() {
            // A stock shows what is left.
            ecology_types::ResourceKind::Depletable => view.quota(resource),
            _ => view.quota(resource).saturating_sub(view.used(resource)),
        };
        if count == 0 || free < amount.saturating_add(keep) {
            return Ok(Decision::noop());
        }
        for _ in 0..LOOKS.min(count) {
            let index = usize::try_from(self.state.cursor).unwrap_or(0) % count;
            self.state.cursor = (index as u64 + 1) % count as u64;
            let Some(id) = view.agent_at(index) else { continue };
            if id != view.me() && view.agent_status(id) == Some(AgentStatus::Blocked) {
                self.state.pending = Some(id.clone());
                return Ok(Decision::act(services::transfer_quota(id, resource, amount)));
            }
        }
        Ok(Decision::noop())
    }

    fn save(&self) -> Vec<u8> {
        state::save(&self.state)
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), MindError> {
        self.state = state::restore(bytes)?;
        Ok(())
    }
}
