//! The minds of a world's agents, each with what the runner has to remember about it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use ecology_minds::{Decision, Mind, Summary};
use ecology_types::{ArtifactRecord, Charges, Key, Outcome, Seed, Snug, Time, Value};
use ecology_world::{LoopState, World};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// Makes the mind that a configuration describes; everything random in it comes from the seed. Says in plain words what is wrong with a
/// configuration that makes none: its agent reads that.
pub type MakeMind = Box<dyn Fn(&str, Seed) -> Result<Box<dyn Mind>, String> + Send>;

/// One agent as the runner sees it.
pub(crate) struct Member {
    pub(crate) agent: Key,
    pub(crate) mind: Option<Box<dyn Mind>>,
    /// The configuration that the mind was made from, and its version then.
    config: Option<Arc<str>>,
    pub(crate) config_version: u64,
    /// The number of the last event that it has been shown.
    pub(crate) seen: u64,
    /// In a box, whose room is used again by the next one: an agent that rests mostly has nothing to remember here.
    last_outcome: Option<Box<Outcome>>,
    /// Whether its last action was done with nothing to tell, which needs no box.
    was_done: bool,
}

/// All agents with a loop, in the order in which they joined.
pub(crate) struct Crew {
    pub(crate) members: Vec<Member>,
    /// Looked up, never iterated.
    place: FxHashMap<Key, u32>,
    seed: Seed,
    make: MakeMind,
}

/// What came of giving minds their states back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Restored {
    /// Minds that go on.
    pub(crate) minds: usize,
    /// Minds that could not take their states.
    pub(crate) failed: usize,
}

#[derive(Serialize, Deserialize)]
struct Saved {
    agent: Key,
    config_version: u64,
    seen: u64,
    last_outcome: Option<Outcome>,
    state: Option<Vec<u8>>,
}

/// The tag under which the minds' states are kept beside the journal.
pub(crate) const MINDS_TAG: &[u8] = b"minds v2";

impl Crew {
    pub(crate) fn new(seed: Seed, make: MakeMind) -> Self {
        Self { members: Vec::new(), place: FxHashMap::default(), seed, make }
    }

    pub(crate) fn place(&self, agent: Key) -> Option<usize> {
        self.place.get(&agent).map(|at| *at as usize)
    }

    /// Adds an agent; its mind is made before its first thought.
    pub(crate) fn join(&mut self, agent: Key) -> usize {
        if let Some(at) = self.place(agent) {
            return at;
        }
        let at = self.members.len();
        // There are at most as many members as keys, which are 32 bits.
        self.place.insert(agent, u32::try_from(at).unwrap_or(u32::MAX));
        self.members.push_snug(Member {
            agent,
            mind: None,
            config: None,
            config_version: 0,
            seen: 0,
            last_outcome: None,
            was_done: false,
        });
        at
    }

    /// Lets go of what belongs to an agent that is gone. Its place stays its own.
    pub(crate) fn leave(&mut self, at: usize) {
        let member = &mut self.members[at];
        member.config = None;
        member.forget_outcome();
        drop_safely(member.mind.take());
    }

    /// Makes the mind of a member anew when its configuration has changed since it was made.
    pub(crate) fn refresh(&mut self, at: usize, world: &World) -> Result<(), String> {
        let member = &mut self.members[at];
        let Some(record) = world.principal(member.agent) else {
            return Err("the agent is gone".to_owned());
        };
        if member.mind.is_some() && member.is_configured_by(record) {
            member.config_version = record.version;
            return Ok(());
        }
        drop_safely(member.mind.take());
        // A new mind has done nothing yet that could have had an outcome.
        member.forget_outcome();
        let seed = self.seed.derive("mind", u64::from(member.agent.0));
        let mind = (self.make)(&record.content, seed)
            .map_err(|error| format!("the configuration of {} makes no mind: {error}", record.id))?;
        member.mind = Some(mind);
        member.config = Some(Arc::clone(&record.content));
        member.config_version = record.version;
        Ok(())
    }

    /// The states of all minds, for a resume that goes on where they were.
    ///
    /// A mind goes on under the version that its configuration has now: whoever was sold or got another price is the same mind. One whose
    /// configuration was rewritten since its last thought is another one, and what the old one knew is not kept.
    pub(crate) fn save(&self, world: &World) -> Vec<u8> {
        let configured = |member: &Member| {
            let record = world.principal(member.agent)?;
            (member.config.is_some() && member.is_configured_by(record)).then_some(record.version)
        };
        let saved: Vec<Saved> = self
            .members
            .iter()
            .filter_map(|member| Some((member, configured(member)?)))
            .map(|(member, config_version)| Saved {
                agent: member.agent,
                config_version,
                seen: member.seen,
                last_outcome: member.last_outcome().cloned(),
                // A mind that is still away with a thought takes its state along.
                state: member
                    .mind
                    .as_ref()
                    .and_then(|mind| catch_unwind(AssertUnwindSafe(|| mind.save())).ok()),
            })
            .collect();
        postcard::to_allocvec(&saved).unwrap_or_default()
    }

    /// Drops everything and says after each part what it was.
    pub(crate) fn dismantle(mut self, let_go: &mut dyn FnMut(&'static str)) {
        for member in &mut self.members {
            drop_safely(member.mind.take());
        }
        let_go("minds");
        drop(self);
        let_go("crew");
    }

    /// How many agents have thought already, as far as the states of their loops tell.
    pub(crate) fn begun(&self, world: &World) -> usize {
        let state = |member: &Member| world.agents().get(member.agent).map(|row| &row.state);
        let is_over = |state: Option<&LoopState>| {
            matches!(state, None | Some(LoopState::New | LoopState::Paused | LoopState::Stopped))
        };
        self.members.iter().filter(|member| !is_over(state(member))).count()
    }

    /// Gives minds their states back; those that cannot take theirs start anew.
    pub(crate) fn restore(&mut self, bytes: &[u8], world: &World) -> Restored {
        let Ok(saved) = postcard::from_bytes::<Vec<Saved>>(bytes) else {
            return Restored { minds: 0, failed: self.members.len() };
        };
        let mut found = Restored::default();
        for row in saved {
            let Some(at) = self.place(row.agent) else { continue };
            let ready =
                self.refresh(at, world).is_ok() && self.members[at].config_version == row.config_version;
            let member = &mut self.members[at];
            let restored = ready
                && row.state.is_some_and(|state| {
                    member.mind.as_mut().is_some_and(|mind| {
                        matches!(catch_unwind(AssertUnwindSafe(|| mind.restore(&state))), Ok(Ok(())))
                    })
                });
            if restored {
                member.seen = row.seen;
                member.forget_outcome();
                if let Some(outcome) = row.last_outcome {
                    member.remember(outcome);
                }
            }
            found.minds += usize::from(restored);
            found.failed += usize::from(!restored);
        }
        found
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        for member in &mut self.members {
            drop_safely(member.mind.take());
        }
    }
}

impl Member {
    /// Whether the mind was made from what the record says now. A change of anything else (a price, a list of readers) is no other mind.
    pub(crate) fn is_configured_by(&self, record: &ArtifactRecord) -> bool {
        self.config_version == record.version
            || self
                .config
                .as_ref()
                .is_some_and(|config| Arc::ptr_eq(config, &record.content) || **config == *record.content)
    }

    /// The answer to its last action.
    pub(crate) fn last_outcome(&self) -> Option<&Outcome> {
        last_outcome(self.was_done, self.last_outcome.as_deref())
    }

    /// Takes note of the answer to its last action.
    pub(crate) fn remember(&mut self, outcome: Outcome) {
        self.was_done = outcome == Ok(Value::Null);
        match &mut self.last_outcome {
            Some(last) => **last = outcome,
            None if self.was_done => {}
            None => self.last_outcome = Some(Box::new(outcome)),
        }
    }

    /// Forgets the answer to its last action.
    pub(crate) fn forget_outcome(&mut self) {
        (self.last_outcome, self.was_done) = (None, false);
    }

    /// Gives back what it does not need while it sleeps.
    pub(crate) fn rest(&mut self) {
        if self.was_done {
            self.last_outcome = None;
        }
    }

    pub(crate) fn estimate(&self) -> Charges {
        self.mind.as_ref().map_or(Charges::NONE, |mind| mind.estimate())
    }

    /// Whether the mind wants to know what came of its last action.
    pub(crate) fn heeds_outcome(&self) -> bool {
        self.mind.as_ref().is_none_or(|mind| mind.heeds_outcome())
    }

    /// Lets the mind think on the live view. A mind that panics has failed; nothing else is touched.
    pub(crate) fn think(&mut self, world: &World, now: Time) -> Result<Decision, String> {
        let Some(mind) = self.mind.as_mut() else { return Err("it has no mind".to_owned()) };
        let outcome = last_outcome(self.was_done, self.last_outcome.as_deref());
        let view = world.view(self.agent, now, self.seen, outcome);
        think_safely(mind.as_mut(), &view)
    }

    /// What the mind is given when it thinks elsewhere.
    pub(crate) fn summary(&self, world: &World, now: Time) -> Option<Summary> {
        let mind = self.mind.as_ref()?;
        let view = world.view(self.agent, now, self.seen, self.last_outcome());
        Some(Summary::capture(&view, &mind.attention()))
    }
}

fn last_outcome(was_done: bool, outcome: Option<&Outcome>) -> Option<&Outcome> {
    const DONE: &Outcome = &Ok(Value::Null);
    if was_done { Some(DONE) } else { outcome }
}

pub(crate) fn think_safely(
    mind: &mut dyn Mind,
    view: &dyn ecology_minds::Perception,
) -> Result<Decision, String> {
    match catch_unwind(AssertUnwindSafe(|| mind.think(view))) {
        Ok(decision) => decision.map_err(|error| error.to_string()),
        Err(panic) => Err(format!("the mind panicked: {}", panic_text(panic.as_ref()))),
    }
}

/// Drops a mind. Its destructor is its own code, too.
pub(crate) fn drop_safely(mind: Option<Box<dyn Mind>>) {
    if catch_unwind(AssertUnwindSafe(|| drop(mind))).is_err() {
        // Nothing more can be done for it: whatever it held is lost.
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_one_cache_line_and_remembers_its_last_outcome() {
        assert_eq!(size_of::<Member>(), 64);
        let mut crew = Crew::new(Seed(1), Box::new(|_, _| Err(String::new())));
        let at = crew.join(Key(7));
        assert_eq!((crew.join(Key(7)), crew.place(Key(7)), crew.place(Key(8))), (at, Some(at), None));
        let member = &mut crew.members[at];
        assert_eq!(member.last_outcome(), None);
        for outcome in [Ok(Value::Null), Ok(Value::Int(3)), Ok(Value::Null), Ok(Value::Int(4))] {
            member.remember(outcome.clone());
            assert_eq!(member.last_outcome(), Some(&outcome));
            member.rest();
            assert_eq!(member.last_outcome(), Some(&outcome), "also while it sleeps");
        }
        member.forget_outcome();
        assert_eq!(member.last_outcome(), None);
    }
}
