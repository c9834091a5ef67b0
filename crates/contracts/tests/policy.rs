//! The old implementation: lists and prices.

use std::sync::Arc;

use ecology_contracts::conformance::{FixtureView, request};
use ecology_contracts::{AccessControl, Answer, PolicyAccess};
use ecology_types::{AllowList, GenesisArtifact, Grant, Key, Payer, Policy, RefusalCode, Scrip, Verb};

struct Shop {
    world: FixtureView,
    owner: Key,
    friend: Key,
    stranger: Key,
    doc: Key,
}

fn shop() -> Shop {
    let mut world = FixtureView::new();
    let [owner, friend, stranger] = ["owner", "friend", "stranger"].map(|name| world.add_principal(name));
    let doc = world.add_artifact("doc", owner);
    let only_friend = || AllowList::Only(vec![friend]);
    world.record_mut(doc).policy = Some(Arc::new(Policy {
        read: AllowList::Anyone,
        write: only_friend(),
        invoke: only_friend(),
        read_price: Scrip(2),
        invoke_price: Scrip(5),
    }));
    Shop { world, owner, friend, stranger, doc }
}

fn ask(shop: &Shop, verb: Verb, caller: Key) -> Answer {
    PolicyAccess.decide(&request(shop.world.record(shop.doc), verb, caller), &shop.world)
}

fn price(answer: &Answer) -> Option<Grant> {
    match answer {
        Answer::Allow { grant, .. } => Some(*grant),
        Answer::Deny { .. } => None,
    }
}

#[test]
fn the_owner_always_may_and_pays_nothing() {
    let shop = shop();
    for verb in Verb::ALL {
        assert_eq!(price(&ask(&shop, verb, shop.owner)), Some(Grant::default()), "{verb}");
    }
}

#[test]
fn lists_and_prices_hold_for_everybody_else() {
    let shop = shop();
    let at = |cost| Some(Grant { cost: Scrip(cost), payer: Payer::Invoker });
    assert_eq!(price(&ask(&shop, Verb::Read, shop.stranger)), at(2));
    assert_eq!(price(&ask(&shop, Verb::Invoke, shop.friend)), at(5));
    assert_eq!(price(&ask(&shop, Verb::Invoke, shop.stranger)), None);
    for verb in [Verb::Write, Verb::Edit, Verb::Delete] {
        assert_eq!(price(&ask(&shop, verb, shop.friend)), at(0), "writing has no price");
        assert_eq!(price(&ask(&shop, verb, shop.stranger)), None);
    }
    assert_eq!(price(&ask(&shop, Verb::Transfer, shop.friend)), None, "no list lets anyone give away");
}

#[test]
fn a_no_names_caller_verb_artifact_and_rule() {
    let shop = shop();
    let answer = ask(&shop, Verb::Edit, shop.stranger);
    let reason = "stranger may not edit doc: only the owner and those on its write_policy may".to_owned();
    assert_eq!(answer, Answer::Deny { code: RefusalCode::NotPermitted, reason });
    let Answer::Deny { reason, .. } = ask(&shop, Verb::Transfer, Key(77)) else { panic!("allowed") };
    assert_eq!(reason, "#77 may not transfer doc: under its policy only the owner gives it away");
}

#[test]
fn nobody_changes_time_zero_whatever_its_policy_says() {
    let mut shop = shop();
    let ledger = GenesisArtifact::Ledger.key();
    let open = || AllowList::Anyone;
    shop.world.record_mut(ledger).policy = Some(Arc::new(Policy {
        read: AllowList::default(),
        write: open(),
        invoke: open(),
        read_price: Scrip(9),
        invoke_price: Scrip(9),
    }));
    for caller in [Key::GENESIS, shop.owner] {
        for verb in Verb::ALL {
            let answer = PolicyAccess.decide(&request(shop.world.record(ledger), verb, caller), &shop.world);
            let is_open = matches!(verb, Verb::Noop | Verb::Read | Verb::Invoke);
            assert_eq!(price(&answer), is_open.then(Grant::default), "{verb} by {caller:?}");
        }
    }
}
