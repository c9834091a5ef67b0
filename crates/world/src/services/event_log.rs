//! `genesis_event_log`: reading history and asking to be woken by it.

use ecology_types::{Effect, Refusal, RefusalCode, Value};

use super::spec::{MethodSpec, Service, Shape, optional, required};
use super::{Arguments, Caller, page_args};
use crate::decide::Done;
use crate::result::row;
use crate::step::Plan;
use crate::world::World;

pub(crate) const SERVICE: Service = Service {
    description: "The history of the world, as far as you may see it.",
    methods: &[
        MethodSpec {
            name: "read",
            description: "Events in ascending order, a page at a time.",
            params: &[
                optional(
                    "since",
                    Shape::Count,
                    "only events with a higher number; the latest page when left out",
                ),
                optional("types", Shape::Kinds, "only these kinds"),
                super::OFFSET,
                super::LIMIT,
            ],
        },
        MethodSpec {
            name: "subscribe",
            description: "Wakes you from a sleep when an event of one of these kinds happens that you may see.",
            params: &[required("types", Shape::Kinds, "the kinds")],
        },
        MethodSpec {
            name: "unsubscribe",
            description: "Ends a subscription.",
            params: &[required("subscription", Shape::Count, "its number")],
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
    match method {
        "read" => read(world, args, caller),
        "subscribe" => {
            let mut kinds = args.kinds_arg("types");
            kinds.sort_unstable();
            kinds.dedup();
            if kinds.is_empty() {
                return Err(Refusal::new(RefusalCode::ArgumentInvalid, "types names no kind of event"));
            }
            let open: usize = world.subscriptions.of(caller.key).map(|(_, kinds)| kinds.len()).sum();
            let open_max = world.rules.limits.subscriptions_per_principal_max as usize;
            if open + kinds.len() > open_max {
                let detail =
                    format!("{} subscribes to {open} kinds, the limit is {open_max}", world.id(caller.key));
                return Err(Refusal::new(RefusalCode::LimitReached, detail));
            }
            let subscription = world.subscriptions.next();
            plan.push(Effect::Subscribed { subscription, principal: caller.key, kinds });
            Ok(Done::of(row([("subscription", Value::count(subscription))])))
        }
        _ => {
            let subscription = args.count_arg("subscription").unwrap_or(0);
            match world.subscriptions.get(subscription) {
                Some((who, _)) if *who == caller.key => {
                    plan.push(Effect::Unsubscribed { subscription, principal: caller.key });
                    Ok(Done::of(row([("unsubscribed", Value::count(subscription))])))
                }
                _ => {
                    let detail = format!("you have no subscription {subscription}");
                    Err(Refusal::new(RefusalCode::ListingNotFound, detail))
                }
            }
        }
    }
}

fn read(world: &World, args: &Value, caller: &Caller<'_>) -> Result<Done, Refusal> {
    let (offset, limit) = page_args(world, args)?;
    // One bit for each kind: a long list of types costs no more than a short one.
    let kinds = args.kinds_arg("types").into_iter().fold(0_u64, |set, kind| set | 1 << kind as u8);
    let skip = usize::try_from(offset).unwrap_or(usize::MAX);
    // A picture is drawn of what is on the page only; what is skipped just has to be visible.
    let wanted = |entry: crate::Entry<'_>| {
        let is_asked_for = |kind| kinds == 0 || kinds & 1 << kind as u8 != 0;
        let event = entry.kind().is_some_and(is_asked_for).then(|| entry.event()).flatten();
        event.filter(|event| world.may_see_event(event, caller.key))
    };
    let rows: Vec<Value> = match args.count_arg("since") {
        Some(since) => world
            .log
            .entries_after(since)
            .filter_map(wanted)
            .skip(skip)
            .take(limit as usize)
            .filter_map(|event| world.show_event(&event, caller.key))
            .collect(),
        None => {
            let mut latest: Vec<Value> = world
                .log
                .entries_after(0)
                .rev()
                .filter_map(wanted)
                .skip(skip)
                .take(limit as usize)
                .filter_map(|event| world.show_event(&event, caller.key))
                .collect();
            latest.reverse();
            latest
        }
    };
    Ok(Done::of(row([
        ("events", Value::List(rows)),
        ("last", Value::count(world.log.last_seq())),
        ("first_kept", Value::count(world.log.first_kept())),
    ])))
}
