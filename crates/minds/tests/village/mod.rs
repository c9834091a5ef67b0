//! A small world for the tests and examples of this crate: ledger, escrow with crossing orders, a mint, quotas. No more than minds need.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "shared by the tests and the examples, each of which uses a part"
)]

use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use ecology_minds::{
    AgentStatus, ArtifactGlimpse, Decision, EventGlimpse, Mind, MintGlimpse, OrderGlimpse, Perception, Then,
    build,
};
use ecology_types::{
    Action, EventKind, Id, OrderId, Outcome, Refusal, RefusalCode, Resource, Scrip, Seed, SmolStr, Span,
    Time, Value, WriteMode,
};

pub struct Agent {
    pub id: Id,
    pub mind: Box<dyn Mind>,
    pub scrip: u64,
    pub quota: [u64; Resource::COUNT],
    pub used: [u64; Resource::COUNT],
    pub status: AgentStatus,
    pub outcome: Option<Outcome>,
    pub owned: Vec<Id>,
    pub events: Vec<Event>,
    pub errors: u32,
    pub sleep: Option<ecology_types::Sleep>,
}

#[derive(Clone)]
pub struct Event {
    pub seq: u64,
    pub time: Time,
    pub kind: EventKind,
    pub actor: Option<Id>,
    pub about_me: bool,
}

pub struct Artifact {
    pub owner: usize,
    pub kind: SmolStr,
    pub version: u64,
    pub content: Arc<str>,
    pub listed: bool,
}

#[derive(Clone)]
pub enum Good {
    Artifact(Id),
    Right(Resource, u64),
}

#[derive(Clone)]
pub struct Order {
    pub id: OrderId,
    pub owner: usize,
    pub kind: SmolStr,
    pub price: u64,
    pub good: Option<Good>,
    pub only_for: Option<usize>,
}

pub struct Trade {
    pub tick: u64,
    pub time: Time,
    pub buyer: usize,
    pub seller: usize,
    pub price: u64,
    pub kind: SmolStr,
}

pub struct Village {
    pub tick: u64,
    pub now: Time,
    pub agents: Vec<Agent>,
    pub artifacts: BTreeMap<Id, Artifact>,
    pub orders: Vec<Order>,
    pub bids: Vec<(usize, Id, u64)>,
    pub mint_every: u64,
    pub trades: Vec<Trade>,
    pub revenues: Vec<(u64, Option<usize>)>,
    pub calls: BTreeMap<String, u32>,
    pub refusals: Vec<(usize, Action, Refusal)>,
    next_order: OrderId,
    next_seq: u64,
    seed: Seed,
}

fn refuse(code: RefusalCode, detail: &str) -> Outcome {
    Err(Refusal::new(code, detail))
}

impl Village {
    pub fn new(seed: u64) -> Self {
        Self {
            tick: 0,
            now: Time::ZERO,
            agents: Vec::new(),
            artifacts: BTreeMap::new(),
            orders: Vec::new(),
            bids: Vec::new(),
            mint_every: 0,
            trades: Vec::new(),
            revenues: Vec::new(),
            calls: BTreeMap::new(),
            refusals: Vec::new(),
            next_order: 1,
            next_seq: 1,
            seed: Seed(seed),
        }
    }

    pub fn add(&mut self, config: &str, scrip: u64) -> usize {
        let index = self.agents.len();
        let mind = build(config, self.seed.derive("mind", index as u64)).unwrap();
        self.add_mind(mind, scrip)
    }

    pub fn add_mind(&mut self, mind: Box<dyn Mind>, scrip: u64) -> usize {
        let index = self.agents.len();
        self.agents.push(Agent {
            id: Id::new(format!("agent_{index}")).unwrap(),
            mind,
            scrip,
            quota: [1_000; Resource::COUNT],
            used: [0; Resource::COUNT],
            status: AgentStatus::Running,
            outcome: None,
            owned: Vec::new(),
            events: Vec::new(),
            errors: 0,
            sleep: None,
        });
        index
    }

    pub fn view(&self, agent: usize) -> View<'_> {
        View { village: self, agent }
    }

    pub fn think(&mut self, agent: usize) -> Option<Decision> {
        let mut mind =
            std::mem::replace(&mut self.agents[agent].mind, Box::new(ecology_minds::scripted::Idle));
        let thought = mind.think(&self.view(agent));
        self.agents[agent].mind = mind;
        self.agents[agent].events.clear();
        match thought {
            Ok(decision) => {
                for (resource, used) in decision.usage.iter() {
                    assert!(used <= self.agents[agent].mind.estimate()[resource], "more than estimated");
                }
                Some(decision)
            }
            Err(_) => {
                self.agents[agent].errors += 1;
                None
            }
        }
    }

    pub fn apply(&mut self, agent: usize, decision: Decision) {
        let outcome = self.act(agent, &decision.action);
        if let Err(refusal) = &outcome {
            self.refusals.push((agent, decision.action, refusal.clone()));
        }
        self.agents[agent].outcome = Some(outcome);
        match decision.then {
            Then::Continue => {}
            Then::Delay(delay) => {
                if self.tick == 0 {
                    self.agents[agent].sleep = Some(ecology_types::Sleep::of(delay));
                }
            }
            Then::Sleep(sleep) => {
                self.agents[agent].status = AgentStatus::Sleeping;
                self.agents[agent].sleep = Some(sleep);
            }
            Then::Stop => self.agents[agent].status = AgentStatus::Stopped,
        }
    }

    /// Everybody thinks on one snapshot, then all act in a seeded order. Sleepers wake with the next tick.
    pub fn run_ticks(&mut self, ticks: u64) {
        for _ in 0..ticks {
            self.tick += 1;
            self.now = Time(self.tick * 1_000_000);
            if self.mint_every > 0 && self.tick.is_multiple_of(self.mint_every) {
                self.resolve_mint();
            }
            let mut decisions = Vec::new();
            for agent in 0..self.agents.len() {
                if self.agents[agent].status == AgentStatus::Sleeping {
                    self.agents[agent].status = AgentStatus::Running;
                }
                if self.agents[agent].status == AgentStatus::Running
                    && let Some(decision) = self.think(agent)
                {
                    decisions.push((agent, decision));
                }
            }
            let mut dice = ecology_minds::Dice::new(self.seed.derive("order", self.tick));
            for last in (1..decisions.len()).rev() {
                decisions.swap(last, usize::try_from(dice.below(last as u64 + 1)).unwrap());
            }
            for (agent, decision) in decisions {
                self.apply(agent, decision);
            }
        }
    }

    /// Agents wake in the order of their own delays until `end`; one that does not sleep goes on after 1 ms.
    pub fn run_continuous(&mut self, end: Time) {
        let mut wakes: BinaryHeap<_> =
            (0..self.agents.len()).map(|agent| std::cmp::Reverse((self.now, agent))).collect();
        while let Some(std::cmp::Reverse((at, agent))) = wakes.pop() {
            if at >= end {
                self.now = end;
                return;
            }
            self.now = at;
            self.agents[agent].status = AgentStatus::Running;
            self.agents[agent].sleep = None;
            if let Some(decision) = self.think(agent) {
                self.apply(agent, decision);
            }
            if self.agents[agent].status != AgentStatus::Stopped {
                let delay = self.agents[agent].sleep.as_ref().and_then(|sleep| sleep.duration);
                wakes.push(std::cmp::Reverse((at.after(delay.unwrap_or(Span::from_millis(1))), agent)));
            }
        }
    }

    fn event(&mut self, kind: EventKind, actor: usize, about: &[usize]) {
        let seq = self.next_seq;
        self.next_seq += 1;
        let actor_id = self.agents[actor].id.clone();
        for agent in about {
            let event = Event { seq, time: self.now, kind, actor: Some(actor_id.clone()), about_me: true };
            self.agents[*agent].events.push(event);
        }
    }

    fn agent_of(&self, value: Option<&Value>) -> Option<usize> {
        let id = value?.as_text()?;
        self.agents.iter().position(|agent| agent.id.as_str() == id)
    }

    fn act(&mut self, agent: usize, action: &Action) -> Outcome {
        match action {
            Action::InvokeAllowing(_) => refuse(RefusalCode::Unavailable, "the village runs no code"),
            Action::Noop => Ok(Value::Null),
            Action::Read { artifact } => match self.artifacts.get(artifact) {
                Some(found) => Ok(Value::text(&*found.content)),
                None => refuse(RefusalCode::ArtifactNotFound, artifact.as_str()),
            },
            Action::Write(draft) => {
                if self.artifacts.contains_key(&draft.artifact) {
                    if draft.mode == WriteMode::Create {
                        return refuse(RefusalCode::IdTaken, draft.artifact.as_str());
                    }
                    if self.artifacts[&draft.artifact].owner != agent {
                        return refuse(RefusalCode::NotPermitted, draft.artifact.as_str());
                    }
                }
                let artifact = Artifact {
                    owner: agent,
                    kind: draft.kind.clone().unwrap_or_default(),
                    version: 1,
                    content: draft.content.clone(),
                    listed: false,
                };
                if self.artifacts.insert(draft.artifact.clone(), artifact).is_none() {
                    self.agents[agent].owned.push(draft.artifact.clone());
                }
                Ok(Value::Null)
            }
            Action::Edit { artifact, find, replace, .. } => match self.artifacts.get_mut(artifact) {
                Some(found)
                    if found.owner == agent
                        && !found.listed
                        && found.content.matches(&**find).count() == 1 =>
                {
                    found.content = found.content.replacen(&**find, replace, 1).into();
                    found.version += 1;
                    Ok(Value::Null)
                }
                _ => refuse(RefusalCode::NotPermitted, artifact.as_str()),
            },
            Action::Delete { artifact } => match self.artifacts.get(artifact) {
                Some(found) if found.owner == agent && !found.listed => {
                    self.artifacts.remove(artifact);
                    self.agents[agent].owned.retain(|id| id != artifact);
                    Ok(Value::Null)
                }
                _ => refuse(RefusalCode::NotPermitted, artifact.as_str()),
            },
            Action::Invoke { artifact, method, args } => {
                let call = format!("{artifact}.{method}");
                let outcome = self.invoke(agent, &call, args);
                *self.calls.entry(call).or_default() += u32::from(outcome.is_ok());
                outcome
            }
        }
    }

    fn invoke(&mut self, agent: usize, call: &str, args: &Value) -> Outcome {
        let count = |name: &str| args.get(name).and_then(Value::as_count);
        match call {
            "genesis_ledger.transfer" => {
                let (Some(to), Some(amount)) = (self.agent_of(args.get("to")), count("amount")) else {
                    return refuse(RefusalCode::ArgumentInvalid, "to, amount");
                };
                if self.agents[agent].scrip < amount {
                    return refuse(RefusalCode::InsufficientScrip, "scrip");
                }
                self.agents[agent].scrip -= amount;
                self.agents[to].scrip += amount;
                self.event(EventKind::ScripTransferred, agent, &[agent, to]);
                Ok(Value::Null)
            }
            "genesis_ledger.spawn_principal" => {
                let id = Id::new(args.get("id").and_then(Value::as_text).unwrap_or_default()).unwrap();
                let child = self.add_mind(Box::new(ecology_minds::scripted::Idle), 0);
                self.agents[child].id = id;
                self.agents[child].quota = [0; Resource::COUNT];
                Ok(Value::Null)
            }
            "genesis_rights_registry.transfer_quota" => {
                let (Some(to), Some(amount)) = (self.agent_of(args.get("to")), count("amount")) else {
                    return refuse(RefusalCode::ArgumentInvalid, "to, amount");
                };
                let resource: Resource =
                    args.get("resource").and_then(Value::as_text).unwrap_or_default().parse().unwrap();
                if self.agents[agent].quota[resource.index()] < amount {
                    return refuse(RefusalCode::InsufficientQuota, "quota");
                }
                self.agents[agent].quota[resource.index()] -= amount;
                self.agents[to].quota[resource.index()] += amount;
                if self.agents[to].status == AgentStatus::Blocked {
                    self.agents[to].status = AgentStatus::Running;
                }
                Ok(Value::Null)
            }
            "genesis_escrow.deposit" => self.deposit(agent, args),
            "genesis_escrow.offer" => self.offer(agent, args),
            "genesis_escrow.purchase" => {
                let found = self.orders.iter().position(|o| Some(o.id) == count("order") && o.good.is_some());
                let Some(at) = found else { return refuse(RefusalCode::ListingNotFound, "order") };
                let order = self.orders[at].clone();
                if order.owner == agent || self.agents[agent].scrip < order.price {
                    return refuse(RefusalCode::InsufficientScrip, "scrip");
                }
                self.orders.remove(at);
                self.agents[agent].scrip -= order.price;
                self.settle(agent, &order, order.price, agent);
                Ok(Value::Null)
            }
            "genesis_escrow.accept" => {
                let found = self.orders.iter().position(|o| Some(o.id) == count("order") && o.good.is_none());
                let Some(at) = found else { return refuse(RefusalCode::ListingNotFound, "order") };
                let mut order = self.orders[at].clone();
                if order.owner == agent {
                    return refuse(RefusalCode::SelfTrade, "order");
                }
                let good = self.good(agent, args)?;
                if let Good::Right(resource, amount) = &good {
                    self.agents[agent].quota[resource.index()] -= amount;
                }
                self.orders.remove(at);
                let buyer = order.owner;
                order.owner = agent;
                order.good = Some(good);
                self.settle(buyer, &order, order.price, agent);
                Ok(Value::Null)
            }
            "genesis_escrow.cancel" => match count("order") {
                Some(order) if self.cancel(agent, order) => Ok(Value::Null),
                _ => refuse(RefusalCode::ListingNotFound, "order"),
            },
            "genesis_mint.bid" => {
                let (Some(artifact), Some(amount)) =
                    (args.get("artifact").and_then(Value::as_text), count("amount"))
                else {
                    return refuse(RefusalCode::ArgumentInvalid, "artifact, amount");
                };
                let owned = self.artifacts.get(artifact).is_some_and(|found| found.owner == agent);
                if !owned || self.agents[agent].scrip < amount {
                    return refuse(RefusalCode::InsufficientScrip, "bid");
                }
                self.agents[agent].scrip -= amount;
                self.bids.push((agent, Id::new(artifact).unwrap(), amount));
                Ok(Value::Null)
            }
            "genesis_store.get_metadata" => {
                let artifact = args.get("artifact").and_then(Value::as_text).unwrap_or_default();
                match self.artifacts.get(artifact) {
                    Some(found) => {
                        let owner = self.agents[found.owner].id.as_str();
                        Ok(Value::map([("id", artifact.into()), ("owner", owner.into())]))
                    }
                    None => refuse(RefusalCode::ArtifactNotFound, artifact),
                }
            }
            "genesis_event_log.subscribe" => Ok(Value::map([("subscription", 7_u64.into())])),
            "genesis_event_log.unsubscribe" if count("subscription") == Some(7) => Ok(Value::Null),
            "genesis_ledger.balance"
            | "genesis_ledger.all_balances"
            | "genesis_rights_registry.check_quota"
            | "genesis_rights_registry.all_quotas"
            | "genesis_store.list"
            | "genesis_store.get"
            | "genesis_store.search"
            | "genesis_store.count"
            | "genesis_store.list_by_type"
            | "genesis_store.list_by_owner"
            | "genesis_store.list_agents"
            | "genesis_store.list_principals"
            | "genesis_store.get_interface"
            | "genesis_escrow.list_active"
            | "genesis_escrow.check"
            | "genesis_mint.status"
            | "genesis_event_log.read"
            | "genesis_handbook.read" => Ok(Value::List(Vec::new())),
            _ => refuse(RefusalCode::MethodNotFound, call),
        }
    }

    fn good(&self, agent: usize, args: &Value) -> Result<Good, Refusal> {
        if let Some(id) = args.get("artifact").and_then(Value::as_text) {
            return match self.artifacts.get(id) {
                Some(found) if found.owner == agent && !found.listed => {
                    Ok(Good::Artifact(Id::new(id).unwrap()))
                }
                _ => Err(Refusal::new(RefusalCode::NotPermitted, id)),
            };
        }
        let resource: Resource =
            args.get("resource").and_then(Value::as_text).unwrap_or_default().parse().unwrap();
        let amount = args.get("amount").and_then(Value::as_count).unwrap();
        if self.agents[agent].quota[resource.index()] < amount {
            return Err(Refusal::new(RefusalCode::InsufficientQuota, "quota"));
        }
        Ok(Good::Right(resource, amount))
    }

    fn cancel(&mut self, agent: usize, order: OrderId) -> bool {
        let Some(at) = self.orders.iter().position(|o| o.id == order && o.owner == agent) else {
            return false;
        };
        let order = self.orders.remove(at);
        match order.good {
            Some(Good::Artifact(id)) => self.artifacts.get_mut(&id).unwrap().listed = false,
            Some(Good::Right(resource, amount)) => self.agents[agent].quota[resource.index()] += amount,
            None => self.agents[agent].scrip += order.price,
        }
        true
    }

    fn deposit(&mut self, agent: usize, args: &Value) -> Outcome {
        if let Some(replace) = args.get("replace").and_then(Value::as_count)
            && !self.cancel(agent, replace)
        {
            return refuse(RefusalCode::ListingNotFound, "replace");
        }
        let Some(price) = args.get("price").and_then(Value::as_count) else {
            return refuse(RefusalCode::ArgumentInvalid, "price");
        };
        let good = self.good(agent, args)?;
        let kind = match &good {
            Good::Artifact(id) => {
                let artifact = self.artifacts.get_mut(id).unwrap();
                artifact.listed = true;
                artifact.kind.clone()
            }
            Good::Right(resource, amount) => {
                self.agents[agent].quota[resource.index()] -= amount;
                SmolStr::from(format!("right:{resource}:{amount}"))
            }
        };
        let only_for = self.agent_of(args.get("buyer"));
        let order = Order { id: self.next_order, owner: agent, kind, price, good: Some(good), only_for };
        self.next_order += 1;
        let best = self
            .orders
            .iter()
            .filter(|o| o.good.is_none() && o.kind == order.kind && o.owner != agent && o.price >= price)
            .max_by_key(|o| (o.price, std::cmp::Reverse(o.id)))
            .cloned();
        if let Some(offer) = best {
            self.orders.retain(|o| o.id != offer.id);
            self.settle(offer.owner, &order, offer.price, agent);
        } else {
            self.orders.push(order);
        }
        Ok(Value::map([("order", (self.next_order - 1).into())]))
    }

    fn offer(&mut self, agent: usize, args: &Value) -> Outcome {
        if let Some(replace) = args.get("replace").and_then(Value::as_count)
            && !self.cancel(agent, replace)
        {
            return refuse(RefusalCode::ListingNotFound, "replace");
        }
        let kind = args.get("kind").and_then(Value::as_text);
        let (Some(price), Some(kind)) = (args.get("price").and_then(Value::as_count), kind) else {
            return refuse(RefusalCode::ArgumentInvalid, "kind, price");
        };
        if self.agents[agent].scrip < price {
            return refuse(RefusalCode::InsufficientScrip, "price");
        }
        self.agents[agent].scrip -= price;
        let best = self
            .orders
            .iter()
            .filter(|o| o.good.is_some() && o.kind == kind && o.owner != agent && o.price <= price)
            .min_by_key(|o| (o.price, o.id))
            .cloned();
        let id = self.next_order;
        self.next_order += 1;
        if let Some(ask) = best {
            self.orders.retain(|o| o.id != ask.id);
            self.agents[agent].scrip += price - ask.price;
            self.settle(agent, &ask, ask.price, agent);
        } else {
            let kind = SmolStr::new(kind);
            self.orders.push(Order { id, owner: agent, kind, price, good: None, only_for: None });
        }
        Ok(Value::map([("order", id.into())]))
    }

    /// The buyer has paid already.
    fn settle(&mut self, buyer: usize, ask: &Order, price: u64, actor: usize) {
        let seller = ask.owner;
        self.agents[seller].scrip += price;
        match ask.good.as_ref().unwrap() {
            Good::Artifact(id) => {
                let artifact = self.artifacts.get_mut(id).unwrap();
                artifact.owner = buyer;
                artifact.listed = false;
                self.agents[seller].owned.retain(|owned| owned != id);
                self.agents[buyer].owned.push(id.clone());
            }
            Good::Right(resource, amount) => self.agents[buyer].quota[resource.index()] += amount,
        }
        self.event(EventKind::EscrowSold, actor, &[buyer, seller]);
        let (tick, time, kind) = (self.tick, self.now, ask.kind.clone());
        self.trades.push(Trade { tick, time, buyer, seller, price, kind });
    }

    /// One winner pays the second price; what it paid is burnt.
    fn resolve_mint(&mut self) {
        let mut bids = std::mem::take(&mut self.bids);
        bids.sort_by_key(|(_, _, amount)| std::cmp::Reverse(*amount));
        let price = bids.get(1).map_or(0, |(_, _, amount)| *amount);
        self.revenues.push((price, bids.first().map(|(winner, _, _)| *winner)));
        for (place, (bidder, _, amount)) in bids.into_iter().enumerate() {
            self.agents[bidder].scrip += if place == 0 { amount - price } else { amount };
        }
    }
}

pub struct View<'a> {
    village: &'a Village,
    agent: usize,
}

impl View<'_> {
    fn me_(&self) -> &Agent {
        &self.village.agents[self.agent]
    }

    fn glimpse_order<'a>(&self, order: &'a Order) -> OrderGlimpse<'a> {
        OrderGlimpse {
            id: order.id,
            kind: &order.kind,
            price: Scrip(order.price),
            mine: order.owner == self.agent,
            good_id: match &order.good {
                Some(Good::Artifact(id)) => Some(id),
                _ => None,
            },
            is_ask: order.good.is_some(),
        }
    }
}

impl Perception for View<'_> {
    fn now(&self) -> Time {
        self.village.now
    }
    fn tick(&self) -> u64 {
        self.village.tick
    }
    fn me(&self) -> &Id {
        &self.me_().id
    }
    fn scrip(&self) -> Scrip {
        Scrip(self.me_().scrip)
    }
    fn quota(&self, resource: Resource) -> u64 {
        self.me_().quota[resource.index()]
    }
    fn used(&self, resource: Resource) -> u64 {
        self.me_().used[resource.index()]
    }
    fn agents_count(&self) -> usize {
        self.village.agents.len()
    }
    fn agent_at(&self, index: usize) -> Option<&Id> {
        self.village.agents.get(index).map(|agent| &agent.id)
    }
    fn agent_status(&self, id: &Id) -> Option<AgentStatus> {
        self.village.agents.iter().find(|agent| agent.id == *id).map(|agent| agent.status)
    }
    fn owned_count(&self) -> usize {
        self.me_().owned.len()
    }
    fn owned_at(&self, index: usize) -> Option<ArtifactGlimpse<'_>> {
        self.me_().owned.get(index).and_then(|id| self.artifact(id))
    }
    fn artifact(&self, id: &Id) -> Option<ArtifactGlimpse<'_>> {
        let (id, found) = self.village.artifacts.get_key_value(id)?;
        Some(ArtifactGlimpse {
            id,
            kind: &found.kind,
            version: found.version,
            bytes: found.content.len() as u64,
            owner_is_me: found.owner == self.agent,
            can_execute: false,
            has_standing: false,
            content: Some(&found.content),
        })
    }
    fn best_ask(&self, kind: &str) -> Option<OrderGlimpse<'_>> {
        let asks = self.village.orders.iter().filter(|o| o.good.is_some() && o.kind == kind);
        let mine = asks.filter(|o| o.owner != self.agent && o.only_for.is_none_or(|one| one == self.agent));
        mine.min_by_key(|o| (o.price, o.id)).map(|order| self.glimpse_order(order))
    }
    fn best_offer(&self, kind: &str) -> Option<OrderGlimpse<'_>> {
        let offers = self.village.orders.iter().filter(|o| o.good.is_none() && o.kind == kind);
        let others = offers.filter(|o| o.owner != self.agent);
        others.max_by_key(|o| (o.price, std::cmp::Reverse(o.id))).map(|order| self.glimpse_order(order))
    }
    fn my_orders(&self, visit: &mut dyn FnMut(OrderGlimpse<'_>)) {
        for order in self.village.orders.iter().filter(|o| o.owner == self.agent) {
            visit(self.glimpse_order(order));
        }
    }
    fn mint(&self) -> MintGlimpse {
        if self.village.mint_every == 0 {
            return MintGlimpse::OFF;
        }
        let next = (self.village.tick / self.village.mint_every + 1) * self.village.mint_every;
        let mine = self.village.bids.iter().filter(|(bidder, _, _)| *bidder == self.agent).count();
        MintGlimpse {
            next: Time(next * 1_000_000),
            open_bids: u32::try_from(self.village.bids.len()).unwrap(),
            my_bids: u32::try_from(mine).unwrap(),
        }
    }
    fn last_outcome(&self) -> Option<&Outcome> {
        self.me_().outcome.as_ref()
    }
    fn events(&self, visit: &mut dyn FnMut(EventGlimpse<'_>)) {
        for event in &self.me_().events {
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
