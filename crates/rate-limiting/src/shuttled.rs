//! The limiter's own sources over a scheduler that tries interleavings: stand in line, be woken, leave. A lost wake-up shows as a deadlock,
//! because nothing here ever wakes by the time; somebody served out of turn, as a failed assertion. Both print the schedule that leads there.

use std::future::Future as _;
use std::pin::pin;
use std::sync::Mutex as Outside;
use std::task::Poll;

use ecology_types::{Span, Time};
use shuttle::future::block_on;
use shuttle::sync::Arc;
use shuttle::thread;

use crate::Clock;

macro_rules! again {
    ($($name:ident $path:literal),*) => {$(
        #[path = $path]
        #[allow(dead_code, unused_imports, unreachable_pub, reason = "the tests below use a part of it")]
        mod $name;
    )*};
}

again!(
    acquire "acquire.rs", bank "bank.rs", dense "dense.rs", permit "permit.rs", queue "queue.rs", shard "shard.rs",
    together "together.rs"
);

/// What `crate::sync` is elsewhere.
mod sync {
    use std::time::Duration;

    use shuttle::sync::{Mutex, MutexGuard};
    pub(crate) use shuttle::thread::{Thread, current, park};

    #[derive(Debug)]
    pub(crate) struct Lock<T>(Mutex<T>);

    pub(crate) type Guard<'a, T> = MutexGuard<'a, T>;

    impl<T> Lock<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> Guard<'_, T> {
            self.0.lock().expect("no test panics while it holds it")
        }
    }

    /// Time stands still, so only a wake-up ends it.
    pub(crate) fn park_timeout(_: Duration) {
        park();
    }

    pub(crate) type Sleep = std::future::Pending<()>;

    pub(crate) fn sleep(_: Duration) -> Sleep {
        std::future::pending()
    }
}

use dense::DenseLimiter;

/// Interleavings of each test: drawn at random, and drawn with few, well-placed switches (PCT), which finds what needs only a few.
const RANDOM: usize = 300;
const PLACED: usize = 300;

/// Time stands still: what is used never leaves the window, and what is held is free as soon as it is given back.
struct Still;

impl Clock for Still {
    fn now(&self) -> Time {
        Time(1)
    }
}

fn limiter(limit: u64) -> Arc<DenseLimiter<Still>> {
    Arc::new(DenseLimiter::with_clock(limit, Span::from_secs(60), 4, Still))
}

fn try_interleavings(test: impl Fn() + Send + Sync + Clone + 'static) {
    shuttle::check_random(test.clone(), RANDOM);
    shuttle::check_pct(test, PLACED, 3);
}

/// Runs while everything is held, and then gives it back in two halves.
fn held(limiter: &DenseLimiter<Still>, ids: &[u32], half: u64, meanwhile: impl FnOnce()) {
    let hold =
        || ids.iter().map(|id| limiter.try_reserve(*id, half, Time(1)).expect("it fits")).collect::<Vec<_>>();
    let permits = [hold(), hold()];
    meanwhile();
    for permit in permits.into_iter().flatten() {
        thread::yield_now();
        permit.cancel();
    }
}

/// Threads and futures in one line: each is served, however they meet those who give back.
#[test]
fn everybody_who_waits_is_served() {
    try_interleavings(|| {
        let limiter = limiter(4);
        let mut waiters = Vec::new();
        held(&limiter, &[0], 2, || {
            for number in 0..3 {
                let limiter = Arc::clone(&limiter);
                waiters.push(thread::spawn(move || match number {
                    0 => block_on(limiter.acquire(0, 2)).unwrap(),
                    _ => limiter.acquire_blocking(0, 1).unwrap(),
                }));
            }
        });
        waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
        assert_eq!(limiter.used(0, Time(1)), 4);
    });
}

/// The second wants little and would fit long before the first. Together they want everything, so that the second is served in its turn only
/// when everything was given back.
#[test]
fn nobody_is_served_before_those_who_came_first() {
    try_interleavings(|| {
        let (limiter, all_back) = (limiter(3), Arc::new(Outside::new(false)));
        let mut waiters = Vec::new();
        let last = limiter.try_reserve(0, 1, Time(1)).unwrap();
        held(&limiter, &[0], 1, || {
            for weight in [2, 1] {
                let (mine, all_back) = (Arc::clone(&limiter), Arc::clone(&all_back));
                let (standing, stands) = shuttle::sync::mpsc::channel();
                waiters.push(thread::spawn(move || {
                    block_on(async {
                        let mut line = pin!(mine.acquire(0, weight));
                        let mut is_first_look = true;
                        let served = std::future::poll_fn(|context| {
                            let polled = line.as_mut().poll(context);
                            if std::mem::take(&mut is_first_look) {
                                assert!(polled.is_pending());
                                standing.send(()).unwrap();
                            }
                            polled
                        });
                        served.await.unwrap();
                    });
                    assert!(weight > 1 || *all_back.lock().unwrap(), "somebody was served out of turn");
                }));
                stands.recv().unwrap();
            }
        });
        thread::yield_now();
        *all_back.lock().unwrap() = true;
        last.cancel();
        waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
        assert_eq!(limiter.used(0, Time(1)), 3);
    });
}

/// Whoever gives up, at whatever moment, hands the turn on and has used nothing.
#[test]
fn who_gives_up_hands_the_turn_on() {
    try_interleavings(|| {
        let limiter = limiter(2);
        let mut waiters = Vec::new();
        let gave_up = Arc::new(Outside::new(false));
        held(&limiter, &[0], 1, || {
            let (mine, gave) = (Arc::clone(&limiter), Arc::clone(&gave_up));
            waiters.push(thread::spawn(move || {
                block_on(async {
                    let mut line = pin!(mine.acquire(0, 1));
                    let mut looks = 0;
                    // Gives up at its second look, woken or not.
                    let served = std::future::poll_fn(|context| {
                        looks += 1;
                        match line.as_mut().poll(context) {
                            Poll::Ready(_) => Poll::Ready(true),
                            Poll::Pending if looks == 2 => Poll::Ready(false),
                            Poll::Pending => {
                                context.waker().wake_by_ref();
                                Poll::Pending
                            }
                        }
                    })
                    .await;
                    *gave.lock().unwrap() = !served;
                });
            }));
            let mine = Arc::clone(&limiter);
            waiters.push(thread::spawn(move || mine.acquire_blocking(0, 1).unwrap()));
        });
        waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
        let used = if *gave_up.lock().unwrap() { 1 } else { 2 };
        assert_eq!(limiter.used(0, Time(1)), used);
    });
}

/// Two that want the same keys in another order, and one that wants one of them: nobody waits in a circle.
#[test]
fn those_who_want_several_keys_do_not_wait_in_a_circle() {
    try_interleavings(|| {
        let limiter = limiter(2);
        let mut waiters = Vec::new();
        held(&limiter, &[0, 1], 1, || {
            for items in [[(0, 1), (1, 1)], [(1, 1), (0, 1)]] {
                let limiter = Arc::clone(&limiter);
                waiters.push(thread::spawn(move || limiter.acquire_all_blocking(&items).unwrap()));
            }
        });
        waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
        assert_eq!([0, 1].map(|id| limiter.used(id, Time(1))), [2, 2]);
    });
}

/// A limit that falls below what somebody waits for ends that wait, and the next one goes on.
#[test]
fn a_lowered_limit_ends_waits_that_would_have_no_end() {
    try_interleavings(|| {
        let limiter = limiter(3);
        let permit = limiter.try_reserve(0, 3, Time(1)).unwrap();
        let waiters = [3, 1].map(|weight| {
            let limiter = Arc::clone(&limiter);
            thread::spawn(move || limiter.acquire_blocking(0, weight).is_ok())
        });
        limiter.set_limit(0, Some(2));
        thread::yield_now();
        permit.cancel();
        let [large, small] = waiters.map(|waiter| waiter.join().unwrap());
        assert_eq!((large, small), (false, true));
    });
}
