//! Runs a scenario without the command line: `cargo run --release -p ecology-runner --example run -- run.scenario=boltzmann`.

use std::process::ExitCode;

use ecology_features::{Sources, load};
use ecology_runner::Stop;
use ecology_runner::session::{SessionSpec, run};
use ecology_sandbox::{WORKER_SUBCOMMAND, worker_main};

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "an example")]
fn main() -> ExitCode {
    // Code that agents write runs in processes of this very program.
    if std::env::args_os().nth(1).is_some_and(|first| first == WORKER_SUBCOMMAND) {
        return worker_main();
    }
    let mut sources = Sources::new();
    for set in std::env::args().skip(1) {
        sources = sources.set("--set", set);
    }
    let loaded = match load(sources) {
        Ok(loaded) => loaded,
        Err(errors) => {
            for error in errors {
                eprintln!("{}", error.render());
            }
            return ExitCode::from(3);
        }
    };
    let spec = SessionSpec { config: loaded.config, path: None, stop: Stop::default(), version: "example" };
    match run(spec, &mut |_| {}) {
        Ok(report) => {
            println!("{}", serde_json::to_string_pretty(&report).unwrap_or_default());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(1)
        }
    }
}
