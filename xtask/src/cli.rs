//! The words of `cargo xtask`.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::exit::{Exit, Usage};
use crate::talk::tell;
use crate::verify::Ask;
use crate::workspace::Workspace;
use crate::{bench, claims, docs, hooks, plan, test, tidy, verify};

const USAGE: u8 = 2;

/// Developer commands of the workspace.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    version,
    after_help = "Exit codes: 0 passed, 100 something was checked and failed, 96 a plan or the set-up is wrong, 2 usage."
)]
struct Cli {
    #[command(subcommand)]
    word: Word,
}

#[derive(Debug, Subcommand)]
enum Word {
    /// Run every test that this machine can run, and say why not the others.
    Test {
        /// Only list the tests.
        #[arg(long)]
        list: bool,
        /// Only tests whose path contains this.
        filter: Option<String>,
    },
    /// Prove the criteria of a phase.
    #[command(name = "verify-phase")]
    VerifyPhase {
        /// A phase (1 to 6) or `all`.
        #[arg(value_parser = phase)]
        phase: Phase,
        /// Only this gap (`1`) or criterion (`1/laws`); a planned gap is looked into as well.
        #[arg(long, value_name = "ID")]
        only: Option<String>,
        /// Print one JSON object to stdout, the lines to stderr.
        #[arg(long)]
        json: bool,
        /// Write evidence to plans/evidence/.
        #[arg(long)]
        record: bool,
    },
    /// Show every phase and gap with its status.
    Phases {
        /// Print a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Check or show plans.
    #[command(subcommand)]
    Plan(PlanWord),
    /// Check the rules of the house.
    Tidy,
    /// Write generated references and note that coupled pages were looked at.
    Docs {
        /// Write nothing; fail when something would change.
        #[arg(long)]
        check: bool,
    },
    /// Run the benches and compare their ratios with the targets.
    Bench {
        /// Only this bench, package, or case.
        #[arg(long, value_name = "NAME")]
        only: Option<String>,
        /// The long variants.
        #[arg(long)]
        long: bool,
    },
    /// Say who works on which gap.
    #[command(subcommand)]
    Claim(ClaimWord),
    /// The fast checks before a commit.
    #[command(subcommand)]
    Hooks(HooksWord),
}

#[derive(Debug, Subcommand)]
enum PlanWord {
    /// Check front matter, references, and that written and computed status agree.
    Check {
        /// Fail when evidence is stale, instead of noting it.
        #[arg(long)]
        fresh: bool,
    },
    /// Show one gap.
    Show {
        /// Number of the gap.
        id: u32,
    },
}

#[derive(Debug, Subcommand)]
enum ClaimWord {
    /// Claim a gap for seven days, or renew one's claim.
    Take {
        /// Number of the gap.
        gap: u32,
        /// Who; by default the name that git knows.
        #[arg(long, value_name = "NAME")]
        who: Option<String>,
    },
    /// Give a gap back.
    Drop {
        /// Number of the gap.
        gap: u32,
        /// Refuse when it is somebody else's.
        #[arg(long, value_name = "NAME")]
        who: Option<String>,
    },
    /// Show every claim.
    List,
}

#[derive(Debug, Subcommand)]
enum HooksWord {
    /// Write the pre-commit hook of this clone.
    Install {
        /// Replace a hook that is not ours.
        #[arg(long)]
        force: bool,
    },
    /// Run what the hook runs.
    Run,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    All,
    One(u8),
}

fn phase(text: &str) -> Result<Phase, String> {
    if text == "all" {
        return Ok(Phase::All);
    }
    let known = plan::PHASES.map(|(number, _)| number);
    match text.parse() {
        Ok(number) if known.contains(&number) => Ok(Phase::One(number)),
        _ => Err(format!("say 1 to {} or all", known.len())),
    }
}

/// Reads the arguments, does the work, and turns the result into an exit code.
pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.word) {
        Ok(exit) => exit.into(),
        Err(error) => {
            tell!("error: {error:#}");
            if error.is::<Usage>() { ExitCode::from(USAGE) } else { Exit::SetUp.into() }
        }
    }
}

fn run(word: Word) -> Result<Exit> {
    let workspace = &Workspace::find()?;
    match word {
        Word::Test { list, filter } => test::run(workspace, list, filter.as_deref()),
        Word::VerifyPhase { phase, only, json, record } => {
            let phase = match phase {
                Phase::All => None,
                Phase::One(number) => Some(number),
            };
            verify::run(workspace, &Ask { phase, only, json, record })
        }
        Word::Phases { json } => plan::phases(workspace, json),
        Word::Plan(PlanWord::Check { fresh }) => plan::check(workspace, fresh),
        Word::Plan(PlanWord::Show { id }) => plan::show(workspace, id),
        Word::Tidy => tidy::run(workspace),
        Word::Docs { check } => docs::run(workspace, check),
        Word::Bench { only, long } => bench::run(workspace, only.as_deref(), long),
        Word::Claim(ClaimWord::Take { gap, who }) => claims::take(workspace, gap, who),
        Word::Claim(ClaimWord::Drop { gap, who }) => claims::drop(workspace, gap, who.as_deref()),
        Word::Claim(ClaimWord::List) => claims::list(workspace),
        Word::Hooks(HooksWord::Install { force }) => hooks::install(workspace, force),
        Word::Hooks(HooksWord::Run) => hooks::run(workspace),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_words_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_phase_is_a_known_number_or_all() {
        assert!(matches!(phase("all"), Ok(Phase::All)));
        assert!(matches!(phase("6"), Ok(Phase::One(6))));
        for wrong in ["0", "7", "x", "-1"] {
            assert!(phase(wrong).is_err(), "{wrong}");
        }
    }
}
