//! Who may use how much, now.

mod accounts;
#[cfg(feature = "async")]
mod acquire;
mod answer;
mod bank;
mod clock;
#[cfg(feature = "conformance")]
pub mod conformance;
mod dense;
pub mod divergence;
mod engine;
mod horizon;
mod keyed;
mod limiter;
mod meter;
mod permit;
#[cfg_attr(not(feature = "async"), allow(dead_code, reason = "only futures wait"))]
mod queue;
mod reservations;
mod rolling;
mod shadow;
mod shard;
mod snapshot;
mod tick;
mod window;
mod witness;

#[cfg(feature = "async")]
pub use acquire::AboveLimit;
pub use answer::Answer;
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
pub use window::RollingWindow;
pub use witness::{Trace, Witness};
