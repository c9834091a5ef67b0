//! Who may use how much, now.

mod accounts;
mod answer;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod divergence;
mod engine;
mod horizon;
mod limiter;
mod meter;
mod reservations;
mod rolling;
mod shadow;
mod snapshot;
mod tick;
mod window;
mod witness;

pub use answer::Answer;
pub use horizon::Horizon;
pub use limiter::{Ask, Decision, NeverReason, RateEvent, RateLimiter};
pub use rolling::RollingLimiter;
pub use shadow::ShadowLimiter;
pub use tick::{TickCounter, TickLimiter};
pub use window::RollingWindow;
pub use witness::{Trace, Witness};
