//! `acquire().await`, in virtual time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ecology_rate_limiting::{AboveLimit, Answer, Clock, DenseLimiter, Limiter, TokioClock};
use ecology_types::{Span, Time};
use tokio::time::{sleep, timeout};

const WINDOW: Span = Span::from_millis(1280);

fn dense() -> Arc<DenseLimiter<TokioClock>> {
    Arc::new(DenseLimiter::with_clock(100, WINDOW, 4, TokioClock::default()))
}

#[tokio::test(start_paused = true)]
async fn it_waits_exactly_as_long_as_needed() {
    let clock = TokioClock::default();
    let limiter = Limiter::<String, _>::with_clock(100, WINDOW, clock);
    limiter.acquire("a", 100).await.expect("it fits");
    assert_eq!(clock.now(), Time(0));
    limiter.acquire("a", 1).await.expect("it fits after a window");
    assert_eq!(clock.now(), Time(1_280_000));
    limiter.acquire("b", 100).await.expect("another key does not wait");
    assert_eq!(clock.now(), Time(1_280_000));
    assert_eq!(limiter.acquire("a", 101).await, Err(AboveLimit { weight: 101, limit: 100 }));
    limiter.acquire("a", 0).await.expect("nothing always fits");
}

#[tokio::test(start_paused = true)]
async fn waiters_are_served_in_the_order_they_came() {
    let limiter = dense();
    limiter.acquire(0, 100).await.expect("it fits");
    let order = Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut tasks = Vec::new();
    for (n, weight) in [(0, 100), (1, 1), (2, 60), (3, 39)] {
        let (limiter, order) = (limiter.clone(), order.clone());
        tasks.push(tokio::spawn(async move {
            limiter.acquire(0, weight).await.expect("it fits some time");
            order.lock().expect("no panic").push(n);
        }));
        tokio::task::yield_now().await;
    }
    assert!(matches!(limiter.try_acquire_now(0, 1), Answer::Wait { .. }));
    sleep(Duration::from_millis(1281)).await;
    let overtaking = limiter.try_acquire_now(0, 1);
    assert!(matches!(overtaking, Answer::Wait { .. }), "nobody overtakes the line: {overtaking:?}");
    for task in tasks {
        task.await.expect("no panic");
    }
    assert_eq!(*order.lock().expect("no panic"), [0, 1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_leaves_the_line_and_books_nothing() {
    let limiter = dense();
    limiter.acquire(0, 60).await.expect("it fits");
    let first = timeout(Duration::from_millis(5), limiter.acquire(0, 100));
    let second = async {
        tokio::task::yield_now().await;
        limiter.acquire(0, 40).await
    };
    let (first, second) = tokio::join!(first, second);
    assert!(first.is_err(), "gave up");
    assert_eq!(second, Ok(()));
    let now = TokioClock::default().now();
    assert_eq!(limiter.used(0, now), 100);
    assert!(limiter.try_acquire_now(1, 100).is_admit());
    sleep(Duration::from_millis(1300)).await;
    assert!(limiter.try_acquire_now(0, 100).is_admit(), "nothing was left behind");
}

#[tokio::test(start_paused = true)]
async fn whoever_was_chosen_and_gives_up_passes_it_on() {
    let limiter = dense();
    let permit = limiter.try_reserve(0, 100, Time(0)).expect("it fits");
    let mut first = Box::pin(limiter.acquire(0, 50));
    let mut second = Box::pin(limiter.acquire(0, 60));
    for waiter in [&mut first, &mut second] {
        assert!(timeout(Duration::ZERO, waiter).await.is_err());
    }
    permit.cancel(); // wakes the first, who never looks
    drop(first);
    timeout(Duration::from_millis(1), second).await.expect("at once").expect("it fits");
}

#[tokio::test(start_paused = true)]
async fn settling_and_limits_wake_the_first() {
    let limiter = dense();
    let permit = limiter.try_reserve(0, 100, Time(0)).expect("it fits");
    let waiting = tokio::spawn({
        let limiter = limiter.clone();
        async move { limiter.acquire(0, 70).await }
    });
    sleep(Duration::from_millis(10)).await;
    assert!(!waiting.is_finished());
    permit.settle(30);
    timeout(Duration::from_millis(1), waiting).await.expect("at once").expect("no panic").expect("it fits");
    let waiting = tokio::spawn({
        let limiter = limiter.clone();
        async move { limiter.acquire(0, 70).await }
    });
    sleep(Duration::from_millis(10)).await;
    limiter.set_limit(0, Some(50));
    let refused = timeout(Duration::from_millis(1), waiting).await.expect("at once").expect("no panic");
    assert_eq!(refused, Err(AboveLimit { weight: 70, limit: 50 }));
}

/// Jain's index of fairness (Jain, Chiu & Hawe 1984): 1 when all got the same, 1/n when one got everything.
#[expect(clippy::cast_precision_loss, reason = "small counts")]
fn jain(counts: &[u64]) -> f64 {
    let sum: u64 = counts.iter().sum();
    let squares: u64 = counts.iter().map(|count| count * count).sum();
    (sum * sum) as f64 / (counts.len() as u64 * squares) as f64
}

#[tokio::test(start_paused = true)]
async fn heavy_waiters_do_not_starve() {
    let limiter = dense();
    limiter.acquire(0, 100).await.expect("it fits");
    let counts: Arc<Vec<AtomicU64>> = Arc::new((0..100).map(|_| AtomicU64::new(0)).collect());
    let tasks: Vec<_> = (0..100)
        .map(|n| {
            let (limiter, counts) = (limiter.clone(), counts.clone());
            tokio::spawn(async move {
                loop {
                    limiter.acquire(0, [1, 10, 100][n % 3]).await.expect("it fits some time");
                    counts[n].fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    sleep(Duration::from_secs(2_000)).await;
    for task in tasks {
        task.abort();
    }
    let counts: Vec<u64> = counts.iter().map(|count| count.load(Ordering::Relaxed)).collect();
    let index = jain(&counts);
    assert!(counts.iter().all(|count| *count > 10), "{counts:?}");
    assert!(index > 0.99, "{index}: {counts:?}");
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_cancelled_waiters_leave_nothing() {
    let limiter = Arc::new(Limiter::<u64, _>::with_clock(10, WINDOW, TokioClock::default()));
    limiter.acquire(&1, 10).await.expect("it fits");
    let tasks: Vec<_> = (0..10_000_u64)
        .map(|n| {
            let limiter = limiter.clone();
            tokio::spawn(async move { limiter.acquire(&(n % 3), 10).await })
        })
        .collect();
    sleep(Duration::from_millis(50)).await;
    for task in &tasks {
        task.abort();
    }
    for task in tasks {
        let _ = task.await;
    }
    sleep(Duration::from_millis(5_000)).await;
    for key in 0..3 {
        assert_eq!(limiter.try_acquire_now(&key, 10), Answer::Admit);
    }
}
