//! `genesis_ledger`: balances and transfers.

use std::sync::Arc;

use ecology_types::{
    ArtifactRecord, Effect, GenesisArtifact, Key, Refusal, RefusalCode, Resource, Scrip, SmolStr,
    TransferReason, Value, Verb,
};

use super::spec::{MethodSpec, Service, Shape, optional, required};
use super::{Arguments, Caller, LIMIT, OFFSET, id_arg, page_args, principal_arg, rights};
use crate::decide::{Call, Done};
use crate::result::{id_value, row};
use crate::step::Plan;
use crate::world::World;

pub(crate) const SERVICE: Service = Service {
    description: "Balances of scrip and who owns what; moves both.",
    methods: &[
        MethodSpec {
            name: "balance",
            description: "The scrip of a principal.",
            params: &[optional("principal", Shape::Id, "whose; yours when left out")],
        },
        MethodSpec {
            name: "all_balances",
            description: "The scrip of all principals, a page at a time.",
            params: &[OFFSET, LIMIT],
        },
        MethodSpec {
            name: "transfer",
            description: "Gives scrip, or a share of a resource, to another principal.",
            params: &[
                required("to", Shape::Id, "who gets it"),
                required("amount", Shape::Amount, "how much, in whole scrip or in the unit of the resource"),
                optional("resource", Shape::Resource, "a resource instead of scrip"),
            ],
        },
        MethodSpec {
            name: "spawn_principal",
            description: "Makes a new principal: an account, or an agent when a configuration is given. It gets what you give it, all or nothing, and nothing else.",
            params: &[
                required("id", Shape::Id, "its id"),
                optional("config", Shape::Text, "the configuration of its mind, which makes it an agent"),
                optional("scrip", Shape::Amount, "scrip of yours to begin with"),
                optional(
                    "quotas",
                    Shape::Quotas,
                    "shares and stocks of yours to begin with, by resource: disk to write, llm_calls to think",
                ),
            ],
        },
        MethodSpec {
            name: "transfer_ownership",
            description: "Gives an artifact to another principal.",
            params: &[
                required("artifact", Shape::Id, "what"),
                required("to", Shape::Id, "who gets it; it needs disk quota for the content"),
            ],
        },
        MethodSpec {
            name: "revenue",
            description: "Who gets what others pay for an artifact.",
            params: &[required("artifact", Shape::Id, "which one")],
        },
        MethodSpec {
            name: "transfer_revenue",
            description: "Gives what others pay for an artifact to another principal from now on, whoever owns the artifact.",
            params: &[
                required("artifact", Shape::Id, "which one; its revenue is yours"),
                required("to", Shape::Id, "who gets it; the owner of the artifact has both again"),
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
        "balance" => {
            let who = match args.text_arg("principal") {
                Some(_) => principal_arg(world, args, "principal")?,
                None => caller.key,
            };
            Ok(Done::of(row([
                ("principal", id_value(world.id(who))),
                ("scrip", Value::count(world.scrip_during(who, &plan.events).0)),
            ])))
        }
        "all_balances" => {
            let (offset, limit) = page_args(world, args)?;
            let principals = world.parts.ontology.principals();
            let start = usize::try_from(offset).unwrap_or(usize::MAX).min(principals.len());
            let page = &principals[start..];
            let rows = page.iter().take(limit as usize).map(|key| {
                row([
                    ("principal", id_value(world.id(*key))),
                    ("scrip", Value::count(world.scrip_during(*key, &plan.events).0)),
                ])
            });
            Ok(Done::of(row([
                ("balances", Value::List(rows.collect())),
                ("more", Value::Bool(page.len() > limit as usize)),
            ])))
        }
        "transfer" => transfer(world, args, caller, plan),
        "spawn_principal" => spawn(world, args, caller, plan),
        "transfer_ownership" => transfer_ownership(world, args, caller, plan),
        "revenue" => {
            let record = world.find(&id_arg(args, "artifact")?)?;
            if record.owner != caller.key && !world.may_know(caller.key, record) {
                let detail = format!("{} is not open to {}", record.id, world.id(caller.key));
                return Err(Refusal::new(RefusalCode::NotPermitted, detail));
            }
            Ok(Done::of(row([("revenue", id_value(world.id(world.payee(record))))])))
        }
        _ => transfer_revenue(world, args, caller, plan),
    }
}

fn transfer(world: &World, args: &Value, caller: &Caller<'_>, plan: &mut Plan) -> Result<Done, Refusal> {
    if args.text_arg("resource").is_some() {
        return rights::transfer_quota(world, args, caller, plan);
    }
    let to = principal_arg(world, args, "to")?;
    if GenesisArtifact::from_key(to).is_some() {
        let detail = format!("{} takes scrip only through its own methods", world.id(to));
        return Err(Refusal::new(RefusalCode::NotPermitted, detail));
    }
    let amount = Scrip(args.count_arg("amount").unwrap_or(0));
    let left = spendable(world, caller, amount, plan)?;
    plan.push(Effect::ScripTransferred { from: caller.key, to, amount, reason: TransferReason::Transfer });
    let scrip = if to == caller.key { left.0 + amount.0 } else { left.0 };
    Ok(Done::of(row([("scrip", Value::count(scrip))])))
}

/// What is left of the caller's scrip after paying `amount`.
pub(super) fn spendable(
    world: &World,
    caller: &Caller<'_>,
    amount: Scrip,
    plan: &Plan,
) -> Result<Scrip, Refusal> {
    let scrip = world.scrip_during(caller.key, &plan.events);
    scrip.checked_sub(amount).ok_or_else(|| {
        // In an economy of the poor this is the most frequent refusal of all; putting it together costs a third of formatting it.
        let (have, need) = (&mut [0; _], &mut [0; _]);
        let who = world.id(caller.key).as_str();
        let detail =
            [who, " has ", digits(scrip.0, have), " scrip and ", digits(amount.0, need), " are needed"]
                .concat();
        Refusal::new(RefusalCode::InsufficientScrip, detail)
    })
}

/// A number in decimal digits, written to the end of `room`.
fn digits(mut number: u64, room: &mut [u8; 20]) -> &str {
    let mut at = room.len();
    loop {
        at -= 1;
        room[at] = b'0' + (number % 10).to_le_bytes()[0];
        number /= 10;
        if number == 0 {
            // Digits are ASCII.
            return std::str::from_utf8(&room[at..]).unwrap_or_default();
        }
    }
}

fn spawn(world: &World, args: &Value, caller: &Caller<'_>, plan: &mut Plan) -> Result<Done, Refusal> {
    let id = id_arg(args, "id")?;
    if world.symbols.key(id.as_str()).is_some_and(|key| world.principal(key).is_some()) {
        return Err(Refusal::new(RefusalCode::IdTaken, format!("{id} exists already")));
    }
    let new = world.new_key(&id)?;
    let config = args.text_arg("config").unwrap_or_default();
    let executable = args.text_arg("config").is_some();
    let mut draft = ecology_types::Draft::new(id.clone(), config);
    draft.kind = Some(SmolStr::new_static(if executable { "agent" } else { "account" }));
    let ask = ecology_ontology::Ask::Create { key: new.key, draft: &draft, standing: true, executable };
    world.parts.ontology.check(&ask, &world.rules.limits).map_err(|no| Refusal::new(no.code, no.detail))?;
    if new.is_new {
        world.plan_interning(&id, new.key, plan);
    }
    let bytes = config.len() as u64;
    let used = world.room_for(caller.key, bytes)?;
    let quotas = args.quotas_arg("quotas");
    for (resource, amount) in quotas.iter() {
        // The configuration stays its parent's, and so does the disk that it takes.
        let taken = if resource == Resource::Disk { bytes } else { 0 };
        rights::may_endow(world, caller.key, new.key, resource, amount.saturating_add(taken), caller)?;
    }
    let scrip = Scrip(args.count_arg("scrip").unwrap_or(0));
    spendable(world, caller, scrip, plan)?;
    plan.push(Effect::ArtifactCreated(Box::new(ArtifactRecord {
        key: new.key,
        id: id.clone(),
        creator: caller.key,
        owner: caller.key,
        kind: draft.kind.clone().unwrap_or_default(),
        content: Arc::from(config),
        version: 1,
        created_at: caller.now,
        changed_at: caller.now,
        has_standing: true,
        can_execute: executable,
        access_contract: Some(GenesisArtifact::Private.key()),
        policy: Some(Arc::new(crate::decide::private_policy())),
        interface: None,
        memory: None,
    })));
    if bytes > 0 {
        plan.push(Effect::DiskUsed { principal: caller.key, bytes: used + bytes });
    }
    if scrip > Scrip::ZERO {
        let (from, to, reason) = (caller.key, new.key, TransferReason::Transfer);
        plan.push(Effect::ScripTransferred { from, to, amount: scrip, reason });
    }
    for (resource, amount) in quotas.iter() {
        plan.push(Effect::QuotaTransferred { from: caller.key, to: new.key, resource, amount });
    }
    let mut done = Done::of(row([("principal", id_value(&id))]));
    done.written_bytes = bytes;
    Ok(done)
}

fn transfer_ownership(
    world: &World,
    args: &Value,
    caller: &Caller<'_>,
    plan: &mut Plan,
) -> Result<Done, Refusal> {
    let record = world.find(&id_arg(args, "artifact")?)?;
    let to = principal_arg(world, args, "to")?;
    world.not_in_escrow(record)?;
    if GenesisArtifact::from_key(to).is_some() {
        let detail = format!("{} takes goods only through its own methods", world.id(to));
        return Err(Refusal::new(RefusalCode::NotPermitted, detail));
    }
    world.permit(record, &Call::of(caller.key, Verb::Transfer, caller.answers), plan)?;
    plan_delivery(world, record, record.owner, to, plan)?;
    plan.push(Effect::OwnershipTransferred { key: record.key, from: record.owner, to });
    Ok(Done::of(row([("owner", id_value(world.id(to)))])))
}

fn transfer_revenue(
    world: &World,
    args: &Value,
    caller: &Caller<'_>,
    plan: &mut Plan,
) -> Result<Done, Refusal> {
    let record = world.find(&id_arg(args, "artifact")?)?;
    let to = principal_arg(world, args, "to")?;
    if GenesisArtifact::from_key(to).is_some() {
        let detail = format!("{} takes revenues only through its own methods", world.id(to));
        return Err(Refusal::new(RefusalCode::NotPermitted, detail));
    }
    may_give_revenue(world, record, caller, plan)?;
    plan.push(Effect::RevenueTransferred { key: record.key, from: caller.key, to });
    Ok(Done::of(row([("revenue", id_value(world.id(to)))])))
}

/// Whether the revenue of an artifact is the caller's to give.
///
/// While it follows ownership it is a part of the artifact, and the artifact's contract is asked, which may have a price; once apart it is
/// its holder's alone.
pub(super) fn may_give_revenue(
    world: &World,
    record: &ArtifactRecord,
    caller: &Caller<'_>,
    plan: &mut Plan,
) -> Result<Scrip, Refusal> {
    let holder = world.revenue_holder(record);
    if holder == GenesisArtifact::Escrow.key() {
        let detail = format!("the revenue of {} is in escrow", record.id);
        return Err(Refusal::new(RefusalCode::AlreadyListed, detail));
    }
    if holder != caller.key {
        let detail = format!("the revenue of {} is not {}'s", record.id, world.id(caller.key));
        return Err(Refusal::new(RefusalCode::NotPermitted, detail));
    }
    if world.revenue().apart(record.key).is_none() {
        return world.permit(record, &Call::of(caller.key, Verb::Transfer, caller.answers), plan);
    }
    Ok(Scrip::ZERO)
}

/// Moves the disk that an artifact takes from one principal to another.
pub(super) fn plan_delivery(
    world: &World,
    record: &ArtifactRecord,
    from: Key,
    to: Key,
    plan: &mut Plan,
) -> Result<(), Refusal> {
    plan_disk(world, world.disk_bytes(record), 0, from, to, plan)
}

/// Moves so many bytes in use from one principal to another, who is about to get `comes` bytes of disk quota with them.
pub(super) fn plan_disk(
    world: &World,
    bytes: u64,
    comes: u64,
    from: Key,
    to: Key,
    plan: &mut Plan,
) -> Result<(), Refusal> {
    if bytes == 0 || from == to {
        return Ok(());
    }
    let used = world.room_for(to, bytes.saturating_sub(comes))?;
    let before = world.accounts.get(from).map_or(0, |account| account.disk_used_bytes);
    plan.push(Effect::DiskUsed { principal: from, bytes: before.saturating_sub(bytes) });
    plan.push(Effect::DiskUsed { principal: to, bytes: used + bytes });
    Ok(())
}

/// Which of a principal's quotas `resource` is, in the words of a refusal.
pub(super) fn short_of(world: &World, who: Key, resource: Resource, free: u64, amount: u64) -> Refusal {
    let detail = format!(
        "{} has {free} {} of {resource} free and {amount} are needed",
        world.id(who),
        resource.unit()
    );
    Refusal::new(RefusalCode::InsufficientQuota, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_the_number() {
        for number in [0, 1, 9, 10, 99, 100, 12_345, u64::MAX - 1, u64::MAX] {
            assert_eq!(digits(number, &mut [0; 20]), number.to_string());
        }
    }
}
