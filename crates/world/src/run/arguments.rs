//! Whether a method of a tool can be called like this.

use ecology_types::{ArtifactRecord, Method, Refusal, RefusalCode, SmolStr, Value};

/// The arguments as a method takes them: code that has none to give may write an empty list, or nothing.
pub(super) fn as_map(args: &Value) -> Option<&[(SmolStr, Value)]> {
    match args {
        Value::Map(pairs) => Some(pairs),
        Value::Null => Some(&[]),
        Value::List(items) if items.is_empty() => Some(&[]),
        _ => None,
    }
}

/// Whether the interface of a tool, if it has one, has the method and the method takes these arguments.
pub(super) fn check(record: &ArtifactRecord, method: &str, args: &Value) -> Result<(), Refusal> {
    // The legacy schema has no place for an interface: there the code itself says which methods it knows.
    let Some(interface) = record.interface.as_deref() else { return Ok(()) };
    let shown: String = method.chars().take(64).collect();
    let Some(known) = interface.methods.iter().find(|known| known.name == method) else {
        let nearest = interface
            .methods
            .iter()
            .map(|known| (strsim::damerau_levenshtein(&shown, &known.name), known.name.as_str()))
            .min()
            .filter(|(distance, _)| *distance <= 4)
            .map_or_else(String::new, |(_, name)| format!("; did you mean {name}?"));
        let detail = format!("{} has no method {shown:?}{nearest}", record.id);
        return Err(Refusal::new(RefusalCode::MethodNotFound, detail));
    };
    fits(known, args).map_err(|problem| {
        Refusal::new(RefusalCode::ArgumentInvalid, format!("{}.{}: {problem}", record.id, known.name))
    })
}

/// Checks names and shapes against those parts of the schema that this world understands: `properties` with their `type`, `required`
/// and `additionalProperties: false`. Everything else is the tool's own affair.
fn fits(method: &Method, args: &Value) -> Result<(), String> {
    let Some(pairs) = as_map(args) else {
        return Err(format!("the arguments must be a map, not {}", args.shape()));
    };
    let schema = &method.input_schema;
    let properties = schema.get("properties");
    let is_closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
    for (at, (name, value)) in pairs.iter().enumerate() {
        let shown: String = name.chars().take(64).collect();
        if pairs[..at].iter().any(|(earlier, _)| earlier == name) {
            return Err(format!("{shown:?} is given twice"));
        }
        match properties.and_then(|properties| properties.get(name)) {
            None if is_closed => return Err(format!("there is no argument {shown:?}")),
            None => {}
            Some(property) => {
                let wanted = property.get("type").and_then(Value::as_text).unwrap_or_default();
                if !has_shape(value, wanted) {
                    return Err(format!("{shown:?} must be of type {wanted}, not {}", value.shape()));
                }
            }
        }
    }
    if let Some(Value::List(required)) = schema.get("required") {
        for name in required.iter().filter_map(Value::as_text) {
            if !pairs.iter().any(|(given, _)| given == name) {
                return Err(format!("{name:?} is missing"));
            }
        }
    }
    Ok(())
}

fn has_shape(value: &Value, wanted: &str) -> bool {
    match wanted {
        "string" => matches!(value, Value::Text(_)),
        "integer" | "number" => matches!(value, Value::Int(_)),
        "boolean" => matches!(value, Value::Bool(_)),
        "array" => matches!(value, Value::List(_)),
        "object" => as_map(value).is_some(),
        "null" => matches!(value, Value::Null),
        _ => true,
    }
}
