//! Answers of contracts and runs of tools, as plain data with names instead of keys.

use ecology_contracts::StockContract;
use ecology_types::{
    Command, HostCall, Key, Operation, Payer, PermissionAnswer, Purse, Reads, Scrip, ToolRun,
};
use ecology_world::World;
use serde_json::{Value, json};

/// Every answer of a contract that a command carries, also those within the runs of tools, in order.
pub(crate) fn all(command: &Command) -> Vec<&PermissionAnswer> {
    match command {
        Command::Act(act) => act.answers.iter().collect(),
        Command::ActByTool(tool) => {
            let mut found = tool.act.answers.iter().collect();
            within(&tool.run, &mut found);
            found
        }
        _ => Vec::new(),
    }
}

fn within<'a>(run: &'a ToolRun, found: &mut Vec<&'a PermissionAnswer>) {
    for operation in &run.operations {
        if let HostCall::Invoke { permission, run, .. } = &operation.call {
            found.extend(permission.as_deref());
            if let Some(run) = run {
                within(run, found);
            }
        }
    }
}

pub(super) fn answer(world: &World, answer: &PermissionAnswer) -> Value {
    let id = |key: Key| world.id(key).as_str();
    let verdict = match &answer.verdict {
        Ok(terms) => {
            let (payer, invoker_percent) = payer(terms.payer);
            json!({
                "allowed": true,
                "cost": terms.cost.0,
                "payer": payer,
                "invoker_percent": invoker_percent,
                "shares": terms.shares.iter().map(|(to, amount)| json!({ "to": id(*to), "amount": amount.0 }))
                    .collect::<Vec<_>>(),
                "state": terms.state.as_ref().map(ecology_types::Value::to_json),
                "reason": terms.reason.as_str(),
            })
        }
        Err(denial) => json!({
            "allowed": false, "fault": denial.is_fault, "reason": denial.reason.as_str(),
        }),
    };
    json!({
        "contract": id(answer.contract),
        "version": answer.reads.version(answer.contract),
        "kind": if StockContract::from_key(answer.contract).is_some() { "stock" } else { "code" },
        "artifact": id(answer.artifact),
        "verb": answer.verb.name(),
        "caller": id(answer.caller),
        "verdict": verdict,
        "reads": reads(world, &answer.reads),
        "instructions": answer.instructions,
        "cached": answer.is_cached,
    })
}

const fn payer(payer: Payer) -> (&'static str, Option<u8>) {
    match payer {
        Payer::Invoker => ("invoker", None),
        Payer::Owner => ("owner", None),
        Payer::Artifact => ("artifact", None),
        Payer::Split(invoker) => ("split", Some(invoker)),
    }
}

fn reads(world: &World, reads: &Reads) -> Value {
    let id = |key: Key| world.id(key).as_str();
    let numbers = |list: &[(Key, u64)]| {
        list.iter().map(|(key, version)| json!({ "id": id(*key), "version": version })).collect::<Vec<_>>()
    };
    json!({
        "artifacts": numbers(&reads.versions),
        "owners": reads.owners.iter().map(|(key, owner)| json!({ "id": id(*key), "owner": id(*owner) }))
            .collect::<Vec<_>>(),
        "balances": reads.balances.iter().map(|(key, scrip)| json!({ "id": id(*key), "scrip": scrip.0 }))
            .collect::<Vec<_>>(),
        "states": numbers(&reads.states),
        "events": reads.events.iter().map(|(which, count)| json!({
            "kind": which.kind.name(), "about": which.about.map(id), "actor": which.actor.map(id), "count": count,
        })).collect::<Vec<_>>(),
        "time_us": reads.time.map(|time| time.0),
    })
}

pub(super) fn run(world: &World, run: &ToolRun) -> Value {
    let outcome = match &run.outcome {
        Ok(value) => json!({ "done": true, "value": value.to_json() }),
        Err(denial) => json!({ "done": false, "fault": denial.is_fault, "reason": denial.reason.as_str() }),
    };
    json!({
        "tool": world.id(run.tool).as_str(),
        "version": run.version,
        "caller": world.id(run.caller).as_str(),
        "time_us": run.time.0,
        "instructions": run.instructions,
        "outcome": outcome,
        "operations": run.operations.iter().map(|one| operation(world, one)).collect::<Vec<_>>(),
    })
}

fn operation(world: &World, operation: &Operation) -> Value {
    match &operation.call {
        HostCall::Read(artifact) => json!({ "call": "read", "id": artifact.as_str() }),
        HostCall::Describe(artifact) => json!({ "call": "artifact", "id": artifact.as_str() }),
        HostCall::Balance(principal) => json!({ "call": "balance", "id": principal.as_str() }),
        HostCall::Events { kind, about, actor } => json!({
            "call": "events", "kind": kind.as_str(), "about": about.as_deref(), "actor": actor.as_deref(),
        }),
        HostCall::Now => json!({ "call": "now" }),
        HostCall::State => json!({ "call": "state" }),
        HostCall::SetState(state) => json!({ "call": "set_state", "state": state.to_json() }),
        HostCall::Pay { from, to, amount: Scrip(amount) } => {
            let from = match from {
                Purse::Allowance => "allowance",
                Purse::Own => "own",
            };
            json!({ "call": "pay", "from": from, "id": to.as_str(), "amount": amount })
        }
        HostCall::Invoke { artifact, method, args, allowance, run: other, permission } => json!({
            "call": "invoke",
            "id": artifact.as_str(),
            "method": method.as_str(),
            "args": args.to_json(),
            "allowance": allowance.0,
            "permission": permission.as_deref().map(|one| answer(world, one)),
            "run": other.as_deref().map(|other| run(world, other)),
        }),
    }
}
