//! Agendas: agents that are at several lists of errands at the same time.

use ecology_types::{Seed, Span};
use serde::{Deserialize, Serialize};

use super::errand::Errand;
use super::{ERRANDS_MAX, Flaw, Script, Tools, check_range};
use crate::{Decision, Mind, MindError, Perception, Then, state};

/// Configuration of [`Agenda`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AgendaConfig {
    /// What to do: each list in its order, one try of each list in turn. What waits in one holds up
    /// no other, and is tried less often the longer it waits.
    pub lists: Vec<Vec<Errand>>,
    /// How often one errand is tried before the agent goes on to the next one of its list.
    pub tries_max: u32,
    /// Mean of the random delay after each action in continuous mode, in microseconds; 0 for none.
    pub delay_mean: Span,
}

impl Default for AgendaConfig {
    fn default() -> Self {
        Self { lists: Vec::new(), tries_max: 100, delay_mean: Span::ZERO }
    }
}

impl Script for AgendaConfig {
    fn check(&self) -> Result<(), Flaw> {
        if self.lists.iter().map(Vec::len).sum::<usize>() > ERRANDS_MAX || self.lists.len() > ERRANDS_MAX {
            return Err(Flaw::new("lists", format!("all lists together have at most {ERRANDS_MAX} errands")));
        }
        self.lists.iter().flatten().try_for_each(Errand::check)?;
        check_range("tries_max", self.tries_max.into(), 1, u32::MAX.into())?;
        super::check_delay(self.delay_mean)
    }

    fn delay_mean(&self) -> Span {
        self.delay_mean
    }

    fn build(&self, _: Seed, _: &Tools) -> Box<dyn Mind> {
        Box::new(Agenda::new(self.clone()))
    }
}

/// Goes through its lists in turn and tries the next errand of each; it ends when all lists are done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agenda {
    config: Box<AgendaConfig>,
    state: State,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    lists: Vec<Progress>,
    /// The list whose errand was tried last.
    last: Option<u32>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Progress {
    /// How many errands are done.
    at: u32,
    /// How often the next one was tried.
    tries: u32,
    /// How many thoughts it is left alone for.
    rest: u32,
}

/// A list that waits is left alone for as many thoughts as it was tried, up to this, so that it costs little.
const REST_MAX: u32 = 12;

impl Agenda {
    /// An agent at the head of each of its lists.
    #[must_use]
    pub fn new(config: AgendaConfig) -> Self {
        let state = State { lists: vec![Progress::default(); config.lists.len()], last: None };
        Self { config: Box::new(config), state }
    }

    fn present(&self, list: usize) -> Option<&Errand> {
        let progress = self.state.lists.get(list)?;
        self.config.lists.get(list)?.get(progress.at as usize)
    }

    fn take_note(&mut self, view: &dyn Perception) {
        let Some(list) = self.state.last.take().map(|list| list as usize) else { return };
        let Some(errand) = self.present(list) else { return };
        let is_met = view.last_outcome().is_some_and(|outcome| errand.is_met_by(outcome));
        let may_end = !errand.patient;
        let tries_max = self.config.tries_max;
        let Some(progress) = self.state.lists.get_mut(list) else { return };
        if is_met || (may_end && progress.tries >= tries_max) {
            *progress = Progress { at: progress.at.saturating_add(1), ..Progress::default() };
        } else {
            progress.rest = progress.tries.min(REST_MAX);
        }
    }
}

impl Mind for Agenda {
    fn name(&self) -> &'static str {
        "agenda"
    }

    fn think(&mut self, view: &dyn Perception) -> Result<Decision, MindError> {
        let first = self.state.last.map_or(0, |last| last as usize + 1);
        self.take_note(view);
        let count = self.config.lists.len();
        let open = || (0..count).map(|at| (first + at) % count).filter(|list| self.present(*list).is_some());
        if open().next().is_none() {
            return Ok(Decision::noop().then(Then::Stop));
        }
        let ready =
            open().find(|list| self.state.lists.get(*list).is_some_and(|progress| progress.rest == 0));
        for progress in &mut self.state.lists {
            progress.rest = progress.rest.saturating_sub(1);
        }
        let Some((list, errand)) = ready.and_then(|list| Some((list, self.present(list)?))) else {
            return Ok(Decision::noop());
        };
        let action = errand.to_action(view)?;
        if let Some(progress) = self.state.lists.get_mut(list) {
            progress.tries = progress.tries.saturating_add(1);
        }
        self.state.last = u32::try_from(list).ok();
        Ok(Decision::act(action))
    }

    fn save(&self) -> Vec<u8> {
        state::save(&self.state)
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), MindError> {
        let state: State = state::restore(bytes)?;
        if state.lists.len() != self.config.lists.len() {
            return Err(MindError::State("it is about another number of lists".into()));
        }
        self.state = state;
        Ok(())
    }
}
