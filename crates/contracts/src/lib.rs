//! Who may do what to what, at what price.
//!
//! One question, [`Request`], and one answer, [`Answer`], behind one trait, [`AccessControl`], with two implementations:
//!
//! * [`PolicyAccess`], the old one: allow lists and prices in the artifact itself; the owner always may.
//! * [`ContractAccess`], the new one: the artifact's access contract is the only authority. No owner bypass, no privilege for genesis.
//!
//! [`ShadowAccess`] asks one of them and compares the other; [`REGISTER`] lists every way in which they may differ.
//!
//! Invariants:
//!
//! * Fails closed: what cannot be answered is a no that says why.
//! * Deciding changes nothing, reads no clock, does no IO, draws no random number and iterates over no hash map: the same question on the
//!   same state has the same answer everywhere.
//! * Only the immediate caller counts, never whoever stands behind it.
//! * Decisions never recurse. A contract that is code is asked outside; its answer comes along with the versions of all it was computed
//!   from and counts only while these hold.
//!
//! The keys of [`ecology_types::GenesisArtifact`] (0 to 11) are reserved for the artifacts of time zero.
//!
//! ```
//! use ecology_contracts::{AccessControl, ContractAccess, Governor, StockContract};
//! use ecology_types::Key;
//!
//! assert_eq!(ContractAccess.name(), "contract");
//! assert_eq!(Governor::of_contract(None), Governor::Stock(StockContract::Freeware));
//! assert_eq!(Governor::of_contract(Some(Key(99))), Governor::Code(Key(99)));
//! ```

mod access;
pub mod case;
#[cfg(feature = "conformance")]
pub mod conformance;
mod contract;
mod depth;
mod divergence;
mod freshness;
mod generate;
mod governor;
mod library;
mod migration;
mod policy;
mod refuse;
mod shadow;
mod stock;
mod template;

pub use access::{AccessControl, AccessView, Answer, Request};
pub use contract::ContractAccess;
pub use depth::{Depth, TooDeep};
pub use divergence::{AccessDivergence, REGISTER, classify};
pub use generate::contract_source;
pub use governor::Governor;
pub use library::LIBRARY;
pub use migration::{Successor, successor};
pub use policy::PolicyAccess;
pub use shadow::ShadowAccess;
pub use stock::StockContract;
pub use template::{Parameter, Template, TemplateError};

/// The README's code, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
