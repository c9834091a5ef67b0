//! Compares two answers to one question.
//!
//! A *serving* implementation and a *candidate* answer the same question about the same applied history. A [`Verdict`] says how the two answers
//! compare; a [`Tally`] counts verdicts behind a lock, so that a pair can be asked through a shared reference.

mod divergence;
mod report;
mod tally;
mod verdict;

pub use divergence::Divergence;
pub use report::{Report, Unexplained};
pub use tally::Tally;
pub use verdict::Verdict;
