//! The new implementation: an exact rolling window.

use ecology_types::{Key, Resource, Span, Time};

use crate::engine::{Engine, append};
use crate::windows::Windows;
use crate::{Ask, Decision, Horizon, RateEvent, RateLimiter, snapshot};

/// Keeps every trailing window within the share: whatever moment one picks, what was used in the window that ends there is at most
/// the share (see [`crate::RollingWindow`]).
#[derive(Debug, Clone)]
pub struct RollingLimiter {
    engine: Engine<Windows>,
}

impl RollingLimiter {
    /// Its name in flags and reports.
    pub const NAME: &'static str = "rolling";

    /// A limiter in which nobody has a share.
    #[must_use]
    pub fn new(window: Span) -> Self {
        Self { engine: Engine::new(Horizon::new(window)) }
    }

    /// The length of the window and the step in which uses are released.
    #[must_use]
    pub const fn horizon(&self) -> Horizon {
        self.engine.context
    }
}

impl RateLimiter for RollingLimiter {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn decide(&self, ask: &Ask<'_>, now: Time) -> Decision {
        self.engine.decide(ask, now)
    }

    fn apply(&mut self, event: &RateEvent<'_>, now: Time) {
        self.engine.apply(event, now);
    }

    fn share(&self, principal: Key, resource: Resource) -> u64 {
        self.engine.share(principal, resource)
    }

    fn used(&self, principal: Key, resource: Resource, now: Time) -> u64 {
        self.engine.used(principal, resource, now)
    }

    fn owes(&self, principal: Key) -> bool {
        self.engine.owes(principal)
    }

    fn overrun(&self, principal: Key, resource: Resource) -> u64 {
        self.engine.overrun(principal, resource)
    }

    fn touch(&self, principal: Key) -> u64 {
        self.engine.touch(principal)
    }

    /// A longer window cannot bring back what was already forgotten; a shorter one frees at once what it no longer covers.
    fn set_window(&mut self, window: Span) {
        self.engine.set_context(Horizon::new(window));
    }

    fn window(&self) -> Span {
        self.engine.context.window()
    }

    fn digest(&self, resource: Resource, into: &mut Vec<u8>) {
        append(into, &(Self::NAME, self.engine.context.window()));
        self.engine.digest(resource, into);
    }

    fn save(&self) -> Vec<u8> {
        let mut into = snapshot::head(Self::NAME);
        append(&mut into, &self.engine.context.window());
        self.engine.save(&mut into);
        into
    }

    fn restore(&mut self, saved: &[u8]) -> Result<(), String> {
        let body = snapshot::body(Self::NAME, saved)?;
        let (window, rest) = postcard::take_from_bytes(body)
            .map_err(|error| format!("the snapshot of the rate limiter cannot be read: {error}"))?;
        *self = Self { engine: Engine::restore(Horizon::new(window), rest)? };
        Ok(())
    }
}
