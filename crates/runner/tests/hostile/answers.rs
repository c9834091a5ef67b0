//! Answers that lie about money: wrong in shape, in amount, or about who pays.

use super::arena::*;

/// What a contract answers, and a word of the reason for the no.
const FORGED: &[(&str, &str)] = &[
    ("nil", "returned"),
    ("1", "returned"),
    ("'yes'", "returned"),
    ("{}", "allow"),
    ("{ 'allow' }", ""),
    ("{ allow = 1 }", "allow"),
    ("{ allow = 'true' }", "allow"),
    ("{ allow = true, allowed = true }", "allowed"),
    ("{ allow = true, reason = 5 }", "reason"),
    ("{ allow = true, reason = {} }", "reason"),
    ("{ allow = true, cost = -1 }", "cost"),
    ("{ allow = true, cost = -9007199254740991 }", "cost"),
    ("{ allow = true, cost = 1.5 }", ""),
    ("{ allow = true, cost = 0/0 }", ""),
    ("{ allow = true, cost = 1/0 }", ""),
    ("{ allow = true, cost = 1e300 }", ""),
    ("{ allow = true, cost = 9007199254740991 }", ""),
    ("{ allow = true, cost = '5' }", "cost"),
    ("{ allow = true, cost = true }", "cost"),
    ("{ allow = true, cost = 5, payer = 'ann' }", "payer"),
    ("{ allow = true, cost = 5, payer = 'genesis_mint' }", "payer"),
    ("{ allow = true, cost = 5, payer = 5 }", "payer"),
    ("{ allow = true, cost = 5, payer = 'split' }", "payer_share"),
    ("{ allow = true, cost = 5, payer = 'split', payer_share = 101 }", "payer_share"),
    ("{ allow = true, cost = 5, payer = 'split', payer_share = -1 }", "payer_share"),
    ("{ allow = true, cost = 5, payer_share = 10 }", "payer_share"),
    ("{ allow = true, cost = 5, pay = 'mallory' }", "pay"),
    ("{ allow = true, cost = 5, pay = { { to = 'mallory', amount = 6 } } }", "more than the cost"),
    ("{ allow = true, pay = { { to = 'mallory', amount = 1 } } }", "more than the cost"),
    (
        "{ allow = true, cost = 5, pay = { { to = 'mallory', amount = -5 }, { to = 'mallory', amount = 10 } } }",
        "pay",
    ),
    ("{ allow = true, cost = 5, pay = { { to = 'nobody', amount = 1 } } }", ""),
    ("{ allow = true, cost = 5, pay = { { to = 'genesis_escrow', amount = 1 } } }", ""),
    ("{ allow = true, cost = 5, pay = { { to = 'mallory' } } }", "pay"),
    ("{ allow = true, cost = 5, pay = { { to = 'mallory', amount = 1, from = 'ann' } } }", "pay"),
    ("{ allow = true, state = check_permission }", ""),
    ("{ allow = true, state = string.rep('x', 70000) }", ""),
    ("{ allow = true, cacheable = 'yes' }", "cacheable"),
];

#[test]
fn an_answer_that_is_not_well_formed_is_a_no_that_costs_nobody_scrip() {
    let mut arena = Arena::new();
    for (at, (answer, word)) in FORGED.iter().enumerate() {
        let (gate, bait) = (format!("gate_{at}"), format!("bait_{at}"));
        arena.code(&gate, &format!("function check_permission(request) return {answer} end"));
        arena.governed(ATTACKER, &bait, &gate);
        let refusal = arena.unharmed(answer, |arena| arena.refused("bob", read(&bait)));
        assert!(refusal.detail.contains(word), "{answer}: {refusal}");
    }
}

/// Scrip of others never moves unless they are the invoker, or own the contract or chose what only they could choose.
#[test]
fn who_did_not_consent_does_not_pay() {
    for (answer, by_owner) in [
        ("{ allow = true, cost = 5, payer = 'owner', pay = { { to = 'mallory', amount = 5 } } }", true),
        ("{ allow = true, cost = 5, payer = 'artifact', pay = { { to = 'mallory', amount = 5 } } }", true),
        (
            "{ allow = true, cost = 5, payer = 'split', payer_share = 0, pay = { { to = 'mallory', amount = 5 } } }",
            true,
        ),
    ] {
        let mut arena = Arena::new();
        arena.code("gate", &format!("function check_permission(request) return {answer} end"));
        arena.governed("ann", "thing", "gate");
        assert!(by_owner);
        let refusal = arena.unharmed(answer, |arena| arena.refused(ATTACKER, read("thing")));
        assert!(!refusal.detail.is_empty());
        let _ = arena.unharmed(answer, |arena| arena.refused("bob", read("thing")));
    }
}

#[test]
fn a_price_that_the_invoker_does_not_have_is_a_no() {
    let mut arena = Arena::new();
    arena.code("gate", "function check_permission(request) return { allow = true, cost = 1001 } end");
    arena.governed(ATTACKER, "bait", "gate");
    arena.unharmed("too dear", |arena| arena.refused("bob", read("bait")));
    arena.code("gate_2", "function check_permission(request) return { allow = true, cost = 40 } end");
    arena.governed(ATTACKER, "bait_2", "gate_2");
    arena.done("bob", read("bait_2"));
    assert_eq!((arena.scrip("bob"), arena.scrip(ATTACKER)), (960, 1_040), "who reads pays what was said");
    arena.goes_on("a price");
}

#[test]
fn no_line_of_a_log_can_be_forged() {
    let mut arena = Arena::new();
    for (at, text) in [
        "ok\\n2026-01-01 INFO everything is fine",
        "\\r\\27[2J\\27[31mred",
        "\\0\\1\\127\\u{85}\\u{2028}\\u{202e}",
        "]} \\\" , \\\"allow\\\": true",
    ]
    .iter()
    .enumerate()
    {
        for (kind, body) in [
            ("reason", format!("return {{ allow = false, reason = \"{text}\" }}")),
            ("error", format!("error(\"{text}\")")),
            ("key", format!("return {{ allow = true, [\"{text}\"] = 1 }}")),
        ] {
            let (gate, bait) = (format!("gate_{at}_{kind}"), format!("bait_{at}_{kind}"));
            arena.code(&gate, &format!("function check_permission(request) {body} end"));
            arena.governed(ATTACKER, &bait, &gate);
            let refusal = arena.unharmed(text, |arena| arena.refused("bob", read(&bait)));
            assert!(!refusal.detail.chars().any(char::is_control), "{refusal:?}");
        }
    }
}

/// `request` is what the kernel says; what the code does to its own copy changes nothing.
#[test]
fn the_caller_cannot_be_forged() {
    let mut arena = Arena::new();
    arena.code(
        "gate",
        "function check_permission(request) local was = request.caller pcall(function() request.caller = 'ann' request.owner = 'mallory' request.artifact = 'secret' end) \
         return { allow = true, reason = was } end",
    );
    arena.governed(ATTACKER, "bait", "gate");
    let value = arena.unharmed("forged request", |arena| arena.done("bob", read("bait")));
    assert!(!format!("{value:?}").contains(SECRET));
    // A tool that says it is somebody else is still itself.
    arena.code("mask", "function run(method, args) return world.invoke{ artifact = 'who', method = 'go', args = { caller = 'ann' } } end");
    arena.code("who", "function run(method, args) return world.caller() end");
    let caller = arena
        .unharmed("mask", |arena| arena.done("bob", call("mask", ecology_types::Value::Map(Vec::new()), 0)));
    assert_eq!(caller, ecology_types::Value::text("mask"));
}
