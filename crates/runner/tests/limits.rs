//! Plans made of shares are in force: who is measured to use more than its plan is stopped until it is given more.

use ecology_minds::services;
use ecology_types::{Action, Command, Draft, Effect, EventKind, Lifecycle, Resource, Span, Time};
use ecology_world::LoopState;

use crate::support::*;

/// Content of a hundred bytes: the modelled memory peak of the turn that writes it is a little more than three hundred, request and content.
fn write_note(name: &str) -> Action {
    Action::Write(Box::new(Draft::new(id(name), "x".repeat(100))))
}

fn exceeded(ran: &Ran, name: &str) -> Vec<(Resource, u64, u64)> {
    ran.of(name, EventKind::LimitExceeded)
        .iter()
        .filter_map(|event| match event.effect {
            Effect::LimitExceeded { resource, used, allowed, .. } => Some((resource, used, allowed)),
            _ => None,
        })
        .collect()
}

/// Two that write the same; one of them has a tiny share of memory.
fn two_writers(town: Town) -> Town {
    town.player("small", |thought, _| act_then_wait(write_note(&format!("small_{thought}"))))
        .with(Resource::Memory, 50)
        .player("large", |thought, _| act_then_wait(write_note(&format!("large_{thought}"))))
}

#[test]
fn tick_and_continuous_a_tiny_memory_share_stops_that_agent_and_only_that_agent() {
    for town in Town::both() {
        let ran = two_writers(town).run(6);
        let [(resource, used, allowed)] = exceeded(&ran, "small")[..] else {
            panic!("{:?}", exceeded(&ran, "small"))
        };
        assert_eq!((resource, allowed), (Resource::Memory, 50));
        assert!(used >= 100, "{used}");
        assert_eq!(ran.count("small", EventKind::ActionDone), 1, "it is stopped before its next turn");
        assert_eq!(ran.state("small"), LoopState::Blocked { resource: Resource::Memory, until: None });
        assert!(exceeded(&ran, "large").is_empty());
        assert!(ran.count("large", EventKind::ActionDone) >= 6);
        assert_eq!(ran.outcome.limits.plans, 2);
        ran.nothing_is_open();
    }
}

#[test]
fn tick_and_continuous_a_transfer_of_memory_wakes_the_stopped() {
    for town in Town::both() {
        let ran = two_writers(town)
            .player("giver", |thought, _| match thought {
                // Nothing of it helps: too little of the right thing, much of a wrong one.
                2 => act_then_wait(services::transfer_quota(&id("small"), Resource::Cpu, 1_000)),
                4 => act_then_wait(services::transfer_quota(&id("small"), Resource::Memory, 10)),
                7 => act_then_wait(services::transfer_quota(&id("small"), Resource::Memory, 1_000)),
                _ => wait_ms(1_000),
            })
            .run(14);
        let exceeded = exceeded(&ran, "small");
        assert_eq!(exceeded.iter().map(|(.., allowed)| *allowed).collect::<Vec<_>>(), [50, 60]);
        assert_eq!(ran.count("small", EventKind::AgentUnblocked), 2);
        assert_eq!(ran.state("small"), LoopState::Running);
        assert!(ran.count("small", EventKind::ActionDone) >= 5);
        ran.nothing_is_open();
    }
}

/// The giver that keeps too little is stopped by its next turn, not for the turns that it took while it had enough.
#[test]
fn tick_and_continuous_who_gives_its_memory_away_is_judged_by_what_it_had() {
    for town in Town::both() {
        let ran = town
            .player("giver", |thought, _| match thought {
                0..2 => act_then_wait(write_note(&format!("note_{thought}"))),
                2 => act_then_wait(services::transfer_quota(&id("other"), Resource::Memory, 9_999_990)),
                3 => act_then_wait(services::transfer_quota(&id("other"), Resource::Memory, 1)),
                _ => panic!("it is stopped"),
            })
            .player("other", |_, _| wait_ms(100))
            .run(8);
        let [(resource, _, allowed)] = exceeded(&ran, "giver")[..] else {
            panic!("{:?}", exceeded(&ran, "giver"))
        };
        // The second transfer took place, and its turn was judged by the plan before it.
        assert_eq!((resource, allowed), (Resource::Memory, 10));
        assert_eq!(ran.count("giver", EventKind::ActionDone), 4);
        assert_eq!(ran.count("giver", EventKind::AgentPaused), 0);
        ran.nothing_is_open();
    }
}

/// 300 microseconds of modelled CPU time in one turn, where a window has 200.
#[test]
fn tick_and_continuous_a_turn_that_takes_more_than_a_window_of_cpu_is_stopped() {
    for town in Town::both() {
        let mut town = town
            .player("heavy", |_, _| {
                act_then_wait(Action::Write(Box::new(Draft::new(id("heavy_note"), "x".repeat(90_000)))))
            })
            .with(Resource::Cpu, 20)
            .player("light", |_, _| wait_ms(100));
        town.rules.action_estimate = ecology_types::Charges::of(Resource::Cpu, 1);
        let ran = town.run(5);
        let [(Resource::Cpu, used, 20)] = exceeded(&ran, "heavy")[..] else {
            panic!("{:?}", exceeded(&ran, "heavy"))
        };
        assert!(used > 90, "{used}");
        assert_eq!(ran.state("heavy"), LoopState::Blocked { resource: Resource::Cpu, until: None });
        assert!(ran.count("light", EventKind::ActionDone) >= 5);
        ran.nothing_is_open();
    }
}

/// What it wanted to do next does not take place: neither a sleep nor a wake from it.
#[test]
fn tick_and_continuous_who_is_stopped_does_not_fall_asleep() {
    for town in Town::both() {
        let ran = town
            .player("small", |_, _| {
                Ok(ecology_minds::Decision::act(write_note("note"))
                    .then(ecology_minds::Then::Sleep(ecology_types::Sleep::of(Span::from_secs(1)))))
            })
            .with(Resource::Memory, 50)
            .player("other", |_, _| wait_ms(100))
            .run(5);
        assert_eq!(ran.count("small", EventKind::AgentSlept), 0);
        assert_eq!(ran.state("small"), LoopState::Blocked { resource: Resource::Memory, until: None });
    }
}

/// An agent that ends with the turn that was too large is told of, and stays ended whatever it is given.
#[test]
fn tick_and_continuous_who_ends_with_too_large_a_turn_stays_ended() {
    for town in Town::both() {
        let ran = town
            .player("small", |_, _| {
                Ok(ecology_minds::Decision::act(write_note("note")).then(ecology_minds::Then::Stop))
            })
            .with(Resource::Memory, 50)
            .player("giver", |thought, _| match thought {
                2 => act_then_wait(services::transfer_quota(&id("small"), Resource::Memory, 1_000)),
                _ => wait_ms(500),
            })
            .run(5);
        assert_eq!(exceeded(&ran, "small").len(), 1);
        assert_eq!(ran.state("small"), LoopState::Stopped);
        assert_eq!(ran.count("small", EventKind::AgentUnblocked), 0);
    }
}

/// A newcomer gets its plan when it is given shares.
#[test]
fn tick_and_continuous_the_plan_of_a_newcomer_grows_with_what_it_is_given() {
    for town in Town::both() {
        let mut town = town.player("giver", |thought, _| match thought {
            2 => act_then_wait(services::transfer_quota(&id("late"), Resource::Memory, 1_000)),
            _ => wait_ms(500),
        });
        let late = founder("late", "play late", plenty().with(Resource::Memory, 0));
        town.plays.insert(
            "play late".to_owned(),
            (
                std::sync::Arc::new(|thought, _| act_then_wait(write_note(&format!("late_{thought}")))),
                Shape::default(),
            ),
        );
        town.arrivals = vec![(Time(500_000), late)];
        let ran = town.run(8);
        assert_eq!(exceeded(&ran, "late").len(), 1);
        assert_eq!(ran.state("late"), LoopState::Running);
        assert!(ran.count("late", EventKind::ActionDone) >= 3);
        assert_eq!(ran.outcome.limits.plans, 2);
    }
}

/// With a modelled meter the same seed stops the same agents in the same turns.
#[test]
fn tick_and_continuous_the_same_seed_is_stopped_the_same_way() {
    for town in [Town::by_ticks, Town::continuous] {
        let runs = [0, 1].map(|_| two_writers(town()).run(6));
        let [first, second] = runs.map(|ran| (exceeded(&ran, "small"), ran.world().hash()));
        assert_eq!(first, second);
    }
}

/// The measured amount is in the command: what the world does does not depend on who measured.
#[test]
fn the_world_takes_the_measured_amount_from_the_command() {
    let town = two_writers(Town::by_ticks());
    let mut host = town.host(&ecology_journal::MemoryDisk::new());
    let agent = host.world().symbols().key("small").unwrap();
    for change in [Lifecycle::Start, Lifecycle::Limit { resource: Resource::Memory, used: 51, allowed: 50 }] {
        let mut trace = Trace::default();
        host.step(&Command::Lifecycle { agent, change }, Time::ZERO, &mut trace).unwrap();
        if let [first, second] = &trace.events[..] {
            let expected = Effect::LimitExceeded { agent, resource: Resource::Memory, used: 51, allowed: 50 };
            assert_eq!(first.effect, expected);
            assert_eq!(
                second.effect,
                Effect::AgentBlocked { agent, resource: Resource::Memory, until: None }
            );
            let shown = host.world().show_event_to_operator(first);
            let shown = format!("{shown:?}");
            for part in ["small", "memory", "51", "50"] {
                assert!(shown.contains(part), "{shown}");
            }
        } else {
            assert_eq!(trace.events.len(), 1);
        }
    }
}
