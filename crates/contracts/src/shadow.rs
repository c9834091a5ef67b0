//! One implementation serves, the other is compared.

use std::panic::{AssertUnwindSafe, catch_unwind};

use ecology_shadow::{Answers, Comparison, Options, Subject, Verdict};
use ecology_types::{Axis, Key, PermissionAnswer, Side, Verb};

use crate::case::Case;
use crate::divergence::{REGISTER, agree, describe};
use crate::{AccessControl, AccessView, Answer, Request, classify};

/// The kinds of question of this axis: one for each verb, in the order of [`Verb::ALL`].
static SUBJECT: Subject = Subject {
    kinds: &{
        let mut names = [""; Verb::ALL.len()];
        let mut at = 0;
        while at < names.len() {
            names[at] = Verb::ALL[at].name();
            at += 1;
        }
        names
    },
    often: None,
    register: REGISTER,
};

/// A pair: `serving` answers, `candidate` is asked the same on the same state and serves nothing. Works in both directions.
///
/// A candidate that panics is counted once and not asked again; nobody who asks the pair notices. Contracts that are code are asked only when
/// the serving side needs them, so a shadowing `contract` refuses them as `AC-6`.
pub struct ShadowAccess {
    serving: Box<dyn AccessControl>,
    candidate: Box<dyn AccessControl>,
    direction: Direction,
    comparison: Comparison,
}

/// Which of the two sides serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    OldServes,
    NewServes,
    /// The two are not `policy` and `contract`: their answers have to be equal.
    Equals,
}

impl ShadowAccess {
    /// The pair of these two. Every question is compared.
    #[must_use]
    pub fn new(serving: Box<dyn AccessControl>, candidate: Box<dyn AccessControl>) -> Self {
        Self::with(serving, candidate, Options::default())
    }

    /// The same with a say in what is compared, how it is timed and what the candidate may cost.
    #[must_use]
    pub fn with(
        serving: Box<dyn AccessControl>,
        candidate: Box<dyn AccessControl>,
        options: Options,
    ) -> Self {
        let [old, new] = [Side::Old, Side::New].map(|side| Axis::AccessControl.implementation(side));
        let direction = match (serving.name(), candidate.name()) {
            (serving, candidate) if serving == old && candidate == new => Direction::OldServes,
            (serving, candidate) if serving == new && candidate == old => Direction::NewServes,
            _ => Direction::Equals,
        };
        let comparison = Comparison::new(&SUBJECT, serving.name(), candidate.name(), options);
        Self { serving, candidate, direction, comparison }
    }

    /// Both answers to a question, in words, and how they compare. Nothing is counted.
    pub(crate) fn answers(&self, request: &Request<'_>, view: &dyn AccessView) -> Answers {
        let served = self.serving.decide(request, view);
        let serving = format!("{served:?}");
        let asked = catch_unwind(AssertUnwindSafe(|| {
            let other = self.candidate.decide(request, view);
            (format!("{other:?}"), self.judge(request, &served, &other))
        }));
        match asked {
            Ok((candidate, verdict)) => Answers { serving, candidate, verdict },
            Err(_) => Answers::without_candidate(serving),
        }
    }

    fn judge(&self, request: &Request<'_>, served: &Answer, other: &Answer) -> Verdict {
        match self.direction {
            Direction::OldServes => classify(request, served, other),
            Direction::NewServes => classify(request, other, served),
            Direction::Equals if agree(served, other) => Verdict::Same,
            Direction::Equals => Verdict::Mismatch { detail: describe(request, served, other) },
        }
    }
}

impl AccessControl for ShadowAccess {
    fn name(&self) -> &'static str {
        self.serving.name()
    }

    fn decide(&self, request: &Request<'_>, view: &dyn AccessView) -> Answer {
        self.comparison.ask(
            request.verb as usize,
            || self.serving.decide(request, view),
            || self.candidate.decide(request, view),
            |served, other| self.judge(request, served, other),
            || Case::of(request, view, self.serving.as_ref()).to_string(),
        )
    }

    fn needs_code(&self, request: &Request<'_>, view: &dyn AccessView) -> Option<Key> {
        self.serving.needs_code(request, view)
    }

    fn ruling<'a>(&self, request: &Request<'a>, view: &dyn AccessView) -> Option<&'a PermissionAnswer> {
        self.serving.ruling(request, view)
    }

    fn comparison(&self) -> Option<&Comparison> {
        Some(&self.comparison)
    }
}
