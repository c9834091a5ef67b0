//! The new implementation: an exact rolling window.

use ecology_types::{Key, Resource, Span, Time};

use crate::engine::{Engine, append};
use crate::meter::Meter;
use crate::window::WindowState;
use crate::{Ask, Decision, Horizon, RateEvent, RateLimiter, RollingWindow, snapshot};

impl Meter for RollingWindow {
    type Context = Horizon;
    type State = WindowState;

    fn used(&self, now: Time, horizon: Horizon) -> u64 {
        Self::used(self, now, horizon)
    }

    fn free_at(&self, room: u64, now: Time, horizon: Horizon) -> Time {
        Self::free_at(self, room, now, horizon)
    }

    fn book(&mut self, amount: u64, now: Time, horizon: Horizon) {
        self.prune(now, horizon);
        Self::book(self, amount, now, horizon);
    }

    fn hold(&mut self, amount: u64, now: Time, horizon: Horizon) {
        self.prune(now, horizon);
        Self::hold(self, amount);
    }

    fn free(&mut self, amount: u64) {
        Self::free(self, amount);
    }

    fn settle(&mut self, held: u64, used: u64, now: Time, horizon: Horizon) {
        self.prune(now, horizon);
        Self::settle(self, held, used, now, horizon);
    }

    fn prune(&mut self, now: Time, horizon: Horizon) {
        Self::prune(self, now, horizon);
    }

    fn is_idle(&self, now: Time, horizon: Horizon) -> bool {
        Self::is_idle(self, now, horizon)
    }

    fn state(&self, now: Time, horizon: Horizon) -> WindowState {
        Self::state(self, now, horizon)
    }

    fn from_state(state: &WindowState, _horizon: Horizon) -> Result<Self, &'static str> {
        Self::from_state(state)
    }
}

/// Keeps every trailing window within the share: whatever moment one picks, what was used in the window that ends there is at most
/// the share (see [`RollingWindow`]).
#[derive(Debug, Clone)]
pub struct RollingLimiter {
    engine: Engine<RollingWindow>,
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

    fn overrun(&self, principal: Key, resource: Resource) -> u64 {
        self.engine.overrun(principal, resource)
    }

    /// A longer window cannot bring back what was already forgotten; a shorter one frees at once what it no longer covers.
    fn owes(&self, principal: Key) -> bool {
        self.engine.owes(principal)
    }

    fn touch(&self, principal: Key) -> u64 {
        self.engine.touch(principal)
    }

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
