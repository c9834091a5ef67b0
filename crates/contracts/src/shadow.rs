//! One implementation serves, the other is compared.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use ecology_shadow::{Report, Tally, Verdict};
use ecology_types::{Axis, Key, Side};

use crate::divergence::{agree, describe};
use crate::{AccessControl, AccessView, Answer, Request, classify};

/// A pair: `serving` answers, `candidate` is asked the same on the same state and serves nothing. Works in both directions.
///
/// A candidate that panics is counted once and not asked again; nobody who asks the pair notices. Contracts that are code are asked only when
/// the serving side needs them, so a shadowing `contract` refuses them as `AC-6`.
pub struct ShadowAccess {
    serving: Box<dyn AccessControl>,
    candidate: Box<dyn AccessControl>,
    is_candidate_off: AtomicBool,
    tally: Tally,
}

impl ShadowAccess {
    /// The pair of these two.
    #[must_use]
    pub fn new(serving: Box<dyn AccessControl>, candidate: Box<dyn AccessControl>) -> Self {
        let tally = Tally::new(serving.name(), candidate.name());
        Self { serving, candidate, is_candidate_off: AtomicBool::new(false), tally }
    }

    fn compare(&self, request: &Request<'_>, served: &Answer, other: &Answer) -> Verdict {
        let old = Axis::AccessControl.implementation(Side::Old);
        let new = Axis::AccessControl.implementation(Side::New);
        let (serving, candidate) = (self.serving.name(), self.candidate.name());
        if serving == old && candidate == new {
            classify(request, served, other)
        } else if serving == new && candidate == old {
            classify(request, other, served)
        } else if agree(served, other) {
            Verdict::Same
        } else {
            Verdict::Mismatch { detail: describe(request, served, other) }
        }
    }
}

impl AccessControl for ShadowAccess {
    fn name(&self) -> &'static str {
        self.serving.name()
    }

    fn decide(&self, request: &Request<'_>, view: &dyn AccessView) -> Answer {
        let served = self.serving.decide(request, view);
        if self.is_candidate_off.load(Ordering::Relaxed) {
            return served;
        }
        // Deciding changes nothing, so a candidate that stops halfway leaves nothing half done.
        let asked = catch_unwind(AssertUnwindSafe(|| self.candidate.decide(request, view)));
        let verdict = match asked {
            Ok(other) => self.compare(request, &served, &other),
            Err(panic) => {
                self.is_candidate_off.store(true, Ordering::Relaxed);
                let what = panic
                    .downcast_ref::<&str>()
                    .map(|text| (*text).to_owned())
                    .or_else(|| panic.downcast_ref::<String>().cloned())
                    .unwrap_or_else(|| "an unknown panic".to_owned());
                let name = self.candidate.name();
                let detail = format!(
                    "{name} panicked and is switched off: {what}; caller #{} {} {}",
                    request.caller.0, request.verb, request.artifact.id
                );
                Verdict::CandidateFailed { detail }
            }
        };
        self.tally.record(request.verb.name(), &verdict);
        served
    }

    fn needs_code(&self, request: &Request<'_>, view: &dyn AccessView) -> Option<Key> {
        self.serving.needs_code(request, view)
    }

    fn shadow_report(&self) -> Option<Report> {
        Some(self.tally.report())
    }
}
