//! `genesis_escrow`: asks and offers, which make a continuous double auction.

use std::sync::Arc;

use ecology_types::{
    Effect, GenesisArtifact, Good, Key, Order, Refusal, RefusalCode, Resource, Scrip, SmolStr,
    TransferReason, Value, Verb,
};

use super::ledger::{may_give_revenue, plan_disk, spendable};
use super::spec::{MethodSpec, Param, Service, Shape, optional, required};
use super::{Arguments, Caller, LIMIT, OFFSET, id_arg, page_args, principal_arg, rights};
use crate::decide::{Call, Done};
use crate::result::{id_value, row};
use crate::step::Plan;
use crate::world::World;

const ARTIFACT: Param = optional("artifact", Shape::Id, "the artifact or agent to sell");
const RESOURCE: Param = optional("resource", Shape::Resource, "a right to sell instead: of which resource");
const AMOUNT: Param = optional("amount", Shape::Amount, "a right to sell instead: how much");
const REVENUE: Param =
    optional("revenue", Shape::Id, "a revenue to sell instead: what others pay for this artifact");
const GOODS: Param = optional(
    "goods",
    Shape::Goods,
    "several goods, sold together or not at all: a list of {artifact}, {resource, amount}, {revenue} or {scrip}",
);
const REPLACE: Param = optional("replace", Shape::Count, "an open order of yours that this one replaces");

pub(crate) const SERVICE: Service = Service {
    description: "Trade without trust: goods and scrip wait here until they match. Crossing asks and offers trade at the earlier price.",
    methods: &[
        MethodSpec {
            name: "deposit",
            description: "Lists a good at a price, in one step; trades at once with the highest offer that pays at least the price.",
            params: &[
                ARTIFACT,
                RESOURCE,
                AMOUNT,
                REVENUE,
                GOODS,
                required("price", Shape::Amount, "the lowest price, in scrip"),
                optional("buyer", Shape::Id, "the only one who may buy"),
                REPLACE,
            ],
        },
        MethodSpec {
            name: "purchase",
            description: "Buys a listing at its price.",
            params: &[required("order", Shape::Count, "the number of the listing")],
        },
        MethodSpec {
            name: "offer",
            description: "Holds scrip for a good of a kind; trades at once with the cheapest listing that asks at most the price.",
            params: &[
                required(
                    "kind",
                    Shape::Text,
                    "the kind of artifact, right:RESOURCE:AMOUNT, revenue:ARTIFACT, or bundle: and the kinds of its goods in ascending order with + between",
                ),
                required("price", Shape::Amount, "the highest price, in scrip; held until trade or cancel"),
                optional("seller", Shape::Id, "the only one who may sell"),
                REPLACE,
            ],
        },
        MethodSpec {
            name: "accept",
            description: "Sells a good of yours to an offer at the offer's price.",
            params: &[
                required("order", Shape::Count, "the number of the offer"),
                ARTIFACT,
                RESOURCE,
                AMOUNT,
                REVENUE,
                GOODS,
            ],
        },
        MethodSpec {
            name: "cancel",
            description: "Takes an order of yours back; the good or the scrip returns.",
            params: &[required("order", Shape::Count, "its number")],
        },
        MethodSpec {
            name: "check",
            description: "An open order.",
            params: &[required("order", Shape::Count, "its number")],
        },
        MethodSpec {
            name: "list_active",
            description: "Open orders, of one kind in the order in which they trade, a page at a time.",
            params: &[optional("kind", Shape::Text, "only this kind"), OFFSET, LIMIT],
        },
    ],
};

const ESCROW: Key = GenesisArtifact::Escrow.key();

/// What the kinds of goods begin with that are no artifacts. Labels of artifacts are free text, so one that begins like this would pass
/// for what it is not.
const RIGHT: &str = "right:";
const REVENUE_OF: &str = "revenue:";
const BUNDLE: &str = "bundle:";
/// Stands between the kinds of the goods in a bundle.
const AND: &str = "+";

pub(super) fn call(
    world: &World,
    method: &str,
    args: &Value,
    caller: &Caller<'_>,
    plan: &mut Plan,
) -> Result<Done, Refusal> {
    match method {
        "deposit" => deposit(world, args, caller, plan),
        "purchase" => purchase(world, args, caller, plan),
        "offer" => offer(world, args, caller, plan),
        "accept" => accept(world, args, caller, plan),
        "cancel" => {
            let order = own_order(world, args, "order", caller)?;
            plan_return(order, plan);
            Ok(Done::of(row([("cancelled", Value::count(order.id))])))
        }
        "check" => {
            let order = open_order(world, args, "order")?;
            may_see(order, caller)?;
            Ok(Done::of(show(world, order)))
        }
        _ => list_active(world, args, caller),
    }
}

/// A good that its owner is about to give away, with the kind it trades as.
struct Offered {
    good: Good,
    kind: SmolStr,
    /// Whether it is in escrow already, as part of the order that this one replaces.
    in_escrow: bool,
}

fn deposit(world: &World, args: &Value, caller: &Caller<'_>, plan: &mut Plan) -> Result<Done, Refusal> {
    let price = Scrip(args.count_arg("price").unwrap_or(0));
    let replaced = replaced(world, args, caller)?;
    let offered = good_arg(world, args, caller, replaced, plan)?;
    let only_for = only_for(world, args, "buyer", caller)?;
    if let Some(replaced) = replaced {
        plan_replacement(replaced, &offered, plan);
    }
    if only_for.is_none()
        && let Some(best) = best_offer(world, &offered, price, caller)
    {
        // The offer was there first, so its price holds.
        plan_sale_to(world, best, offered, caller, plan)?;
        return Ok(sold(world, best.price, best.owner));
    }
    room_for_order(world, caller, replaced)?;
    if !offered.in_escrow {
        for part in offered.good.parts() {
            move_good(part, caller.key, ESCROW, plan);
        }
    }
    open(world, Some(offered.good), offered.kind, price, only_for, caller, plan)
}

fn offer(world: &World, args: &Value, caller: &Caller<'_>, plan: &mut Plan) -> Result<Done, Refusal> {
    let price = Scrip(args.count_arg("price").unwrap_or(0));
    let kind = args.text_arg("kind").unwrap_or_default();
    if kind.is_empty()
        || kind.len() > world.rules.limits.name_bytes_max as usize
        || kind.chars().any(char::is_control)
    {
        let detail =
            format!("a kind has 1 to {} bytes and no control characters", world.rules.limits.name_bytes_max);
        return Err(Refusal::new(RefusalCode::ArgumentInvalid, detail));
    }
    let replaced = replaced(world, args, caller)?;
    let only_for = only_for(world, args, "seller", caller)?;
    let refund = match replaced {
        Some(order) if order.good.is_none() => order.price,
        _ => Scrip::ZERO,
    };
    let before = plan.events.len();
    if let Some(replaced) = replaced {
        plan_return(replaced, plan);
    }
    if only_for.is_none()
        && let Some(best) =
            world.book.asks(kind).take_while(|ask| ask.price <= price).find(|ask| {
                ask.owner != caller.key && can_receive(world, ask.good.as_ref(), caller.key).is_ok()
            })
        && let Some(good) = &best.good
    {
        let funds = with_refund(world, caller, refund);
        if funds < best.price {
            plan.events.truncate(before);
            return Err(too_poor(world, caller, funds, best.price));
        }
        plan_sale(world, best, good, caller.key, plan)?;
        return Ok(sold(world, best.price, best.owner));
    }
    room_for_order(world, caller, replaced)?;
    let funds = with_refund(world, caller, refund);
    if funds < price {
        return Err(too_poor(world, caller, funds, price));
    }
    plan.push(Effect::ScripTransferred {
        from: caller.key,
        to: ESCROW,
        amount: price,
        reason: TransferReason::EscrowHold,
    });
    open(world, None, SmolStr::new(kind), price, only_for, caller, plan)
}

fn purchase(world: &World, args: &Value, caller: &Caller<'_>, plan: &mut Plan) -> Result<Done, Refusal> {
    let order = open_order(world, args, "order")?;
    may_see(order, caller)?;
    let Some(good) = &order.good else {
        let detail = format!("order {} is an offer; use accept", order.id);
        return Err(Refusal::new(RefusalCode::WrongState, detail));
    };
    not_own(order, caller)?;
    can_receive(world, Some(good), caller.key)?;
    spendable(world, caller, order.price, plan)?;
    plan_sale(world, order, good, caller.key, plan)?;
    Ok(sold(world, order.price, order.owner))
}

fn accept(world: &World, args: &Value, caller: &Caller<'_>, plan: &mut Plan) -> Result<Done, Refusal> {
    let order = open_order(world, args, "order")?;
    may_see(order, caller)?;
    if order.good.is_some() {
        let detail = format!("order {} is a listing; use purchase", order.id);
        return Err(Refusal::new(RefusalCode::WrongState, detail));
    }
    not_own(order, caller)?;
    let offered = good_arg(world, args, caller, None, plan)?;
    if offered.kind != order.kind {
        let detail = format!("the offer is for {}, this is {}", order.kind, offered.kind);
        return Err(Refusal::new(RefusalCode::ArgumentInvalid, detail));
    }
    plan_sale_to(world, order, offered, caller, plan)?;
    Ok(sold(world, order.price, order.owner))
}

fn list_active(world: &World, args: &Value, caller: &Caller<'_>) -> Result<Done, Refusal> {
    let (offset, limit) = page_args(world, args)?;
    let skip = usize::try_from(offset).unwrap_or(usize::MAX);
    let orders: Vec<&Order> = match args.text_arg("kind") {
        Some(kind) => {
            world.book.asks(kind).chain(world.book.offers(kind)).skip(skip).take(limit as usize + 1).collect()
        }
        None => world
            .book
            .iter()
            .filter(|order| may_see(order, caller).is_ok())
            .skip(skip)
            .take(limit as usize + 1)
            .collect(),
    };
    let more = orders.len() > limit as usize;
    let rows = orders.into_iter().take(limit as usize).map(|order| show(world, order)).collect();
    Ok(Done::of(row([("orders", Value::List(rows)), ("more", Value::Bool(more))])))
}

/// The good that the arguments name, checked: it is the caller's to give.
fn good_arg(
    world: &World,
    args: &Value,
    caller: &Caller<'_>,
    replaced: Option<&Order>,
    plan: &mut Plan,
) -> Result<Offered, Refusal> {
    let alone = ["artifact", "resource", "amount", "revenue"];
    let (good, kind) = match args.goods_arg("goods") {
        Some(_)
            if alone.into_iter().any(|name| args.get(name).is_some_and(|value| *value != Value::Null)) =>
        {
            return Err(Refusal::new(RefusalCode::ArgumentInvalid, "name one good, or several in goods"));
        }
        Some(items) => bundle(world, items)?,
        None => named(world, args)?,
    };
    if replaced.and_then(|order| order.good.as_ref()) == Some(&good) {
        return Ok(Offered { good, kind, in_escrow: true });
    }
    let mut leaves = Scrip::ZERO;
    for part in good.parts() {
        let more = may_offer(world, part, caller, plan)?;
        leaves = leaves.checked_add(more).unwrap_or(Scrip::TOTAL_MAX);
    }
    spendable(world, caller, leaves, plan)?;
    Ok(Offered { good, kind, in_escrow: false })
}

/// Several goods, in the order of their kinds, and the kind that they trade as together.
fn bundle(world: &World, items: &[Value]) -> Result<(Good, SmolStr), Refusal> {
    let refuse = |detail: &str| Err(Refusal::new(RefusalCode::ArgumentInvalid, detail.to_owned()));
    let mut parts = items.iter().map(|item| named(world, item)).collect::<Result<Vec<_>, _>>()?;
    if parts.len() < 2 {
        return refuse("goods names fewer than two goods; name one by itself");
    }
    let same = |one: &Good, other: &Good| match (one, other) {
        (Good::Right { resource, .. }, Good::Right { resource: other, .. }) => resource == other,
        (Good::Scrip(_), Good::Scrip(_)) => true,
        (one, other) => one == other,
    };
    for (at, (part, kind)) in parts.iter().enumerate() {
        if parts[..at].iter().any(|(earlier, _)| same(earlier, part)) {
            return refuse("goods names the same twice; add up what is of one sort");
        }
        // Joined kinds say what a bundle is, so none of them may look like two.
        if part.artifact().is_some() && kind.contains(AND) {
            return refuse("an artifact with a + in its label is not sold in a bundle");
        }
    }
    if parts.iter().all(|(part, _)| matches!(part, Good::Scrip(_))) {
        return refuse("scrip is sold only with something else");
    }
    parts.sort_by(|(good, kind), (other, other_kind)| kind.cmp(other_kind).then_with(|| good.cmp(other)));
    let kinds: Vec<&str> = parts.iter().map(|(_, kind)| kind.as_str()).collect();
    let kind = SmolStr::from(format!("{BUNDLE}{}", kinds.join(AND)));
    Ok((Good::Bundle(parts.into_iter().map(|(part, _)| part).collect::<Arc<[Good]>>()), kind))
}

/// The one good that these words name, and the kind that it trades as.
fn named(world: &World, words: &Value) -> Result<(Good, SmolStr), Refusal> {
    let revenue = words.text_arg("revenue");
    let scrip = words.count_arg("scrip");
    match (
        words.text_arg("artifact"),
        words.resource_arg("resource"),
        words.count_arg("amount"),
        revenue,
        scrip,
    ) {
        (Some(_), None, None, None, None) => {
            let record = world.find(&id_arg(words, "artifact")?)?;
            let kind = record.kind.clone();
            if [RIGHT, REVENUE_OF, BUNDLE].into_iter().any(|prefix| kind.starts_with(prefix)) {
                let detail =
                    format!("{} is labelled {kind}, and only other goods trade under such a name", record.id);
                return Err(Refusal::new(RefusalCode::ArgumentInvalid, detail));
            }
            let good = if record.has_standing { Good::Agent(record.key) } else { Good::Artifact(record.key) };
            Ok((good, kind))
        }
        (None, Some(resource), Some(amount), None, None) => {
            Ok((Good::Right { resource, amount }, SmolStr::from(format!("{RIGHT}{resource}:{amount}"))))
        }
        (None, None, None, Some(_), None) => {
            let record = world.find(&id_arg(words, "revenue")?)?;
            Ok((Good::Revenue(record.key), SmolStr::from(format!("{REVENUE_OF}{}", record.id))))
        }
        (None, None, None, None, Some(scrip)) => {
            Ok((Good::Scrip(Scrip(scrip)), SmolStr::from(format!("scrip:{scrip}"))))
        }
        _ => Err(Refusal::new(
            RefusalCode::ArgumentInvalid,
            "name either artifact, or resource and amount, or revenue, to say what is sold",
        )),
    }
}

/// Whether a good is the caller's to give away; the scrip that leaves the caller with it.
fn may_offer(world: &World, good: &Good, caller: &Caller<'_>, plan: &mut Plan) -> Result<Scrip, Refusal> {
    let gone = |key: &Key| {
        let detail = format!("{} does not exist", world.id(*key));
        Refusal::new(RefusalCode::ArtifactNotFound, detail)
    };
    match good {
        Good::Artifact(key) | Good::Agent(key) => {
            let record = world.live(*key).ok_or_else(|| gone(key))?;
            world.not_in_escrow(record)?;
            if record.owner != caller.key {
                let detail = format!("{} does not belong to {}", record.id, world.id(caller.key));
                return Err(Refusal::new(RefusalCode::NotPermitted, detail));
            }
            world.permit(record, &Call::of(caller.key, Verb::Transfer, caller.answers), plan)
        }
        Good::Right { resource, amount } => {
            rights::may_give(world, caller.key, ESCROW, *resource, *amount, caller).map(|()| Scrip::ZERO)
        }
        Good::Revenue(key) => {
            may_give_revenue(world, world.live(*key).ok_or_else(|| gone(key))?, caller, plan)
        }
        Good::Scrip(amount) => Ok(*amount),
        Good::Bundle(_) => {
            Err(Refusal::new(RefusalCode::ArgumentInvalid, "a bundle is not sold in a bundle"))
        }
    }
}

fn best_offer<'w>(
    world: &'w World,
    offered: &Offered,
    price: Scrip,
    caller: &Caller<'_>,
) -> Option<&'w Order> {
    world.book.offers(&offered.kind).take_while(|offer| offer.price >= price).find(|offer| {
        offer.owner != caller.key && can_receive(world, Some(&offered.good), offer.owner).is_ok()
    })
}

/// The bytes of what is in a good, and the disk quota that comes with it.
fn disk_of(world: &World, good: &Good) -> (u64, u64) {
    let bytes = |part: &Good| {
        part.artifact().and_then(|key| world.live(key)).map_or(0, |record| world.disk_bytes(record))
    };
    let comes = |part: &Good| match part {
        Good::Right { resource: Resource::Disk, amount } => *amount,
        _ => 0,
    };
    let parts = good.parts();
    (
        parts.iter().map(bytes).fold(0, u64::saturating_add),
        parts.iter().map(comes).fold(0, u64::saturating_add),
    )
}

/// Whether a principal can take a good: it needs disk for the content of artifacts, unless that comes with them.
fn can_receive(world: &World, good: Option<&Good>, who: Key) -> Result<(), Refusal> {
    match good.map(|good| disk_of(world, good)) {
        // What holds nothing needs no account to look at either.
        Some((bytes, comes)) if bytes > 0 => world.room_for(who, bytes.saturating_sub(comes)).map(|_| ()),
        _ => Ok(()),
    }
}

fn move_good(part: &Good, from: Key, to: Key, plan: &mut Plan) {
    match part {
        Good::Artifact(key) | Good::Agent(key) => {
            plan.push(Effect::OwnershipTransferred { key: *key, from, to });
        }
        Good::Right { resource, amount } => {
            plan.push(Effect::QuotaTransferred { from, to, resource: *resource, amount: *amount });
        }
        Good::Revenue(key) => plan.push(Effect::RevenueTransferred { key: *key, from, to }),
        Good::Scrip(amount) => {
            let reason = if to == ESCROW { TransferReason::EscrowHold } else { TransferReason::EscrowPay };
            plan.push(Effect::ScripTransferred { from, to, amount: *amount, reason });
        }
        // Bundles have no bundles in them.
        Good::Bundle(_) => {}
    }
}

/// Moves a good from its seller, or from escrow, to the buyer.
fn plan_good(
    world: &World,
    offered: &Offered,
    seller: Key,
    buyer: Key,
    plan: &mut Plan,
) -> Result<(), Refusal> {
    let (bytes, comes) = disk_of(world, &offered.good);
    // The disk of a listed artifact stays its seller's until it is sold.
    plan_disk(world, bytes, comes, seller, buyer, plan)?;
    let from = if offered.in_escrow { ESCROW } else { seller };
    for part in offered.good.parts() {
        move_good(part, from, buyer, plan);
    }
    Ok(())
}

/// The sale of a listing at its own price.
fn plan_sale(world: &World, ask: &Order, good: &Good, buyer: Key, plan: &mut Plan) -> Result<(), Refusal> {
    let offered = Offered { good: good.clone(), kind: ask.kind.clone(), in_escrow: true };
    plan_good(world, &offered, ask.owner, buyer, plan)?;
    plan.push(Effect::ScripTransferred {
        from: buyer,
        to: ask.owner,
        amount: ask.price,
        reason: TransferReason::EscrowPay,
    });
    plan.push(Effect::EscrowSold {
        ask: Some(ask.id),
        offer: None,
        good: offered.good,
        kind: offered.kind,
        seller: ask.owner,
        buyer,
        price: ask.price,
    });
    Ok(())
}

/// The sale of the caller's good to an offer at the offer's price; the scrip is in escrow already.
fn plan_sale_to(
    world: &World,
    offer: &Order,
    offered: Offered,
    caller: &Caller<'_>,
    plan: &mut Plan,
) -> Result<(), Refusal> {
    plan_good(world, &offered, caller.key, offer.owner, plan)?;
    plan.push(Effect::ScripTransferred {
        from: ESCROW,
        to: caller.key,
        amount: offer.price,
        reason: TransferReason::EscrowPay,
    });
    plan.push(Effect::EscrowSold {
        ask: None,
        offer: Some(offer.id),
        good: offered.good,
        kind: offered.kind,
        seller: caller.key,
        buyer: offer.owner,
        price: offer.price,
    });
    Ok(())
}

/// Closes an order and gives back what it held.
fn plan_return(order: &Order, plan: &mut Plan) {
    let reason = TransferReason::EscrowRefund;
    for part in order.good.iter().flat_map(Good::parts) {
        match part {
            Good::Scrip(amount) => {
                plan.push(Effect::ScripTransferred {
                    from: ESCROW,
                    to: order.owner,
                    amount: *amount,
                    reason,
                });
            }
            part => move_good(part, ESCROW, order.owner, plan),
        }
    }
    if order.good.is_none() {
        plan.push(Effect::ScripTransferred { from: ESCROW, to: order.owner, amount: order.price, reason });
    }
    plan.push(Effect::EscrowCancelled { order: order.id, owner: order.owner });
}

/// Closes the order that a deposit replaces. A good that is listed again stays where it is.
fn plan_replacement(replaced: &Order, offered: &Offered, plan: &mut Plan) {
    if offered.in_escrow {
        plan.push(Effect::EscrowCancelled { order: replaced.id, owner: replaced.owner });
    } else {
        plan_return(replaced, plan);
    }
}

fn open(
    world: &World,
    good: Option<Good>,
    kind: SmolStr,
    price: Scrip,
    only_for: Option<Key>,
    caller: &Caller<'_>,
    plan: &mut Plan,
) -> Result<Done, Refusal> {
    let id = world.book.next();
    let order = Order { id, owner: caller.key, good, kind, price, only_for, opened_at: caller.now };
    plan.push(Effect::EscrowOpened(Box::new(order)));
    Ok(Done::of(row([("order", Value::count(id)), ("status", "open".into())])))
}

fn sold(world: &World, price: Scrip, other: Key) -> Done {
    Done::of(row([
        ("status", "traded".into()),
        ("price", Value::count(price.0)),
        ("with", id_value(world.id(other))),
    ]))
}

fn room_for_order(world: &World, caller: &Caller<'_>, replaced: Option<&Order>) -> Result<(), Refusal> {
    let open = world.book.count(caller.key) - usize::from(replaced.is_some());
    let open_max = world.rules.limits.orders_per_principal_max as usize;
    if open >= open_max {
        let detail = format!("{} has {open} orders open, the limit is {open_max}", world.id(caller.key));
        return Err(Refusal::new(RefusalCode::LimitReached, detail));
    }
    Ok(())
}

fn with_refund(world: &World, caller: &Caller<'_>, refund: Scrip) -> Scrip {
    let scrip = world.accounts.scrip(caller.key).checked_sub(caller.fee).unwrap_or(Scrip::ZERO);
    scrip.checked_add(refund).unwrap_or(scrip)
}

fn too_poor(world: &World, caller: &Caller<'_>, funds: Scrip, price: Scrip) -> Refusal {
    let detail = format!("{} has {funds} scrip and {price} are needed", world.id(caller.key));
    Refusal::new(RefusalCode::InsufficientScrip, detail)
}

fn only_for(world: &World, args: &Value, name: &str, caller: &Caller<'_>) -> Result<Option<Key>, Refusal> {
    if args.text_arg(name).is_none() {
        return Ok(None);
    }
    let who = principal_arg(world, args, name)?;
    if who == caller.key {
        return Err(Refusal::new(RefusalCode::SelfTrade, format!("{name} is you")));
    }
    Ok(Some(who))
}

fn replaced<'w>(world: &'w World, args: &Value, caller: &Caller<'_>) -> Result<Option<&'w Order>, Refusal> {
    match args.count_arg("replace") {
        None => Ok(None),
        Some(_) => own_order(world, args, "replace", caller).map(Some),
    }
}

fn open_order<'w>(world: &'w World, args: &Value, name: &str) -> Result<&'w Order, Refusal> {
    let number = args.count_arg(name).unwrap_or(0);
    world.book.get(number).ok_or_else(|| {
        let state = if number > 0 && number < world.book.next() { "no longer open" } else { "unknown" };
        Refusal::new(RefusalCode::ListingNotFound, format!("order {number} is {state}"))
    })
}

fn own_order<'w>(
    world: &'w World,
    args: &Value,
    name: &str,
    caller: &Caller<'_>,
) -> Result<&'w Order, Refusal> {
    let order = open_order(world, args, name)?;
    if order.owner != caller.key {
        let detail = format!("order {} belongs to {}", order.id, world.id(order.owner));
        return Err(Refusal::new(RefusalCode::NotPermitted, detail));
    }
    Ok(order)
}

fn not_own(order: &Order, caller: &Caller<'_>) -> Result<(), Refusal> {
    if order.owner == caller.key {
        return Err(Refusal::new(RefusalCode::SelfTrade, format!("order {} is your own", order.id)));
    }
    Ok(())
}

fn may_see(order: &Order, caller: &Caller<'_>) -> Result<(), Refusal> {
    match order.only_for {
        Some(who) if who != caller.key && order.owner != caller.key => {
            let detail = format!("order {} is meant for somebody else", order.id);
            Err(Refusal::new(RefusalCode::NotPermitted, detail))
        }
        _ => Ok(()),
    }
}

fn show(world: &World, order: &Order) -> Value {
    let part = |part: &Good| match part {
        Good::Artifact(key) | Good::Agent(key) => id_value(world.id(*key)),
        Good::Right { resource, amount } => {
            Value::text(format!("{amount} {} of {resource}", resource.unit()))
        }
        Good::Revenue(key) => Value::text(format!("revenue of {}", world.id(*key))),
        Good::Scrip(amount) => Value::text(format!("{amount} scrip")),
        Good::Bundle(_) => Value::Null,
    };
    let good = match &order.good {
        Some(Good::Bundle(parts)) => Value::List(parts.iter().map(part).collect()),
        Some(single) => part(single),
        None => Value::Null,
    };
    row([
        ("order", Value::count(order.id)),
        ("side", if order.good.is_some() { "ask" } else { "offer" }.into()),
        ("kind", Value::text(&order.kind)),
        ("price", Value::count(order.price.0)),
        ("owner", id_value(world.id(order.owner))),
        ("good", good),
    ])
}
