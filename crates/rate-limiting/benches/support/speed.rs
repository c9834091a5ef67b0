//! How long a decision takes.

use std::hint::black_box;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};

use ecology_rate_limiting::{
    Ask, Clock, CounterClock, Decision, DenseLimiter, Horizon, Limiter, MonotonicClock, RateEvent,
    RateLimiter, RollingLimiter, RollingWindow, TickCounter, TickLimiter,
};
use ecology_types::{Charges, Key, Resource, Span, Time};
use governor::clock::FakeRelativeClock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter as Governor};

use crate::Row;
use crate::timing::{Contender, compare};

const SECOND: Span = Span::from_secs(1);

fn quota(per_second: u32) -> Quota {
    Quota::per_second(NonZeroU32::new(per_second).unwrap())
}

/// Time that passes as fast as the given number of decisions per microsecond.
struct Passing {
    time: Time,
    left: u64,
    per_us: u64,
}

impl Passing {
    fn at(per_us: u64) -> Self {
        Self { time: Time::ZERO, left: per_us, per_us }
    }

    #[inline]
    fn now(&mut self) -> Time {
        self.left -= 1;
        if self.left == 0 {
            self.left = self.per_us;
            self.time = Time(self.time.0 + 1);
        }
        self.time
    }
}

/// A cheap random number (xorshift, Marsaglia 2003), the same for all contenders.
#[inline]
fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

/// Below `bound`, without a division (Lemire 2019).
#[inline]
fn below(state: &mut u64, bound: u32) -> u32 {
    (((random(state) >> 32) * u64::from(bound)) >> 32) as u32
}

/// A rolling window of one owner against a governor of one owner; about half of all questions are admitted.
pub fn single(_long: bool) -> Vec<Row> {
    let governor = Governor::direct(quota(20_000_000));
    let still = Governor::direct_with_clock(quota(20_000_000), FakeRelativeClock::default());
    let (mut window, horizon) = (RollingWindow::new(), Horizon::new(SECOND));
    let mut time = Passing::at(40);
    let (mut clocked, clock) = (RollingWindow::new(), MonotonicClock::default());
    let mut limiter = with_share(RollingLimiter::new(SECOND), 20_000_000);
    let mut limiter_time = Passing::at(10);
    let contenders: Vec<Contender<'_>> = vec![
        (
            "rolling",
            Box::new(move |n| {
                (0..n)
                    .filter(|_| window.try_use(black_box(1), 20_000_000, time.now(), horizon).is_admit())
                    .count() as u64
            }),
        ),
        ("governor", Box::new(|n| (0..n).filter(|_| governor.check().is_ok()).count() as u64)),
    ];
    let mut rows = compare(&["rolling_single_owner"], 1_000_000, Some(0.3), contenders);
    let contenders: Vec<Contender<'_>> = vec![
        (
            "rolling+clock",
            Box::new(move |n| {
                (0..n)
                    .filter(|_| clocked.try_use(black_box(1), 20_000_000, clock.now(), horizon).is_admit())
                    .count() as u64
            }),
        ),
        ("governor", Box::new(|n| (0..n).filter(|_| governor.check().is_ok()).count() as u64)),
        ("governor-clock", Box::new(|n| (0..n).filter(|_| still.check().is_ok()).count() as u64)),
        ("decide+apply", Box::new(move |n| decide_and_apply(&mut limiter, &mut limiter_time, n))),
    ];
    let names = ["told:rolling_with_own_clock", "told:governor_without_clock", "told:rolling_decide_apply"];
    rows.extend(compare(&names, 1_000_000, None, contenders));
    rows
}

fn with_share<L: RateLimiter>(mut limiter: L, amount: u64) -> L {
    let event = RateEvent::ShareSet { principal: Key(3), resource: Resource::LlmCalls, amount };
    limiter.apply(&event, Time::ZERO);
    limiter
}

fn decide_and_apply(limiter: &mut dyn RateLimiter, time: &mut Passing, n: u64) -> u64 {
    let (principal, charges) = (Key(3), &Charges::of(Resource::LlmCalls, 1));
    let mut admitted = 0;
    for _ in 0..n {
        let now = time.now();
        if limiter.decide(&Ask::Use { principal, charges }, now) == Decision::Admit {
            limiter.apply(&RateEvent::Used { principal, charges }, now);
            admitted += 1;
        }
    }
    admitted
}

/// Dense ids against a keyed governor; about half of all questions are admitted in steady state.
fn dense(names: [&'static str; 3], keys: u32, per_us: u64, target: f64) -> Vec<Row> {
    let per_key = u32::try_from(per_us * 1_000_000 / 2).unwrap() / keys;
    let per_key = per_key.max(1);
    let limiter = DenseLimiter::new(per_key.into(), SECOND, keys);
    let clocked = DenseLimiter::new(per_key.into(), SECOND, keys);
    let governor = Governor::<u32, _, _>::keyed(quota(per_key));
    let still: Governor<_, _, _, NoOpMiddleware<Nanos>> =
        Governor::new(quota(per_key), DefaultKeyedStateStore::<u32>::default(), FakeRelativeClock::default());
    for id in 0..keys {
        let _ = governor.check_key(&id);
        let _ = still.check_key(&id);
    }
    let mut time = Passing::at(per_us);
    let (mut a, mut b, mut c, mut d, mut e) =
        (88_172_645_463_325_252_u64, 88_172_645_463_325_252, 77, 78, 79);
    let contenders: Vec<Contender<'_>> = vec![
        (
            "dense",
            Box::new(move |n| {
                (0..n).filter(|_| limiter.try_acquire(below(&mut a, keys), 1, time.now()).is_admit()).count()
                    as u64
            }),
        ),
        (
            "governor",
            Box::new(|n| (0..n).filter(|_| governor.check_key(&below(&mut b, keys)).is_ok()).count() as u64),
        ),
    ];
    let decisions = if keys > 100_000 { 1_000_000 } else { 500_000 };
    let mut rows = compare(&names[..1], decisions, Some(target), contenders);
    let contenders: Vec<Contender<'_>> = vec![
        (
            "dense+clock",
            Box::new(move |n| {
                (0..n).filter(|_| clocked.try_acquire_now(below(&mut c, keys), 1).is_admit()).count() as u64
            }),
        ),
        (
            "governor",
            Box::new(|n| (0..n).filter(|_| governor.check_key(&below(&mut e, keys)).is_ok()).count() as u64),
        ),
        (
            "governor-clock",
            Box::new(move |n| {
                (0..n).filter(|_| still.check_key(&below(&mut d, keys)).is_ok()).count() as u64
            }),
        ),
    ];
    rows.extend(compare(&names[1..], decisions, None, contenders));
    rows
}

pub fn dense_1(_long: bool) -> Vec<Row> {
    dense(["dense_1_key", "told:dense_1_own_clock", "told:governor_1_without_clock"], 1, 20, 0.6)
}

pub fn dense_10k(_long: bool) -> Vec<Row> {
    dense(["dense_10k_keys", "told:dense_10k_own_clock", "told:governor_10k_without_clock"], 10_000, 20, 0.6)
}

pub fn dense_1m(_long: bool) -> Vec<Row> {
    dense(["dense_1m_keys", "told:dense_1m_own_clock", "told:governor_1m_without_clock"], 1_000_000, 4, 0.9)
}

/// Names of ten thousand agents against a keyed governor.
pub fn hashed_10k(_long: bool) -> Vec<Row> {
    const KEYS: u32 = 10_000;
    let names: Vec<String> = (0..KEYS).map(|n| format!("agent-{n:08}")).collect();
    let limiter = Limiter::<String>::new(1_000, SECOND);
    let clocked = Limiter::<String>::new(1_000, SECOND);
    let governor = Governor::<String, _, _>::keyed(quota(1_000));
    let mut time = Passing::at(20);
    let (mut a, mut b, mut c, mut d) = (5, 5, 6, 7);
    let contenders: Vec<Contender<'_>> = vec![
        (
            "hashed",
            Box::new(|n| {
                let admitted = |_: &u64| {
                    let name = names[below(&mut a, KEYS) as usize].as_str();
                    limiter.try_acquire(name, 1, time.now()).is_admit()
                };
                (0..n).filter(admitted).count() as u64
            }),
        ),
        (
            "governor",
            Box::new(|n| {
                (0..n).filter(|_| governor.check_key(&names[below(&mut b, KEYS) as usize]).is_ok()).count()
                    as u64
            }),
        ),
    ];
    let mut rows = compare(&["hashed_10k_keys"], 500_000, Some(1.0), contenders);
    let contenders: Vec<Contender<'_>> = vec![
        (
            "hashed+clock",
            Box::new(|n| {
                let admitted = |_: &u64| {
                    clocked.try_acquire_now(names[below(&mut c, KEYS) as usize].as_str(), 1).is_admit()
                };
                (0..n).filter(admitted).count() as u64
            }),
        ),
        (
            "governor",
            Box::new(|n| {
                (0..n).filter(|_| governor.check_key(&names[below(&mut d, KEYS) as usize]).is_ok()).count()
                    as u64
            }),
        ),
    ];
    rows.extend(compare(&["told:hashed_10k_own_clock"], 500_000, None, contenders));
    rows
}

/// Everybody with a clock of its own: ours with the cycle counter, the peer with the same, ours with the clock of the machine, and the two clocks
/// alone as the floors.
pub fn own_clock(_long: bool) -> Vec<Row> {
    const KEYS: u32 = 10_000;
    let names: Vec<String> = (0..KEYS).map(|n| format!("agent-{n:08}")).collect();
    let name = |state: &mut u64| names[below(state, KEYS) as usize].as_str();
    let (counter, machine) = (CounterClock::default(), MonotonicClock::default());
    let counted = Limiter::<String, _>::with_clock(1_000, SECOND, counter.clone());
    let clocked = Limiter::<String, _>::with_clock(1_000, SECOND, machine);
    let governor = Governor::<String, _, _>::keyed(quota(1_000));
    let (mut a, mut b, mut c) = (5, 5, 5);
    let contenders: Vec<Contender<'_>> = vec![
        (
            "hashed+counter",
            Box::new(|n| {
                (0..n).filter(|_| counted.try_acquire_now(name(&mut a), 1).is_admit()).count() as u64
            }),
        ),
        (
            "governor",
            Box::new(|n| {
                (0..n).filter(|_| governor.check_key(&names[below(&mut b, KEYS) as usize]).is_ok()).count()
                    as u64
            }),
        ),
        (
            "hashed+machine",
            Box::new(|n| {
                (0..n).filter(|_| clocked.try_acquire_now(name(&mut c), 1).is_admit()).count() as u64
            }),
        ),
        ("counter-alone", Box::new(|n| (0..n).map(|_| counter.now().0).fold(0, u64::wrapping_add))),
        ("machine-alone", Box::new(|n| (0..n).map(|_| machine.now().0).fold(0, u64::wrapping_add))),
    ];
    let told = [
        "hashed_10k_counter_clock",
        "told:hashed_10k_machine_clock",
        "told:counter_clock_floor",
        "told:machine_clock_floor",
    ];
    let mut rows = compare(&told, 500_000, None, contenders);

    let counted = DenseLimiter::with_clock(1_000, SECOND, KEYS, counter.clone());
    let clocked = DenseLimiter::with_clock(1_000, SECOND, KEYS, machine);
    let governor = Governor::<u32, _, _>::keyed(quota(1_000));
    let (mut a, mut b, mut c) = (6, 6, 6);
    let contenders: Vec<Contender<'_>> = vec![
        (
            "dense+counter",
            Box::new(|n| {
                (0..n).filter(|_| counted.try_acquire_now(below(&mut a, KEYS), 1).is_admit()).count() as u64
            }),
        ),
        (
            "governor",
            Box::new(|n| (0..n).filter(|_| governor.check_key(&below(&mut b, KEYS)).is_ok()).count() as u64),
        ),
        (
            "dense+machine",
            Box::new(|n| {
                (0..n).filter(|_| clocked.try_acquire_now(below(&mut c, KEYS), 1).is_admit()).count() as u64
            }),
        ),
    ];
    rows.extend(compare(
        &["dense_10k_counter_clock", "told:dense_10k_machine_clock"],
        500_000,
        None,
        contenders,
    ));
    rows
}

/// A tick counter against the least that any shared counter costs.
pub fn tick(_long: bool) -> Vec<Row> {
    let mut counter = TickCounter::default();
    let floor = AtomicU64::new(0);
    let mut limiter = with_share(TickLimiter::new(SECOND), u64::MAX);
    let mut time = Passing::at(10);
    let contenders: Vec<Contender<'_>> = vec![
        (
            "tick",
            Box::new(move |n| {
                let admitted = |at: &u64| counter.try_use(black_box(1), 1 << 14, at >> 15).is_admit();
                (0..n).filter(admitted).count() as u64
            }),
        ),
        (
            "fetch_add",
            Box::new(|n| {
                (0..n).filter(|_| floor.fetch_add(black_box(1), Ordering::Relaxed) & 1 == 0).count() as u64
            }),
        ),
        ("decide+apply", Box::new(move |n| decide_and_apply(&mut limiter, &mut time, n))),
    ];
    compare(&["tick", "told:tick_decide_apply"], 1_000_000, Some(1.3), contenders)
}

/// Bytes per idle key, by the memory of this process.
#[expect(clippy::cast_precision_loss, reason = "bytes of one process")]
pub fn idle_key(_long: bool) -> Vec<Row> {
    const KEYS: u32 = 4_000_000;
    let resident = || {
        let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
        let pages: u64 = statm.split_whitespace().nth(1).unwrap().parse().unwrap();
        pages * rustix::param::page_size() as u64
    };
    let before = resident();
    let limiter = black_box(DenseLimiter::new(10, SECOND, KEYS));
    for id in 0..KEYS {
        limiter.try_acquire(id, 1, Time(u64::from(id)));
    }
    let bytes = resident().saturating_sub(before) as f64 / f64::from(KEYS);
    drop(limiter);
    let (ours, peer) = (format!("{bytes:.1}B"), "72B:target".to_owned());
    vec![Row { name: "idle_key_bytes", ours, peer, value: bytes / 72.0, target: Some(1.0) }]
}
