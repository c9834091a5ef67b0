//! What exists in a world.

mod ontology;

pub use ontology::{Ask, Change, NotAllowed, Ontology, Page, Query, Resolution};
