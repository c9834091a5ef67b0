//! Calling the binary.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder of its own and the binary in it, without any configuration from outside.
pub(crate) struct Program {
    folder: tempfile::TempDir,
}

impl Program {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder for the test") }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ecology"));
        command.args(args).current_dir(self.folder());
        // Nobody's screen decides what is tested.
        command.env_remove("COLUMNS");
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("ECOLOGY_") {
                command.env_remove(name);
            }
        }
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Answer {
        Answer::from(self.command(args).output().expect("the binary starts"))
    }
}

/// What came back.
pub(crate) struct Answer {
    pub code: i32,
    pub out: String,
    pub talk: String,
}

impl From<Output> for Answer {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().expect("it was not killed"),
            out: String::from_utf8(output.stdout).expect("text"),
            talk: String::from_utf8(output.stderr).expect("text"),
        }
    }
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.out, self.talk))
    }

    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.out, self.talk);
        self
    }
}
