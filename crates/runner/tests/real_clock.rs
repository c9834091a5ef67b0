//! The machine's clock: thoughts on other threads, and nobody waits for anybody else.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use ecology_journal::MemoryDisk;
use ecology_minds::Pace;
use ecology_runner::Ended;
use ecology_runner::clock::RealClock;
use ecology_types::{Action, Charges, Draft, EventKind, Resource, Span, Time, WakeCondition};
use ecology_world::LoopState;

use crate::support::*;

fn real(mut town: Town, ms: u64) -> Ran {
    town.rules.tick = Span::from_millis(1);
    let host = town.host(&MemoryDisk::new());
    town.run_host(host, ms, None, Some(Box::new(RealClock::starting_at(Time::ZERO))))
}

fn on_a_thread() -> Shape {
    Shape { pace: Pace::Task, time: Span::ZERO, estimate: Charges::of(Resource::LlmBudget, 10) }
}

/// A door that minds wait at until the test opens it.
#[derive(Clone, Default)]
struct Door(Arc<(Mutex<bool>, Condvar)>);

impl Door {
    fn wait(&self, longest: Duration) {
        let (open, changed) = &*self.0;
        let guard = open.lock().unwrap();
        drop(changed.wait_timeout_while(guard, longest, |open| !*open).unwrap());
    }

    fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }
}

#[test]
fn continuous_real_slow_minds_stop_nobody() {
    let ran = real(
        Town::continuous()
            .shaped("slow", on_a_thread(), |_, _| {
                std::thread::sleep(Duration::from_millis(250));
                wait_ms(1)
            })
            .player("quick", |_, _| wait_ms(5)),
        600,
    );
    assert!(ran.count("quick", EventKind::ActionDone) > 40, "{}", ran.count("quick", EventKind::ActionDone));
    assert!(ran.count("slow", EventKind::ActionDone) >= 1);
    // No gap in the life of the quick one is as long as a thought of the slow one.
    let times = ran.times("quick", EventKind::ActionDone);
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] < 200_000), "{times:?}");
    ran.nothing_is_open();
}

#[test]
fn continuous_real_thinkers_are_limited() {
    let at_once = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let mut town = Town::continuous();
    town.thinkers_max = 3;
    for n in 0..10 {
        let (at_once, most) = (Arc::clone(&at_once), Arc::clone(&most));
        town = town.shaped(&format!("t{n}"), on_a_thread(), move |_, _| {
            let now = at_once.fetch_add(1, Ordering::SeqCst) + 1;
            most.fetch_max(now, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(20));
            at_once.fetch_sub(1, Ordering::SeqCst);
            wait_ms(1)
        });
    }
    let ran = real(town, 400);
    assert_eq!(most.load(Ordering::SeqCst), 3);
    for n in 0..10 {
        assert!(ran.count(&format!("t{n}"), EventKind::ActionDone) > 0, "t{n} never had its turn");
    }
    ran.nothing_is_open();
}

#[test]
fn continuous_real_a_hanging_mind_is_left_behind_at_the_end() {
    let door = Door::default();
    let town = Town::continuous()
        .shaped("hangs", on_a_thread(), {
            let door = door.clone();
            move |_, _| {
                door.wait(Duration::from_secs(20));
                noop()
            }
        })
        .player("quick", |_, _| wait_ms(5));
    let begun = Instant::now();
    let ran = real(Town { grace: Span::from_millis(100), ..town }, 200);
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    ran.nothing_is_open();
    assert_eq!(ran.count("hangs", EventKind::ActionDone), 0);
    door.open();
}

#[test]
fn continuous_real_an_agent_that_loses_its_loop_while_a_thread_thinks_for_it() {
    let door = Door::default();
    let inside = door.clone();
    let ran = real(
        Town::continuous()
            .shaped("thinker", on_a_thread(), move |_, _| {
                inside.wait(Duration::from_secs(20));
                noop()
            })
            .player("owner", move |thought, _| match thought {
                1 => {
                    let mut draft = Draft::new(id("thinker"), "play thinker");
                    draft.can_execute = Some(false);
                    Ok(ecology_minds::Decision::act(Action::Write(Box::new(draft))))
                }
                3 => {
                    door.open();
                    wait_ms(50)
                }
                _ => wait_ms(50),
            })
            .owned("thinker", "owner"),
        500,
    );
    assert_eq!(ran.count("owner", EventKind::ActionRefused), 0);
    assert_eq!(ran.state("thinker"), LoopState::Stopped);
    // The thought came back after its agent had lost its loop, and nobody acted on it.
    assert_eq!(ran.count("thinker", EventKind::ActionDone), 0);
    ran.nothing_is_open();
}

#[test]
fn continuous_real_a_configuration_that_changes_while_a_thread_thinks_voids_the_thought() {
    let door = Door::default();
    let inside = door.clone();
    let outcomes = notes();
    let told = outcomes.clone();
    let mut town = Town::continuous()
        .shaped("thinker", on_a_thread(), move |_, _| {
            inside.wait(Duration::from_secs(20));
            noop()
        })
        .player("owner", move |thought, _| match thought {
            1 => Ok(ecology_minds::Decision::act(Action::Write(Box::new(Draft::new(
                id("thinker"),
                "play other",
            ))))),
            2 => {
                door.open();
                wait_ms(50)
            }
            _ => wait_ms(50),
        })
        .owned("thinker", "owner");
    let play = move |_: u64, view: &dyn ecology_minds::Perception| {
        note(&told, was_done(view.last_outcome()));
        wait_ms(20)
    };
    town.plays.insert("play other".to_owned(), (Arc::new(play), on_a_thread()));
    let ran = real(town, 500);
    assert_eq!(ran.count("thinker", EventKind::AgentVoided), 1);
    assert_eq!(noted(&outcomes)[..2], [None, Some(true)]);
    ran.nothing_is_open();
}

#[test]
fn continuous_real_a_panic_on_a_thread_is_a_failure_of_that_mind() {
    let ran = real(
        Town::continuous()
            .shaped("bomb", on_a_thread(), |_, _| panic!("on purpose"))
            .player("quick", |_, _| wait_ms(5)),
        300,
    );
    assert!(ran.count("bomb", EventKind::AgentFailed) > 0);
    assert!(ran.count("quick", EventKind::ActionDone) > 20);
    ran.nothing_is_open();
}

#[test]
fn continuous_real_a_request_to_stop_is_heard_while_everybody_sleeps() {
    let town = Town::continuous().player("sleeper", |_, _| sleep(Some(Span::from_secs(600)), Vec::new()));
    let stop = town.stop.clone();
    let handle = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        stop.request();
    });
    let begun = Instant::now();
    let ran = real(town, 600_000);
    handle.join().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(2));
    assert_eq!(ran.outcome.ended, Ended::Interrupted);
}

#[test]
fn continuous_real_a_machine_that_is_too_slow_still_ends_in_time() {
    let mut town = Town::continuous();
    for n in 0..40 {
        // Everybody wants to go on at once, and each thought takes longer than it should.
        town = town.player(&format!("p{n}"), |_, _| {
            std::thread::sleep(Duration::from_millis(10));
            noop()
        });
    }
    let begun = Instant::now();
    let ran = real(town, 100);
    assert!(begun.elapsed() < Duration::from_millis(350), "{:?}", begun.elapsed());
    assert_eq!(ran.outcome.ended, Ended::Finished);
}

#[test]
fn continuous_real_an_event_wakes_at_once() {
    let ran = real(
        Town::continuous()
            .player("sleeper", |_, _| {
                sleep(Some(Span::from_secs(100)), vec![WakeCondition::Event(EventKind::ScripTransferred)])
            })
            .player("giver", |_, _| {
                Ok(ecology_minds::Decision::act(ecology_minds::services::transfer(&id("sleeper"), 1))
                    .then(ecology_minds::Then::Delay(Span::from_millis(20))))
            }),
        300,
    );
    let gifts = ran.times("giver", EventKind::ScripTransferred);
    let woke = ran.times("sleeper", EventKind::AgentWoke);
    assert!(woke.len() > 3);
    assert!(woke.iter().all(|woke| gifts.contains(woke)), "{gifts:?} {woke:?}");
}
