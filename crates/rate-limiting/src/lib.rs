//! Who may use how much of a renewable resource, now.
//!
//! One trait, [`RateLimiter`], and two implementations of it: [`TickLimiter`] refills every share when a tick begins, [`RollingLimiter`] keeps
//! *every* trailing window within the share. Both hear the same events ([`RateEvent`]), so either can serve from any moment on, and a
//! [`ShadowLimiter`] lets one serve while the other is compared; every difference is either in the register
//! ([`divergence::REGISTER`]) or a bug.
//!
//! Invariants:
//! - a question ([`Ask`]) changes nothing, an event is never refused, and neither reads a clock;
//! - when every use was admitted, the sum of the uses in any window `(t - W, t]` is at most the share, through reservations, settlements and
//!   transfers of shares;
//! - `Wait { until }` is exact: the answer is yes at `until` and not before, unless an event intervenes;
//! - shares, overruns and reservations are the same in both implementations: they may differ only in what counts as used now;
//! - equal histories give equal digests, on every machine.
//!
//! ```
//! use ecology_rate_limiting::{Ask, Decision, RateEvent, RateLimiter, RollingLimiter};
//! use ecology_types::{Charges, Key, Resource, Span, Time};
//!
//! let alice = Key(1);
//! let mut limiter = RollingLimiter::new(Span::from_secs(60));
//! let share = RateEvent::ShareSet { principal: alice, resource: Resource::LlmCalls, amount: 2 };
//! limiter.apply(&share, Time::ZERO);
//!
//! let call = Charges::of(Resource::LlmCalls, 1);
//! let ask = Ask::Use { principal: alice, charges: &call };
//! for second in [10, 20] {
//!     let now = Time(second * 1_000_000);
//!     assert_eq!(limiter.decide(&ask, now), Decision::Admit);
//!     limiter.apply(&RateEvent::Used { principal: alice, charges: &call }, now);
//! }
//! // The first call was at second 10: it counts until just before second 70.
//! let until = Time(70_000_000);
//! let wait = Decision::Wait { until, resource: Resource::LlmCalls };
//! assert_eq!(limiter.decide(&ask, Time(30_000_000)), wait);
//! assert_eq!(limiter.decide(&ask, until), Decision::Admit);
//! ```
//!
//! [`Limiter`] and [`DenseLimiter`] are the same window for people who adopt this crate alone: keyed, shared between threads, with permits and,
//! fair waiting for one key or several at once: on a thread, or behind the feature `async` as a future.
#![cfg_attr(
    test,
    allow(
        clippy::duplicate_mod,
        reason = "the lines of those who wait are compiled a second time over a scheduler, see shuttled.rs"
    )
)]

mod accounts;
/// The examples of the README are tested with the others.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(feature = "async")]
mod acquire;
mod answer;
mod bank;
pub mod case;
mod clock;
#[cfg(feature = "conformance")]
pub mod conformance;
mod counters;
mod dense;
pub mod divergence;
mod engine;
mod horizon;
mod keyed;
mod limiter;
mod log;
mod meters;
mod narrow;
mod pages;
mod permit;
mod queue;
mod reservations;
mod ring;
mod rolling;
mod shadow;
mod shard;
#[cfg(all(test, feature = "async"))]
mod shuttled;
mod snapshot;
mod sync;
mod tick;
mod together;
mod traces;
mod window;
mod windows;
mod witness;

#[cfg(feature = "async")]
pub use acquire::AboveLimit;
pub use answer::Answer;
#[cfg(feature = "counter")]
pub use clock::CounterClock;
#[cfg(feature = "async")]
pub use clock::TokioClock;
pub use clock::{Clock, MonotonicClock};
pub use dense::DenseLimiter;
pub use horizon::Horizon;
pub use keyed::Limiter;
pub use limiter::{Ask, Decision, NeverReason, RateEvent, RateLimiter};
pub use permit::Permit;
pub use rolling::RollingLimiter;
pub use shadow::ShadowLimiter;
pub use tick::{TickCounter, TickLimiter};
pub use together::ItemAboveLimit;
pub use window::RollingWindow;
pub use witness::{Trace, Witness};
