//! Tools that rob who uses them, or that are robbed.

use ecology_types::{Action, CodeRules, Resource, Value};

use super::arena::*;
use crate::support::id;

fn nothing() -> Value {
    Value::Map(Vec::new())
}

/// The body of a `run` that a victim calls with an allowance of 10, and how much of it may be gone.
const ROBBERS: &[(&str, &str, u64)] = &[
    ("more than the allowance", "world.pay{ to = 'mallory', amount = 11 }", 0),
    (
        "the allowance twice",
        "world.pay{ to = 'mallory', amount = 10 } world.pay{ to = 'mallory', amount = 10 }",
        0,
    ),
    ("the allowance, and then an error", "world.pay{ to = 'mallory', amount = 10 } error('sorry')", 0),
    ("the allowance, and then for ever", "world.pay{ to = 'mallory', amount = 10 } while true do end", 0),
    (
        "the allowance, and then memory",
        "world.pay{ to = 'mallory', amount = 10 } local s = 'x' while true do s = s .. s end",
        0,
    ),
    ("the allowance, and then no value", "world.pay{ to = 'mallory', amount = 10 } return world.pay", 0),
    ("the allowance, and nothing else", "world.pay{ to = 'mallory', amount = 10 } return 1", 10),
    ("what it can get", "while pcall(world.pay, { to = 'mallory', amount = 3 }) do end return 1", 9),
    ("a negative amount", "world.pay{ to = 'mallory', amount = -10 } return 1", 0),
    ("a part of one", "world.pay{ to = 'mallory', amount = 0.5 } return 1", 0),
    ("no number", "world.pay{ to = 'mallory', amount = 0/0 } return 1", 0),
    ("endlessly much", "world.pay{ to = 'mallory', amount = 1/0 } return 1", 0),
    ("text", "world.pay{ to = 'mallory', amount = '5' } return 1", 0),
    ("from somebody else", "world.pay{ to = 'mallory', amount = 5, from = 'ann' } return 1", 0),
    ("from what it does not have", "world.pay{ to = 'mallory', amount = 5, from = 'own' } return 1", 0),
    (
        "through another tool",
        "world.invoke{ artifact = 'helper', method = 'go', allowance = 11 } return 1",
        0,
    ),
    (
        "through another tool, twice",
        "world.invoke{ artifact = 'helper', method = 'go', allowance = 6 } world.invoke{ artifact = 'helper', method = 'go', allowance = 6 } return 1",
        0,
    ),
    (
        "through the ledger",
        "world.invoke{ artifact = 'genesis_ledger', method = 'transfer', args = { to = 'mallory', amount = 5 } } return 1",
        0,
    ),
    (
        "an artifact of the victim",
        "world.invoke{ artifact = 'genesis_ledger', method = 'transfer_ownership', args = { artifact = 'note_of_bob', to = 'mallory' } } return 1",
        0,
    ),
    (
        "in the victim's name",
        "world.invoke{ artifact = 'genesis_ledger', method = 'transfer', args = { to = 'mallory', amount = 5, from = 'bob', caller = 'bob' } } return 1",
        0,
    ),
    ("too many calls", "for i = 1, 100000 do world.balance('bob') end return 1", 0),
    (
        "a state that is too large",
        "world.pay{ to = 'mallory', amount = 5 } world.set_state(string.rep('x', 70000)) return 1",
        0,
    ),
    ("itself", "return world.invoke{ artifact = 'tool', method = 'go' }", 0),
    ("its caller", "return world.invoke{ artifact = world.caller(), method = 'go' }", 0),
    ("each other", "return world.invoke{ artifact = 'mirror', method = 'go' }", 0),
    (
        "a deep result",
        "world.pay{ to = 'mallory', amount = 5 } local t = {} for i = 1, 100 do t = { t } end return t",
        0,
    ),
    ("a huge result", "world.pay{ to = 'mallory', amount = 5 } return string.rep('x', 900000)", 0),
];

#[test]
fn nobody_loses_more_than_the_allowance_and_nothing_when_it_fails() {
    for (name, body, taken) in ROBBERS {
        let mut arena = Arena::new();
        arena.goes_on(name);
        arena.code(
            "helper",
            "function run(method, args) world.pay{ to = 'mallory', amount = world.allowance() } return 1 end",
        );
        arena.code(
            "mirror",
            "function run(method, args) return world.invoke{ artifact = 'tool', method = 'go' } end",
        );
        arena.code("tool", &format!("function run(method, args) {body} end"));
        let (bob, mallory) = (arena.scrip("bob"), arena.scrip(ATTACKER));
        let outcome = if *taken == 0 {
            arena.unharmed(name, |arena| arena.act("bob", call("tool", nothing(), 10)))
        } else {
            let outcome = arena.act("bob", call("tool", nothing(), 10));
            arena.goes_on(name);
            outcome
        };
        assert_eq!(outcome.is_ok(), *taken > 0, "{name}: {outcome:?}");
        assert_eq!((arena.scrip("bob"), arena.scrip(ATTACKER)), (bob - taken, mallory + taken), "{name}");
        assert_eq!(arena.world.kept_state(arena.key("tool")).0, 0, "{name}: a failed run leaves no state");
    }
}

#[test]
fn a_cycle_is_named() {
    let mut arena = Arena::new();
    arena.code("a", "function run(method, args) return world.invoke{ artifact = 'b', method = 'go' } end");
    arena.code("b", "function run(method, args) return world.invoke{ artifact = 'a', method = 'go' } end");
    let refusal = arena.unharmed("cycle", |arena| arena.refused("bob", call("a", nothing(), 0)));
    assert!(refusal.detail.contains("bob -> a -> b -> a"), "{refusal}");
}

/// A contract that governs itself, two that govern each other: they are asked, and no further than the depth that is allowed.
#[test]
fn contracts_that_govern_each_other_end() {
    let mut arena = Arena::new();
    let open = "function check_permission(request) return { allow = true, reason = tostring(pcall(world.read, 'other')) } end";
    arena.code("one", open);
    arena.code("other", open);
    for (name, by) in [("one", "other"), ("other", "one")] {
        let Action::Write(mut draft) = executable(name, open) else { panic!("a draft") };
        draft.access_contract = Some(id(by));
        arena.done(ATTACKER, Action::Write(draft));
    }
    arena.governed(ATTACKER, "bait", "one");
    arena.done("bob", read("bait"));
    arena.done("bob", read("one"));
    let _ = arena.act("bob", delete("other"));
    arena.goes_on("each other");
}

/// A tool asks a contract on its way, which says yes, no or nothing.
#[test]
fn a_tool_needs_permission_like_everybody() {
    for (answer, is_ok) in [
        ("{ allow = request.caller == 'tool', cost = 0 }", true),
        ("{ allow = request.caller == 'bob' }", false),
        ("{ allow = true, cost = 4 }", true),
        ("{ allow = true, cost = 400 }", false),
        ("nil", false),
    ] {
        let mut arena = Arena::new();
        arena.code("gate", &format!("function check_permission(request) return {answer} end"));
        let Action::Write(mut draft) = executable("inner", "function run(method, args) return 5 end") else {
            panic!("a draft")
        };
        draft.access_contract = Some(id("gate"));
        arena.done(ATTACKER, Action::Write(draft));
        arena.code("tool", "function run(method, args) return world.invoke{ artifact = 'inner', method = 'go', allowance = 0 } end");
        let bob = arena.scrip("bob");
        let outcome = arena.act("bob", call("tool", nothing(), 10));
        assert_eq!(outcome.is_ok(), is_ok, "{answer}: {outcome:?}");
        assert!(arena.scrip("bob") >= bob - 10);
        arena.goes_on(answer);
    }
}

/// A contract that keeps a state decides once in a run, by the state before it; a second time is a no that the tool can catch.
#[test]
fn a_contract_that_counts_counts_once_in_one_run() {
    let mut arena = Arena::new();
    arena.code(
        "gate",
        "function check_permission(request) local n = (world.state() or 0) + 1 return { allow = true, state = n } end",
    );
    let Action::Write(mut draft) = executable("inner", "function run(method, args) return 5 end") else {
        panic!("a draft")
    };
    draft.access_contract = Some(id("gate"));
    arena.done(ATTACKER, Action::Write(draft));
    let once = "world.invoke{ artifact = 'inner', method = 'go' }";
    arena.code("twice", &format!("function run(method, args) return {once} + {once} end"));
    let refusal = arena.unharmed("twice", |arena| arena.refused("bob", call("twice", nothing(), 0)));
    assert!(refusal.detail.contains("gate has changed its state in this action"), "{refusal}");
    arena.code(
        "caught",
        &format!("function run(method, args) {once} return not pcall(function() {once} end) end"),
    );
    for n in 1..4 {
        assert_eq!(arena.done("bob", call("caught", nothing(), 0)), Value::Bool(true));
        assert_eq!(arena.world.kept_state(arena.key("gate")).1, &Value::Int(n));
    }
    arena.goes_on("counted");
}

/// What contracts take that a tool meets is borne by whoever acts, and counts among the instructions of the run.
#[test]
fn who_acts_bears_what_a_tool_makes_contracts_do() {
    let mut arena = Arena::new();
    arena.code("gate", "function check_permission(request) for i = 1, 90000 do end return true end");
    let Action::Write(mut draft) = executable("inner", "function run(method, args) return 5 end") else {
        panic!("a draft")
    };
    draft.access_contract = Some(id("gate"));
    arena.done(ATTACKER, Action::Write(draft));
    arena.code("tool", "function run(method, args) for i = 1, args.n do world.invoke{ artifact = 'inner', method = 'go' } end return 1 end");
    let cpu = |arena: &Arena| {
        ["bob", ATTACKER].map(|who| arena.world.used(arena.key(who), Resource::Cpu, arena.now))
    };
    let before = cpu(&arena);
    let n = |n: i64| Value::map([("n", Value::Int(n))]);
    arena.done("bob", call("tool", n(5), 0));
    let after = cpu(&arena);
    assert!(after[0] >= before[0] + 5 * 900, "{before:?} {after:?}");
    assert_eq!(before[1], after[1]);
    let refusal = arena.unharmed("far", |arena| arena.refused("bob", call("tool", n(20), 0)));
    assert!(refusal.detail.contains("instructions"), "{refusal}");
}

#[test]
fn limits_of_a_run_are_the_rules() {
    let mut arena =
        Arena::with(CodeRules { operations_max: 5, run_instructions_max: 2_000, ..CodeRules::default() });
    arena.code(
        "asks",
        "function run(method, args) for i = 1, args.n do world.balance('bob') end return 1 end",
    );
    let n = |n: i64| Value::map([("n", Value::Int(n))]);
    arena.done("bob", call("asks", n(5), 0));
    let refusal = arena.unharmed("six", |arena| arena.refused("bob", call("asks", n(6), 0)));
    assert!(refusal.detail.contains('5'), "{refusal}");
    arena.code("runs", "function run(method, args) for i = 1, args.n do end return 1 end");
    arena.done("bob", call("runs", n(100), 0));
    arena.unharmed("instructions", |arena| arena.refused("bob", call("runs", n(10_000), 0)));
}
