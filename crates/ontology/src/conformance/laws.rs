//! Random histories against the model.

use ecology_types::Key;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use proptest::{collection, prop_assert, prop_assert_eq};

use super::{Make, Model, Schema, any_history, any_query};
use crate::{Ontology, Query};

/// One more than the highest key in random histories, and a few that nobody has.
const KEYS: u32 = 16;

fn digest(ontology: &dyn Ontology) -> Vec<u8> {
    let mut bytes = Vec::new();
    ontology.digest(&mut bytes);
    bytes
}

fn compare(
    ontology: &dyn Ontology,
    model: &Model,
    schema: Schema,
    queries: &[Query],
) -> Result<(), TestCaseError> {
    for key in (0..KEYS).map(Key) {
        prop_assert_eq!(ontology.artifact(key), model.artifact(key));
        prop_assert_eq!(ontology.principal(key), model.principal(key));
    }
    prop_assert_eq!(ontology.principals(), model.principals(false));
    prop_assert_eq!(ontology.agents(), model.principals(true));
    prop_assert_eq!(ontology.counts(), model.counts());
    for query in queries {
        let may_see = |record: &ecology_types::ArtifactRecord| !record.owner.0.is_multiple_of(3);
        prop_assert_eq!(ontology.search(query, &may_see), model.search(schema, query, &may_see));
        let all = Query { offset: 0, limit: u32::MAX, ..query.clone() };
        let found = model.search(schema, &all, &may_see).keys.len() as u64;
        prop_assert_eq!(ontology.count(query, &may_see), found);
    }
    Ok(())
}

/// After any history, everything that can be asked is answered as the plain [`Model`] answers it; a snapshot restores the same, byte for byte,
/// and goes on the same.
///
/// # Panics
/// When the implementation answers otherwise.
pub fn agrees_with_the_model(schema: Schema, make: Make) {
    let cases = Config { cases: 192, failure_persistence: None, ..Config::default() };
    let strategy = (any_history(), any_history(), collection::vec(any_query(), 6));
    let result = TestRunner::new(cases).run(&strategy, |(first, then, queries)| {
        let mut ontology = make();
        let mut model = Model::default();
        for change in &first {
            ontology.apply(&change.as_change());
            model.apply(&change.as_change());
        }
        compare(ontology.as_ref(), &model, schema, &queries)?;

        let saved = ontology.save();
        let mut restored = make();
        restored.apply(&crate::Change::Created(&super::agent(3)));
        prop_assert!(restored.restore(&saved).is_ok());
        prop_assert_eq!(&restored.save(), &saved);
        prop_assert_eq!(digest(restored.as_ref()), digest(ontology.as_ref()));
        for change in &then {
            ontology.apply(&change.as_change());
            restored.apply(&change.as_change());
            model.apply(&change.as_change());
        }
        compare(restored.as_ref(), &model, schema, &queries)?;
        compare(ontology.as_ref(), &model, schema, &queries)?;
        prop_assert_eq!(digest(restored.as_ref()), digest(ontology.as_ref()));
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}
