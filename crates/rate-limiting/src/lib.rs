//! Who may use how much, now.

mod limiter;

pub use limiter::{Ask, Decision, NeverReason, RateEvent, RateLimiter};
