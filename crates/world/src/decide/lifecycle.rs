//! Changes in the life of agents' loops.

use ecology_types::{Effect, Key, Lifecycle, Refusal, Span, Time};

use crate::agents::LoopState;
use crate::step::{Plan, StepError};
use crate::world::World;

impl World {
    pub(crate) fn decide_lifecycle(
        &self,
        agent: Key,
        change: &Lifecycle,
        now: Time,
        plan: &mut Plan,
    ) -> Result<(), StepError> {
        if !matches!(change, Lifecycle::Stop { .. })
            && !self.principal(agent).is_some_and(|record| record.can_execute)
        {
            return Err(StepError::Contradiction(format!("{} is no living agent", self.id(agent))));
        }
        let errors_in_row = self.agents.get(agent).map_or(0, |row| row.errors_in_row);
        let effect = match change {
            Lifecycle::Start => Effect::AgentStarted { agent },
            Lifecycle::Sleep(sleep) => {
                let on_max = self.rules.limits.wake_conditions_max as usize;
                let mut on = sleep.on.clone();
                // An agent that asks for more conditions than allowed is woken by the first ones; it learns so from the event.
                on.truncate(on_max);
                Effect::AgentSlept { agent, until: sleep.duration.map(|span| now.after(span)), on }
            }
            Lifecycle::Wake(reason) => Effect::AgentWoke { agent, reason: *reason },
            Lifecycle::Block { resource, until } => {
                Effect::AgentBlocked { agent, resource: *resource, until: *until }
            }
            Lifecycle::Unblock => Effect::AgentUnblocked { agent },
            Lifecycle::Fail { error } => self.failed(agent, errors_in_row, error, now),
            Lifecycle::GiveUp { thought, error } => {
                // What was spent outside by a thought that never ended is not known, only that it is at most what was set aside. Giving it back
                // would let a mind that hangs spend for nothing, again and again.
                let is_open = self.open_reservation(agent, thought).is_some();
                if is_open || self.admit(agent, &thought.usage, now).is_ok() {
                    self.plan_thought(agent, thought, plan);
                }
                // A thought ends the errors in a row; this one is the next of them.
                plan.push(self.failed(agent, errors_in_row, error, now));
                self.plan_settlement(agent, thought, plan);
                return Ok(());
            }
            Lifecycle::Resume => {
                let paused = self.agents.get(agent).is_some_and(|row| row.state == LoopState::Paused);
                if !paused {
                    return Err(StepError::Contradiction(format!("{} is not paused", self.id(agent))));
                }
                Effect::AgentStarted { agent }
            }
            Lifecycle::Stop { reason } => Effect::AgentStopped { agent, reason: reason.clone() },
            Lifecycle::Limit { resource, used, allowed } => {
                plan.push(Effect::LimitExceeded {
                    agent,
                    resource: *resource,
                    used: *used,
                    allowed: *allowed,
                });
                // A loop that has ended or is paused for errors stays what it is.
                let rests = self.agents.get(agent).is_none_or(|row| {
                    matches!(row.state, LoopState::New | LoopState::Paused | LoopState::Stopped)
                });
                if rests {
                    return Ok(());
                }
                Effect::AgentBlocked { agent, resource: *resource, until: None }
            }
        };
        plan.push(effect);
        Ok(())
    }

    /// What an error leads to: a pause that doubles with every further one, and after too many in a row the end of trying.
    fn failed(&self, agent: Key, errors_in_row: u32, error: &str, now: Time) -> Effect {
        let rules = &self.rules.loops;
        let errors_in_row = errors_in_row + 1;
        let error = Refusal::new(ecology_types::RefusalCode::ExecutionFailed, error.to_owned()).detail;
        if errors_in_row >= rules.errors_in_row_max {
            return Effect::AgentPaused { agent, errors_in_row, error };
        }
        let factor = 1_u64 << (errors_in_row - 1).min(32);
        let pause = rules.backoff_first.0.saturating_mul(factor).min(rules.backoff_max.0);
        Effect::AgentFailed { agent, errors_in_row, error, until: now.after(Span(pause)) }
    }
}
