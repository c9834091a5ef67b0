//! The suite that every implementation has to pass, alone and as a pair.
//!
//! ```
//! use ecology_container_limits::{ConfigLimits, conformance};
//! conformance::run(&|capacity| Box::new(ConfigLimits::new(capacity)));
//! ```

use std::collections::BTreeMap;

use ecology_types::{Charges, Key, Resource, Seed, Span};

use crate::{
    Capacity, EnforceError, Limit, Plan, ResourceLimits, Verdict, enforce_together, enforce_transfer,
};

/// How many random worlds each law is tried on.
pub const WORLDS: u64 = 300;

/// Makes an implementation over a capacity.
pub type Build<'a> = &'a dyn Fn(Capacity) -> Box<dyn ResourceLimits>;

/// Runs every law of the suite.
///
/// # Panics
/// When the implementation breaks one; the message says which.
pub fn run(build: Build<'_>) {
    planning_is_pure_and_monotone(build);
    shares_that_fit_give_plans_that_fit(build);
    plans_in_force_stay_within_the_capacity(build);
    a_refused_plan_changes_nothing(build);
    usage_is_judged_to_the_unit(build);
    a_transfer_happens_whole_or_not_at_all(build);
    transfers_among_several_need_no_order(build);
}

/// Makes a test of the suite for each named implementation: `limits_suite! { config: |capacity| ConfigLimits::new(capacity), ... }`.
#[macro_export]
macro_rules! limits_suite {
    ($($name:ident: $make:expr),* $(,)?) => {$(
        #[test]
        fn $name() {
            $crate::conformance::run(&|capacity| ::std::boxed::Box::new(($make)(capacity)));
        }
    )*};
}

/// Numbers that follow from a seed.
struct Draws(Seed, u64);

impl Draws {
    fn of(law: &str, number: u64) -> Self {
        Self(Seed(31).derive(law, number), 0)
    }

    /// A number from 0 to `bound`; the modulo's bias does not matter here.
    fn up_to(&mut self, bound: u64) -> u64 {
        self.1 += 1;
        let draw = self.0.derive("draw", self.1).0;
        bound.checked_add(1).map_or(draw, |bound| draw % bound)
    }

    fn amounts(&mut self, bound: &Charges) -> Charges {
        let mut amounts = Charges::NONE;
        for resource in Resource::ALL {
            amounts[resource] = self.up_to(bound[resource]);
        }
        amounts
    }

    /// Small numbers, where rounding shows, ordinary ones, and the largest there are.
    fn capacity(&mut self) -> Capacity {
        let bound = match self.up_to(2) {
            0 => 7,
            1 => 1 << 30,
            _ => u64::MAX,
        };
        let shares = self.amounts(&Charges([bound; Resource::COUNT]));
        Capacity { window: Span(1 + self.up_to(1_000_000)), shares, pids: self.up_to(10_000) }
    }

    /// Shares of up to eight principals that together fit the capacity.
    fn fitting(&mut self, capacity: &Capacity) -> Vec<Charges> {
        let mut left = capacity.shares;
        let principals = 1 + self.up_to(7);
        (0..principals)
            .map(|_| {
                let shares = self.amounts(&left);
                for resource in Resource::ALL {
                    left[resource] -= shares[resource];
                }
                shares
            })
            .collect()
    }
}

fn principal(number: usize) -> Key {
    Key(12 + u32::try_from(number).unwrap_or(0))
}

fn planning_is_pure_and_monotone(build: Build<'_>) {
    for number in 0..WORLDS {
        let mut draws = Draws::of("monotone", number);
        let capacity = draws.capacity();
        let limits = build(capacity);
        assert_eq!(limits.plan(&Charges::NONE), Plan { window: capacity.window, ..Plan::default() });
        let more = draws.amounts(&Charges([u64::MAX; Resource::COUNT]));
        let less = draws.amounts(&more);
        let (high, low) = (limits.plan(&more), limits.plan(&less));
        assert_eq!(high, limits.plan(&more), "planning twice gives one plan");
        for limit in Limit::ALL {
            assert!(low.amount(limit) <= high.amount(limit), "{limit}: {less:?} gives more than {more:?}");
            assert!(high.amount(limit) <= capacity.amount(limit), "{limit}: {high:?} of {capacity:?}");
        }
    }
}

fn shares_that_fit_give_plans_that_fit(build: Build<'_>) {
    for number in 0..WORLDS {
        let mut draws = Draws::of("fit", number);
        let capacity = draws.capacity();
        let mut limits = build(capacity);
        for (at, shares) in draws.fitting(&capacity).iter().enumerate() {
            let plan = limits.plan(shares);
            limits.enforce(principal(at), &plan).unwrap_or_else(|error| panic!("{shares:?}: {error}"));
            assert_eq!(limits.enforced(principal(at)), Some(plan));
        }
    }
}

/// Whatever is asked in whatever order: the sum of what is in force fits.
fn plans_in_force_stay_within_the_capacity(build: Build<'_>) {
    for number in 0..WORLDS {
        let mut draws = Draws::of("force", number);
        let capacity = draws.capacity();
        let mut limits = build(capacity);
        let mut model: BTreeMap<Key, Plan> = BTreeMap::new();
        for _ in 0..30 {
            let key = Key(12 + u32::try_from(draws.up_to(5)).unwrap_or(0));
            if draws.up_to(4) == 0 {
                limits.release(key);
                model.remove(&key);
            } else {
                let plan = limits.plan(&draws.amounts(&capacity.shares));
                if limits.enforce(key, &plan).is_ok() {
                    model.insert(key, plan);
                }
            }
            for key in (12..18).map(Key) {
                assert_eq!(limits.enforced(key), model.get(&key).copied());
            }
            for limit in Limit::ALL {
                let sum: u128 = model.values().map(|plan| u128::from(plan.amount(limit))).sum();
                assert!(sum <= u128::from(capacity.amount(limit)), "{limit}: {sum} in force of {capacity:?}");
            }
        }
    }
}

fn a_refused_plan_changes_nothing(build: Build<'_>) {
    let shares = Charges([100; Resource::COUNT]);
    let capacity = Capacity { window: Span(1_000), shares, pids: 100 };
    let mut limits = build(capacity);
    let (one, other) = (principal(0), principal(1));
    let half = limits.plan(&Charges([50; Resource::COUNT]));
    for key in [one, other] {
        assert_eq!(limits.enforce(key, &half), Ok(()));
        assert_eq!(
            limits.enforce(key, &half),
            Ok(()),
            "a plan takes the place of the former, it does not add to it"
        );
    }
    let above = limits.plan(&Charges([50; Resource::COUNT]).with(Resource::Disk, 51));
    let expected = EnforceError::OverCapacity { limit: Limit::Disk, asked: 51, free: 50 };
    assert_eq!(limits.enforce(one, &above), Err(expected));
    let elsewhen = Plan { window: Span(999), ..half };
    let expected = EnforceError::WindowDiffers { asked: Span(999), window: Span(1_000) };
    assert_eq!(limits.enforce(one, &elsewhen), Err(expected));
    assert_eq!(limits.enforced(one), Some(half));
    limits.release(other);
    limits.release(other);
    assert_eq!(limits.enforced(other), None);
    assert_eq!(limits.enforce(one, &limits.plan(&shares)), Ok(()), "what was released is free");
}

fn usage_is_judged_to_the_unit(build: Build<'_>) {
    for number in 0..WORLDS {
        let mut draws = Draws::of("judge", number);
        let capacity = draws.capacity();
        let mut limits = build(capacity);
        let shares = draws.amounts(&capacity.shares);
        let plan = limits.plan(&shares);
        let key = principal(0);
        assert_eq!(limits.admit(key, &Charges::NONE), Verdict::NoPlan);
        limits.enforce(key, &plan).unwrap_or_else(|error| panic!("{error}"));
        let most = Limit::ALL.into_iter().fold(Charges::NONE, |most, limit| match limit.resource() {
            Some(resource) => most.with(resource, plan.amount(limit)),
            None => most,
        });
        assert_eq!(limits.admit(key, &most), Verdict::Within);
        for limit in Limit::ALL {
            let Some(resource) = limit.resource() else { continue };
            let Some(used) = most[resource].checked_add(1) else { continue };
            let expected = Verdict::Exceeds { limit, used, allowed: most[resource] };
            assert_eq!(limits.admit(key, &most.with(resource, used)), expected);
        }
        let models = Charges::of(Resource::LlmBudget, u64::MAX).with(Resource::LlmTokens, u64::MAX);
        assert_eq!(limits.admit(key, &models), Verdict::Within, "language models are not limited here");
        limits.release(key);
        assert_eq!(limits.admit(key, &Charges::NONE), Verdict::NoPlan);
    }
}

fn a_transfer_happens_whole_or_not_at_all(build: Build<'_>) {
    let capacity = Capacity { window: Span(1_000), shares: Charges([100; Resource::COUNT]), pids: 100 };
    let mut limits = build(capacity);
    let (giver, receiver) = (principal(0), principal(1));
    let plans = [0, 30, 40, 60, 70].map(|share| limits.plan(&Charges([share; Resource::COUNT])));
    let [_, p30, p40, p60, p70] = plans;
    for (key, plan) in [(giver, &p60), (receiver, &p40)] {
        assert_eq!(limits.enforce(key, plan), Ok(()));
    }
    assert!(limits.enforce(receiver, &p70).is_err(), "the buyer first does not fit");
    assert_eq!(enforce_transfer(&mut *limits, (giver, &p30), (receiver, &p70)), Ok(()));
    assert_eq!((limits.enforced(giver), limits.enforced(receiver)), (Some(p30), Some(p70)));
    // More than was given: both stay as they are.
    let before = (limits.enforced(giver), limits.enforced(receiver));
    let beyond = Plan { cpu_us: 90, ..p70 };
    assert!(
        enforce_transfer(&mut *limits, (giver, &plans[0]), (receiver, &Plan { cpu_us: 101, ..beyond }))
            .is_err()
    );
    assert_eq!((limits.enforced(giver), limits.enforced(receiver)), before);
    // A newcomer that gives what it does not have.
    let newcomer = principal(2);
    assert!(enforce_transfer(&mut *limits, (newcomer, &plans[0]), (receiver, &beyond)).is_err());
    assert_eq!((limits.enforced(newcomer), limits.enforced(receiver)), (None, before.1));
}

/// The whole capacity changes hands among several at once, in every direction: who is named first does not matter, and no sum in between exceeds it.
fn transfers_among_several_need_no_order(build: Build<'_>) {
    for number in 0..WORLDS {
        let mut draws = Draws::of("together", number);
        let capacity = draws.capacity();
        let mut limits = build(capacity);
        let before = draws.fitting(&capacity);
        for (at, shares) in before.iter().enumerate() {
            let plan = limits.plan(shares);
            limits.enforce(principal(at), &plan).unwrap_or_else(|error| panic!("{shares:?}: {error}"));
        }
        let after = draws.fitting(&capacity);
        let mut plans: Vec<(Key, Option<Plan>)> = (0..before.len().max(after.len()))
            .map(|at| (principal(at), after.get(at).map(|shares| limits.plan(shares))))
            .collect();
        if draws.up_to(1) == 0 {
            plans.reverse();
        }
        assert_eq!(enforce_together(&mut *limits, &plans), Ok(()), "{before:?} to {after:?} of {capacity:?}");
        for (key, plan) in &plans {
            assert_eq!(limits.enforced(*key), *plan);
        }
        // One that does not fit leaves everybody as they were.
        let Some(one_more) = capacity.shares[Resource::Memory].checked_add(1) else { continue };
        let Some((key, Some(plan))) = plans.iter().find(|(_, plan)| plan.is_some()).copied() else {
            continue;
        };
        let beyond = Plan { memory_bytes: one_more, ..plan };
        let mut asked: Vec<(Key, Option<Plan>)> =
            plans.iter().map(|(key, plan)| (*key, plan.map(|_| limits.plan(&Charges::NONE)))).collect();
        asked.push((key, Some(beyond)));
        assert!(enforce_together(&mut *limits, &asked).is_err());
        for (key, plan) in &plans {
            assert_eq!(limits.enforced(*key), *plan, "a change that failed left a trace");
        }
    }
}
