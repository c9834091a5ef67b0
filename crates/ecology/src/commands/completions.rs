//! `ecology completions`.

use clap::CommandFactory as _;

use crate::cli::{Cli, CompletionsArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::terminal::Terminal;

pub(crate) fn execute(args: &CompletionsArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "ecology", &mut script);
    terminal.print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Ok)
}
