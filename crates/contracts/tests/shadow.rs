//! The pair: one serves, the other is compared and cannot hurt.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ecology_contracts::conformance::{FixtureView, questions, request};
use ecology_contracts::{
    AccessControl, AccessView, Answer, ContractAccess, PolicyAccess, Request, ShadowAccess,
};
use ecology_types::{Key, Seed, Verb};

#[test]
fn the_serving_side_answers_and_every_difference_is_registered() {
    let sides: [fn() -> Box<dyn AccessControl>; 2] = [|| Box::new(PolicyAccess), || Box::new(ContractAccess)];
    for (serving, candidate) in [(0, 1), (1, 0)] {
        let (alone, pair) = (sides[serving](), ShadowAccess::new(sides[serving](), sides[candidate]()));
        assert_eq!(pair.name(), alone.name());
        let mut asked = 0;
        questions(Seed(21), |world, question| {
            asked += 1;
            assert_eq!(pair.decide(question, world), alone.decide(question, world));
            assert_eq!(pair.needs_code(question, world), alone.needs_code(question, world));
        });
        let report = pair.shadow_report().expect("a pair reports");
        assert_eq!((report.compared, report.mismatched, report.candidate_failures), (asked, 0, 0));
        assert_eq!(report.first_unexplained, []);
        assert!(report.same > asked / 4 && !report.expected.is_empty());
        let mut kinds: Vec<&str> = Verb::ALL.iter().map(|verb| verb.name()).collect();
        kinds.sort_unstable();
        assert_eq!(report.kinds.iter().map(|(kind, _)| kind.as_str()).collect::<Vec<_>>(), kinds);
    }
    assert!(PolicyAccess.shadow_report().is_none() && ContractAccess.shadow_report().is_none());
}

/// Lets everybody write, or panics.
struct Faulty {
    name: &'static str,
    asked: Arc<AtomicU64>,
}

impl AccessControl for Faulty {
    fn name(&self) -> &'static str {
        self.name
    }

    fn decide(&self, request: &Request<'_>, _view: &dyn AccessView) -> Answer {
        self.asked.fetch_add(1, Ordering::Relaxed);
        assert!(request.verb != Verb::Delete, "planted");
        Answer::free("planted")
    }

    fn needs_code(&self, _request: &Request<'_>, _view: &dyn AccessView) -> Option<Key> {
        panic!("only the serving side is asked")
    }
}

#[test]
fn an_open_candidate_is_reported_and_a_panicking_one_is_switched_off() {
    let mut world = FixtureView::new();
    let (alice, bob) = (world.add_principal("alice"), world.add_principal("bob"));
    let doc = world.add_artifact("doc", alice);
    for name in ["contract", "stranger"] {
        let asked = Arc::new(AtomicU64::new(0));
        let faulty = Faulty { name, asked: Arc::clone(&asked) };
        let pair = ShadowAccess::new(Box::new(PolicyAccess), Box::new(faulty));
        for verb in [Verb::Write, Verb::Delete, Verb::Delete, Verb::Write] {
            let question = request(world.record(doc), verb, bob);
            assert_eq!(pair.decide(&question, &world), PolicyAccess.decide(&question, &world));
            assert_eq!(pair.needs_code(&question, &world), None);
        }
        let report = pair.shadow_report().expect("a pair reports");
        assert_eq!((report.compared, report.mismatched, report.candidate_failures), (2, 1, 1), "{name}");
        assert_eq!(asked.load(Ordering::Relaxed), 2, "asked again after it was switched off");
        assert!(report.first_unexplained[1].detail.contains("planted"));
    }
}
