//! Ending in an orderly way, going on, and crashing.

use ecology_journal::{Journal, MemoryDisk, MemoryJournal};
use ecology_minds::Pace;
use ecology_runner::store::{self, Recover};
use ecology_runner::{Ended, Host, Observers};
use ecology_types::{Axis, Charges, Command, Effect, EventKind, Resource, Side, Span, WakeCondition};
use ecology_world::{LoopState, World};

use crate::support::*;

fn reopened(town: &Town, disk: &MemoryDisk) -> (Host, Option<Vec<u8>>) {
    let mut journal: Box<dyn Journal> = Box::new(MemoryJournal::open(disk).unwrap());
    let world =
        store::recover(&mut *journal, town.axes, Recover::FROM_THE_START, &mut Observers::default()).unwrap();
    let last = world.last_record();
    let minds = journal.newest_snapshot(b"minds v2", last).unwrap().filter(|(at, _)| *at == last);
    let mut host = Host::new(world, journal, 64, 0).unwrap();
    town.begin(&mut host);
    (host, minds.map(|(_, bytes)| bytes))
}

fn givers(mut town: Town) -> Town {
    for n in 0..12 {
        town = town.agent(&format!("giver_{n}"), "mind = 'random_transfer'\ndelay_mean = 500000");
    }
    town.agent("builder", "mind = 'builder'\ngood = 'poem'\ndelay_mean = 500000")
}

/// Everything that agents own and know, without the numbers of runs, records and events.
fn content(world: &World) -> Vec<String> {
    let mut lines = Vec::new();
    for (key, account) in world.accounts().iter() {
        let record = world.live(key).map(|record| (record.version, record.content.clone(), record.owner));
        lines.push(format!("{} {:?} {:?}", world.id(key), account, record));
    }
    lines.push(format!("{:?}", world.orders().len()));
    lines
}

#[test]
fn tick_2n_ticks_are_n_and_n_more() {
    let town = givers(Town::by_ticks());
    let whole = town.run(24);
    let disk = MemoryDisk::new();
    let half = town.run_host(town.host(&disk), 12, None, None);
    half.outcome.host.close().unwrap();
    let (host, minds) = reopened(&town, &disk);
    assert!(minds.is_some());
    let rest = town.run_host(host, 12, minds, None);
    assert_eq!(rest.outcome.minds_started_anew, 0);
    // What differs is the history itself: one more run began and ended. The draws of both halves are those of the whole, because they are
    // derived from the number of the tick and from the states of the minds.
    assert_eq!(content(whole.world()), content(rest.world()));
    assert_eq!(whole.world().tick(), rest.world().tick());
}

#[test]
fn tick_and_continuous_sleepers_and_the_blocked_go_on_where_they_were() {
    for town in Town::both() {
        let town = town
            .player("sleeper", |_, _| sleep(Some(Span::from_millis(5_000)), Vec::new()))
            .player("frozen", |_, _| wait_ms(100))
            .with(Resource::LlmCalls, 0)
            .player("other", |_, _| wait_ms(500));
        let disk = MemoryDisk::new();
        let first = town.run_host(town.host(&disk), 3, None, None);
        let slept = first.times("sleeper", EventKind::AgentSlept)[0];
        first.outcome.host.close().unwrap();
        let (host, minds) = reopened(&town, &disk);
        let second = town.run_host(host, 6, minds, None);
        assert_eq!(second.times("sleeper", EventKind::AgentWoke), [slept + 5_000_000]);
        assert_eq!(second.count("frozen", EventKind::AgentBlocked), 0, "it was blocked already");
        assert!(matches!(second.state("frozen"), LoopState::Blocked { .. }));
        assert_eq!(second.events.iter().filter(|e| e.effect.kind() == EventKind::AgentStarted).count(), 0);
    }
}

#[test]
fn tick_and_continuous_a_request_to_stop_ends_in_order() {
    for town in Town::both() {
        let stop = town.stop.clone();
        let shape = Shape {
            pace: Pace::Task,
            time: Span::from_millis(60_000),
            estimate: Charges::of(Resource::LlmBudget, 10),
        };
        let town = givers(town).shaped("thinker", shape, |_, _| wait_ms(100)).player(
            "stopper",
            move |thought, _| {
                if thought == 4 {
                    stop.request();
                }
                wait_ms(1_000)
            },
        );
        let disk = MemoryDisk::new();
        let ran = town.run_host(town.host(&disk), 1_000, None, None);
        assert_eq!(ran.outcome.ended, Ended::Interrupted);
        ran.nothing_is_open();
        let last = ran.events.last().unwrap();
        assert_eq!(last.effect, Effect::RunEnded { reason: "interrupted".into() });
        assert!(!ran.world().run().1, "the run still counts as open");
        let hash = ran.world().hash();
        ran.outcome.host.close().unwrap();
        let (host, minds) = reopened(&town, &disk);
        assert!(minds.is_some());
        assert_ne!(host.world().hash(), hash, "a run began");
        host.close().unwrap();
    }
}

#[test]
fn tick_and_continuous_a_crash_releases_what_was_open() {
    for town in Town::both() {
        let town = town.player("victim", |_, _| wait_ms(500));
        let disk = MemoryDisk::new();
        let mut host = town.host(&disk);
        let agent = host.world().symbols().key("victim").unwrap();
        let charges = Charges::of(Resource::LlmBudget, 30).with(Resource::LlmTokens, 500);
        let now = host.world().time();
        host.step(&Command::Reserve { agent, charges }, now, &mut Trace::default()).unwrap();
        host.sync().unwrap();
        std::mem::forget(host);
        disk.crash(0);
        let (host, minds) = reopened(&town, &disk);
        assert!(minds.is_none());
        assert_eq!(host.world().reservations().iter().count(), 0);
        assert_eq!(host.world().accounts().get(agent).unwrap().budget_reserved, 0);
        town.run_host(host, 3, None, None).nothing_is_open();
    }
}

#[test]
fn tick_and_continuous_a_crash_between_an_event_and_the_wake_it_causes_loses_no_wake() {
    for town in Town::both() {
        let town = town
            .player("sleeper", |thought, _| {
                if thought == 0 {
                    sleep(None, vec![WakeCondition::EventAboutMe(EventKind::ScripTransferred)])
                } else {
                    stop()
                }
            })
            .player("giver", |_, _| wait_ms(500));
        let disk = MemoryDisk::new();
        let first = town.run_host(town.host(&disk), 2, None, None);
        let (sleeper, giver) = (first.key("sleeper"), first.key("giver"));
        let mut host = first.outcome.host;
        // The gift is recorded, and then the process is gone.
        let act = ecology_types::Act {
            agent: giver,
            action: ecology_minds::services::transfer(&id("sleeper"), 5),
            thought: None,
            answers: Vec::new(),
        };
        let now = host.world().time();
        assert!(host.step(&Command::Act(act), now, &mut Trace::default()).unwrap().outcome.is_ok());
        host.close().unwrap();
        let (host, _) = reopened(&town, &disk);
        assert!(matches!(host.world().agents().get(sleeper).unwrap().state, LoopState::Sleeping { .. }));
        let second = town.run_host(host, 3, None, None);
        assert_eq!(second.count("sleeper", EventKind::AgentWoke), 1);
    }
}

#[test]
fn tick_the_last_tick_of_a_run_still_wakes_those_it_concerns() {
    let town = Town::by_ticks()
        .player("sleeper", |thought, _| {
            if thought == 0 {
                sleep(None, vec![WakeCondition::Event(EventKind::ScripTransferred)])
            } else {
                noop()
            }
        })
        .player("giver", |thought, _| {
            if thought == 2 { act(ecology_minds::services::transfer(&id("sleeper"), 5)) } else { noop() }
        });
    let ran = town.run(3);
    assert_eq!(ran.state("sleeper"), LoopState::Running);
}

#[test]
fn tick_to_continuous_and_back_on_one_world() {
    let town = givers(Town::by_ticks());
    let disk = MemoryDisk::new();
    town.run_host(town.host(&disk), 5, None, None).outcome.host.close().unwrap();
    let continuous = Town { axes: axes(Side::New), ..givers(Town::continuous()) };
    let (host, minds) = reopened(&continuous, &disk);
    assert_eq!(host.world().tick(), 0, "in continuous mode there is no present tick");
    let ran = continuous.run_host(host, 10, minds, None);
    // Minds keep their rhythm: about two actions a second each, not a million.
    let actions = ran.events.iter().filter(|event| event.effect.kind() == EventKind::ActionDone).count();
    assert!((50..600).contains(&actions), "{actions}");
    ran.outcome.host.close().unwrap();
    let (host, minds) = reopened(&town, &disk);
    assert_eq!(host.world().tick(), 5);
    let back = town.run_host(host, 3, minds, None);
    assert_eq!(back.world().tick(), 8);
    back.world().check_invariants().unwrap();
}

#[test]
fn tick_every_other_axis_may_change_between_runs() {
    for axis in [Axis::RateLimiting, Axis::ArtifactOntology] {
        let town = givers(Town::by_ticks());
        let disk = MemoryDisk::new();
        town.run_host(town.host(&disk), 5, None, None).outcome.host.close().unwrap();
        let mut other = givers(Town::new(town.axes.with(axis, Side::New)));
        other.check_every = 0;
        let (host, minds) = reopened(&other, &disk);
        let ran = other.run_host(host, 5, minds, None);
        ran.world().check_invariants().unwrap();
        assert!(ran.count("builder", EventKind::ActionDone) > 0);
        let live = ran.world().hash();
        ran.outcome.host.close().unwrap();
        let mut journal: Box<dyn Journal> = Box::new(MemoryJournal::open(&disk).unwrap());
        let world =
            store::recover(&mut *journal, other.axes, Recover::FROM_THE_START, &mut Observers::default())
                .unwrap();
        assert_eq!(world.hash(), live);
    }
}
