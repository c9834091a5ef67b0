//! What exists in a world, what it looks like and how it is found.
//!
//! One trait, [`Ontology`], with two implementations. [`Legacy`] keeps artifacts with type, owner and policy fields apart from principals;
//! [`Unified`] has one schema and one namespace for everything. [`ShadowOntology`] runs two implementations on one history and counts where they
//! differ; [`REGISTER`] lists every way in which they may. [`Symbols`] gives ids their keys.
//!
//! # Invariants
//!
//! - [`check`](Ontology::check) decides and changes nothing; [`apply`](Ontology::apply) takes note and never refuses.
//! - The same changes give the same [`digest`](Ontology::digest) under either schema, and a snapshot of one is read by the other: a switch loses nothing.
//! - An id that was used is never silently used again.
//! - Nothing of a record that `may_see` refuses influences a [`Page`].
//! - What is absent: permission, prices, clocks, IO, floating point, and any order that a hash map makes up.
//!
//! # Example
//!
//! ```
//! use ecology_ontology::{Ask, Legacy, Ontology, OntologyDivergence, Unified};
//! use ecology_types::{Draft, Id, Key, Limits};
//!
//! // A tool without described methods: fine under the old schema, refused under the new one, and the refusal says why.
//! let draft = Draft::new(Id::known("calculator"), "fn run(args) { args }");
//! let ask = Ask::Create { key: Key(1), draft: &draft, standing: false, executable: true };
//! let limits = Limits::default();
//! assert!(Legacy::new().check(&ask, &limits).is_ok());
//! let no = Unified::new().check(&ask, &limits).unwrap_err();
//! assert!(no.detail.starts_with(OntologyDivergence::InterfaceRequired.code()));
//! ```

pub mod case;
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

/// The examples of the README are tests.
#[cfg(all(doctest, feature = "conformance"))]
#[doc = include_str!("../README.md")]
pub struct Readme;
