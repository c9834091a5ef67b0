//! Agents that come and go while the world runs.

use ecology_minds::{Pace, services};
use ecology_types::{Action, Charges, Draft, EventKind, Resource, Span, Time, WakeCondition};
use ecology_world::LoopState;

use crate::support::*;

fn delete(name: &str) -> Action {
    Action::Delete { artifact: id(name) }
}

#[test]
fn tick_and_continuous_an_agent_ends_its_own_loop_and_wanted_to_sleep() {
    for town in Town::both() {
        let ran = town
            .player("tired", |_, _| {
                let mut draft = Draft::new(id("tired"), "play tired");
                draft.can_execute = Some(false);
                Ok(ecology_minds::Decision::act(Action::Write(Box::new(draft)))
                    .then(ecology_minds::Then::Sleep(ecology_types::Sleep::of(Span::from_secs(1)))))
            })
            .player("good", |_, _| wait_ms(1_000))
            .run(5);
        assert_eq!(ran.count("tired", EventKind::ActionDone), 1);
        assert_eq!(ran.state("tired"), LoopState::Stopped);
        assert!(ran.count("good", EventKind::ActionDone) >= 4);
        ran.nothing_is_open();
    }
}

#[test]
fn tick_and_continuous_an_agent_is_deleted_while_it_sleeps_on_that_very_event() {
    for town in Town::both() {
        let ran = town
            .maker_of(
                "sleeper",
                Shape::default(),
                |_, _| {
                    sleep(
                        Some(Span::from_secs(100)),
                        vec![
                            WakeCondition::Event(EventKind::ArtifactDeleted),
                            WakeCondition::ArtifactChanged(id("sleeper")),
                            WakeCondition::Event(EventKind::AgentStopped),
                        ],
                    )
                },
                |thought, _| if thought == 3 { act_then_wait(delete("sleeper")) } else { wait_ms(700) },
            )
            .run(8);
        assert_eq!(ran.count("sleeper", EventKind::AgentSlept), 1);
        assert_eq!(ran.count("maker", EventKind::ArtifactDeleted), 1, "{:?}", ran.events);
        assert_eq!(ran.state("sleeper"), LoopState::Stopped);
        assert!(ran.count("maker", EventKind::ActionDone) >= 6);
        ran.nothing_is_open();
    }
}

#[test]
fn tick_and_continuous_an_agent_is_deleted_while_it_thinks() {
    for pace in [Pace::Inline, Pace::Task] {
        for seed in 0..4 {
            for mut town in Town::both() {
                town.seed = ecology_types::Seed(seed);
                let shape = Shape { pace, time: Span::from_millis(900), ..Shape::default() };
                let ran = town
                    .maker_of(
                        "thinker",
                        shape,
                        |_, _| wait_ms(100),
                        |thought, _| {
                            if thought == 3 { act_then_wait(delete("thinker")) } else { wait_ms(700) }
                        },
                    )
                    .run(6);
                ran.nothing_is_open();
                assert_eq!(ran.count("maker", EventKind::ArtifactDeleted), 1, "{:?}", ran.events);
                assert_eq!(ran.state("thinker"), LoopState::Stopped);
            }
        }
    }
}

#[test]
fn tick_and_continuous_an_agent_that_loses_its_loop_while_it_thinks_gets_back_what_it_reserved() {
    for town in Town::both() {
        let is_continuous = town.is_continuous();
        let shape = Shape {
            pace: Pace::Task,
            time: Span::from_millis(900),
            estimate: Charges::of(Resource::LlmBudget, 50),
        };
        let no_code = || {
            let mut draft = Draft::new(id("thinker"), "play thinker");
            draft.can_execute = Some(false);
            Action::Write(Box::new(draft))
        };
        let ran = town
            .shaped("thinker", shape, |_, _| wait_ms(100))
            .player(
                "owner",
                move |thought, _| if thought == 2 { act_then_wait(no_code()) } else { wait_ms(700) },
            )
            .owned("thinker", "owner")
            .run(6);
        assert_eq!(ran.count("owner", EventKind::ActionRefused), 0, "{:?}", ran.events);
        assert_eq!(ran.state("thinker"), LoopState::Stopped);
        ran.nothing_is_open();
        assert_eq!(ran.world().accounts().get(ran.key("thinker")).unwrap().budget_reserved, 0);
        assert!(
            !is_continuous || ran.events.iter().any(|e| e.effect.kind() == EventKind::ReservationReleased)
        );
    }
}

#[test]
fn tick_and_continuous_an_agent_that_gets_its_code_back_goes_on() {
    for town in Town::both() {
        let switch = |on: bool| {
            let mut draft = Draft::new(id("worker"), "play worker");
            draft.can_execute = Some(on);
            Action::Write(Box::new(draft))
        };
        let ran = town
            .player("worker", |_, _| wait_ms(300))
            .player("owner", move |thought, _| match thought {
                1 => act_then_wait(switch(false)),
                5 => act_then_wait(switch(true)),
                _ => wait_ms(700),
            })
            .owned("worker", "owner")
            .run(10);
        assert_eq!(ran.count("worker", EventKind::AgentStopped), 1);
        assert_eq!(ran.count("worker", EventKind::AgentStarted), 2);
        assert_eq!(ran.state("worker"), LoopState::Running);
        ran.nothing_is_open();
    }
}

#[test]
fn tick_and_continuous_a_spawned_principal_acts_once_it_has_a_share() {
    for town in Town::both() {
        let ran = town
            .player("mother", |thought, _| match thought {
                0 => act_then_wait(services::spawn_principal(&id("child"))),
                1 => act_then_wait(services::transfer_quota(&id("child"), Resource::LlmCalls, 50)),
                _ => wait_ms(500),
            })
            .run(6);
        assert_eq!(ran.count("mother", EventKind::ActionRefused), 0);
        assert!(ran.world().principal_named("child").is_some());
        ran.nothing_is_open();
    }
}

#[test]
fn tick_and_continuous_an_agent_made_by_a_write_joins_and_may_leave_again() {
    use ecology_types::{Axis, Side};
    for town in [Town::by_ticks(), Town::continuous()] {
        let unified = town.axes.with(Axis::ArtifactOntology, Side::New);
        let mut town = Town { axes: unified, ..town };
        town = town.player("maker", |thought, _| match thought {
            0 => {
                let mut draft = Draft::new(id("robot"), "play maker's robot");
                draft.has_standing = Some(true);
                draft.can_execute = Some(true);
                act_then_wait(Action::Write(Box::new(draft)))
            }
            1 => act_then_wait(services::transfer_quota(&id("robot"), Resource::LlmCalls, 50)),
            2 => act_then_wait(services::transfer_quota(&id("robot"), Resource::Cpu, 500_000)),
            8 => {
                let mut draft = Draft::new(id("robot"), "play maker's robot");
                draft.can_execute = Some(false);
                act_then_wait(Action::Write(Box::new(draft)))
            }
            _ => wait_ms(500),
        });
        let play = |_: u64, _: &dyn ecology_minds::Perception| wait_ms(200);
        town.plays.insert("play maker's robot".to_owned(), (std::sync::Arc::new(play), Shape::default()));
        let ran = town.run(14);
        assert_eq!(ran.count("maker", EventKind::ActionRefused), 0, "{:?}", ran.events);
        assert_eq!(ran.count("robot", EventKind::AgentStarted), 1);
        assert!(ran.count("robot", EventKind::Thought) > 1);
        assert_eq!(ran.state("robot"), LoopState::Stopped);
        ran.nothing_is_open();
    }
}

#[test]
fn tick_and_continuous_somebody_is_made_and_deleted_before_it_begins() {
    use ecology_types::{Axis, Side};
    for town in [Town::by_ticks(), Town::continuous()] {
        for seed in 0..6 {
            let mut town =
                Town { axes: town.axes.with(Axis::ArtifactOntology, Side::New), ..Town::new(town.axes) };
            town.seed = ecology_types::Seed(seed);
            let make = || {
                let mut draft = Draft::new(id("mayfly"), "mind = 'idle'");
                draft.has_standing = Some(true);
                draft.can_execute = Some(true);
                Action::Write(Box::new(draft))
            };
            let policy_open = ecology_types::PolicyDraft {
                write: vec!["*".into()],
                ..ecology_types::PolicyDraft::default()
            };
            town = town
                .player("maker", move |thought, _| {
                    let Action::Write(mut draft) = make() else { return noop() };
                    draft.policy = Some(policy_open.clone());
                    if thought == 0 { act_then_wait(Action::Write(draft)) } else { wait_ms(100) }
                })
                .player("killer", |_, _| act_then_wait(delete("mayfly")));
            town.run(4).nothing_is_open();
        }
    }
}

#[test]
fn tick_and_continuous_arrivals_come_in_time_and_a_squatted_id_stops_nobody() {
    for mut town in Town::both() {
        town.arrivals = vec![
            (Time(2_000_000), founder("squatted", "mind = 'idle'", Charges::NONE)),
            (Time(3_000_000), founder("late", "mind = 'idle'\ndelay_mean = 300000", plenty())),
        ];
        let ran = town
            .player("squatter", |thought, _| match thought {
                0 => act_then_wait(Action::Write(Box::new(Draft::new(id("squatted"), "mine")))),
                _ => wait_ms(500),
            })
            .run(6);
        assert_eq!(ran.outcome.arrivals_refused, 1);
        assert_eq!(ran.times("late", EventKind::AgentStarted), [3_000_000]);
        assert!(ran.count("late", EventKind::Thought) > 1);
        assert!(ran.count("squatter", EventKind::Thought) > 4);
    }
}

#[test]
fn tick_and_continuous_a_run_waits_for_those_who_are_still_to_come() {
    for mut town in Town::both() {
        town.arrivals =
            vec![(Time(4_000_000), founder("late", "mind = 'idle'\ndelay_mean = 300000", plenty()))];
        let ran = town.player("first", |_, _| stop()).run(8);
        assert!(ran.count("late", EventKind::Thought) > 1);
    }
}
