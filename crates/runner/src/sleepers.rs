//! Who sleeps for what: an index that wakes those concerned and never asks anybody else.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use ecology_types::{Effect, EventKind, Id, Key, Resource, Time, WakeCondition, WakeReason};
use ecology_world::{Event, World};
use rustc_hash::FxHashMap;

/// Sleeping and blocked agents, by time and by what wakes them.
#[derive(Debug, Default)]
pub struct Sleepers {
    timers: BinaryHeap<Reverse<(Time, u64, Key)>>,
    /// Looked up, never iterated.
    resting: FxHashMap<Key, Rest>,
    by_kind: Vec<BTreeSet<Key>>,
    /// Looked up, never iterated.
    by_artifact: FxHashMap<Key, BTreeSet<Key>>,
    /// Those who wait for something that has no key yet. Looked up, never iterated.
    by_name: FxHashMap<Id, BTreeSet<Key>>,
    /// Those who wait for a balance to rise.
    by_rise: BTreeSet<Key>,
    /// How many wait for an event of each kind about themselves.
    about_me: Vec<u32>,
    sequence: u64,
}

/// Why an agent does nothing.
#[derive(Debug, Clone)]
struct Rest {
    /// Distinguishes this rest from earlier ones whose timers are still in the heap.
    sequence: u64,
    on: Box<[Waits]>,
    blocked_on: Option<Resource>,
}

/// A wake condition with its ids resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Waits {
    Kind(EventKind),
    KindAboutMe(EventKind),
    Changed(Key),
    AtLeast(u64),
    Below(u64),
    /// Names something that does not exist yet. Its creation is its first change.
    Named(Box<Id>),
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

    /// Lets an agent sleep. Gives the reason at once when a condition holds already: nobody sleeps past what it waits for.
    pub fn sleep(
        &mut self,
        world: &World,
        agent: Key,
        until: Option<Time>,
        on: &[WakeCondition],
    ) -> Option<WakeReason> {
        let subscribed = world.subscriptions().of(agent).flat_map(|(_, kinds)| kinds).copied();
        let mut waits: Vec<Waits> = on
            .iter()
            .map(|condition| match condition {
                WakeCondition::Event(kind) => Waits::Kind(*kind),
                WakeCondition::EventAboutMe(kind) => Waits::KindAboutMe(*kind),
                WakeCondition::ArtifactChanged(id) => world
                    .symbols()
                    .key(id.as_str())
                    .map_or_else(|| Waits::Named(Box::new(id.clone())), Waits::Changed),
                WakeCondition::ScripAtLeast(scrip) => Waits::AtLeast(scrip.0),
                WakeCondition::ScripBelow(scrip) => Waits::Below(scrip.0),
            })
            .collect();
        let scrip = world.accounts().scrip(agent).0;
        for (at, wait) in (0_u32..).zip(&waits) {
            if matches!(wait, Waits::AtLeast(least) if scrip >= *least)
                || matches!(wait, Waits::Below(limit) if scrip < *limit)
            {
                return Some(WakeReason::Condition(at));
            }
        }
        waits.extend(subscribed.map(Waits::Kind));
        self.rest(agent, until, waits.into(), None);
        None
    }

    /// Lets an agent wait for capacity: until a time, or until somebody gives it some.
    pub fn block(&mut self, agent: Key, until: Option<Time>, resource: Resource) {
        self.rest(agent, until, Box::new([]), Some(resource));
    }

    fn rest(&mut self, agent: Key, until: Option<Time>, on: Box<[Waits]>, blocked_on: Option<Resource>) {
        self.forget(agent);
        self.sequence += 1;
        for wait in &on {
            match wait {
                Waits::Kind(kind) => {
                    let at = *kind as usize;
                    if self.by_kind.len() <= at {
                        self.by_kind.resize_with(at + 1, BTreeSet::new);
                    }
                    self.by_kind[at].insert(agent);
                }
                Waits::Changed(artifact) => {
                    self.by_artifact.entry(*artifact).or_default().insert(agent);
                }
                Waits::Named(id) => {
                    self.by_name.entry((**id).clone()).or_default().insert(agent);
                }
                Waits::AtLeast(_) => {
                    self.by_rise.insert(agent);
                }
                Waits::KindAboutMe(kind) => {
                    let at = *kind as usize;
                    if self.about_me.len() <= at {
                        self.about_me.resize(at + 1, 0);
                    }
                    self.about_me[at] += 1;
                }
                // Found through the parties of the event.
                Waits::Below(_) => {}
            }
        }
        if let Some(until) = until.filter(|until| *until != Time::NEVER) {
            self.timers.push(Reverse((until, self.sequence, agent)));
        }
        self.resting.insert(agent, Rest { sequence: self.sequence, on, blocked_on });
    }

    /// Takes an agent out of the index: it woke or ended.
    pub fn forget(&mut self, agent: Key) {
        let Some(rest) = self.resting.remove(&agent) else { return };
        for wait in &rest.on {
            match wait {
                Waits::Kind(kind) => {
                    if let Some(set) = self.by_kind.get_mut(*kind as usize) {
                        set.remove(&agent);
                    }
                }
                Waits::Changed(artifact) => {
                    if let Some(set) = self.by_artifact.get_mut(artifact) {
                        set.remove(&agent);
                        if set.is_empty() {
                            self.by_artifact.remove(artifact);
                        }
                    }
                }
                Waits::Named(id) => {
                    if let Some(set) = self.by_name.get_mut(&**id) {
                        set.remove(&agent);
                        if set.is_empty() {
                            self.by_name.remove(&**id);
                        }
                    }
                }
                Waits::AtLeast(_) => {
                    self.by_rise.remove(&agent);
                }
                Waits::KindAboutMe(kind) => {
                    if let Some(count) = self.about_me.get_mut(*kind as usize) {
                        *count = count.saturating_sub(1);
                    }
                }
                Waits::Below(_) => {}
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
    pub fn pop_due(&mut self, now: Time) -> Option<(Key, bool)> {
        if self.next_timer()? > now {
            return None;
        }
        let Reverse((_, _, agent)) = self.timers.pop()?;
        let blocked = self.resting.get(&agent).is_some_and(|rest| rest.blocked_on.is_some());
        self.forget(agent);
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
                    self.match_on(*agent, |wait| *wait == Waits::Kind(kind), &mut wake);
                }
            }
        }
        match &event.effect {
            Effect::ArtifactChanged { key, .. }
            | Effect::ArtifactDeleted { key }
            | Effect::OwnershipTransferred { key, .. } => {
                for agent in self.by_artifact.get(key).into_iter().flatten() {
                    if event.actor != Some(*agent) && world.may_see_event(event, *agent) {
                        self.match_on(*agent, |wait| *wait == Waits::Changed(*key), &mut wake);
                    }
                }
            }
            Effect::QuotaTransferred { to, resource, .. }
                if self.resting.get(to).is_some_and(|rest| rest.blocked_on == Some(*resource)) =>
            {
                wake(*to, None);
            }
            Effect::ArtifactCreated(record) => {
                for agent in self.by_artifact.get(&record.key).into_iter().flatten() {
                    if event.actor != Some(*agent) && world.may_see_event(event, *agent) {
                        self.match_on(*agent, |wait| *wait == Waits::Changed(record.key), &mut wake);
                    }
                }
                for agent in self.by_name.get(&record.id).into_iter().flatten() {
                    if event.actor != Some(*agent) && world.may_see_event(event, *agent) {
                        let is_it = |wait: &Waits| matches!(wait, Waits::Named(id) if **id == record.id);
                        self.match_on(*agent, is_it, &mut wake);
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
                    self.match_on(party, |wait| *wait == Waits::KindAboutMe(kind), &mut wake);
                }
            }
        }
    }

    fn match_on(
        &self,
        agent: Key,
        holds: impl Fn(&Waits) -> bool,
        wake: &mut impl FnMut(Key, Option<WakeReason>),
    ) {
        if let Some(rest) = self.resting.get(&agent)
            && let Some((at, _)) = (0_u32..).zip(&rest.on).find(|(_, wait)| holds(wait))
        {
            wake(agent, Some(WakeReason::Condition(at)));
        }
    }

    fn match_balance(&self, world: &World, agent: Key, wake: &mut impl FnMut(Key, Option<WakeReason>)) {
        let scrip = world.accounts().scrip(agent).0;
        self.match_on(
            agent,
            |wait| match wait {
                Waits::AtLeast(least) => scrip >= *least,
                Waits::Below(limit) => scrip < *limit,
                _ => false,
            },
            wake,
        );
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
