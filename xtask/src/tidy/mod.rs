//! `cargo xtask tidy`: the rules of the house that the compiler does not know. Each is also a test.

mod composition;
mod layering;
mod manifests;
mod sources;

use anyhow::Result;

use crate::exit::Exit;
use crate::packages::{Package, packages};
use crate::talk::{say, tell};
use crate::workspace::Workspace;

/// What the rules look at.
pub(crate) struct Tree<'a> {
    workspace: &'a Workspace,
    files: Vec<String>,
    packages: Vec<Package>,
}

impl<'a> Tree<'a> {
    /// Reads the workspace.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn read(workspace: &'a Workspace) -> Result<Self> {
        Ok(Self { workspace, files: workspace.files()?, packages: packages(workspace)? })
    }

    /// The files whose name ends with `end`.
    fn ending<'b>(&'b self, end: &'b str) -> impl Iterator<Item = &'b str> {
        self.files.iter().map(String::as_str).filter(move |file| file.ends_with(end))
    }
}

/// A rule gives one line per breach.
type Rule = fn(&Tree<'_>) -> Result<Vec<String>>;

/// Every rule, with the name that its breaches carry.
const RULES: &[(&str, Rule)] = &[
    ("layering", |tree| Ok(layering::check(&tree.packages))),
    ("composition", composition::check),
    ("manifests", manifests::check),
    ("documents", manifests::documents),
    ("test-binaries", |tree| Ok(manifests::test_binaries(&tree.packages))),
    ("size", sources::size),
    ("unsafe", sources::unsafe_code),
    ("text", sources::text),
    ("places", sources::places),
];

/// Applies every rule.
///
/// # Errors
/// When the workspace cannot be read.
pub(crate) fn run(workspace: &Workspace) -> Result<Exit> {
    let tree = Tree::read(workspace)?;
    let mut breaches = 0;
    for (name, rule) in RULES {
        for breach in rule(&tree)? {
            say!("FAIL {name}: {breach}");
            breaches += 1;
        }
    }
    tell!("tidy: {} rules, {} files, {breaches} breaches", RULES.len(), tree.files.len());
    Ok(Exit::passed_if(breaches == 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaches(name: &str) -> Vec<String> {
        let workspace = Workspace::find().unwrap();
        let tree = Tree::read(&workspace).unwrap();
        let (_, rule) = RULES.iter().find(|(own, _)| *own == name).unwrap();
        rule(&tree).unwrap()
    }

    macro_rules! rules_hold {
        ($($test:ident $name:literal),* $(,)?) => {
            $(
                #[test]
                fn $test() {
                    assert_eq!(breaches($name), Vec::<String>::new());
                }
            )*

            #[test]
            fn every_rule_is_a_test() {
                let tested: &[&str] = &[$($name),*];
                assert_eq!(RULES.iter().map(|(name, _)| *name).collect::<Vec<_>>(), tested);
            }
        };
    }

    rules_hold! {
        layering_holds "layering",
        composition_holds "composition",
        manifests_hold "manifests",
        documents_hold "documents",
        test_binaries_hold "test-binaries",
        size_holds "size",
        unsafe_holds "unsafe",
        text_holds "text",
        places_hold "places",
    }
}
