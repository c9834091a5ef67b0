//! The suite that judges every implementation of [`Ontology`](crate::Ontology): the two schemas, every pair of them, and any other.
//!
//! ```
//! ecology_ontology::conformance_suite!(mine, Schema::Legacy, || Box::new(ecology_ontology::Legacy::new()));
//! # fn main() {}
//! ```

mod build;
mod cases;
mod history;
mod laws;
mod model;

pub use build::{account, agent, artifact, draft, interface, record, sees_all};
pub use cases::{
    checks_enforce_limits, checks_guard_ids, checks_know_the_schema, damaged_snapshots_are_refused,
    descriptions_show_the_schema, nothing_leaks_past_may_see, odd_changes_do_not_panic,
    pages_cover_everything,
};
pub use history::{OwnedChange, any_ask, any_history, any_query};
pub use laws::agrees_with_the_model;
pub use model::Model;

use crate::Ontology;

/// Whose rules an implementation follows where the two schemas differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// Those of [`Legacy`](crate::Legacy).
    Legacy,
    /// Those of [`Unified`](crate::Unified).
    Unified,
}

/// Makes an empty ontology to be judged.
pub type Make = fn() -> Box<dyn Ontology>;

/// Writes a module called `$name` with one test per law, for the implementation that `$make` makes and the rules of `$schema`.
#[macro_export]
macro_rules! conformance_suite {
    ($name:ident, $schema:expr, $make:expr) => {
        $crate::conformance_suite!(@tests $name, $schema, $make,
            checks_enforce_limits, checks_guard_ids, checks_know_the_schema, damaged_snapshots_are_refused,
            descriptions_show_the_schema, nothing_leaks_past_may_see, odd_changes_do_not_panic,
            pages_cover_everything, agrees_with_the_model);
    };
    (@tests $name:ident, $schema:expr, $make:expr, $($test:ident),*) => {
        #[cfg(test)]
        mod $name {
            #[allow(unused_imports, reason = "the expressions of the caller may or may not need them")]
            use super::*;
            #[allow(unused_imports, reason = "the caller may or may not name it")]
            use $crate::conformance::Schema;
            $(#[test] fn $test() { $crate::conformance::$test($schema, $make); })*
        }
    };
}
