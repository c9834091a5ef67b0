//! A thought that was thought under another configuration is paid for and dropped.

use ecology_minds::{Decision, Then};
use ecology_types::{Action, Charges, Draft, EventKind, PolicyDraft, Resource, Span};

use crate::support::*;

/// The victim thinks for half a second at a time in continuous mode, and writes down what it is told of its last action.
fn victim(town: Town, outcomes: &Notes<(&'static str, Option<bool>)>) -> Town {
    let shape = Shape {
        time: Span::from_millis(500),
        estimate: Charges::of(Resource::LlmTokens, 50),
        pace: ecology_minds::Pace::Task,
    };
    let mut town = town;
    for config in ["play victim", "play victim again"] {
        let outcomes = outcomes.clone();
        let play = move |_: u64, view: &dyn ecology_minds::Perception| {
            note(&outcomes, (config, was_done(view.last_outcome())));
            let mut decision = Decision::noop().then(Then::Delay(Span::from_millis(500)));
            decision.usage = Charges::of(Resource::LlmTokens, 30);
            Ok(decision)
        };
        town.plays.insert(config.to_owned(), (std::sync::Arc::new(play), shape.clone()));
    }
    town.founders.push(founder("victim", "play victim", plenty()));
    town
}

fn rewrite(config: &str) -> Action {
    Action::Write(Box::new(Draft::new(id("victim"), config)))
}

/// The victim has handed over its own configuration, and the buyer rewrites it.
#[test]
fn tick_and_continuous_a_thought_is_void_when_the_configuration_changes_in_between() {
    for town in Town::both() {
        let is_continuous = town.is_continuous();
        let outcomes = notes();
        let mut town = victim(town, &outcomes);
        // In tick mode the order within a tick is drawn: try seeds until the writer comes first once.
        let mut voided = 0;
        for seed in 0..8 {
            town.seed = ecology_types::Seed(seed);
            town.plays.remove("play buyer");
            town.founders.retain(|founder| founder.id.as_str() != "buyer" && founder.id.as_str() != "helper");
            outcomes.lock().unwrap().clear();
            let mut once = std::mem::replace(&mut town, Town::by_ticks());
            once = once.player("buyer", move |thought, _| match thought {
                0 => wait_ms(2_200),
                1..=3 if !is_continuous => noop(),
                _ if thought == if is_continuous { 1 } else { 4 } => {
                    act_then_wait(rewrite("play victim again"))
                }
                _ => wait_ms(400),
            });
            once.handed_over = vec![("victim", "buyer")];
            let ran = once.run(8);
            assert_eq!(ran.count("buyer", EventKind::ActionRefused), 0, "{:?}", ran.events);
            let voids = ran.count("victim", EventKind::AgentVoided);
            voided += voids;
            ran.nothing_is_open();
            if voids > 0 {
                let told = noted(&outcomes);
                let first_again = told.iter().position(|(config, _)| *config == "play victim again").unwrap();
                assert!(first_again > 1);
                assert_eq!(told[first_again].1, None, "a new mind was told of somebody else's action");
                assert_eq!(told[first_again + 1].1, Some(true));
                // It was paid for.
                let thoughts = ran.count("victim", EventKind::Thought);
                assert_eq!(
                    ran.world().usage().get(ran.key("victim")).counted[Resource::LlmTokens],
                    30 * thoughts as u64
                );
                assert_eq!(thoughts, ran.count("victim", EventKind::ActionDone) + voids);
            }
            town = once;
        }
        assert!(voided > 0, "nothing was ever voided; continuous: {is_continuous}");
    }
}

#[test]
fn tick_and_continuous_changing_a_price_is_no_other_configuration() {
    for town in Town::both() {
        let outcomes = notes();
        let mut town = victim(town, &outcomes);
        let play = |thought: u64, _: &dyn ecology_minds::Perception| match thought {
            1 => {
                let mut draft = Draft::new(id("victim"), "play self");
                draft.policy =
                    Some(PolicyDraft { read_price: ecology_types::Scrip(3), ..PolicyDraft::default() });
                act_then_wait(Action::Write(Box::new(draft)))
            }
            _ => wait_ms(100),
        };
        town.plays.insert("play self".to_owned(), (std::sync::Arc::new(play), Shape::default()));
        town.founders.last_mut().unwrap().config = "play self".into();
        let ran = town.run(6);
        assert_eq!(ran.count("victim", EventKind::ArtifactChanged), 1);
        // A mind that began anew would write a second time.
        assert!(ran.count("victim", EventKind::Thought) >= 5);
        assert_eq!(ran.count("victim", EventKind::AgentVoided), 0);
    }
}
