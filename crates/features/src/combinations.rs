//! Settings that are each in order and cannot hold together.

use ecology_types::{Axis, GenesisArtifact, Resource, ResourceKind, Scrip};

use crate::axes::{Shadowing, Stage, info, stage_of};
use crate::config::{Config, JournalBackend, ScenarioName};
use crate::deprecations::{Level, active};
use crate::error::Problem;

/// A problem between settings: the first is the one to change.
pub(crate) struct Clash {
    pub(crate) keys: Vec<String>,
    pub(crate) problem: Problem,
}

/// Everything that does not fit together.
pub(crate) fn clashes(config: &Config) -> Vec<Clash> {
    let mut found = Vec::new();
    for axis in Axis::ALL {
        serving(config, axis, &mut found);
        shadowing(config, axis, &mut found);
    }
    denied(config, &mut found);
    shares(config, &mut found);
    scenario(config, &mut found);
    rest(config, &mut found);
    found
}

fn clash(found: &mut Vec<Clash>, keys: &[&str], problem: Problem) {
    found.push(Clash { keys: keys.iter().map(|key| (*key).to_owned()).collect(), problem });
}

fn contradiction(found: &mut Vec<Clash>, keys: &[&str], what: String, remedy: String) {
    clash(found, keys, Problem::Contradiction { what, remedy });
}

fn serving(config: &Config, axis: Axis, found: &mut Vec<Clash>) {
    let side = config.features.side(axis);
    let key = format!("features.{axis}");
    let stage = stage_of(axis, side);
    if !stage.can_run() {
        let removed = stage == Stage::Removed;
        clash(found, &[&key], Problem::NotOffered { section: "features", axis, side, removed });
        return;
    }
    for need in info(axis).implementation(side).needs {
        if config.features.side(need.axis) != need.side {
            let other = format!("features.{}", need.axis);
            clash(found, &[&key, &other], Problem::Needs { axis, side, need: *need });
        }
    }
}

fn shadowing(config: &Config, axis: Axis, found: &mut Vec<Clash>) {
    let Some(side) = config.shadow.side(axis) else { return };
    let (key, served) = (format!("shadow.{axis}"), format!("features.{axis}"));
    let stage = stage_of(axis, side);
    if matches!(info(axis).shadowing, Shadowing::Impossible { .. }) {
        clash(found, &[&key], Problem::CannotShadow { axis });
    } else if !stage.can_run() {
        let removed = stage == Stage::Removed;
        clash(found, &[&key], Problem::NotOffered { section: "shadow", axis, side, removed });
    } else if side == config.features.side(axis) {
        clash(found, &[&key, &served], Problem::ShadowsItself { axis, side });
    }
}

fn denied(config: &Config, found: &mut Vec<Clash>) {
    for entry in active(&config.axis_vector()) {
        if let crate::deprecations::Trigger::Serves(axis, _) = entry.trigger
            && config.deprecations.level(entry.code) == Level::Deny
        {
            let (served, level) = (format!("features.{axis}"), format!("deprecations.{}", entry.code));
            clash(found, &[&served, &level], Problem::Denied { code: entry.code });
        }
    }
}

/// How many agents exist at time zero, and which setting says so.
fn population(config: &Config) -> (u64, &'static str) {
    match config.run.scenario {
        ScenarioName::Vickrey => {
            let most = config.scenario.vickrey.bidders.iter().copied().max().unwrap_or(0);
            (u64::from(most), "scenario.vickrey.bidders")
        }
        _ => (u64::from(config.agents()), "run.agents"),
    }
}

/// Shares are strict: what every agent gets adds up to at most what the provider has, and an action's estimate fits one share.
fn shares(config: &Config, found: &mut Vec<Clash>) {
    let (shares, estimate) = (config.shares.charges(), config.action_estimate.charges());
    let (agents, agents_key) = population(config);
    for resource in Resource::ALL {
        let (share_key, capacity_key) = (format!("shares.{resource}"), format!("capacity.{resource}"));
        let (share, unit) = (shares[resource], resource.unit());
        let total = share.saturating_mul(agents);
        match config.capacity.get(resource) {
            Some(capacity) if total > capacity => contradiction(
                found,
                &[&share_key, &capacity_key, agents_key],
                format!(
                    "{agents} agents with {share} {unit} of {resource} each are more than the provider's {capacity}"
                ),
                format!(
                    "write {share_key} = {} or less, or {capacity_key} = {total} or more",
                    capacity / agents.max(1)
                ),
            ),
            None if total > crate::config::Capacity::UNLIMITED => contradiction(
                found,
                &[&share_key, agents_key],
                format!(
                    "{agents} agents with {share} {unit} of {resource} each are more than a world can count"
                ),
                format!("write {share_key} = {} or less", crate::config::Capacity::UNLIMITED / agents.max(1)),
            ),
            _ => {}
        }
        if resource.kind() == ResourceKind::Renewable && estimate[resource] > share {
            let estimate_key = format!("action_estimate.{resource}");
            contradiction(
                found,
                &[&estimate_key, &share_key],
                format!(
                    "every action reserves {} {unit} of {resource}, more than any agent's share",
                    estimate[resource]
                ),
                format!(
                    "write {estimate_key} = {share} or less, or {share_key} = {} or more",
                    estimate[resource]
                ),
            );
        }
    }
}

fn scenario(config: &Config, found: &mut Vec<Clash>) {
    let agents = config.agents();
    let name = config.run.scenario;
    if matches!(name, ScenarioName::Market | ScenarioName::Boltzmann) && agents < 2 {
        contradiction(
            found,
            &["run.agents", "run.scenario"],
            format!("the scenario {:?} takes at least 2 agents", name.name()),
            "write run.agents = 2 or more".to_owned(),
        );
    }
    if name == ScenarioName::Vickrey && config.run.agents.is_some() {
        contradiction(
            found,
            &["run.agents", "run.scenario"],
            "the scenario \"vickrey\" takes as many agents as its experiments have bidders".to_owned(),
            "leave run.agents out and write scenario.vickrey.bidders = [2, 5, 10] or other numbers"
                .to_owned(),
        );
    }
    let scrip = config.scenario.boltzmann.scrip_each.saturating_mul(u64::from(agents));
    if name == ScenarioName::Boltzmann && scrip > Scrip::TOTAL_MAX.0 {
        contradiction(
            found,
            &["scenario.boltzmann.scrip_each", "run.agents"],
            format!("{agents} agents with that much scrip each hold more than a world can"),
            format!(
                "write scenario.boltzmann.scrip_each = {} or less",
                Scrip::TOTAL_MAX.0 / u64::from(agents.max(1))
            ),
        );
    }
    let least = u64::from(agents) + GenesisArtifact::ALL.len() as u64;
    if least > u64::from(config.limits.artifacts_max) {
        contradiction(
            found,
            &["limits.artifacts_max", "run.agents"],
            format!("{agents} agents and the genesis artifacts are more than the world holds"),
            format!("write limits.artifacts_max = {least} or more, or fewer agents"),
        );
    }
}

fn rest(config: &Config, found: &mut Vec<Clash>) {
    if config.journal.backend == JournalBackend::Memory && config.run.world.is_some() {
        contradiction(
            found,
            &["run.world", "journal.backend"],
            "a world in memory has no file".to_owned(),
            "write journal.backend = \"sqlite\", or leave run.world out".to_owned(),
        );
    }
    if config.loops.backoff_first_ms > config.loops.backoff_max_ms {
        contradiction(
            found,
            &["loops.backoff_first_ms", "loops.backoff_max_ms"],
            "the first pause after an error is longer than the longest one".to_owned(),
            format!("write loops.backoff_max_ms = {} or more", config.loops.backoff_first_ms),
        );
    }
}
