//! Tick mode: bit for bit the same, whatever the number of threads.

use ecology_journal::{Journal, MemoryDisk, MemoryJournal};
use ecology_minds::services;
use ecology_runner::store::{self, Recover};
use ecology_runner::{MeterSource, Observers};
use ecology_types::{EventKind, Seed};

use crate::support::*;

fn givers(count: usize, seed: u64) -> Town {
    let mut town = Town::by_ticks();
    town.seed = Seed(seed);
    town.check_every = 0;
    for n in 0..count {
        town = town.agent(&format!("giver_{n}"), "mind = 'random_transfer'");
    }
    town
}

#[test]
fn tick_same_seed_same_world_and_another_seed_another() {
    let [one, again, other] = [7, 7, 8].map(|seed| givers(50, seed).run(40).world().hash().decided);
    assert_eq!(one, again);
    assert_ne!(one, other);
}

#[test]
fn tick_replay_gives_the_hash_of_the_live_world_with_what_was_measured() {
    let town = givers(30, 3);
    let disk = MemoryDisk::new();
    let mut equipment = town.equipment(None);
    equipment.meter = MeterSource::Apportioned;
    let limits = ecology_runner::TickLimits { ticks: 20, threads: std::num::NonZeroUsize::MIN };
    let stop = ecology_runner::Stop::default();
    let outcome = ecology_runner::run_ticks(
        town.host(&disk),
        equipment,
        limits,
        &stop,
        &mut Trace::default(),
        &mut |_| {},
    )
    .unwrap();
    let live = outcome.host.world().hash();
    let measured: u64 = outcome.host.world().measured().iter().map(|(_, row)| row.cpu_ns).sum();
    assert!(measured > 0, "the machine measured nothing");
    outcome.host.close().unwrap();
    let mut journal: Box<dyn Journal> = Box::new(MemoryJournal::open(&disk).unwrap());
    let replayed =
        store::recover(&mut *journal, town.axes, Recover::FROM_THE_START, &mut Observers::default()).unwrap();
    assert_eq!(replayed.hash(), live);
}

#[test]
fn tick_thinking_in_parallel_gives_the_same_world() {
    let hash = |threads| {
        let mut town = givers(4_200, 5);
        town.threads = threads;
        town.run(4).world().hash().decided
    };
    assert_eq!(hash(1), hash(2));
}

#[test]
fn tick_refusals_are_no_errors_of_the_mind() {
    let ran =
        Town::by_ticks().player("poor", |_, _| act(services::transfer(&id("nobody"), 1_000_000))).run(10);
    assert_eq!(ran.count("poor", EventKind::ActionRefused), 10);
    assert_eq!(ran.count("poor", EventKind::AgentFailed), 0);
    assert_eq!(ran.count("poor", EventKind::Thought), 10);
}

#[test]
fn tick_everybody_thinks_on_one_snapshot() {
    let seen = notes();
    let mut town = Town::by_ticks();
    for n in 0..6 {
        let seen = seen.clone();
        town = town.player(&format!("a{n}"), move |_, view| {
            note(&seen, (view.tick(), view.scrip().0));
            act(services::transfer(&id(&format!("a{}", (n + 1) % 6)), 10))
        });
    }
    town.run(3);
    // Everybody gives ten and gets ten in each tick, so only a look in between could see anything else than 100.
    assert_eq!(noted(&seen).len(), 18);
    assert!(noted(&seen).iter().all(|(_, scrip)| *scrip == 100));
}
