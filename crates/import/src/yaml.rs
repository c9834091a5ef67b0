//! YAML with places, and with numbers as they are written.
//!
//! `saphyr-parser` gives events and builds nothing by itself; the tree is built here, within limits: depth, number of values (aliases
//! count as often as they are used, so that no file can swell), one document, no tags but those of text.

use std::collections::HashMap;
use std::sync::Arc;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};

use crate::number::Decimal;
use crate::options::Limits;
use crate::problem::{Problem, ProblemKind};
use crate::text::{Text, narrow};
use crate::tree::{At, Node, Value};

/// Reads a whole file. An empty one is an empty map.
pub(crate) fn parse(file: &Text, limits: &Limits) -> Result<Node, Problem> {
    let mut builder =
        Builder { file, limits, open: Vec::new(), anchors: HashMap::new(), values: 0, root: None };
    for event in Parser::new_from_str(&file.text) {
        let (event, span) = event.map_err(|error| {
            let help = "correct the file at this place";
            builder.problem(ProblemKind::Syntax, at(error.marker()), error.info().to_owned(), help)
        })?;
        builder.take(event, at(&span.start))?;
    }
    Ok(builder.root.unwrap_or(Node { at: At { line: 1, column: 1 }, value: Value::Map(Vec::new()) }))
}

fn at(marker: &Marker) -> At {
    At { line: narrow(marker.line()), column: narrow(marker.col().saturating_add(1)) }
}

/// A list or map whose end has not come yet.
struct Open {
    at: At,
    anchor: usize,
    is_map: bool,
    items: Vec<Node>,
    pairs: Vec<(String, Node)>,
    /// The name whose value comes next.
    name: Option<String>,
}

struct Builder<'t> {
    file: &'t Text,
    limits: &'t Limits,
    open: Vec<Open>,
    anchors: HashMap<usize, (Node, usize)>,
    values: usize,
    root: Option<Node>,
}

impl Builder<'_> {
    fn problem(&self, kind: ProblemKind, at: At, message: impl Into<String>, help: &str) -> Problem {
        Problem {
            kind,
            place: Some(at.place(&self.file.name)),
            message: message.into(),
            help: help.to_owned(),
        }
    }

    fn take(&mut self, event: Event<'_>, at: At) -> Result<(), Problem> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let value = self.scalar(&text, style, tag.as_deref(), at)?;
                self.place(Node { at, value }, anchor, 1)
            }
            Event::SequenceStart(anchor, tag) => self.begin(at, anchor, tag.as_deref(), false),
            Event::MappingStart(anchor, tag) => self.begin(at, anchor, tag.as_deref(), true),
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.open.pop() else { return Ok(()) };
                let value = if open.is_map { Value::Map(open.pairs) } else { Value::List(open.items) };
                let node = Node { at: open.at, value };
                let size = if open.anchor > 0 { count(&node) } else { 0 };
                self.place(node, open.anchor, size)
            }
            Event::Alias(anchor) => {
                let Some((node, size)) = self.anchors.get(&anchor).cloned() else {
                    let message = "this alias means something that it stands in itself";
                    return Err(self.problem(ProblemKind::Syntax, at, message, "write the value out"));
                };
                self.charge(size, at)?;
                self.place(node, 0, 0)
            }
            Event::DocumentStart(_) if self.root.is_some() => {
                let message = "a second document begins here";
                Err(self.problem(ProblemKind::Syntax, at, message, "leave one document in the file"))
            }
            _ => Ok(()),
        }
    }

    fn charge(&mut self, values: usize, at: At) -> Result<(), Problem> {
        self.values = self.values.saturating_add(values);
        if self.values > self.limits.ids_max {
            let message = format!("the file has more than {} values, aliases included", self.limits.ids_max);
            return Err(self.problem(ProblemKind::TooLarge, at, message, "raise --ids-max"));
        }
        Ok(())
    }

    fn begin(&mut self, at: At, anchor: usize, tag: Option<&Tag>, is_map: bool) -> Result<(), Problem> {
        self.refuse_tag(tag, at)?;
        self.charge(1, at)?;
        if self.open.len() >= self.limits.depth_max {
            let message = format!("lists and maps are more than {} deep here", self.limits.depth_max);
            return Err(self.problem(ProblemKind::TooLarge, at, message, "raise --depth-max"));
        }
        let (items, pairs) = (Vec::new(), Vec::new());
        self.open.push(Open { at, anchor, is_map, items, pairs, name: None });
        Ok(())
    }

    fn refuse_tag(&self, tag: Option<&Tag>, at: At) -> Result<(), Problem> {
        match tag {
            Some(tag) if !(tag.is_yaml_core_schema() && matches!(tag.suffix.as_str(), "map" | "seq")) => {
                let message = format!("the tag {}{} is not read", tag.handle, tag.suffix);
                Err(self.problem(ProblemKind::Syntax, at, message, "leave the tag out"))
            }
            _ => Ok(()),
        }
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        at: At,
    ) -> Result<Value, Problem> {
        self.charge(1, at)?;
        let core = tag.filter(|tag| tag.is_yaml_core_schema()).map(|tag| tag.suffix.as_str());
        let is_text = core == Some("str");
        if !matches!(core, Some("str" | "int" | "float" | "bool" | "null")) {
            self.refuse_tag(tag, at)?;
        }
        Ok(if is_text || style != ScalarStyle::Plain { Value::Text(Arc::from(text)) } else { plain(text) })
    }

    /// Puts a finished value where it belongs.
    fn place(&mut self, node: Node, anchor: usize, size: usize) -> Result<(), Problem> {
        // An alias makes a copy; depth is bounded where the copy goes.
        if self.open.len().saturating_add(depth(&node)) > self.limits.depth_max.saturating_add(1) {
            let message = format!("lists and maps are more than {} deep here", self.limits.depth_max);
            return Err(self.problem(ProblemKind::TooLarge, node.at, message, "raise --depth-max"));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, (node.clone(), size));
        }
        let at = node.at;
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        if !open.is_map {
            open.items.push(node);
        } else if let Some(name) = open.name.take() {
            open.pairs.push((name, node));
        } else {
            match node.value {
                Value::Text(text) => open.name = Some(text.to_string()),
                Value::Number(text) => open.name = Some(text),
                Value::Bool(truth) => open.name = Some(truth.to_string()),
                Value::Null => open.name = Some("null".to_owned()),
                _ => {
                    let message = "a list or map cannot be the name of a value";
                    return Err(self.problem(ProblemKind::Shape, at, message, "write a plain name"));
                }
            }
        }
        Ok(())
    }
}

/// What a plain word means: the words of YAML 1.1, which the older program's reader followed.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Value::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Value::Bool(false),
        _ if Decimal::parse(text).is_some() => Value::Number(text.to_owned()),
        ".nan" | ".NaN" | ".NAN" | ".inf" | "-.inf" | ".Inf" | "-.Inf" | ".INF" | "-.INF" => {
            Value::Number(text.to_owned())
        }
        _ => Value::Text(Arc::from(text)),
    }
}

fn count(node: &Node) -> usize {
    1 + match &node.value {
        Value::List(items) => items.iter().map(count).sum(),
        Value::Map(pairs) => pairs.iter().map(|(_, node)| count(node)).sum(),
        _ => 0,
    }
}

fn depth(node: &Node) -> usize {
    match &node.value {
        Value::List(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Map(pairs) => 1 + pairs.iter().map(|(_, node)| depth(node)).max().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Node, Problem> {
        parse(&Text::new("c.yaml", text), &Limits::default())
    }

    #[test]
    fn the_same_tree_as_json() {
        let node = read("# c\na:\n  b: 1.00\n  c: [yes, 'no', ~]\nd: |\n  two\n  lines\n").unwrap();
        assert_eq!(node.json(), r#"{"a":{"b":1.00,"c":[true,"no",null]},"d":"two\nlines\n"}"#);
        let Value::Map(pairs) = &node.value else { panic!("it is a map") };
        let Value::Map(inner) = &pairs[0].1.value else { panic!("it is a map") };
        assert_eq!(inner[0].1.at, At { line: 3, column: 6 });
        assert_eq!(read("").unwrap().json(), "{}");
        assert_eq!(read("a: .nan\nb: 0x1F\n").unwrap().json(), r#"{"a":".nan","b":"0x1F"}"#);
        assert_eq!(read("a: &x [1, 2]\nb: *x\n").unwrap().json(), r#"{"a":[1,2],"b":[1,2]}"#);
    }

    #[test]
    fn hostile_files_are_refused() {
        let told = |text: &str| read(text).unwrap_err().to_string();
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let all = vec![format!("*a{}", level - 1); 10].join(", ");
            bomb += &format!("a{level}: &a{level} [{all}]\n");
        }
        assert!(told(&bomb).contains("aliases included"), "{}", told(&bomb));
        assert!(told(&"[".repeat(100)).contains("deep"), "{}", told(&"[".repeat(100)));
        assert!(!told(&"[".repeat(100_000)).is_empty());
        assert!(!told(&"- ".repeat(50_000)).is_empty());
        assert!(told("a: !!python/object:os.system x").contains("tag"));
        assert!(told("a: 1\n---\nb: 2\n").contains("second document"));
        assert!(told("a: &x [*x]").contains("itself"), "{}", told("a: &x [*x]"));
        assert!(told("? [a]\n: b\n").contains("name of a value"));
        assert!(told("a: [1\nb: 2").starts_with("c.yaml:"), "{}", told("a: [1\nb: 2"));
    }
}
