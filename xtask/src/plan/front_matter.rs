//! Reads a plan: TOML between two `+++` lines, then prose. Every problem says file, line and column.

use std::fmt;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::{Head, Plan};
use crate::criterion::{Check, Criterion};

/// Something wrong at a place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The file, relative to the root.
    pub(crate) file: String,
    /// Line, from 1.
    pub(crate) line: usize,
    /// Column in characters, from 1.
    pub(crate) column: usize,
    /// What is wrong and what to write instead.
    pub(crate) message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)
    }
}

/// Where the front matter begins in the text of its file.
struct Place<'a> {
    file: &'a str,
    text: &'a str,
    start: usize,
}

impl Place<'_> {
    /// A problem at `offset` bytes into the front matter.
    fn problem(&self, offset: usize, message: impl Into<String>) -> Problem {
        let before = self.text.get(..self.start + offset).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Problem { file: self.file.to_owned(), line, column, message: message.into() }
    }

    fn toml(&self, error: &toml::de::Error) -> Problem {
        self.problem(error.span().map_or(0, |span| span.start), error.message().replace('\n', ", "))
    }
}

/// Reads the text of a plan.
///
/// # Errors
/// Every problem found; the first one when the TOML itself is malformed.
pub(crate) fn read(file: &str, text: &str) -> Result<Plan, Vec<Problem>> {
    let nowhere = Place { file, text, start: 0 };
    let Some(rest) = text.strip_prefix("+++\n") else {
        return Err(vec![
            nowhere
                .problem(0, "a plan begins with a line `+++`, its front matter in TOML, and another `+++`"),
        ]);
    };
    let place = Place { file, text, start: text.len() - rest.len() };
    let Some(end) = rest.find("\n+++\n") else {
        return Err(vec![place.problem(0, "the front matter is not closed by a line `+++`")]);
    };
    let (source, prose) = (&rest[..=end], rest[end + 5..].trim());

    let mut table = DeTable::parse(source).map_err(|error| vec![place.toml(&error)])?;
    let criteria = table.get_mut().remove("criteria");
    let mut problems = Vec::new();
    let head = match Head::deserialize_from(table) {
        Ok(head) => Some(head),
        Err(error) => {
            problems.push(place.toml(&error));
            None
        }
    };
    let criteria = read_criteria(&place, criteria, &mut problems);
    if prose.is_empty() {
        problems.push(place.problem(source.len(), "the plan has no prose: say what is and what shall be"));
    }
    match head {
        Some(head) if problems.is_empty() => {
            Ok(Plan { file: file.to_owned(), head, criteria, prose: prose.to_owned() })
        }
        _ => Err(problems),
    }
}

fn read_criteria(
    place: &Place<'_>,
    value: Option<Spanned<DeValue<'_>>>,
    problems: &mut Vec<Problem>,
) -> Vec<Criterion> {
    let mut criteria: Vec<Criterion> = Vec::new();
    let Some(value) = value else {
        problems.push(place.problem(0, "no [[criteria]]: say what will decide that the gap is closed"));
        return criteria;
    };
    let start = value.span().start;
    let DeValue::Array(items) = value.into_inner() else {
        problems.push(place.problem(start, "`criteria` is written as [[criteria]] tables"));
        return criteria;
    };
    for item in items {
        let span = item.span();
        let DeValue::Table(table) = item.into_inner() else {
            problems.push(place.problem(span.start, "a criterion is a table"));
            continue;
        };
        match read_criterion(place, Spanned::new(span.clone(), table)) {
            Ok(criterion) if criteria.iter().any(|other| other.name == criterion.name) => {
                problems.push(
                    place
                        .problem(span.start, format!("a second criterion has the name `{}`", criterion.name)),
                );
            }
            Ok(criterion) => criteria.push(criterion),
            Err(problem) => problems.push(problem),
        }
    }
    criteria
}

fn read_criterion(place: &Place<'_>, mut table: Spanned<DeTable<'_>>) -> Result<Criterion, Problem> {
    let span = table.span();
    let missing = |key: &str| place.problem(span.start, format!("the criterion has no `{key}`"));
    let fields = table.get_mut();
    let name = fields.remove("name").ok_or_else(|| missing("name"))?;
    let kind = fields.remove("kind").ok_or_else(|| missing("kind"))?;
    let needs = fields.remove("needs");
    let kind_at = kind.span().start;

    let name: String = value(place, name)?;
    let kind: String = value(place, kind)?;
    let needs: Vec<String> = needs.map(|needs| value(place, needs)).transpose()?.unwrap_or_default();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || !name.chars().all(plain) {
        return Err(place.problem(span.start, format!("the name `{name}` is not made of a-z, 0-9 and -")));
    }
    let check = match kind.as_str() {
        "test" => Check::Test(rest(place, table)?),
        "run" => Check::Run(rest(place, table)?),
        "agree" => Check::Agree(rest(place, table)?),
        "toggle" => Check::Toggle(rest(place, table)?),
        "bench" => Check::Bench(rest(place, table)?),
        "docs" => Check::Docs(rest(place, table)?),
        "absent" => Check::Absent(rest(place, table)?),
        _ => {
            let known = Check::KINDS.join(", ");
            return Err(place.problem(kind_at, format!("unknown kind `{kind}`, expected one of: {known}")));
        }
    };
    Ok(Criterion { name, needs, check, line: place.problem(span.start, "").line })
}

fn value<T: DeserializeOwned>(place: &Place<'_>, value: Spanned<DeValue<'_>>) -> Result<T, Problem> {
    T::deserialize(toml::de::ValueDeserializer::from(value)).map_err(|error| place.toml(&error))
}

fn rest<T: DeserializeOwned>(place: &Place<'_>, table: Spanned<DeTable<'_>>) -> Result<T, Problem> {
    T::deserialize(Deserializer::from(table)).map_err(|error| place.toml(&error))
}

impl Head {
    fn deserialize_from(table: Spanned<DeTable<'_>>) -> Result<Self, toml::de::Error> {
        serde::Deserialize::deserialize(Deserializer::from(table))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Status;

    const GOOD: &str = "+++
id = 1
title = \"Rate allocation\"
phase = 1
axis = \"rate_limiting\"
status = \"planned\"
paths = [\"crates/rate-limiting/**\"]

[[criteria]]
name = \"laws\"
kind = \"test\"
package = \"ecology-rate-limiting\"
filter = \"laws\"
least = 3

[[criteria]]
name = \"market\"
kind = \"run\"
args = [\"run\", \"--ticks\", \"5\"]
replay = true
[criteria.expect]
\"/actions/done\" = { ge = 1 }
\"/features/rate_limiting\" = { eq = \"rolling\" }
+++

Why.
";

    fn problems(text: &str) -> Vec<String> {
        read("plans/01-x.md", text).unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_good_plan_is_read() {
        let plan = read("plans/01-x.md", GOOD).unwrap();
        assert_eq!(plan.head.status, Status::Planned);
        assert_eq!(plan.prose, "Why.");
        let [laws, market] = &plan.criteria[..] else { panic!("two criteria") };
        assert_eq!((laws.line, laws.check.kind()), (9, "test"));
        let Check::Run(run) = &market.check else { panic!("a run") };
        assert!(run.replay && run.expect["/actions/done"].ge.is_some());
    }

    #[test]
    fn problems_name_line_and_column() {
        let text = GOOD.replace("title", "titel");
        assert!(
            problems(&text)[0].starts_with("plans/01-x.md:3:1: unknown field `titel`"),
            "{:?}",
            problems(&text)
        );
        let text = GOOD.replace("\"planned\"", "\"done\"");
        assert!(
            problems(&text)[0].starts_with("plans/01-x.md:6:10: unknown variant `done`"),
            "{:?}",
            problems(&text)
        );
        let text = GOOD.replace("least = 3", "leest = 3");
        assert!(
            problems(&text)[0].starts_with("plans/01-x.md:14:1: unknown field `leest`"),
            "{:?}",
            problems(&text)
        );
        let text = GOOD.replace("ge = 1", "gt = 1");
        assert!(
            problems(&text)[0].starts_with("plans/01-x.md:22:21: unknown field `gt`"),
            "{:?}",
            problems(&text)
        );
        let text = GOOD.replace("kind = \"run\"", "kind = \"shell\"");
        assert!(
            problems(&text)[0]
                .starts_with("plans/01-x.md:18:8: unknown kind `shell`, expected one of: test, run")
        );
        let text = GOOD.replace("phase = 1", "phase = = 1");
        assert!(problems(&text)[0].starts_with("plans/01-x.md:4:"), "{:?}", problems(&text));
    }

    #[test]
    fn every_problem_is_reported_at_once() {
        let text = GOOD.replace("title", "titel").replace("least = 3", "leest = 3");
        assert_eq!(problems(&text).len(), 2);
    }

    #[test]
    fn structure_is_checked() {
        assert!(problems("id = 1\n")[0].contains("begins with a line `+++`"));
        assert!(problems("+++\nid = 1\n")[0].contains("not closed"));
        assert!(problems(&GOOD.replace("\"market\"", "\"laws\""))[0].contains("second criterion"));
        assert!(problems(&GOOD.replace("\"market\"", "\"Big Market\""))[0].contains("a-z"));
        assert!(problems(&GOOD.replace("name = \"laws\"\n", ""))[0].contains("no `name`"));
        assert!(problems(&GOOD.replace("Why.", ""))[0].contains("no prose"));
        let head = GOOD.split("[[criteria]]").next().unwrap();
        assert!(problems(&format!("{head}+++\n\nWhy.\n"))[0].contains("no [[criteria]]"));
    }
}
