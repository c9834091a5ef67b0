//! What an agent may see, as owned data of bounded size.

use ecology_types::{EventKind, Id, OrderId, Outcome, Resource, Scrip, SmolStr, Time};

use crate::{AgentStatus, ArtifactGlimpse, EventGlimpse, MintGlimpse, OrderGlimpse, Perception};

/// How much of a perception a [`Summary`] keeps, and which goods and artifacts it looks up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryBounds {
    /// Most agents. Of more agents an evenly spaced choice is kept.
    pub agents_max: usize,
    /// Most own artifacts; the first ones.
    pub owned_max: usize,
    /// Most own orders; the first ones.
    pub orders_max: usize,
    /// Most events; the newest.
    pub events_max: usize,
    /// Most bytes of the content of one artifact; the beginning.
    pub content_bytes_max: usize,
    /// The kinds of goods whose best ask and offer are looked up.
    pub kinds: Vec<SmolStr>,
    /// The artifacts of others that are looked up; goods of the best asks are looked up as well.
    pub artifacts: Vec<Id>,
}

impl Default for SummaryBounds {
    fn default() -> Self {
        Self {
            agents_max: 64,
            owned_max: 64,
            orders_max: 64,
            events_max: 64,
            content_bytes_max: 4096,
            kinds: Vec::new(),
            artifacts: Vec::new(),
        }
    }
}

/// A perception at one moment as plain data, so that a slow mind can think away from the writer.
///
/// Its size is bounded by [`SummaryBounds`]; the counts that it shows count what it kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    now: Time,
    tick: u64,
    me: Id,
    scrip: Scrip,
    quota: [u64; Resource::COUNT],
    used: [u64; Resource::COUNT],
    agents: Vec<(Id, Option<AgentStatus>)>,
    owned: Vec<Artifact>,
    others: Vec<Artifact>,
    asks: Vec<Order>,
    offers: Vec<Order>,
    mine: Vec<Order>,
    mint: MintGlimpse,
    last_outcome: Option<Outcome>,
    events: Vec<Event>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Artifact {
    id: Id,
    kind: SmolStr,
    version: u64,
    bytes: u64,
    owner_is_me: bool,
    can_execute: bool,
    has_standing: bool,
    content: Option<Box<str>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Order {
    id: OrderId,
    kind: SmolStr,
    price: Scrip,
    mine: bool,
    good_id: Option<Id>,
    is_ask: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Event {
    seq: u64,
    time: Time,
    kind: EventKind,
    actor: Option<Id>,
    about_me: bool,
}

impl Summary {
    /// Captures what `view` shows, within `bounds`.
    #[must_use]
    pub fn capture(view: &dyn Perception, bounds: &SummaryBounds) -> Self {
        let count = view.agents_count();
        let kept = count.min(bounds.agents_max);
        let agents = (0..kept)
            .filter_map(|nth| view.agent_at(spaced(nth, count, kept)))
            .map(|id| (id.clone(), view.agent_status(id)))
            .collect();
        let owned = (0..view.owned_count().min(bounds.owned_max))
            .filter_map(|index| view.owned_at(index))
            .map(|glimpse| Artifact::of(glimpse, bounds.content_bytes_max))
            .collect();
        let asks: Vec<_> =
            bounds.kinds.iter().filter_map(|kind| view.best_ask(kind)).map(Order::of).collect();
        let offers = bounds.kinds.iter().filter_map(|kind| view.best_offer(kind)).map(Order::of).collect();
        let others = bounds
            .artifacts
            .iter()
            .chain(asks.iter().filter_map(|ask| ask.good_id.as_ref()))
            .filter_map(|id| view.artifact(id))
            .map(|glimpse| Artifact::of(glimpse, bounds.content_bytes_max))
            .collect();
        let mut mine = Vec::new();
        view.my_orders(&mut |order| {
            if mine.len() < bounds.orders_max {
                mine.push(Order::of(order));
            }
        });
        let mut events = std::collections::VecDeque::new();
        view.events(&mut |event| {
            if events.len() == bounds.events_max {
                events.pop_front();
            }
            if bounds.events_max > 0 {
                events.push_back(Event::of(event));
            }
        });
        Self {
            now: view.now(),
            tick: view.tick(),
            me: view.me().clone(),
            scrip: view.scrip(),
            quota: Resource::ALL.map(|resource| view.quota(resource)),
            used: Resource::ALL.map(|resource| view.used(resource)),
            agents,
            owned,
            others,
            asks,
            offers,
            mine,
            mint: view.mint(),
            last_outcome: view.last_outcome().cloned(),
            events: events.into(),
        }
    }
}

/// The index of the `nth` of `kept` evenly spaced items out of `count`.
fn spaced(nth: usize, count: usize, kept: usize) -> usize {
    let index = nth as u128 * count as u128 / (kept.max(1)) as u128;
    usize::try_from(index).unwrap_or(usize::MAX)
}

impl Artifact {
    fn of(glimpse: ArtifactGlimpse<'_>, content_bytes_max: usize) -> Self {
        Self {
            id: glimpse.id.clone(),
            kind: SmolStr::new(glimpse.kind),
            version: glimpse.version,
            bytes: glimpse.bytes,
            owner_is_me: glimpse.owner_is_me,
            can_execute: glimpse.can_execute,
            has_standing: glimpse.has_standing,
            content: glimpse.content.map(|text| text[..text.floor_char_boundary(content_bytes_max)].into()),
        }
    }

    fn glimpse(&self) -> ArtifactGlimpse<'_> {
        ArtifactGlimpse {
            id: &self.id,
            kind: &self.kind,
            version: self.version,
            bytes: self.bytes,
            owner_is_me: self.owner_is_me,
            can_execute: self.can_execute,
            has_standing: self.has_standing,
            content: self.content.as_deref(),
        }
    }
}

impl Order {
    fn of(glimpse: OrderGlimpse<'_>) -> Self {
        Self {
            id: glimpse.id,
            kind: SmolStr::new(glimpse.kind),
            price: glimpse.price,
            mine: glimpse.mine,
            good_id: glimpse.good_id.cloned(),
            is_ask: glimpse.is_ask,
        }
    }

    fn glimpse(&self) -> OrderGlimpse<'_> {
        OrderGlimpse {
            id: self.id,
            kind: &self.kind,
            price: self.price,
            mine: self.mine,
            good_id: self.good_id.as_ref(),
            is_ask: self.is_ask,
        }
    }
}

impl Event {
    fn of(glimpse: EventGlimpse<'_>) -> Self {
        Self {
            seq: glimpse.seq,
            time: glimpse.time,
            kind: glimpse.kind,
            actor: glimpse.actor.cloned(),
            about_me: glimpse.about_me,
        }
    }
}

impl Perception for Summary {
    fn now(&self) -> Time {
        self.now
    }

    fn tick(&self) -> u64 {
        self.tick
    }

    fn me(&self) -> &Id {
        &self.me
    }

    fn scrip(&self) -> Scrip {
        self.scrip
    }

    fn quota(&self, resource: Resource) -> u64 {
        self.quota[resource.index()]
    }

    fn used(&self, resource: Resource) -> u64 {
        self.used[resource.index()]
    }

    fn agents_count(&self) -> usize {
        self.agents.len()
    }

    fn agent_at(&self, index: usize) -> Option<&Id> {
        self.agents.get(index).map(|(id, _)| id)
    }

    fn agent_status(&self, id: &Id) -> Option<AgentStatus> {
        self.agents.iter().find(|(agent, _)| agent == id).and_then(|(_, status)| *status)
    }

    fn owned_count(&self) -> usize {
        self.owned.len()
    }

    fn owned_at(&self, index: usize) -> Option<ArtifactGlimpse<'_>> {
        self.owned.get(index).map(Artifact::glimpse)
    }

    fn artifact(&self, id: &Id) -> Option<ArtifactGlimpse<'_>> {
        self.owned.iter().chain(&self.others).find(|artifact| artifact.id == *id).map(Artifact::glimpse)
    }

    fn best_ask(&self, kind: &str) -> Option<OrderGlimpse<'_>> {
        self.asks.iter().find(|order| order.kind == kind).map(Order::glimpse)
    }

    fn best_offer(&self, kind: &str) -> Option<OrderGlimpse<'_>> {
        self.offers.iter().find(|order| order.kind == kind).map(Order::glimpse)
    }

    fn my_orders(&self, visit: &mut dyn FnMut(OrderGlimpse<'_>)) {
        self.mine.iter().map(Order::glimpse).for_each(visit);
    }

    fn mint(&self) -> MintGlimpse {
        self.mint
    }

    fn last_outcome(&self) -> Option<&Outcome> {
        self.last_outcome.as_ref()
    }

    fn events(&self, visit: &mut dyn FnMut(EventGlimpse<'_>)) {
        for event in &self.events {
            visit(EventGlimpse {
                seq: event.seq,
                time: event.time,
                kind: event.kind,
                actor: event.actor.as_ref(),
                about_me: event.about_me,
            });
        }
    }
}
