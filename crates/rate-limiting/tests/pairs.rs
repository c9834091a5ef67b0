//! The suite, run on every implementation and on both pairs.

use ecology_rate_limiting::conformance::{Refill, Suite};
use ecology_rate_limiting::{RateLimiter, RollingLimiter, ShadowLimiter, TickLimiter, conformance_suite};
use ecology_types::Span;

const WINDOW: Span = Span(1280);

pub(crate) fn tick(window: Span) -> Box<dyn RateLimiter> {
    Box::new(TickLimiter::new(window))
}

pub(crate) fn rolling(window: Span) -> Box<dyn RateLimiter> {
    Box::new(RollingLimiter::new(window))
}

pub(crate) fn tick_shadowed(window: Span) -> Box<dyn RateLimiter> {
    Box::new(ShadowLimiter::new(tick(window), rolling(window)))
}

pub(crate) fn rolling_shadowed(window: Span) -> Box<dyn RateLimiter> {
    Box::new(ShadowLimiter::new(rolling(window), tick(window)))
}

conformance_suite!(tick_conforms, Suite::new(Refill::AtTick, WINDOW, tick));
conformance_suite!(rolling_conforms, Suite::new(Refill::Rolling, WINDOW, rolling));
conformance_suite!(tick_shadowed_conforms, Suite::new(Refill::AtTick, WINDOW, tick_shadowed));
conformance_suite!(rolling_shadowed_conforms, Suite::new(Refill::Rolling, WINDOW, rolling_shadowed));
