//! The command line.

mod configuration;
mod import;
mod inspect;
mod run;

pub(crate) use configuration::{ConfigArgs, ConfigCommand, environment};
pub(crate) use import::ImportArgs;
pub(crate) use inspect::{
    AccountFilter, AgentFilter, ArtifactFilter, EventFilter, InspectArgs, OrderFilter, Page, View,
};
pub(crate) use run::RunArgs;

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use ecology_types::Axis;

use crate::terminal::Color;

/// Runs, inspects and replays agent ecologies: populations of agents that share one world under real scarcity.
#[derive(Debug, Parser)]
#[command(
    name = "ecology",
    version,
    max_term_width = 100,
    arg_required_else_help = true,
    subcommand_required = true,
    after_help = "Begin with `ecology run`; it ends with what to type next.",
    after_long_help = after_long_help()
)]
pub(crate) struct Cli {
    /// Colours: on a terminal unless NO_COLOR is set, always, or never
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        hide_possible_values = true,
        hide_default_value = true,
        value_name = "auto|always|never",
        help_heading = "Everywhere"
    )]
    pub(crate) color: Color,
    /// Say more on stderr
    #[arg(long, short, global = true, help_heading = "Everywhere")]
    pub(crate) verbose: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// A number as people write it, refused in words that say what to write.
fn whole_number<T: TryFrom<u64>>(text: &str) -> Result<T, String> {
    let number = text.parse::<u64>().ok().and_then(|number| T::try_from(number).ok());
    number.ok_or_else(|| "write a whole number, without a sign or a unit".to_owned())
}

fn after_long_help() -> String {
    format!(
        "Data goes to stdout, everything else to stderr.\n\n{}\nBegin with `ecology run`; it ends with what to type next.",
        crate::exit::help()
    )
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(RunArgs),
    Inspect(InspectArgs),
    Why(WhyArgs),
    Replay(ReplayArgs),
    Agree(AgreeArgs),
    Diff(DiffArgs),
    Fork(ForkArgs),
    Migrate(MigrateArgs),
    CompareModes(CompareModesArgs),
    Dump(DumpArgs),
    Load(LoadArgs),
    Repair(RepairArgs),
    Import(ImportArgs),
    Scenarios(ScenariosArgs),
    Contracts(ContractsArgs),
    Features(FeaturesArgs),
    Explain(ExplainArgs),
    #[command(subcommand)]
    Config(ConfigCommand),
    Doctor(DoctorArgs),
    Completions(CompletionsArgs),
    /// Runs untrusted code for another process of this program, which starts it itself
    #[command(hide = true)]
    SandboxWorker,
}

impl Command {
    /// The files of worlds that it names and that have to be there.
    pub(crate) fn worlds(&self) -> Vec<PathBuf> {
        let one = |world: &PathBuf| vec![world.clone()];
        match self {
            Self::Run(args) => args.world.iter().cloned().collect(),
            Self::Inspect(args) => one(&args.world),
            Self::Why(args) => one(&args.world),
            Self::Replay(args) => one(&args.world),
            Self::Agree(args) => args.world.iter().cloned().collect(),
            Self::Diff(args) => vec![args.a.clone(), args.b.clone()],
            Self::Fork(args) => one(&args.world),
            Self::Migrate(args) => one(&args.world),
            Self::Dump(args) => one(&args.world),
            Self::Repair(args) => one(&args.world),
            _ => Vec::new(),
        }
    }
}

/// Explain one decision: who wanted what, what came of it, and who said so
///
/// Of an action that contracts answered for it shows what each read, said and cost; of the run of a tool its operations in order; of
/// everything else the contract or policy that governs and the rule it applied. Taken from the journal and the state before the decision;
/// no code runs, nothing is changed.
#[derive(Debug, clap::Args)]
pub(crate) struct WhyArgs {
    /// The file of the world
    pub(crate) world: PathBuf,
    /// The number of an event, as `inspect WORLD events` shows it
    #[arg(value_name = "SEQ", value_parser = whole_number::<u64>, allow_negative_numbers = true)]
    pub(crate) seq: u64,
    /// One JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// Compute a world's state again from its journal and compare the hash
///
/// Every record is applied from the first on, without snapshots. The hash is compared with the one that was kept at the last orderly
/// end of a run. Exit code 1 when they differ.
///
/// With --redecide every recorded command is decided again, each on the state that it was decided on: by the same implementations, which
/// must come to the same effects, or by others (--set features.AXIS=IMPL), which may differ where the divergence register says so. The
/// world is only read. Exit code 1 when a difference is not explained.
#[derive(Debug, clap::Args)]
pub(crate) struct ReplayArgs {
    /// The file of the world
    pub(crate) world: PathBuf,
    /// Stop after this record
    #[arg(long, value_name = "RECORD", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) until: Option<u64>,
    /// Decide every recorded command again and report where the decisions part
    #[arg(long)]
    pub(crate) redecide: bool,
    /// Ask this implementation instead of the recorded one, for example features.access_control=contract; may be repeated
    #[arg(long, value_name = "features.AXIS=IMPL", requires = "redecide")]
    pub(crate) set: Vec<String>,
    /// One JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// Show whether both halves of an axis agree over the whole history of a world
///
/// A run with --shadow AXIS=IMPL asks both halves the same questions and keeps in the world how the answers compare. What no run compared is
/// decided again from the journal. This shows both, and which number comes from where: the share of answers that agree, how long both took, how often the candidate failed, which differences are registered, which nothing explains, and
/// what was never compared. Exit code 0 when something was compared and nothing is left to explain, 1 otherwise.
#[derive(Debug, clap::Args)]
#[command(allow_missing_positional = true)]
pub(crate) struct AgreeArgs {
    /// Only this axis, for example access_control
    #[arg(value_parser = axis)]
    pub(crate) axis: Option<Axis>,
    /// The file of the world
    #[arg(required_unless_present = "reproduce")]
    pub(crate) world: Option<PathBuf>,
    /// Only what shadows found while the world ran; decide nothing again
    #[arg(long)]
    pub(crate) runs_only: bool,
    /// Write the files that are missing in WORLD.mismatches: the smallest history for each of the first unexplained differences
    #[arg(long)]
    pub(crate) files: bool,
    /// Ask both halves the question of such a file again and show their answers
    #[arg(long, value_name = "FILE", conflicts_with_all = ["axis", "world", "files", "runs_only"])]
    pub(crate) reproduce: Option<PathBuf>,
    /// One JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

fn axis(text: &str) -> Result<Axis, String> {
    let found = Axis::ALL.into_iter().find(|axis| axis.name() == text);
    found.ok_or_else(|| format!("write one of {}", Axis::ALL.map(Axis::name).join(", ")))
}

/// Show where two worlds part: the first event and the fields of the state that differ
///
/// Compared is what the rules decided; what the machine measured differs between any two runs and is only mentioned. Exit code 1 when the
/// worlds differ.
#[derive(Debug, clap::Args)]
pub(crate) struct DiffArgs {
    /// The file of one world
    pub(crate) a: PathBuf,
    /// The file of the other world
    pub(crate) b: PathBuf,
    /// Fields to show
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = whole_number::<u32>, allow_negative_numbers = true)]
    pub(crate) fields: u32,
    /// One JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// Make a new world from any point of an old one
///
/// The new world shares the history of the old one up to the given record and goes on from there on its own. The old one is only read.
/// With --set a configuration file is written beside the new world that holds these settings, for its runs.
#[derive(Debug, clap::Args)]
pub(crate) struct ForkArgs {
    /// The file of the old world
    pub(crate) world: PathBuf,
    /// The last record that both share; all of them without it
    #[arg(long, value_name = "RECORD", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) at: Option<u64>,
    /// The file of the new world
    #[arg(long, value_name = "PATH")]
    pub(crate) to: PathBuf,
    /// A setting for the runs of the new world, for example features.access_control=contract; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// One JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// Move a world to the other half of one axis, or back
///
/// First comes the plan: what changes and what has no exact place in the other half. Then the gates: the whole recorded history is decided
/// again by the other half, and enough has to be compared, every kind of command covered, nothing unexplained and every law kept. Then what
/// exists is converted in batches; killed at any moment, the same command goes on where it was. What is replaced is kept, so --back restores
/// it. The world carries its position from then on: its runs take it. A configuration file that chooses a half of the axis, or that is named
/// here, is edited in place.
#[derive(Debug, clap::Args)]
pub(crate) struct MigrateArgs {
    /// The file of the world
    pub(crate) world: PathBuf,
    /// Where to, for example features.artifact_ontology=unified
    #[arg(long, value_name = "features.AXIS=IMPL")]
    pub(crate) to: String,
    /// Undo it: move to the other half instead
    #[arg(long)]
    pub(crate) back: bool,
    /// Show the plan and the gates and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Go ahead although gates are not met; the reason is kept in the journal
    #[arg(long, value_name = "REASON", value_parser = reason)]
    pub(crate) force: Option<String>,
    /// Decisions that have to be compared at least
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = whole_number::<u64>, allow_negative_numbers = true)]
    pub(crate) decisions_min: u64,
    /// Artifacts that are looked at in one batch; a batch is one record, and nothing else happens in the world meanwhile
    #[arg(long, value_name = "N", default_value_t = 4_096, value_parser = whole_number::<u32>, allow_negative_numbers = true)]
    pub(crate) batch_keys: u32,
    /// The configuration file to edit; without it config/ecology.toml, if that chooses a half of the axis
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// One JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// Compare running by ticks with running continuously
///
/// Who drives the agents decides no single command, so the modes are compared by declared equivalences: laws that hold in either, sums that
/// are equal in both after each third of the run, what each founder has where order cannot matter, and figures that are within their published
/// interval in either. Every seed is run in both modes, in memory and on a virtual clock. With WORLD its scenario, agents, shares and positions are
/// run from the beginning with its seed and those that follow, and its own history is held to the laws; the world is only read. Exit code 1 when
/// an equivalence does not hold.
#[derive(Debug, clap::Args)]
pub(crate) struct CompareModesArgs {
    /// The file of a world that exists
    #[arg(conflicts_with_all = ["scenario", "agents"])]
    pub(crate) world: Option<PathBuf>,
    /// The scenario, commune by default; `ecology scenarios` lists them
    #[arg(long, value_name = "NAME")]
    pub(crate) scenario: Option<String>,
    /// How many agents take part
    #[arg(long, value_name = "N", value_parser = whole_number::<u64>, allow_negative_numbers = true)]
    pub(crate) agents: Option<u64>,
    /// Length of each run, in ticks: 48 by default, or as many as the world has lived, up to 1000
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) ticks: Option<u64>,
    /// Seeds to run, from 1 or from that of the world on
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub(crate) seeds: u64,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// One JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// A reason that somebody will read later.
fn reason(text: &str) -> Result<String, String> {
    const BYTES_MAX: usize = 500;
    let text = text.trim();
    if text.is_empty() {
        return Err("write why, in a few words".to_owned());
    }
    if text.len() > BYTES_MAX {
        return Err(format!("write at most {BYTES_MAX} bytes"));
    }
    Ok(crate::text::clean(text).into_owned())
}

/// Write a world to stdout as text
///
/// One line says what it is, one line for each record, one line with the digest of the state. `ecology load` makes the same world of it.
#[derive(Debug, clap::Args)]
pub(crate) struct DumpArgs {
    /// The file of the world
    pub(crate) world: PathBuf,
}

/// Make a world from the text that `dump` wrote
///
/// The state that comes out has to be the one that was dumped; otherwise nothing is made.
#[derive(Debug, clap::Args)]
pub(crate) struct LoadArgs {
    /// The file of the text; - for stdin
    pub(crate) text: PathBuf,
    /// The file of the new world
    #[arg(long, value_name = "PATH")]
    pub(crate) to: PathBuf,
}

/// Cut off the torn end of a world's journal
///
/// Only what was never acknowledged is cut off: a tear at the very end, after which nothing is sound. A world that is in order is left alone,
/// and one that is damaged in the middle is refused.
#[derive(Debug, clap::Args)]
pub(crate) struct RepairArgs {
    /// The file of the world
    pub(crate) world: PathBuf,
    /// One JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// List the scenarios that `run --scenario` takes
#[derive(Debug, clap::Args)]
pub(crate) struct ScenariosArgs {
    /// One JSON array instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// List the contracts that are shipped as source, or show one
///
/// Each is an example and a start for one's own: with --set its parameters are filled in. What is shown is the content of an executable
/// artifact; another artifact that names it as its access contract is governed by it.
#[derive(Debug, clap::Args)]
pub(crate) struct ContractsArgs {
    /// Show the source of this one
    pub(crate) name: Option<String>,
    /// Fill in a parameter, for example read_price=5; may be repeated
    #[arg(long, value_name = "PARAMETER=VALUE", requires = "name")]
    pub(crate) set: Vec<String>,
    /// JSON instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// Show each axis of the migration: what serves, what is compared, what comes next
///
/// With worlds, also how many of them and of their runs still need the old half of each axis, and which deprecations they have used.
#[derive(Debug, clap::Args)]
pub(crate) struct FeaturesArgs {
    /// Files of worlds to count
    #[arg(value_name = "WORLD")]
    pub(crate) worlds: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// One JSON array instead of text; with worlds one object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Explain a code: divergence, refusal, deprecation, error or exit code
///
/// Codes look like RL-1, insufficient_scrip, ECO-D001, config::needs, world::locked or exit-3. Without a code all of them are listed.
#[derive(Debug, clap::Args)]
pub(crate) struct ExplainArgs {
    /// The code
    pub(crate) code: Option<String>,
    /// JSON instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// Check this machine: what works, and what to do about what does not
#[derive(Debug, clap::Args)]
pub(crate) struct DoctorArgs {
    /// One JSON array instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// Write the completion script of a shell to stdout
#[derive(Debug, clap::Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn numbers_are_refused_in_plain_words() {
        for args in [
            ["run", "--seed", "-1"],
            ["run", "--ticks", "1.5"],
            ["run", "--agents", "many"],
            ["run", "--seed", "18446744073709551616"],
        ] {
            let error = Cli::try_parse_from(["ecology"].iter().chain(&args)).unwrap_err().to_string();
            assert!(error.contains(args[2]) && error.contains("write a whole number"), "{error}");
        }
        let args = ["ecology", "inspect", "a.world", "events", "--limit", "-1"];
        let error = Cli::try_parse_from(args).unwrap_err().to_string();
        assert!(error.contains("write a whole number"), "{error}");
    }

    #[test]
    fn help_texts() {
        let mut root = Cli::command().term_width(80);
        root.build();
        insta::assert_snapshot!("help", root.render_help());
        insta::assert_snapshot!("help_long", root.render_long_help());
        let is_own = |command: &&mut clap::Command| command.get_name() != "help";
        for command in root.get_subcommands_mut().filter(is_own) {
            let name = command.get_name().to_owned();
            insta::assert_snapshot!(
                format!("help_{name}"),
                command.clone().term_width(80).render_long_help()
            );
            for inner in command.get_subcommands_mut().filter(is_own) {
                let name = format!("help_{name}_{}", inner.get_name());
                insta::assert_snapshot!(name, inner.clone().term_width(80).render_long_help());
            }
        }
    }
}
