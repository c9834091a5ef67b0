//! A file as a tree of values, each with its place. JSON and YAML give the same tree.

use std::sync::Arc;

use serde_json::value::RawValue;

use crate::problem::Place;

/// Where a value begins, counted from 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct At {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

impl At {
    pub(crate) fn place(self, file: &str) -> Place {
        Place { file: file.to_owned(), line: self.line, column: self.column }
    }
}

/// A value with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) at: At,
    pub(crate) value: Value,
}

/// What can stand in a file. Numbers stay as they are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(String),
    Text(Arc<str>),
    /// Text in which halves of characters stood that are none; they became U+FFFD.
    Mended(Arc<str>),
    List(Vec<Node>),
    /// In the order of the file, the same name perhaps several times.
    Map(Vec<(String, Node)>),
}

impl Node {
    pub(crate) fn text(&self) -> Option<&Arc<str>> {
        match &self.value {
            Value::Text(text) | Value::Mended(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) const fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// The word for its shape in messages.
    pub(crate) const fn shape(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::Text(_) | Value::Mended(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "an object",
        }
    }

    /// The value as JSON, numbers as they are written.
    pub(crate) fn json(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    /// The same as a part of a larger JSON value.
    pub(crate) fn raw(&self) -> Option<Box<RawValue>> {
        RawValue::from_string(self.json()).ok()
    }

    fn write(&self, into: &mut String) {
        match &self.value {
            Value::Null => into.push_str("null"),
            Value::Bool(truth) => into.push_str(if *truth { "true" } else { "false" }),
            Value::Number(number) if is_json_number(number) => into.push_str(number),
            Value::Number(text) => into.push_str(&quoted(text)),
            Value::Text(text) | Value::Mended(text) => into.push_str(&quoted(text)),
            Value::List(items) => {
                into.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        into.push(',');
                    }
                    item.write(into);
                }
                into.push(']');
            }
            Value::Map(pairs) => {
                into.push('{');
                for (at, (name, value)) in pairs.iter().enumerate() {
                    if at > 0 {
                        into.push(',');
                    }
                    into.push_str(&quoted(name));
                    into.push(':');
                    value.write(into);
                }
                into.push('}');
            }
        }
    }
}

/// A text as JSON writes it.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// A text as a JSON value.
pub(crate) fn raw_text(text: &str) -> Option<Box<RawValue>> {
    RawValue::from_string(quoted(text)).ok()
}

fn is_json_number(text: &str) -> bool {
    serde_json::from_str::<&RawValue>(text).is_ok()
}

/// The entries of a map, taken one by one, so that what nobody took is known.
#[derive(Debug)]
pub(crate) struct Fields<'n> {
    entries: Vec<(&'n str, &'n Node, bool)>,
}

impl<'n> Fields<'n> {
    pub(crate) fn of(pairs: &'n [(String, Node)]) -> Self {
        Self { entries: pairs.iter().map(|(name, node)| (name.as_str(), node, false)).collect() }
    }

    /// The value called `name`; of several the last, as in the older program. One that is null counts as not there.
    pub(crate) fn take(&mut self, name: &str) -> Option<&'n Node> {
        let (_, node, taken) = self.entries.iter_mut().rev().find(|(known, ..)| *known == name)?;
        *taken = true;
        (!node.is_null()).then_some(*node)
    }

    /// What nobody took: unknown names, and the earlier values of names that stand there several times.
    pub(crate) fn rest(self) -> impl Iterator<Item = (&'n str, &'n Node)> {
        self.entries.into_iter().filter(|(.., taken)| !taken).map(|(name, node, _)| (name, node))
    }
}
