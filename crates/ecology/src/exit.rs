//! The exit codes. `ecology --help`, `ecology explain` and the README are derived from this table.

use std::process::ExitCode;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Ok,
    Failed,
    Usage,
    Config,
    World,
    Journal,
    Source,
    Crashed,
    Interrupted,
}

impl Exit {
    /// Every way, in ascending order of the numbers.
    pub(crate) const ALL: [Self; 9] = [
        Self::Ok,
        Self::Failed,
        Self::Usage,
        Self::Config,
        Self::World,
        Self::Journal,
        Self::Source,
        Self::Crashed,
        Self::Interrupted,
    ];

    /// The number that a shell sees.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Config => 3,
            Self::World => 4,
            Self::Journal => 5,
            Self::Source => 6,
            Self::Crashed => 101,
            Self::Interrupted => 130,
        }
    }

    /// What it means, as half a sentence.
    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::Ok => "done; also a run that one Ctrl-C ended in an orderly way",
            Self::Failed => "a run failed or broke a law of the world, or a replay came out differently",
            Self::Usage => "the command line is not understood",
            Self::Config => "the configuration is refused",
            Self::World => "the world cannot be opened: not there, locked, damaged, newer, or not a world",
            Self::Journal => "the disk or the journal failed during the run",
            Self::Source => "what was to be imported is refused; no world was made",
            Self::Crashed => "the program itself is at fault",
            Self::Interrupted => "a second Ctrl-C; nothing that was acknowledged is lost",
        }
    }

    /// What to do about it, as a sentence.
    pub(crate) const fn remedy(self) -> &'static str {
        match self {
            Self::Ok => "Nothing. A run says in its report how it ended.",
            Self::Failed => {
                "Read the last lines of the output: they name the law or both hashes. `ecology inspect WORLD events` shows how it came to be."
            }
            Self::Usage => "Add --help to the command.",
            Self::Config => {
                "Correct what the message points at; `ecology config check` shows everything at once."
            }
            Self::World => "Follow the help of the message. A damaged world is restored from a copy.",
            Self::Journal => {
                "Free some space or repair the disk, then run again with --world: everything acknowledged is there."
            }
            Self::Source => {
                "Correct what the messages point at in a copy of the files, or add the option that they name."
            }
            Self::Crashed => "Please report it with the message and the command.",
            Self::Interrupted => "Run again with --world to go on from the last acknowledged step.",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.number())
    }
}

/// The paragraph about exit codes in `--help`.
pub(crate) fn help() -> String {
    let mut text = String::from("Exit codes:\n");
    for exit in Exit::ALL {
        text += &format!("  {:>3}  {}\n", exit.number(), exit.meaning());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_has_every_code() {
        let readme = include_str!("../README.md");
        for exit in Exit::ALL {
            let row = format!("| {} | {} |", exit.number(), exit.meaning());
            assert!(readme.contains(&row), "README.md lacks {row}");
        }
    }
}
