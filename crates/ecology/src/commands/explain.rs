//! `ecology explain`.

use crate::cli::ExplainArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::catalogue::{self, Entry};
use crate::terminal::Terminal;
use crate::text::{clean, cut, nearest};

pub(crate) fn execute(args: &ExplainArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let entries = catalogue::entries();
    match &args.code {
        None if args.json => terminal.print_json(&entries)?,
        None => {
            terminal.print(&catalogue::list(&entries, terminal.out, terminal.width, &terminal.program))?
        }
        Some(code) => {
            let entry = find(&entries, code)?;
            if args.json {
                terminal.print_json(entry)?;
            } else {
                terminal.print(&catalogue::show(entry, terminal.out, terminal.width))?;
            }
        }
    }
    Ok(Exit::Ok)
}

fn find<'e>(entries: &'e [Entry], code: &str) -> Result<&'e Entry, Failure> {
    let wanted = code.trim();
    let by_number = format!("exit-{wanted}");
    let is_it = |entry: &&Entry| entry.code.eq_ignore_ascii_case(wanted) || entry.code == by_number;
    entries.iter().find(is_it).ok_or_else(|| {
        let near = nearest(wanted, entries.iter().map(|entry| entry.code.as_str()));
        let help = near.map_or_else(
            || "`ecology explain` without a code lists all of them".to_owned(),
            |near| format!("did you mean {near}? `ecology explain` without a code lists all of them"),
        );
        Failure::new(
            Exit::Usage,
            "usage::unknown_code",
            format!("no code is called {:?}", cut(&clean(wanted), 64)),
            help,
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_found_in_any_case() {
        let entries = catalogue::entries();
        for entry in &entries {
            assert_eq!(find(&entries, &entry.code).unwrap().code, entry.code);
            assert_eq!(find(&entries, &entry.code.to_uppercase()).unwrap().code, entry.code);
        }
        assert_eq!(find(&entries, "130").unwrap().code, "exit-130");
    }

    #[test]
    fn the_nearest_code_is_named() {
        let entries = catalogue::entries();
        let help = |code: &str| find(&entries, code).unwrap_err().problems[0].help.clone().unwrap();
        assert!(help("insuficient_scrip").contains("insufficient_scrip"));
        assert!(help("RL1").contains("RL-1"));
        assert!(help("zzzzzz").starts_with("`ecology explain`"));
    }
}
