//! Who may use how much, now.

mod accounts;
mod answer;
mod engine;
mod horizon;
mod limiter;
mod meter;
mod reservations;
mod rolling;
mod snapshot;
mod tick;
mod window;

pub use answer::Answer;
pub use horizon::Horizon;
pub use limiter::{Ask, Decision, NeverReason, RateEvent, RateLimiter};
pub use rolling::RollingLimiter;
pub use tick::{TickCounter, TickLimiter};
pub use window::RollingWindow;
