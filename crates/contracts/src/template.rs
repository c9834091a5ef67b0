//! Contracts as readable source: each is an example, and a start for one's own.

use std::fmt::Write;

use ecology_types::Value;

/// A contract of the library: source with parameters that can be filled in.
///
/// A parameter is a line `local name = value -- parameter: what it is`, so the source says everything about itself and runs as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Template {
    /// Its name: that of the file without its ending.
    pub name: &'static str,
    /// Its source, in Luau.
    pub source: &'static str,
    /// Its methods beside `check_permission`.
    pub methods: &'static [&'static str],
    /// Whether the contract has to hold scrip, so that its artifact needs standing.
    pub needs_standing: bool,
}

/// One parameter of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it is when nobody says otherwise, as written in the source.
    pub default: &'static str,
    /// What it means, with its unit.
    pub meaning: &'static str,
}

/// A value that does not fit a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// There is no such parameter.
    #[error("{template} has no parameter {name:?}; it has {known}")]
    Unknown {
        /// The template.
        template: &'static str,
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// The value has another shape than the default.
    #[error("{name} of {template} is {expected}, not {found}")]
    Shape {
        /// The template.
        template: &'static str,
        /// The parameter.
        name: &'static str,
        /// The shape of the default.
        expected: &'static str,
        /// The shape of the value.
        found: &'static str,
    },
    /// The value is a number that no parameter means: prices, counts and times are whole numbers from 0 on, and Luau tells them apart up to 2^53.
    #[error("{name} of {template} is from 0 to {}, not {found}", NUMBER_MOST)]
    Range {
        /// The template.
        template: &'static str,
        /// The parameter.
        name: &'static str,
        /// The value.
        found: i64,
    },
}

/// The largest number that a parameter can have: 2^53.
const NUMBER_MOST: i64 = 1 << 53;

const MARK: &str = " -- parameter: ";

fn parameter_of(line: &'static str) -> Option<Parameter> {
    let (code, meaning) = line.split_once(MARK)?;
    let (name, default) = code.strip_prefix("local ")?.split_once(" = ")?;
    Some(Parameter { name, default, meaning })
}

impl Template {
    /// What it does: the first sentence of its source.
    #[must_use]
    pub fn title(&self) -> &'static str {
        self.source.lines().next().unwrap_or_default().trim_start_matches("-- ")
    }

    /// What can be filled in.
    pub fn parameters(&self) -> impl Iterator<Item = Parameter> {
        self.source.lines().filter_map(parameter_of)
    }

    /// The source with some parameters filled in; the others keep their defaults.
    ///
    /// Texts are quoted so that whatever stands in them stays a text.
    ///
    /// # Errors
    /// [`TemplateError`] for a name that it does not have or a value of another shape (integer, text or list of texts), or of another range.
    pub fn fill(&self, values: &[(&str, Value)]) -> Result<String, TemplateError> {
        for (name, _) in values {
            if self.parameters().all(|parameter| parameter.name != *name) {
                let known: Vec<&str> = self.parameters().map(|parameter| parameter.name).collect();
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                return Err(TemplateError::Unknown { template: self.name, name: (*name).to_owned(), known });
            }
        }
        let mut filled = String::with_capacity(self.source.len());
        for line in self.source.lines() {
            let found = parameter_of(line).and_then(|parameter| {
                let (_, value) = values.iter().find(|(name, _)| *name == parameter.name)?;
                Some((parameter, value))
            });
            match found {
                None => filled.push_str(line),
                Some((parameter, &Value::Int(found)))
                    if shape_of(parameter.default) == Value::Int(0).shape()
                        && !(0..=NUMBER_MOST).contains(&found) =>
                {
                    return Err(TemplateError::Range { template: self.name, name: parameter.name, found });
                }
                Some((parameter, value)) => {
                    let text = literal(value).filter(|_| shape_of(parameter.default) == value.shape());
                    let Some(text) = text else {
                        return Err(TemplateError::Shape {
                            template: self.name,
                            name: parameter.name,
                            expected: shape_of(parameter.default),
                            found: value.shape(),
                        });
                    };
                    // Writing to a string does not fail.
                    let _ = write!(filled, "local {} = {text}{MARK}{}", parameter.name, parameter.meaning);
                }
            }
            filled.push('\n');
        }
        Ok(filled)
    }
}

/// The shape of a value by how it is written in Luau.
fn shape_of(written: &str) -> &'static str {
    match written.as_bytes().first() {
        Some(b'"') => Value::Text(ecology_types::SmolStr::new_static("")).shape(),
        Some(b'{') => Value::List(Vec::new()).shape(),
        _ => Value::Int(0).shape(),
    }
}

/// A value as Luau source: an integer, a text, or a list of texts.
pub(crate) fn literal(value: &Value) -> Option<String> {
    match value {
        Value::Int(number) => Some(number.to_string()),
        Value::Text(text) => Some(quoted(text)),
        Value::List(items) if items.is_empty() => Some("{}".to_owned()),
        Value::List(items) => {
            let texts: Option<Vec<String>> = items.iter().map(|item| item.as_text().map(quoted)).collect();
            Some(format!("{{ {} }}", texts?.join(", ")))
        }
        _ => None,
    }
}

/// A text between quotation marks in which nothing ends the literal: everything but plain printable ASCII is written by its bytes.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => {
                quoted.push('\\');
                quoted.push(char::from(byte));
            }
            b' '..=b'~' => quoted.push(char::from(byte)),
            _ => {
                let _ = write!(quoted, "\\{byte:03}");
            }
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LIBRARY;

    fn template(name: &str) -> &'static Template {
        LIBRARY.iter().find(|template| template.name == name).unwrap()
    }

    #[test]
    fn filling_in_changes_the_line_and_nothing_else() {
        let paywall = template("paywall");
        let filled = paywall.fill(&[("read_price", Value::Int(7))]).unwrap();
        assert!(filled.contains("local read_price = 7 -- parameter: scrip for one read\n"));
        assert_eq!(filled.lines().count(), paywall.source.lines().count());
        assert_eq!(filled.lines().zip(paywall.source.lines()).filter(|(a, b)| a != b).count(), 1);
        assert_eq!(paywall.fill(&[]).unwrap(), paywall.source);
    }

    #[test]
    fn texts_cannot_break_out_of_their_literal() {
        let list = Value::List(vec![Value::text("a\"} os.exit() --\n\\"), Value::text("ö")]);
        let filled = template("allow_list").fill(&[("readers", list)]).unwrap();
        assert!(filled.contains(r#"local readers = { "a\"} os.exit() --\010\\", "\195\182" } -- parameter"#));
    }

    #[test]
    fn unknown_names_and_other_shapes_are_refused_with_what_there_is() {
        let error = template("paywall").fill(&[("prize", Value::Int(1))]).unwrap_err();
        assert_eq!(error.to_string(), "paywall has no parameter \"prize\"; it has read_price, invoke_price");
        let error = template("paywall").fill(&[("read_price", Value::text("1; evil()"))]).unwrap_err();
        assert_eq!(error.to_string(), "read_price of paywall is an integer, not text");
        for number in [-1, NUMBER_MOST + 1] {
            let error = template("paywall").fill(&[("read_price", Value::Int(number))]).unwrap_err();
            let expected = format!("read_price of paywall is from 0 to 9007199254740992, not {number}");
            assert_eq!(error.to_string(), expected);
        }
        assert!(template("paywall").fill(&[("read_price", Value::Int(NUMBER_MOST))]).is_ok());
    }

    #[test]
    fn every_template_says_what_it_does_and_what_its_parameters_mean() {
        for template in LIBRARY {
            assert!(template.source.starts_with("-- "), "{}", template.name);
            assert!(template.title().contains(": "), "{}", template.name);
            assert!(template.source.contains("\nfunction check_permission(request)\n"), "{}", template.name);
            assert!(template.source.len() < 4_000, "{}", template.name);
            assert_eq!(template.methods.is_empty(), !template.source.contains("\nfunction run("));
            for method in template.methods {
                assert!(template.source.contains(&format!("\"{method}\"")), "{method} of {}", template.name);
            }
            for parameter in template.parameters() {
                assert!(!parameter.meaning.is_empty() && !parameter.default.is_empty());
            }
            assert_eq!(
                template.needs_standing,
                template.source.contains("needs standing"),
                "{} says it where people read",
                template.name
            );
        }
    }
}
