//! An exhausted resource pauses a loop and crashes nothing.

use ecology_minds::{Decision, Then, services};
use ecology_types::{Charges, Effect, EventKind, Resource, Span, Time};
use ecology_world::LoopState;

use crate::support::*;

fn blocked(ran: &Ran, id: &str) -> Vec<(u64, Resource, Option<Time>)> {
    ran.of(id, EventKind::AgentBlocked)
        .iter()
        .map(|event| match &event.effect {
            Effect::AgentBlocked { resource, until, .. } => (event.time.0, *resource, *until),
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn continuous_a_rate_blocks_until_exactly_the_moment_it_has_room() {
    let mut town = Town::continuous();
    town.rules.window = Span::from_secs(10);
    let ran = town.player("busy", |_, _| wait_ms(1_000)).with(Resource::LlmCalls, 3).run(25);
    let thoughts = ran.times("busy", EventKind::Thought);
    let blocks = blocked(&ran, "busy");
    assert!(!blocks.is_empty());
    for (_, resource, until) in &blocks {
        assert_eq!(*resource, Resource::LlmCalls);
        assert!(until.is_some());
    }
    let untils: Vec<u64> = blocks.iter().filter_map(|(_, _, until)| until.map(|until| until.0)).collect();
    let unblocks = ran.times("busy", EventKind::AgentUnblocked);
    assert_eq!(unblocks, untils[..unblocks.len()], "unblocked at another time than announced");
    // In any ten seconds three thoughts, and not one less.
    for window in thoughts.windows(4) {
        assert!(window[3] - window[0] >= 10_000_000, "{thoughts:?}");
    }
    assert!(thoughts.len() >= 8, "{thoughts:?}");
    ran.nothing_is_open();
}

#[test]
fn tick_a_rate_is_refilled_by_the_next_tick_without_a_word() {
    let ran = Town::by_ticks().player("busy", |_, _| noop()).with(Resource::LlmCalls, 1).run(10);
    assert_eq!(ran.count("busy", EventKind::Thought), 10);
    assert_eq!(ran.count("busy", EventKind::AgentBlocked), 0);
}

#[test]
fn tick_and_continuous_no_share_freezes_until_a_rescuer_gives_some() {
    for town in Town::both() {
        let ran = town
            .player("frozen", |_, _| wait_ms(1_000))
            .with(Resource::LlmCalls, 0)
            .agent(
                "rescuer",
                "mind = 'rescuer'\nresource = 'llm_calls'\namount = 5\nkeep = 10\ndelay_mean = 1000000",
            )
            .run(10);
        let blocks = blocked(&ran, "frozen");
        assert_eq!((blocks[0].1, blocks[0].2), (Resource::LlmCalls, None));
        let gifts = ran.times("rescuer", EventKind::QuotaTransferred);
        assert_eq!(ran.times("frozen", EventKind::AgentUnblocked)[..1], gifts[..1]);
        assert!(ran.count("frozen", EventKind::Thought) > 0);
        ran.nothing_is_open();
    }
}

#[test]
fn tick_and_continuous_an_estimate_above_the_share_freezes() {
    let shape = Shape { estimate: Charges::of(Resource::LlmTokens, 100), ..Shape::default() };
    for town in Town::both() {
        let ran = town.shaped("greedy", shape.clone(), |_, _| noop()).with(Resource::LlmTokens, 99).run(5);
        let blocks = blocked(&ran, "greedy");
        assert_eq!(blocks.len(), 1);
        assert_eq!((blocks[0].1, blocks[0].2), (Resource::LlmTokens, None));
        assert_eq!(ran.count("greedy", EventKind::Thought), 0);
    }
}

#[test]
fn tick_and_continuous_an_empty_budget_freezes_until_somebody_gives_money() {
    let costly = Charges::of(Resource::LlmBudget, 40);
    let shape = Shape { estimate: costly, pace: ecology_minds::Pace::Task, time: Span::from_millis(10) };
    for town in Town::both() {
        let spends = move |_: u64, _: &dyn ecology_minds::Perception| {
            let mut decision = Decision::noop().then(Then::Delay(Span::from_millis(100)));
            decision.usage = costly;
            Ok(decision)
        };
        let ran = town
            .shaped("spender", shape.clone(), spends)
            .with(Resource::LlmBudget, 100)
            .player("patron", |thought, _| match thought {
                6 => act_then_wait(services::transfer_quota(&id("spender"), Resource::LlmBudget, 60)),
                _ => wait_ms(500),
            })
            .run(12);
        assert_eq!(ran.count("spender", EventKind::Thought), 4);
        let blocks = blocked(&ran, "spender");
        assert_eq!((blocks[0].1, blocks[0].2), (Resource::LlmBudget, None));
        assert_eq!(blocks.len(), 2, "{blocks:?}");
        assert_eq!(ran.state("spender"), LoopState::Blocked { resource: Resource::LlmBudget, until: None });
        ran.nothing_is_open();
    }
}

#[test]
fn tick_and_continuous_the_wrong_gift_thaws_nobody() {
    for town in Town::both() {
        let ran = town
            .player("frozen", |_, _| wait_ms(1_000))
            .with(Resource::LlmCalls, 0)
            .player("patron", |thought, _| match thought {
                1 => act_then_wait(services::transfer_quota(&id("frozen"), Resource::LlmTokens, 60)),
                _ => wait_ms(500),
            })
            .run(6);
        assert_eq!(ran.count("frozen", EventKind::AgentUnblocked), 0);
    }
}

#[test]
fn tick_and_continuous_no_cpu_refuses_actions_and_stops_nobody() {
    for town in Town::both() {
        let ran = town
            .player("slow", |_, _| wait_ms(900))
            .with(Resource::Cpu, 0)
            .player("other", |_, _| wait_ms(900))
            .run(8);
        assert_eq!(ran.count("slow", EventKind::ActionDone), 0);
        assert!(ran.count("slow", EventKind::ActionRefused) >= 7);
        assert!(ran.count("other", EventKind::ActionDone) >= 7);
        ran.nothing_is_open();
    }
}
