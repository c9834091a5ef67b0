//! Who sleeps for what: an index that wakes those concerned and never asks anybody else.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use ecology_types::{Effect, EventKind, Id, Key, Resource, Time, WakeCondition, WakeReason};
use ecology_world::{Event, LoopState, World};
use rustc_hash::FxHashMap;

/// Sleeping and blocked agents, by time and by what wakes them.
///
/// What an agent waits for is kept by the world, in the state of its loop, and nowhere else: here are only the ways from an event to those whom it
/// may concern, who are then asked for their conditions.
#[derive(Debug, Default)]
pub struct Sleepers {
    /// When, the number of the rest, and whose: the earlier rest comes first among those that end at the same moment.
    timers: BinaryHeap<Reverse<(Time, u32, Key)>>,
    /// Looked up, never iterated in an order that matters.
    resting: FxHashMap<Key, Rest>,
    by_kind: Vec<BTreeSet<Key>>,
    /// Looked up, never iterated.
    by_artifact: FxHashMap<Key, BTreeSet<Key>>,
    /// Those who wait for something that had no key when they fell asleep. Looked up, never iterated.
    by_name: FxHashMap<Id, BTreeSet<Key>>,
    /// Those who wait for a balance to rise.
    by_rise: BTreeSet<Key>,
    /// How many wait for an event of each kind about themselves.
    about_me: Vec<u32>,
    sequence: u32,
}

/// Why an agent does nothing.
#[derive(Debug, Clone, Copy)]
struct Rest {
    /// Distinguishes this rest from earlier ones whose timers are still in the heap. Counts around after four thousand million rests, which is
    /// longer than any timer of an earlier one is kept.
    sequence: u32,
    blocked_on: Option<Resource>,
}

/// What a sleeping agent waits for, in the order in which it is told about: the conditions of its sleep, then the events that it has subscribed to.
fn conditions(world: &World, agent: Key) -> impl Iterator<Item = WakeOn<'_>> {
    let own = match world.agents().get(agent).map(|row| &row.state) {
        Some(LoopState::Sleeping { on, .. }) => Some(on),
        _ => None,
    };
    let subscribed = own.map(|_| world.subscriptions().of(agent)).into_iter().flatten();
    let kinds = subscribed.flat_map(|(_, kinds)| kinds).map(|kind| WakeOn::Kind(*kind));
    own.into_iter().flat_map(|on| on.iter()).map(WakeOn::of).chain(kinds)
}

/// A wake condition, borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WakeOn<'w> {
    Kind(EventKind),
    KindAboutMe(EventKind),
    Changed(&'w Id),
    AtLeast(u64),
    Below(u64),
}

impl<'w> WakeOn<'w> {
    const fn of(condition: &'w WakeCondition) -> Self {
        match condition {
            WakeCondition::Event(kind) => Self::Kind(*kind),
            WakeCondition::EventAboutMe(kind) => Self::KindAboutMe(*kind),
            WakeCondition::ArtifactChanged(id) => Self::Changed(id),
            WakeCondition::ScripAtLeast(scrip) => Self::AtLeast(scrip.0),
            WakeCondition::ScripBelow(scrip) => Self::Below(scrip.0),
        }
    }

    /// Whether a balance is what is waited for.
    const fn holds_at(self, scrip: u64) -> bool {
        match self {
            Self::AtLeast(least) => scrip >= least,
            Self::Below(limit) => scrip < limit,
            _ => false,
        }
    }
}

impl Sleepers {
    /// How many agents rest.
    #[must_use]
    pub fn len(&self) -> usize {
        self.resting.len()
    }

    /// Whether nobody rests.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.resting.is_empty()
    }

    /// Whether this agent rests.
    #[must_use]
    pub fn contains(&self, agent: Key) -> bool {
        self.resting.contains_key(&agent)
    }

    /// Takes in an agent that sleeps according to the world. Gives the reason at once when a condition holds already: nobody sleeps past what it
    /// waits for.
    pub fn sleep(&mut self, world: &World, agent: Key) -> Option<WakeReason> {
        let until = match world.agents().get(agent).map(|row| &row.state) {
            Some(LoopState::Sleeping { until, .. }) => *until,
            _ => return None,
        };
        let scrip = world.accounts().scrip(agent).0;
        if let Some((at, _)) = (0..).zip(conditions(world, agent)).find(|(_, on)| on.holds_at(scrip)) {
            return Some(WakeReason::Condition(at));
        }
        self.rest(world, agent, until, None);
        None
    }

    /// Lets an agent wait for capacity: until a time, or until somebody gives it some.
    pub fn block(&mut self, world: &World, agent: Key, until: Option<Time>, resource: Resource) {
        self.rest(world, agent, until, Some(resource));
    }

    fn rest(&mut self, world: &World, agent: Key, until: Option<Time>, blocked_on: Option<Resource>) {
        self.sequence = self.sequence.wrapping_add(1);
        let rest = Rest { sequence: self.sequence, blocked_on };
        if self.resting.insert(agent, rest).is_some() {
            // What it waited for until now is no longer known.
            self.index_anew(world);
        } else if blocked_on.is_none() {
            self.index(world, agent);
        }
        if let Some(until) = until.filter(|until| *until != Time::NEVER) {
            self.set_timer(until, agent);
        }
    }

    fn set_timer(&mut self, until: Time, agent: Key) {
        // Timers of rests that ended early stay behind; they are not to become more than the others.
        if self.timers.len() > 2 * self.resting.len() + 64 {
            let resting = &self.resting;
            self.timers.retain(|Reverse((_, sequence, agent))| {
                resting.get(agent).is_some_and(|rest| rest.sequence == *sequence)
            });
            self.timers.shrink_to(self.resting.len());
        }
        if self.timers.len() == self.timers.capacity() {
            self.timers.reserve_exact(self.timers.len() / 8 + 8);
        }
        self.timers.push(Reverse((until, self.sequence, agent)));
    }

    /// Enters what a sleeping agent waits for.
    fn index(&mut self, world: &World, agent: Key) {
        for on in conditions(world, agent) {
            match on {
                WakeOn::Kind(kind) => {
                    let at = kind as usize;
                    if self.by_kind.len() <= at {
                        self.by_kind.resize_with(at + 1, BTreeSet::new);
                    }
                    self.by_kind[at].insert(agent);
                }
                WakeOn::Changed(id) => {
                    match world.symbols().key(id.as_str()) {
                        Some(artifact) => self.by_artifact.entry(artifact).or_default().insert(agent),
                        None => self.by_name.entry(id.clone()).or_default().insert(agent),
                    };
                }
                WakeOn::AtLeast(_) => {
                    self.by_rise.insert(agent);
                }
                WakeOn::KindAboutMe(kind) => {
                    let at = kind as usize;
                    if self.about_me.len() <= at {
                        self.about_me.resize(at + 1, 0);
                    }
                    self.about_me[at] += 1;
                }
                // Found through the parties of the event.
                WakeOn::Below(_) => {}
            }
        }
    }

    /// Enters what everybody waits for from the beginning. Takes time in proportion to the number of sleepers; nothing that happens in a run
    /// leads here.
    #[cold]
    fn index_anew(&mut self, world: &World) {
        self.by_kind.clear();
        self.by_artifact.clear();
        self.by_name.clear();
        self.by_rise.clear();
        self.about_me.clear();
        let mut asleep: Vec<Key> = self
            .resting
            .iter()
            .filter(|(_, rest)| rest.blocked_on.is_none())
            .map(|(agent, _)| *agent)
            .collect();
        asleep.sort_unstable();
        for agent in asleep {
            self.index(world, agent);
        }
    }

    /// Takes an agent out of the index, while the world still knows it as sleeping: it wakes or ends.
    pub fn forget(&mut self, world: &World, agent: Key) {
        let Some(rest) = self.resting.remove(&agent) else { return };
        if rest.blocked_on.is_some() {
            return;
        }
        let sleeps =
            world.agents().get(agent).is_some_and(|row| matches!(row.state, LoopState::Sleeping { .. }));
        if !sleeps {
            return self.index_anew(world);
        }
        for on in conditions(world, agent) {
            match on {
                WakeOn::Kind(kind) => {
                    if let Some(set) = self.by_kind.get_mut(kind as usize) {
                        set.remove(&agent);
                    }
                }
                WakeOn::Changed(id) => {
                    if let Some(artifact) = world.symbols().key(id.as_str())
                        && let Some(set) = self.by_artifact.get_mut(&artifact)
                    {
                        set.remove(&agent);
                        if set.is_empty() {
                            self.by_artifact.remove(&artifact);
                        }
                    }
                    // It may have got its key since.
                    if let Some(set) = self.by_name.get_mut(id) {
                        set.remove(&agent);
                        if set.is_empty() {
                            self.by_name.remove(id);
                        }
                    }
                }
                WakeOn::AtLeast(_) => {
                    self.by_rise.remove(&agent);
                }
                WakeOn::KindAboutMe(kind) => {
                    if let Some(count) = self.about_me.get_mut(kind as usize) {
                        *count = count.saturating_sub(1);
                    }
                }
                WakeOn::Below(_) => {}
            }
        }
        if world.principal(agent).is_none() {
            // Its subscriptions went with it.
            for set in &mut self.by_kind {
                set.remove(&agent);
            }
        }
    }

    /// When the next timer runs out.
    pub fn next_timer(&mut self) -> Option<Time> {
        while let Some(Reverse((until, sequence, agent))) = self.timers.peek().copied() {
            if self.resting.get(&agent).is_some_and(|rest| rest.sequence == sequence) {
                return Some(until);
            }
            self.timers.pop();
        }
        None
    }

    /// The next agent whose time is up at `now`, taken out of the index, and whether it was blocked rather than asleep.
    pub fn pop_due(&mut self, world: &World, now: Time) -> Option<(Key, bool)> {
        if self.next_timer()? > now {
            return None;
        }
        let Reverse((_, _, agent)) = self.timers.pop()?;
        let blocked = self.resting.get(&agent).is_some_and(|rest| rest.blocked_on.is_some());
        self.forget(world, agent);
        Some((agent, blocked))
    }

    /// Those whom an event wakes, with the reason, or unblocks (no reason). They stay in the index until [`Sleepers::forget`].
    pub fn concerned(&self, world: &World, event: &Event, mut wake: impl FnMut(Key, Option<WakeReason>)) {
        if self.resting.is_empty() {
            return;
        }
        let kind = event.effect.kind();
        if let Some(waiting) = self.by_kind.get(kind as usize) {
            for agent in waiting {
                if event.actor != Some(*agent) && world.may_see_event(event, *agent) {
                    self.match_on(world, *agent, |on| on == WakeOn::Kind(kind), &mut wake);
                }
            }
        }
        match &event.effect {
            Effect::ArtifactChanged { key, .. }
            | Effect::ArtifactDeleted { key }
            | Effect::OwnershipTransferred { key, .. } => {
                let it = WakeOn::Changed(world.id(*key));
                for agent in self.by_artifact.get(key).into_iter().flatten() {
                    if event.actor != Some(*agent) && world.may_see_event(event, *agent) {
                        self.match_on(world, *agent, |on| on == it, &mut wake);
                    }
                }
            }
            Effect::QuotaTransferred { to, resource, .. }
                if self.resting.get(to).is_some_and(|rest| rest.blocked_on == Some(*resource)) =>
            {
                wake(*to, None);
            }
            Effect::ArtifactCreated(record) => {
                let by_key = self.by_artifact.get(&record.key).into_iter().flatten();
                let by_name = self.by_name.get(&record.id).into_iter().flatten();
                for agent in by_key.chain(by_name) {
                    if event.actor != Some(*agent) && world.may_see_event(event, *agent) {
                        self.match_on(world, *agent, |on| on == WakeOn::Changed(&record.id), &mut wake);
                    }
                }
            }
            // Everybody has more now; those whom it concerns wait for that.
            Effect::BasicIncomePaid { .. } => {
                for agent in &self.by_rise {
                    self.match_balance(world, *agent, &mut wake);
                }
            }
            Effect::ScripTransferred { from, to, .. } => {
                for party in [*from, *to] {
                    self.match_balance(world, party, &mut wake);
                }
            }
            Effect::Minted { to, .. } => self.match_balance(world, *to, &mut wake),
            _ => {}
        }
        if self.about_me.get(kind as usize).is_some_and(|waiting| *waiting > 0) {
            for party in parties(world, &event.effect).into_iter().flatten() {
                if event.actor != Some(party) {
                    self.match_on(world, party, |on| on == WakeOn::KindAboutMe(kind), &mut wake);
                }
            }
        }
    }

    fn match_on<'w>(
        &self,
        world: &'w World,
        agent: Key,
        holds: impl Fn(WakeOn<'w>) -> bool,
        wake: &mut impl FnMut(Key, Option<WakeReason>),
    ) {
        if self.resting.contains_key(&agent)
            && let Some((at, _)) = (0..).zip(conditions(world, agent)).find(|(_, on)| holds(*on))
        {
            wake(agent, Some(WakeReason::Condition(at)));
        }
    }

    fn match_balance(&self, world: &World, agent: Key, wake: &mut impl FnMut(Key, Option<WakeReason>)) {
        let scrip = world.accounts().scrip(agent).0;
        self.match_on(world, agent, |on| on.holds_at(scrip), wake);
    }
}

/// Those who take part in an event: paid by it, sold by it, or done to what they own.
fn parties(world: &World, effect: &Effect) -> [Option<Key>; 3] {
    let owner = |key: Key| world.live(key).map(|record| record.owner);
    match effect {
        Effect::ScripTransferred { from, to, .. } | Effect::QuotaTransferred { from, to, .. } => {
            [Some(*from), Some(*to), None]
        }
        Effect::OwnershipTransferred { key, from, to } => {
            [Some(*from), Some(*to), Some(*key).filter(|key| key != from && key != to)]
        }
        Effect::EscrowSold { seller, buyer, .. } => [Some(*seller), Some(*buyer), None],
        Effect::Minted { to, .. } => [Some(*to), None, None],
        Effect::QuotaSet { principal, .. } => [Some(*principal), None, None],
        Effect::ArtifactChanged { key, .. } | Effect::ActionDone { target: Some(key), .. } => {
            [Some(*key), owner(*key).filter(|owner| owner != key), None]
        }
        Effect::AgentStarted { agent }
        | Effect::AgentPaused { agent, .. }
        | Effect::AgentStopped { agent, .. } => {
            [Some(*agent), owner(*agent).filter(|owner| owner != agent), None]
        }
        _ => [None, None, None],
    }
}

#[cfg(test)]
mod tests {
    use ecology_types::{
        Act, Action, Axis, AxisVector, Charges, Command, Draft, Founder, Genesis, Lifecycle, Scrip, Side,
        Sleep, Span, WriteMode,
    };

    use super::*;

    /// A world with agents that have begun, by their keys.
    fn world(count: usize) -> (World, Vec<Key>) {
        let axes =
            AxisVector::default().with(Axis::RateLimiting, Side::New).with(Axis::ExecutionMode, Side::New);
        let mut world = World::new(crate::compose::parts(axes).unwrap());
        let founders = (0..count)
            .map(|n| Founder {
                id: Id::new(format!("agent_{n}")).unwrap(),
                is_agent: true,
                config: "mind = 'sleeper'".into(),
                scrip: Scrip(1),
                quotas: Charges([1_000; Resource::COUNT]),
            })
            .collect();
        let genesis = Genesis { rules: ecology_types::Rules::default(), founders, artifacts: Vec::new() };
        world.step(&Command::Create(Box::new(genesis)), Time::ZERO).unwrap();
        let agents = world.living_agents().to_vec();
        for agent in &agents {
            live(&mut world, *agent, Lifecycle::Start);
        }
        (world, agents)
    }

    fn live(world: &mut World, agent: Key, change: Lifecycle) {
        world.step(&Command::Lifecycle { agent, change }, world.time()).unwrap();
    }

    fn sleep(world: &mut World, agent: Key, on: WakeCondition) {
        let sleep = Sleep { duration: Some(Span::from_secs(100)), on: vec![on] };
        live(world, agent, Lifecycle::Sleep(sleep));
    }

    /// Whom an event of the other agent's start wakes.
    fn woken(sleepers: &Sleepers, world: &mut World, by: Key) -> Vec<Key> {
        live(world, by, Lifecycle::Start);
        let event = world.log().get(world.last_event()).unwrap();
        let mut woken = Vec::new();
        sleepers.concerned(world, &event, |agent, _| woken.push(agent));
        woken
    }

    #[test]
    fn what_an_agent_waits_for_is_that_of_its_latest_sleep() {
        let (mut world, agents) = world(2);
        let (alice, bob) = (agents[0], agents[1]);
        let mut sleepers = Sleepers::default();
        sleep(&mut world, alice, WakeCondition::Event(EventKind::AgentStarted));
        assert_eq!(sleepers.sleep(&world, alice), None);
        assert_eq!(woken(&sleepers, &mut world, bob), [alice]);
        // Nobody does that in a run; still nothing of the earlier sleep is to stay behind.
        sleep(&mut world, alice, WakeCondition::EventAboutMe(EventKind::ScripTransferred));
        assert_eq!(sleepers.sleep(&world, alice), None);
        assert_eq!(woken(&sleepers, &mut world, bob), []);
        assert!(sleepers.by_kind.iter().all(BTreeSet::is_empty));
        assert_eq!(sleepers.about_me.iter().sum::<u32>(), 1);
        sleepers.forget(&world, alice);
        assert!(sleepers.is_empty() && sleepers.about_me.iter().all(|count| *count == 0));
    }

    #[test]
    fn who_no_longer_sleeps_is_forgotten_with_all_entries() {
        let (mut world, agents) = world(2);
        let mut sleepers = Sleepers::default();
        for agent in &agents {
            sleep(&mut world, *agent, WakeCondition::EventAboutMe(EventKind::ScripTransferred));
            sleepers.sleep(&world, *agent);
        }
        live(&mut world, agents[0], Lifecycle::Wake(WakeReason::Timer));
        sleepers.forget(&world, agents[0]);
        assert_eq!((sleepers.len(), sleepers.about_me.iter().sum::<u32>()), (1, 1));
    }

    #[test]
    fn an_id_that_gets_its_key_during_a_sleep_leaves_nothing_behind() {
        let (mut world, agents) = world(2);
        let late = Id::known("late");
        sleep(&mut world, agents[0], WakeCondition::ArtifactChanged(late.clone()));
        let mut sleepers = Sleepers::default();
        sleepers.sleep(&world, agents[0]);
        let draft = Draft { mode: WriteMode::Create, ..Draft::new(late, "here") };
        let action = Action::Write(Box::new(draft));
        let act = Act { agent: agents[1], action, thought: None, answers: Vec::new() };
        assert!(world.step(&Command::Act(act), world.time()).unwrap().outcome.is_ok());
        let mut woken = Vec::new();
        for event in world.log().after(0) {
            sleepers.concerned(&world, &event, |agent, reason| woken.push((agent, reason)));
        }
        assert_eq!(woken, [(agents[0], Some(WakeReason::Condition(0)))]);
        sleepers.forget(&world, agents[0]);
        assert!(sleepers.by_name.is_empty() && sleepers.by_artifact.is_empty());
    }

    #[test]
    fn timers_of_rests_that_ended_early_do_not_pile_up() {
        let (mut world, agents) = world(3);
        let mut sleepers = Sleepers::default();
        for round in 0..1_000 {
            for agent in &agents {
                sleep(&mut world, *agent, WakeCondition::Event(EventKind::Minted));
                sleepers.sleep(&world, *agent);
            }
            assert!(sleepers.timers.len() <= 2 * agents.len() + 65, "round {round}");
            if round < 999 {
                for agent in &agents {
                    sleepers.forget(&world, *agent);
                }
            }
        }
        let due: Vec<Key> =
            std::iter::from_fn(|| sleepers.pop_due(&world, Time(200_000_000)).map(|(agent, _)| agent))
                .collect();
        assert_eq!(due, agents, "each once, in the order in which they fell asleep");
    }
}
