//! The suite that every implementation has to pass, alone and as a pair; and the small world that it runs on.
//!
//! ```
//! use ecology_contracts::{AccessControl, PolicyAccess, conformance};
//! conformance::run(&|| Box::new(PolicyAccess));
//! ```

mod fixture;

use ecology_types::{
    GenesisArtifact, Grant, Key, Payer, PermissionAnswer, Refusal, RefusalCode, Scrip, Seed, Verb,
};

use crate::{AccessControl, Answer, Governor, Request};

pub use fixture::{FixtureView, request};

/// How many random questions each law is tried on.
pub const QUESTIONS: u64 = 20_000;

/// Runs every law of the suite.
///
/// # Panics
/// When the implementation breaks one; the message says which and on what question.
pub fn run(build: &dyn Fn() -> Box<dyn AccessControl>) {
    defaults_are_open_to_read_and_closed_to_write(&*build());
    doing_nothing_is_always_free(&*build());
    equal_questions_have_equal_answers(&*build());
    refusals_say_what_was_refused(&*build());
    grants_can_be_carried_out(&*build());
    other_answers_do_not_matter(&*build());
    code_that_was_not_asked_is_a_no(&*build());
    time_zero_is_open_to_readers(&*build());
}

/// Makes a test of the suite for each named implementation: `access_suite! { policy: PolicyAccess, ... }`.
#[macro_export]
macro_rules! access_suite {
    ($($name:ident: $make:expr),* $(,)?) => {$(
        #[test]
        fn $name() {
            $crate::conformance::run(&|| ::std::boxed::Box::new($make));
        }
    )*};
}

/// Calls `law` with random questions on random worlds.
pub fn questions(seed: Seed, mut law: impl FnMut(&FixtureView, &Request<'_>)) {
    for round in 0..QUESTIONS / 200 {
        let world = FixtureView::random(seed.derive("world", round));
        for number in 0..200 {
            world.ask_random(seed.derive("question", round * 200 + number), &mut law);
        }
    }
}

/// Nobody named a policy or a contract and the creator still owns it: both halves say the same.
fn defaults_are_open_to_read_and_closed_to_write(access: &dyn AccessControl) {
    let mut world = FixtureView::new();
    let (alice, bob) = (world.add_principal("alice"), world.add_principal("bob"));
    let doc = world.add_artifact("doc", alice);
    for verb in Verb::ALL {
        for caller in [alice, bob, doc, Key::GENESIS] {
            let answer = access.decide(&request(world.record(doc), verb, caller), &world);
            let is_open = matches!(verb, Verb::Noop | Verb::Read | Verb::Invoke);
            assert_eq!(answer.is_allowed(), is_open || caller == alice, "{verb} by {caller:?}: {answer:?}");
        }
    }
}

fn doing_nothing_is_always_free(access: &dyn AccessControl) {
    questions(Seed(1), |world, question| {
        if question.verb == Verb::Noop {
            match access.decide(question, world) {
                Answer::Allow { grant, .. } => assert_eq!(grant.cost, Scrip::ZERO),
                Answer::Deny { reason, .. } => panic!("doing nothing was refused: {reason}"),
            }
        }
    });
}

fn equal_questions_have_equal_answers(access: &dyn AccessControl) {
    questions(Seed(2), |world, question| {
        assert_eq!(access.decide(question, world), access.decide(question, world), "{question:?}");
        assert_eq!(access.needs_code(question, world), access.needs_code(question, world));
    });
}

fn refusals_say_what_was_refused(access: &dyn AccessControl) {
    questions(Seed(3), |world, question| {
        if let Answer::Deny { code, reason } = access.decide(question, world) {
            for word in [question.artifact.id.as_str(), question.verb.name()] {
                assert!(reason.contains(word), "{reason:?} does not name {word}");
            }
            assert!(reason.len() <= Refusal::DETAIL_BYTES_MAX, "{reason:?} would be cut");
            let says_why = ["contract", "policy", "policies"].iter().any(|rule| reason.contains(rule));
            assert!(says_why, "{code} without the rule that refused: {reason:?}");
        }
    });
}

fn grants_can_be_carried_out(access: &dyn AccessControl) {
    questions(Seed(4), |world, question| {
        if let Answer::Allow { grant, reason } = access.decide(question, world) {
            assert!(!reason.is_empty());
            assert!(grant.cost <= Scrip::TOTAL_MAX, "{grant:?}");
            match grant.payer {
                Payer::Split(share) => assert!(share <= 100, "{grant:?}"),
                Payer::Artifact => assert!(question.artifact.has_standing, "{grant:?}"),
                Payer::Invoker | Payer::Owner => {}
            }
        }
    });
}

/// Answers about another artifact, verb, caller, contract, method or other arguments change nothing.
fn other_answers_do_not_matter(access: &dyn AccessControl) {
    questions(Seed(5), |world, question| {
        let contract = Governor::of_contract(question.artifact.access_contract).key();
        let fits = world.answer_of(question, Ok(Grant { cost: Scrip(7), payer: Payer::Invoker }));
        let strangers = [
            PermissionAnswer { artifact: Key(question.artifact.key.0 + 1), ..fits.clone() },
            PermissionAnswer { caller: Key(question.caller.0 + 1), ..fits.clone() },
            PermissionAnswer { contract: Key(contract.0 + 1), ..fits.clone() },
            PermissionAnswer { call_digest: !fits.call_digest, ..fits.clone() },
            PermissionAnswer { verb: Verb::ALL[(question.verb as usize + 1) % Verb::COUNT], ..fits },
        ];
        let bare = Request { answers: &[], ..*question };
        let crowded = Request { answers: &strangers, ..*question };
        assert_eq!(access.decide(&bare, world), access.decide(&crowded, world), "{question:?}");
        assert_eq!(access.needs_code(&bare, world), access.needs_code(&crowded, world));
    });
}

/// Whoever says that code has to be asked also says no until it was.
fn code_that_was_not_asked_is_a_no(access: &dyn AccessControl) {
    questions(Seed(6), |world, question| {
        if let Some(contract) = access.needs_code(question, world) {
            match access.decide(question, world) {
                Answer::Deny { code: RefusalCode::ContractNeedsCode | RefusalCode::AnswerStale, .. } => {}
                answer => panic!("{contract:?} was not asked, yet {answer:?}"),
            }
            let priced = Grant { cost: Scrip(3), payer: Payer::Invoker };
            let answer = world.answer_of(question, Ok(priced));
            let asked = Request { answers: &[answer], ..*question };
            assert_eq!(access.needs_code(&asked, world), None);
            assert_eq!(access.ruling(&asked, world).map(|answer| answer.contract), Some(contract));
            match access.decide(&asked, world) {
                Answer::Allow { grant, .. } => assert_eq!(grant, priced),
                answer @ Answer::Deny { .. } => panic!("{contract:?} allowed it, yet {answer:?}"),
            }
        }
    });
}

/// Artifacts of time zero under the default contract and without a policy: everybody reads and invokes, nobody but `genesis` could change.
fn time_zero_is_open_to_readers(access: &dyn AccessControl) {
    let mut world = FixtureView::new();
    let alice = world.add_principal("alice");
    for artifact in GenesisArtifact::ALL {
        for verb in Verb::ALL {
            let answer = access.decide(&request(world.record(artifact.key()), verb, alice), &world);
            let is_open = matches!(verb, Verb::Noop | Verb::Read | Verb::Invoke);
            assert_eq!(answer.is_allowed(), is_open, "{verb} {}: {answer:?}", artifact.name());
            if let Answer::Allow { grant, .. } = answer {
                assert_eq!(grant.cost, Scrip::ZERO, "{verb} {} has a price", artifact.name());
            }
        }
    }
}
