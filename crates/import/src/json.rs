//! JSON with places, and with numbers as they are written.
//!
//! `serde_json` reads; a value that is not looked into yet is a slice of the text ([`RawValue`]), whose address gives its place.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::options::Limits;
use crate::problem::{Problem, ProblemKind};
use crate::text::{Lines, Text};
use crate::tree::{Node, Value};

/// Reads a whole file.
pub(crate) fn parse(file: &Text, limits: &Limits) -> Result<Node, Problem> {
    let lines = Lines::of(&file.text);
    let reader = Reader { file, lines };
    reader.check_depth(limits.depth_max)?;
    let raw: &RawValue = serde_json::from_str(&file.text).map_err(|error| reader.syntax(&error))?;
    reader.node(raw.get())
}

struct Reader<'t> {
    file: &'t Text,
    lines: Lines,
}

impl Reader<'_> {
    /// Lists and objects inside one another, counted without looking at anything else, so that nothing that is deep is ever entered.
    fn check_depth(&self, depth_max: usize) -> Result<(), Problem> {
        let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
        for (at, byte) in self.file.text.bytes().enumerate() {
            if in_text {
                match byte {
                    _ if escaped => escaped = false,
                    b'\\' => escaped = true,
                    b'"' => in_text = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => in_text = true,
                b'[' | b'{' => {
                    depth += 1;
                    if depth > depth_max {
                        let message = format!("lists and objects are more than {depth_max} deep here");
                        return Err(self.problem(ProblemKind::TooLarge, at, message, "raise --depth-max"));
                    }
                }
                b']' | b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        Ok(())
    }

    fn problem(&self, kind: ProblemKind, offset: usize, message: String, help: &str) -> Problem {
        let place = Some(self.lines.at(offset).place(&self.file.name));
        Problem { kind, place, message, help: help.to_owned() }
    }

    fn syntax(&self, error: &serde_json::Error) -> Problem {
        let offset = self.lines.offset(error.line().max(1), error.column().max(1));
        let text = error.to_string();
        let position = format!(" at line {} column {}", error.line(), error.column());
        let what = text.strip_suffix(&position).unwrap_or(&text).to_owned();
        for word in ["-Infinity", "Infinity", "NaN"] {
            // The reader stops inside or right before the word.
            let from = (offset.saturating_sub(word.len())..=offset)
                .find(|at| self.file.text.get(*at..).is_some_and(|rest| rest.starts_with(word)));
            if let Some(at) = from {
                let message = format!("{word} is no amount");
                let help =
                    "write the number that it should be; Python writes this word where a computation failed";
                return self.problem(ProblemKind::Number, at, message, help);
            }
        }
        let help = match error.classify() {
            serde_json::error::Category::Eof => "the file ends too early: take an older copy of it",
            _ => "correct the file at this place, or take an older copy of it",
        };
        self.problem(ProblemKind::Syntax, offset, what, help)
    }

    /// An error inside a slice of the text.
    fn inner(&self, slice: &str, error: &serde_json::Error) -> Problem {
        let inside = Lines::of(slice).offset(error.line().max(1), error.column().max(1));
        let text = error.to_string();
        let what = text.split(" at line ").next().unwrap_or_default().to_owned();
        let help = "correct the file at this place, or take an older copy of it";
        self.problem(ProblemKind::Syntax, self.offset(slice).saturating_add(inside), what, help)
    }

    /// Where a slice of the text begins.
    fn offset(&self, slice: &str) -> usize {
        (slice.as_ptr() as usize).saturating_sub(self.file.text.as_ptr() as usize)
    }

    fn node(&self, slice: &str) -> Result<Node, Problem> {
        let at = self.lines.at(self.offset(slice));
        let wrong = |error: serde_json::Error| self.inner(slice, &error);
        let value = match slice.as_bytes().first() {
            Some(b'{') => {
                let Pairs(pairs) = serde_json::from_str(slice).map_err(wrong)?;
                let nodes =
                    pairs.into_iter().map(|(name, raw)| Ok((name.into_owned(), self.node(raw.get())?)));
                Value::Map(nodes.collect::<Result<_, Problem>>()?)
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(slice).map_err(wrong)?;
                Value::List(
                    items.into_iter().map(|raw| self.node(raw.get())).collect::<Result<_, Problem>>()?,
                )
            }
            Some(b'"') => {
                let Bytes(bytes) = serde_json::from_str(slice).map_err(wrong)?;
                match std::str::from_utf8(&bytes) {
                    Ok(text) => Value::Text(Arc::from(text)),
                    Err(_) => Value::Mended(Arc::from(String::from_utf8_lossy(&bytes))),
                }
            }
            Some(b't') => Value::Bool(true),
            Some(b'f') => Value::Bool(false),
            Some(b'n') | None => Value::Null,
            Some(_) => Value::Number(slice.to_owned()),
        };
        Ok(Node { at, value })
    }
}

/// An object with every entry that it has, also the same name several times.
struct Pairs<'t>(Vec<(Cow<'t, str>, &'t RawValue)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(entry) = map.next_entry::<Cow<'de, str>, &'de RawValue>()? {
                    pairs.push(entry);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

/// The bytes of a JSON string, in which halves of characters may stand that no text can hold.
struct Bytes<'t>(Cow<'t, [u8]>);

impl<'de> Deserialize<'de> for Bytes<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Whole;
        impl<'de> Visitor<'de> for Whole {
            type Value = Bytes<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }

            fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
                Ok(Bytes(Cow::Borrowed(bytes)))
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Self::Value, E> {
                Ok(Bytes(Cow::Owned(bytes.to_vec())))
            }
        }
        deserializer.deserialize_bytes(Whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::At;

    fn read(text: &str) -> Result<Node, Problem> {
        parse(&Text::new("c.json", text), &Limits::default())
    }

    #[test]
    fn values_have_places_and_numbers_stay_as_they_are() {
        let node = read("{\n  \"a\": [1.10, \"x\\u00e9\"],\n  \"a\": -0e400\n}").unwrap();
        let Value::Map(pairs) = &node.value else { panic!("it is a map") };
        assert_eq!(pairs.len(), 2);
        assert_eq!(pairs[0].1.at, At { line: 2, column: 8 });
        assert_eq!(pairs[1].1.value, Value::Number("-0e400".to_owned()));
        assert_eq!(node.json(), "{\"a\":[1.10,\"xé\"],\"a\":-0e400}");
    }

    #[test]
    fn what_is_wrong_has_a_place() {
        let told = |text: &str| read(text).unwrap_err().to_string();
        assert!(told("{\n\"a\": 1,\n}").starts_with("c.json:3:1: "), "{}", told("{\n\"a\": 1,\n}"));
        assert_eq!(told("{\"a\":\n NaN}"), "c.json:2:2: NaN is no amount");
        assert_eq!(told("{\"a\": [1, -Infinity]}"), "c.json:1:11: -Infinity is no amount");
        assert!(told("{\"a\": ").contains("EOF"));
        assert!(told(&"[".repeat(1_000_000)).contains("more than 32 deep"));
        assert!(told("").contains("EOF"));
        assert!(told("{} x").contains("trailing"));
    }

    #[test]
    fn halves_of_characters_are_mended_and_said_so() {
        let node = read(r#""a\ud800b""#).unwrap();
        assert!(matches!(&node.value, Value::Mended(text) if text.contains('\u{fffd}')), "{node:?}");
        let node = read(r#""\ud83d\ude00""#).unwrap();
        assert_eq!(node.value, Value::Text("😀".into()));
    }
}
