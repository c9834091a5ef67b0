//! What exists, as a list and one by one.

use ecology_ontology::{Query, Resolution};
use ecology_types::{AllowList, ArtifactRecord, Key, Policy, SmolStr};
use ecology_world::World;
use serde_json::{Value, json};

use super::Look;
use super::listing::Listing;
use super::names::{key, label, optional_key};
use crate::cli::ArtifactFilter;
use crate::failure::Failure;
use crate::render::{Align, Table};
use crate::text::{bytes, clean, clean_lines, count, cut, micros, number, wrap};

/// Lines of content that are shown to people; programs get all.
const CONTENT_LINES_MAX: usize = 40;

pub(super) fn list(world: &World, filter: &ArtifactFilter) -> Result<Listing, Failure> {
    let query = Query {
        text: filter.text.as_deref().map(SmolStr::new),
        kind: filter.kind.as_deref().map(SmolStr::new),
        owner: optional_key(world, filter.owner.as_ref())?,
        creator: optional_key(world, filter.creator.as_ref())?,
        limit: u32::MAX,
        ..Query::default()
    };
    let found = world.parts().ontology.search(&query, &|_| true).keys;
    let table = Table::new([
        ("artifact", Align::Left),
        ("kind", Align::Left),
        ("owner", Align::Left),
        ("is", Align::Left),
        ("version", Align::Right),
        ("content", Align::Right),
        ("changed", Align::Right),
    ]);
    Ok(Listing::new("artifact", table).fill(found, filter.page, |key| {
        let Some(record) = world.live(*key).or_else(|| world.principal(*key)) else {
            return (vec![world.id(*key).to_string()], json!({ "id": world.id(*key).as_str() }));
        };
        let cells = vec![
            record.id.to_string(),
            label(&record.kind),
            world.id(record.owner).to_string(),
            what_it_is(record).to_owned(),
            number(record.version),
            bytes(record.content.len() as u64),
            micros(record.changed_at.0),
        ];
        (cells, object(world, record))
    }))
}

const fn what_it_is(record: &ArtifactRecord) -> &'static str {
    match (record.has_standing, record.can_execute) {
        (true, true) => "agent",
        (true, false) => "account",
        (false, true) => "tool",
        (false, false) => "data",
    }
}

fn object(world: &World, record: &ArtifactRecord) -> Value {
    let id = |key: Key| Value::from(world.id(key).as_str());
    json!({
        "id": record.id.as_str(),
        "kind": record.kind.as_str(),
        "is": what_it_is(record),
        "owner": id(record.owner),
        "creator": id(record.creator),
        "version": record.version,
        "content_bytes": record.content.len(),
        "created_at_us": record.created_at.0,
        "changed_at_us": record.changed_at.0,
        "has_standing": record.has_standing,
        "can_execute": record.can_execute,
        "access_contract": record.access_contract.map(id),
        "memory": record.memory.map(id),
    })
}

/// One artifact with everything.
pub(super) fn show(look: &Look<'_>, id: &str) -> Result<(), Failure> {
    let world = &look.world;
    let key = key(world, id)?;
    let record = match world.parts().ontology.artifact(key) {
        Resolution::Live(record) => Some(record),
        _ => world.principal(key),
    };
    let Some(record) = record else {
        return gone(look, key, id);
    };
    // What the schema in force shows of it, whatever else is stored.
    let described = world.parts().ontology.describe(record, &|key| world.id(key).clone()).to_json();
    if look.json {
        let mut object = object(world, record);
        if let Value::Object(fields) = &mut object {
            fields.insert("content".to_owned(), (&*record.content).into());
            fields.insert(
                "policy".to_owned(),
                record.policy.as_deref().map_or(Value::Null, |one| policy(world, one)),
            );
            fields.insert("described".to_owned(), described);
        }
        return look.terminal.print_json(&json!({ "world": look.name, "artifact": object }));
    }
    let style = look.terminal.out;
    let mut text = format!("{}\n\n", style.heading(record.id.as_str()));
    if let Value::Object(fields) = &described {
        for (name, value) in fields.iter().filter(|(name, _)| *name != "id") {
            let value = match value {
                Value::String(text) => clean(text).into_owned(),
                other => clean(&other.to_string()).into_owned(),
            };
            for (at, line) in wrap(&value, look.terminal.width.saturating_sub(26)).iter().enumerate() {
                let name = if at == 0 { cut(&clean(name), 22) } else { String::new() };
                text += &format!("  {}{line}\n", style.faint(&format!("{name:<24}")));
            }
        }
    }
    text += &format!("\n{}\n", style.faint(&format!("content, {}", bytes(record.content.len() as u64))));
    let content = clean_lines(&record.content);
    for line in content.lines().take(CONTENT_LINES_MAX) {
        text += &format!("{line}\n");
    }
    let rest = content.lines().count().saturating_sub(CONTENT_LINES_MAX);
    if rest > 0 {
        text +=
            &format!("{}\n", style.faint(&format!("{} more; --json shows all", count(rest as u64, "line"))));
    }
    look.terminal.print(&text)
}

/// An id that is known but stands for nothing that lives.
fn gone(look: &Look<'_>, key: Key, id: &str) -> Result<(), Failure> {
    let deleted = matches!(look.world.parts().ontology.artifact(key), Resolution::Tombstone);
    if look.json {
        return look
            .terminal
            .print_json(&json!({ "world": look.name, "artifact": null, "deleted": deleted }));
    }
    let why = if deleted {
        "was deleted; its id stays taken"
    } else {
        "is only a name: nothing was ever made under it"
    };
    look.terminal.print(&format!("{} {why}\n", clean(id)))
}

fn policy(world: &World, policy: &Policy) -> Value {
    let list = |list: &AllowList| match list {
        AllowList::Anyone => json!(["*"]),
        AllowList::Only(keys) => keys.iter().map(|key| Value::from(world.id(*key).as_str())).collect(),
    };
    json!({
        "read": list(&policy.read),
        "write": list(&policy.write),
        "invoke": list(&policy.invoke),
        "read_price": policy.read_price.0,
        "invoke_price": policy.invoke_price.0,
    })
}
