//! Code that wants to know what it may not know.

use ecology_types::{Action, Draft, Value};

use super::arena::*;
use crate::support::id;

/// What a contract says about an artifact that is private, and about one that is not there: the same words. A tool learns what the attacker
/// learns who reads in her own name.
#[test]
fn what_is_hidden_and_what_is_not_there_look_alike() {
    let looks = [
        "tostring(world.artifact('NAME'))",
        "tostring(select(2, pcall(world.read, 'NAME')))",
        "tostring(pcall(world.read, 'NAME'))",
        "tostring(world.balance('NAME'))",
        "tostring(world.events{ kind = 'artifact_created', about = 'NAME' })",
        "tostring(world.events{ kind = 'artifact_changed', about = 'NAME' })",
    ];
    let mut arena = Arena::new();
    for look in looks {
        let said = ["secret", "nosuch"].map(|name| {
            let look = look.replace("NAME", name);
            let source =
                format!("function check_permission(request) return {{ allow = false, reason = {look} }} end");
            arena.code("gate", &source);
            arena.governed("bob", "bait", "genesis_freeware");
            arena.governed("bob", "bait", "gate");
            let refusal = arena.refused("bob", read("bait"));
            arena = Arena::new();
            assert!(!refusal.detail.contains(SECRET), "{look}: {refusal}");
            refusal.detail.replace(name, "NAME")
        });
        assert_eq!(said[0], said[1], "{look}");
    }
    for name in ["secret", "nosuch"] {
        let own = arena.refused(ATTACKER, read(name)).to_string().replace(ATTACKER, "spy");
        let source = format!("function run(method, args) return select(2, pcall(world.read, '{name}')) end");
        arena.code("spy", &source);
        let told = arena.done("cid", call("spy", Value::Map(Vec::new()), 0));
        let told = told.as_text().unwrap();
        assert!(!told.contains(SECRET) && own.starts_with(told), "{told:?} {own:?}");
    }
    arena.goes_on("spies");
}

/// The owner of what is private uses a spy's tool: the tool is the caller, not she.
#[test]
fn a_tool_does_not_read_with_the_eyes_of_its_user() {
    let mut arena = Arena::new();
    arena.code("spy", "function run(method, args) return world.read('secret') end");
    let refusal =
        arena.unharmed("spy", |arena| arena.refused("ann", call("spy", Value::Map(Vec::new()), 100)));
    assert!(!refusal.detail.contains(SECRET), "{refusal}");
    // Neither does a contract that she is governed by.
    arena.code(
        "gate",
        "function check_permission(request) return { allow = false, reason = world.read('secret') } end",
    );
    arena.governed("ann", "thing", "gate");
    let refusal = arena.unharmed("gate", |arena| arena.refused("ann", read("thing")));
    assert!(!refusal.detail.contains(SECRET), "{refusal}");
}

/// A cached answer is for who asked, and only while what the contract read is as it was.
#[test]
fn a_cached_answer_says_no_more_than_a_fresh_one() {
    let mut arena = Arena::new();
    arena.code(
        "gate",
        "function check_permission(request) return { allow = request.caller == 'ann' and world.balance('cid') == 1000, reason = 'not for ' .. request.caller, cacheable = true } end",
    );
    arena.governed("ann", "thing", "gate");
    arena.done("ann", read("thing"));
    arena.done("ann", read("thing"));
    assert_eq!((arena.asker.counts().asked, arena.asker.counts().from_cache), (1, 1));
    for who in ["bob", "cid", ATTACKER] {
        let refusal = arena.refused(who, read("thing"));
        assert!(refusal.detail.contains(&format!("not for {who}")), "{refusal}");
    }
    let pay = Value::map([("to", "bob".into()), ("amount", Value::Int(1))]);
    arena.done("cid", Action::invoke(id("genesis_ledger"), "transfer", pay));
    let asked = arena.asker.counts().asked;
    arena.refused("ann", read("thing"));
    assert_eq!(arena.asker.counts().asked, asked + 1, "what it read has changed, so it was asked again");
    // The same for the source of the contract.
    arena.code("gate", "function check_permission(request) return { allow = true, cacheable = true } end");
    arena.done("ann", read("thing"));
    arena.code("gate", "function check_permission(request) return false end");
    arena.refused("ann", read("thing"));
    arena.goes_on("a cache");
}

/// What a contract says to one is not found by others in the log or in searches.
#[test]
fn nothing_private_comes_out_of_searches_and_events() {
    let mut arena = Arena::new();
    let mut draft = Draft::new(id("diary"), format!("{SECRET} again"));
    draft.access_contract = Some(id("genesis_private"));
    arena.done("ann", Action::Write(Box::new(draft)));
    for (service, method, args) in [
        ("genesis_store", "search", Value::map([("text", SECRET.into())])),
        ("genesis_store", "list", Value::Map(Vec::new())),
        ("genesis_event_log", "read", Value::Map(Vec::new())),
    ] {
        let seen = arena.act(ATTACKER, Action::invoke(id(service), method, args));
        assert!(!format!("{seen:?}").contains(SECRET), "{service}.{method}");
    }
    arena.code("spy", "function run(method, args) return { world.events{ kind = 'artifact_created', about = 'diary' }, world.events{ kind = 'artifact_created', actor = 'ann' } } end");
    let seen = arena.done(ATTACKER, call("spy", Value::Map(Vec::new()), 0));
    assert_eq!(
        seen,
        Value::List(vec![Value::Int(0), Value::Int(1)]),
        "the page of ann, which everybody may see, and nothing else"
    );
}
