//! Packages: lints, documents, test binaries.

use anyhow::{Context as _, Result};

use super::Tree;
use super::layering::AXIS_CRATES;
use super::sources::UNSAFE_ALLOWED;
use crate::packages::Package;

/// The feature of bugs put in on purpose.
const PLANTED: &str = "planted-bugs";

/// Packages that do not inherit the lints of the workspace.
pub(super) fn check(tree: &Tree<'_>) -> Result<Vec<String>> {
    let mut breaches = Vec::new();
    for package in &tree.packages {
        let file = format!("{}/Cargo.toml", package.folder);
        let manifest = tree.workspace.read(&file)?;
        breaches.extend(lints(&file, &package.folder, &manifest)?);
        breaches.extend(planted(&file, &manifest)?);
    }
    Ok(breaches)
}

/// Bugs put in on purpose that would get into a product.
fn planted(file: &str, manifest: &str) -> Result<Vec<String>> {
    let table: toml::Table = toml::from_str(manifest).with_context(|| file.to_owned())?;
    let asks = |value: &toml::Value| {
        let features = value.get("features").and_then(toml::Value::as_array);
        features.into_iter().flatten().any(|feature| feature.as_str() == Some(PLANTED))
    };
    let dependencies = table.get("dependencies").and_then(toml::Value::as_table).into_iter().flatten();
    Ok(dependencies
        .filter(|(_, value)| asks(value))
        .map(|(name, _)| {
            format!("{file}: asks {name} for `{PLANTED}` outside of its development dependencies")
        })
        .collect())
}

fn lints(file: &str, folder: &str, manifest: &str) -> Result<Option<String>> {
    let table: toml::Table = toml::from_str(manifest).with_context(|| file.to_owned())?;
    let lints = table.get("lints");
    let inherited = lints.and_then(|own| own.get("workspace")).and_then(toml::Value::as_bool) == Some(true);
    let own_unsafe = lints.and_then(|own| own.get("rust")).and_then(|own| own.get("unsafe_code")).is_some();
    Ok(if inherited {
        None
    } else if UNSAFE_ALLOWED.iter().any(|(allowed, _)| *allowed == folder) {
        (!own_unsafe)
            .then(|| format!("{file}: has its own lints and does not say what holds for `unsafe_code`"))
    } else {
        Some(format!("{file}: does not inherit the lints; write `[lints]` and `workspace = true`"))
    })
}

/// Documents that must be there: pages of the axis crates, documentation of every crate, the changelog.
pub(super) fn documents(tree: &Tree<'_>) -> Result<Vec<String>> {
    let mut breaches = Vec::new();
    let there = |file: &str| tree.files.iter().any(|own| own == file);
    for package in &tree.packages {
        let readme = format!("{}/README.md", package.folder);
        if AXIS_CRATES.contains(&package.name.as_str()) && !there(&readme) {
            breaches.push(format!("{readme} is missing: an axis crate is worth adopting alone and says how"));
        }
        let root = ["lib.rs", "main.rs"]
            .map(|name| format!("{}/src/{name}", package.folder))
            .into_iter()
            .find(|file| there(file));
        match root {
            None => breaches.push(format!("{}: has neither src/lib.rs nor src/main.rs", package.folder)),
            Some(root) if !documented(&tree.workspace.read(&root)?) => {
                breaches.push(format!(
                    "{root}: does not begin with `//!`: say what the crate decides and what is absent"
                ));
            }
            Some(_) => {}
        }
    }
    if !there("CHANGELOG.md") {
        breaches.push("CHANGELOG.md is missing".to_owned());
    } else if !tree
        .workspace
        .read("CHANGELOG.md")?
        .lines()
        .any(|line| line.starts_with("## ") && line.contains("Unreleased"))
    {
        breaches.push("CHANGELOG.md has no section `## Unreleased`".to_owned());
    }
    Ok(breaches)
}

/// Whether a crate's root begins with its documentation, written there or taken from its page.
fn documented(text: &str) -> bool {
    text.starts_with("//!") || text.starts_with("#![doc = include_str!(")
}

/// Packages with several integration test binaries: each is linked and started on its own.
pub(super) fn test_binaries(packages: &[Package]) -> Vec<String> {
    let many = packages.iter().filter(|package| package.tests.len() > 1);
    many.map(|package| {
        format!(
            "{} has {} test binaries ({}); make them modules of tests/main.rs",
            package.name,
            package.tests.len(),
            package.tests.join(", ")
        )
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planted_bugs_stay_out_of_products() {
        let asks = |section: &str| {
            let manifest =
                format!("[{section}]\na = {{ workspace = true, features = [\"planted-bugs\"] }}\n");
            planted("a/Cargo.toml", &manifest).unwrap().len()
        };
        assert_eq!((asks("dependencies"), asks("dev-dependencies")), (1, 0));
    }

    #[test]
    fn lints_are_inherited() {
        assert_eq!(lints("a/Cargo.toml", "a", "[lints]\nworkspace = true\n").unwrap(), None);
        assert!(
            lints("a/Cargo.toml", "a", "[package]\nname = \"a\"\n").unwrap().unwrap().contains("inherit")
        );
        assert!(lints("a/Cargo.toml", "a", "[lints.rust]\nunsafe_code = \"deny\"\n").unwrap().is_some());
    }

    #[test]
    fn one_test_binary_is_enough() {
        let with = |tests: &[&str]| Package {
            name: "a".to_owned(),
            tests: tests.iter().map(|name| (*name).to_owned()).collect(),
            ..Package::default()
        };
        assert!(test_binaries(&[with(&[]), with(&["main"])]).is_empty());
        assert_eq!(
            test_binaries(&[with(&["main", "more"])]),
            ["a has 2 test binaries (main, more); make them modules of tests/main.rs"]
        );
    }
}
