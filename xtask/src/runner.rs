//! Runs tests with nextest when it is installed and with `cargo test` when it is not; both give the same counts.

use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::cargo::{Echo, Finished, cargo, colour, finish};
use crate::workspace::Workspace;

/// What runs the tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Runner {
    /// `cargo nextest run`.
    Nextest,
    /// `cargo test`.
    Cargo,
}

/// Which tests are meant.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Selection<'a> {
    /// Only these packages; all when there are none.
    pub(crate) packages: &'a [&'a str],
    /// Only tests whose path contains this.
    pub(crate) filter: Option<&'a str>,
    /// The ignored tests instead of the others.
    pub(crate) ignored: bool,
    /// Cargo features that are not built by default, `package/feature` with commas between them; none when empty.
    pub(crate) features: &'a str,
}

/// How many tests ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Passed.
    pub(crate) passed: usize,
    /// Failed, timed out, or could not even be built.
    pub(crate) failed: usize,
}

/// A test that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    /// The binary it is in, as far as the runner says.
    pub(crate) binary: String,
    /// Its path inside the binary.
    pub(crate) name: String,
    /// Whether a plain run leaves it out.
    pub(crate) ignored: bool,
}

impl Listed {
    /// Whether it is no test of its own but what a child process does that other tests start: they are counted, and it is neither run nor skipped.
    pub(crate) fn is_role(&self) -> bool {
        self.ignored && self.name.rsplit("::").next().is_some_and(|own| own.starts_with("child_"))
    }
}

impl Runner {
    /// The best runner of this machine; `ECOLOGY_TEST_RUNNER=cargo` asks for the plain one.
    pub(crate) fn detect(workspace: &Workspace) -> Self {
        let plain = std::env::var("ECOLOGY_TEST_RUNNER").is_ok_and(|wanted| wanted == "cargo");
        let mut probe = cargo(workspace);
        probe.args(["nextest", "--version"]);
        let there = finish(probe, Echo::Quiet).is_ok_and(|done| done.status.success());
        if there && !plain { Self::Nextest } else { Self::Cargo }
    }

    /// Its name for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Nextest => "cargo nextest run",
            Self::Cargo => "cargo test",
        }
    }

    /// The tests that exist, ignored ones included. Builds them.
    ///
    /// # Errors
    /// When they cannot be built.
    pub(crate) fn list(self, workspace: &Workspace, selection: Selection<'_>) -> Result<Vec<Listed>> {
        match self {
            Self::Nextest => list_nextest(workspace, selection),
            Self::Cargo => list_cargo(workspace, selection),
        }
    }

    /// Runs the tests that `selection` means.
    ///
    /// # Errors
    /// When the runner cannot be started.
    pub(crate) fn run(
        self,
        workspace: &Workspace,
        selection: Selection<'_>,
        echo: Echo,
    ) -> Result<(Counts, Finished)> {
        let mut command = cargo(workspace);
        match self {
            Self::Nextest => {
                command.args(["nextest", "run", "--no-fail-fast", "--no-tests", "pass", "--color", colour()]);
                command.args(["--status-level", "slow", "--final-status-level", "fail", "--cargo-quiet"]);
                scope_nextest(&mut command, selection);
                if selection.ignored {
                    command.args(["--run-ignored", "only"]);
                }
                command.args(selection.filter);
            }
            Self::Cargo => {
                cargo_test(&mut command, selection);
                command.args(selection.filter);
                if selection.ignored {
                    command.args(["--", "--ignored"]);
                }
            }
        }
        if echo == Echo::Quiet {
            // Only the end of the output is shown, and a backtrace would push the reason out of it.
            command.env("RUST_BACKTRACE", "0");
        }
        let done = finish(command, echo)?;
        let counts = counts(&done, if self == Self::Nextest { nextest_summary } else { libtest_summary });
        Ok((counts, done))
    }
}

/// Runs the examples in the documentation of every library.
///
/// # Errors
/// When cargo cannot be started.
pub(crate) fn doc_tests(workspace: &Workspace, filter: Option<&str>) -> Result<Counts> {
    let mut command = cargo(workspace);
    command.args(["test", "--workspace", "--doc", "--no-fail-fast", "--quiet", "--color", colour()]);
    command.args(filter);
    let done = finish(command, Echo::Live)?;
    Ok(counts(&done, libtest_summary))
}

fn scope(command: &mut Command, selection: Selection<'_>) {
    match selection.packages {
        [] => drop(command.arg("--workspace")),
        packages => drop(command.args(packages.iter().flat_map(|package| ["--package", package]))),
    }
    if !selection.features.is_empty() {
        command.args(["--features", selection.features]);
    }
}

/// Packages are chosen among the binaries of all, not by `--package`: that would build what they depend on again, with the Cargo features that
/// they alone ask for. Where features are asked for, that is so anyway, and the fewest binaries are built.
fn scope_nextest(command: &mut Command, selection: Selection<'_>) {
    if selection.packages.is_empty() || !selection.features.is_empty() {
        return scope(command, selection);
    }
    let packages: Vec<String> =
        selection.packages.iter().map(|package| format!("package(={package})")).collect();
    command.args(["--workspace", "--filterset", &packages.join(" | ")]);
}

/// Benches are left out: `cargo test --all-targets` would start them.
fn cargo_test(command: &mut Command, selection: Selection<'_>) {
    command.arg("test");
    scope(command, selection);
    command.args(["--no-fail-fast", "--quiet", "--color", colour()]);
    command.args(["--lib", "--bins", "--tests", "--examples"]);
}

fn list_nextest(workspace: &Workspace, selection: Selection<'_>) -> Result<Vec<Listed>> {
    let mut command = cargo(workspace);
    command.args(["nextest", "list", "--message-format", "json", "--run-ignored", "all", "--cargo-quiet"]);
    scope_nextest(&mut command, selection);
    command.args(selection.filter);
    let done = finish(command, Echo::Quiet)?;
    if !done.status.success() {
        bail!("the tests cannot be listed:\n{}", done.tail(40));
    }
    let text = done
        .stdout
        .iter()
        .find(|line| line.starts_with('{'))
        .context("`cargo nextest list` printed no JSON")?;
    read_nextest_list(text)
}

fn read_nextest_list(text: &str) -> Result<Vec<Listed>> {
    let value: Value =
        serde_json::from_str(text).context("`cargo nextest list` printed JSON that cannot be read")?;
    let suites = value["rust-suites"].as_object().context("`cargo nextest list` named no suites")?;
    let mut listed = Vec::new();
    for (binary, suite) in suites {
        for (name, case) in suite["testcases"].as_object().into_iter().flatten() {
            if case["filter-match"]["status"] == "matches" {
                let ignored = case["ignored"].as_bool().unwrap_or(false);
                listed.push(Listed { binary: binary.clone(), name: name.clone(), ignored });
            }
        }
    }
    Ok(listed)
}

fn list_cargo(workspace: &Workspace, selection: Selection<'_>) -> Result<Vec<Listed>> {
    let names = |ignored: bool| -> Result<Vec<String>> {
        let mut command = cargo(workspace);
        cargo_test(&mut command, selection);
        command.args(selection.filter);
        command.args(["--", "--list"]);
        command.args(ignored.then_some("--ignored"));
        let done = finish(command, Echo::Quiet)?;
        if !done.status.success() {
            bail!("the tests cannot be listed:\n{}", done.tail(40));
        }
        Ok(done.stdout.iter().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect())
    };
    let ignored = names(true)?;
    let all = names(false)?;
    let listed = all.into_iter().map(|name| Listed {
        binary: selection.packages.join(" "),
        ignored: ignored.contains(&name),
        name,
    });
    Ok(listed.collect())
}

/// Adds up what the runner printed. A runner that failed without naming a failed test (nothing could be built) counts as one failure.
fn counts(done: &Finished, summary: fn(&str) -> Option<Counts>) -> Counts {
    let mut sum = Counts::default();
    for one in done.lines.iter().filter_map(|line| summary(line)) {
        sum.passed += one.passed;
        sum.failed += one.failed;
    }
    if !done.status.success() && sum.failed == 0 {
        sum.failed = 1;
    }
    sum
}

/// `test result: ok. 3 passed; 0 failed; 1 ignored; ...`
fn libtest_summary(line: &str) -> Option<Counts> {
    let rest = line.trim().strip_prefix("test result: ")?;
    let (_, numbers) = rest.split_once(". ")?;
    Some(named_numbers(numbers.split(';')))
}

/// `Summary [   0.1s] 3 tests run: 2 passed (1 slow), 1 failed, 4 skipped`
fn nextest_summary(line: &str) -> Option<Counts> {
    let rest = line.trim().strip_prefix("Summary [")?;
    let (_, numbers) = rest.split_once("run: ")?;
    Some(named_numbers(numbers.split(',')))
}

fn named_numbers<'a>(parts: impl Iterator<Item = &'a str>) -> Counts {
    let mut counts = Counts::default();
    for part in parts {
        let mut words = part.split_whitespace();
        let Some(number) = words.next().and_then(|number| number.parse::<usize>().ok()) else { continue };
        match words.next() {
            Some("passed") => counts.passed += number,
            Some("failed" | "timed" | "exec") => counts.failed += number,
            _ => {}
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_summaries_are_read() {
        let line = "test result: FAILED. 3 passed; 2 failed; 1 ignored; 0 measured; 5 filtered out; finished in 0.00s";
        assert_eq!(libtest_summary(line), Some(Counts { passed: 3, failed: 2 }));
        assert_eq!(libtest_summary("test a::b ... ok"), None);
        let line = "     Summary [   3.003s] 9 tests run: 6 passed (1 slow, 2 flaky), 2 failed, 1 timed out, 4 skipped";
        assert_eq!(nextest_summary(line), Some(Counts { passed: 6, failed: 3 }));
        let line = "     Summary [   0.003s] 2/9 tests run: 1 passed, 1 exec failed, 0 skipped";
        assert_eq!(nextest_summary(line), Some(Counts { passed: 1, failed: 1 }));
    }

    #[test]
    fn a_runner_that_fails_without_a_summary_is_a_failure() {
        let done = finish(Command::new("false"), Echo::Quiet).unwrap();
        assert_eq!(counts(&done, libtest_summary), Counts { passed: 0, failed: 1 });
    }

    #[test]
    fn the_list_keeps_what_the_filter_chose_and_knows_ignored_tests() {
        let text = r#"{"rust-suites":{"a::main":{"testcases":{
            "x::one":{"ignored":false,"filter-match":{"status":"matches"}},
            "needs_docker::two":{"ignored":true,"filter-match":{"status":"matches"}},
            "three":{"ignored":false,"filter-match":{"status":"mismatch","reason":"string"}}}}}}"#;
        let listed = read_nextest_list(text).unwrap();
        assert_eq!(listed.len(), 2);
        assert!(listed.iter().any(|test| test.ignored && test.name == "needs_docker::two"));
    }
}
