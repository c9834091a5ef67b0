//! Why something is not imported at all.

use std::fmt;

use serde::Serialize;

/// A place in a file, counted from 1. The column counts bytes in JSON and characters in YAML.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The file, as it was named.
    pub file: String,
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// What kind of thing is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// There is nothing to import.
    NotFound,
    /// A file cannot be read.
    Unreadable,
    /// Something is above a limit.
    TooLarge,
    /// A text is not UTF-8.
    Encoding,
    /// A file is not JSON or YAML.
    Syntax,
    /// A value has another shape than its name asks for.
    Shape,
    /// A number does not fit, or is none.
    Number,
    /// An id that this world cannot hold.
    Id,
    /// The same id twice.
    Duplicate,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What kind of thing.
    pub kind: ProblemKind,
    /// Where, when it is in a file.
    pub place: Option<Place>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "{place}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

/// Nothing is imported: everything that is wrong, as far as it was listed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}", .problems.first().map(ToString::to_string).unwrap_or_default(), more(*.count))]
pub struct Refused {
    /// The first ones.
    pub problems: Vec<Problem>,
    /// How many there are.
    pub count: usize,
}

fn more(count: usize) -> String {
    if count > 1 { format!(" (and {} more)", count - 1) } else { String::new() }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem], count: 1 }
    }
}

/// Collects problems, so that all of them are told at once.
#[derive(Debug)]
pub(crate) struct Problems {
    list: Vec<Problem>,
    count: usize,
    most: usize,
}

impl Problems {
    pub(crate) const fn new(most: usize) -> Self {
        Self { list: Vec::new(), count: 0, most }
    }

    pub(crate) fn add(&mut self, problem: Problem) {
        self.count += 1;
        if self.list.len() < self.most.max(1) {
            self.list.push(problem);
        }
    }

    pub(crate) fn tell(
        &mut self,
        kind: ProblemKind,
        place: Option<Place>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.add(Problem { kind, place, message: message.into(), help: help.into() });
    }

    pub(crate) fn check(&mut self) -> Result<(), Refused> {
        if self.count == 0 {
            return Ok(());
        }
        let (problems, count) = (std::mem::take(&mut self.list), std::mem::take(&mut self.count));
        Err(Refused { problems, count })
    }
}
