//! What exists in a world.

mod ontology;
mod symbols;

pub use ontology::{Ask, Change, NotAllowed, Ontology, Page, Query, Resolution};
pub use symbols::Symbols;
