//! The typed configuration.

mod choices;
mod comparison;
mod resources;
mod rules;
mod run;
mod sandbox;
mod scenario;

pub use choices::{
    AccessControl, AccessControlShadow, ArtifactOntology, ArtifactOntologyShadow, ExecutionMode,
    ExecutionModeShadow, Features, RateLimiting, RateLimitingShadow, ResourceLimits, ResourceLimitsShadow,
    Shadow,
};
pub use comparison::Comparison;
pub use resources::{ActionEstimate, Capacity, Shares};
pub use run::{Clock, Journal, JournalBackend, Loops, Metering, MeteringSource, Mint, Run, Timing};
pub use sandbox::{Sandbox, SandboxEngine, SandboxIsolation};
pub use scenario::{Bazaar, Boltzmann, Commune, Market, ScenarioName, Scenarios, Traders, Vickrey};

use ecology_types::{CodeRules, Limits};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::deprecations::Deprecations;

/// Everything that can be configured. Every key has a default; `config/ecology.toml` lists them all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Which implementation serves, on each axis.
    pub features: Features,
    /// Which implementation runs beside it, is compared with it, and serves nothing.
    pub shadow: Shadow,
    /// How shadows are compared, and what a candidate may cost before it is switched off.
    pub comparison: Comparison,
    /// What happens when something deprecated is used: "allow", "warn" or "deny".
    pub deprecations: Deprecations,
    /// What is run.
    pub run: Run,
    /// How world time is divided.
    pub time: Timing,
    /// Upper bounds. Each has a refusal that names it.
    pub limits: Limits,
    /// What the provider has in total: shares add up to at most this. Not set: no limit of the provider.
    pub capacity: Capacity,
    /// What each agent that exists at time zero holds. Later ones begin with nothing and get theirs by trade.
    pub shares: Shares,
    /// What every action reserves before it is carried out; the measured amount replaces it afterwards.
    pub action_estimate: ActionEstimate,
    /// The auction of new scrip.
    pub mint: Mint,
    /// How the loops of agents behave.
    pub loops: Loops,
    /// Where code that agents write runs.
    pub sandbox: Sandbox,
    /// What code that agents write may do at most, and what it costs. A world goes by these from the beginning of the next run.
    pub code: CodeRules,
    /// The durable, ordered log.
    pub journal: Journal,
    /// What an action really used.
    pub metering: Metering,
    /// The settings of each scenario. Only those of run.scenario are used.
    pub scenario: Scenarios,
}
