//! Configured numbers: properties of plans, and accounts that stay exact.

use ecology_container_limits::{
    Capacity, ConfigLimits, EnforceError, Limit, REGISTER, ResourceLimits, Verdict,
};
use ecology_types::{Charges, Key, Resource, Span};
use proptest::prelude::*;

fn capacity(amount: u64) -> Capacity {
    Capacity { window: Span::from_secs(1), shares: Charges([amount; Resource::COUNT]), pids: amount }
}

fn shares() -> impl Strategy<Value = Charges> {
    proptest::array::uniform8(0_u64..1_000).prop_map(Charges)
}

proptest! {
    #[test]
    fn more_of_a_share_never_gives_less(shares in shares(), more in shares(), total in 0_u64..2_000, pids in 0_u64..64) {
        let capacity = Capacity { pids, ..capacity(total) };
        let (low, high) = (capacity.plan(&shares), capacity.plan(&shares.saturating_add(&more)));
        for limit in Limit::ALL {
            prop_assert!(low.amount(limit) <= high.amount(limit));
        }
    }

    /// Shares that fit the capacity give plans that fit it together, also where processes are rounded.
    #[test]
    fn the_sum_of_plans_is_within_the_capacity(parts in proptest::collection::vec(shares(), 1..12), pids in 0_u64..64) {
        let total = parts.iter().fold(Charges::NONE, |sum, part| sum.saturating_add(part));
        let capacity = Capacity { window: Span(7), shares: total, pids };
        let mut limits = ConfigLimits::new(capacity);
        for (key, part) in (12..).map(Key).zip(&parts) {
            let plan = limits.plan(part);
            prop_assert_eq!(limits.enforce(key, &plan), Ok(()));
        }
        for limit in Limit::ALL {
            let sum: u64 = parts.iter().map(|part| capacity.plan(part).amount(limit)).sum();
            prop_assert!(sum <= capacity.amount(limit));
            prop_assert_eq!(limits.free(limit), capacity.amount(limit) - sum);
        }
        for key in (12..).map(Key).take(parts.len()) {
            limits.release(key);
        }
        for limit in Limit::ALL {
            prop_assert_eq!(limits.free(limit), capacity.amount(limit));
        }
    }
}

#[test]
fn a_memory_peak_above_the_plan_is_flagged_in_words() {
    let mut limits = ConfigLimits::new(capacity(1_000));
    let agent = Key(12);
    let plan = limits.plan(&Charges([100; Resource::COUNT]));
    limits.enforce(agent, &plan).expect("it fits");
    let verdict = limits.admit(agent, &Charges::of(Resource::Memory, 150).with(Resource::Cpu, 500));
    assert_eq!(verdict, Verdict::Exceeds { limit: Limit::Memory, used: 150, allowed: 100 });
    assert_eq!(verdict.to_string(), "used 150 of memory where the plan allows 100");
    let verdict = limits.admit(Key(13), &Charges::NONE);
    assert_eq!(verdict.to_string(), "no plan is in force, so nothing may be used");
    let error =
        limits.enforce(Key(13), &limits.plan(&Charges([950; Resource::COUNT]))).expect_err("it is too much");
    assert_eq!(
        error.to_string(),
        "950 of memory do not fit: 900 are free; lower the plan of somebody else first"
    );
    assert_eq!(plan.pids, 100, "a tenth of the memory, a tenth of the processes");
}

#[test]
fn the_largest_numbers_do_not_overflow() {
    let mut limits = ConfigLimits::new(capacity(u64::MAX));
    let all = limits.plan(&Charges([u64::MAX; Resource::COUNT]));
    assert_eq!(all.pids, u64::MAX);
    assert_eq!(limits.enforce(Key(12), &all), Ok(()));
    let one = limits.plan(&Charges([1; Resource::COUNT]));
    let expected = EnforceError::OverCapacity { limit: Limit::Memory, asked: 1, free: 0 };
    assert_eq!(limits.enforce(Key(13), &one), Err(expected));
    let nothing = ConfigLimits::new(capacity(0));
    assert_eq!(nothing.plan(&Charges([5; Resource::COUNT])).pids, 0, "no memory, no division by it");
}

#[test]
fn there_is_nothing_to_differ_from_yet() {
    assert!(REGISTER.is_empty());
    assert_eq!(ConfigLimits::new(capacity(1)).name(), "config");
}
