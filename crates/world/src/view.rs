//! The world as one agent may see it.

use ecology_minds::{AgentStatus, ArtifactGlimpse, EventGlimpse, MintGlimpse, OrderGlimpse, Perception};
use ecology_ontology::Query;
use ecology_types::{ArtifactRecord, Good, Id, Key, Order, Outcome, Resource, Scrip, Time};

use crate::agents::LoopState;
use crate::world::World;

/// A window on the world for one agent, as of a moment. Borrowed: making one costs nothing.
#[derive(Debug, Clone, Copy)]
pub struct AgentView<'w> {
    world: &'w World,
    agent: Key,
    now: Time,
    seen: u64,
    last_outcome: Option<&'w Outcome>,
}

impl World {
    /// What `agent` may see at `now`. `seen` is the number of the last event that it has been shown, `last_outcome` the answer to its last action.
    #[must_use]
    pub const fn view<'w>(
        &'w self,
        agent: Key,
        now: Time,
        seen: u64,
        last_outcome: Option<&'w Outcome>,
    ) -> AgentView<'w> {
        AgentView { world: self, agent, now, seen, last_outcome }
    }
}

impl<'w> AgentView<'w> {
    fn glimpse(&self, record: &'w ArtifactRecord) -> ArtifactGlimpse<'w> {
        // Owning is not reading: under contracts the owner has no bypass.
        let readable = self.world.read_price(self.agent, record) == Some(Scrip::ZERO);
        ArtifactGlimpse {
            id: &record.id,
            kind: &record.kind,
            version: record.version,
            bytes: record.content.len() as u64,
            owner_is_me: record.owner == self.agent,
            can_execute: record.can_execute,
            has_standing: record.has_standing,
            content: readable.then_some(&*record.content),
        }
    }

    fn order(&self, order: &'w Order) -> OrderGlimpse<'w> {
        OrderGlimpse {
            id: order.id,
            kind: &order.kind,
            price: order.price,
            mine: order.owner == self.agent,
            good_id: match order.good {
                Some(Good::Artifact(key) | Good::Agent(key)) => Some(self.world.id(key)),
                _ => None,
            },
            is_ask: order.good.is_some(),
        }
    }
}

impl Perception for AgentView<'_> {
    fn now(&self) -> Time {
        self.now
    }

    fn tick(&self) -> u64 {
        self.world.tick()
    }

    fn me(&self) -> &Id {
        self.world.id(self.agent)
    }

    fn scrip(&self) -> Scrip {
        self.world.accounts.scrip(self.agent)
    }

    fn quota(&self, resource: Resource) -> u64 {
        self.world.accounts.get(self.agent).map_or(0, |account| account.quotas[resource])
    }

    fn used(&self, resource: Resource) -> u64 {
        self.world.used(self.agent, resource, self.now)
    }

    fn agents_count(&self) -> usize {
        self.world.living_agents().len()
    }

    fn agent_at(&self, index: usize) -> Option<&Id> {
        self.world.living_agents().get(index).map(|key| self.world.id(*key))
    }

    fn agent_status(&self, id: &Id) -> Option<AgentStatus> {
        let key = self.world.principal_named(id.as_str())?;
        if !self.world.principal(key)?.can_execute {
            return None;
        }
        Some(match self.world.agents.get(key).map(|row| &row.state) {
            None | Some(LoopState::New | LoopState::Running | LoopState::BackingOff { .. }) => {
                AgentStatus::Running
            }
            Some(LoopState::Sleeping { .. }) => AgentStatus::Sleeping,
            Some(LoopState::Blocked { .. }) => AgentStatus::Blocked,
            Some(LoopState::Paused) => AgentStatus::Paused,
            Some(LoopState::Stopped) => AgentStatus::Stopped,
        })
    }

    fn owned_count(&self) -> usize {
        let query = Query { owner: Some(self.agent), ..Query::default() };
        usize::try_from(self.world.parts.ontology.count(&query, &|_| true)).unwrap_or(usize::MAX)
    }

    fn owned_at(&self, index: usize) -> Option<ArtifactGlimpse<'_>> {
        let query = Query { owner: Some(self.agent), offset: index as u64, limit: 1, ..Query::default() };
        let page = self.world.parts.ontology.search(&query, &|_| true);
        let record = self.world.live(*page.keys.first()?)?;
        Some(self.glimpse(record))
    }

    fn artifact(&self, id: &Id) -> Option<ArtifactGlimpse<'_>> {
        let record = self.world.live(self.world.symbols.key(id.as_str())?)?;
        (record.owner == self.agent || self.world.may_know(self.agent, record)).then(|| self.glimpse(record))
    }

    fn best_ask(&self, kind: &str) -> Option<OrderGlimpse<'_>> {
        self.world.book.asks(kind).find(|ask| ask.owner != self.agent).map(|order| self.order(order))
    }

    fn best_offer(&self, kind: &str) -> Option<OrderGlimpse<'_>> {
        self.world.book.offers(kind).find(|offer| offer.owner != self.agent).map(|order| self.order(order))
    }

    fn my_orders(&self, visit: &mut dyn FnMut(OrderGlimpse<'_>)) {
        for order in self.world.book.of(self.agent) {
            visit(self.order(order));
        }
    }

    fn mint(&self) -> MintGlimpse {
        if self.world.rules.mint.interval.0 == 0 {
            return MintGlimpse::OFF;
        }
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        MintGlimpse {
            next: self.world.mint.next(),
            open_bids: count(self.world.mint.bids_len()),
            my_bids: count(self.world.mint.bids_of(self.agent).count()),
        }
    }

    fn last_outcome(&self) -> Option<&Outcome> {
        self.last_outcome
    }

    fn events(&self, visit: &mut dyn FnMut(EventGlimpse<'_>)) {
        for seq in self.world.inboxes.of_principal(self.agent).filter(|seq| *seq > self.seen) {
            if let Some(event) = self.world.log.get(seq)
                && self.world.may_see_event(&event, self.agent)
            {
                visit(EventGlimpse {
                    seq: event.seq,
                    time: event.time,
                    kind: event.effect.kind(),
                    actor: event.actor.map(|actor| self.world.id(actor)),
                    about_me: true,
                });
            }
        }
    }
}
