//! A question with the history before it, as plain data: what a difference is reproduced from.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use ecology_shadow::{Answers, Shrunk, shrink};
use ecology_types::{Charges, Key, ReservationId, Resource, Span, Time};
use serde::{Deserialize, Serialize};

use crate::{Ask, Decision, RateEvent, RateLimiter, ShadowLimiter};

/// A serving limiter and its candidate, before anything happened.
pub type Pair = (Box<dyn RateLimiter>, Box<dyn RateLimiter>);

/// An [`Ask`] with its time, as plain data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// As of when.
    pub now: Time,
    /// What is asked.
    pub ask: Asked,
}

/// An [`Ask`] as plain data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// See [`Ask::Use`].
    Use {
        /// Who.
        principal: Key,
        /// How much of what.
        charges: Charges,
    },
    /// See [`Ask::Move`].
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

impl Question {
    /// The question as plain data.
    #[must_use]
    pub fn of(ask: &Ask<'_>, now: Time) -> Self {
        let ask = match *ask {
            Ask::Use { principal, charges } => Asked::Use { principal, charges: *charges },
            Ask::Move { resource, from, to, amount } => Asked::Move { resource, from, to, amount },
        };
        Self { now, ask }
    }
}

impl Asked {
    const fn borrowed(&self) -> Ask<'_> {
        match self {
            Self::Use { principal, charges } => Ask::Use { principal: *principal, charges },
            Self::Move { resource, from, to, amount } => {
                Ask::Move { resource: *resource, from: *from, to: *to, amount: *amount }
            }
        }
    }
}

impl fmt::Display for Question {
    /// As JSON.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

/// What a limiter was told, with its time, as plain data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// When it happened.
    pub at: Time,
    /// What happened.
    pub event: Event,
}

/// A [`RateEvent`], or a change of the window, as plain data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// See [`RateEvent::ShareSet`].
    ShareSet {
        /// Whose.
        principal: Key,
        /// Of what.
        resource: Resource,
        /// How much, per window.
        amount: u64,
    },
    /// See [`RateEvent::ShareMoved`].
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
    /// See [`RateEvent::Used`].
    Used {
        /// By whom.
        principal: Key,
        /// How much of what.
        charges: Charges,
    },
    /// See [`RateEvent::Reserved`].
    Reserved {
        /// Under which number.
        reservation: ReservationId,
        /// For whom.
        principal: Key,
        /// How much of what.
        charges: Charges,
    },
    /// See [`RateEvent::Settled`].
    Settled {
        /// Its number.
        reservation: ReservationId,
        /// What was really used.
        used: Charges,
    },
    /// See [`RateEvent::Released`].
    Released {
        /// Its number.
        reservation: ReservationId,
    },
    /// See [`RateEvent::TickStarted`].
    TickStarted,
    /// See [`RateLimiter::set_window`].
    WindowSet(Span),
}

impl Event {
    fn of(event: &RateEvent<'_>) -> Self {
        match *event {
            RateEvent::ShareSet { principal, resource, amount } => {
                Self::ShareSet { principal, resource, amount }
            }
            RateEvent::ShareMoved { resource, from, to, amount } => {
                Self::ShareMoved { resource, from, to, amount }
            }
            RateEvent::Used { principal, charges } => Self::Used { principal, charges: *charges },
            RateEvent::Reserved { reservation, principal, charges } => {
                Self::Reserved { reservation, principal, charges: *charges }
            }
            RateEvent::Settled { reservation, used } => Self::Settled { reservation, used: *used },
            RateEvent::Released { reservation } => Self::Released { reservation },
            RateEvent::TickStarted => Self::TickStarted,
        }
    }

    fn tell(&self, limiter: &mut dyn RateLimiter, at: Time) {
        let event = match self {
            Self::ShareSet { principal, resource, amount } => {
                RateEvent::ShareSet { principal: *principal, resource: *resource, amount: *amount }
            }
            Self::ShareMoved { resource, from, to, amount } => {
                RateEvent::ShareMoved { resource: *resource, from: *from, to: *to, amount: *amount }
            }
            Self::Used { principal, charges } => RateEvent::Used { principal: *principal, charges },
            Self::Reserved { reservation, principal, charges } => {
                RateEvent::Reserved { reservation: *reservation, principal: *principal, charges }
            }
            Self::Settled { reservation, used } => RateEvent::Settled { reservation: *reservation, used },
            Self::Released { reservation } => RateEvent::Released { reservation: *reservation },
            Self::TickStarted => RateEvent::TickStarted,
            Self::WindowSet(window) => return limiter.set_window(*window),
        };
        limiter.apply(&event, at);
    }
}

/// A question with the history before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// What both sides were told, in order.
    pub history: Vec<Heard>,
    /// What both are asked then.
    pub question: Question,
}

impl Case {
    /// Puts the question to a pair that has heard the history.
    #[must_use]
    pub fn ask(&self, pair: Pair) -> Answers {
        answers(&self.history, &self.question, pair)
    }

    /// The same question with as little of the history as it takes for the answers to differ without a reason, trying at most `tries_max` histories.
    #[must_use]
    pub fn shrink(self, tries_max: usize, pair: &dyn Fn() -> Pair) -> (Self, Shrunk<Heard>) {
        let Self { history, question } = self;
        let shrunk = shrink(history, tries_max, |history| answers(history, &question, pair()).is_mismatch());
        (Self { history: shrunk.items.clone(), question }, shrunk)
    }
}

fn answers(history: &[Heard], question: &Question, (serving, candidate): Pair) -> Answers {
    let mut pair = ShadowLimiter::new(serving, candidate);
    for heard in history {
        heard.event.tell(&mut pair, heard.at);
    }
    pair.answers(&question.ask.borrowed(), question.now)
}

/// Keeps what a limiter is told while it passes everything on: the history of a [`Case`].
pub struct Recording {
    inner: Box<dyn RateLimiter>,
    history: Arc<Mutex<Vec<Heard>>>,
}

impl Recording {
    /// A limiter that has not been told anything yet, and where to find what it will be told.
    #[must_use]
    pub fn of(inner: Box<dyn RateLimiter>) -> (Self, Arc<Mutex<Vec<Heard>>>) {
        let history = Arc::default();
        (Self { inner, history: Arc::clone(&history) }, history)
    }

    fn note(&self, at: Time, event: Event) {
        self.history.lock().unwrap_or_else(PoisonError::into_inner).push(Heard { at, event });
    }
}

impl RateLimiter for Recording {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn decide(&self, ask: &Ask<'_>, now: Time) -> Decision {
        self.inner.decide(ask, now)
    }

    fn apply(&mut self, event: &RateEvent<'_>, now: Time) {
        self.note(now, Event::of(event));
        self.inner.apply(event, now);
    }

    fn share(&self, principal: Key, resource: Resource) -> u64 {
        self.inner.share(principal, resource)
    }

    fn used(&self, principal: Key, resource: Resource, now: Time) -> u64 {
        self.inner.used(principal, resource, now)
    }

    fn overrun(&self, principal: Key, resource: Resource) -> u64 {
        self.inner.overrun(principal, resource)
    }

    fn set_window(&mut self, window: Span) {
        self.note(Time::ZERO, Event::WindowSet(window));
        self.inner.set_window(window);
    }

    fn window(&self) -> Span {
        self.inner.window()
    }

    fn digest(&self, resource: Resource, into: &mut Vec<u8>) {
        self.inner.digest(resource, into);
    }

    fn save(&self) -> Vec<u8> {
        self.inner.save()
    }

    fn restore(&mut self, saved: &[u8]) -> Result<(), String> {
        self.inner.restore(saved)
    }
}
