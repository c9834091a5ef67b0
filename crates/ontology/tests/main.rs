//! Every implementation under the one suite, and the laws between the two.

mod between;
mod pair;

use ecology_ontology::{Legacy, ShadowOntology, Unified, conformance_suite};

conformance_suite!(legacy, Schema::Legacy, || Box::new(Legacy::new()));
conformance_suite!(unified, Schema::Unified, || Box::new(Unified::new()));
conformance_suite!(legacy_serves_unified_shadows, Schema::Legacy, || {
    Box::new(ShadowOntology::new(Box::new(Legacy::new()), Box::new(Unified::new())))
});
conformance_suite!(unified_serves_legacy_shadows, Schema::Unified, || {
    Box::new(ShadowOntology::new(Box::new(Unified::new()), Box::new(Legacy::new())))
});
