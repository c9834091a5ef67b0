//! Only the composition root names implementations: the place where flags become objects is one file.

use anyhow::Result;

use super::Tree;
use crate::mask::{Blank, find_word, line_of, masked};

/// The only file outside an implementation's crate that may name it.
const ROOT: &str = "crates/runner/src/compose.rs";

/// The implementations and the folders they live in. Another crate's type of the same name is not meant: a file names an implementation when it
/// also names its crate.
const IMPLEMENTATIONS: &[(&str, &str)] = &[
    ("TickLimiter", "crates/rate-limiting/"),
    ("RollingLimiter", "crates/rate-limiting/"),
    ("Legacy", "crates/ontology/"),
    ("Unified", "crates/ontology/"),
    ("PolicyAccess", "crates/contracts/"),
    ("ContractAccess", "crates/contracts/"),
];

/// Tests, examples and benches may name what they try.
const TRIALS: [&str; 3] = ["/tests/", "/benches/", "/examples/"];

/// Files that name an implementation and should not.
pub(super) fn check(tree: &Tree<'_>) -> Result<Vec<String>> {
    let mut breaches = Vec::new();
    for file in tree.ending(".rs") {
        let trial = file.starts_with("tests/") || TRIALS.iter().any(|folder| file.contains(folder));
        if file == ROOT || trial || !file.starts_with("crates/") {
            continue;
        }
        let text = tree.workspace.read(file)?;
        breaches.extend(named(file, &text));
    }
    Ok(breaches)
}

fn named(file: &str, text: &str) -> Vec<String> {
    let code = masked(text, Blank { strings: true, comments: true, tests: true });
    let foreign = IMPLEMENTATIONS.iter().filter(|(_, home)| !file.starts_with(home));
    foreign
        .filter_map(|(name, home)| {
            find_word(&code, &crate_name(home))?;
            let at = find_word(&code, name)?;
            Some(format!("{file}:{}: names {name}; only {ROOT} turns flags into objects", line_of(&code, at)))
        })
        .collect()
}

/// `crates/rate-limiting/` is `ecology_rate_limiting` in code.
fn crate_name(home: &str) -> String {
    let folder = home.trim_end_matches('/').rsplit('/').next().unwrap_or(home);
    format!("ecology_{}", folder.replace('-', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_implementation_is_named_at_home_in_comments_and_in_tests_only() {
        let text = "use ecology_ontology::{Ask, Legacy};\n";
        assert_eq!(
            named("crates/world/src/x.rs", text),
            [
                "crates/world/src/x.rs:1: names Legacy; only crates/runner/src/compose.rs turns flags into objects"
            ]
        );
        assert!(named("crates/ontology/src/x.rs", text).is_empty());
        assert!(
            named(
                "crates/world/src/x.rs",
                "// ecology_ontology::Legacy\nconst A: &str = \"Legacy\";\nstruct LegacyName;"
            )
            .is_empty()
        );
        assert!(
            named("crates/world/src/x.rs", "#[cfg(test)]\nmod tests { use ecology_ontology::Unified; }")
                .is_empty()
        );
        assert!(named("crates/features/src/x.rs", "enum Schema { Legacy, Unified }").is_empty());
        let limiter = "fn f() -> ecology_rate_limiting::TickLimiter {}";
        assert_eq!(named("crates/world/src/x.rs", limiter).len(), 1);
    }
}
