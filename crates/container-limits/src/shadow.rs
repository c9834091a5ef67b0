//! One implementation serves, the other is compared.

use std::panic::{AssertUnwindSafe, catch_unwind};

use ecology_shadow::{Comparison, Options, Subject};
use ecology_types::{Charges, Key};

use crate::divergence::REGISTER;
use crate::{EnforceError, Plan, ResourceLimits, Verdict, classify};

/// The kinds of question of this axis.
static SUBJECT: Subject =
    Subject { kinds: &["plan", "enforce", "release", "admit"], often: None, register: REGISTER };
const PLAN: usize = 0;
const ENFORCE: usize = 1;
const RELEASE: usize = 2;
const ADMIT: usize = 3;

/// A pair: `serving` answers, `candidate` is asked the same on the same history and serves nothing.
///
/// The candidate is told of the plans that are in force, so it has to be one that keeps accounts without limiting anybody. When it would have
/// decided otherwise about a plan, it is put back to what the serving side has: both hold the same history. A candidate that panics is
/// counted once and not asked again. Every plan that is put in force or released is compared, also where other questions are sampled.
pub struct ShadowLimits {
    serving: Box<dyn ResourceLimits>,
    candidate: Box<dyn ResourceLimits>,
    comparison: Comparison,
}

impl ShadowLimits {
    /// The pair of these two, before any plan is in force. Every question is compared.
    #[must_use]
    pub fn new(serving: Box<dyn ResourceLimits>, candidate: Box<dyn ResourceLimits>) -> Self {
        Self::with(serving, candidate, Options::default())
    }

    /// The same with a say in what is compared, how it is timed and what the candidate may cost.
    #[must_use]
    pub fn with(
        serving: Box<dyn ResourceLimits>,
        candidate: Box<dyn ResourceLimits>,
        options: Options,
    ) -> Self {
        let comparison = Comparison::new(&SUBJECT, serving.name(), candidate.name(), options);
        Self { serving, candidate, comparison }
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
            self.comparison.switch_off("it cannot be given the plan that is in force");
        }
    }
}

impl ResourceLimits for ShadowLimits {
    fn name(&self) -> &'static str {
        self.serving.name()
    }

    fn plan(&self, shares: &Charges) -> Plan {
        self.comparison.ask(
            PLAN,
            || self.serving.plan(shares),
            || self.candidate.plan(shares),
            |served, other| classify(served, other, || format!("plan for {shares:?}")),
            || format!("plan for {shares:?}"),
        )
    }

    fn enforce(&mut self, principal: Key, plan: &Plan) -> Result<(), EnforceError> {
        let (serving, candidate) = (&mut self.serving, &mut self.candidate);
        let mut differs = false;
        let question = || format!("#{} gets {plan:?}", principal.0);
        let served = self.comparison.ask_and_tell(
            ENFORCE,
            || serving.enforce(principal, plan),
            || candidate.enforce(principal, plan),
            |served, other| {
                differs = served.is_ok() != other.is_ok();
                classify(served, other, question)
            },
            question,
        );
        if differs {
            self.align(principal);
        }
        served
    }

    fn release(&mut self, principal: Key) {
        let (serving, candidate) = (&mut self.serving, &mut self.candidate);
        let question = || format!("#{} is released", principal.0);
        self.comparison.ask_and_tell(
            RELEASE,
            || serving.release(principal),
            || candidate.release(principal),
            |served, other| classify(served, other, question),
            question,
        );
    }

    fn enforced(&self, principal: Key) -> Option<Plan> {
        self.serving.enforced(principal)
    }

    fn admit(&self, principal: Key, usage: &Charges) -> Verdict {
        let question = || format!("#{} uses {usage:?}", principal.0);
        self.comparison.ask(
            ADMIT,
            || self.serving.admit(principal, usage),
            || self.candidate.admit(principal, usage),
            |served, other| classify(served, other, question),
            question,
        )
    }

    fn comparison(&self) -> Option<&Comparison> {
        Some(&self.comparison)
    }
}
