//! One implementation serves, the other is compared.

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use ecology_shadow::{Report, Tally, Verdict as Comparison};
use ecology_types::{Charges, Key};

use crate::{EnforceError, Plan, ResourceLimits, Verdict, classify};

/// A pair: `serving` answers, `candidate` is asked the same on the same history and serves nothing.
///
/// The candidate is told of the plans that are in force, so it has to be one that keeps accounts without limiting anybody. When it would have
/// decided otherwise about a plan, it is put back to what the serving side has: both hold the same history. A candidate that panics is
/// counted once and not asked again.
pub struct ShadowLimits {
    serving: Box<dyn ResourceLimits>,
    candidate: Box<dyn ResourceLimits>,
    is_candidate_off: AtomicBool,
    tally: Tally,
}

impl ShadowLimits {
    /// The pair of these two, before any plan is in force.
    #[must_use]
    pub fn new(serving: Box<dyn ResourceLimits>, candidate: Box<dyn ResourceLimits>) -> Self {
        let tally = Tally::new(serving.name(), candidate.name());
        Self { serving, candidate, is_candidate_off: AtomicBool::new(false), tally }
    }

    /// Records what the candidate said, or that it panicked.
    fn note<T: PartialEq + Debug>(
        &self,
        kind: &'static str,
        served: &T,
        asked: std::thread::Result<T>,
        describe: impl FnOnce() -> String,
    ) {
        let comparison = match asked {
            Ok(answer) => classify(served, &answer, describe),
            Err(panic) => {
                self.is_candidate_off.store(true, Ordering::Relaxed);
                let what = panic
                    .downcast_ref::<&str>()
                    .map(|text| (*text).to_owned())
                    .or_else(|| panic.downcast_ref::<String>().cloned())
                    .unwrap_or_else(|| "an unknown panic".to_owned());
                let name = self.candidate.name();
                Comparison::CandidateFailed {
                    detail: format!("{name} panicked and is switched off: {what}; {}", describe()),
                }
            }
        };
        self.tally.record(kind, &comparison);
    }

    fn is_off(&self) -> bool {
        self.is_candidate_off.load(Ordering::Relaxed)
    }

    /// Gives the candidate the plan that the serving side has in force for `principal`.
    fn align(&mut self, principal: Key) {
        let (plan, candidate) = (self.serving.enforced(principal), &mut self.candidate);
        let aligned = catch_unwind(AssertUnwindSafe(|| match plan {
            Some(plan) => candidate.enforce(principal, &plan).is_ok(),
            None => {
                candidate.release(principal);
                true
            }
        }));
        // A candidate that does not hold the same history any more has nothing to say.
        if !matches!(aligned, Ok(true)) {
            self.is_candidate_off.store(true, Ordering::Relaxed);
        }
    }
}

impl ResourceLimits for ShadowLimits {
    fn name(&self) -> &'static str {
        self.serving.name()
    }

    fn plan(&self, shares: &Charges) -> Plan {
        let served = self.serving.plan(shares);
        if !self.is_off() {
            let asked = catch_unwind(AssertUnwindSafe(|| self.candidate.plan(shares)));
            self.note("plan", &served, asked, || format!("plan for {shares:?}"));
        }
        served
    }

    fn enforce(&mut self, principal: Key, plan: &Plan) -> Result<(), EnforceError> {
        let served = self.serving.enforce(principal, plan);
        if !self.is_off() {
            let candidate = &mut self.candidate;
            let asked = catch_unwind(AssertUnwindSafe(|| candidate.enforce(principal, plan)));
            let differs = asked.as_ref().is_ok_and(|asked| asked.is_ok() != served.is_ok());
            self.note("enforce", &served, asked, || format!("#{} gets {plan:?}", principal.0));
            if differs {
                self.align(principal);
            }
        }
        served
    }

    fn release(&mut self, principal: Key) {
        self.serving.release(principal);
        if !self.is_off() {
            let candidate = &mut self.candidate;
            let asked = catch_unwind(AssertUnwindSafe(|| candidate.release(principal)));
            self.note("release", &(), asked, || format!("#{} is released", principal.0));
        }
    }

    fn enforced(&self, principal: Key) -> Option<Plan> {
        self.serving.enforced(principal)
    }

    fn admit(&self, principal: Key, usage: &Charges) -> Verdict {
        let served = self.serving.admit(principal, usage);
        if !self.is_off() {
            let asked = catch_unwind(AssertUnwindSafe(|| self.candidate.admit(principal, usage)));
            self.note("admit", &served, asked, || format!("#{} uses {usage:?}", principal.0));
        }
        served
    }

    fn shadow_report(&self) -> Option<Report> {
        Some(self.tally.report())
    }
}
