//! Starting cargo and other programs, and reading what they print line by line.

use std::io::{BufRead as _, BufReader, IsTerminal as _, Read, Write as _};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Mutex;

use anyhow::{Context as _, Result};

use crate::workspace::Workspace;

/// Whether the output of a program is passed on while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Echo {
    /// Every line, to stderr, as it comes.
    Live,
    /// Nothing; the caller has the lines.
    Quiet,
}

/// What a program printed and how it ended.
#[derive(Debug)]
pub(crate) struct Finished {
    /// How it ended.
    pub(crate) status: ExitStatus,
    /// Lines of both streams without colours, in the order of their arrival.
    pub(crate) lines: Vec<String>,
    /// Lines of stdout alone.
    pub(crate) stdout: Vec<String>,
}

impl Finished {
    /// The last `count` lines, for a reader who wants to know why.
    pub(crate) fn tail(&self, count: usize) -> String {
        self.lines[self.lines.len().saturating_sub(count)..].join("\n")
    }
}

/// `cargo` in the workspace, without the variables that `cargo run` gave to this process (they would make build scripts run again).
pub(crate) fn cargo(workspace: &Workspace) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace.root()).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_"]
            .iter()
            .any(|start| name.starts_with(start))
        {
            command.env_remove(name);
        }
    }
    command
}

/// Whether colours reach a person.
pub(crate) fn colour() -> &'static str {
    let wanted = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    if wanted { "always" } else { "never" }
}

/// Runs `command` to its end.
///
/// # Errors
/// When it cannot be started or its output cannot be read.
pub(crate) fn finish(mut command: Command, echo: Echo) -> Result<Finished> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("`{name}` cannot be started"))?;
    let out = child.stdout.take();
    let err = child.stderr.take();
    let lines = Mutex::new(Vec::new());
    let (stdout, _) = std::thread::scope(|scope| {
        let stdout = scope.spawn(|| collect(out, echo, &lines));
        let stderr = scope.spawn(|| collect(err, echo, &lines));
        (stdout.join().unwrap_or_default(), stderr.join().unwrap_or_default())
    });
    let status = child.wait().with_context(|| format!("`{name}` was lost"))?;
    Ok(Finished { status, lines: lines.into_inner().unwrap_or_default(), stdout })
}

fn collect(stream: Option<impl Read>, echo: Echo, all: &Mutex<Vec<String>>) -> Vec<String> {
    let mut own = Vec::new();
    let Some(stream) = stream else { return own };
    for line in BufReader::new(stream).split(b'\n').map_while(std::result::Result::ok) {
        let line = String::from_utf8_lossy(&line).into_owned();
        if echo == Echo::Live {
            let _ = writeln!(std::io::stderr().lock(), "{line}");
        }
        let plain = without_colours(&line);
        if let Ok(mut all) = all.lock() {
            all.push(plain.clone());
        }
        own.push(plain);
    }
    own
}

/// `line` without ANSI escape sequences.
fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        if c == '\u{1b}' {
            for c in rest.by_ref() {
                if c.is_ascii_alphabetic() {
                    break;
                }
            }
        } else {
            plain.push(c);
        }
    }
    plain.trim_end_matches('\r').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_dropped() {
        assert_eq!(without_colours("\u{1b}[32;1mok\u{1b}[0m 3 passed\r"), "ok 3 passed");
    }

    #[test]
    fn both_streams_arrive_and_the_status_is_kept() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo out; echo err >&2; exit 3"]);
        let done = finish(command, Echo::Quiet).unwrap();
        assert_eq!(done.status.code(), Some(3));
        assert_eq!(done.stdout, ["out"]);
        assert_eq!(done.lines.len(), 2);
    }
}
