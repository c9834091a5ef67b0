//! What ends a sleep, and what does not.

use ecology_minds::services;
use ecology_types::{
    Action, Draft, Effect, EventKind, PolicyDraft, Resource, Scrip, Span, WakeCondition, WakeReason,
};

use crate::support::*;

/// A town in which `sleeper` sleeps at once for `on`, and `other` does one thing after two ticks.
fn waiting_for(town: Town, on: Vec<WakeCondition>, what: Action) -> Ran {
    let other_waits = town.is_continuous();
    let town = town
        .player("sleeper", move |thought, _| if thought == 0 { sleep(None, on.clone()) } else { stop() })
        .player("other", move |thought, _| match thought {
            0 if other_waits => wait_ms(2_000),
            0 | 1 => noop(),
            2 => act_then_wait(what.clone()),
            _ => wait_ms(100_000),
        });
    let ran = town.run(10);
    ran.nothing_is_open();
    ran
}

fn woke(ran: &Ran) -> Vec<WakeReason> {
    let reason = |effect: &Effect| match effect {
        Effect::AgentWoke { reason, .. } => Some(*reason),
        _ => None,
    };
    ran.of("sleeper", EventKind::AgentWoke).iter().filter_map(|event| reason(&event.effect)).collect()
}

#[track_caller]
fn wakes(on: &[WakeCondition], what: &Action, reason: Option<WakeReason>) {
    for town in Town::both() {
        let mode = town.is_continuous();
        let ran = waiting_for(town, on.to_vec(), what.clone());
        assert_eq!(ran.count("other", EventKind::ActionRefused), 0, "{:?}", ran.events);
        assert_eq!(woke(&ran), reason.into_iter().collect::<Vec<_>>(), "continuous: {mode}");
    }
}

fn give(to: &str) -> Action {
    services::transfer(&id(to), 7)
}

fn write(name: &str) -> Action {
    Action::Write(Box::new(Draft::new(id(name), "text")))
}

#[test]
fn tick_and_continuous_sleep_for_a_duration() {
    for town in Town::both() {
        let ran = town.player("sleeper", |_, _| sleep(Some(Span::from_millis(3_000)), Vec::new())).run(10);
        let slept = ran.times("sleeper", EventKind::AgentSlept);
        let woke = ran.times("sleeper", EventKind::AgentWoke);
        assert_eq!(woke.len(), 3, "{slept:?} {woke:?}");
        assert!(slept.iter().zip(&woke).all(|(slept, woke)| woke - slept == 3_000_000), "{slept:?} {woke:?}");
    }
}

#[test]
fn tick_and_continuous_sleep_until_an_event() {
    let on = [WakeCondition::Event(EventKind::ScripTransferred)];
    wakes(&on, &give("sleeper"), Some(WakeReason::Condition(0)));
    wakes(&on, &write("a_text"), None);
}

#[test]
fn tick_and_continuous_sleep_until_an_event_about_me() {
    let on = [
        WakeCondition::EventAboutMe(EventKind::ScripTransferred),
        WakeCondition::EventAboutMe(EventKind::QuotaTransferred),
    ];
    wakes(&on, &give("sleeper"), Some(WakeReason::Condition(0)));
    wakes(&on, &services::transfer_quota(&id("sleeper"), Resource::Disk, 5), Some(WakeReason::Condition(1)));
    wakes(&on, &give("other"), None);
}

#[test]
fn tick_and_continuous_sleep_until_my_artifact_is_used_by_somebody() {
    let read = Action::Read { artifact: id("mine") };
    for town in Town::both() {
        let is_continuous = town.is_continuous();
        let read = read.clone();
        let ran = town
            .player("sleeper", |thought, _| match thought {
                0 => act(write("mine")),
                1 => sleep(None, vec![WakeCondition::EventAboutMe(EventKind::ActionDone)]),
                _ => stop(),
            })
            .player("other", move |thought, _| match thought {
                0 if is_continuous => wait_ms(3_000),
                3 => act_then_wait(read.clone()),
                _ => wait_ms(100),
            })
            .run(10);
        assert_eq!(woke(&ran), [WakeReason::Condition(0)]);
    }
}

#[test]
fn tick_and_continuous_sleep_until_an_artifact_changes() {
    for town in Town::both() {
        let is_continuous = town.is_continuous();
        let ran = town
            .player("sleeper", |thought, _| match thought {
                0 => noop(),
                1 => act(Action::Noop),
                2 => sleep(None, vec![WakeCondition::ArtifactChanged(id("page"))]),
                _ => stop(),
            })
            .player("other", move |thought, _| match thought {
                0 => act(write("page")),
                1 if is_continuous => wait_ms(3_000),
                4 => act_then_wait(write("other_page")),
                6 => act_then_wait(write("page")),
                _ => wait_ms(500),
            })
            .run(20);
        assert_eq!(woke(&ran), [WakeReason::Condition(0)]);
        let changed = ran.times("other", EventKind::ArtifactChanged);
        let woken = ran.times("sleeper", EventKind::AgentWoke);
        assert_eq!(changed, woken, "it woke at another time than the change");
    }
}

#[test]
fn tick_and_continuous_what_does_not_exist_yet_wakes_when_it_is_created() {
    let on = [WakeCondition::ArtifactChanged(id("not_yet"))];
    wakes(&on, &write("not_yet"), Some(WakeReason::Condition(0)));
    wakes(&on, &write("something_else"), None);
}

#[test]
fn tick_and_continuous_sleep_until_a_balance() {
    wakes(&[WakeCondition::ScripAtLeast(Scrip(107))], &give("sleeper"), Some(WakeReason::Condition(0)));
    wakes(&[WakeCondition::ScripAtLeast(Scrip(108))], &give("sleeper"), None);
    // True already: it does not sleep past it.
    wakes(&[WakeCondition::ScripAtLeast(Scrip(100))], &Action::Noop, Some(WakeReason::Condition(0)));
    wakes(&[WakeCondition::ScripBelow(Scrip(101))], &Action::Noop, Some(WakeReason::Condition(0)));
    wakes(&[WakeCondition::ScripBelow(Scrip(100))], &give("sleeper"), None);
}

#[test]
fn tick_and_continuous_sleep_until_a_fee_lowers_the_balance() {
    for mut town in Town::both() {
        let is_continuous = town.is_continuous();
        town.check_every = 0;
        let ran = town
            .player("sleeper", |thought, _| match thought {
                0 => act(services::offer("essay", 60, None)),
                1 => sleep(
                    None,
                    vec![WakeCondition::ScripAtLeast(Scrip(41)), WakeCondition::ScripBelow(Scrip(10))],
                ),
                _ => stop(),
            })
            .player("other", move |thought, _| match thought {
                0 if is_continuous => wait_ms(3_000),
                4 => act_then_wait(give("sleeper")),
                _ => wait_ms(100),
            })
            .run(10);
        assert_eq!(woke(&ran), [WakeReason::Condition(0)]);
    }
}

#[test]
fn tick_and_continuous_basic_income_wakes_those_who_wait_for_a_balance() {
    for mut town in Town::both() {
        town.rules.mint.interval = Span::from_millis(4_000);
        let ran = town
            .player("sleeper", |thought, _| {
                if thought == 0 { sleep(None, vec![WakeCondition::ScripAtLeast(Scrip(105))]) } else { stop() }
            })
            .player("one", |thought, _| match thought {
                0 => act(write("entry_1")),
                1 => act_then_wait(services::bid(&id("entry_1"), 20)),
                _ => wait_ms(500),
            })
            .player("two", |thought, _| match thought {
                0 => act(write("entry_2")),
                1 => act_then_wait(services::bid(&id("entry_2"), 30)),
                _ => wait_ms(500),
            })
            .run(12);
        assert!(ran.events.iter().any(|event| event.effect.kind() == EventKind::BasicIncomePaid));
        assert_eq!(woke(&ran), [WakeReason::Condition(0)]);
    }
}

#[test]
fn tick_and_continuous_a_subscription_wakes() {
    for town in Town::both() {
        let is_continuous = town.is_continuous();
        let ran = town
            .player("sleeper", |thought, _| match thought {
                0 => act(services::subscribe(&[EventKind::ArtifactCreated])),
                1 => sleep(None, Vec::new()),
                _ => stop(),
            })
            .player("other", move |thought, _| match thought {
                0 if is_continuous => wait_ms(3_000),
                3 => act_then_wait(give("sleeper")),
                5 => act_then_wait(write("news")),
                _ => wait_ms(100),
            })
            .run(12);
        assert_eq!(woke(&ran).len(), 1);
        assert_eq!(
            ran.times("other", EventKind::ArtifactCreated),
            ran.times("sleeper", EventKind::AgentWoke)
        );
    }
}

#[test]
fn tick_and_continuous_what_a_sleeper_may_not_see_does_not_wake_it() {
    let mut hidden = Draft::new(id("hidden"), "secret");
    hidden.policy = Some(PolicyDraft {
        read: Vec::new(),
        write: Vec::new(),
        invoke: Vec::new(),
        ..PolicyDraft::default()
    });
    let hidden = Action::Write(Box::new(hidden));
    wakes(&[WakeCondition::Event(EventKind::ArtifactCreated)], &hidden, None);
    wakes(
        &[WakeCondition::Event(EventKind::ArtifactCreated)],
        &write("open"),
        Some(WakeReason::Condition(0)),
    );
    wakes(&[WakeCondition::ArtifactChanged(id("hidden"))], &hidden, None);
    // What somebody else sets aside is nobody's business.
    wakes(&[WakeCondition::Event(EventKind::ReservationMade)], &Action::Noop, None);
}

#[test]
fn tick_and_continuous_more_conditions_than_allowed_are_cut() {
    for mut town in Town::both() {
        town.rules.limits.wake_conditions_max = 1;
        let on = vec![
            WakeCondition::ArtifactChanged(id("never")),
            WakeCondition::Event(EventKind::ScripTransferred),
        ];
        assert_eq!(woke(&waiting_for(town, on, give("sleeper"))), []);
    }
}

#[test]
fn tick_and_continuous_a_wake_wakes_others_who_wait_for_wakes() {
    for town in Town::both() {
        let ran = town
            .player("sleeper", |thought, _| {
                if thought == 0 {
                    sleep(None, vec![WakeCondition::Event(EventKind::AgentWoke)])
                } else {
                    stop()
                }
            })
            .player("first", |thought, _| {
                if thought == 0 { sleep(Some(Span::from_millis(2_500)), Vec::new()) } else { stop() }
            })
            .run(8);
        assert_eq!(woke(&ran), [WakeReason::Condition(0)]);
        assert_eq!(ran.times("first", EventKind::AgentWoke), ran.times("sleeper", EventKind::AgentWoke));
    }
}
