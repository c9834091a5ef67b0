//! Event logs: counted, never replayed.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, BufRead};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::options::Limits;

/// What a log of events says, line by line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct EventLog {
    /// The file; it stays where it is.
    pub file: String,
    /// Its length, in bytes.
    pub bytes: u64,
    /// BLAKE3 of it, in hexadecimal.
    pub blake3: String,
    /// Lines that are events.
    pub events: u64,
    /// How many there are of each type. None of them is interpreted, so none is unknown.
    pub types: BTreeMap<String, u64>,
    /// Events of types beyond the ten thousandth, which are not counted apart.
    pub types_beyond: u64,
    /// Events without a type.
    pub untyped: u64,
    /// When the first event happened, as it was written.
    pub first: Option<String>,
    /// When the last one did.
    pub last: Option<String>,
    /// The last tick that an event names.
    pub last_tick: Option<u64>,
    /// Lines that are no events, by number.
    pub broken: Vec<BrokenLine>,
    /// How many of them there are.
    pub broken_count: u64,
    /// The last line, when it was not written to its end.
    pub torn: Option<TornLine>,
}

/// A line that is no event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BrokenLine {
    /// Its number, from 1.
    pub line: u64,
    /// The column in bytes, from 1.
    pub column: u64,
    /// What is wrong with it.
    pub problem: String,
}

/// A last line that was not written to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TornLine {
    /// Its number, from 1.
    pub line: u64,
    /// Where it begins, in bytes from the beginning of the file.
    pub offset: u64,
    /// Its length, in bytes.
    pub bytes: u64,
    /// What is there of it; at most the first 4,096 characters.
    pub text: String,
}

const TYPES_MAX: usize = 10_000;
const BROKEN_MAX: usize = 100;
const TORN_CHARS_MAX: usize = 4_096;
/// Longest type or time that is shown, in characters.
const WORD_CHARS_MAX: usize = 128;

#[derive(Deserialize)]
struct Event<'l> {
    #[serde(borrow, default)]
    timestamp: Option<&'l RawValue>,
    #[serde(borrow, default)]
    event_type: Option<&'l RawValue>,
    #[serde(borrow, default)]
    tick: Option<&'l RawValue>,
}

impl EventLog {
    /// Reads a log to its end.
    ///
    /// # Errors
    /// When the file cannot be read. What stands in it is never an error.
    pub fn read(file: impl Into<String>, mut from: impl BufRead, limits: &Limits) -> io::Result<Self> {
        let mut log = Self { file: file.into(), ..Self::default() };
        let mut hasher = blake3::Hasher::new();
        let mut line = Vec::new();
        let mut number = 0_u64;
        loop {
            line.clear();
            let (mut length, mut ended) = (0_u64, false);
            while !ended {
                let chunk = from.fill_buf()?;
                if chunk.is_empty() {
                    break;
                }
                let end = chunk.iter().position(|byte| *byte == b'\n');
                let taken = end.map_or(chunk.len(), |end| end + 1);
                let text = &chunk[..end.unwrap_or(chunk.len())];
                hasher.update(&chunk[..taken]);
                let room = limits.line_bytes_max.saturating_sub(line.len()).min(text.len());
                line.extend_from_slice(&text[..room]);
                length += text.len() as u64;
                ended = end.is_some();
                from.consume(taken);
            }
            if length == 0 && !ended {
                break;
            }
            number += 1;
            let offset = log.bytes;
            log.bytes += length + u64::from(ended);
            if length > line.len() as u64 {
                let problem = format!("the line has {length} bytes, more than {}", limits.line_bytes_max);
                log.broken(number, 1, problem);
            } else {
                log.line(&line, number, offset, ended);
            }
        }
        log.blake3 = hasher.finalize().to_hex().to_string();
        Ok(log)
    }

    fn line(&mut self, line: &[u8], number: u64, offset: u64, ended: bool) {
        if line.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        let event = std::str::from_utf8(line)
            .map_err(|error| (error.valid_up_to() + 1, "this byte is no UTF-8".to_owned()))
            .and_then(|text| {
                // A list of values would be taken for a list of fields.
                if text.trim_start().starts_with('[') {
                    return Err((1, "it is a list, not an object".to_owned()));
                }
                serde_json::from_str::<Event<'_>>(text).map_err(|error| {
                    let what = error.to_string();
                    (error.column(), what.split(" at line ").next().unwrap_or_default().to_owned())
                })
            });
        match event {
            Ok(event) => self.count(&event),
            Err(_) if !ended => {
                let text = String::from_utf8_lossy(line).chars().take(TORN_CHARS_MAX).collect();
                self.torn = Some(TornLine { line: number, offset, bytes: line.len() as u64, text });
            }
            Err((column, problem)) => self.broken(number, column as u64, problem),
        }
    }

    fn broken(&mut self, line: u64, column: u64, problem: String) {
        self.broken_count += 1;
        if self.broken.len() < BROKEN_MAX {
            self.broken.push(BrokenLine { line, column: column.max(1), problem });
        }
    }

    fn count(&mut self, event: &Event<'_>) {
        self.events += 1;
        match event.event_type.and_then(word) {
            None => self.untyped += 1,
            Some(kind) if self.types.len() >= TYPES_MAX && !self.types.contains_key(&kind) => {
                self.types_beyond += 1;
            }
            Some(kind) => *self.types.entry(kind).or_default() += 1,
        }
        if let Some(time) = event.timestamp.and_then(any_word) {
            self.first.get_or_insert_with(|| time.clone());
            self.last = Some(time);
        }
        if let Some(tick) = event.tick.and_then(|raw| raw.get().parse().ok()) {
            self.last_tick = Some(tick);
        }
    }
}

fn short(text: &str) -> String {
    text.chars().take(WORD_CHARS_MAX).collect()
}

fn word(raw: &RawValue) -> Option<String> {
    serde_json::from_str::<Cow<'_, str>>(raw.get()).ok().map(|text| short(&text))
}

/// A text, or a number as it is written.
fn any_word(raw: &RawValue) -> Option<String> {
    word(raw).or_else(|| (raw.get() != "null").then(|| short(raw.get())))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &[u8], limits: &Limits) -> EventLog {
        EventLog::read("run.jsonl", text, limits).unwrap()
    }

    #[test]
    fn types_are_counted_and_a_torn_line_is_kept_apart() {
        let text = concat!(
            "{\"timestamp\": \"2026-01-01T00:00:00\", \"event_type\": \"tick\", \"tick\": 1}\n",
            "\n",
            "{\"event_type\": \"action\", \"x\": [[[1]]]}\n",
            "not json\n",
            "[1]\n",
            "{\"timestamp\": \"2026-01-01T00:00:09\", \"event_type\": \"tick\", \"tick\": 2}\n",
            "{\"event_type\": 7}\n",
            "{\"timestamp\": \"2026-01-01T00:0",
        );
        let log = read(text.as_bytes(), &Limits::default());
        assert_eq!((log.events, log.untyped, log.broken_count), (4, 1, 2));
        assert_eq!(log.types["tick"], 2);
        assert_eq!(log.first.as_deref(), Some("2026-01-01T00:00:00"));
        assert_eq!(log.last.as_deref(), Some("2026-01-01T00:00:09"));
        assert_eq!(log.last_tick, Some(2));
        assert_eq!((log.broken[0].line, log.broken[1].line), (4, 5));
        let torn = log.torn.unwrap();
        assert_eq!((torn.line, torn.bytes), (8, 30));
        assert_eq!(torn.offset, text.len() as u64 - 30);
        assert_eq!(log.bytes, text.len() as u64);
        assert_eq!(log.blake3, blake3::hash(text.as_bytes()).to_hex().to_string());
    }

    #[test]
    fn a_line_that_is_too_long_is_counted_and_not_kept() {
        let limits = Limits { line_bytes_max: 20, ..Limits::default() };
        let log = read(b"{\"event_type\":\"aaaaaaaaaaaaaaaaaaaa\"}\n{\"event_type\":\"b\"}", &limits);
        assert_eq!((log.events, log.broken_count, log.torn), (1, 1, None));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_log(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let log = read(&bytes, &Limits::default());
            prop_assert_eq!(log.bytes, bytes.len() as u64);
        }
    }
}
