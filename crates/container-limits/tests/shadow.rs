//! The pair: one serves, the other is compared and cannot hurt.

use ecology_container_limits::{
    Capacity, ConfigLimits, EnforceError, Plan, ResourceLimits, ShadowLimits, Verdict,
};
use ecology_types::{Charges, Key, Resource, Span};

const CAPACITY: Capacity =
    Capacity { window: Span(1_000), shares: Charges([100; Resource::COUNT]), pids: 100 };

/// Like the configured numbers, but with a fault.
struct Faulty {
    inner: ConfigLimits,
    fault: Fault,
}

#[derive(PartialEq)]
enum Fault {
    AdmitsEverything,
    RefusesLargePlans,
    PanicsOnPlans,
}

impl ResourceLimits for Faulty {
    fn name(&self) -> &'static str {
        "faulty"
    }

    fn plan(&self, shares: &Charges) -> Plan {
        assert!(self.fault != Fault::PanicsOnPlans, "planted");
        self.inner.plan(shares)
    }

    fn enforce(&mut self, principal: Key, plan: &Plan) -> Result<(), EnforceError> {
        if self.fault == Fault::RefusesLargePlans && plan.cpu_us > 50 {
            return Err(EnforceError::WindowDiffers { asked: plan.window, window: plan.window });
        }
        self.inner.enforce(principal, plan)
    }

    fn release(&mut self, principal: Key) {
        self.inner.release(principal);
    }

    fn enforced(&self, principal: Key) -> Option<Plan> {
        self.inner.enforced(principal)
    }

    fn admit(&self, principal: Key, usage: &Charges) -> Verdict {
        if self.fault == Fault::AdmitsEverything {
            Verdict::Within
        } else {
            self.inner.admit(principal, usage)
        }
    }
}

/// A short life: mismatches, failures and questions that were compared.
fn live(fault: Fault) -> (u64, u64, u64) {
    let mut alone = ConfigLimits::new(CAPACITY);
    let mut pair = ShadowLimits::new(
        Box::new(ConfigLimits::new(CAPACITY)),
        Box::new(Faulty { inner: ConfigLimits::new(CAPACITY), fault }),
    );
    let key = Key(12);
    for share in [10, 80, 20] {
        let plan = pair.plan(&Charges([share; Resource::COUNT]));
        assert_eq!(plan, alone.plan(&Charges([share; Resource::COUNT])));
        assert_eq!(pair.enforce(key, &plan), alone.enforce(key, &plan));
        for used in [5, 15, 90] {
            let usage = Charges::of(Resource::Memory, used);
            assert_eq!(pair.admit(key, &usage), alone.admit(key, &usage));
        }
    }
    pair.release(key);
    let report = pair.shadow_report().expect("a pair reports");
    assert_eq!((pair.name(), report.candidate.as_str()), ("config", "faulty"));
    (report.mismatched, report.candidate_failures, report.compared)
}

#[test]
fn faults_are_reported_and_never_served() {
    let (mismatched, failures, compared) = live(Fault::AdmitsEverything);
    assert_eq!((mismatched, failures, compared), (2 + 1 + 1, 0, 16));
    // The plan that only the candidate refuses cannot be given to it afterwards either: it holds another history and is not asked any more.
    let (mismatched, failures, compared) = live(Fault::RefusesLargePlans);
    assert_eq!((mismatched, failures, compared), (1, 0, 7));
    let (mismatched, failures, compared) = live(Fault::PanicsOnPlans);
    assert_eq!((mismatched, failures, compared), (0, 1, 1));
}

#[test]
fn a_pair_of_equals_has_nothing_to_report() {
    let config = || Box::new(ConfigLimits::new(CAPACITY));
    let mut pair = ShadowLimits::new(config(), config());
    let plan = pair.plan(&Charges([10; Resource::COUNT]));
    pair.enforce(Key(12), &plan).expect("it fits");
    assert!(pair.enforce(Key(13), &Plan { cpu_us: 1_000, ..plan }).is_err());
    pair.admit(Key(13), &Charges::NONE);
    let report = pair.shadow_report().expect("a pair reports");
    assert_eq!((report.compared, report.same), (4, 4));
    assert!(config().shadow_report().is_none());
}
