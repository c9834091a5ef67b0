//! What exists in a world.

#[cfg(feature = "conformance")]
pub mod conformance;
mod divergence;
mod form;
mod index;
mod legacy;
mod ontology;
mod registry;
mod roster;
mod search;
mod shadow;
mod snapshot;
mod symbols;
mod unified;

pub use divergence::{OntologyDivergence, REGISTER};
pub use legacy::Legacy;
pub use ontology::{Ask, Change, NotAllowed, Ontology, Page, Query, Resolution};
pub use shadow::ShadowOntology;
pub use symbols::Symbols;
pub use unified::Unified;
