//! Reads the text of a configuration, with exact positions of what is wrong.
//!
//! A derived enum with a tag reads everything into a buffer first and loses the positions; so the tag is read on its own, and then the
//! fields are read straight from the text while the tag is passed over.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, IntoDeserializer, MapAccess, Visitor,
};

const TAG: &str = "mind";

/// A place in a text, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character in the line.
    pub column: usize,
}

impl Position {
    fn of(text: &str, byte: usize) -> Self {
        let before = &text[..text.floor_char_boundary(byte)];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// What is wrong with a text, and where.
pub(crate) struct TextError {
    pub(crate) at: Position,
    pub(crate) message: String,
}

/// The value of the tag, if the text has one.
pub(crate) fn parse_name(text: &str) -> Result<Option<String>, TextError> {
    #[derive(Deserialize)]
    struct Head {
        #[serde(default)]
        mind: Option<String>,
    }
    parse::<Head>(text).map(|head| head.mind)
}

/// The fields of the text other than the tag.
pub(crate) fn parse_fields<T: DeserializeOwned>(text: &str) -> Result<T, TextError> {
    parse::<Untagged<T>>(text).map(|fields| fields.0)
}

/// Where `field` first stands as a word of its own; the beginning when it does not.
pub(crate) fn locate(text: &str, field: &str) -> Position {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let found = text
        .match_indices(field)
        .find(|(at, _)| !text[..*at].ends_with(is_word) && !text[at + field.len()..].starts_with(is_word));
    Position::of(text, found.map_or(0, |(at, _)| at))
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, TextError> {
    if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map_err(|error| {
            let at = Position { line: error.line().max(1), column: error.column().max(1) };
            let message = error.to_string();
            let position = format!(" at line {} column {}", error.line(), error.column());
            TextError { at, message: message.strip_suffix(&position).unwrap_or(&message).to_owned() }
        })
    } else {
        toml::from_str(text).map_err(|error| TextError {
            at: Position::of(text, error.span().map_or(0, |span| span.start)),
            message: error.message().trim_end().to_owned(),
        })
    }
}

struct Untagged<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Untagged<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(UntaggedVisitor(PhantomData))
    }
}

struct UntaggedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for UntaggedVisitor<T> {
    type Value = Untagged<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of fields")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(WithoutTag(map))).map(Untagged)
    }
}

/// The entries of a map but the tag.
struct WithoutTag<A>(A);

impl<'de, A: MapAccess<'de>> MapAccess<'de> for WithoutTag<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        let mut seed = seed;
        loop {
            match self.0.next_key_seed(KeyOrTag(seed))? {
                None => return Ok(None),
                Some(Ok(key)) => return Ok(Some(key)),
                Some(Err(unused)) => {
                    seed = unused;
                    self.0.next_value::<IgnoredAny>()?;
                }
            }
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.0.next_value_seed(seed)
    }
}

/// Reads a key inside the format's own reader, so that the format adds the position to an error; gives the seed back for the tag.
struct KeyOrTag<K>(K);

impl<'de, K: DeserializeSeed<'de>> DeserializeSeed<'de> for KeyOrTag<K> {
    type Value = Result<K::Value, K>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<'de, K: DeserializeSeed<'de>> Visitor<'de> for KeyOrTag<K> {
    type Value = Result<K::Value, K>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<Self::Value, E> {
        if key == TAG { Ok(Err(self.0)) } else { self.0.deserialize(key.into_deserializer()).map(Ok) }
    }
}
