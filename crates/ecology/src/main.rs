//! The `ecology` binary: runs, inspects and replays agent ecologies.
//!
//! Data goes to stdout, everything else to stderr. Commands give back a [`failure::Failure`] or an [`exit::Exit`]; only this file ends the
//! process (besides a second Ctrl-C, which does not wait for anybody).

mod cli;
mod commands;
mod crash;
mod exit;
mod failure;
mod positions;
mod render;
mod terminal;
mod text;

use std::process::ExitCode;

use clap::Parser as _;
use ecology_metering::CountingAllocator;

use crate::cli::{Cli, Command};
use crate::exit::Exit;
use crate::terminal::Terminal;

/// Counts memory per thread, so that peaks of actions are measured. What is counted comes from mimalloc, which gives back the small pieces
/// of ten thousand turns, freed in another order than they were asked for, in half the time of the system's allocator.
#[global_allocator]
static ALLOCATOR: CountingAllocator<mimalloc::MiMalloc> = CountingAllocator::new(mimalloc::MiMalloc);

fn main() -> ExitCode {
    // Before anything else: a worker gives up what the rest of this function sets up.
    if std::env::args_os().nth(1).is_some_and(|first| first == ecology_sandbox::WORKER_SUBCOMMAND) {
        return ecology_sandbox::worker_main();
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Nobody reading the help is no failure.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Ok.into() };
        }
    };
    let terminal = Terminal::detect(cli.color, cli.verbose);
    let worlds = cli.command.worlds();
    let outcome = match crash::guard(cli.verbose, || execute(cli.command, &terminal)) {
        // What is wrong with a file, its journal says without knowing its name.
        Ok(outcome) => outcome.map_err(|failure| match &worlds[..] {
            [world] => failure.of_world(world),
            _ => failure,
        }),
        Err(crash) => {
            terminal.say(&crash);
            return Exit::Crashed.into();
        }
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => {
            let (fancy, color) = (terminal.talk_is_live, terminal.talk.is_on());
            let text = render::problem::render(&failure, fancy, color, terminal.width);
            if !text.is_empty() {
                terminal.say(text.trim_end());
            }
            failure.exit.into()
        }
    }
}

fn execute(command: Command, terminal: &Terminal) -> Result<Exit, failure::Failure> {
    match command {
        Command::Run(args) => commands::run::execute(&args, terminal),
        Command::Inspect(args) => commands::inspect::execute(&args, terminal),
        Command::Agree(args) => commands::agree::execute(&args, terminal),
        Command::Why(args) => commands::why::execute(&args, terminal),
        Command::Replay(args) => commands::replay::execute(&args, terminal),
        Command::Diff(args) => commands::diff::execute(&args, terminal),
        Command::Fork(args) => commands::fork::execute(&args, terminal),
        Command::Migrate(args) => commands::migrate::execute(&args, terminal),
        Command::CompareModes(args) => commands::compare_modes::execute(&args, terminal),
        Command::Dump(args) => commands::dump::dump(&args),
        Command::Load(args) => commands::dump::load(&args, terminal),
        Command::Repair(args) => commands::repair::execute(&args, terminal),
        Command::Import(args) => commands::import::execute(&args, terminal),
        Command::Contracts(args) => commands::contracts::execute(&args, terminal),
        Command::Scenarios(args) => commands::scenarios::execute(&args, terminal),
        Command::Features(args) => commands::features::execute(&args, terminal),
        Command::Explain(args) => commands::explain::execute(&args, terminal),
        Command::Config(command) => commands::config::execute(&command, terminal),
        Command::Doctor(args) => commands::doctor::execute(&args, terminal),
        // Served in `main`, unless something stands before the word; then it is not one of ours.
        Command::SandboxWorker => Ok(Exit::Usage),
        Command::Completions(args) => commands::completions::execute(&args, terminal),
    }
}
