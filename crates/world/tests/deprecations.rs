//! What is on its way out is told of once per run, or refused.

use ecology_types::{Command, Effect, EventKind, OnDeprecated, RefusalCode, Seed, SmolStr};

use crate::support::*;

fn told(test: &TestWorld) -> usize {
    test.world.log().after(0).filter(|event| event.effect.kind() == EventKind::DeprecationUsed).count()
}

fn world(combo: Combo, policy_fields: OnDeprecated) -> TestWorld {
    let mut rules = rules();
    rules.policy_fields = policy_fields;
    TestWorld::with(combo, genesis(rules))
}

#[test]
fn policy_fields_are_told_of_once_per_run() {
    for combo in Combo::plain() {
        let mut test = world(combo, OnDeprecated::Warn);
        test.write("ann", "plain", "no policy");
        assert_eq!(told(&test), 0, "{combo:?}");
        test.done("ann", test.priced("first", 1, 0));
        let effects = test.last_effects();
        let code = effects.iter().find_map(|effect| match effect {
            Effect::DeprecationUsed { code } => Some(code.as_str()),
            _ => None,
        });
        assert_eq!(code, Some("ECO-D001"), "{combo:?}");
        test.done("bob", test.priced("second", 1, 0));
        assert_eq!(told(&test), 1, "{combo:?}: once per run");

        test.command(Command::EndRun { reason: SmolStr::new("test") });
        let axes = test.world.axes();
        let (version, scenario) = (SmolStr::new("0"), SmolStr::new("test"));
        test.command(Command::StartRun { version, scenario, seed: Seed(1), axes });
        test.done("bob", test.priced("third", 1, 0));
        assert_eq!(told(&test), 2, "{combo:?}: and again in the next run");
    }
}

#[test]
fn what_is_denied_changes_nothing_and_says_what_to_write() {
    for combo in Combo::plain() {
        let mut test = world(combo, OnDeprecated::Deny);
        let before = untouchable(&test.world);
        let refusal = test.refused("ann", test.priced("first", 1, 0), RefusalCode::NotSupported);
        assert!(
            refusal.detail.contains("ECO-D001") && refusal.detail.contains("access_contract"),
            "{refusal}"
        );
        assert_eq!(before, untouchable(&test.world), "{combo:?}");
        assert_eq!(told(&test), 0, "{combo:?}");
        test.write("ann", "plain", "no policy");
    }
}

#[test]
fn nobody_hears_of_it_where_it_is_allowed() {
    for combo in Combo::plain() {
        let mut test = world(combo, OnDeprecated::Allow);
        test.done("ann", test.priced("first", 1, 0));
        assert_eq!(told(&test), 0, "{combo:?}");
    }
}
