//! Compares two answers to one question.
//!
//! A *serving* implementation and a *candidate* answer the same question about the same applied history. A [`Verdict`] says how the two answers
//! compare. A [`Comparison`] is what every shadow pair is made of besides its two implementations: it chooses which questions are compared, asks the
//! candidate so that nothing it does can reach whoever asked, times both, holds the candidate to its [`Budget`], and counts. [`shrink`] makes
//! the history before a difference as short as it can be.
//!
//! Nothing here reads a clock, draws a random number or does IO: the [`Stopwatch`] comes from outside, and a sample is chosen by counting.
//!
//! ```
//! use ecology_shadow::{Comparison, Options, Subject, Verdict};
//!
//! const SUBJECT: Subject = Subject { kinds: &["square"], often: None, register: &[] };
//! let comparison = Comparison::new(&SUBJECT, "old", "new", Options::default());
//! let judge = |served: &u64, other: &u64| match served == other {
//!     true => Verdict::Same,
//!     false => Verdict::Mismatch { detail: format!("{served} and {other}") },
//! };
//! for n in 0..10_u64 {
//!     let served = comparison.ask(0, || n * n, || if n == 7 { 48 } else { n.pow(2) }, judge, || n.to_string());
//!     assert_eq!(served, n * n, "whoever asks gets the answer of the serving side");
//! }
//! let report = comparison.report();
//! assert_eq!((report.compared, report.same, report.mismatched), (10, 9, 1));
//! assert_eq!(report.first_unexplained[0].question.as_deref(), Some("7"));
//! ```

mod answers;
mod budget;
mod comparison;
mod context;
mod counter;
mod divergence;
mod histogram;
mod report;
mod shrink;
mod tally;
mod timing;
mod verdict;

pub use answers::Answers;
pub use budget::Budget;
pub use comparison::{Comparison, Options, Stopwatch, Subject};
pub use context::Context;
pub use divergence::Divergence;
pub use histogram::Histogram;
pub use report::{Latency, Quantiles, Report, Unexplained};
pub use shrink::{Shrunk, shrink};
pub use tally::Tally;
pub use verdict::{Failure, Verdict};
