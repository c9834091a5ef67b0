//! The JSON schema of the configuration: generated from the types, and the source of names, bounds and descriptions.

use ecology_types::{GenesisArtifact, Id};
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use crate::Config;

/// Bounds of settings whose type is defined elsewhere, as (path, least, most). The least values keep a world able to work.
fn bounds() -> Vec<(&'static str, u64, u64)> {
    let genesis_id_bytes = GenesisArtifact::ALL.iter().map(|one| one.name().len()).max().unwrap_or(1) as u64;
    let count_max = u64::from(u32::MAX);
    vec![
        ("limits.id_bytes_max", genesis_id_bytes, Id::BYTES_MAX as u64),
        ("limits.name_bytes_max", 32, 256),
        ("limits.args_depth_max", 1, 64),
        ("limits.artifacts_max", GenesisArtifact::ALL.len() as u64 + 1, count_max),
        ("limits.page_items_max", 1, count_max),
        ("limits.contract_depth_max", 1, 64),
        ("limits.reservations_per_principal_max", 1, count_max),
        ("code.check_instructions_max", 1, i64::MAX as u64),
        ("code.run_instructions_max", 1, i64::MAX as u64),
        ("code.instructions_per_cpu_us", 1, i64::MAX as u64),
        ("code.run_depth_max", 1, 64),
        ("code.asks_max", 1, 1_000),
    ]
}

/// The JSON schema (draft 2020-12) of a configuration file.
#[must_use]
pub fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<Config>().to_value();
    for (path, least, most) in bounds() {
        if let Some(Value::Object(entry)) = schema.pointer_mut(&pointer(path)) {
            entry.insert("minimum".to_owned(), json!(least));
            entry.insert("maximum".to_owned(), json!(most));
        }
    }
    tidy(&mut schema);
    schema
}

fn pointer(path: &str) -> String {
    path.split('.').map(|name| format!("/properties/{name}")).collect()
}

/// Keeps to what TOML can hold and readers need: integers end at 2^63 - 1, and the default of a section is that of its keys.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(entry) => {
            if entry.contains_key("properties") {
                entry.remove("default");
            }
            let optional = match entry.get("type") {
                Some(Value::Array(types)) if types.iter().any(|one| one == "null") => {
                    types.iter().find(|one| *one != "null").cloned()
                }
                _ => None,
            };
            if let Some(plain) = optional {
                // TOML has no null: a setting is left out instead.
                entry.insert("type".to_owned(), plain);
                entry.remove("default");
            }
            if entry.get("type").is_some_and(|one| one == "integer") && !entry.contains_key("maximum") {
                let most = match entry.get("format").and_then(Value::as_str) {
                    Some("uint32") => json!(u32::MAX),
                    _ => json!(i64::MAX),
                };
                entry.insert("maximum".to_owned(), most);
            }
            entry.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

/// The schema as the text of `config/ecology.schema.json`.
#[must_use]
pub fn schema_text() -> String {
    text_of(schema())
}

/// A schema as text that does not depend on the order in which it was put together, with a line end.
#[must_use]
pub fn text_of(schema: Value) -> String {
    let mut text = format!("{:#}", sorted(schema));
    text.push('\n');
    text
}

/// The same value with every object in the order of its keys, whatever map serde_json was built with.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(entry) => {
            let mut entries: Vec<_> = entry.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            entries.sort_by(|one, other| one.0.cmp(&other.0));
            Value::Object(entries.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        plain => plain,
    }
}
