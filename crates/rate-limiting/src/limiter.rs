//! The question, the answer and what happened: the trait that both implementations share.

use ecology_types::{Charges, Key, ReservationId, Resource, Time};

/// A question to a limiter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask<'a> {
    /// May `principal` use or reserve all of `charges` at once? Only renewable resources count; all or nothing.
    Use {
        /// Who.
        principal: Key,
        /// How much of what.
        charges: &'a Charges,
    },
    /// May `amount` of the share of `from` go to `to` now, without any trailing window of the two exceeding what both may use?
    Move {
        /// Of what.
        resource: Resource,
        /// Who gives.
        from: Key,
        /// Who gets.
        to: Key,
        /// How much, per window.
        amount: u64,
    },
}

/// The answer of a limiter. It changes nothing; what happens is told by [`RateLimiter::apply`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Yes, now.
    Admit,
    /// Not now; exactly at `until`, if nothing else happens before, the answer is [`Decision::Admit`].
    Wait {
        /// The first moment at which the answer is yes. `Time::NEVER` when only an event (a settlement, a transfer, a tick) can free capacity.
        until: Time,
        /// The resource that is short (the one that is free last).
        resource: Resource,
    },
    /// Not with this share, however long one waits.
    Never {
        /// Why.
        why: NeverReason,
        /// The resource that is short.
        resource: Resource,
    },
}

/// Why waiting does not help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NeverReason {
    /// The amount is larger than the whole share of one window.
    AboveShare {
        /// The share, per window.
        share: u64,
        /// What would be needed.
        needed: u64,
    },
}

/// What happened. Both implementations take note of the same events, so each can serve from any moment on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateEvent<'a> {
    /// A share was set, at time zero or by the operator.
    ShareSet {
        /// Whose.
        principal: Key,
        /// Of what.
        resource: Resource,
        /// How much, per window.
        amount: u64,
    },
    /// A share changed hands.
    ShareMoved {
        /// Of what.
        resource: Resource,
        /// Who gave.
        from: Key,
        /// Who got.
        to: Key,
        /// How much, per window.
        amount: u64,
    },
    /// Something was used.
    Used {
        /// By whom.
        principal: Key,
        /// How much of what.
        charges: &'a Charges,
    },
    /// Something was set aside.
    Reserved {
        /// Under which number.
        reservation: ReservationId,
        /// For whom.
        principal: Key,
        /// How much of what.
        charges: &'a Charges,
    },
    /// A reservation was used: `used` counts from now, the rest is free. What exceeds the reservation is an overrun: it is
    /// not booked into this window, which it would exceed, but added to what the principal needs for its next use.
    Settled {
        /// Its number.
        reservation: ReservationId,
        /// What was really used.
        used: &'a Charges,
    },
    /// A reservation was given back whole.
    Released {
        /// Its number.
        reservation: ReservationId,
    },
    /// A tick began.
    TickStarted,
}

/// Decides who may use how much of the renewable resources, now.
///
/// `decide` reads no clock and changes nothing; `apply` takes note of what happened and never refuses. Times never go back.
pub trait RateLimiter: Send + Sync {
    /// The name of the implementation in flags and reports.
    fn name(&self) -> &'static str;

    /// Answers a question as of `now`.
    fn decide(&self, ask: &Ask<'_>, now: Time) -> Decision;

    /// Takes note of what happened at `now`.
    fn apply(&mut self, event: &RateEvent<'_>, now: Time);

    /// The share of one principal, per window.
    fn share(&self, principal: Key, resource: Resource) -> u64;

    /// What it has used and reserved of its share in the window that ends at `now`.
    fn used(&self, principal: Key, resource: Resource, now: Time) -> u64;

    /// What it owes from overruns: added to its next use.
    fn overrun(&self, principal: Key, resource: Resource) -> u64;

    /// Whether it owes anything from overruns, of whatever resource.
    fn owes(&self, principal: Key) -> bool {
        Resource::RENEWABLE.into_iter().any(|resource| self.overrun(principal, resource) > 0)
    }

    /// Brings what it remembers of a principal into the processor's cache, and answers something that depends on it so that it is not left
    /// out. Whoever is about to decide about many principals calls this for several of them first: their memory is then fetched at once
    /// and not one after the other.
    fn touch(&self, _principal: Key) -> u64 {
        0
    }

    /// The length of a rolling window or of a tick was changed by the rules.
    fn set_window(&mut self, window: ecology_types::Span);

    /// The length of the rolling window or of the tick, as last set.
    fn window(&self) -> ecology_types::Span {
        ecology_types::Span::ZERO
    }

    /// Everything it remembers of `resource`, as bytes in a fixed order: equal histories give equal bytes. For state hashes.
    fn digest(&self, resource: Resource, into: &mut Vec<u8>);

    /// All it remembers, for a snapshot that the same implementation reads back with [`RateLimiter::restore`].
    fn save(&self) -> Vec<u8>;

    /// Reads what [`RateLimiter::save`] wrote, replacing all it remembers.
    ///
    /// # Errors
    /// In plain words, when the bytes are not such a snapshot.
    fn restore(&mut self, saved: &[u8]) -> Result<(), String>;

    /// The comparison with another implementation, when this is a shadow pair.
    fn comparison(&self) -> Option<&ecology_shadow::Comparison> {
        None
    }

    /// What that comparison found so far.
    fn shadow_report(&self) -> Option<ecology_shadow::Report> {
        self.comparison().map(ecology_shadow::Comparison::report)
    }
}
