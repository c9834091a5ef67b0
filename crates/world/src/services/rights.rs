//! `genesis_rights_registry`: quotas and their transfers.

use ecology_rate_limiting::{Ask, Decision};
use ecology_types::{
    Effect, GenesisArtifact, Key, Refusal, RefusalCode, Resource, ResourceKind, SmolStr, Value,
};

use super::ledger::short_of;
use super::spec::{MethodSpec, Service, Shape, optional, required};
use super::{Arguments, Caller, LIMIT, OFFSET, page_args, principal_arg};
use crate::decide::Done;
use crate::result::{id_value, row};
use crate::step::Plan;
use crate::world::World;

pub(crate) const SERVICE: Service = Service {
    description: "Shares and stocks of resources; moves them between principals.",
    methods: &[
        MethodSpec {
            name: "check_quota",
            description: "What a principal holds of each resource, and what of it is in use.",
            params: &[
                optional("principal", Shape::Id, "whose; yours when left out"),
                optional("resource", Shape::Resource, "only this one"),
            ],
        },
        MethodSpec {
            name: "all_quotas",
            description: "What all principals hold of each resource, a page at a time.",
            params: &[OFFSET, LIMIT],
        },
        MethodSpec {
            name: "transfer_quota",
            description: "Gives a part of your share or stock to another principal.",
            params: &[
                required("to", Shape::Id, "who gets it"),
                required("resource", Shape::Resource, "of what"),
                required(
                    "amount",
                    Shape::Amount,
                    "how much, in the unit of the resource; per window for rates",
                ),
            ],
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
        "check_quota" => {
            let who = match args.text_arg("principal") {
                Some(_) => principal_arg(world, args, "principal")?,
                None => caller.key,
            };
            let only = args.resource_arg("resource");
            Ok(Done::of(quotas(world, who, only, caller)))
        }
        "all_quotas" => {
            let (offset, limit) = page_args(world, args)?;
            let principals = world.parts.ontology.principals();
            let start = usize::try_from(offset).unwrap_or(usize::MAX).min(principals.len());
            let page = &principals[start..];
            let rows = page.iter().take(limit as usize).map(|key| quotas(world, *key, None, caller));
            Ok(Done::of(row([
                ("quotas", Value::List(rows.collect())),
                ("more", Value::Bool(page.len() > limit as usize)),
            ])))
        }
        _ => transfer_quota(world, args, caller, plan),
    }
}

fn quotas(world: &World, who: Key, only: Option<Resource>, caller: &Caller<'_>) -> Value {
    let rows = Resource::ALL
        .into_iter()
        .filter(|resource| only.is_none_or(|only| only == *resource))
        .map(|resource| {
            let quota = world.accounts.get(who).map_or(0, |account| account.quotas[resource]);
            let row = row([
                ("quota", Value::count(quota)),
                ("used", Value::count(world.used(who, resource, caller.now))),
                ("unit", Value::text(resource.unit())),
            ]);
            (SmolStr::new_static(resource.name()), row)
        })
        .collect();
    row([("principal", id_value(world.id(who))), ("resources", Value::Map(rows))])
}

pub(super) fn transfer_quota(
    world: &World,
    args: &Value,
    caller: &Caller<'_>,
    plan: &mut Plan,
) -> Result<Done, Refusal> {
    let to = principal_arg(world, args, "to")?;
    let Some(resource) = args.resource_arg("resource") else {
        return Err(Refusal::new(RefusalCode::ArgumentInvalid, "resource is missing"));
    };
    let amount = args.count_arg("amount").unwrap_or(0);
    if GenesisArtifact::from_key(to).is_some() {
        let detail = format!("{} takes rights only through its own methods", world.id(to));
        return Err(Refusal::new(RefusalCode::NotPermitted, detail));
    }
    may_give(world, caller.key, to, resource, amount, caller)?;
    plan.push(Effect::QuotaTransferred { from: caller.key, to, resource, amount });
    let quota = world.accounts.get(caller.key).map_or(0, |account| account.quotas[resource]);
    let left = if to == caller.key { quota } else { quota - amount };
    Ok(Done::of(row([("resource", Value::text(resource.name())), ("quota", Value::count(left))])))
}

/// Whether `from` can give `amount` of its quota to `to` now: what is in use stays, and no window of the two together is exceeded.
pub(super) fn may_give(
    world: &World,
    from: Key,
    to: Key,
    resource: Resource,
    amount: u64,
    caller: &Caller<'_>,
) -> Result<(), Refusal> {
    let free = world.accounts.get(from).map_or(0, |account| account.free(resource));
    if amount > free {
        return Err(short_of(world, from, resource, free, amount));
    }
    if world.accounts.get(to).is_none() {
        return Err(Refusal::new(RefusalCode::NoStanding, format!("{} has no account", world.id(to))));
    }
    if resource.kind() != ResourceKind::Renewable {
        return Ok(());
    }
    match world.parts.limiter.decide(&Ask::Move { resource, from, to, amount }, caller.now) {
        Decision::Admit => Ok(()),
        Decision::Wait { until, .. } => {
            let detail = format!(
                "{} has used so much of its {resource} in this window that the rest of its share would not cover it",
                world.id(from)
            );
            Err(Refusal::new(RefusalCode::RateExceeded, detail).until(until))
        }
        Decision::Never { .. } => Err(short_of(world, from, resource, free, amount)),
    }
}
