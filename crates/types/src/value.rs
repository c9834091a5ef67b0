//! What arguments and results are made of: JSON without floating point.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// An argument or a result. The shapes of JSON, but numbers are integers: no rounding can enter a ledger.
///
/// Maps keep the order they were written in and are searched linearly; they are small.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Value {
    /// Nothing.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text.
    Text(SmolStr),
    /// A sequence.
    List(Vec<Value>),
    /// Named values.
    Map(Vec<(SmolStr, Value)>),
}

impl Value {
    /// A map from pairs.
    pub fn map<const N: usize>(pairs: [(&str, Value); N]) -> Self {
        Self::Map(pairs.into_iter().map(|(name, value)| (SmolStr::new(name), value)).collect())
    }

    /// Text.
    pub fn text(text: impl AsRef<str>) -> Self {
        Self::Text(SmolStr::new(text))
    }

    /// A count or amount; one larger than a signed 64-bit integer stops there.
    #[must_use]
    pub fn count(count: u64) -> Self {
        Self::Int(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// The value called `name`, when this is a map that has it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Map(pairs) => pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text, when this is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, when this is one.
    #[must_use]
    pub const fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// The number, when this is one and not negative.
    #[must_use]
    pub fn as_count(&self) -> Option<u64> {
        self.as_int().and_then(|number| u64::try_from(number).ok())
    }

    /// The word for its shape in messages.
    #[must_use]
    pub const fn shape(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Int(_) => "an integer",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }

    /// How much room it takes: the bytes of its texts and names, and 8 for everything else.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Self::Null | Self::Bool(_) | Self::Int(_) => 8,
            Self::Text(text) => text.len().max(8),
            Self::List(items) => 8 + items.iter().map(Self::bytes).sum::<usize>(),
            Self::Map(pairs) => {
                8 + pairs.iter().map(|(name, value)| name.len() + value.bytes()).sum::<usize>()
            }
        }
    }

    /// How deep it nests: 1 for a plain value. Stops counting at `limit + 1`, so that it cannot be made to recurse without end.
    #[must_use]
    pub fn depth(&self, limit: usize) -> usize {
        // Most values that stand in a map are plain ones.
        let depth_below = |deepest: usize, value: &Value| match value {
            Self::List(_) | Self::Map(_) if limit > 0 => deepest.max(value.depth(limit - 1)),
            _ => deepest.max(usize::from(limit > 0)),
        };
        match self {
            Self::List(items) => 1 + items.iter().fold(0, depth_below),
            Self::Map(pairs) => 1 + pairs.iter().map(|(_, value)| value).fold(0, depth_below),
            _ => 1,
        }
    }

    /// Reads JSON into a value.
    ///
    /// # Errors
    /// [`NotAValue`] when a number is not a whole number of 64 bits.
    pub fn from_json(json: &serde_json::Value) -> Result<Self, NotAValue> {
        Ok(match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(truth) => Self::Bool(*truth),
            serde_json::Value::Number(number) => {
                Self::Int(number.as_i64().ok_or_else(|| NotAValue(number.to_string()))?)
            }
            serde_json::Value::String(text) => Self::text(text),
            serde_json::Value::Array(items) => {
                Self::List(items.iter().map(Self::from_json).collect::<Result<_, _>>()?)
            }
            serde_json::Value::Object(pairs) => Self::Map(
                pairs
                    .iter()
                    .map(|(name, value)| Ok((SmolStr::new(name), Self::from_json(value)?)))
                    .collect::<Result<_, NotAValue>>()?,
            ),
        })
    }

    /// The value as JSON.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(truth) => (*truth).into(),
            Self::Int(number) => (*number).into(),
            Self::Text(text) => text.as_str().into(),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Map(pairs) => {
                pairs.iter().map(|(name, value)| (name.to_string(), value.to_json())).collect()
            }
        }
    }
}

/// A JSON number that is not a whole number of 64 bits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a whole number of 64 bits; amounts are integers in the smallest unit")]
pub struct NotAValue(pub String);

impl From<u64> for Value {
    fn from(count: u64) -> Self {
        Self::count(count)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}
