//! Runs a scenario without the command line: `cargo run --release -p ecology-runner --example run -- run.scenario=boltzmann`.

use ecology_features::{Sources, load};
use ecology_runner::Stop;
use ecology_runner::session::{SessionSpec, run};

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "an example")]
fn main() {
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
            std::process::exit(3);
        }
    };
    let spec = SessionSpec { config: loaded.config, path: None, stop: Stop::default(), version: "example" };
    match run(spec, &mut |_| {}) {
        Ok(report) => println!("{}", serde_json::to_string_pretty(&report).unwrap_or_default()),
        Err(error) => {
            eprintln!("{error}");
            std::process::exit(1);
        }
    }
}
