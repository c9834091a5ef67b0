//! Every setting by name: what it takes, what it means, what it is when nobody sets it. Read from the schema.

use std::sync::LazyLock;

use serde_json::Value;
use toml::de::{DeTable, DeValue};

use crate::config::{Capacity, Config};

/// One name: a section or a setting.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// The whole name, for example `features.access_control`.
    pub path: String,
    /// The last part of it.
    pub name: String,
    /// What it means, with its unit.
    pub meaning: String,
    /// What it takes.
    pub shape: Shape,
    /// Its default; `None` for sections and for settings that are not set by default.
    pub default: Option<toml::Value>,
}

/// What a setting takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A section: further names.
    Section(Vec<Key>),
    /// A whole number.
    Integer {
        /// The least.
        min: i64,
        /// The most.
        max: i64,
    },
    /// `true` or `false`.
    Flag,
    /// Any text.
    Text,
    /// One of these names.
    Choice(Vec<String>),
    /// A list of whole numbers.
    List {
        /// The least number.
        min: i64,
        /// The largest number.
        max: i64,
        /// The least length.
        items_min: i64,
        /// The largest length.
        items_max: i64,
    },
}

impl Shape {
    /// What it takes, in words.
    pub(crate) fn wanted(&self) -> String {
        match self {
            Self::Section(_) => "a section with settings of its own".to_owned(),
            Self::Integer { min, max } if *max == i64::MAX => format!("a whole number from {min}"),
            Self::Integer { min, max } => format!("a whole number from {min} to {max}"),
            Self::Flag => "true or false".to_owned(),
            Self::Text => "a text".to_owned(),
            Self::Choice(names) => {
                names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(" or ")
            }
            Self::List { .. } => "a list of whole numbers".to_owned(),
        }
    }
}

static ROOT: LazyLock<Key> = LazyLock::new(|| {
    let defaults = toml::to_string(&Config::default()).unwrap_or_default();
    let every = toml::to_string(&every_setting()).unwrap_or_default();
    let order = DeTable::parse(&every).ok();
    let table = toml::from_str::<toml::Table>(&defaults).unwrap_or_default();
    let schema = crate::schema::schema();
    let order = order.as_ref().map(|table| table.get_ref());
    Key {
        path: String::new(),
        name: String::new(),
        meaning: String::new(),
        shape: shape("", &schema, Some(&toml::Value::Table(table)), order),
        default: None,
    }
});

/// A configuration in which every setting is set, so that its text has them all in the order of the types.
fn every_setting() -> Config {
    let mut config = Config::default();
    config.run.agents = Some(1);
    config.run.ticks = Some(1);
    config.run.duration_ms = Some(1);
    config.run.world = Some("world".into());
    config.capacity = Capacity {
        llm_budget: Some(1),
        disk: Some(1),
        memory: Some(1),
        llm_tokens: Some(1),
        llm_calls: Some(1),
        cpu: Some(1),
        disk_writes: Some(1),
        bandwidth: Some(1),
    };
    config
}

/// The root of the table of names.
pub(crate) fn root() -> &'static Key {
    &ROOT
}

/// Every setting, in the order of the reference; sections are not among them.
#[must_use]
pub fn settings() -> Vec<&'static Key> {
    let mut all = Vec::new();
    collect(root(), &mut all);
    all
}

fn collect(key: &'static Key, into: &mut Vec<&'static Key>) {
    match &key.shape {
        Shape::Section(keys) => keys.iter().for_each(|key| collect(key, into)),
        _ => into.push(key),
    }
}

/// The setting or section with this whole name.
#[must_use]
pub fn find(path: &str) -> Option<&'static Key> {
    path.split('.').try_fold(root(), |key, name| key.child(name))
}

impl Key {
    /// The name `name` inside this section.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children().iter().find(|key| key.name == name)
    }

    /// The name inside this section that an environment variable means: case does not matter, and `_` stands for `-` too.
    pub(crate) fn child_of_variable(&self, name: &str) -> Option<&Self> {
        self.children().iter().find(|key| same_name(&key.name, name))
    }

    /// The names inside this section; none for a setting.
    pub(crate) fn children(&self) -> &[Self] {
        match &self.shape {
            Shape::Section(keys) => keys,
            _ => &[],
        }
    }

    /// How its value may be written, for example `seed = 1`.
    pub(crate) fn example(&self) -> String {
        let value = match (&self.default, &self.shape) {
            (Some(value), _) => value.to_string(),
            (None, Shape::Text) => "\"...\"".to_owned(),
            (None, Shape::Integer { min, .. }) => (*min).max(1).to_string(),
            (None, _) => "...".to_owned(),
        };
        match &self.shape {
            Shape::Section(_) => format!("[{}] and its settings below it", self.path),
            Shape::Choice(names) => {
                names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(" or ")
            }
            _ => format!("{} = {value}", self.name),
        }
    }
}

fn same_name(one: &str, other: &str) -> bool {
    let plain = |byte: u8| if byte == b'-' { b'_' } else { byte.to_ascii_lowercase() };
    one.len() == other.len() && one.bytes().zip(other.bytes()).all(|(a, b)| plain(a) == plain(b))
}

fn shape(path: &str, schema: &Value, default: Option<&toml::Value>, order: Option<&DeTable<'_>>) -> Shape {
    if let Some(Value::Object(properties)) = schema.get("properties") {
        let mut keys: Vec<(usize, Key)> = properties
            .iter()
            .map(|(name, schema)| {
                let inner = order.and_then(|table| table.get_key_value(name.as_str()));
                let position = inner.map_or(usize::MAX, |(key, _)| key.span().start);
                let inner = inner.and_then(|(_, value)| match value.get_ref() {
                    DeValue::Table(table) => Some(table),
                    _ => None,
                });
                (position, key(path, name, schema, default.and_then(|value| value.get(name)), inner))
            })
            .collect();
        keys.sort_by(|one, other| (one.0, &one.1.name).cmp(&(other.0, &other.1.name)));
        return Shape::Section(keys.into_iter().map(|(_, key)| key).collect());
    }
    if let Some(names) = choices(schema) {
        return Shape::Choice(names);
    }
    let (min, max) = (number(schema, "minimum", 0), number(schema, "maximum", i64::MAX));
    match schema.get("type").and_then(Value::as_str) {
        Some("integer") => Shape::Integer { min, max },
        Some("boolean") => Shape::Flag,
        Some("array") => {
            let items = schema.get("items").unwrap_or(&Value::Null);
            Shape::List {
                min: number(items, "minimum", 0),
                max: number(items, "maximum", i64::MAX),
                items_min: number(schema, "minItems", 0),
                items_max: number(schema, "maxItems", i64::MAX),
            }
        }
        _ => Shape::Text,
    }
}

fn key(
    section: &str,
    name: &str,
    schema: &Value,
    default: Option<&toml::Value>,
    order: Option<&DeTable<'_>>,
) -> Key {
    let path = if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") };
    let meaning = schema.get("description").and_then(Value::as_str).unwrap_or_default().replace('\n', " ");
    let shape = shape(&path, schema, default, order);
    let default = if matches!(shape, Shape::Section(_)) { None } else { default.cloned() };
    Key { path, name: name.to_owned(), meaning, shape, default }
}

fn choices(schema: &Value) -> Option<Vec<String>> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    if let Some(Value::Array(names)) = schema.get("enum") {
        return names.iter().map(text).collect();
    }
    let Some(Value::Array(variants)) = schema.get("oneOf") else { return None };
    let mut names = Vec::new();
    for variant in variants {
        match (variant.get("const"), variant.get("enum")) {
            (Some(name), _) => names.push(text(name)?),
            (None, Some(Value::Array(several))) => {
                names.extend(several.iter().map(text).collect::<Option<Vec<_>>>()?);
            }
            _ => return None,
        }
    }
    Some(names)
}

fn number(schema: &Value, bound: &str, otherwise: i64) -> i64 {
    schema.get(bound).and_then(Value::as_i64).unwrap_or(otherwise)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_in_the_text_that_gives_the_order() {
        let text = toml::to_string(&every_setting()).expect("it can be written");
        let table = toml::Value::Table(text.parse().expect("it is TOML"));
        for key in settings() {
            let found = key.path.split('.').try_fold(&table, |value, name| value.get(name)).is_some();
            assert!(found, "{} is missing in every_setting()", key.path);
        }
    }

    #[test]
    fn every_name_says_what_it_means() {
        fn check(key: &Key) {
            for child in key.children() {
                assert!(!child.meaning.is_empty(), "{} has no description", child.path);
                assert_eq!(find(&child.path), Some(child));
                check(child);
            }
        }
        check(root());
        assert!(settings().len() > 80);
    }

    #[test]
    fn the_shape_of_a_default_is_the_one_that_is_taken() {
        for key in settings() {
            let Some(default) = &key.default else { continue };
            let fits = match &key.shape {
                Shape::Integer { min, max } => {
                    default.as_integer().is_some_and(|n| (*min..=*max).contains(&n))
                }
                Shape::Choice(names) => {
                    default.as_str().is_some_and(|name| names.iter().any(|one| one == name))
                }
                Shape::List { .. } => default.is_array(),
                Shape::Flag => default.is_bool(),
                Shape::Text => default.is_str(),
                Shape::Section(_) => false,
            };
            assert!(fits, "{} = {default}", key.path);
        }
    }
}
