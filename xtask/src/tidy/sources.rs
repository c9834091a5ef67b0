//! Files: their size, `unsafe`, merge markers, trailing blanks, paths of somebody's machine.

use anyhow::Result;

use super::Tree;
use crate::mask::{Blank, find_word, line_of, masked};

/// The longest source file.
const LINES_MAX: usize = 800;

/// Folders of the packages that may contain `unsafe`, each with its reason. Such a package also says so in its manifest and `lib.rs`.
pub(super) const UNSAFE_ALLOWED: &[(&str, &str)] = &[
    ("crates/metering", "a global allocator that counts cannot be written without it"),
    (
        "crates/sim-disk",
        "a virtual file system of SQLite is a table of C functions, and this one is for tests only",
    ),
];

/// Folders in which a path of a machine would mean that somebody copied one.
const MACHINE_FOLDERS: [&str; 4] = ["root", "work", "home", "tmp"];

/// Files whose text is not written by hand.
const GENERATED: [&str; 3] = [".snap", ".lock", ".svg"];

/// Source files that are too long.
pub(super) fn size(tree: &Tree<'_>) -> Result<Vec<String>> {
    let mut breaches = Vec::new();
    for file in tree.ending(".rs") {
        let text = tree.workspace.read(file)?;
        let generated = text.lines().take(3).any(|line| line.contains("@generated"));
        let lines = text.lines().count();
        if lines > LINES_MAX && !generated {
            breaches.push(format!(
                "{file}: {lines} lines; split it (at most {LINES_MAX}, one main type per file)"
            ));
        }
    }
    Ok(breaches)
}

/// `unsafe` where it is not allowed.
pub(super) fn unsafe_code(tree: &Tree<'_>) -> Result<Vec<String>> {
    let mut breaches = Vec::new();
    for file in tree.ending(".rs") {
        if UNSAFE_ALLOWED.iter().any(|(folder, _)| file.starts_with(&format!("{folder}/"))) {
            continue;
        }
        let code = masked(&tree.workspace.read(file)?, Blank { strings: true, comments: true, tests: false });
        if let Some(at) = find_word(&code, "unsafe") {
            breaches
                .push(format!("{file}:{}: `unsafe` in a crate that is not on the list", line_of(&code, at)));
        }
    }
    Ok(breaches)
}

/// Merge markers and trailing blanks.
pub(super) fn text(tree: &Tree<'_>) -> Result<Vec<String>> {
    let mut breaches = Vec::new();
    for file in &tree.files {
        let generated = GENERATED.iter().any(|end| file.ends_with(end));
        let Ok(text) = String::from_utf8(tree.workspace.read_bytes(file)?) else { continue };
        for (at, line) in text.lines().enumerate() {
            if ["<<<<<<< ", ">>>>>>> ", "||||||| "].iter().any(|mark| line.starts_with(mark)) {
                breaches.push(format!("{file}:{}: a merge marker", at + 1));
            }
            if !generated && line.ends_with([' ', '\t']) {
                breaches.push(format!("{file}:{}: trailing blanks", at + 1));
            }
        }
    }
    Ok(breaches)
}

/// Absolute paths of a machine, outside tests.
pub(super) fn places(tree: &Tree<'_>) -> Result<Vec<String>> {
    let mut breaches = Vec::new();
    for file in &tree.files {
        if file.starts_with("tests/") || file.contains("/tests/") || file.ends_with(".lock") {
            continue;
        }
        let Ok(mut text) = String::from_utf8(tree.workspace.read_bytes(file)?) else { continue };
        if file.ends_with(".rs") {
            text = masked(&text, Blank { strings: false, comments: false, tests: true });
        }
        if let Some((at, folder)) = machine_path(&text) {
            breaches.push(format!(
                "{file}:{}: a path under /{folder}/ is somebody's machine",
                line_of(&text, at)
            ));
        }
    }
    Ok(breaches)
}

fn machine_path(text: &str) -> Option<(usize, &'static str)> {
    MACHINE_FOLDERS.into_iter().find_map(|folder| {
        let wanted = format!("/{folder}/");
        let found = text.match_indices(&wanted).find(|(at, _)| {
            // Part of a longer path, as in `net/home/x` or `https://host/home/x`, is no absolute path.
            let before = text[..*at].chars().next_back();
            before.is_none_or(|c| !(c.is_alphanumeric() || "._-/~}*)".contains(c)))
        });
        found.map(|(at, _)| (at, folder))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Workspace;

    fn with(files: &[(&str, &str)], rule: fn(&Tree<'_>) -> Result<Vec<String>>) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::at(folder.path());
        for (file, text) in files {
            workspace.write(file, text).unwrap();
        }
        let tree = Tree { workspace: &workspace, files: workspace.files().unwrap(), packages: Vec::new() };
        rule(&tree).unwrap()
    }

    #[test]
    fn long_files_are_breaches_unless_generated() {
        let long = "x\n".repeat(LINES_MAX + 1);
        let generated = format!("// @generated\n{long}");
        let found = with(&[("a.rs", &long), ("b.rs", &generated), ("c.rs", &long[2..])], size);
        assert_eq!(found, ["a.rs: 801 lines; split it (at most 800, one main type per file)"]);
    }

    #[test]
    fn unsafe_in_code_is_found_and_in_comments_is_not() {
        let found = with(
            &[("a.rs", "// unsafe\nfn f() { unsafe {} }\n"), ("b.rs", "#![forbid(unsafe_code)]\n")],
            unsafe_code,
        );
        assert_eq!(found, ["a.rs:2: `unsafe` in a crate that is not on the list"]);
    }

    #[test]
    fn markers_and_blanks_are_found() {
        let marker = format!("{} HEAD\n", "<".repeat(7));
        let found = with(&[("a.md", &marker), ("b.md", "x \ny\n"), ("c.snap", "x \n")], text);
        assert_eq!(found, ["a.md:1: a merge marker", "b.md:1: trailing blanks"]);
    }

    #[test]
    fn paths_of_a_machine_are_found_outside_tests() {
        let found = with(
            &[
                ("a.md", "see /home/ann/x\n"),
                ("b.rs", "const A: &str = \"/root/x\";\n"),
                ("c.rs", "#[cfg(test)]\nmod tests { const A: &str = \"/tmp/x\"; }\n"),
                ("d/tests/main.rs", "\"/tmp/x\"\n"),
                ("e.md", "https://example.org/home/x and net/work/x\n"),
            ],
            places,
        );
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("a.md:1") && found[1].starts_with("b.rs:1"));
    }
}
