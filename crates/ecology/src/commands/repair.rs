//! `ecology repair`.

use ecology_journal::SqliteJournal;
use serde_json::json;

use crate::cli::RepairArgs;
use crate::exit::Exit;
use crate::failure::{Failure, shown};
use crate::terminal::Terminal;
use crate::text::{count, number};

pub(crate) fn execute(args: &RepairArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let cut = SqliteJournal::repair(&args.world)?;
    let world = shown(&args.world);
    if args.json {
        let cut = cut.map(|cut| json!({ "at": cut.at, "records": cut.frames }));
        terminal.print_json(&json!({ "world": world, "cut": cut }))?;
        return Ok(Exit::Ok);
    }
    terminal.print(&match cut {
        None => format!("{world}: nothing to repair\n"),
        Some(cut) => {
            format!(
                "{world}: cut off {} from number {} on\n",
                count(cut.frames, "incomplete record"),
                number(cut.at)
            )
        }
    })?;
    Ok(Exit::Ok)
}
