//! A folder of its own for each test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::{Done, Running, binary};

/// A folder that is gone when the test ends, and the binary run in it.
#[derive(Debug)]
pub struct Scratch {
    folder: TempDir,
    streams: TempDir,
}

impl Default for Scratch {
    fn default() -> Self {
        Self::new()
    }
}

impl Scratch {
    /// An empty folder.
    ///
    /// # Panics
    /// When the system gives none.
    #[must_use]
    pub fn new() -> Self {
        let folder = || TempDir::with_prefix("ecology-").expect("there is room for a folder");
        Self { folder: folder(), streams: folder() }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A file in it.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    /// Writes a file into it.
    ///
    /// # Panics
    /// When that is not possible.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).expect("the scratch folder can be written");
    }

    /// Starts `ecology ARGS` here. Settings of the caller's environment do not reach it.
    pub fn start<S: AsRef<str>>(&self, args: &[S]) -> Running {
        let mut command = Command::new(binary());
        command.args(args.iter().map(AsRef::as_ref));
        self.spawn(command)
    }

    /// Runs `ecology ARGS` here until it ends.
    #[must_use]
    pub fn ecology<S: AsRef<str>>(&self, args: &[S]) -> Done {
        self.start(args).wait()
    }

    /// Runs a script of the shell here, in which `$ecology` is the binary.
    #[must_use]
    pub fn shell(&self, script: &str) -> Done {
        let mut command = Command::new("sh");
        command.args(["-c", script]).env("ecology", binary());
        self.spawn(command).wait()
    }

    fn spawn(&self, mut command: Command) -> Running {
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("ECOLOGY_") {
                command.env_remove(&name);
            }
        }
        command.current_dir(self.folder()).env("NO_COLOR", "1").env_remove("RUST_BACKTRACE");
        command.env_remove("COLUMNS");
        let called: Vec<_> = std::iter::once("ecology".into())
            .chain(command.get_args().map(|arg| arg.to_string_lossy().into_owned()))
            .collect();
        Running::start(command, called.join(" "), self.streams.path())
    }

    /// Runs a world here and gives its report; everything that must hold of every run does.
    ///
    /// # Panics
    /// When the run fails, breaks a law, does nothing, or when a shadow found something that nobody can explain.
    #[track_caller]
    #[must_use]
    pub fn run(&self, world: &str, args: &[&str]) -> Value {
        let call = [&["run", "--world", world, "--json", "--quiet"], args].concat();
        let report = self.ecology(&call).json();
        assert_eq!(report["broken_law"], Value::Null, "{call:?}");
        assert!(report_number(&report, "/actions/done") > 0, "{call:?} did nothing");
        for (axis, shadow) in report["shadow"].as_object().expect("the report has an object there") {
            assert_eq!(shadow["unexplained"], 0, "{axis} in {call:?}: {shadow:#}");
            assert_eq!(shadow["candidate_failures"], 0, "{axis} in {call:?}: {shadow:#}");
        }
        report
    }

    /// Replays a world of this folder and gives what came out, which agrees.
    ///
    /// # Panics
    /// When it does not agree.
    #[track_caller]
    #[must_use]
    pub fn replay(&self, world: &str) -> Value {
        let replay = self.ecology(&["replay", world, "--json"]).json();
        assert_eq!(replay["agrees"], true, "{replay:#}");
        replay
    }
}

/// A whole number in a report.
///
/// # Panics
/// When there is none at this JSON pointer.
#[must_use]
#[track_caller]
pub fn report_number(report: &Value, pointer: &str) -> u64 {
    let found = report.pointer(pointer).and_then(Value::as_u64);
    found.unwrap_or_else(|| panic!("no whole number at {pointer} in {report:#}"))
}
