//! The text of a file.

use crate::options::Limits;
use crate::problem::{Place, Problem, ProblemKind};
use crate::tree::At;

/// A file that has been read: how it is called in reports, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Its name, as reports show it.
    pub name: String,
    /// What it says.
    pub text: String,
}

impl Text {
    /// A text with a name.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    /// A file's bytes as text. A byte order mark at the beginning is passed over.
    ///
    /// # Errors
    /// When they are too many or not UTF-8.
    pub fn from_bytes(name: impl Into<String>, bytes: Vec<u8>, limits: &Limits) -> Result<Self, Problem> {
        let name = name.into();
        if bytes.len() as u64 > limits.file_bytes_max {
            return Err(too_large(name, limits));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(match text.strip_prefix('\u{feff}') {
                Some(rest) => Self::new(name, rest),
                None => Self { name, text },
            }),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let before = error.as_bytes().get(..at).unwrap_or_default();
                let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
                let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
                let place = Place { file: name, line: narrow(line), column: narrow(at - line_start + 1) };
                Err(Problem {
                    kind: ProblemKind::Encoding,
                    place: Some(place),
                    message: "this byte is no UTF-8".to_owned(),
                    help: "write the file as UTF-8, which the older program always did".to_owned(),
                })
            }
        }
    }
}

pub(crate) fn too_large(name: String, limits: &Limits) -> Problem {
    let message = format!("{name} has more than {} bytes", limits.file_bytes_max);
    Problem { kind: ProblemKind::TooLarge, place: None, message, help: "raise --file-bytes-max".to_owned() }
}

/// A count that is shown; one beyond four billion stops there.
pub(crate) fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Turns offsets into lines and columns.
pub(crate) struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    pub(crate) fn of(text: &str) -> Self {
        let after_breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { starts: std::iter::once(0).chain(after_breaks).collect() }
    }

    pub(crate) fn at(&self, offset: usize) -> At {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = line.checked_sub(1).and_then(|line| self.starts.get(line)).copied().unwrap_or(0);
        At { line: narrow(line), column: narrow(offset - start + 1) }
    }

    /// The offset of a line and a column of bytes, both counted from 1.
    pub(crate) fn offset(&self, line: usize, column: usize) -> usize {
        let start = line.checked_sub(1).and_then(|line| self.starts.get(line)).copied().unwrap_or(0);
        start.saturating_add(column.saturating_sub(1))
    }
}
