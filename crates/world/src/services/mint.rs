//! `genesis_mint`: the auction of new scrip.

use ecology_types::{Bid, Effect, GenesisArtifact, Refusal, RefusalCode, Scrip, TransferReason, Value};

use super::ledger::spendable;
use super::spec::{MethodSpec, Service, Shape, required};
use super::{Arguments, Caller, id_arg};
use crate::decide::Done;
use crate::result::{id_value, row};
use crate::step::Plan;
use crate::world::World;

pub(crate) const SERVICE: Service = Service {
    description: "Auctions new scrip: sealed bids at any time; the highest bids win, pay the highest losing bid, and their artifacts are scored.",
    methods: &[
        MethodSpec {
            name: "status",
            description: "When the next auction resolves, how many win and how many bids there are.",
            params: &[],
        },
        MethodSpec {
            name: "bid",
            description: "Places a sealed bid with an artifact of yours that will be scored if you win.",
            params: &[
                required("artifact", Shape::Id, "an artifact that you own"),
                required(
                    "amount",
                    Shape::Amount,
                    "the most you pay, in scrip; held until the auction resolves",
                ),
            ],
        },
        MethodSpec {
            name: "check",
            description: "The state of a bid of yours.",
            params: &[required("bid", Shape::Count, "its number")],
        },
    ],
};

pub(super) fn call(
    world: &World,
    method: &str,
    args: &Value,
    caller: &Caller<'_>,
    plan: &mut Plan,
) -> Result<Done, Refusal> {
    let rules = &world.rules.mint;
    match method {
        "status" => Ok(Done::of(row([
            ("round", Value::count(world.mint.round)),
            ("next_us", Value::count(world.mint.next.0)),
            ("now_us", Value::count(caller.now.0)),
            ("winners", Value::count(rules.winners.into())),
            ("mint_ratio", Value::count(rules.mint_ratio)),
            ("bid_min", Value::count(rules.bid_min.0)),
            ("bids", Value::count(world.mint.bids_len() as u64)),
            ("pool", Value::count(world.mint.pool.0)),
        ]))),
        "bid" => bid(world, args, caller, plan),
        _ => check(world, args, caller),
    }
}

fn bid(world: &World, args: &Value, caller: &Caller<'_>, plan: &mut Plan) -> Result<Done, Refusal> {
    let rules = &world.rules;
    if rules.mint.interval.0 == 0 {
        return Err(Refusal::new(RefusalCode::Unavailable, "the mint of this world is turned off"));
    }
    let record = world.find(&id_arg(args, "artifact")?)?;
    let amount = Scrip(args.count_arg("amount").unwrap_or(0));
    if record.owner != caller.key {
        let detail = format!("{} does not belong to {}", record.id, world.id(caller.key));
        return Err(Refusal::new(RefusalCode::NotPermitted, detail));
    }
    if amount < rules.mint.bid_min {
        let detail = format!("a bid is at least {} scrip, this one is {amount}", rules.mint.bid_min);
        return Err(Refusal::new(RefusalCode::AmountInvalid, detail));
    }
    if world.mint.is_bid_with(record.key) {
        let detail = format!("{} is bid with already", record.id);
        return Err(Refusal::new(RefusalCode::WrongState, detail));
    }
    let open = world.mint.bids_of(caller.key).count();
    if open >= rules.limits.bids_per_principal_max as usize {
        let detail = format!("{} has {open} bids open, the limit", world.id(caller.key));
        return Err(Refusal::new(RefusalCode::LimitReached, detail));
    }
    spendable(world, caller, amount, plan)?;
    let id = world.mint.next_bid();
    plan.push(Effect::ScripTransferred {
        from: caller.key,
        to: GenesisArtifact::Mint.key(),
        amount,
        reason: TransferReason::Bid,
    });
    plan.push(Effect::BidPlaced(Box::new(Bid {
        id,
        bidder: caller.key,
        artifact: record.key,
        amount,
        placed_at: caller.now,
    })));
    Ok(Done::of(row([("bid", Value::count(id)), ("resolves_us", Value::count(world.mint.next.0))])))
}

fn check(world: &World, args: &Value, caller: &Caller<'_>) -> Result<Done, Refusal> {
    let number = args.count_arg("bid").unwrap_or(0);
    match world.mint.get(number) {
        Some(bid) if bid.bidder == caller.key => Ok(Done::of(row([
            ("status", "open".into()),
            ("artifact", id_value(world.id(bid.artifact))),
            ("amount", Value::count(bid.amount.0)),
        ]))),
        // A sealed bid of somebody else looks like one that is not there.
        _ if number > 0 && number < world.mint.next_bid() => {
            Ok(Done::of(row([("status", "resolved or not yours".into())])))
        }
        _ => Err(Refusal::new(RefusalCode::ListingNotFound, format!("there is no bid {number}"))),
    }
}
