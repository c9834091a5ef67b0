//! What the README tells people to type works.

use std::path::Path;

use ecology_tests::Scratch;

/// The commands of the blocks marked `console`: lines that begin with `$ ecology ` or `$ cargo run --release -- `, without the prompt.
fn commands(page: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        match line.trim_start() {
            fence if fence.starts_with("```") => inside = fence == "```console",
            line if inside => {
                let command = ["$ ecology", "$ cargo run --release --"].iter().find_map(|prompt| {
                    let rest = line.strip_prefix(prompt)?;
                    (rest.is_empty() || rest.starts_with(' ')).then_some(rest)
                });
                commands.extend(command.map(|command| command.trim().to_owned()));
            }
            _ => {}
        }
    }
    commands
}

#[test]
fn only_commands_in_console_blocks_count() {
    let page = "$ ecology no\n```console\n$ ecology run --seed 2\n3 rows\n  $ ecology features\n$ cargo test\n$ ecologyst\n```\n```sh\n$ ecology no\n```\n\
                ```console\n$ cargo run --release -- run\n```";
    assert_eq!(commands(page), ["run --seed 2", "features", "run"]);
}

/// All commands of a page run in one folder, in their order: a later one may look at the world of an earlier one.
#[test]
fn commands_of_the_pages_work() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for page in ["README.md", "crates/ecology/README.md"] {
        let Ok(text) = std::fs::read_to_string(root.join(page)) else { continue };
        let scratch = Scratch::new();
        // Commands may name a file of the repository, for example a configuration.
        std::os::unix::fs::symlink(root.join("config"), scratch.path("config")).unwrap();
        for command in commands(&text) {
            let done = scratch.shell(&format!("\"$ecology\" {command}"));
            assert_eq!(done.exit(), Some(0), "{page}: ecology {command}\n{done}");
        }
    }
}
