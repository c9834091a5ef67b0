//! The register: every entry occurs, and nothing outside of it passes.

use std::collections::{BTreeMap, BTreeSet};

use ecology_contracts::conformance::questions;
use ecology_contracts::{
    AccessControl, AccessDivergence, Answer, ContractAccess, PolicyAccess, REGISTER, Request, classify,
};
use ecology_shadow::Verdict;
use ecology_types::{Grant, Key, Payer, RefusalCode, Scrip, Seed, Verb};

#[test]
fn codes_are_in_order_and_entries_say_everything() {
    for (at, entry) in REGISTER.iter().enumerate() {
        assert_eq!(entry.code, format!("AC-{}", at + 1));
        for text in [entry.title, entry.old, entry.new, entry.affected, entry.instead] {
            assert!(!text.is_empty() && !text.ends_with('.'), "{}: {text:?}", entry.code);
        }
    }
    assert_eq!(AccessDivergence::OwnerBypassGone.code(), "AC-1");
    assert_eq!(AccessDivergence::CodeTakesTime as usize + 1, REGISTER.len());
}

#[test]
fn random_worlds_show_every_entry_and_nothing_else() {
    let mut seen: BTreeMap<&str, u64> = BTreeMap::new();
    questions(Seed(11), |world, question| {
        let (old, new) = (PolicyAccess.decide(question, world), ContractAccess.decide(question, world));
        match classify(question, &old, &new) {
            Verdict::Same => {}
            Verdict::Expected { code } => *seen.entry(code).or_default() += 1,
            Verdict::Mismatch { detail } | Verdict::CandidateFailed { detail, .. } => panic!("{detail}"),
        }
    });
    let all: BTreeSet<&str> = REGISTER.iter().map(|entry| entry.code).collect();
    assert_eq!(seen.keys().copied().collect::<BTreeSet<_>>(), all, "{seen:?}");
}

/// How often a planted fault goes unexplained.
fn caught(fault: impl Fn(&Request<'_>, &mut Answer, &mut Answer) -> bool) -> (u64, u64) {
    let (mut planted, mut unexplained) = (0, 0);
    questions(Seed(12), |world, question| {
        let (mut old, mut new) =
            (PolicyAccess.decide(question, world), ContractAccess.decide(question, world));
        if fault(question, &mut old, &mut new) {
            planted += 1;
            unexplained += u64::from(matches!(classify(question, &old, &new), Verdict::Mismatch { .. }));
        }
    });
    (planted, unexplained)
}

fn no() -> Answer {
    Answer::Deny { code: RefusalCode::NotPermitted, reason: "planted".to_owned() }
}

fn has_stock_contract(question: &Request<'_>) -> bool {
    question.artifact.access_contract.is_none_or(|key| key < Key(12))
}

/// Where both halves said the same and a stock contract governs, an answer turned round on either side is always caught.
#[test]
fn an_answer_turned_round_is_a_mismatch() {
    let turn =
        |answer: &mut Answer| *answer = if answer.is_allowed() { no() } else { Answer::free("planted") };
    for side in [0, 1] {
        let (planted, unexplained) = caught(|question, old, new| {
            let fits = has_stock_contract(question)
                && old.is_allowed() == new.is_allowed()
                && matches!(classify(question, old, new), Verdict::Same)
                && !matches!(new, Answer::Deny { code, .. } if *code != RefusalCode::NotPermitted);
            if fits {
                turn(if side == 0 { old } else { new });
            }
            fits
        });
        assert!(planted > 1_000, "{planted}");
        assert_eq!(planted, unexplained, "side {side}");
    }
}

#[test]
fn a_stock_contract_that_charges_is_a_mismatch() {
    let (planted, unexplained) = caught(|question, _, new| {
        let fits = has_stock_contract(question) && new.is_allowed();
        if fits {
            *new = Answer::Allow { grant: Grant { cost: Scrip(5), payer: Payer::Owner }, reason: "planted" };
        }
        fits
    });
    assert!(planted > 1_000);
    assert_eq!(planted, unexplained);
}

#[test]
fn a_policy_that_overcharges_or_charges_the_owner_is_a_mismatch() {
    let (planted, unexplained) = caught(|question, old, new| {
        let fits = has_stock_contract(question) && old.is_allowed() && new.is_allowed();
        if fits {
            *old =
                Answer::Allow { grant: Grant { cost: Scrip(50), payer: Payer::Invoker }, reason: "planted" };
        }
        fits
    });
    assert!(planted > 1_000);
    assert_eq!(planted, unexplained);
}

#[test]
fn a_refusal_of_doing_nothing_is_a_mismatch() {
    let (planted, unexplained) = caught(|question, _, new| {
        let fits = question.verb == Verb::Noop;
        if fits {
            *new = no();
        }
        fits
    });
    assert!(planted > 1_000);
    assert_eq!(planted, unexplained);
}
