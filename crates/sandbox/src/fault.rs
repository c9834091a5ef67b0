//! Why a run has no result.

use serde::{Deserialize, Serialize};

/// The most characters of a message from code that are kept.
pub const MESSAGE_CHARS_MAX: usize = 300;

/// Why a compilation or a call has no result. Each has one stable sentence; what comes from code in it is [cleaned](clean).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Fault {
    /// The source is not a program.
    #[error("line {line}: {message}")]
    Compile {
        /// Line of the source, from 1; 0 when it concerns the whole.
        line: u32,
        /// What is wrong.
        message: String,
    },
    /// The code raised an error and did not catch it.
    #[error("the code failed: {message}")]
    Error {
        /// What it said.
        message: String,
    },
    /// More instructions than allowed.
    #[error("the code used up its instructions")]
    OutOfInstructions,
    /// More memory than allowed.
    #[error("the code used up its memory")]
    OutOfMemory,
    /// Calls nested too deep.
    #[error("the code nests its calls too deep")]
    TooDeep,
    /// Arguments, result or what was handed to the host are larger or nest deeper than allowed.
    #[error("a value is larger than {bytes_max} bytes or nests deeper than {depth_max}")]
    ValueTooLarge {
        /// The size limit it was held against.
        bytes_max: u64,
        /// The depth limit it was held against.
        depth_max: u32,
    },
    /// Something that is no value: a function, a number that is not whole or beyond 2^53, text that is not UTF-8, mixed keys.
    #[error(
        "{what} is not a value; values are null, booleans, whole numbers below 2^53, text, lists and maps"
    )]
    NotAValue {
        /// What it is.
        what: String,
    },
    /// The source defines no global function of this name.
    #[error("the code has no function {function}")]
    UnknownFunction {
        /// The name asked for.
        function: String,
    },
    /// The host was asked more often than allowed.
    #[error("the code asked the world too often")]
    TooManyHostCalls,
    /// The host ended the run.
    #[error("ended: {reason}")]
    Aborted {
        /// What the host said.
        reason: String,
    },
    /// The wall clock ran out; in process it is looked at between instructions.
    #[error("the code took too long")]
    TooSlow,
    /// The worker process that ran it ended, again and again.
    #[error("the worker process that ran the code ended: {how}")]
    WorkerDied {
        /// Exit code or signal.
        how: String,
    },
    /// The worker process did not answer in time and was killed.
    #[error("the worker process that ran the code did not answer in time and was killed")]
    WorkerTimedOut,
    /// The sandbox itself could not work: a worker cannot be started, a virtual machine cannot be made.
    #[error("the sandbox is not available: {reason}")]
    Unavailable {
        /// Why.
        reason: String,
    },
}

/// `text` in one line of at most [`MESSAGE_CHARS_MAX`] characters, control characters replaced by spaces: fit for a log.
#[must_use]
pub fn clean(text: &str) -> String {
    let mut cleaned: String = text
        .chars()
        .take(MESSAGE_CHARS_MAX)
        .map(|character| if is_plain(character) { character } else { ' ' })
        .collect();
    if text.chars().nth(MESSAGE_CHARS_MAX).is_some() {
        cleaned.push('…');
    }
    cleaned
}

/// Neither a control character nor one that changes the direction or visibility of text around it.
const fn is_plain(character: char) -> bool {
    !matches!(character,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_fit_one_line_of_a_log() {
        assert_eq!(clean("a\nERROR forged\u{1b}[31m\u{202e}x"), "a ERROR forged [31m x");
        assert_eq!(clean(&"ä".repeat(1000)).chars().count(), MESSAGE_CHARS_MAX + 1);
    }
}
