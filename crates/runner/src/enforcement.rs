//! Holding everybody to the limits that follow from their shares.

use ecology_container_limits::{Limit, Plan, ResourceLimits, Verdict, enforce_together};
use ecology_shadow::Report;
use ecology_types::{Charges, Effect, Key, Lifecycle, Measurement, Resource, ResourceKind};
use ecology_world::World;

/// The limits of a run: a plan for every living agent, made of its shares and made anew when these change.
pub(crate) struct Enforcement {
    limits: Box<dyn ResourceLimits>,
    /// Principals whose shares or whose standing as an agent may have changed since their plans were made.
    stale: Vec<Key>,
}

/// What is known of process limits when a run has ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LimitsOutcome {
    /// The implementation.
    pub implementation: &'static str,
    /// Agents with a plan in force.
    pub plans: u64,
    /// What comparing it with another implementation gave, where one shadowed it.
    pub shadow: Option<Report>,
}

impl Enforcement {
    /// Puts a plan in force for everybody who is an agent now.
    pub(crate) fn new(limits: Box<dyn ResourceLimits>, world: &World) -> Self {
        let mut enforcement = Self { limits, stale: Vec::new() };
        for agent in world.living_agents() {
            enforcement.join(*agent, world);
        }
        enforcement
    }

    /// Takes note of an event that plans depend on.
    pub(crate) fn note(&mut self, effect: &Effect) {
        match effect {
            Effect::QuotaTransferred { from, to, .. } => self.stale.extend([*from, *to]),
            Effect::QuotaSet { principal, .. } => self.stale.push(*principal),
            Effect::ArtifactCreated(record) if record.has_standing => self.stale.push(record.key),
            Effect::ArtifactDeleted { key } | Effect::ArtifactChanged { key, can_execute: Some(_), .. } => {
                self.stale.push(*key);
            }
            _ => {}
        }
    }

    /// Whether somebody's plan may not be what its shares say.
    pub(crate) const fn is_stale(&self) -> bool {
        !self.stale.is_empty()
    }

    /// Makes the plans anew that are not what the shares of their holders say: givers first, so that the plans in force fit the machine at
    /// every moment.
    pub(crate) fn renew(&mut self, world: &World) {
        if self.stale.is_empty() {
            return;
        }
        let mut changed = std::mem::take(&mut self.stale);
        changed.sort_unstable();
        changed.dedup();
        let plans: Vec<(Key, Option<Plan>)> =
            changed.iter().map(|principal| (*principal, self.plan(*principal, world))).collect();
        if enforce_together(&mut *self.limits, &plans).is_err() {
            // Not all of it fits: whoever gets less has to give way all the same, and each of the others gets what is left.
            for (principal, plan) in &plans {
                let lower = plan.zip(self.limits.enforced(*principal)).map(|(plan, now)| plan.at_most(&now));
                if lower.is_none_or(|lower| self.limits.enforce(*principal, &lower).is_err()) {
                    self.limits.release(*principal);
                }
            }
            for principal in changed {
                self.join(principal, world);
            }
        }
    }

    /// What a turn used above the plan of its agent, as the change in the life of its loop that it leads to.
    ///
    /// Of a rate that an agent has no share of at all, the rate limiter refuses every use beforehand and says what to get. Its loop goes on,
    /// so that it can read that.
    pub(crate) fn judge(&self, row: &Measurement) -> Option<Lifecycle> {
        let mut used = Charges::of(Resource::Memory, row.memory_peak_bytes)
            .with(Resource::Cpu, row.cpu_ns / 1_000)
            .with(Resource::DiskWrites, row.written_bytes)
            .with(Resource::Bandwidth, row.bandwidth_bytes);
        loop {
            // An agent that is gone has no plan any more, and no loop to stop.
            let Verdict::Exceeds { limit, used: amount, allowed } = self.limits.admit(row.principal, &used)
            else {
                return None;
            };
            let resource = limit.resource()?;
            if allowed > 0 || resource.kind() != ResourceKind::Renewable {
                return Some(Lifecycle::Limit { resource, used: amount, allowed });
            }
            used[resource] = 0;
        }
    }

    pub(crate) fn outcome(&self, world: &World) -> LimitsOutcome {
        let planned = world.living_agents().iter().filter(|agent| self.limits.enforced(**agent).is_some());
        LimitsOutcome {
            implementation: self.limits.name(),
            plans: planned.count() as u64,
            shadow: self.limits.shadow_report(),
        }
    }

    /// The plan that a principal should have; only agents have processes to limit.
    fn plan(&self, principal: Key, world: &World) -> Option<Plan> {
        let is_agent = world.principal(principal).is_some_and(|record| record.can_execute);
        let account = world.accounts().get(principal).filter(|_| is_agent)?;
        Some(self.limits.plan(&account.quotas.charges()))
    }

    /// Puts the plan of one agent in force, lowered to what is free where the machine has not enough.
    fn join(&mut self, agent: Key, world: &World) {
        let Some(mut plan) = self.plan(agent, world) else { return };
        // Each try lowers one limit to what is free, so there are at most as many as limits.
        for _ in 0..=Limit::ALL.len() {
            match self.limits.enforce(agent, &plan) {
                Err(ecology_container_limits::EnforceError::OverCapacity { limit, free, .. }) => {
                    plan = plan.with(limit, free);
                }
                Ok(()) | Err(_) => return,
            }
        }
    }
}
