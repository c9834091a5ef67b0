//! A configuration that holds, with the origin of every value.

use std::collections::BTreeMap;
use std::fmt;

use ecology_types::AxisVector;

use crate::combinations::clashes;
use crate::config::Config;
use crate::deprecations::{Deprecation, Level, active};
use crate::error::{ConfigError, Problem};
use crate::keys;
use crate::layers::{Layered, Layers, Sources};
use crate::place::{Place, SourceKind};
use crate::position::{FeatureRow, rows};

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// A configuration file.
    File {
        /// Its name.
        name: String,
        /// The line, beginning with 1.
        line: usize,
        /// The column in characters, beginning with 1.
        column: usize,
    },
    /// An environment variable.
    Environment {
        /// Its name.
        name: String,
    },
    /// An argument.
    Argument {
        /// The option: `--set`, or the one that stands for the setting.
        option: String,
    },
}

impl Origin {
    fn of(place: Option<&Place>) -> Self {
        let Some(place) = place else { return Self::Default };
        let name = place.source_name().to_owned();
        match place.kind() {
            SourceKind::File => Self::File { name, line: place.line(), column: place.column() },
            SourceKind::Environment => Self::Environment { name },
            SourceKind::Argument => Self::Argument { option: name },
            SourceKind::Default => Self::Default,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.pad("default"),
            Self::File { name, line, .. } => f.pad(&format!("{name}:{line}")),
            Self::Environment { name } => f.pad(&format!("environment {name}")),
            Self::Argument { option } => f.pad(option),
        }
    }
}

/// One line of `ecology config show`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingRow {
    /// The whole name.
    pub key: &'static str,
    /// The value as TOML; `None` when it is not set.
    pub value: Option<String>,
    /// Where it comes from.
    pub origin: Origin,
    /// What it means.
    pub meaning: &'static str,
}

/// A configuration that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// The values.
    pub config: Config,
    /// Where each comes from, by whole name. Settings that are not set are not in it.
    pub origins: BTreeMap<String, Origin>,
    values: BTreeMap<&'static str, String>,
}

impl Loaded {
    /// Every setting with its value and origin, in the order of the reference.
    #[must_use]
    pub fn settings(&self) -> Vec<SettingRow> {
        keys::settings()
            .into_iter()
            .map(|key| SettingRow {
                key: &key.path,
                value: self.values.get(key.path.as_str()).cloned(),
                origin: self.origins.get(&key.path).cloned().unwrap_or(Origin::Default),
                meaning: &key.meaning,
            })
            .collect()
    }

    /// The text of `ecology config show`: valid TOML, each setting with its origin as a comment.
    #[must_use]
    pub fn show(&self) -> String {
        let rows = self.settings();
        let left = |row: &SettingRow| match &row.value {
            Some(value) => format!("{} = {value}", row.key),
            None => format!("# {} is not set", row.key),
        };
        let width =
            rows.iter().map(|row| left(row).chars().count()).filter(|one| *one <= 60).max().unwrap_or(0);
        rows.iter().map(|row| format!("{:width$}  # {}\n", left(row), row.origin)).collect()
    }

    /// The positions on all axes.
    #[must_use]
    pub fn axis_vector(&self) -> AxisVector {
        self.config.axis_vector()
    }

    /// The deprecations that this configuration can meet and that are not silenced, with what happens on use.
    #[must_use]
    pub fn deprecations(&self) -> Vec<(&'static Deprecation, Level)> {
        active(&self.axis_vector())
            .map(|entry| (entry, self.config.deprecations.level(entry.code)))
            .filter(|(_, level)| *level != Level::Allow)
            .collect()
    }
}

/// The rows of `ecology features`.
#[must_use]
pub fn table(loaded: &Loaded) -> Vec<FeatureRow> {
    rows(&loaded.axis_vector())
}

/// Reads a configuration from its sources and checks it whole.
///
/// Reads nothing but `sources`: files and the environment are the caller's affair (see [`mod@crate::file`]).
///
/// # Errors
/// Everything that is wrong (of very much, [`crate::ERRORS_MAX`] errors), each with its places and with what to write: first setting by setting, in the order of the
/// sources, then what does not fit together. The latter is left out where an error hides what was meant.
pub fn load(sources: Sources) -> Result<Loaded, Vec<ConfigError>> {
    let mut layers = Layers::read(sources);
    let config = match config_of(&layers) {
        Ok(config) => config,
        Err(error) => {
            layers.errors.push(error);
            return Err(layers.errors);
        }
    };
    if !layers.unclear {
        for clash in clashes(&config) {
            if clash.keys.iter().any(|key| layers.bad.contains(key.as_str())) {
                continue;
            }
            let mut places: Vec<Place> = clash.keys.iter().map(|key| layers.place(key)).collect();
            // What somebody wrote comes before what nobody did: it is what they can change.
            places.sort_by_key(|place| *place.kind() == SourceKind::Default);
            let several = places.len() > 1;
            let labelled = places.into_iter().enumerate().map(|(at, place)| match (several, at) {
                (false, _) => place,
                (true, 0) => place.labelled("change this"),
                (true, _) => place.labelled("or this"),
            });
            let error = labelled.fold(ConfigError::new(clash.problem), ConfigError::at);
            layers.errors.push(error);
        }
    }
    if !layers.errors.is_empty() {
        return Err(layers.errors);
    }
    let origins = layers.values.iter().map(|(key, one)| ((*key).to_owned(), Origin::of(one.place.as_ref())));
    let origins = origins.collect();
    let values = layers.values.iter().map(|(key, one)| (*key, one.value.to_string())).collect();
    Ok(Loaded { config, origins, values })
}

fn config_of(layers: &Layers) -> Result<Config, ConfigError> {
    let mut root = toml::Table::new();
    for (path, Layered { value, .. }) in &layers.values {
        insert(&mut root, path, value);
    }
    root.try_into().map_err(|error: toml::de::Error| {
        ConfigError::new(Problem::Internal { detail: error.message().to_owned() })
    })
}

fn insert(table: &mut toml::Table, path: &str, value: &toml::Value) {
    match path.split_once('.') {
        None => {
            table.insert(path.to_owned(), value.clone());
        }
        Some((section, rest)) => {
            let entry = table.entry(section).or_insert_with(|| toml::Value::Table(toml::Table::new()));
            if let toml::Value::Table(inner) = entry {
                insert(inner, rest, value);
            }
        }
    }
}
