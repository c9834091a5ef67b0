//! What one call of the binary gave.

use std::process::ExitStatus;

use serde_json::Value;

/// A call that has ended.
#[derive(Debug)]
pub struct Done {
    /// How it was called, for messages.
    pub called: String,
    /// How it ended.
    pub status: ExitStatus,
    /// Its data.
    pub stdout: String,
    /// Its talk.
    pub stderr: String,
}

impl Done {
    /// The exit code; none when a signal ended it.
    #[must_use]
    pub fn exit(&self) -> Option<i32> {
        self.status.code()
    }

    /// The same, having ended with this code.
    ///
    /// # Panics
    /// When it ended otherwise, with everything that it said.
    #[must_use]
    #[track_caller]
    pub fn ended_with(self, exit: i32) -> Self {
        assert_eq!(self.exit(), Some(exit), "{self}");
        self
    }

    /// The JSON value on stdout of a call that ended well.
    ///
    /// # Panics
    /// When it did not, or when that is no JSON.
    #[must_use]
    #[track_caller]
    pub fn json(self) -> Value {
        let done = self.ended_with(0);
        match serde_json::from_str(&done.stdout) {
            Ok(value) => value,
            Err(error) => panic!("stdout is no JSON: {error}\n{done}"),
        }
    }
}

impl std::fmt::Display for Done {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "$ {}\n{}\n-- stdout", self.called, self.status)?;
        writeln!(f, "{}\n-- stderr\n{}", self.stdout.trim_end(), self.stderr.trim_end())
    }
}
