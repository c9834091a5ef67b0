//! Waiting for several keys at once: one suite for both limiters, as futures in virtual time and on threads.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ecology_rate_limiting::{
    Answer, Clock, DenseLimiter, ItemAboveLimit, Limiter, MonotonicClock, TokioClock,
};
use ecology_types::{Span, Time};
use proptest::prelude::*;
use tokio::time::{sleep, timeout};

const WINDOW: Span = Span::from_millis(1800);
/// One cell of the window: what is used may count so much longer.
const CELL: Span = Span::from_millis(10);
const KEYS: u32 = 4;
const LIMIT: u64 = 100;

/// What the suite needs of a limiter for a few small numbers.
trait Several: Send + Sync + 'static {
    fn make(limit: u64, window: Span, clock: TokioClock) -> Self;
    fn try_now(&self, key: u32, weight: u64) -> Answer;
    fn used(&self, key: u32, now: Time) -> u64;
    fn set_limit(&self, key: u32, limit: u64);
    fn hold(&self, key: u32, weight: u64) -> ecology_rate_limiting::Permit<'_>;
    fn all(&self, items: &[(u32, u64)]) -> impl Future<Output = Result<(), ItemAboveLimit>> + Send;
    fn one(&self, key: u32, weight: u64) -> impl Future<Output = bool> + Send;
}

impl Several for DenseLimiter<TokioClock> {
    fn make(limit: u64, window: Span, clock: TokioClock) -> Self {
        Self::with_clock(limit, window, KEYS, clock)
    }

    fn try_now(&self, key: u32, weight: u64) -> Answer {
        self.try_acquire_now(key, weight)
    }

    fn used(&self, key: u32, now: Time) -> u64 {
        self.used(key, now)
    }

    fn set_limit(&self, key: u32, limit: u64) {
        self.set_limit(key, Some(limit));
    }

    fn hold(&self, key: u32, weight: u64) -> ecology_rate_limiting::Permit<'_> {
        self.try_reserve(key, weight, Time(0)).expect("it fits")
    }

    async fn all(&self, items: &[(u32, u64)]) -> Result<(), ItemAboveLimit> {
        self.acquire_all(items).await
    }

    async fn one(&self, key: u32, weight: u64) -> bool {
        self.acquire(key, weight).await.is_ok()
    }
}

impl Several for Limiter<String, TokioClock> {
    fn make(limit: u64, window: Span, clock: TokioClock) -> Self {
        Self::with_clock(limit, window, clock)
    }

    fn try_now(&self, key: u32, weight: u64) -> Answer {
        self.try_acquire_now(key.to_string().as_str(), weight)
    }

    fn used(&self, key: u32, now: Time) -> u64 {
        self.used(key.to_string().as_str(), now)
    }

    fn set_limit(&self, key: u32, limit: u64) {
        self.set_limit(key.to_string().as_str(), Some(limit));
    }

    fn hold(&self, key: u32, weight: u64) -> ecology_rate_limiting::Permit<'_> {
        self.try_reserve(key.to_string().as_str(), weight, Time(0)).expect("it fits")
    }

    async fn all(&self, items: &[(u32, u64)]) -> Result<(), ItemAboveLimit> {
        let named: Vec<(String, u64)> =
            items.iter().map(|(key, weight)| (key.to_string(), *weight)).collect();
        let items: Vec<(&str, u64)> = named.iter().map(|(key, weight)| (key.as_str(), *weight)).collect();
        self.acquire_all(&items).await
    }

    async fn one(&self, key: u32, weight: u64) -> bool {
        self.acquire(key.to_string().as_str(), weight).await.is_ok()
    }
}

fn limiter<L: Several>() -> (Arc<L>, TokioClock) {
    let clock = TokioClock::default();
    (Arc::new(L::make(LIMIT, WINDOW, clock)), clock)
}

async fn it_is_all_or_nothing<L: Several>() {
    let (limiter, clock) = limiter::<L>();
    limiter.all(&[(0, 60), (1, 60), (0, 40)]).await.expect("it fits");
    assert_eq!((limiter.used(0, clock.now()), limiter.used(1, clock.now())), (100, 60));
    // One of the two does not fit for a window: nothing of the other is taken meanwhile.
    let waiting = tokio::spawn({
        let limiter = limiter.clone();
        async move { limiter.all(&[(1, 10), (0, 1), (2, 0)]).await }
    });
    sleep(Duration::from_millis(1_000)).await;
    assert!(!waiting.is_finished());
    assert_eq!(limiter.used(1, clock.now()), 60);
    // Nobody overtakes it where it stands in line; where it has nothing to wait for there is no line.
    assert!(matches!(limiter.try_now(1, 1), Answer::Wait { .. }));
    assert_eq!(limiter.try_now(2, 100), Answer::Admit);
    waiting.await.expect("no panic").expect("it fits");
    let now = clock.now();
    assert!(now >= Time(WINDOW.0) && now <= Time(WINDOW.0 + CELL.0), "{now:?}");
    assert_eq!((limiter.used(0, now), limiter.used(1, now)), (1, 10));
}

async fn what_never_fits_is_told_and_takes_nothing<L: Several>() {
    let (limiter, clock) = limiter::<L>();
    let refused = limiter.all(&[(0, 1), (1, 60), (2, 5), (1, 41)]).await;
    assert_eq!(refused, Err(ItemAboveLimit { item: 1, weight: 101, limit: 100 }));
    assert!(refused.expect_err("see above").to_string().contains("item 1"));
    assert_eq!(limiter.all(&[]).await, Ok(()));
    // A limit that is lowered while somebody waits.
    limiter.all(&[(0, 100)]).await.expect("it fits");
    let waiting = tokio::spawn({
        let limiter = limiter.clone();
        async move { limiter.all(&[(0, 10), (3, 80)]).await }
    });
    let behind = tokio::spawn({
        let limiter = limiter.clone();
        async move { limiter.all(&[(3, 20)]).await }
    });
    sleep(Duration::from_millis(5)).await;
    limiter.set_limit(3, 50);
    let refused = timeout(Duration::from_millis(1), waiting).await.expect("at once").expect("no panic");
    assert_eq!(refused, Err(ItemAboveLimit { item: 1, weight: 80, limit: 50 }));
    timeout(Duration::from_millis(1), behind).await.expect("at once").expect("no panic").expect("it fits");
    assert_eq!((limiter.used(0, clock.now()), limiter.used(3, clock.now())), (100, 20));
}

async fn who_gives_up_leaves_all_lines_and_takes_nothing<L: Several>() {
    let (limiter, clock) = limiter::<L>();
    limiter.all(&[(0, 100)]).await.expect("it fits");
    let gives_up = timeout(Duration::from_millis(5), limiter.all(&[(1, 100), (0, 50), (2, 100)]));
    let behind = async {
        tokio::task::yield_now().await;
        for key in [1, 2] {
            let moved_up = timeout(Duration::from_millis(50), limiter.one(key, 100)).await;
            assert_eq!(moved_up, Ok(true), "the line of {key} moves up");
        }
    };
    let (gave_up, ()) = tokio::join!(gives_up, behind);
    assert!(gave_up.is_err());
    let now = clock.now();
    assert_eq!([0, 1, 2].map(|key| limiter.used(key, now)), [100, 100, 100]);
}

/// Everybody wants two neighbours of a ring: lines in different orders would wait in a circle.
async fn nobody_waits_in_a_circle<L: Several>() {
    let (limiter, clock) = limiter::<L>();
    let order = Arc::new(Mutex::new(Vec::new()));
    let tasks: Vec<_> = (0..KEYS * 3)
        .map(|n| {
            let (limiter, order) = (limiter.clone(), order.clone());
            tokio::spawn(async move {
                limiter.all(&[((n + 1) % KEYS, 100), (n % KEYS, 100)]).await.expect("it fits some time");
                order.lock().expect("no panic").push(n);
            })
        })
        .collect();
    for task in tasks {
        timeout(Duration::from_secs(60), task).await.expect("no circle").expect("no panic");
    }
    // Two of four can go in each window at the best, one at the worst.
    assert!(clock.now() <= Time((WINDOW.0 + CELL.0) * u64::from(KEYS) * 3));
    assert_eq!(order.lock().expect("no panic").len(), 12);
}

/// A stream of single uses never holds up one who waits for several keys.
async fn who_waits_for_several_does_not_starve<L: Several>() {
    let (limiter, clock) = limiter::<L>();
    let tasks: Vec<_> = (0..40)
        .map(|n| {
            let limiter = limiter.clone();
            tokio::spawn(async move { while limiter.one(n % KEYS, 30).await {} })
        })
        .collect();
    sleep(Duration::from_secs(30)).await;
    let began = clock.now();
    limiter.all(&[(0, 100), (1, 100), (2, 100), (3, 100)]).await.expect("it fits some time");
    // Ten stand before it in each line, three of them go in each window; then a window that is empty everywhere.
    let waited = clock.now().since(began);
    assert!(waited <= Span((WINDOW.0 + CELL.0) * 6), "{waited:?}");
    for task in tasks {
        task.abort();
    }
}

async fn a_permit_that_ends_wakes_who_waits_for_several<L: Several>() {
    let (limiter, clock) = limiter::<L>();
    let (first, second) = (limiter.hold(0, 100), limiter.hold(1, 100));
    let waiting = tokio::spawn({
        let limiter = limiter.clone();
        async move { limiter.all(&[(0, 70), (1, 70)]).await }
    });
    sleep(Duration::from_millis(10)).await;
    first.settle(30);
    sleep(Duration::from_millis(10)).await;
    assert!(!waiting.is_finished());
    second.cancel();
    timeout(Duration::from_millis(1), waiting).await.expect("at once").expect("no panic").expect("it fits");
    assert_eq!((limiter.used(0, clock.now()), limiter.used(1, clock.now())), (100, 70));
}

/// One who comes: when, what it wants, and after how long it gives up.
type Visitor = (u64, Vec<(u32, u64)>, Option<u64>);

fn visitors() -> impl Strategy<Value = Vec<Visitor>> {
    let items = proptest::collection::vec((0..KEYS, 1..=LIMIT), 1..=3);
    let patience = proptest::option::weighted(0.3, 0_u64..3_000);
    proptest::collection::vec((0_u64..4_000, items, patience), 1..25)
}

/// When somebody was served, and what it got.
type Served = (Time, usize);

fn random_visitors_obey_the_laws<L: Several>(visitors: &[Visitor]) {
    let mut visitors = visitors.to_vec();
    // They come one after the other, a millisecond apart at least, so that who came first is certain.
    visitors.sort_by_key(|(when, ..)| *when);
    for (n, (when, ..)) in visitors.iter_mut().enumerate() {
        *when += n as u64;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        let (limiter, clock) = limiter::<L>();
        let served: Arc<Mutex<Vec<Served>>> = Arc::default();
        let tasks: Vec<_> = visitors
            .iter()
            .cloned()
            .enumerate()
            .map(|(n, (when, items, patience))| {
                let (limiter, served) = (limiter.clone(), served.clone());
                tokio::spawn(async move {
                    sleep(Duration::from_millis(when)).await;
                    let wants = async {
                        let result = limiter.all(&items).await;
                        served.lock().expect("no panic").push((clock.now(), n));
                        result.is_ok()
                    };
                    match patience {
                        Some(patience) => timeout(Duration::from_millis(patience), wants).await.ok(),
                        None => Some(wants.await),
                    }
                })
            })
            .collect();
        let longest = Span((WINDOW.0 + CELL.0) * (visitors.len() as u64 + 3)).to_std();
        let mut ends = Vec::new();
        for task in tasks {
            ends.push(
                timeout(longest, task).await.expect("everybody is served some time").expect("no panic"),
            );
        }
        let served = served.lock().expect("no panic").clone();
        let sum = |n: usize, key: u32| -> u64 {
            visitors[n].1.iter().filter(|(of, _)| *of == key).map(|(_, weight)| weight).sum()
        };
        for (n, end) in ends.iter().enumerate() {
            let never = (0..KEYS).any(|key| sum(n, key) > LIMIT);
            match end {
                Some(true) => assert!(!never),
                Some(false) => assert!(never),
                None => assert!(visitors[n].2.is_some(), "only the impatient give up"),
            }
        }
        let taken: Vec<Served> = served.into_iter().filter(|(_, n)| ends[*n] == Some(true)).collect();
        for key in 0..KEYS {
            // No window of any key is exceeded, whatever was cancelled, and what was given up is not in it.
            for (end, _) in &taken {
                let begin = end.0.saturating_sub(WINDOW.0);
                let in_window = |(time, _): &&Served| time.0 <= end.0 && (end.0 < WINDOW.0 || time.0 > begin);
                let used: u64 = taken.iter().filter(in_window).map(|(_, n)| sum(*n, key)).sum();
                assert!(used <= LIMIT, "{used} of key {key} in the window that ends at {end:?}");
            }
            let now = clock.now();
            let least = now.0.saturating_sub(WINDOW.0);
            let most = least.saturating_sub(CELL.0);
            let since = |begin: u64| -> u64 {
                let counts = |(time, _): &&Served| time.0 > begin || now.0 < WINDOW.0;
                taken.iter().filter(counts).map(|(_, n)| sum(*n, key)).sum()
            };
            let used = limiter.used(key, now);
            assert!(
                since(least) <= used && used <= since(most),
                "{used} of key {key}: nothing was left behind"
            );
        }
        // First come first served among all who want a common key and did not give up.
        for (at, (_, first)) in taken.iter().enumerate() {
            for (_, later) in &taken[..at] {
                let meet = (0..KEYS).any(|key| sum(*first, key) > 0 && sum(*later, key) > 0);
                assert!(!meet || later < first, "{later} was served before {first}");
            }
        }
    });
}

macro_rules! together_suite {
    ($($name:ident: $limiter:ty),* $(,)?) => {$(
        mod $name {
            use super::*;

            together_suite!(@each $limiter: it_is_all_or_nothing, what_never_fits_is_told_and_takes_nothing,
                who_gives_up_leaves_all_lines_and_takes_nothing, nobody_waits_in_a_circle,
                who_waits_for_several_does_not_starve, a_permit_that_ends_wakes_who_waits_for_several);

            proptest! {
                #![proptest_config(ProptestConfig::with_cases(200))]
                #[test]
                fn random_visitors_obey_the_laws(visitors in visitors()) {
                    super::random_visitors_obey_the_laws::<$limiter>(&visitors);
                }
            }
        }
    )*};
    (@each $limiter:ty: $($law:ident),*) => {$(
        #[tokio::test(start_paused = true)]
        async fn $law() {
            super::$law::<$limiter>().await;
        }
    )*};
}

together_suite! {
    dense_conforms: DenseLimiter<TokioClock>,
    keyed_conforms: Limiter<String, TokioClock>,
}

/// Threads that want overlapping pairs, named in either order, with a short window.
#[test]
fn threads_wait_for_pairs_and_never_exceed_a_window() {
    const ROUNDS: u64 = 12;
    let window = Span::from_millis(18);
    let clock = MonotonicClock::default();
    let limiter = Limiter::<String, _>::with_clock(2, window, clock);
    let dense = DenseLimiter::with_clock(2, window, KEYS, clock);
    let begun = clock.now();
    std::thread::scope(|scope| {
        for thread in 0..6_u32 {
            let (limiter, dense) = (&limiter, &dense);
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let (a, b) = (thread % KEYS, (thread + 1 + (round % 3) as u32) % KEYS);
                    let (first, second) = if round % 2 == 0 { (a, b) } else { (b, a) };
                    let (one, other) = (first.to_string(), second.to_string());
                    limiter.acquire_all_blocking(&[(one.as_str(), 1), (other.as_str(), 1)]).expect("it fits");
                    dense.acquire_all_blocking(&[(first, 1), (second, 1)]).expect("it fits");
                }
            });
        }
    });
    // 6 threads with 12 rounds of two uses; four keys with two uses a window each.
    let windows = clock.now().since(begun).0 / window.0 + 1;
    assert!(windows * 8 >= 6 * ROUNDS * 2, "{windows} windows are not enough for what was used");
    assert_eq!(limiter.acquire_blocking("0", 3).expect_err("too much").limit, 2);
    assert_eq!(dense.acquire_blocking(KEYS, 1).expect_err("no such id").limit, 0);
}
