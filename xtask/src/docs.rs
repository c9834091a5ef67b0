//! `cargo xtask docs [--check]`: references that are generated, and pages that must be looked at when code changes.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use serde::Deserialize;
use toml_edit::{DocumentMut, value};

use crate::cargo::{Echo, cargo, finish};
use crate::digest::digest;
use crate::exit::Exit;
use crate::globs;
use crate::packages::packages;
use crate::talk::{say, tell};
use crate::workspace::Workspace;

const COUPLING: &str = "docs/coupling.toml";

/// What to do about a page that was not looked at.
pub(crate) const NEXT: &str =
    "read the pages named above, mend what is no longer true, then: cargo xtask docs";

/// Files that an example of one of our packages writes.
struct Generated {
    /// The files.
    outputs: &'static [&'static str],
    /// The package; without it nothing happens.
    package: &'static str,
    /// The example that writes them.
    example: &'static str,
    /// Its arguments.
    args: &'static [&'static str],
}

/// Every generated file, by generator.
const GENERATED: &[Generated] = &[
    Generated {
        outputs: &["config/ecology.schema.json", "config/ecology.toml", "config/all-new.toml"],
        package: "ecology-features",
        example: "schema",
        args: &[],
    },
    Generated {
        outputs: &["docs/run-report.schema.json"],
        package: "ecology-runner",
        example: "report_schema",
        args: &[],
    },
];

/// The file that couples pages to code.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Couplings {
    #[serde(default)]
    coupled: Vec<Coupled>,
}

/// A page that must be looked at when files change.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Coupled {
    /// The page.
    page: String,
    /// Globs of the files.
    paths: Vec<String>,
    /// What in the page depends on them.
    why: String,
    /// Hash of the files when somebody last looked.
    #[serde(default)]
    hash: String,
}

/// Writes, or with `check` compares.
///
/// # Errors
/// When a file cannot be read or a generator cannot be started.
pub(crate) fn run(workspace: &Workspace, check: bool) -> Result<Exit> {
    let generated = generated(workspace, check)?;
    let coupled = coupled(workspace, check)?;
    let problems = generated + coupled;
    if check && problems > 0 {
        tell!("next: {NEXT}");
    }
    Ok(Exit::passed_if(problems == 0))
}

fn generated(workspace: &Workspace, check: bool) -> Result<usize> {
    let packages = packages(workspace)?;
    let mut problems = 0;
    for own in GENERATED {
        let named = own.outputs.join(" ");
        let Some(package) = packages.iter().find(|package| package.name == own.package) else {
            tell!("SKIP {named}: there is no package {}", own.package);
            continue;
        };
        if !package.examples.iter().any(|name| name == own.example) {
            say!("FAIL {named}: {} has no example `{}` that writes them", own.package, own.example);
            problems += 1;
            continue;
        }
        let before: Vec<Option<Vec<u8>>> =
            own.outputs.iter().map(|file| workspace.read_bytes(file).ok()).collect();
        let mut command = cargo(workspace);
        command.args(["run", "--quiet", "--package", own.package, "--example", own.example, "--"]);
        command.args(own.args);
        let done = finish(command, Echo::Quiet)?;
        if !done.status.success() {
            say!("FAIL {named}: the generator ended with {}:\n{}", done.status, done.tail(20));
            problems += 1;
        }
        for (file, before) in own.outputs.iter().zip(before) {
            let after = workspace.read_bytes(file).ok();
            if after == before {
                tell!("PASS {file}");
            } else if check {
                // A check never writes: what was there is put back.
                restore(workspace, file, before.as_deref())?;
                say!("FAIL {file}: is not what its generator writes; run: cargo xtask docs");
                problems += 1;
            } else {
                say!("wrote {file}");
            }
        }
    }
    Ok(problems)
}

fn restore(workspace: &Workspace, file: &str, before: Option<&[u8]>) -> Result<()> {
    let path = workspace.path(file);
    match before {
        Some(bytes) => std::fs::write(path, bytes),
        None => std::fs::remove_file(path),
    }
    .with_context(|| format!("{file}: cannot be put back"))
}

/// Compares what pages depend on with what was there when somebody last looked; without `check` notes that it was looked at now. Returns the problems.
///
/// # Errors
/// When a file cannot be read or written.
pub(crate) fn coupled(workspace: &Workspace, check: bool) -> Result<usize> {
    if !workspace.path(COUPLING).is_file() {
        tell!("{COUPLING} is not there: no page is coupled");
        return Ok(0);
    }
    let source = workspace.read(COUPLING)?;
    let couplings: Couplings =
        toml::from_str(&source).with_context(|| format!("{COUPLING}: cannot be understood"))?;
    let mut document: DocumentMut =
        source.parse().with_context(|| format!("{COUPLING}: cannot be understood"))?;
    let files = workspace.files()?;
    let mut problems = 0;
    let mut looked_at = BTreeSet::new();
    for (at, own) in couplings.coupled.iter().enumerate() {
        let unmatched = globs::unmatched(&files, &own.paths)?;
        if !files.contains(&own.page) || !unmatched.is_empty() || own.paths.is_empty() {
            let what = if files.contains(&own.page) { unmatched.join(" ") } else { own.page.clone() };
            say!("FAIL {COUPLING}: {}: nothing is there: {what}", own.page);
            problems += 1;
            continue;
        }
        let hash = digest(workspace, &globs::matching(&files, &own.paths)?, "")?;
        if hash == own.hash {
            continue;
        }
        if check {
            say!(
                "FAIL {}: {} changed since somebody last looked ({})",
                own.page,
                own.paths.join(" "),
                own.why
            );
            problems += 1;
        } else {
            document["coupled"][at]["hash"] = value(hash);
            looked_at.insert(own.page.as_str());
        }
    }
    if !looked_at.is_empty() {
        workspace.write(COUPLING, &document.to_string())?;
        for page in looked_at {
            say!("{page}: noted as looked at");
        }
    }
    tell!("{} pages are coupled, {problems} problems", couplings.coupled.len());
    Ok(problems)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# Who must look where.\n\n[[coupled]]\npage = \"README.md\"\npaths = [\"src/**\"]\nwhy = \"names the words\"\n";

    fn workspace(folder: &tempfile::TempDir) -> Workspace {
        let workspace = Workspace::at(folder.path());
        workspace.write("README.md", "words").unwrap();
        workspace.write("src/cli.rs", "one").unwrap();
        workspace.write(COUPLING, FILE).unwrap();
        workspace
    }

    #[test]
    fn a_page_must_be_looked_at_when_its_paths_change() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = workspace(&folder);
        assert_eq!(coupled(&workspace, true).unwrap(), 1);
        assert_eq!(coupled(&workspace, false).unwrap(), 0);
        assert_eq!(coupled(&workspace, true).unwrap(), 0);
        assert!(workspace.read(COUPLING).unwrap().starts_with("# Who must look where.\n"));
        workspace.write("src/cli.rs", "two").unwrap();
        assert_eq!(coupled(&workspace, true).unwrap(), 1);
        workspace.write("src/cli.rs", "one").unwrap();
        assert_eq!(coupled(&workspace, true).unwrap(), 0);
    }

    #[test]
    fn a_check_never_writes() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = workspace(&folder);
        coupled(&workspace, true).unwrap();
        assert_eq!(workspace.read(COUPLING).unwrap(), FILE);
    }

    #[test]
    fn a_page_or_paths_that_are_gone_are_problems() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = workspace(&folder);
        workspace.write(COUPLING, &FILE.replace("src/**", "lib/**")).unwrap();
        assert_eq!(coupled(&workspace, false).unwrap(), 1);
        workspace.write(COUPLING, &FILE.replace("README.md", "GONE.md")).unwrap();
        assert_eq!(coupled(&workspace, false).unwrap(), 1);
    }
}
