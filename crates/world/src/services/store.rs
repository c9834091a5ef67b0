//! `genesis_store`: discovery. Free of price, so that looking around never bankrupts anyone.

use ecology_ontology::Query;
use ecology_types::{
    ArtifactRecord, Draft, Key, Refusal, RefusalCode, Scrip, SmolStr, Value, Verb, WriteMode,
};

use super::spec::{MethodSpec, Param, Service, Shape, optional, required};
use super::{Arguments, Caller, LIMIT, OFFSET, id_arg, page_args, principal_arg};
use crate::decide::{Call, Done};
use crate::result::{id_value, row};
use crate::step::Plan;
use crate::world::World;

const WHICH: Param = required("artifact", Shape::Id, "which one");

pub(crate) const SERVICE: Service = Service {
    description: "Finds, describes and creates artifacts. Shows only what you may read.",
    methods: &[
        MethodSpec {
            name: "list",
            description: "All artifacts, a page at a time.",
            params: &[OFFSET, LIMIT],
        },
        MethodSpec {
            name: "get",
            description: "An artifact with its content, if you may read it for free.",
            params: &[WHICH],
        },
        MethodSpec {
            name: "search",
            description: "Artifacts whose id, label or content contains a text.",
            params: &[required("text", Shape::Text, "the text; case does not matter"), OFFSET, LIMIT],
        },
        MethodSpec {
            name: "count",
            description: "How many artifacts exist and how many were deleted.",
            params: &[],
        },
        MethodSpec {
            name: "list_by_type",
            description: "Artifacts with a label.",
            params: &[required("type", Shape::Text, "the label"), OFFSET, LIMIT],
        },
        MethodSpec {
            name: "list_by_owner",
            description: "Artifacts of an owner.",
            params: &[required("owner", Shape::Id, "the owner"), OFFSET, LIMIT],
        },
        MethodSpec { name: "list_agents", description: "All agents.", params: &[OFFSET, LIMIT] },
        MethodSpec {
            name: "list_principals",
            description: "Everybody who can hold scrip.",
            params: &[OFFSET, LIMIT],
        },
        MethodSpec {
            name: "get_metadata",
            description: "An artifact without its content.",
            params: &[WHICH],
        },
        MethodSpec {
            name: "get_interface",
            description: "The methods of an executable, with the schemas of their arguments.",
            params: &[WHICH],
        },
        MethodSpec {
            name: "create",
            description: "Creates an artifact; the id must be free.",
            params: &[
                WHICH,
                required("content", Shape::Text, "its content"),
                optional("kind", Shape::Text, "its label; data when left out"),
            ],
        },
        MethodSpec {
            name: "delete",
            description: "Deletes an artifact; its id stays taken.",
            params: &[WHICH],
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
    let query = Query::default();
    match method {
        "list" => page(world, args, caller, query),
        "search" => {
            let text = args.text_arg("text").unwrap_or_default();
            if text.len() > 256 {
                let detail = format!("the text to search for has {} bytes, the limit is 256", text.len());
                return Err(Refusal::new(RefusalCode::ArgumentInvalid, detail));
            }
            page(world, args, caller, Query { text: Some(SmolStr::new(text)), ..query })
        }
        "list_by_type" => {
            let kind = args.text_arg("type").unwrap_or_default();
            page(world, args, caller, Query { kind: Some(SmolStr::new(kind)), ..query })
        }
        "list_by_owner" => {
            let owner = principal_arg(world, args, "owner")?;
            page(world, args, caller, Query { owner: Some(owner), ..query })
        }
        "list_agents" => ids(world, args, world.living_agents()),
        "list_principals" => ids(world, args, world.parts.ontology.principals()),
        "count" => {
            let (live, deleted) = world.parts.ontology.counts();
            Ok(Done::of(row([("live", Value::count(live)), ("deleted", Value::count(deleted))])))
        }
        "get" => {
            let (record, price) = known(world, args, caller, plan)?;
            if price != Scrip::ZERO {
                let detail = format!("{} has a price; use read, which pays it", record.id);
                return Err(Refusal::new(RefusalCode::NotPermitted, detail));
            }
            let metadata = describe(world, record);
            let mut done = Done::of(row([
                ("id", id_value(&record.id)),
                ("content", Value::text(&record.content)),
                ("metadata", metadata),
            ]));
            done.result_bytes = record.content.len() as u64;
            Ok(done)
        }
        "get_metadata" => Ok(Done::of(describe(world, known(world, args, caller, plan)?.0))),
        "get_interface" => interface(known(world, args, caller, plan)?.0),
        "create" => {
            let mut draft =
                Draft::new(id_arg(args, "artifact")?, args.text_arg("content").unwrap_or_default());
            draft.mode = WriteMode::Create;
            draft.kind = args.text_arg("kind").map(SmolStr::new);
            world.decide_write(caller.key, &draft, caller.answers, caller.now, plan)
        }
        _ => world.decide_delete(caller.key, &id_arg(args, "artifact")?, caller.answers, plan),
    }
}

/// The artifact that the arguments name, with what reading it costs, for those who may know of it.
fn known<'w>(
    world: &'w World,
    args: &Value,
    caller: &Caller<'_>,
    plan: &mut Plan,
) -> Result<(&'w ArtifactRecord, Scrip), Refusal> {
    let record = world.find(&id_arg(args, "artifact")?)?;
    let call = Call::of(caller.key, Verb::Read, caller.answers);
    match world.price_with(record, &call, plan) {
        Ok(price) => Ok((record, price)),
        Err(refusal) if refusal.code == RefusalCode::NotPermitted && caller.answers.is_empty() => {
            let detail =
                format!("{} does not show {} to {}", world.id(record.owner), record.id, world.id(caller.key));
            Err(Refusal::new(RefusalCode::NotPermitted, detail))
        }
        Err(refusal) => Err(refusal),
    }
}

fn describe(world: &World, record: &ArtifactRecord) -> Value {
    world.parts.ontology.describe(record, &|key: Key| world.id(key).clone())
}

fn page(world: &World, args: &Value, caller: &Caller<'_>, query: Query) -> Result<Done, Refusal> {
    let (offset, limit) = page_args(world, args)?;
    let by_content = query.text.is_some();
    let query = Query { offset, limit, ..query };
    // A hit in the content says something about the content, so only those who read it for free get one.
    let may_see = |record: &ArtifactRecord| match world.read_price(caller.key, record) {
        Some(price) => !by_content || price == Scrip::ZERO,
        None => false,
    };
    let page = world.parts.ontology.search(&query, &may_see);
    let rows = page.keys.iter().filter_map(|key| {
        let record = world.live(*key)?;
        Some(row([
            ("id", id_value(&record.id)),
            ("type", Value::text(&record.kind)),
            ("owner", id_value(world.id(record.owner))),
            ("version", Value::count(record.version)),
        ]))
    });
    Ok(Done::of(row([("artifacts", Value::List(rows.collect())), ("more", Value::Bool(page.more))])))
}

fn ids(world: &World, args: &Value, keys: &[Key]) -> Result<Done, Refusal> {
    let (offset, limit) = page_args(world, args)?;
    let start = usize::try_from(offset).unwrap_or(usize::MAX).min(keys.len());
    let rest = &keys[start..];
    let rows = rest.iter().take(limit as usize).map(|key| id_value(world.id(*key))).collect();
    Ok(Done::of(row([("ids", Value::List(rows)), ("more", Value::Bool(rest.len() > limit as usize))])))
}

fn interface(record: &ArtifactRecord) -> Result<Done, Refusal> {
    let Some(interface) = &record.interface else {
        return Err(Refusal::new(RefusalCode::NotExecutable, format!("{} has no methods", record.id)));
    };
    let methods = interface
        .methods
        .iter()
        .map(|method| {
            row([
                ("name", Value::text(&method.name)),
                ("description", Value::text(&method.description)),
                ("inputSchema", method.input_schema.clone()),
            ])
        })
        .collect();
    Ok(Done::of(row([
        ("id", id_value(&record.id)),
        ("description", Value::text(&interface.description)),
        ("tools", Value::List(methods)),
    ])))
}
