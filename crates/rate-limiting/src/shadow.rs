//! Two implementations behind one trait: one serves, the other is compared.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use ecology_shadow::{Report, Tally, Verdict};
use ecology_types::{Key, Resource, Span, Time};
use serde::{Deserialize, Serialize};

use crate::divergence::{Side, classify};
use crate::engine::append;
use crate::{Ask, Decision, RateEvent, RateLimiter, TickLimiter, Witness, snapshot};

/// A pair that hears the same events. The serving one answers; the candidate is asked as well, and every difference is either explained by
/// the register or counted as unexplained.
///
/// A candidate that panics is switched off for good: what it remembers can no longer be trusted. The pair then
/// goes on with the serving one alone. Which one serves does not matter: `tick` beside `rolling` and the other way round.
pub struct ShadowLimiter {
    serving: Box<dyn RateLimiter>,
    candidate: Box<dyn RateLimiter>,
    candidate_is_off: AtomicBool,
    witness: Witness,
    tally: Tally,
}

/// A pair as plain data.
#[derive(Serialize, Deserialize)]
struct Snapshot {
    serving: Vec<u8>,
    candidate: Option<Vec<u8>>,
    witness: Witness,
}

const NAME: &str = "shadow";

impl ShadowLimiter {
    /// A pair of two implementations that have heard the same events so far, for instance none.
    #[must_use]
    pub fn new(serving: Box<dyn RateLimiter>, candidate: Box<dyn RateLimiter>) -> Self {
        let tally = Tally::new(serving.name(), candidate.name());
        Self {
            serving,
            candidate,
            candidate_is_off: AtomicBool::new(false),
            witness: Witness::default(),
            tally,
        }
    }

    /// Whether the candidate panicked and is asked no longer.
    #[must_use]
    pub fn candidate_is_off(&self) -> bool {
        self.candidate_is_off.load(Ordering::Relaxed)
    }

    fn switch_off(&self, kind: &'static str, panic: &(dyn std::any::Any + Send)) {
        self.candidate_is_off.store(true, Ordering::Relaxed);
        let said = panic.downcast_ref::<&str>().copied();
        let said = said.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        let detail =
            format!("{} panicked: {}", self.candidate.name(), said.unwrap_or("for no reason it could say"));
        self.tally.record(kind, &Verdict::CandidateFailed { detail });
    }

    /// Lets the candidate do something, unless it is off.
    fn with_candidate(&mut self, kind: &'static str, act: impl FnOnce(&mut dyn RateLimiter)) {
        if self.candidate_is_off() {
            return;
        }
        let candidate = self.candidate.as_mut();
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| act(candidate))) {
            self.switch_off(kind, panic.as_ref());
        }
    }

    fn compare(&self, ask: &Ask<'_>, now: Time, serving: Decision) -> Verdict {
        let candidate = self.candidate.decide(ask, now);
        let serving = Side { limiter: self.serving.as_ref(), decision: serving };
        let candidate = Side { limiter: self.candidate.as_ref(), decision: candidate };
        let is_tick = |side: Side<'_>| side.limiter.name() == TickLimiter::NAME;
        match (is_tick(serving), is_tick(candidate)) {
            (true, false) => classify(ask, now, serving, candidate, &self.witness),
            (false, true) => classify(ask, now, candidate, serving, &self.witness),
            _ if serving.decision == candidate.decision => Verdict::Same,
            _ => Verdict::Mismatch { detail: format!("at {now}: {ask:?}; {serving:?}; {candidate:?}") },
        }
    }
}

impl std::fmt::Debug for ShadowLimiter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = (self.serving.name(), self.candidate.name());
        f.debug_struct("ShadowLimiter").field("pair", &names).field("tally", &self.tally).finish()
    }
}

impl RateLimiter for ShadowLimiter {
    /// The name of the serving one.
    fn name(&self) -> &'static str {
        self.serving.name()
    }

    fn decide(&self, ask: &Ask<'_>, now: Time) -> Decision {
        let decision = self.serving.decide(ask, now);
        if !self.candidate_is_off() {
            let kind = match ask {
                Ask::Use { .. } => "use",
                Ask::Move { .. } => "move",
            };
            match catch_unwind(AssertUnwindSafe(|| self.compare(ask, now, decision))) {
                Ok(verdict) => self.tally.record(kind, &verdict),
                Err(panic) => self.switch_off(kind, panic.as_ref()),
            }
        }
        decision
    }

    fn apply(&mut self, event: &RateEvent<'_>, now: Time) {
        self.witness.hear(event, now, self.serving.as_ref());
        self.serving.apply(event, now);
        self.with_candidate("apply", |candidate| candidate.apply(event, now));
    }

    fn share(&self, principal: Key, resource: Resource) -> u64 {
        self.serving.share(principal, resource)
    }

    fn used(&self, principal: Key, resource: Resource, now: Time) -> u64 {
        self.serving.used(principal, resource, now)
    }

    fn overrun(&self, principal: Key, resource: Resource) -> u64 {
        self.serving.overrun(principal, resource)
    }

    fn set_window(&mut self, window: Span) {
        let serving_is_tick = self.serving.name() == TickLimiter::NAME;
        let rolling = if serving_is_tick { self.candidate.window() } else { self.serving.window() };
        self.witness.window_changes(rolling);
        self.serving.set_window(window);
        self.with_candidate("set_window", |candidate| candidate.set_window(window));
    }

    fn window(&self) -> Span {
        self.serving.window()
    }

    /// The digest of the serving one: a candidate serves nothing, so a world with it has the same state as one without.
    fn digest(&self, resource: Resource, into: &mut Vec<u8>) {
        self.serving.digest(resource, into);
    }

    fn save(&self) -> Vec<u8> {
        let on = !self.candidate_is_off();
        let candidate = on.then(|| catch_unwind(AssertUnwindSafe(|| self.candidate.save())));
        let candidate = match candidate {
            Some(Ok(saved)) => Some(saved),
            Some(Err(panic)) => {
                self.switch_off("save", panic.as_ref());
                None
            }
            None => None,
        };
        let mut into = snapshot::head(NAME);
        let snapshot = Snapshot { serving: self.serving.save(), candidate, witness: self.witness.clone() };
        append(&mut into, &snapshot);
        into
    }

    /// Reads a snapshot of a pair. Fails on one of a single implementation: a candidate that has not heard what happened so far
    /// would differ without a reason.
    fn restore(&mut self, saved: &[u8]) -> Result<(), String> {
        let body = snapshot::body(NAME, saved)?;
        let snapshot: Snapshot = postcard::from_bytes(body)
            .map_err(|error| format!("the snapshot of the shadow pair cannot be read: {error}"))?;
        if let Some(candidate) = &snapshot.candidate {
            self.candidate.restore(candidate)?;
        }
        self.serving.restore(&snapshot.serving)?;
        self.candidate_is_off = AtomicBool::new(snapshot.candidate.is_none());
        self.witness = snapshot.witness;
        Ok(())
    }

    fn shadow_report(&self) -> Option<Report> {
        Some(self.tally.report())
    }
}
