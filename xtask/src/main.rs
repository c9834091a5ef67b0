//! Developer commands of the workspace: `cargo xtask <word>`.
//!
//! One file per word, plus what they share. Nothing here is part of a release; nothing in `crates/` may depend on it.
//!
//! Exit codes: 0 passed, 100 something was checked and failed, 96 a plan or the set-up is wrong, 2 usage.

mod bench;
mod cargo;
mod claims;
mod cli;
mod criterion;
mod date;
mod digest;
mod docs;
mod ecology;
mod exit;
mod globs;
mod hooks;
mod mask;
mod packages;
mod plan;
mod ratio;
mod requirements;
mod runner;
mod talk;
mod test;
mod tidy;
mod verify;
mod workspace;

fn main() -> std::process::ExitCode {
    cli::main()
}
