//! `cargo xtask bench`: every bench that prints `RATIO` lines, one table, exit code 100 when a target is missed.

use anyhow::{Context as _, Result, bail};

use crate::cargo::{Echo, cargo, finish};
use crate::exit::{Exit, Usage};
use crate::packages::packages;
use crate::ratio::{Ratio, parse_all};
use crate::talk::{say, tell};
use crate::workspace::Workspace;

/// What one bench gave.
#[derive(Debug)]
pub(crate) struct BenchRun {
    /// Its ratios.
    pub(crate) ratios: Vec<Ratio>,
    /// Why it did not finish or could not be understood.
    pub(crate) failure: Option<String>,
}

/// Which bench, and what it is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BenchAsk<'a> {
    /// The bench; no two packages have one of the same name.
    pub(crate) bench: &'a str,
    /// Only this case.
    pub(crate) only: Option<&'a str>,
    /// The long variant.
    pub(crate) long: bool,
}

/// Runs one bench.
///
/// # Errors
/// When cargo cannot be started.
pub(crate) fn run_one(workspace: &Workspace, ask: BenchAsk<'_>, echo: Echo) -> Result<BenchRun> {
    let mut command = cargo(workspace);
    // Of the whole workspace, so that all benches are built on the same libraries; `--package` would build those again for each package.
    command.args(["bench", "--quiet", "--workspace", "--bench", ask.bench, "--"]);
    if let Some(only) = ask.only {
        command.args(["--only", only]);
    }
    command.args(ask.long.then_some("--long"));
    let done = finish(command, echo)?;
    if !done.status.success() {
        // A bench may end with an error because it missed its own target: the ratios say so better.
        let ratios = parse_all(&done.stdout).unwrap_or_default();
        let failure = format!("the bench ended with {}:\n{}", done.status, done.tail(20));
        return Ok(BenchRun { ratios, failure: Some(failure) });
    }
    Ok(match parse_all(&done.stdout) {
        Ok(ratios) => BenchRun { ratios, failure: None },
        Err(text) => BenchRun { ratios: Vec::new(), failure: Some(text) },
    })
}

/// Runs the benches of the workspace; `only` is the name of a bench, of a package, or of a case inside the benches.
///
/// # Errors
/// When the workspace cannot be read.
pub(crate) fn run(workspace: &Workspace, only: Option<&str>, long: bool) -> Result<Exit> {
    let mut benches = Vec::new();
    for package in packages(workspace)? {
        let manifest = workspace.read(&format!("{}/Cargo.toml", package.folder))?;
        for bench in &package.benches {
            if own_harness(&manifest, bench).with_context(|| format!("{}/Cargo.toml", package.folder))? {
                benches.push((package.name.clone(), bench.clone()));
            }
        }
    }
    // Cargo would start both.
    if let Some((_, twice)) = benches
        .iter()
        .enumerate()
        .find_map(|(at, one)| benches[..at].iter().any(|other| other.1 == one.1).then_some(one))
    {
        bail!("two packages have a bench called `{twice}`: rename one");
    }
    let named = |wanted: &str| benches.iter().any(|(package, bench)| package == wanted || bench == wanted);
    let whole = only.is_some_and(named);
    let mut rows: Vec<(String, Ratio)> = Vec::new();
    let mut failures = 0;
    for (package, bench) in &benches {
        if whole && only.is_some_and(|wanted| package != wanted && bench != wanted) {
            continue;
        }
        tell!("bench {package} {bench}");
        let case = if whole { None } else { only };
        let done = run_one(workspace, BenchAsk { bench, only: case, long }, Echo::Live)?;
        // Which cases a bench has is its own business: one that does not know the case says so and measures nothing.
        let not_its_case = case.is_some() && done.ratios.is_empty();
        if let Some(text) = done.failure.filter(|_| !not_its_case) {
            say!("FAIL {package} {bench}: {text}");
            failures += 1;
        }
        rows.extend(done.ratios.into_iter().map(|ratio| (format!("{package} {bench}"), ratio)));
    }
    if rows.is_empty() && failures == 0 {
        return match only {
            Some(name) => Err(Usage::error(format!("no bench, package or case is called `{name}`"))),
            None => {
                say!("no bench prints ratios yet");
                Ok(Exit::Passed)
            }
        };
    }
    print_table(&rows);
    let missed = rows.iter().filter(|(_, ratio)| !ratio.met()).count();
    say!("{} ratios, {missed} missed their target, {failures} benches failed", rows.len());
    Ok(Exit::passed_if(missed == 0 && failures == 0))
}

fn print_table(rows: &[(String, Ratio)]) {
    say!("      {:<34} {:<26} {:<40} {:>10} target", "bench", "case", "what", "value");
    for (bench, ratio) in rows {
        let word = match ratio.target {
            None => "    ",
            Some(_) if ratio.met() => "PASS",
            Some(_) => "FAIL",
        };
        say!(
            "{word}  {bench:<34} {:<26} {:<40} {:>10.3} {}",
            ratio.name,
            ratio.what,
            ratio.value,
            ratio.wanted()
        );
    }
}

/// Whether a bench has its own `main` (`harness = false`): only those can take our arguments.
fn own_harness(manifest: &str, bench: &str) -> Result<bool> {
    let manifest: toml::Table = toml::from_str(manifest)?;
    let benches = manifest.get("bench").and_then(toml::Value::as_array).into_iter().flatten();
    let mut own = benches.filter(|entry| entry.get("name").and_then(toml::Value::as_str) == Some(bench));
    Ok(own.any(|entry| entry.get("harness").and_then(toml::Value::as_bool) == Some(false)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_benches_with_their_own_main_are_run() {
        let manifest = "[[bench]]\nname = \"a\"\nharness = false\n[[bench]]\nname = \"b\"\n";
        assert!(own_harness(manifest, "a").unwrap());
        assert!(!own_harness(manifest, "b").unwrap());
        assert!(!own_harness("", "a").unwrap());
    }
}
