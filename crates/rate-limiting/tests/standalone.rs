//! The limiters for people who adopt this crate alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ecology_rate_limiting::{Answer, Clock, DenseLimiter, Limiter};
use ecology_types::{Span, Time};
use proptest::prelude::*;

const WINDOW: Span = Span(1280);

/// A clock that tests move by hand.
#[derive(Debug, Default, Clone)]
struct HandClock(Arc<AtomicU64>);

impl Clock for HandClock {
    fn now(&self) -> Time {
        Time(self.0.load(Ordering::Relaxed))
    }
}

#[test]
fn keys_are_apart_and_ids_have_an_end() {
    let limiter = DenseLimiter::new(10, WINDOW, 100);
    for id in 0..100 {
        assert_eq!(limiter.try_acquire(id, 10, Time(5)), Answer::Admit);
        assert_eq!(limiter.try_acquire(id, 1, Time(5)), Answer::Wait { until: Time(1285) });
    }
    assert_eq!(limiter.try_acquire(100, 1, Time(5)), Answer::AboveShare);
    assert_eq!(limiter.try_acquire(u32::MAX, 1, Time(5)), Answer::AboveShare);
    assert_eq!(
        (limiter.used(7, Time(6)), limiter.used(7, Time(1285)), limiter.used(u32::MAX, Time(5))),
        (10, 0, 0)
    );
    assert_eq!(DenseLimiter::new(1, WINDOW, 0).try_acquire(0, 1, Time(0)), Answer::AboveShare);
}

#[test]
fn permits_settle_cancel_and_drop() {
    let clock = HandClock::default();
    let limiter = Limiter::<String, _>::with_clock(10, WINDOW, clock.clone());
    let permit = limiter.try_reserve("alice", 6, Time(0)).expect("it fits");
    assert_eq!(limiter.try_acquire("alice", 5, Time(9_000)), Answer::Wait { until: Time::NEVER });
    clock.0.store(9_000, Ordering::Relaxed);
    permit.settle(4);
    assert_eq!(limiter.used("alice", Time(9_000)), 4);
    drop(limiter.try_reserve("alice", 6, Time(9_000)));
    limiter.try_reserve("alice", 6, Time(9_000)).expect("the dropped one is free").cancel();
    assert_eq!(limiter.used("alice", Time(9_000)), 4);
    assert_eq!(
        limiter.try_reserve("alice", 7, Time(9_000)).err(),
        Some(Answer::Wait { until: Time(10_280) })
    );
    assert_eq!(limiter.try_reserve("alice", 11, Time(9_000)).err(), Some(Answer::AboveShare));
}

#[test]
fn what_exceeds_a_permit_is_owed_by_the_next_use() {
    let limiter = DenseLimiter::new(10, WINDOW, 4);
    limiter.try_reserve(1, 2, Time(0)).expect("it fits").settle_at(25, Time(0));
    assert_eq!(limiter.used(1, Time(0)), 2);
    assert!(
        matches!(limiter.try_acquire(1, 1, Time(1)), Answer::Wait { .. }),
        "1 + 23 owed ask for the whole limit"
    );
    let mut now = Time(0);
    for _ in 0..2 {
        now = now.after(WINDOW);
        assert_eq!(limiter.try_acquire(1, 1, now), Answer::Admit);
        assert_eq!(limiter.used(1, now), 10);
    }
    now = now.after(WINDOW);
    assert_eq!(limiter.try_acquire(1, 1, now), Answer::Admit);
    assert_eq!(limiter.used(1, now), 6, "the last 5 of 23");
}

#[test]
fn all_or_nothing() {
    let limiter = DenseLimiter::new(10, WINDOW, 200);
    assert_eq!(limiter.try_acquire(130, 8, Time(0)), Answer::Admit);
    let items = [(1, 5), (130, 3), (65, 1)];
    assert_eq!(limiter.try_acquire_all(&items, Time(1)), Answer::Wait { until: Time(1280) });
    assert_eq!((limiter.used(1, Time(1)), limiter.used(65, Time(1))), (0, 0));
    assert_eq!(limiter.try_acquire_all(&items, Time(1280)), Answer::Admit);
    assert_eq!(
        limiter.try_acquire_all(&[(3, 6), (3, 6)], Time(1280)),
        Answer::AboveShare,
        "twice the same adds up"
    );
    assert_eq!(limiter.try_acquire_all(&[(3, 5), (3, 5)], Time(1280)), Answer::Admit);
    assert_eq!(limiter.try_acquire_all(&[(3, 1), (999, 1)], Time(1280)), Answer::AboveShare);
    assert_eq!(limiter.try_acquire_all(&[], Time(1280)), Answer::Admit);
    let keyed = Limiter::<String>::new(10, WINDOW);
    assert_eq!(keyed.try_acquire_all(&[("a", 6), ("b", 10), ("a", 4)], Time(0)), Answer::Admit);
    assert_eq!(keyed.try_acquire_all(&[("c", 6), ("b", 1)], Time(3)), Answer::Wait { until: Time(1280) });
    assert_eq!((keyed.used("a", Time(0)), keyed.used("c", Time(3))), (10, 0));
}

#[test]
fn limits_of_their_own_stay_and_idle_keys_go() {
    let limiter = Limiter::<u64>::new(10, WINDOW);
    limiter.set_limit(&7, Some(1_000));
    let held = limiter.try_reserve(&8, 3, Time(0)).expect("it fits");
    for key in 100..10_100 {
        assert_eq!(limiter.try_acquire(&key, 1, Time(0)), Answer::Admit);
    }
    assert_eq!(limiter.key_count(), 10_002);
    for key in 20_000..40_000 {
        assert_eq!(limiter.try_acquire(&key, 1, Time(2_000 + key)), Answer::Admit);
    }
    let kept = limiter.key_count();
    assert!(kept < 6_000, "{kept} keys, of which about 1280 count");
    assert_eq!(limiter.try_acquire(&7, 1_000, Time(50_000)), Answer::Admit);
    assert_eq!(limiter.used(&8, Time(50_000)), 3);
    drop(held);
    limiter.set_limit(&7, None);
    assert_eq!(limiter.try_acquire(&7, 11, Time(60_000)), Answer::AboveShare);
    for _ in 0..(kept as u64 + 10) * 64 * 17 / 10 {
        limiter.try_acquire(&7, 0, Time(90_000));
    }
}

#[test]
fn time_that_goes_back_counts_as_the_latest() {
    let limiter = DenseLimiter::new(10, WINDOW, 1);
    assert_eq!(limiter.try_acquire(0, 10, Time(0)), Answer::Admit);
    assert_eq!(limiter.try_acquire(0, 1, Time(1280)), Answer::Admit);
    assert_eq!(limiter.try_acquire(0, 9, Time(1279)), Answer::Admit);
    assert_eq!(limiter.used(0, Time(2559)), 10);
    assert_eq!(limiter.used(0, Time(2560)), 0);
}

#[test]
fn threads_never_exceed_a_limit() {
    let limiter = DenseLimiter::new(1_000, WINDOW, 64);
    let keyed = Limiter::<u32>::new(1_000, WINDOW);
    let granted = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for thread in 0..4_u64 {
            let (limiter, keyed, granted) = (&limiter, &keyed, &granted);
            scope.spawn(move || {
                for n in 0..5_000_u64 {
                    let id = u32::try_from((n * 7 + thread) % 3 * 64 % 192 / 64).expect("small");
                    if limiter.try_acquire(id, 1, Time(n % 1000)).is_admit() {
                        granted.fetch_add(1, Ordering::Relaxed);
                    }
                    if let Ok(permit) = limiter.try_reserve(id, 5, Time(0)) {
                        drop(permit);
                    }
                    limiter.try_acquire_all(&[(id, 0), ((id + 1) % 3, 0)], Time(0));
                    keyed.try_acquire(&id, 1, Time(n % 1000));
                }
            });
        }
    });
    let used: u64 = (0..3).map(|id| limiter.used(id, Time(1000))).sum();
    assert_eq!(used, granted.load(Ordering::Relaxed));
    assert!(used <= 3_000, "{used}");
    assert!((0..3).all(|id| limiter.used(id, Time(1000)) <= 1_000 && keyed.used(&id, Time(1000)) == 1_000));
}

fn send_and_sync<T: Send + Sync>() {}

#[test]
fn limiters_cross_threads() {
    send_and_sync::<DenseLimiter>();
    send_and_sync::<Limiter<String>>();
    send_and_sync::<ecology_rate_limiting::Permit<'_>>();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Dense and hashed keys give the same answers, and no trailing window exceeds the limit.
    #[test]
    fn dense_and_hashed_agree_and_keep_the_law(
        steps in prop::collection::vec((0_u32..5, 0_u64..14, 0_u64..200), 1..400)
    ) {
        let (dense, keyed) = (DenseLimiter::new(12, WINDOW, 5), Limiter::<String>::new(12, WINDOW));
        let mut now = Time(0);
        let mut log = Vec::new();
        for (id, weight, pass) in steps {
            now = now.after(Span(pass));
            let answer = dense.try_acquire(id, weight, now);
            prop_assert_eq!(answer, keyed.try_acquire(format!("key {id}").as_str(), weight, now));
            match answer {
                Answer::Admit => log.push((id, weight, now)),
                Answer::AboveShare => prop_assert!(weight > 12),
                Answer::Wait { until } => prop_assert!(until > now && until <= now.after(WINDOW)),
            }
            let sum: u64 = log.iter().filter(|(of, _, then)| *of == id && now.since(*then) < WINDOW)
                .map(|(_, weight, _)| weight).sum();
            prop_assert!(sum <= 12);
        }
    }
}

/// The cycle counter and the clock of the machine agree, and neither goes back.
#[test]
fn the_counter_clock_keeps_the_time_of_the_machine() {
    use ecology_rate_limiting::{Clock, CounterClock, MonotonicClock};

    let (counter, machine) = (CounterClock::default(), MonotonicClock::default());
    let copy = counter.clone();
    let mut last = Time::ZERO;
    while machine.now() < Time(50_000) {
        let before = machine.now();
        let now = counter.now();
        assert!(now >= last, "it went back from {last:?} to {now:?}");
        // It was made a moment earlier, and a thread can be interrupted between two readings.
        assert!(now.0 + 1_000 >= before.0, "{now:?} and {before:?}");
        last = now;
    }
    let (now, machine) = (copy.now(), machine.now());
    assert!(now.0.abs_diff(machine.0) < 20_000, "{now:?} and {machine:?}");
}
