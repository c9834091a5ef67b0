//! Two implementations behind one trait: one serves, the other is compared.

use std::panic::{AssertUnwindSafe, catch_unwind};

use ecology_shadow::{Answers, Comparison, Options, Subject, Verdict};
use ecology_types::{Key, Resource, Span, Time};
use serde::{Deserialize, Serialize, Serializer};

use crate::case::Question;
use crate::divergence::{REGISTER, Side, classify};
use crate::engine::append;
use crate::{Ask, Decision, RateEvent, RateLimiter, RollingLimiter, TickLimiter, Witness, snapshot};

/// The kinds of question of this axis.
static SUBJECT: Subject = Subject { kinds: &["use", "move"], often: None, register: REGISTER };

/// A pair that hears the same events. The serving one answers; the candidate is asked as well, and every difference is either explained by
/// the register or counted as unexplained.
///
/// A candidate that panics is switched off for good: what it remembers can no longer be trusted. The pair then
/// goes on with the serving one alone. Which one serves does not matter: `tick` beside `rolling` and the other way round.
pub struct ShadowLimiter {
    serving: Box<dyn RateLimiter>,
    candidate: Box<dyn RateLimiter>,
    direction: Direction,
    witness: Witness,
    comparison: Comparison,
}

/// Which of the two sides serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    OldServes,
    NewServes,
    /// The two are not `tick` and `rolling`: their answers have to be equal.
    Equals,
}

/// A pair as plain data.
#[derive(Deserialize)]
struct Snapshot {
    serving: Vec<u8>,
    candidate: Option<Vec<u8>>,
    witness: Witness,
}

/// Bytes that are written in one piece; one by one they would be the same, and there are millions of them.
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

const NAME: &str = "shadow";

impl ShadowLimiter {
    /// A pair of two implementations that have heard the same events so far, for instance none. Every question is compared.
    #[must_use]
    pub fn new(serving: Box<dyn RateLimiter>, candidate: Box<dyn RateLimiter>) -> Self {
        Self::with(serving, candidate, Options::default())
    }

    /// The same with a say in what is compared, how it is timed and what the candidate may cost.
    #[must_use]
    pub fn with(serving: Box<dyn RateLimiter>, candidate: Box<dyn RateLimiter>, options: Options) -> Self {
        let direction = match (serving.name(), candidate.name()) {
            (TickLimiter::NAME, RollingLimiter::NAME) => Direction::OldServes,
            (RollingLimiter::NAME, TickLimiter::NAME) => Direction::NewServes,
            _ => Direction::Equals,
        };
        let comparison = Comparison::new(&SUBJECT, serving.name(), candidate.name(), options);
        Self { serving, candidate, direction, witness: Witness::default(), comparison }
    }

    /// Whether the candidate was switched off and is asked no longer.
    #[must_use]
    pub fn candidate_is_off(&self) -> bool {
        self.comparison.is_off()
    }

    /// Both answers to a question, in words, and how they compare. Nothing is counted.
    pub(crate) fn answers(&self, ask: &Ask<'_>, now: Time) -> Answers {
        let served = self.serving.decide(ask, now);
        let serving = format!("{served:?}");
        let asked = catch_unwind(AssertUnwindSafe(|| {
            let other = self.candidate.decide(ask, now);
            (format!("{other:?}"), self.judge(ask, now, served, other))
        }));
        match asked {
            Ok((candidate, verdict)) if !self.candidate_is_off() => Answers { serving, candidate, verdict },
            _ => Answers::without_candidate(serving),
        }
    }

    fn judge(&self, ask: &Ask<'_>, now: Time, serving: Decision, candidate: Decision) -> Verdict {
        if serving == candidate {
            return Verdict::Same;
        }
        let serving = Side { limiter: self.serving.as_ref(), decision: serving };
        let candidate = Side { limiter: self.candidate.as_ref(), decision: candidate };
        match self.direction {
            Direction::OldServes => classify(ask, now, serving, candidate, &self.witness),
            Direction::NewServes => classify(ask, now, candidate, serving, &self.witness),
            Direction::Equals => {
                Verdict::Mismatch { detail: format!("at {now}: {ask:?}; {serving:?}; {candidate:?}") }
            }
        }
    }
}

impl std::fmt::Debug for ShadowLimiter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = (self.serving.name(), self.candidate.name());
        f.debug_struct("ShadowLimiter").field("pair", &names).field("comparison", &self.comparison).finish()
    }
}

impl RateLimiter for ShadowLimiter {
    /// The name of the serving one.
    fn name(&self) -> &'static str {
        self.serving.name()
    }

    fn decide(&self, ask: &Ask<'_>, now: Time) -> Decision {
        let kind = match ask {
            Ask::Use { .. } => 0,
            Ask::Move { .. } => 1,
        };
        self.comparison.ask(
            kind,
            || self.serving.decide(ask, now),
            || self.candidate.decide(ask, now),
            |serving, candidate| self.judge(ask, now, *serving, *candidate),
            || Question::of(ask, now).to_string(),
        )
    }

    fn apply(&mut self, event: &RateEvent<'_>, now: Time) {
        self.witness.hear(event, now, self.serving.as_ref());
        self.serving.apply(event, now);
        let candidate = &mut self.candidate;
        self.comparison.tell("apply", || candidate.apply(event, now));
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

    fn owes(&self, principal: Key) -> bool {
        self.serving.owes(principal)
    }

    /// Both sides and the witness are about to hear of it.
    fn touch(&self, principal: Key) -> u64 {
        let seen = self.serving.touch(principal) ^ self.witness.touch(principal);
        if self.candidate_is_off() {
            return seen;
        }
        // A candidate may fail here as anywhere; it changes nothing and answers nothing that counts.
        seen ^ catch_unwind(AssertUnwindSafe(|| self.candidate.touch(principal))).unwrap_or(0)
    }

    fn set_window(&mut self, window: Span) {
        let serving_is_tick = self.serving.name() == TickLimiter::NAME;
        let rolling = if serving_is_tick { self.candidate.window() } else { self.serving.window() };
        self.witness.window_changes(rolling);
        self.serving.set_window(window);
        let candidate = &mut self.candidate;
        self.comparison.tell("set_window", || candidate.set_window(window));
    }

    fn window(&self) -> Span {
        self.serving.window()
    }

    /// The digest of the serving one: a candidate serves nothing, so a world with it has the same state as one without.
    fn digest(&self, resource: Resource, into: &mut Vec<u8>) {
        self.serving.digest(resource, into);
    }

    fn save(&self) -> Vec<u8> {
        let mut candidate = None;
        self.comparison.tell("save", || candidate = Some(Bytes(self.candidate.save())));
        let serving = Bytes(self.serving.save());
        let mut into = snapshot::head(NAME);
        into.reserve(
            serving.0.len()
                + candidate.as_ref().map_or(0, |bytes| bytes.0.len())
                + self.witness.saved_bytes_about(),
        );
        // In the form of a `Snapshot`.
        append(&mut into, &(serving, candidate, &self.witness));
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
        if snapshot.candidate.is_none() {
            self.comparison.switch_off("it was off when the snapshot was taken");
        }
        self.witness = snapshot.witness;
        Ok(())
    }

    fn comparison(&self) -> Option<&Comparison> {
        Some(&self.comparison)
    }
}
