//! The options of `import`.

use std::path::PathBuf;

use clap::Args;

use super::whole_number;

/// Bring the files of the older Python program into a new world
///
/// SOURCE is the folder of a run (checkpoint.json, config.yaml, event logs *.jsonl, agents/*/agent.yaml with system_prompt.md) or a
/// checkpoint alone. The world begins with the old half of every axis. Beside it come its configuration and a report that accounts for
/// everything that was found: carried over, changed, or not carried over and why; the same report is kept inside the world.
///
/// Nothing is guessed: what is malformed is refused with its place (exit code 6), and no world is made. An import that fails at any point
/// leaves no world. The files are only read.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The folder of a run of the older program, or its checkpoint
    pub(crate) source: PathBuf,
    /// The file of the new world, which must not exist
    #[arg(long, value_name = "PATH", required_unless_present = "dry_run")]
    pub(crate) world: Option<PathBuf>,
    /// Where to write the configuration; beside the world by default
    #[arg(long, value_name = "FILE")]
    pub(crate) config_out: Option<PathBuf>,
    /// Give ids that cannot be ids here new names, everywhere they are referred to
    #[arg(long)]
    pub(crate) rename_ids: bool,
    /// Give all but one of several things that share an id the id with -2, -3 and so on; what refers to them follows
    #[arg(long)]
    pub(crate) rename_colliding: bool,
    /// Make the world in memory, report, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print the whole report as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    limits: LimitArgs,
}

/// Upper bounds of what is read.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
struct LimitArgs {
    /// Largest file, in bytes; event logs may be larger
    #[arg(long, value_name = "BYTES", default_value_t = ecology_import::Limits::default().file_bytes_max, value_parser = whole_number::<u64>, allow_negative_numbers = true)]
    file_bytes_max: u64,
    /// Deepest nesting of lists and objects, at most 128
    #[arg(long, value_name = "LEVELS", default_value_t = 32, value_parser = clap::value_parser!(u64).range(1..=128))]
    depth_max: u64,
    /// Most balances, agents and artifacts together
    #[arg(long, value_name = "N", default_value_t = ecology_import::Limits::default().ids_max, value_parser = whole_number::<usize>, allow_negative_numbers = true)]
    ids_max: usize,
    /// Largest content or prompt, in bytes; at most 7340032
    #[arg(long, value_name = "BYTES", default_value_t = ecology_import::Limits::default().content_bytes_max, value_parser = whole_number::<usize>, allow_negative_numbers = true)]
    content_bytes_max: usize,
}

impl ImportArgs {
    /// The same for the importer.
    pub(crate) fn options(&self) -> ecology_import::Options {
        let limits = ecology_import::Limits {
            file_bytes_max: self.limits.file_bytes_max,
            depth_max: usize::try_from(self.limits.depth_max).unwrap_or(1),
            ids_max: self.limits.ids_max,
            content_bytes_max: self.limits.content_bytes_max,
            ..ecology_import::Limits::default()
        };
        ecology_import::Options {
            limits,
            rename_ids: self.rename_ids,
            rename_colliding: self.rename_colliding,
        }
    }
}
