//! A world as text: for reports of faults, for version control, and for keeping worlds of old releases.
//!
//! The first line is a JSON object that says what it is; every further line is one record in hexadecimal digits; the last one is a JSON
//! object with the digest of the state. A line is enough to see where two dumps part.

use std::fmt::Write as _;
use std::io::{BufRead, Write};
use std::path::Path;

use ecology_journal::{Frame, Journal, JournalError, OpenMode, SqliteJournal};
use ecology_types::{RECORD_VERSION, counted};
use serde::{Deserialize, Serialize};

use crate::draft::{Draft, DraftError};
use crate::host::Observers;
use crate::made_with::MadeWith;
use crate::session::HASH_TAG;
use crate::store::{self, OpenError, Recover};

/// The version of the text.
const DUMP_VERSION: u32 = 1;
/// Records written to a journal at a time.
const BATCH_RECORDS: usize = 512;
/// The longest line that is read, in bytes: a record has at most 16 MiB, two digits to a byte.
const LINE_BYTES_MAX: usize = 2 * ecology_journal::FRAME_BYTES_MAX + 2;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    ecology_dump: u32,
    record_version: u32,
    made_with: Option<MadeWith>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Foot {
    records: u64,
    decided: String,
    measured: String,
}

/// Why a world was not dumped or loaded.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// The world cannot be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The world cannot be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The world cannot be put in its place.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// The text cannot be written or read.
    #[error("the text cannot be {doing}: {detail}; check where it goes or comes from")]
    Text {
        /// written, read
        doing: &'static str,
        /// What the system says.
        detail: String,
        /// What kind of error that is.
        kind: std::io::ErrorKind,
    },
    /// The text is no dump.
    #[error("line {line}: {detail}; take a text that `ecology dump` has written")]
    NotADump {
        /// Counts from 1.
        line: u64,
        /// What is wrong.
        detail: String,
    },
    /// The text is a dump of another version.
    #[error(
        "the dump has records of version {found} and this program reads version {supported}; load it with the release that wrote it"
    )]
    OtherVersion {
        /// The version of its records.
        found: u32,
        /// What this program reads.
        supported: u32,
    },
    /// The state that comes out is not the one that was dumped.
    #[error(
        "the records give the state {found} and the dump says {kept}: it was changed, or this program folds records otherwise than the one that wrote it; load it with the release that wrote it"
    )]
    OtherState {
        /// What comes out.
        found: String,
        /// What was dumped.
        kept: String,
    },
}

/// Writes a world as text.
///
/// # Errors
/// [`DumpError`]; the world is only read.
pub fn dump(path: &Path, out: &mut dyn Write) -> Result<u64, DumpError> {
    let mut journal = SqliteJournal::open(path, OpenMode::Read).map_err(OpenError::from)?;
    let axes = store::last_axes(&mut journal)?;
    let last = journal.last();
    let failed = |error: std::io::Error| text_error("written", &error);
    let head = Head {
        ecology_dump: DUMP_VERSION,
        record_version: RECORD_VERSION,
        made_with: MadeWith::read(&journal)?,
    };
    let json =
        |value: serde_json::Result<String>| value.map_err(|error| text_error("written", &error.into()));
    writeln!(out, "{}", json(serde_json::to_string(&head))?).map_err(failed)?;
    let mut next = 1;
    let mut line = String::new();
    while next <= last {
        for frame in journal.read(next, BATCH_RECORDS, LINE_BYTES_MAX)? {
            line.clear();
            for byte in &frame.bytes {
                // Writing to a text never fails.
                let _ = write!(line, "{byte:02x}");
            }
            writeln!(out, "{line}").map_err(failed)?;
            next = frame.number + 1;
        }
    }
    let how = Recover { until: last, use_snapshot: false };
    let hash = store::recover(&mut journal, axes, how, &mut Observers::default())?.hash();
    let foot = Foot { records: last, decided: hash.decided_hex(), measured: hash.measured_hex() };
    writeln!(out, "{}", json(serde_json::to_string(&foot))?).map_err(failed)?;
    out.flush().map_err(failed)?;
    Ok(last)
}

/// Makes a world at `to` from a text that [`dump`] wrote, and gives the number of its records. The state has to come out as it was.
///
/// # Errors
/// [`DumpError`]; nothing is made then.
pub fn load(text: &mut dyn BufRead, to: &Path) -> Result<u64, DumpError> {
    let draft = Draft::of(to)?;
    let mut journal = SqliteJournal::open(draft.path(), OpenMode::Create)?;
    store::stamp(&mut journal)?;
    let mut lines = Lines { text, number: 0 };
    let head = lines.next()?.ok_or_else(|| lines.wrong("there is nothing in it"))?;
    let head: Head = serde_json::from_str(&head).map_err(|error| lines.wrong(&error.to_string()))?;
    if head.ecology_dump != DUMP_VERSION || head.record_version != RECORD_VERSION {
        return Err(DumpError::OtherVersion { found: head.record_version, supported: RECORD_VERSION });
    }
    if let Some(made_with) = &head.made_with {
        made_with.keep(&mut journal)?;
    }
    let mut waiting: Vec<Vec<u8>> = Vec::new();
    let mut last = 0;
    let foot: Foot = loop {
        let line = lines.next()?.ok_or_else(|| lines.wrong("it ends before its last line"))?;
        if line.starts_with('{') {
            break serde_json::from_str(&line).map_err(|error| lines.wrong(&error.to_string()))?;
        }
        waiting.push(bytes_of(&line).ok_or_else(|| lines.wrong("these are no hexadecimal digits"))?);
        if waiting.len() == BATCH_RECORDS {
            last = append(&mut journal, last, &mut waiting)?;
        }
    };
    last = append(&mut journal, last, &mut waiting)?;
    if last != foot.records || last == 0 {
        return Err(lines.wrong(&format!(
            "{} came before it and it names {}",
            counted(last, "record", "records"),
            foot.records
        )));
    }
    if lines.next()?.is_some() {
        return Err(lines.wrong("something follows the last line of the dump"));
    }
    let axes = store::last_axes(&mut journal)?;
    let world = store::recover(&mut journal, axes, Recover::FROM_THE_START, &mut Observers::default())?;
    let hash = world.hash();
    let kept = format!("{} {}", foot.decided, foot.measured);
    let found = format!("{} {}", hash.decided_hex(), hash.measured_hex());
    if kept != found {
        return Err(DumpError::OtherState { found, kept });
    }
    journal.save_snapshot(last, HASH_TAG, kept.as_bytes())?;
    Box::new(journal).close()?;
    draft.publish()?;
    Ok(last)
}

fn text_error(doing: &'static str, error: &std::io::Error) -> DumpError {
    DumpError::Text { doing, detail: error.to_string(), kind: error.kind() }
}

fn append(journal: &mut SqliteJournal, last: u64, waiting: &mut Vec<Vec<u8>>) -> Result<u64, DumpError> {
    let frames: Vec<Frame<'_>> =
        (last + 1..).zip(waiting.iter()).map(|(number, bytes)| Frame { number, bytes }).collect();
    journal.append(&frames)?;
    let last = last + frames.len() as u64;
    waiting.clear();
    Ok(last)
}

struct Lines<'a> {
    text: &'a mut dyn BufRead,
    number: u64,
}

impl Lines<'_> {
    /// The next line; none at the end. A line that is longer than any record is refused, not read.
    fn next(&mut self) -> Result<Option<String>, DumpError> {
        let mut line = Vec::new();
        let most = LINE_BYTES_MAX as u64;
        let read = std::io::Read::take(&mut *self.text, most)
            .read_until(b'\n', &mut line)
            .map_err(|error| text_error("read", &error))?;
        self.number += 1;
        if read == 0 {
            return Ok(None);
        }
        if read as u64 == most {
            return Err(self.wrong("it is longer than any record"));
        }
        let line = String::from_utf8(line).map_err(|_| self.wrong("it is no text"))?;
        Ok(Some(line.trim_end_matches(['\r', '\n']).to_owned()))
    }

    fn wrong(&self, detail: &str) -> DumpError {
        DumpError::NotADump { line: self.number, detail: detail.to_owned() }
    }
}

fn bytes_of(line: &str) -> Option<Vec<u8>> {
    let digits = line.as_bytes();
    if digits.is_empty() || !digits.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    digits.chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

#[cfg(test)]
mod tests {
    use ecology_types::{AxisVector, Command, Time};
    use ecology_world::World;

    use super::*;
    use crate::compose;
    use crate::host::Host;

    /// A world whose ticks begin at these times.
    fn lived(path: &Path, ticks: &[u64]) {
        let mut journal: Box<dyn Journal> = Box::new(SqliteJournal::open(path, OpenMode::Create).unwrap());
        store::stamp(&mut *journal).unwrap();
        let axes = AxisVector::default();
        let mut host = Host::new(World::new(compose::parts(axes).unwrap()), journal, 16, 0).unwrap();
        let rules = ecology_types::Rules::default();
        let genesis = ecology_types::Genesis { rules, founders: Vec::new(), artifacts: Vec::new() };
        let start = Command::StartRun {
            version: "test".into(),
            scenario: "test".into(),
            seed: ecology_types::Seed(1),
            axes,
        };
        for command in [Command::Create(Box::new(genesis)), start] {
            host.step(&command, Time::ZERO, &mut Observers::default()).unwrap();
        }
        for at in ticks {
            host.step(&Command::Tick, Time(*at), &mut Observers::default()).unwrap();
        }
        host.close().unwrap();
    }

    #[test]
    fn a_damaged_dump_makes_nothing_and_says_where() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        lived(&from, &[10, 20]);
        let mut text = Vec::new();
        assert_eq!(dump(&from, &mut text).unwrap(), 4);
        let text = String::from_utf8(text).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let with = |at: usize, line: &str| {
            let mut lines = lines.clone();
            lines[at] = line;
            lines.join("\n")
        };
        let wrong = |text: &str| {
            let error = load(&mut text.as_bytes(), &to).unwrap_err();
            let left: Vec<_> =
                std::fs::read_dir(folder.path()).unwrap().map(|one| one.unwrap().file_name()).collect();
            assert!(left.iter().all(|name| name.to_string_lossy().starts_with("from")), "{left:?}");
            error
        };
        let line_of = |text: &str| match wrong(text) {
            DumpError::NotADump { line, .. } => line,
            error => panic!("{error}"),
        };
        assert_eq!(line_of(""), 1, "nothing in it");
        assert_eq!(line_of("{}"), 1, "another object");
        assert_eq!(line_of(&lines[..5].join("\n")), 6, "cut off before its last line");
        assert_eq!(line_of(&with(2, "0g")), 3, "no digit");
        assert_eq!(line_of(&with(2, &lines[2][1..])), 3, "half a byte is missing");
        assert_eq!(line_of(&with(2, "")), 3, "an empty line");
        let mut fewer = lines.clone();
        fewer.remove(4);
        assert_eq!(line_of(&fewer.join("\n")), 5, "a record is missing");
        let version = with(0, &lines[0].replace("\"record_version\":", "\"record_version\":9"));
        assert!(matches!(wrong(&version), DumpError::OtherVersion { .. }));
        let mut swapped = lines.clone();
        swapped.swap(3, 4);
        assert!(matches!(wrong(&swapped.join("\n")), DumpError::Open(_)), "records out of order");
        let foot: Foot = serde_json::from_str(lines[5]).unwrap();
        for changed in [&foot.decided, &foot.measured] {
            let other = lines[5].replace(changed.as_str(), &"0".repeat(changed.len()));
            assert!(matches!(wrong(&with(5, &other)), DumpError::OtherState { .. }), "{other}");
        }
        assert_eq!(load(&mut text.as_bytes(), &to).unwrap(), 4);
        let mut again = Vec::new();
        dump(&to, &mut again).unwrap();
        assert_eq!(text, String::from_utf8(again).unwrap());
    }
}
