//! Random histories against a list.

use std::ops::ControlFlow;

use ecology_journal::conformance::append_all;
use ecology_journal::{Journal, MemoryDisk, MemoryJournal, OpenMode, SqliteJournal};
use proptest::prelude::*;
use tempfile::TempDir;

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<Vec<u8>>),
    Read { from: u64, frames_max: usize, bytes_max: usize },
    Visit { from: u64, to: u64 },
    Snapshot { at: u64, tag: u8, bytes: Vec<u8> },
    Find { tag: u8, not_after: u64 },
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..60);
    prop_oneof![
        4 => prop::collection::vec(bytes(), 0..12).prop_map(Step::Append),
        2 => (0..80u64, 0..20usize, 0..400usize)
            .prop_map(|(from, frames_max, bytes_max)| Step::Read { from, frames_max, bytes_max }),
        2 => (0..80u64, 0..90u64).prop_map(|(from, to)| Step::Visit { from, to }),
        2 => (0..60u64, 0..3u8, bytes()).prop_map(|(at, tag, bytes)| Step::Snapshot { at, tag, bytes }),
        2 => (0..3u8, 0..60u64).prop_map(|(tag, not_after)| Step::Find { tag, not_after }),
        1 => Just(Step::Reopen),
    ]
}

/// The obvious journal.
#[derive(Default)]
struct Model {
    frames: Vec<Vec<u8>>,
    /// Per tag, by frame.
    snapshots: [std::collections::BTreeMap<u64, Vec<u8>>; 3],
}

impl Model {
    fn range(&self, from: u64, to: u64) -> Vec<(u64, Vec<u8>)> {
        (1u64..)
            .zip(&self.frames)
            .filter(|&(number, _)| from <= number && number <= to)
            .map(|(number, bytes)| (number, bytes.clone()))
            .collect()
    }
}

fn play(steps: Vec<Step>, mut open: impl FnMut() -> Box<dyn Journal>) -> Result<(), TestCaseError> {
    let mut model = Model::default();
    let mut journal = open();
    for step in steps {
        match step {
            Step::Append(batch) => {
                let borrowed: Vec<&[u8]> = batch.iter().map(Vec::as_slice).collect();
                append_all(journal.as_mut(), &borrowed).unwrap();
                model.frames.extend(batch);
            }
            Step::Read { from, frames_max, bytes_max } => {
                let mut expected = model.range(from, u64::MAX);
                expected.truncate(frames_max);
                let mut total = 0;
                let fits = expected.iter().take_while(|(_, bytes)| {
                    total += bytes.len();
                    total <= bytes_max
                });
                let fits = fits.count().max(1);
                expected.truncate(fits);
                let page = journal.read(from, frames_max, bytes_max).unwrap();
                prop_assert_eq!(
                    page.into_iter().map(|frame| (frame.number, frame.bytes)).collect::<Vec<_>>(),
                    expected
                );
            }
            Step::Visit { from, to } => {
                let mut seen = Vec::new();
                journal
                    .for_each(from, to, &mut |number, bytes| {
                        seen.push((number, bytes.to_vec()));
                        ControlFlow::Continue(())
                    })
                    .unwrap();
                prop_assert_eq!(seen, model.range(from, to));
            }
            Step::Snapshot { at, tag, bytes } => {
                let saved = journal.save_snapshot(at, &[tag], &bytes);
                prop_assert_eq!(saved.is_ok(), at <= model.frames.len() as u64);
                if saved.is_ok() {
                    let kept = &mut model.snapshots[usize::from(tag)];
                    kept.insert(at, bytes);
                    while kept.len() > 2 {
                        kept.pop_first();
                    }
                }
            }
            Step::Find { tag, not_after } => {
                let expected = model.snapshots[usize::from(tag)].range(..=not_after).next_back();
                prop_assert_eq!(
                    journal.newest_snapshot(&[tag], not_after).unwrap(),
                    expected.map(|(&at, bytes)| (at, bytes.clone()))
                );
            }
            Step::Reopen => {
                journal.close().unwrap();
                journal = open();
            }
        }
        prop_assert_eq!(journal.last(), model.frames.len() as u64);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn memory_agrees(steps in prop::collection::vec(step(), 0..40)) {
        let disk = MemoryDisk::new();
        play(steps, || Box::new(MemoryJournal::open(&disk).unwrap()))?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn sqlite_agrees(steps in prop::collection::vec(step(), 0..30)) {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("world");
        SqliteJournal::open(&path, OpenMode::Create).unwrap();
        play(steps, || Box::new(SqliteJournal::open(&path, OpenMode::Write).unwrap()))?;
    }
}
