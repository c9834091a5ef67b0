//! The binary `ecology`, built once in release, run in temporary worlds.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context as _, Result, anyhow, bail};
use serde_json::Value;

use crate::cargo::{Echo, cargo, finish};
use crate::workspace::Workspace;

/// Builds the binary when it is first needed.
#[derive(Debug, Default)]
pub(crate) struct Ecology {
    built: OnceLock<Result<PathBuf, String>>,
}

/// What one call of the binary gave.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Exit code; `None` when a signal ended it.
    pub(crate) exit: Option<i32>,
    /// The JSON object on stdout, when there is one.
    pub(crate) report: Option<Value>,
    /// The last lines of both streams, for a reader who wants to know why.
    pub(crate) tail: String,
}

impl Ecology {
    fn binary(&self, workspace: &Workspace) -> Result<&Path> {
        match self.built.get_or_init(|| build(workspace).map_err(|error| format!("{error:#}"))) {
            Ok(path) => Ok(path),
            Err(text) => Err(anyhow!("{text}")),
        }
    }

    /// Builds the binary now, so that the first criterion is not charged for it.
    ///
    /// # Errors
    /// When it cannot be built.
    pub(crate) fn prepare(&self, workspace: &Workspace) -> Result<()> {
        self.binary(workspace).map(drop)
    }

    /// Runs `ecology ARGS` in `folder`.
    ///
    /// # Errors
    /// When the binary cannot be built or started.
    pub(crate) fn call<S: AsRef<std::ffi::OsStr>>(
        &self,
        workspace: &Workspace,
        folder: &Path,
        args: &[S],
    ) -> Result<Answer> {
        let mut command = Command::new(self.binary(workspace)?);
        command.args(args).current_dir(folder).stdin(Stdio::null()).env("NO_COLOR", "1");
        // Settings of the caller must not decide whether a criterion holds.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("ECOLOGY_") {
                command.env_remove(name);
            }
        }
        let done = finish(command, Echo::Quiet)?;
        let text = done.stdout.join("\n");
        let report = serde_json::from_str(&text).ok();
        Ok(Answer { exit: done.status.code(), report, tail: done.tail(12) })
    }
}

fn build(workspace: &Workspace) -> Result<PathBuf> {
    crate::talk::tell!("building ecology in release");
    let mut command = cargo(workspace);
    command.args(["build", "--release", "--package", "ecology", "--bin", "ecology", "--quiet"]);
    command.args(["--message-format", "json-render-diagnostics"]);
    let done = finish(command, Echo::Quiet)?;
    if !done.status.success() {
        bail!("ecology cannot be built:\n{}", done.tail(30));
    }
    let executable = done.stdout.iter().rev().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        (message["target"]["name"] == "ecology").then_some(())?;
        message["executable"].as_str().map(PathBuf::from)
    });
    executable.context("cargo built ecology and named no executable")
}
