//! Spawners: agents that bring new principals into the world and provide for them.

use std::collections::BTreeMap;

use ecology_types::{Action, Id, Resource, Seed, Span};
use serde::{Deserialize, Serialize};

use super::inner::check_inner;
use super::quoting::last_refused;
use super::{Flaw, PRICE_MAX, Script, Tools, check_range};
use crate::{Decision, Mind, MindConfig, MindError, Perception, Then, services, state};

/// Configuration of [`Spawner`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SpawnerConfig {
    /// How many principals it makes.
    pub children_max: u64,
    /// The scrip that it gives to each; 0 for none.
    pub gift: u64,
    /// The bytes of disk that it gives to each; 0 for none.
    pub disk: u64,
    /// What its children do, which makes them agents. Each of them gets everything in the moment of its birth, so that it can act at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub child: Option<Box<MindConfig>>,
    /// Shares and stocks besides disk that it gives to each of the children that act.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub quotas: BTreeMap<Resource, u64>,
    /// Mean of the random delay after each action in continuous mode, in microseconds; 0 for none.
    pub delay_mean: Span,
}

impl Default for SpawnerConfig {
    fn default() -> Self {
        Self {
            children_max: 1,
            gift: 1,
            disk: 0,
            child: None,
            quotas: BTreeMap::new(),
            delay_mean: Span::ZERO,
        }
    }
}

impl Script for SpawnerConfig {
    fn check(&self) -> Result<(), Flaw> {
        check_range("children_max", self.children_max, 0, 1_000_000)?;
        check_range("gift", self.gift, 0, PRICE_MAX)?;
        check_range("disk", self.disk, 0, i64::MAX as u64)?;
        for amount in self.quotas.values() {
            check_range("quotas", *amount, 0, i64::MAX as u64)?;
        }
        if self.quotas.contains_key(&Resource::Disk) {
            return Err(Flaw::new("quotas", "what it gives of disk stands in disk"));
        }
        match self.child.as_deref() {
            None if !self.quotas.is_empty() => {
                Err(Flaw::new("quotas", "they are for children that act; say what these do in child"))
            }
            Some(MindConfig::Spawner(_)) => {
                Err(Flaw::new("child", "a mind inside another cannot hold a third; write an ordinary one"))
            }
            child => check_inner("child", child),
        }?;
        super::check_delay(self.delay_mean)
    }

    fn delay_mean(&self) -> Span {
        self.delay_mean
    }

    fn build(&self, _: Seed, _: &Tools) -> Box<dyn Mind> {
        Box::new(Spawner::new(self.clone()))
    }
}

/// Makes one principal after the other, gives each its gifts (with its birth when it acts, one by one otherwise), and ends when all are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spawner {
    config: Box<SpawnerConfig>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    /// Counts the principals, those that were refused included.
    child: u64,
    step: Step,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Step {
    Spawn,
    GiveScrip,
    GiveDisk,
}

impl Spawner {
    /// A spawner without children.
    #[must_use]
    pub fn new(config: SpawnerConfig) -> Self {
        Self { config: Box::new(config), state: State { child: 0, step: Step::Spawn } }
    }

    /// The birth of a child with everything that it is to have.
    fn birth(&self, id: &Id) -> Action {
        let config = self.config.child.as_ref().map(|child| child.to_text());
        let mut quotas: Vec<(Resource, u64)> =
            self.config.quotas.iter().map(|(resource, amount)| (*resource, *amount)).collect();
        quotas.push((Resource::Disk, self.config.disk));
        services::spawn_endowed(id, config.as_deref(), self.config.gift, &quotas)
    }
}

impl Mind for Spawner {
    fn name(&self) -> &'static str {
        "spawner"
    }

    fn think(&mut self, view: &dyn Perception) -> Result<Decision, MindError> {
        // A refused birth leaves nobody to give to; a refused gift is not repeated.
        if last_refused(view) {
            self.state.step = Step::Spawn;
        }
        loop {
            let child = match self.state.step {
                Step::Spawn => self.state.child.saturating_add(1),
                _ => self.state.child,
            };
            let id = Id::new(format!("{}_child_{child}", view.me()))
                .map_err(|error| MindError::Failed(error.to_string().into()))?;
            match self.state.step {
                Step::Spawn if self.state.child >= self.config.children_max => {
                    return Ok(Decision::noop().then(Then::Stop));
                }
                Step::Spawn if self.config.child.is_some() => {
                    self.state = State { child, step: Step::Spawn };
                    return Ok(Decision::act(self.birth(&id)));
                }
                Step::Spawn => {
                    self.state = State { child, step: Step::GiveScrip };
                    return Ok(Decision::act(services::spawn_principal(&id)));
                }
                Step::GiveScrip => {
                    self.state.step = Step::GiveDisk;
                    if self.config.gift > 0 {
                        return Ok(Decision::act(services::transfer(&id, self.config.gift)));
                    }
                }
                Step::GiveDisk => {
                    self.state.step = Step::Spawn;
                    if self.config.disk > 0 {
                        let give = services::transfer_quota(&id, Resource::Disk, self.config.disk);
                        return Ok(Decision::act(give));
                    }
                }
            }
        }
    }

    fn save(&self) -> Vec<u8> {
        state::save(&self.state)
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), MindError> {
        self.state = state::restore(bytes)?;
        Ok(())
    }
}
