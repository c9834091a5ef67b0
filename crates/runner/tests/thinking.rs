//! Thoughts that never end: given up, paid for, and in nobody's way.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use ecology_journal::MemoryDisk;
use ecology_minds::{Decision, MindError, Pace};
use ecology_runner::Ended;
use ecology_runner::clock::{Clock, RealClock};
use ecology_types::{Charges, Effect, EventKind, Resource, Span, Time};
use ecology_world::LoopState;

use crate::support::*;

const BUDGET: u64 = 10;

fn on_a_thread() -> Shape {
    Shape { pace: Pace::Task, time: Span::ZERO, estimate: Charges::of(Resource::LlmBudget, BUDGET) }
}

/// Thinks for nothing of what was set aside.
fn free(decision: Result<Decision, MindError>) -> Result<Decision, MindError> {
    decision.map(|decision| Decision { usage: Charges::NONE, ..decision })
}

/// Never returns.
fn hang() -> ! {
    loop {
        std::thread::park();
    }
}

/// The two modes and the two clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Ticks,
    Virtual,
    Real,
}

const WAYS: [Way; 3] = [Way::Ticks, Way::Virtual, Way::Real];

/// A town in which a thought may take 150 milliseconds, and errors pause a loop soon.
fn town(way: Way) -> Town {
    let mut town = if way == Way::Ticks { Town::by_ticks() } else { Town::continuous() };
    town.think_timeout = Span::from_millis(150);
    town.rules.loops.backoff_first = Span::from_millis(1);
    town.rules.loops.backoff_max = Span::from_millis(1);
    town.rules.tick = Span::from_millis(if way == Way::Ticks { 100 } else { 1 });
    town
}

fn run(town: &Town, way: Way, ms: u64) -> Ran {
    match way {
        Way::Real => {
            let clock: Box<dyn Clock> = Box::new(RealClock::starting_at(Time::ZERO));
            town.run_host(town.host(&MemoryDisk::new()), ms, None, Some(clock))
        }
        Way::Virtual => town.run(ms),
        Way::Ticks => town.run(ms / 100),
    }
}

fn errors(ran: &Ran, name: &str) -> Vec<(u32, String)> {
    ran.events
        .iter()
        .filter_map(|event| match &event.effect {
            Effect::AgentFailed { agent, errors_in_row, error, .. }
            | Effect::AgentPaused { agent, errors_in_row, error }
                if *agent == ran.key(name) =>
            {
                Some((*errors_in_row, error.to_string()))
            }
            _ => None,
        })
        .collect()
}

fn budget(ran: &Ran, name: &str) -> u64 {
    ran.world().accounts().get(ran.key(name)).unwrap().free(Resource::LlmBudget)
}

#[test]
fn tick_and_continuous_a_mind_that_never_returns_is_given_up_and_charged() {
    for way in WAYS {
        let town = town(way)
            .shaped("stuck", on_a_thread(), |_, _| hang())
            .shaped("fine", on_a_thread(), |_, _| free(wait_ms(20)))
            .player("quick", |_, _| wait_ms(20));
        let ran = run(&town, way, 1_500);
        let errors = errors(&ran, "stuck");
        assert_eq!(errors.iter().map(|(row, _)| *row).collect::<Vec<_>>(), [1, 2, 3, 4, 5], "{way:?}");
        for (_, error) in &errors {
            assert!(error.contains("150 ms (loops.think_timeout_ms)"), "{error}");
        }
        assert_eq!(ran.state("stuck"), LoopState::Paused);
        assert_eq!(budget(&ran, "stuck"), 100_000 - 5 * BUDGET, "each thought is charged in full");
        assert_eq!(ran.count("stuck", EventKind::Thought), 5);
        assert_eq!(ran.count("stuck", EventKind::ActionDone), 0);
        assert_eq!(budget(&ran, "fine"), 100_000, "{way:?}");
        for other in ["fine", "quick"] {
            assert!(ran.count(other, EventKind::ActionDone) >= 8, "{way:?} {other}");
        }
        ran.nothing_is_open();
    }
}

#[test]
fn continuous_virtual_a_thought_is_given_up_exactly_at_the_deadline() {
    let shape = Shape { time: Span::from_millis(180), ..on_a_thread() };
    let in_time = Shape { time: Span::from_millis(150), ..on_a_thread() };
    let town = town(Way::Virtual)
        .shaped("late", shape, |_, _| noop())
        .shaped("stuck", on_a_thread(), |_, _| hang())
        .shaped("in_time", in_time, |_, _| free(wait_ms(1_000)));
    let [first, second] = [0, 1].map(|_| run(&town, Way::Virtual, 900));
    for name in ["late", "stuck"] {
        // 150 milliseconds of thinking and one of backing off, again and again.
        assert_eq!(first.times(name, EventKind::AgentFailed), [150_000, 301_000, 452_000, 603_000], "{name}");
        assert_eq!(first.times(name, EventKind::AgentPaused), [754_000]);
    }
    assert_eq!(first.times("in_time", EventKind::ActionDone), [150_000]);
    assert_eq!(first.world().hash(), second.world().hash(), "the same seed, the same run");
}

#[test]
fn tick_and_continuous_when_every_thread_hangs_the_others_are_told() {
    for way in WAYS {
        let mut town = town(way);
        town.thinkers_max = 1;
        // Sixteen threads by ticks, and as many again in their place.
        let stuck = if way == Way::Ticks { 32 } else { 2 };
        for n in 0..stuck {
            town = town.shaped(&format!("stuck_{n}"), on_a_thread(), |_, _| hang());
        }
        let town =
            town.shaped("fine", on_a_thread(), |_, _| free(wait_ms(20))).player("quick", |_, _| wait_ms(20));
        let ran = run(&town, way, 1_200);
        let told = errors(&ran, "fine");
        let (_, error) = told.last().unwrap();
        assert!(error.contains("no thread is left to think on"), "{way:?}: {error}");
        assert_eq!(ran.state("fine"), LoopState::Paused);
        assert_eq!(budget(&ran, "fine"), 100_000, "what nobody thought costs nothing");
        assert!(ran.count("quick", EventKind::ActionDone) >= 8, "{way:?}");
        ran.nothing_is_open();
    }
}

#[test]
fn continuous_real_a_thread_that_comes_back_thinks_again() {
    let door = Arc::new((Mutex::new(false), Condvar::new()));
    let is_first = Arc::new(AtomicBool::new(true));
    let mut town = town(Way::Real);
    town.thinkers_max = 1;
    let waits = Arc::clone(&door);
    let town = town
        .shaped("slow", on_a_thread(), move |_, _| {
            if is_first.swap(false, Ordering::SeqCst) {
                let guard = waits.0.lock().unwrap();
                drop(waits.1.wait_while(guard, |open| !*open).unwrap());
                panic!("nobody waits for this thought any more");
            }
            free(wait_ms(1))
        })
        .player("opener", move |_, _| {
            *door.0.lock().unwrap() = true;
            door.1.notify_all();
            wait_ms(200)
        });
    let ran = run(&town, Way::Real, 500);
    assert!(errors(&ran, "slow").len() <= 1, "{:?}", errors(&ran, "slow"));
    assert!(ran.count("slow", EventKind::ActionDone) >= 20);
    ran.nothing_is_open();
}

#[test]
fn tick_and_continuous_a_hanging_mind_does_not_hold_up_the_end() {
    for way in WAYS {
        let mut town = town(way);
        town.think_timeout = Span::from_secs(300);
        town.grace = Span::from_millis(200);
        let stop = town.stop.clone();
        let town = town.shaped("stuck", on_a_thread(), move |_, _| {
            stop.request();
            hang()
        });
        let began = Instant::now();
        let ran = run(&town, way, 60_000);
        let took = began.elapsed();
        let grace = Duration::from_millis(if way == Way::Ticks { 5_000 } else { 200 });
        assert!(took < grace + Duration::from_secs(2), "{way:?}: {took:?}");
        assert_eq!(ran.outcome.ended, Ended::Interrupted);
        assert_eq!(budget(&ran, "stuck"), 100_000, "given back, as after a crash");
        ran.nothing_is_open();
    }
}
