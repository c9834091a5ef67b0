//! The layers of a configuration: a file, the environment, arguments. Each is checked setting by setting, at its place.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::{ConfigError, Problem};
use crate::keys::{self, Key, Shape};
use crate::nearest::{nearest, nearest_key, shown};
use crate::place::{Place, Source, SourceKind};

/// Every environment variable that sets something begins with this; `__` parts sections and keys.
pub const ENVIRONMENT_PREFIX: &str = "ECOLOGY_";

/// The most errors that are reported at once.
pub const ERRORS_MAX: usize = 100;

/// Where a configuration is read from. Later sources win: defaults, the file, the environment, assignments in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    /// The name and the text of the configuration file.
    pub file: Option<(String, String)>,
    /// Environment variables; those without [`ENVIRONMENT_PREFIX`] are not looked at.
    pub environment: Vec<(String, String)>,
    /// Assignments `section.key=value` with what they came from, for example `--set` or `--seed`.
    pub sets: Vec<(String, String)>,
}

impl Sources {
    /// Nothing but defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with a configuration file.
    #[must_use]
    pub fn file(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.file = Some((name.into(), text.into()));
        self
    }

    /// The same with environment variables.
    #[must_use]
    pub fn environment(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        self.environment
            .extend(variables.into_iter().filter(|(name, _)| name.starts_with(ENVIRONMENT_PREFIX)));
        self
    }

    /// The same with one more assignment `section.key=value` from `option`.
    #[must_use]
    pub fn set(mut self, option: impl Into<String>, assignment: impl Into<String>) -> Self {
        self.sets.push((option.into(), assignment.into()));
        self
    }
}

/// A value with the place that it was written at; defaults have none.
#[derive(Debug, Clone)]
pub(crate) struct Layered {
    pub(crate) value: toml::Value,
    pub(crate) place: Option<Place>,
}

/// What the layers come to.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    pub(crate) values: BTreeMap<&'static str, Layered>,
    pub(crate) errors: Vec<ConfigError>,
    /// Settings with an error of their own.
    pub(crate) bad: BTreeSet<&'static str>,
    /// Whether an error hides what was meant, so that settings cannot be judged against each other.
    pub(crate) unclear: bool,
}

/// A text with the place where it begins in its source.
struct Reading<'a> {
    source: &'a Arc<Source>,
    offset: usize,
}

impl Reading<'_> {
    fn place(&self, span: Range<usize>) -> Place {
        Place::new(self.source, span.start + self.offset..span.end + self.offset)
    }
}

impl Layers {
    /// Reads all layers.
    pub(crate) fn read(sources: Sources) -> Self {
        let mut layers = Self::default();
        for key in keys::settings() {
            if let Some(value) = &key.default {
                layers.values.insert(&key.path, Layered { value: value.clone(), place: None });
            }
        }
        if let Some((name, text)) = sources.file {
            layers.read_file(name, text);
        }
        layers.read_environment(sources.environment);
        for (option, assignment) in sources.sets {
            layers.read_set(option, assignment);
        }
        layers
    }

    fn read_file(&mut self, name: String, text: String) {
        let source = Arc::new(Source { kind: SourceKind::File, name, text });
        let (table, errors) = DeTable::parse_recoverable(&source.text);
        let reading = Reading { source: &source, offset: 0 };
        for error in &errors {
            let place = reading.place(error.span().unwrap_or(0..0));
            self.unclear(ConfigError::new(Problem::Syntax { detail: error.message().to_owned() }).at(place));
        }
        if errors.is_empty() {
            self.section(keys::root(), table.get_ref(), &reading);
        }
        self.errors.sort_by_key(|error| error.places().first().map_or(0, |place| place.span().start));
    }

    fn read_environment(&mut self, mut variables: Vec<(String, String)>) {
        variables.sort();
        let mut seen: BTreeMap<&'static str, String> = BTreeMap::new();
        for (name, value) in variables {
            let Some(rest) = name.strip_prefix(ENVIRONMENT_PREFIX) else { continue };
            let text = format!("{name}={value}");
            let path: Vec<String> = rest.split("__").map(str::to_lowercase).collect();
            let source = Arc::new(Source { kind: SourceKind::Environment, name: name.clone(), text });
            let place = Place::new(&source, 0..name.len());
            if path.len() < 2 {
                // Other programs may use the prefix too; only what can only be a slip is refused.
                let plain = rest.to_lowercase().replace('_', "");
                let meant =
                    keys::settings().into_iter().find(|key| key.path.replace(['_', '.', '-'], "") == plain);
                if let Some(meant) = meant {
                    let meant = variable(&meant.path);
                    self.unclear(
                        ConfigError::new(Problem::SingleUnderscore { variable: name, meant }).at(place),
                    );
                }
                continue;
            }
            let Some(key) = self.resolve(&path, Key::child_of_variable, place.clone()) else { continue };
            if let Some(first) = seen.insert(&key.path, name.clone()) {
                let problem = Problem::SetTwice { key: key.path.clone(), first, second: name };
                self.bad(key, ConfigError::new(problem).at(place));
                continue;
            }
            self.assigned(key, &value, &Reading { source: &source, offset: name.len() + 1 });
        }
    }

    fn read_set(&mut self, option: String, assignment: String) {
        let source = Arc::new(Source { kind: SourceKind::Argument, name: option, text: assignment });
        let whole = Place::new(&source, 0..source.text.len());
        let split = source.text.split_once('=').filter(|(name, _)| !name.trim().is_empty());
        let Some((name, value)) = split else {
            let assignment = shown(&source.text);
            self.unclear(ConfigError::new(Problem::NotAnAssignment { assignment }).at(whole));
            return;
        };
        let path: Vec<String> =
            name.split('.').map(|part| part.trim().trim_matches('"').to_owned()).collect();
        let place = Place::new(&source, 0..name.len());
        let Some(key) = self.resolve(&path, Key::child, place) else { return };
        self.assigned(key, value, &Reading { source: &source, offset: name.len() + 1 });
    }

    /// The setting or section that a path of names leads to.
    fn resolve(
        &mut self,
        path: &[String],
        child: impl Fn(&'static Key, &str) -> Option<&'static Key>,
        place: Place,
    ) -> Option<&'static Key> {
        let mut key = keys::root();
        for (at, name) in path.iter().enumerate() {
            if let Some(next) = child(key, name) {
                key = next;
            } else {
                let rest: Vec<&str> = path[at + 1..].iter().map(String::as_str).collect();
                self.unknown(key, name, &rest, place);
                return None;
            }
        }
        Some(key)
    }

    /// The value of an assignment: TOML where that fits the setting, otherwise the bare text.
    fn assigned(&mut self, key: &'static Key, text: &str, reading: &Reading<'_>) {
        let bare = text.trim();
        let start = text.len() - text.trim_start().len();
        let inner = Reading { source: reading.source, offset: reading.offset + start };
        let parsed = DeValue::parse(bare).ok();
        let takes_text = matches!(key.shape, Shape::Text | Shape::Choice(_));
        match parsed {
            Some(value) if !takes_text || value.get_ref().is_str() => self.value(key, &value, &inner),
            _ => {
                let value = DeValue::String(bare.into());
                self.value(key, &Spanned::new(0..bare.len(), value), &inner);
            }
        }
    }

    fn section(&mut self, section: &'static Key, table: &DeTable<'_>, reading: &Reading<'_>) {
        for (name, value) in table {
            match section.child(name.get_ref()) {
                Some(key) => self.value(key, value, reading),
                None => self.unknown(section, name.get_ref(), &[], reading.place(name.span())),
            }
        }
    }

    fn value(&mut self, key: &'static Key, value: &Spanned<DeValue<'_>>, reading: &Reading<'_>) {
        let place = reading.place(value.span());
        if let (Shape::Section(_), DeValue::Table(table)) = (&key.shape, value.get_ref()) {
            self.section(key, table, reading);
            return;
        }
        match checked(key, value.get_ref()) {
            Ok(value) => {
                self.values.insert(&key.path, Layered { value, place: Some(place) });
            }
            Err(problem) => self.bad(key, ConfigError::new(problem).at(place)),
        }
    }

    fn unknown(&mut self, section: &'static Key, name: &str, rest: &[&str], place: Place) {
        if self.errors.len() >= ERRORS_MAX {
            // Enough is said; the search for what was meant would cost more than anybody reads.
            self.unclear = true;
            return;
        }
        let whole = [section.path.as_str(), name]
            .into_iter()
            .chain(rest.iter().copied())
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(".");
        let problem = Problem::UnknownKey {
            key: shown(&whole),
            nearest: nearest_key(section, name, rest),
            known: section.children().iter().map(|key| key.name.clone()).collect(),
        };
        self.unclear(ConfigError::new(problem).at(place));
    }

    fn unclear(&mut self, error: ConfigError) {
        self.unclear = true;
        self.push(error);
    }

    fn bad(&mut self, key: &'static Key, error: ConfigError) {
        self.bad.insert(&key.path);
        self.push(error);
    }

    fn push(&mut self, error: ConfigError) {
        if self.errors.len() < ERRORS_MAX {
            self.errors.push(error);
        }
    }

    /// Where the value of a setting comes from; a default is written nowhere and shown as if it were.
    pub(crate) fn place(&self, path: &str) -> Place {
        match self.values.get(path) {
            Some(Layered { place: Some(place), .. }) => place.clone(),
            Some(Layered { value, .. }) => Place::of_default(format!("{path} = {value}")),
            None => Place::of_default(format!("{path} is not set")),
        }
    }
}

/// The environment variable of a setting.
#[must_use]
pub fn variable(path: &str) -> String {
    format!("{ENVIRONMENT_PREFIX}{}", path.replace('.', "__").replace('-', "_").to_uppercase())
}

/// The value, when the setting takes it.
fn checked(key: &Key, value: &DeValue<'_>) -> Result<toml::Value, Problem> {
    let wrong = |found: String| Problem::WrongType {
        key: key.path.clone(),
        wanted: key.shape.wanted(),
        found,
        example: meant(key, value).unwrap_or_else(|| key.example()),
    };
    match (&key.shape, value) {
        (Shape::Integer { min, max }, DeValue::Integer(_)) => {
            integer(&key.path, value, *min, *max).map(toml::Value::Integer)
        }
        (Shape::Flag, DeValue::Boolean(flag)) => Ok(toml::Value::Boolean(*flag)),
        (Shape::Text, DeValue::String(text)) if text.is_empty() => Err(wrong("an empty one".to_owned())),
        (Shape::Text, DeValue::String(text)) => Ok(toml::Value::String(text.to_string())),
        (Shape::Choice(names), DeValue::String(text)) => {
            if names.iter().any(|name| name == text) {
                return Ok(toml::Value::String(text.to_string()));
            }
            Err(Problem::UnknownChoice {
                key: key.path.clone(),
                found: shown(text),
                nearest: nearest(text, names.iter().map(String::as_str)).map(str::to_owned),
                choices: names.clone(),
            })
        }
        (Shape::List { min, max, items_min, items_max }, DeValue::Array(items)) => {
            let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
            if length < *items_min || length > *items_max {
                return Err(Problem::OutOfRange {
                    key: format!("the length of {}", key.path),
                    found: length.to_string(),
                    min: *items_min,
                    max: *items_max,
                });
            }
            let numbers = items.iter().map(|item| match item.get_ref() {
                number @ DeValue::Integer(_) => {
                    integer(&format!("one of {}", key.path), number, *min, *max).map(toml::Value::Integer)
                }
                other => Err(wrong(format!("a list with {}", described(other)))),
            });
            numbers.collect::<Result<_, _>>().map(toml::Value::Array)
        }
        (_, other) => Err(wrong(described(other))),
    }
}

/// What was probably meant by a number in quotes or with a decimal point.
fn meant(key: &Key, value: &DeValue<'_>) -> Option<String> {
    let Shape::Integer { min, max } = &key.shape else { return None };
    let text = match value {
        DeValue::String(text) => text.trim(),
        DeValue::Float(number) => number.as_str().trim_end_matches('0').strip_suffix('.')?,
        _ => return None,
    };
    let number = text.parse::<i64>().ok().filter(|number| (*min..=*max).contains(number))?;
    Some(format!("{} = {number}", key.name))
}

fn integer(key: &str, value: &DeValue<'_>, min: i64, max: i64) -> Result<i64, Problem> {
    let DeValue::Integer(written) = value else { return Err(outside(key, "no number", min, max)) };
    match i64::from_str_radix(written.as_str(), written.radix()) {
        Ok(number) if (min..=max).contains(&number) => Ok(number),
        _ => Err(outside(key, written.as_str(), min, max)),
    }
}

fn outside(key: &str, found: &str, min: i64, max: i64) -> Problem {
    Problem::OutOfRange { key: key.to_owned(), found: shown(found), min, max }
}

fn described(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the text {:?}", shown(text)),
        DeValue::Integer(number) => format!("the number {}", shown(number.as_str())),
        DeValue::Float(number) => {
            format!("the number {} with a decimal point or exponent", shown(number.as_str()))
        }
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(_) => "a date or time".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a section".to_owned(),
    }
}
