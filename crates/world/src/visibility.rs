//! What each principal may see of history. Content is never part of an event's picture; sealed bids stay sealed.

use ecology_types::{Effect, Good, Key, OrderId, SmolStr, TransferReason, Value};

use crate::event_log::Event;
use crate::world::World;

/// Collects the fields of one event's picture.
struct Picture<'w> {
    world: &'w World,
    fields: Vec<(SmolStr, Value)>,
}

impl Picture<'_> {
    fn key(mut self, name: &'static str, key: Key) -> Self {
        let id = Value::text(self.world.id(key).as_str());
        self.fields.push((SmolStr::new_static(name), id));
        self
    }

    fn value(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.fields.push((SmolStr::new_static(name), value.into()));
        self
    }

    fn good(self, good: Good) -> Self {
        match good {
            Good::Artifact(key) | Good::Agent(key) => self.key("good", key),
            Good::Right { resource, amount } => {
                self.value("resource", resource.name()).value("amount", amount)
            }
        }
    }
}

impl World {
    /// An event as `viewer` may see it; `None` when it may not see it at all.
    #[must_use]
    pub fn show_event(&self, event: &Event, viewer: Key) -> Option<Value> {
        self.picture(event, Some(viewer))
    }

    /// An event as the operator of the world sees it.
    #[must_use]
    pub fn show_event_to_operator(&self, event: &Event) -> Value {
        self.picture(event, None).unwrap_or_default()
    }

    /// Whether `viewer` may see that the event happened.
    #[must_use]
    pub fn may_see_event(&self, event: &Event, viewer: Key) -> bool {
        let is_viewer = |key: Key| key == viewer;
        match &event.effect {
            Effect::Charged { principal, .. }
            | Effect::DiskUsed { principal, .. }
            | Effect::ReservationMade { principal, .. }
            | Effect::ReservationSettled { principal, .. }
            | Effect::ReservationReleased { principal, .. }
            | Effect::Measured { principal, .. }
            | Effect::Subscribed { principal, .. }
            | Effect::Unsubscribed { principal, .. } => is_viewer(*principal),
            Effect::Thought { agent, .. } | Effect::AgentVoided { agent } => is_viewer(*agent),
            Effect::BidPlaced(bid) => is_viewer(bid.bidder),
            Effect::EscrowOpened(order) => match order.only_for {
                Some(who) => is_viewer(who) || is_viewer(order.owner),
                None => true,
            },
            Effect::ActionDone { target, .. } => {
                event.actor.is_some_and(is_viewer) || target.is_none_or(|key| self.may_know_of(viewer, key))
            }
            Effect::ArtifactCreated(record) => {
                event.actor.is_some_and(is_viewer) || self.may_know_of(viewer, record.key)
            }
            Effect::ArtifactChanged { key, .. }
            | Effect::ArtifactDeleted { key }
            | Effect::StateSet { key, .. } => {
                event.actor.is_some_and(is_viewer) || self.may_know_of(viewer, *key)
            }
            Effect::OwnershipTransferred { key, from, to } => {
                is_viewer(*from)
                    || is_viewer(*to)
                    || (self.may_know_of(viewer, *key) && self.may_know_of_deal(event, viewer))
            }
            Effect::ScripTransferred { from, to, reason, .. } => {
                is_viewer(*from)
                    || is_viewer(*to)
                    || match reason {
                        // The amount of a bid is sealed, and what comes back tells what it was.
                        TransferReason::Bid | TransferReason::BidRefund => false,
                        TransferReason::EscrowHold
                        | TransferReason::EscrowPay
                        | TransferReason::EscrowRefund => self.may_know_of_deal(event, viewer),
                        TransferReason::Transfer | TransferReason::Fee => true,
                    }
            }
            Effect::QuotaTransferred { from, to, .. } => {
                is_viewer(*from) || is_viewer(*to) || self.may_know_of_deal(event, viewer)
            }
            Effect::EscrowCancelled { order, owner } => {
                is_viewer(*owner) || self.may_know_of_order(*order, viewer)
            }
            Effect::EscrowSold { ask, offer, seller, buyer, .. } => {
                is_viewer(*seller)
                    || is_viewer(*buyer)
                    || ask.iter().chain(offer).all(|order| self.may_know_of_order(*order, viewer))
            }
            // What somebody tried in vain may name what is hidden from others.
            Effect::ActionRefused { .. } => event.actor.is_some_and(is_viewer),
            // What the operator does behind the scenes.
            Effect::Interned { .. }
            | Effect::PermissionDivergence { .. }
            | Effect::MigrationBegun { .. }
            | Effect::MigrationBatch { .. } => false,
            _ => true,
        }
    }

    /// Whether `viewer` may know of everything that this key stands or stood for.
    fn may_know_of(&self, viewer: Key, key: Key) -> bool {
        let mut buried = self.graves.of(key).peekable();
        match (self.live(key), buried.peek()) {
            // What was deleted so long ago that nothing is remembered of it shows to nobody but who acted.
            (None, None) => false,
            (live, _) => live.into_iter().chain(buried).all(|record| self.may_know(viewer, record)),
        }
    }

    fn may_know_of_order(&self, order: OrderId, viewer: Key) -> bool {
        self.book.private_to(order).is_none_or(|parties| parties.contains(&viewer))
    }

    /// Whether `viewer` may know of every order that is opened or closed in the record that this event is part of: what changes hands
    /// for an order says as much as the order.
    fn may_know_of_deal(&self, event: &Event, viewer: Key) -> bool {
        let of_record = |other: &Event| other.cause == event.cause;
        let later = self.log.after(event.seq).take_while(of_record);
        let earlier =
            (self.log.first_kept()..event.seq).rev().map_while(|seq| self.log.get(seq)).take_while(of_record);
        later.chain(earlier).all(|other| match &other.effect {
            Effect::EscrowOpened(order) => {
                order.only_for.is_none_or(|only_for| [order.owner, only_for].contains(&viewer))
            }
            Effect::EscrowCancelled { order, .. } => self.may_know_of_order(*order, viewer),
            Effect::EscrowSold { ask, offer, .. } => {
                ask.iter().chain(offer).all(|order| self.may_know_of_order(*order, viewer))
            }
            _ => true,
        })
    }

    fn picture(&self, event: &Event, viewer: Option<Key>) -> Option<Value> {
        if let Some(viewer) = viewer
            && !self.may_see_event(event, viewer)
        {
            return None;
        }
        let mut start = Picture { world: self, fields: Vec::with_capacity(8) }
            .value("seq", event.seq)
            .value("time_us", event.time.0)
            .value("kind", event.effect.kind().name());
        if let Some(actor) = event.actor {
            start = start.key("actor", actor);
        }
        let picture = match &event.effect {
            Effect::Interned { id, .. } => start.value("id", id.as_str()),
            Effect::RulesSet(_) => start,
            Effect::RunStarted { run, scenario, axes, .. } => start
                .value("run", *run)
                .value("scenario", scenario.as_str())
                .value("axes", axes.to_string().as_str()),
            Effect::RunEnded { reason } => start.value("reason", reason.as_str()),
            Effect::TickStarted { tick } => start.value("tick", *tick),
            Effect::ActionDone { verb, target, method, .. } => {
                let picture = start.value("verb", verb.name());
                let picture = match target {
                    Some(target) => picture.key("target", *target),
                    None => picture,
                };
                match method {
                    Some(method) => picture.value("method", method.as_str()),
                    None => picture,
                }
            }
            Effect::ActionRefused { verb, target, method, code, detail } => {
                let picture = start.value("verb", verb.name()).value("code", code.name());
                let picture = match target {
                    Some(target) => picture.value("target", target.as_str()),
                    None => picture,
                };
                let picture = match method {
                    Some(method) => picture.value("method", method.as_str()),
                    None => picture,
                };
                picture.value("detail", &**detail).value("remedy", code.remedy())
            }
            Effect::ArtifactCreated(record) => start
                .value("id", record.id.as_str())
                .value("type", record.kind.as_str())
                .value("bytes", record.content.len() as u64),
            Effect::ArtifactChanged { key, version, .. } => start.key("id", *key).value("version", *version),
            Effect::ArtifactDeleted { key } => start.key("id", *key),
            Effect::OwnershipTransferred { key, from, to } => {
                start.key("id", *key).key("from", *from).key("to", *to)
            }
            Effect::ScripTransferred { from, to, amount, reason } => start
                .key("from", *from)
                .key("to", *to)
                .value("amount", amount.0)
                .value("reason", format!("{reason:?}").to_lowercase().as_str()),
            Effect::Minted { to, amount, reason } => start
                .key("to", *to)
                .value("amount", amount.0)
                .value("reason", format!("{reason:?}").to_lowercase().as_str()),
            Effect::QuotaSet { principal, resource, amount } => {
                start.key("principal", *principal).value("resource", resource.name()).value("amount", *amount)
            }
            Effect::QuotaTransferred { from, to, resource, amount } => start
                .key("from", *from)
                .key("to", *to)
                .value("resource", resource.name())
                .value("amount", *amount),
            Effect::Charged { principal, charges } => {
                start.key("principal", *principal).value("charges", format!("{charges:?}").as_str())
            }
            Effect::DiskUsed { principal, bytes } => {
                start.key("principal", *principal).value("bytes", *bytes)
            }
            Effect::ReservationMade { reservation, principal, charges } => start
                .value("reservation", *reservation)
                .key("principal", *principal)
                .value("charges", format!("{charges:?}").as_str()),
            Effect::ReservationSettled { reservation, principal, used } => start
                .value("reservation", *reservation)
                .key("principal", *principal)
                .value("used", format!("{used:?}").as_str()),
            Effect::ReservationReleased { reservation, principal } => {
                start.value("reservation", *reservation).key("principal", *principal)
            }
            Effect::Measured { principal, cpu_ns, memory_peak_bytes, written_bytes, bandwidth_bytes } => {
                start
                    .key("principal", *principal)
                    .value("cpu_ns", *cpu_ns)
                    .value("memory_peak_bytes", *memory_peak_bytes)
                    .value("written_bytes", *written_bytes)
                    .value("bandwidth_bytes", *bandwidth_bytes)
            }
            Effect::EscrowOpened(order) => {
                let picture = start
                    .value("order", order.id)
                    .value("side", if order.good.is_some() { "ask" } else { "offer" })
                    .value("type", order.kind.as_str())
                    .value("price", order.price.0);
                match order.good {
                    Some(good) => picture.good(good),
                    None => picture,
                }
            }
            Effect::EscrowSold { good, kind, seller, buyer, price, .. } => start
                .good(*good)
                .value("type", kind.as_str())
                .key("seller", *seller)
                .key("buyer", *buyer)
                .value("price", price.0),
            Effect::EscrowCancelled { order, owner } => start.value("order", *order).key("owner", *owner),
            Effect::BidPlaced(bid) => start
                .value("bid", bid.id)
                .key("bidder", bid.bidder)
                .key("artifact", bid.artifact)
                .value("amount", bid.amount.0),
            Effect::MintResolved { round, price, winners, losers, .. } => start
                .value("round", *round)
                .value("price", price.0)
                .value("winners", winners.len() as u64)
                .value("losers", losers.len() as u64),
            Effect::BasicIncomePaid { each, agents, remainder } => {
                start.value("each", each.0).value("agents", *agents).value("remainder", remainder.0)
            }
            Effect::Subscribed { subscription, principal, .. }
            | Effect::Unsubscribed { subscription, principal } => {
                start.value("subscription", *subscription).key("principal", *principal)
            }
            Effect::AgentStarted { agent }
            | Effect::AgentUnblocked { agent }
            | Effect::AgentVoided { agent } => start.key("agent", *agent),
            Effect::AgentSlept { agent, until, on } => start
                .key("agent", *agent)
                .value("until", until.map_or_else(|| "woken".to_owned(), |until| until.to_string()).as_str())
                .value("conditions", on.len() as u64),
            Effect::AgentWoke { agent, reason } => {
                start.key("agent", *agent).value("reason", format!("{reason:?}").to_lowercase().as_str())
            }
            Effect::AgentBlocked { agent, resource, until } => {
                start.key("agent", *agent).value("resource", resource.name()).value(
                    "until",
                    until.map_or_else(|| "rescued".to_owned(), |until| until.to_string()).as_str(),
                )
            }
            Effect::AgentPaused { agent, errors_in_row, error } => start
                .key("agent", *agent)
                .value("errors_in_row", u64::from(*errors_in_row))
                .value("error", if viewer.is_none_or(|viewer| viewer == *agent) { &**error } else { "" }),
            Effect::AgentFailed { agent, errors_in_row, error, .. } => start
                .key("agent", *agent)
                .value("errors_in_row", u64::from(*errors_in_row))
                .value("error", if viewer.is_none_or(|viewer| viewer == *agent) { &**error } else { "" }),
            Effect::AgentStopped { agent, reason } => {
                start.key("agent", *agent).value("reason", reason.as_str())
            }
            Effect::Thought { agent, usage, .. } => {
                start.key("agent", *agent).value("usage", format!("{usage:?}").as_str())
            }
            Effect::PermissionDivergence { axis, detail } => {
                start.value("axis", axis.name()).value("detail", &**detail)
            }
            Effect::Container { agent, change, .. } => {
                start.key("agent", *agent).value("change", format!("{change:?}").to_lowercase().as_str())
            }
            Effect::DeprecationUsed { code } => start.value("code", code.as_str()),
            Effect::MigrationBegun { axis, to, forced, evidence } => {
                let start = start.value("axis", axis.name()).value("to", axis.implementation(*to));
                let start = match forced {
                    Some(reason) => start.value("forced", &**reason),
                    None => start,
                };
                start.value("evidence", &**evidence)
            }
            Effect::MigrationBatch { axis, to, from, until, digest, converted } => start
                .value("axis", axis.name())
                .value("to", axis.implementation(*to))
                .value("from", u64::from(from.0))
                .value("until", u64::from(until.0))
                .value("converted", converted.len() as u64)
                .value("digest", hex(digest).as_str()),
            Effect::MigrationFinished { axis, to } => {
                start.value("axis", axis.name()).value("to", axis.implementation(*to))
            }
            Effect::CodeRulesSet(_) => start,
            // What code keeps is for those who ask it.
            Effect::StateSet { key, version, .. } => start.key("artifact", *key).value("version", *version),
            Effect::LimitExceeded { agent, resource, used, allowed } => start
                .key("agent", *agent)
                .value("resource", resource.name())
                .value("used", *used)
                .value("allowed", *allowed),
        };
        Some(Value::Map(picture.fields))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
