//! Keeps a diary through the group commit, opens it again and reads it, as after a crash.
//!
//! `cargo run -p ecology-journal --example diary [FILE]`
#![expect(clippy::print_stdout, reason = "an example talks")]

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::thread;

use ecology_journal::{
    Committer, CommitterOptions, Journal, JournalError, OpenMode, Progress, SqliteJournal, keys,
};

fn main() -> Result<(), JournalError> {
    let path = std::env::args_os().nth(1).map_or_else(
        || std::env::temp_dir().join(format!("diary-{}.ecology", std::process::id())),
        PathBuf::from,
    );
    let mut journal = SqliteJournal::open(&path, OpenMode::Create)?;
    journal.set_meta(keys::WORLD_NAME, "diary")?;
    let committer = Committer::start_with(
        Box::new(journal),
        CommitterOptions::default(),
        Box::new(|progress| match progress {
            Progress::Committed(number) => println!("durable up to {number}"),
            Progress::Failed(error) => println!("stopped: {error}"),
        }),
    )?;
    thread::scope(|scope| {
        for author in ["Ada", "Grace", "Mary"] {
            let handle = committer.handle();
            scope.spawn(move || {
                for day in 1..=3 {
                    let entry = format!("{author}, day {day}");
                    if let Err(error) = handle.submit(entry.into_bytes()).and_then(|ticket| ticket.wait()) {
                        println!("{author} stops: {error}");
                    }
                }
            });
        }
    });
    // A second writer is refused, in words that help.
    if let Err(error) = SqliteJournal::open(&path, OpenMode::Write) {
        println!("second writer: {error}");
    }
    committer.shutdown()?.close()?;

    let mut journal = SqliteJournal::open(&path, OpenMode::Read)?;
    println!("{} holds {} entries:", path.display(), journal.last());
    journal.for_each(1, u64::MAX, &mut |number, bytes| {
        println!("  {number} {}", String::from_utf8_lossy(bytes));
        ControlFlow::Continue(())
    })
}
