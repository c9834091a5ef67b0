//! The suite that every implementation of [`RateLimiter`] must pass, pairs included.
//!
//! ```
//! use ecology_rate_limiting::conformance::{Refill, Suite};
//! use ecology_rate_limiting::{RollingLimiter, conformance_suite};
//! use ecology_types::Span;
//!
//! fn rolling() -> Suite {
//!     Suite::new(Refill::Rolling, Span(1280), |window| Box::new(RollingLimiter::new(window)))
//! }
//! conformance_suite!(rolling_conforms, rolling());
//! ```

mod judge;
mod laws;
mod script;

pub use judge::Judge;
pub use script::{Runner, Step};

use ecology_types::Span;

use crate::RateLimiter;

/// When used capacity returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refill {
    /// All of it, when a tick begins.
    AtTick,
    /// Each part, when it leaves the trailing window.
    Rolling,
}

type Factory = Box<dyn Fn(Span) -> Box<dyn RateLimiter>>;

/// Builds limiters and puts them through the laws.
pub struct Suite {
    refill: Refill,
    window: Span,
    seeds: u64,
    steps: u64,
    factory: Factory,
}

impl std::fmt::Debug for Suite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Suite")
            .field("refill", &self.refill)
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}

impl Suite {
    /// A suite for what `factory` makes: an empty limiter with a window of the given length.
    pub fn new(
        refill: Refill,
        window: Span,
        factory: impl Fn(Span) -> Box<dyn RateLimiter> + 'static,
    ) -> Self {
        Self { refill, window, seeds: 20, steps: 600, factory: Box::new(factory) }
    }

    /// How many random histories are tried; 20 unless told otherwise.
    #[must_use]
    pub fn seeds(mut self, seeds: u64) -> Self {
        self.seeds = seeds;
        self
    }

    /// How many steps a random history has; 600 unless told otherwise.
    #[must_use]
    pub fn steps(mut self, steps: u64) -> Self {
        self.steps = steps;
        self
    }

    /// A new limiter.
    #[must_use]
    pub fn limiter(&self) -> Box<dyn RateLimiter> {
        (self.factory)(self.window)
    }

    /// A new limiter under the eyes of a judge.
    #[must_use]
    pub fn runner(&self) -> Runner {
        Runner::new(self.limiter(), Judge::new(self.refill, self.window))
    }
}

/// Makes one test of every law for a [`conformance::Suite`](crate::conformance::Suite).
#[macro_export]
macro_rules! conformance_suite {
    ($module:ident, $suite:expr) => {
        mod $module {
            #[allow(unused_imports, reason = "the expression may need anything in scope, or nothing")]
            use super::*;
            $crate::conformance_suite!(@laws $suite;
                a_stranger_may_use_nothing,
                a_share_can_be_used_once,
                a_use_is_all_or_nothing,
                zero_weights_always_fit,
                amounts_at_the_end_of_the_number_range,
                other_resources_are_not_limited,
                reservations_leave_nothing_behind,
                unknown_reservations_are_ignored,
                overruns_are_paid_by_the_next_use,
                large_overruns_never_block_for_ever,
                transfers_follow_the_safe_rule,
                waiting_ends_exactly_when_promised,
                random_histories_satisfy_the_judge,
                histories_on_the_grid_are_exact,
                snapshots_change_nothing,
                a_changed_window_survives_snapshots,
                broken_snapshots_are_refused,
                equal_histories_give_equal_digests,
            );
        }
    };
    (@laws $suite:expr; $($law:ident),* $(,)?) => {
        $(#[test] fn $law() { $suite.$law(); })*
    };
}
