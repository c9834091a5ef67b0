//! Agents as goods, in either mode: taken over in the middle of a thought, working for their owner, born with all they need.

use ecology_minds::{Decision, Perception, Then, services};
use ecology_types::{Action, Charges, Draft, Effect, EventKind, Resource, Span, Value};

use crate::support::*;

/// Sells itself with its first thought, and then thinks for half a second at a time.
fn victim(mut town: Town) -> Town {
    let shape = Shape {
        time: Span::from_millis(500),
        estimate: Charges::of(Resource::LlmTokens, 50),
        pace: ecology_minds::Pace::Task,
    };
    for config in ["play victim", "play owned"] {
        let play = move |thought: u64, view: &dyn Perception| {
            let mut decision = if thought == 0 && config == "play victim" {
                Decision::act(services::deposit_artifact(view.me(), 10, None))
            } else {
                Decision::noop()
            };
            decision.usage = Charges::of(Resource::LlmTokens, 30);
            Ok(decision.then(Then::Delay(Span::from_millis(100))))
        };
        town.plays.insert(config.to_owned(), (std::sync::Arc::new(play), shape.clone()));
    }
    town.founders.push(founder("victim", "play victim", plenty()));
    town
}

/// Bought through escrow and rewritten while it thinks: that thought is paid for and dropped, and the new configuration goes on.
#[test]
fn tick_and_continuous_a_takeover_in_the_middle_of_a_thought_voids_it() {
    for is_continuous in [false, true] {
        let mut voided = 0;
        for seed in 0..8 {
            let town = if is_continuous { Town::continuous() } else { Town::by_ticks() };
            let mut town = victim(town).player("buyer", |_, view| {
                if let Some(ask) = view.best_ask("agent") {
                    return act_then_wait(services::purchase(ask.id));
                }
                let bought = matches!(view.last_outcome(), Some(Ok(done)) if done.get("with").is_some());
                if bought {
                    return act_then_wait(Action::Write(Box::new(Draft::new(id("victim"), "play owned"))));
                }
                wait_ms(150)
            });
            town.seed = ecology_types::Seed(seed);
            let ran = town.run(8);
            assert_eq!(ran.count("buyer", EventKind::ActionRefused), 0, "{:?}", ran.events);
            let record = ran.world().live(ran.key("victim")).unwrap();
            assert_eq!((record.owner, &*record.content), (ran.key("buyer"), "play owned"));
            let voids = ran.count("victim", EventKind::AgentVoided);
            assert!(voids <= 1);
            voided += voids;
            ran.nothing_is_open();
            let thoughts = ran.count("victim", EventKind::Thought);
            assert!(thoughts > 2, "it works on under its owner");
            let used = ran.world().usage().get(ran.key("victim")).counted[Resource::LlmTokens];
            assert_eq!(used, 30 * thoughts as u64, "what was dropped is paid for as well");
            assert_eq!(thoughts, ran.count("victim", EventKind::ActionDone) + voids);
        }
        assert!(voided > 0, "nothing was ever voided; continuous: {is_continuous}");
    }
}

/// The sale alone changes nothing of what the agent thinks: its thought holds.
#[test]
fn tick_and_continuous_a_sale_alone_voids_nothing() {
    for town in Town::both() {
        let town = victim(town).player("buyer", |_, view| match view.best_ask("agent") {
            Some(ask) => act_then_wait(services::purchase(ask.id)),
            None => wait_ms(150),
        });
        let ran = town.run(8);
        assert_eq!(ran.world().live(ran.key("victim")).unwrap().owner, ran.key("buyer"));
        assert_eq!(ran.count("victim", EventKind::AgentVoided), 0);
    }
}

#[test]
fn tick_and_continuous_an_agent_sells_itself_and_works_on_for_its_owner() {
    for town in Town::both() {
        let town = town
            .agent("hand", "mind = 'worker'\nprice = 20\ndowry = 30\nworks_max = 3\ndelay_mean = 300000")
            .agent(
                "house",
                "mind = 'firm'\nkind = 'bundle:agent+scrip:30'\nworks_max = 4\ngood = 'cloth'\ndelay_mean = 300000",
            );
        let ran = town.run(40);
        let world = ran.world();
        let hand = world.live(ran.key("hand")).unwrap();
        assert_eq!(hand.owner, ran.key("house"));
        assert!(hand.content.contains("\"employer\":\"house\""), "{}", hand.content);
        assert_eq!(world.accounts().scrip(ran.key("hand")).0, 100 - 30 + 20);
        assert_eq!(world.accounts().scrip(ran.key("house")).0, 100 + 30 - 20);
        let cloth: Vec<_> = world.orders().asks("cloth").collect();
        assert_eq!(cloth.len(), 4, "{:?}", world.orders().iter().collect::<Vec<_>>());
        assert!(cloth.iter().all(|ask| ask.owner == ran.key("house")));
        ran.nothing_is_open();
    }
}

/// What a parent gives is there with the birth, so the child's first turn writes; a child of an account's birth has nothing and cannot.
#[test]
fn tick_and_continuous_a_newborn_writes_at_once() {
    for town in Town::both() {
        let config = "mind = 'spawner'\nchildren_max = 2\ngift = 4\ndisk = 3000\n\
                      quotas = { llm_calls = 50, bandwidth = 90000, disk_writes = 9000, cpu = 90000, memory = 90000 }\n\
                      [child]\nmind = 'builder'\ndelay_mean = 300000";
        let ran = town.agent("parent", config).run(20);
        for child in ["parent_child_1", "parent_child_2"] {
            let key = ran.key(child);
            let first = ran.events.iter().find(|event| {
                event.actor == Some(key)
                    && matches!(event.effect, Effect::ActionDone { .. } | Effect::ActionRefused { .. })
            });
            assert!(
                matches!(&first.unwrap().effect, Effect::ActionDone { verb: ecology_types::Verb::Write, .. }),
                "{first:?}"
            );
            let account = ran.world().accounts().get(key).unwrap();
            assert_eq!((account.scrip.0, account.quotas[Resource::Disk]), (4, 3_000));
        }
        let born = |event: &&ecology_world::Event| matches!(&event.effect, Effect::ArtifactCreated(record) if record.has_standing);
        for birth in ran.events.iter().filter(born).filter(|event| event.actor.is_some()) {
            let given = |event: &&ecology_world::Event| {
                event.cause == birth.cause && matches!(event.effect, Effect::QuotaTransferred { .. })
            };
            assert_eq!(ran.events.iter().filter(given).count(), 6, "given in the same record");
        }
        ran.nothing_is_open();
    }
}

/// The loop settings stand in the configuration: whoever owns it changes the rhythm and the sleep of the agent.
#[test]
fn tick_and_continuous_the_owner_changes_how_an_agent_sleeps() {
    for town in Town::both() {
        let town = town
            .agent("dozer", "mind = 'sleeper'\nduration = 900000000")
            .player("boss", |thought, _| match thought {
                2 => {
                    let config = "mind = 'sleeper'\nduration = 200000";
                    act_then_wait(Action::Write(Box::new(Draft::new(id("dozer"), config))))
                }
                3 => act_then_wait(Action::invoke(
                    ecology_types::GenesisArtifact::Ledger.id(),
                    "transfer",
                    Value::map([("to", "dozer".into()), ("amount", Value::Int(1))]),
                )),
                _ => wait_ms(200),
            })
            .owned("dozer", "boss");
        let ran = town.run(20);
        assert_eq!(ran.count("boss", EventKind::ActionRefused), 0);
        let slept = ran.count("dozer", EventKind::AgentSlept);
        assert!(slept > 3, "it slept {slept} times");
    }
}
