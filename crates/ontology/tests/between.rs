//! Laws between the two schemas.

use ecology_ontology::conformance::{any_ask, any_history, any_query, sees_all};
use ecology_ontology::{Ask, Legacy, Ontology, Query, ShadowOntology, Unified};
use ecology_types::{ArtifactRecord, Key, Limits};
use proptest::collection::vec;
use proptest::prelude::*;

const KEYS: u32 = 16;

fn digest(ontology: &dyn Ontology) -> Vec<u8> {
    let mut bytes = Vec::new();
    ontology.digest(&mut bytes);
    bytes
}

fn odd_owner(record: &ArtifactRecord) -> bool {
    record.owner.0 % 2 == 1
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    /// Both hold the same records and tombstones after any history, resolve every key alike, and a world moves from one to the other and back
    /// with nothing lost.
    #[test]
    fn a_switch_is_lossless(history in any_history(), then in any_history()) {
        let (mut legacy, mut unified) = (Legacy::new(), Unified::new());
        for change in &history {
            legacy.apply(&change.as_change());
            unified.apply(&change.as_change());
        }
        prop_assert_eq!(digest(&legacy), digest(&unified));

        let (mut forth, mut back) = (Unified::new(), Legacy::new());
        prop_assert!(forth.restore(&legacy.save()).is_ok());
        prop_assert!(back.restore(&forth.save()).is_ok());
        for change in &then {
            for ontology in [&mut legacy as &mut dyn Ontology, &mut unified, &mut forth, &mut back] {
                ontology.apply(&change.as_change());
            }
        }
        for other in [&unified as &dyn Ontology, &forth, &back] {
            prop_assert_eq!(digest(&legacy), digest(other));
            for key in (0..KEYS).map(Key) {
                prop_assert_eq!(legacy.artifact(key), other.artifact(key));
                prop_assert_eq!(legacy.principal(key), other.principal(key));
            }
            prop_assert_eq!(legacy.principals(), other.principals());
            prop_assert_eq!(legacy.agents(), other.agents());
            prop_assert_eq!(legacy.counts(), other.counts());
        }
    }

    /// Searches differ in principals only, and only when the question leaves standing open.
    #[test]
    fn searches_agree_up_to_principals(history in any_history(), queries in vec(any_query(), 8)) {
        let (mut legacy, mut unified) = (Legacy::new(), Unified::new());
        for change in &history {
            legacy.apply(&change.as_change());
            unified.apply(&change.as_change());
        }
        for query in queries {
            for may_see in [odd_owner, sees_all] {
                for standing in [Some(false), Some(true)] {
                    let query = Query { has_standing: standing, ..query.clone() };
                    prop_assert_eq!(legacy.search(&query, &may_see), unified.search(&query, &may_see));
                }
                let open = Query { has_standing: None, offset: 0, limit: u32::MAX, ..query.clone() };
                let mut both = legacy.search(&open, &may_see).keys;
                let principals = Query { has_standing: Some(true), ..open.clone() };
                both.extend(legacy.search(&principals, &may_see).keys);
                both.sort_unstable();
                both.dedup();
                prop_assert_eq!(both, unified.search(&open, &may_see).keys);
            }
        }
    }

    /// Whatever is asked of a pair after any history, every difference is a registered one, and the answer is that of the serving side.
    #[test]
    fn every_difference_is_registered(
        history in any_history(),
        asks in vec(any_ask(), 12),
        queries in vec(any_query(), 6),
        new_serves in any::<bool>(),
    ) {
        let make = |new: bool| -> Box<dyn Ontology> {
            if new { Box::new(Unified::new()) } else { Box::new(Legacy::new()) }
        };
        let mut alone = make(new_serves);
        let mut pair = ShadowOntology::new(make(new_serves), make(!new_serves));
        for change in &history {
            alone.apply(&change.as_change());
            pair.apply(&change.as_change());
        }
        let limits = Limits::default();
        for (key, create, draft) in &asks {
            let ask = match *create {
                Some((standing, executable)) => Ask::Create { key: Key(*key), draft, standing, executable },
                None => Ask::Change { key: Key(*key), draft },
            };
            prop_assert_eq!(pair.check(&ask, &limits), alone.check(&ask, &limits));
        }
        for query in &queries {
            prop_assert_eq!(pair.search(query, &odd_owner), alone.search(query, &odd_owner));
        }
        for key in (0..KEYS).map(Key) {
            prop_assert_eq!(pair.artifact(key), alone.artifact(key));
            prop_assert_eq!(pair.principal(key), alone.principal(key));
        }
        let report = pair.report();
        prop_assert_eq!((report.mismatched, report.candidate_failures), (0, 0), "{:#?}", report);
        let asked = asks.len() + queries.len() + 2 * KEYS as usize;
        prop_assert_eq!(report.compared, asked as u64);
    }
}
