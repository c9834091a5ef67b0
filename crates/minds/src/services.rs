//! The genesis services as actions: one function for each method that scripted minds call, so that names of methods and arguments stand
//! in one place.

use std::sync::LazyLock;

use ecology_types::{Action, EventKind, GenesisArtifact, Id, OrderId, Resource, SmolStr, Value};

macro_rules! service_ids {
    ($($(#[$doc:meta])* $name:ident = $artifact:ident;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $name() -> &'static Id {
            static ID: LazyLock<Id> = LazyLock::new(|| GenesisArtifact::$artifact.id());
            &ID
        }
    )*};
}

service_ids! {
    /// The id of the ledger.
    ledger = Ledger;
    /// The id of the rights registry.
    rights_registry = RightsRegistry;
    /// The id of the store.
    store = Store;
    /// The id of escrow.
    escrow = Escrow;
    /// The id of the mint.
    mint = Mint;
    /// The id of the event log.
    event_log = EventLog;
    /// The id of the handbook.
    handbook = Handbook;
}

/// Names are static and ids short, so the vector of the arguments is the only allocation.
fn call<const N: usize>(service: &Id, method: &'static str, args: [(&'static str, Value); N]) -> Action {
    let mut pairs = Vec::with_capacity(N);
    pairs.extend(args.map(|(name, value)| (SmolStr::new_static(name), value)));
    Action::Invoke { artifact: service.clone(), method: SmolStr::new_static(method), args: Value::Map(pairs) }
}

fn id_value(id: &Id) -> Value {
    // An id is a short text already; taking it as such spares the allocation.
    Value::Text(id.clone().into())
}

/// `genesis_ledger.transfer`: gives scrip.
#[must_use]
pub fn transfer(to: &Id, amount: u64) -> Action {
    call(ledger(), "transfer", [("to", id_value(to)), ("amount", amount.into())])
}

/// `genesis_ledger.spawn_principal`: makes a principal that has nothing.
#[must_use]
pub fn spawn_principal(id: &Id) -> Action {
    call(ledger(), "spawn_principal", [("id", id_value(id))])
}

/// `genesis_ledger.spawn_principal`: makes a principal with everything that it begins with, all or nothing: an agent when there is a
/// configuration, scrip and quotas of the parent's. Amounts of 0 are left out.
#[must_use]
pub fn spawn_endowed(id: &Id, config: Option<&str>, scrip: u64, quotas: &[(Resource, u64)]) -> Action {
    let mut pairs = vec![(SmolStr::new_static("id"), id_value(id))];
    if let Some(config) = config {
        pairs.push((SmolStr::new_static("config"), Value::text(config)));
    }
    if scrip > 0 {
        pairs.push((SmolStr::new_static("scrip"), scrip.into()));
    }
    let given = quotas.iter().filter(|(_, amount)| *amount > 0);
    let quotas: Vec<_> = given
        .map(|(resource, amount)| (SmolStr::new_static(resource.name()), Value::count(*amount)))
        .collect();
    if !quotas.is_empty() {
        pairs.push((SmolStr::new_static("quotas"), Value::Map(quotas)));
    }
    let method = SmolStr::new_static("spawn_principal");
    Action::Invoke { artifact: ledger().clone(), method, args: Value::Map(pairs) }
}

/// `genesis_ledger.transfer_revenue`: gives away what others pay for an artifact.
#[must_use]
pub fn transfer_revenue(artifact: &Id, to: &Id) -> Action {
    call(ledger(), "transfer_revenue", [("artifact", id_value(artifact)), ("to", id_value(to))])
}

/// `genesis_ledger.transfer_ownership`: gives an artifact away.
#[must_use]
pub fn transfer_ownership(artifact: &Id, to: &Id) -> Action {
    call(ledger(), "transfer_ownership", [("artifact", id_value(artifact)), ("to", id_value(to))])
}

/// `genesis_rights_registry.transfer_quota`: gives a share or stock.
#[must_use]
pub fn transfer_quota(to: &Id, resource: Resource, amount: u64) -> Action {
    call(
        rights_registry(),
        "transfer_quota",
        [("to", id_value(to)), ("resource", resource.name().into()), ("amount", amount.into())],
    )
}

/// `genesis_escrow.deposit`: asks a price for an artifact, instead of the older ask `replace` if there is one.
#[must_use]
pub fn deposit_artifact(artifact: &Id, price: u64, replace: Option<OrderId>) -> Action {
    let artifact = id_value(artifact);
    match replace {
        None => call(escrow(), "deposit", [("artifact", artifact), ("price", price.into())]),
        Some(order) => call(
            escrow(),
            "deposit",
            [("artifact", artifact), ("price", price.into()), ("replace", order.into())],
        ),
    }
}

/// `genesis_escrow.deposit`: asks a price for a share or stock, instead of the older ask `replace` if there is one.
#[must_use]
pub fn deposit_right(resource: Resource, amount: u64, price: u64, replace: Option<OrderId>) -> Action {
    let (resource, amount, price) = (resource.name().into(), amount.into(), price.into());
    match replace {
        None => call(escrow(), "deposit", [("resource", resource), ("amount", amount), ("price", price)]),
        Some(order) => call(
            escrow(),
            "deposit",
            [("resource", resource), ("amount", amount), ("price", price), ("replace", order.into())],
        ),
    }
}

/// An artifact or agent, as a good of several.
#[must_use]
pub fn good_artifact(artifact: &Id) -> Value {
    Value::map([("artifact", id_value(artifact))])
}

/// Scrip, as a good of several.
#[must_use]
pub fn good_scrip(amount: u64) -> Value {
    Value::map([("scrip", amount.into())])
}

/// A share or stock, as a good of several.
#[must_use]
pub fn good_right(resource: Resource, amount: u64) -> Value {
    Value::map([("resource", resource.name().into()), ("amount", amount.into())])
}

/// What others pay for an artifact, as a good of several.
#[must_use]
pub fn good_revenue(artifact: &Id) -> Value {
    Value::map([("revenue", id_value(artifact))])
}

/// `genesis_escrow.deposit`: asks a price for several goods that are sold together or not at all.
#[must_use]
pub fn deposit_bundle(goods: &[Value], price: u64) -> Action {
    call(escrow(), "deposit", [("goods", Value::List(goods.to_vec())), ("price", price.into())])
}

/// `genesis_escrow.deposit`: asks a price for what others pay for an artifact.
#[must_use]
pub fn deposit_revenue(artifact: &Id, price: u64) -> Action {
    call(escrow(), "deposit", [("revenue", id_value(artifact)), ("price", price.into())])
}

/// The kind under which escrow trades this much of a share or stock.
#[must_use]
pub fn right_kind(resource: Resource, amount: u64) -> SmolStr {
    SmolStr::from(format!("right:{resource}:{amount}"))
}

/// `genesis_escrow.offer`: holds scrip against a good of a kind, instead of the older offer `replace` if there is one.
#[must_use]
pub fn offer(kind: &str, price: u64, replace: Option<OrderId>) -> Action {
    match replace {
        None => call(escrow(), "offer", [("kind", kind.into()), ("price", price.into())]),
        Some(order) => call(
            escrow(),
            "offer",
            [("kind", kind.into()), ("price", price.into()), ("replace", order.into())],
        ),
    }
}

/// `genesis_escrow.purchase`: takes an ask.
#[must_use]
pub fn purchase(order: OrderId) -> Action {
    call(escrow(), "purchase", [("order", order.into())])
}

/// `genesis_escrow.accept`: gives an artifact for an offer.
#[must_use]
pub fn accept_with_artifact(order: OrderId, artifact: &Id) -> Action {
    call(escrow(), "accept", [("order", order.into()), ("artifact", id_value(artifact))])
}

/// `genesis_escrow.accept`: gives a share or stock for an offer.
#[must_use]
pub fn accept_with_right(order: OrderId, resource: Resource, amount: u64) -> Action {
    call(
        escrow(),
        "accept",
        [("order", order.into()), ("resource", resource.name().into()), ("amount", amount.into())],
    )
}

/// `genesis_escrow.cancel`: takes an order back.
#[must_use]
pub fn cancel(order: OrderId) -> Action {
    call(escrow(), "cancel", [("order", order.into())])
}

/// `genesis_mint.bid`: bids with an artifact to be scored.
#[must_use]
pub fn bid(artifact: &Id, amount: u64) -> Action {
    call(mint(), "bid", [("artifact", id_value(artifact)), ("amount", amount.into())])
}

/// `genesis_store.get_metadata`: everything about an artifact but its content; says who owns it.
#[must_use]
pub fn get_metadata(artifact: &Id) -> Action {
    call(store(), "get_metadata", [("artifact", id_value(artifact))])
}

/// `genesis_event_log.subscribe`: asks to be told of events of these kinds.
#[must_use]
pub fn subscribe(kinds: &[EventKind]) -> Action {
    let kinds = kinds.iter().map(|kind| Value::text(kind.name())).collect();
    call(event_log(), "subscribe", [("types", Value::List(kinds))])
}

/// `genesis_event_log.unsubscribe`: ends a subscription.
#[must_use]
pub fn unsubscribe(subscription: u64) -> Action {
    call(event_log(), "unsubscribe", [("subscription", subscription.into())])
}

/// Any method of any service with any arguments.
#[must_use]
pub fn method<const N: usize>(
    service: &Id,
    method: &'static str,
    args: [(&'static str, Value); N],
) -> Action {
    call(service, method, args)
}
