//! Taking up a world where a run left it: from the newest snapshot that whoever observes it can go on from, else from the first record.

use ecology_journal::Journal;
use ecology_world::{Parts, World};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::compose::NotBuilt;
use crate::host::{MEMORY_TAG, Observer};
use crate::store::{self, OpenError};

/// How a world was taken up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TakenUp {
    /// The record whose snapshot it was taken up from; 0 when it was replayed from the first record.
    pub snapshot: u64,
    /// Records that were replayed.
    pub replayed: u64,
    /// Real time from opening the file until the run could go on, in microseconds.
    pub elapsed_us: u64,
    /// The record whose states the minds go on from, where it is not the last one, because a run was killed or the world was forked between two
    /// snapshots; what happened since is news to them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minds: Option<u64>,
    /// Why newer snapshots were not used, the newest first.
    pub passed_over: Vec<String>,
}

impl TakenUp {
    /// Why newer snapshots were not used, without those that no run took: a migration or an import leaves one at its end, where nothing was
    /// observed that a report could go on from. That is how it should be, and nothing to tell anybody of.
    pub fn unusable(&self) -> impl Iterator<Item = &str> {
        self.passed_over.iter().map(String::as_str).filter(|why| !why.ends_with(NOT_OBSERVED))
    }
}

/// Why a snapshot is passed over that was taken outside of a run.
const NOT_OBSERVED: &str = "what was observed until then is not kept";

/// Takes up the world in a journal, with an observer that has seen nothing yet and then has seen everything.
///
/// A snapshot is used when it was taken in the same positions by the same version and the observer's memory of the same record is there. Whatever
/// is wrong with it, the one before it is tried and in the end the whole journal is replayed: a snapshot is only a shortcut. How long it took
/// is for the caller to say, who has opened the journal.
///
/// # Errors
/// As [`store::recover`].
pub(crate) fn resume(
    journal: &mut dyn Journal,
    parts: &dyn Fn() -> Result<Parts, NotBuilt>,
    observer: &mut dyn Observer,
) -> Result<(World, TakenUp), OpenError> {
    let last = store::last_readable(journal)?;
    let mut taken_up = TakenUp::default();
    // One that has no memory, or cannot go back to having seen nothing, sees every event.
    if let Some(nothing) = observer.memory().filter(|nothing| observer.recall(nothing)) {
        let tag = store::snapshot_tag(parts()?.axes);
        let mut before = last.saturating_add(1);
        while let Some((at, bytes)) = journal.newest_snapshot(&tag, before.saturating_sub(1))? {
            before = at;
            if at == 0 {
                break;
            }
            let from = World::from_snapshot(parts()?, &bytes).map_err(|error| error.to_string());
            let why = match from.and_then(|world| remembered(journal, at, &world, observer).map(|()| world)) {
                Ok(mut world) => match store::replay_rest(journal, &mut world, last, observer) {
                    Ok(()) => {
                        taken_up.snapshot = at;
                        taken_up.replayed = last - at;
                        return Ok((world, taken_up));
                    }
                    Err(OpenError::Journal(error)) => return Err(error.into()),
                    Err(error) => error.to_string(),
                },
                Err(why) => why,
            };
            taken_up.passed_over.push(format!("the one at record {at}: {why}"));
            // As it could a moment ago: nothing is seen twice.
            let begins_anew = observer.recall(&nothing);
            debug_assert!(begins_anew, "it goes on from nothing only once");
        }
    }
    let mut world = World::new(parts()?);
    store::replay_rest(journal, &mut world, last, observer)?;
    taken_up.replayed = last;
    Ok((world, taken_up))
}

/// Reminds an observer of what it had seen when a snapshot was taken.
fn remembered(
    journal: &mut dyn Journal,
    at: u64,
    world: &World,
    observer: &mut dyn Observer,
) -> Result<(), String> {
    if world.last_record() != at {
        return Err(format!("it is of record {}", world.last_record()));
    }
    match journal.newest_snapshot(MEMORY_TAG, at).map_err(|error| error.to_string())? {
        Some((then, memory)) if then == at => match observer.recall(&memory) {
            true => Ok(()),
            false => {
                Err("what was observed until then was kept by another version or with other settings"
                    .to_owned())
            }
        },
        _ => Err(NOT_OBSERVED.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use ecology_journal::MemoryJournal;
    use ecology_types::{AxisVector, Command, Genesis, Rules, Seed, Time};
    use ecology_world::Event;

    use super::*;
    use crate::compose;
    use crate::host::{Host, MEMORY_TAG};

    /// Remembers the sum of the numbers of all events.
    #[derive(Debug, Default, PartialEq, Eq)]
    struct Sum(u64, bool);

    impl Observer for Sum {
        fn observe(&mut self, _: &World, event: &Event) {
            self.0 += event.seq;
        }

        fn memory(&self) -> Option<Vec<u8>> {
            self.1.then(|| self.0.to_le_bytes().to_vec())
        }

        fn recall(&mut self, memory: &[u8]) -> bool {
            let Ok(sum) = memory.try_into() else { return false };
            self.0 = u64::from_le_bytes(sum);
            true
        }
    }

    fn parts() -> Result<Parts, NotBuilt> {
        compose::parts(AxisVector::default())
    }

    /// A world of ten ticks, with snapshots after some of them, and after one tick of the world alone; what it was, and what was observed.
    fn lived(mut own: MemoryJournal, remembers: bool, alone_at: u64) -> (World, Sum) {
        store::stamp(&mut own).unwrap();
        let mut host = Host::new(World::new(parts().unwrap()), Box::new(own), 1, 0).unwrap();
        let mut sum = Sum(0, remembers);
        let genesis = Genesis { rules: Rules::default(), founders: Vec::new(), artifacts: Vec::new() };
        let axes = AxisVector::default();
        let start =
            Command::StartRun { version: "test".into(), scenario: "test".into(), seed: Seed(1), axes };
        for command in [Command::Create(Box::new(genesis)), start] {
            host.step(&command, Time::ZERO, &mut sum).unwrap();
        }
        for tick in 1..=10 {
            host.step(&Command::Tick, Time(tick), &mut sum).unwrap();
            if tick == 3 || tick == 7 {
                host.snapshot_with(&sum).unwrap();
            }
            if tick == alone_at {
                host.snapshot().unwrap();
            }
        }
        (host.close().unwrap(), sum)
    }

    #[test]
    fn whatever_is_wrong_with_a_snapshot_the_one_before_it_serves_and_then_the_whole_journal() {
        let tag = store::snapshot_tag(AxisVector::default());
        let spoil_and = |alone_at, spoiled: &[(u64, &[u8])], remembers| {
            let journal = MemoryJournal::new();
            let disk = journal.disk();
            let (world, sum) = lived(journal, remembers, alone_at);
            let mut journal = MemoryJournal::open(&disk).unwrap();
            for (at, tag) in spoiled {
                journal.save_snapshot(*at, tag, b"no snapshot").unwrap();
            }
            let mut again = Sum(0, remembers);
            let (found, taken_up) = resume(&mut journal, &parts, &mut again).unwrap();
            assert_eq!((found.hash(), &again), (world.hash(), &sum), "{taken_up:?}");
            assert_eq!(taken_up.snapshot + taken_up.replayed, 12);
            (taken_up.snapshot, taken_up.passed_over.len())
        };
        let spoil = |spoiled: &[(u64, &[u8])], remembers| spoil_and(0, spoiled, remembers);
        assert_eq!(spoil(&[], true), (9, 0));
        assert_eq!(spoil_and(9, &[], true), (9, 1), "what was observed is that of an earlier record");
        for tag in [MEMORY_TAG, &tag] {
            assert_eq!(spoil(&[(9, tag)], true), (5, 1));
            assert_eq!(spoil(&[(9, tag), (5, tag)], true), (0, 2));
        }
        // What was observed is kept for one record, the world for another.
        assert_eq!(spoil(&[(8, MEMORY_TAG)], true), (9, 0));
        assert_eq!(spoil(&[(8, &tag)], true), (9, 0));
        assert_eq!(spoil(&[(10, &tag)], true), (9, 1));
        assert_eq!(spoil(&[], false), (0, 0), "one without memory sees every event");
    }
}
