//! Several processes: the lock, and what a killed one leaves. The child is this test binary again, in the role that a variable names.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use ecology_journal::{
    Committer, CommitterOptions, Journal, JournalError, OpenMode, SqliteJournal, SqliteOptions,
};
use tempfile::TempDir;

const WORLD: &str = "ECOLOGY_JOURNAL_TEST_WORLD";

fn start_child(world: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "process::child_that_acknowledges_until_killed", "--ignored", "--nocapture"])
        .env(WORLD, world)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The frame with that number: its length varies, its content is known.
fn content(number: u64) -> Vec<u8> {
    number.to_le_bytes().repeat(usize::try_from(number % 40).unwrap() + 1)
}

#[test]
#[ignore = "the role of a child process; started by the tests beside it"]
fn child_that_acknowledges_until_killed() {
    let Some(world) = std::env::var_os(WORLD) else { return };
    // Small, so that being killed in the middle of a checkpoint is likely.
    let options = SqliteOptions { checkpoint_bytes: 64 * 1024, ..SqliteOptions::default() };
    let journal = SqliteJournal::open_with(world, OpenMode::Write, &options).unwrap();
    let committer = Committer::start_with(
        Box::new(journal),
        CommitterOptions::default(),
        Box::new(|progress| println!("{progress:?}")),
    )
    .unwrap();
    let mut number = committer.committed();
    loop {
        number += 1;
        committer.submit_numbered(number, content(number)).unwrap();
        // A few hundred under way at any moment.
        if number.is_multiple_of(300) {
            committer.wait_for(number - 200).unwrap();
        }
    }
}

/// The number of each line `Committed(number)`.
fn acknowledged(line: &str) -> Option<u64> {
    line.strip_prefix("Committed(")?.strip_suffix(')')?.parse().ok()
}

#[test]
fn what_a_killed_process_acknowledged_is_there() {
    let folder = TempDir::new().unwrap();
    let world = folder.path().join("world");
    SqliteJournal::open(&world, OpenMode::Create).unwrap();
    let mut last = 0;
    for round in 0..6 {
        let mut child = start_child(&world);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut seen = 0;
        for line in lines.by_ref().map_while(Result::ok) {
            if let Some(number) = acknowledged(&line) {
                last = number;
                seen += 1;
                if seen > 3 + round * 5 {
                    break;
                }
            }
        }
        child.kill().unwrap();
        // What it said before it died counts as well.
        last = lines.map_while(Result::ok).filter_map(|line| acknowledged(&line)).last().unwrap_or(last);
        child.wait().unwrap();
        assert!(seen > 0, "the child never got to work");
        let mut journal = SqliteJournal::open(&world, OpenMode::Write).unwrap();
        assert!(journal.last() >= last, "acknowledged {last}, found {}", journal.last());
        journal
            .for_each(1, u64::MAX, &mut |number, bytes| {
                assert_eq!(bytes, content(number));
                std::ops::ControlFlow::Continue(())
            })
            .unwrap();
    }
}

#[test]
fn a_second_process_is_refused_and_may_look_on() {
    let folder = TempDir::new().unwrap();
    let world = folder.path().join("world");
    SqliteJournal::open(&world, OpenMode::Create).unwrap();
    let mut child = start_child(&world);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let number = lines.by_ref().map_while(Result::ok).find_map(|line| acknowledged(&line)).unwrap();
    let error = SqliteJournal::open(&world, OpenMode::Write).unwrap_err();
    let JournalError::Locked { hint, .. } = &error else { panic!("{error:?}") };
    assert!(hint.contains(&child.id().to_string()), "the hint names the holder: {hint}");
    let mut reader = SqliteJournal::open(&world, OpenMode::Read).unwrap();
    assert!(reader.last() >= number);
    assert_eq!(reader.read(number, 1, 10_000).unwrap()[0].bytes, content(number));
    child.kill().unwrap();
    child.wait().unwrap();
    SqliteJournal::open(&world, OpenMode::Write).unwrap();
}
