//! `cargo xtask hooks install|run`: the fast checks before a commit.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::docs;
use crate::exit::Exit;
use crate::talk::{say, tell};
use crate::tidy;
use crate::workspace::Workspace;

/// A hook with this line is ours and may be replaced.
const MARK: &str = "# installed by `cargo xtask hooks install`";
const HOOK: &str = "#!/bin/sh\n# installed by `cargo xtask hooks install`\nexec cargo xtask hooks run\n";

/// Writes the pre-commit hook of this clone, also from a worktree.
///
/// # Errors
/// When this is no git repository, or somebody else's hook is there and `force` is not given.
pub(crate) fn install(workspace: &Workspace, force: bool) -> Result<Exit> {
    let folder = hooks_folder(workspace)?;
    std::fs::create_dir_all(&folder).context("the folder of the hooks cannot be made")?;
    let file = folder.join("pre-commit");
    write_hook(&file, force)?;
    say!("installed the pre-commit hook; it runs: cargo xtask hooks run");
    Ok(Exit::Passed)
}

fn write_hook(file: &Path, force: bool) -> Result<()> {
    if let Ok(text) = std::fs::read(file) {
        let ours = String::from_utf8_lossy(&text).contains(MARK);
        if !ours && !force {
            bail!(
                "a pre-commit hook is there that is not ours; add `cargo xtask hooks run` to it, or replace it: cargo xtask hooks install --force"
            );
        }
    }
    std::fs::write(file, HOOK).context("the hook cannot be written")?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755))
            .context("the hook cannot be made executable")?;
    }
    Ok(())
}

/// The checks: the changed Rust files are formatted, the tree is tidy, and pages that depend on changed code were looked at.
///
/// # Errors
/// When git or rustfmt cannot be started.
pub(crate) fn run(workspace: &Workspace) -> Result<Exit> {
    let staged = git(workspace, &["diff", "--cached", "--name-only", "--diff-filter=ACMR", "-z"])?;
    let sources: Vec<&str> = staged.split('\0').filter(|file| file.ends_with(".rs")).collect();
    let mut good = true;
    for file in sources {
        // What is committed is looked at, not what lies in the folder.
        let source = git(workspace, &["show", &format!(":{file}")])?;
        if !formatted(workspace, &source)? {
            say!("FAIL format: {file}");
            good = false;
        }
    }
    if !good {
        tell!("next: cargo fmt --all && git add --update");
    }
    let tidy = tidy::run(workspace)? == Exit::Passed;
    // Without the generated files: those need a build, and a commit must not wait for one.
    let looked_at = docs::coupled(workspace, true)? == 0;
    if !looked_at {
        tell!("next: {}, then stage the note with the change", docs::NEXT);
    }
    Ok(Exit::passed_if(good && tidy && looked_at))
}

/// Whether rustfmt would leave one file's text alone. Through a pipe it does not follow `mod` to files that are not committed now.
fn formatted(workspace: &Workspace, source: &str) -> Result<bool> {
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout", "--config-path"])
        .arg(workspace.root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("rustfmt cannot be started; install it: rustup component add rustfmt")?;
    let output = std::thread::scope(|scope| {
        let stdin = child.stdin.take();
        scope.spawn(move || {
            // A formatter that stops reading has found a syntax error; its status says so.
            stdin.map(|mut stdin| stdin.write_all(source.as_bytes()))
        });
        child.wait_with_output()
    })
    .context("rustfmt was lost")?;
    Ok(output.status.success() && output.stdout == source.as_bytes())
}

fn hooks_folder(workspace: &Workspace) -> Result<PathBuf> {
    let path = git(workspace, &["rev-parse", "--git-path", "hooks"])?;
    Ok(workspace.root().join(path.trim_end()))
}

fn git(workspace: &Workspace, args: &[&str]) -> Result<String> {
    let output = Command::new("git")
        .args(args)
        .current_dir(workspace.root())
        .output()
        .context("git cannot be started")?;
    if !output.status.success() {
        bail!("git {}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_of_the_workspace_decide_what_is_formatted() {
        let workspace = Workspace::find().unwrap();
        let line = format!("const A: [&str; 2] = [\"{}\", \"{}\"];\n", "a".repeat(35), "b".repeat(35));
        assert!(formatted(&workspace, &line).unwrap());
        assert!(formatted(&workspace, "mod absent;\n").unwrap());
        assert!(!formatted(&workspace, "fn  a( ) {}\n").unwrap());
        assert!(!formatted(&workspace, "fn a( {\n").unwrap());
    }

    #[test]
    fn our_hook_is_replaced_and_a_foreign_one_only_by_force() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pre-commit");
        write_hook(&file, false).unwrap();
        write_hook(&file, false).unwrap();
        std::fs::write(&file, "#!/bin/sh\nmake check\n").unwrap();
        assert!(write_hook(&file, false).unwrap_err().to_string().contains("--force"));
        assert!(std::fs::read_to_string(&file).unwrap().contains("make check"));
        write_hook(&file, true).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), HOOK);
        assert!(HOOK.contains(MARK));
    }
}
