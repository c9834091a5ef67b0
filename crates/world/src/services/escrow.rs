//! `genesis_escrow`: asks and offers, which make a continuous double auction.

use ecology_types::{
    Effect, GenesisArtifact, Good, Key, Order, Refusal, RefusalCode, Scrip, SmolStr, TransferReason, Value,
    Verb,
};

use super::ledger::{plan_delivery, spendable};
use super::spec::{MethodSpec, Param, Service, Shape, optional, required};
use super::{Arguments, Caller, LIMIT, OFFSET, id_arg, page_args, principal_arg, rights};
use crate::decide::{Call, Done};
use crate::result::{id_value, row};
use crate::step::Plan;
use crate::world::World;

const ARTIFACT: Param = optional("artifact", Shape::Id, "the artifact or agent to sell");
const RESOURCE: Param = optional("resource", Shape::Resource, "a right to sell instead: of which resource");
const AMOUNT: Param = optional("amount", Shape::Amount, "a right to sell instead: how much");
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
                required("kind", Shape::Text, "the kind of artifact, or right:RESOURCE:AMOUNT"),
                required("price", Shape::Amount, "the highest price, in scrip; held until trade or cancel"),
                optional("seller", Shape::Id, "the only one who may sell"),
                REPLACE,
            ],
        },
        MethodSpec {
            name: "accept",
            description: "Sells a good of yours to an offer at the offer's price.",
            params: &[required("order", Shape::Count, "the number of the offer"), ARTIFACT, RESOURCE, AMOUNT],
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

/// What the kinds of rights begin with. Labels of artifacts are free text, so one that begins like this would pass for a right.
const RIGHT: &str = "right:";

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
        // The offer was there first, so its price holds; the scrip is in escrow already.
        plan_good(world, &offered, caller.key, best.owner, plan)?;
        plan.push(Effect::ScripTransferred {
            from: ESCROW,
            to: caller.key,
            amount: best.price,
            reason: TransferReason::EscrowPay,
        });
        plan.push(Effect::EscrowSold {
            ask: None,
            offer: Some(best.id),
            good: offered.good,
            kind: offered.kind,
            seller: caller.key,
            buyer: best.owner,
            price: best.price,
        });
        return Ok(sold(world, best.price, best.owner));
    }
    room_for_order(world, caller, replaced)?;
    if !offered.in_escrow {
        hold_good(offered.good, caller.key, plan);
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
        && let Some(good) = best.good
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
    let Some(good) = order.good else {
        let detail = format!("order {} is an offer; use accept", order.id);
        return Err(Refusal::new(RefusalCode::WrongState, detail));
    };
    not_own(order, caller)?;
    can_receive(world, Some(&good), caller.key)?;
    spendable(world, caller, order.price)?;
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
    plan_good(world, &offered, caller.key, order.owner, plan)?;
    plan.push(Effect::ScripTransferred {
        from: ESCROW,
        to: caller.key,
        amount: order.price,
        reason: TransferReason::EscrowPay,
    });
    plan.push(Effect::EscrowSold {
        ask: None,
        offer: Some(order.id),
        good: offered.good,
        kind: offered.kind,
        seller: caller.key,
        buyer: order.owner,
        price: order.price,
    });
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
    match (args.text_arg("artifact"), args.resource_arg("resource"), args.count_arg("amount")) {
        (Some(_), None, None) => {
            let record = world.find(&id_arg(args, "artifact")?)?;
            let good = if record.has_standing { Good::Agent(record.key) } else { Good::Artifact(record.key) };
            let kind = record.kind.clone();
            if replaced.and_then(|order| order.good) == Some(good) {
                return Ok(Offered { good, kind, in_escrow: true });
            }
            world.not_in_escrow(record)?;
            if kind.starts_with(RIGHT) {
                let detail =
                    format!("{} is labelled {kind}, and only rights trade under such a name", record.id);
                return Err(Refusal::new(RefusalCode::ArgumentInvalid, detail));
            }
            if record.owner != caller.key {
                let detail = format!("{} does not belong to {}", record.id, world.id(caller.key));
                return Err(Refusal::new(RefusalCode::NotPermitted, detail));
            }
            world.permit(record, &Call::of(caller.key, Verb::Transfer, caller.answers), plan)?;
            Ok(Offered { good, kind, in_escrow: false })
        }
        (None, Some(resource), Some(amount)) => {
            let good = Good::Right { resource, amount };
            let kind = SmolStr::from(format!("{RIGHT}{resource}:{amount}"));
            if replaced.and_then(|order| order.good) == Some(good) {
                return Ok(Offered { good, kind, in_escrow: true });
            }
            rights::may_give(world, caller.key, ESCROW, resource, amount, caller)?;
            Ok(Offered { good, kind, in_escrow: false })
        }
        _ => Err(Refusal::new(
            RefusalCode::ArgumentInvalid,
            "name either artifact, or resource and amount, to say what is sold",
        )),
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

/// Whether a principal can take a good: it needs disk for an artifact's content.
fn can_receive(world: &World, good: Option<&Good>, who: Key) -> Result<(), Refusal> {
    match good {
        Some(Good::Artifact(key) | Good::Agent(key)) => {
            let bytes = world.live(*key).map_or(0, |record| world.disk_bytes(record));
            world.room_for(who, bytes).map(|_| ())
        }
        _ => Ok(()),
    }
}

fn hold_good(good: Good, from: Key, plan: &mut Plan) {
    match good {
        Good::Artifact(key) | Good::Agent(key) => {
            plan.push(Effect::OwnershipTransferred { key, from, to: ESCROW });
        }
        Good::Right { resource, amount } => {
            plan.push(Effect::QuotaTransferred { from, to: ESCROW, resource, amount });
        }
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
    let from = if offered.in_escrow { ESCROW } else { seller };
    match offered.good {
        Good::Artifact(key) | Good::Agent(key) => {
            if let Some(record) = world.live(key) {
                // The disk of a listed artifact stays its seller's until it is sold.
                plan_delivery(world, record, seller, buyer, plan)?;
            }
            plan.push(Effect::OwnershipTransferred { key, from, to: buyer });
        }
        Good::Right { resource, amount } => {
            plan.push(Effect::QuotaTransferred { from, to: buyer, resource, amount });
        }
    }
    Ok(())
}

/// The sale of a listing at its own price.
fn plan_sale(world: &World, ask: &Order, good: Good, buyer: Key, plan: &mut Plan) -> Result<(), Refusal> {
    let offered = Offered { good, kind: ask.kind.clone(), in_escrow: true };
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
        good,
        kind: ask.kind.clone(),
        seller: ask.owner,
        buyer,
        price: ask.price,
    });
    Ok(())
}

/// Closes an order and gives back what it held.
fn plan_return(order: &Order, plan: &mut Plan) {
    match order.good {
        Some(Good::Artifact(key) | Good::Agent(key)) => {
            plan.push(Effect::OwnershipTransferred { key, from: ESCROW, to: order.owner });
        }
        Some(Good::Right { resource, amount }) => {
            plan.push(Effect::QuotaTransferred { from: ESCROW, to: order.owner, resource, amount });
        }
        None => plan.push(Effect::ScripTransferred {
            from: ESCROW,
            to: order.owner,
            amount: order.price,
            reason: TransferReason::EscrowRefund,
        }),
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
    let good = match order.good {
        Some(Good::Artifact(key) | Good::Agent(key)) => id_value(world.id(key)),
        Some(Good::Right { resource, amount }) => {
            Value::text(format!("{amount} {} of {resource}", resource.unit()))
        }
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
