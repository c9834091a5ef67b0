//! Between the asking and the act everything may change.

use ecology_types::{Action, Draft, RefusalCode, Value};

use super::arena::*;
use crate::support::id;

const OPEN: &str =
    "function check_permission(request) return { allow = world.balance('cid') >= 0, cost = 7 } end";

/// Prepares an act, lets somebody do something, and then tries the act as it was prepared.
fn overtaken(what: &str, act: Action, meanwhile: impl FnOnce(&mut Arena)) {
    let mut arena = Arena::new();
    arena.code("gate", OPEN);
    arena.code(
        "tool",
        "function run(method, args) world.pay{ to = 'mallory', amount = 3 } return world.balance('cid') end",
    );
    arena.governed(ATTACKER, "bait", "gate");
    let prepared = arena.prepared("bob", act);
    meanwhile(&mut arena);
    let before = arena.others();
    let outcome = arena.command(&prepared).outcome;
    let refusal = outcome.expect_err(what);
    assert!(
        matches!(
            refusal.code,
            RefusalCode::AnswerStale
                | RefusalCode::ArtifactDeleted
                | RefusalCode::NotPermitted
                | RefusalCode::ContractMissing
                | RefusalCode::ContractNeedsCode
        ),
        "{what}: {refusal}"
    );
    assert_eq!(arena.others(), before, "{what}");
    arena.goes_on(what);
}

fn pay_cid() -> Action {
    let args = Value::map([("to", "cid".into()), ("amount", Value::Int(1))]);
    Action::invoke(id("genesis_ledger"), "transfer", args)
}

fn go() -> Action {
    call("tool", Value::Map(Vec::new()), 5)
}

#[test]
fn a_contract_that_is_deleted_while_it_is_asked() {
    overtaken("deleted contract", read("bait"), |arena| {
        arena.done(ATTACKER, delete("gate"));
    });
    overtaken("deleted artifact", read("bait"), |arena| {
        arena.code("gate", "function check_permission(request) return true end");
        arena.done(ATTACKER, delete("bait"));
    });
    overtaken("deleted tool", go(), |arena| {
        arena.done(ATTACKER, delete("tool"));
    });
}

#[test]
fn a_contract_that_is_changed_while_it_is_asked() {
    overtaken("dearer contract", read("bait"), |arena| {
        arena.code("gate", &OPEN.replace("cost = 7", "cost = 700"))
    });
    overtaken("another contract", read("bait"), |arena| arena.governed(ATTACKER, "bait", "genesis_private"));
    overtaken("another content", read("bait"), |arena| {
        arena.code("gate_2", &OPEN.replace("cost = 7", "cost = 8"));
        arena.governed(ATTACKER, "bait", "gate_2");
    });
    overtaken("a tool that pays itself more", go(), |arena| {
        arena.code("tool", "function run(method, args) world.pay{ to = 'mallory', amount = 5 } end");
    });
}

#[test]
fn what_code_was_told_and_is_no_longer_so() {
    overtaken("a balance, of a check", read("bait"), |arena| {
        arena.done(ATTACKER, pay_cid());
    });
    overtaken("a balance, of a run", go(), |arena| {
        arena.done(ATTACKER, pay_cid());
    });
}

/// Two that were prepared at once: the state of a contract is never counted from the same beginning twice.
#[test]
fn two_that_were_asked_at_once_do_not_both_count() {
    let mut arena = Arena::new();
    arena.code("gate", "function check_permission(request) local n = (world.state() or 0) + 1 return { allow = n <= 1, reason = 'sold', state = n } end");
    arena.governed(ATTACKER, "bait", "gate");
    let prepared = ["bob", "cid"].map(|who| arena.prepared(who, read("bait")));
    let outcomes = prepared.map(|command| arena.command(&command).outcome.is_ok());
    assert_eq!(outcomes, [true, false], "the last ticket is sold once");
    arena.refused("cid", read("bait"));
    arena.goes_on("tickets");
}

/// An answer is for one act: nobody else's and nothing else.
#[test]
fn an_answer_cannot_be_given_to_somebody_else() {
    use ecology_types::{Act, Command};
    let mut arena = Arena::new();
    arena.code(
        "gate",
        "function check_permission(request) return request.caller == 'ann' and request.action == 'read' end",
    );
    arena.governed("ann", "thing", "gate");
    arena.governed("ann", "thing_2", "gate");
    let Command::Act(Act { answers, .. }) = arena.prepared("ann", read("thing")) else { panic!("an act") };
    assert_eq!(answers.len(), 1);
    let mallory = arena.key(ATTACKER);
    let ann = arena.key("ann");
    for (agent, action) in [
        (mallory, read("thing")),
        (ann, read("thing_2")),
        (ann, delete("thing")),
        (ann, Action::Write(Box::new(Draft::new(id("thing"), "other")))),
    ] {
        let forged = Command::Act(Act { agent, action, thought: None, answers: answers.clone() });
        let before = arena.others();
        assert!(arena.command(&forged).outcome.is_err(), "{forged:?}");
        assert_eq!(arena.others(), before);
    }
    arena.done("ann", read("thing"));
    arena.goes_on("answers");
}
