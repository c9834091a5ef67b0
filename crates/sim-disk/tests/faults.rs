//! Syncs that fail and disks that fill up.

use ecology_journal::conformance::append_all;
use ecology_journal::{Disk as _, OpenMode, SqliteJournal};
use ecology_sim_disk::{Collect, Fault, SimDisk};

use crate::judge::Judge;
use crate::story::{Story, WORLD, options};

/// Plays one story on a disk with that fault; the run may break off, but what it promised before stays true after the process is
/// started again, on the disk as it then looks, and after a crash later on.
fn survive(seed: u64, fault: Fault, judge: &mut Judge) {
    let mut story = Story::new(seed, None);
    story.disk.plan(fault);
    let collect = Collect { seed, one_in: 8, images: 1 };
    let mut broken = None;
    let played = story.play(collect, &mut |story, image| {
        judge.judge(story.seed, &story.ends, &image).inspect_err(|what| broken = Some(what.clone()))
    });
    if let Some(broken) = broken {
        panic!("{fault:?}, seed {seed}: {broken}");
    }
    if let Err(said) = played {
        assert!(said.starts_with("the story broke off"), "{fault:?}, seed {seed}: {said}");
    }
    // The process is started again without a power cut: the system shows it what was written, durable or not.
    let restarted = story.disk.after_kill();
    restarted.collect(Some(Collect { seed, one_in: 2, images: 2 }));
    judge
        .go_on(seed, &story.ends, &restarted)
        .unwrap_or_else(|broken| panic!("{fault:?}, seed {seed}, started again: {broken}"));
}

#[test]
fn a_sync_that_fails_once() {
    let mut judge = Judge::default();
    for seed in 0..40 {
        survive(seed, Fault::SyncFailsOnce { at: seed % 25 }, &mut judge);
    }
    println!("{} images", judge.images);
}

#[test]
fn syncs_that_fail_for_good() {
    let mut judge = Judge::default();
    for seed in 0..30 {
        survive(seed, Fault::SyncsFail { from: seed % 25 }, &mut judge);
    }
}

#[test]
fn a_disk_that_fills_up() {
    let mut judge = Judge::default();
    for seed in 0..30 {
        survive(seed, Fault::Full { bytes_max: 20_000 + seed * 40_000 }, &mut judge);
    }
}

/// A disk that is full and then is not: the world goes on.
#[test]
fn room_again() {
    let mut story = Story::new(3, None);
    story.disk.plan(Fault::Full { bytes_max: 400_000 });
    let collect = Collect { seed: 3, one_in: 1000, images: 1 };
    let full = story.play(collect, &mut |_, _| Ok(()));
    assert!(full.is_err_and(|said| said.contains("full")), "a disk that is full says so");
    let restarted: SimDisk = story.disk.after_kill();
    Judge::default().go_on(3, &story.ends, &restarted).unwrap();
}

/// Whatever goes wrong while a world is made: it is whole, or it is not there and can be made.
#[test]
fn a_world_is_made_whole_or_not_at_all() {
    let full = (0..70).map(|pages| Fault::Full { bytes_max: pages * 4096 });
    let failing = (0..22).flat_map(|at| [Fault::SyncFailsOnce { at }, Fault::SyncsFail { from: at }]);
    for fault in full.chain(failing) {
        let disk = SimDisk::new();
        disk.plan(fault);
        let made = SqliteJournal::open_with(disk.path(WORLD), OpenMode::Create, &options(&disk, None));
        let was_made = made.is_ok();
        drop(made);
        let again = disk.after_kill();
        let there = again.look(&again.path(WORLD)).is_ok();
        assert!(there || !was_made, "{fault:?}");
        let mode = if there { OpenMode::Write } else { OpenMode::Create };
        let mut journal = SqliteJournal::open_with(again.path(WORLD), mode, &options(&again, None))
            .unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        append_all(&mut journal, &[b"one"]).unwrap();
        assert!(again.counts_of("a.world-wal").syncs > 0, "{fault:?}: it keeps no write-ahead log");
    }
}
