//! Asking the code of contracts: outside of the writer, once for as long as an answer holds.
//!
//! [`Asker::complete`] gives an action the answers that it needs before it is stepped: from the cache while everything that the contract was
//! told still holds, else from the engine. What comes back is part of the command, so a replay never runs code.

mod asker;
mod cache;
mod counts;
mod looking;
mod programs;

pub use asker::{Asker, HOST_FUNCTIONS};
pub use counts::CodeCounts;
