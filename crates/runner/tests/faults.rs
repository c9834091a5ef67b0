//! One agent's failure stays its own.

use ecology_journal::MemoryDisk;
use ecology_minds::MindError;
use ecology_types::{Action, Command, Draft, Effect, EventKind, Lifecycle, Span, Time};
use ecology_world::LoopState;

use crate::support::*;

fn failing(_: u64, _: &dyn ecology_minds::Perception) -> Result<ecology_minds::Decision, MindError> {
    Err(MindError::Failed("on purpose".into()))
}

#[test]
fn tick_and_continuous_back_off_doubles_and_the_loop_pauses() {
    for mut town in Town::both() {
        town.rules.loops.backoff_first = Span::from_millis(1_000);
        town.rules.loops.backoff_max = Span::from_millis(3_500);
        town.rules.loops.errors_in_row_max = 5;
        let is_continuous = town.is_continuous();
        let ran = town.player("bad", failing).player("good", |_, _| wait_ms(1_000)).run(30);
        let pauses: Vec<u64> = ran
            .of("bad", EventKind::AgentFailed)
            .iter()
            .map(|event| match &event.effect {
                Effect::AgentFailed { until, .. } => until.0 - event.time.0,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(pauses, [1_000_000, 2_000_000, 3_500_000, 3_500_000]);
        let times = ran.times("bad", EventKind::AgentFailed);
        if is_continuous {
            assert_eq!(times[1] - times[0], 1_000_000);
            assert_eq!(times[3] - times[2], 3_500_000);
        }
        assert_eq!(ran.count("bad", EventKind::AgentPaused), 1);
        assert_eq!(ran.state("bad"), LoopState::Paused);
        assert!(ran.count("good", EventKind::ActionDone) >= 29);
    }
}

#[test]
fn tick_and_continuous_a_success_ends_the_row_of_errors() {
    for mut town in Town::both() {
        town.rules.loops.backoff_first = Span::from_millis(1);
        town.rules.loops.errors_in_row_max = 3;
        let ran = town
            .player(
                "moody",
                |thought, view| if thought % 3 == 2 { wait_ms(100) } else { failing(thought, view) },
            )
            .run(30);
        assert_eq!(ran.count("moody", EventKind::AgentPaused), 0);
        assert!(ran.count("moody", EventKind::AgentFailed) > 10);
    }
}

#[test]
fn tick_and_continuous_a_paused_loop_can_be_resumed() {
    for mut town in Town::both() {
        town.rules.loops.errors_in_row_max = 1;
        town = town
            .player("bad", |thought, view| if thought == 0 { failing(thought, view) } else { wait_ms(500) });
        town = town.player("good", |_, _| wait_ms(1_000));
        let disk = MemoryDisk::new();
        let ran = town.run_host(town.host(&disk), 3, None, None);
        assert_eq!(ran.state("bad"), LoopState::Paused);
        let key = ran.key("bad");
        let mut host = ran.outcome.host;
        town.begin(&mut host);
        let now = host.world().time();
        let resume = Command::Lifecycle { agent: key, change: Lifecycle::Resume };
        host.step(&resume, now, &mut Trace::default()).unwrap();
        let mut again = town.run_host(host, 3, None, None);
        // Its mind began anew and fails once more at its first thought.
        assert_eq!(again.state("bad"), LoopState::Paused);
        assert_eq!(again.of("bad", EventKind::AgentPaused).len(), 1);
        again.events.clear();
    }
}

#[test]
fn tick_and_continuous_a_panicking_mind_stays_alone() {
    for town in Town::both() {
        let ran = town
            .agent("bomb", "mind = 'panicking'\nfirst = 2")
            .player("string", |_, _| panic!("{}", String::from("a string")))
            .player("object", |_, _| std::panic::panic_any(42))
            .player("good", |_, _| wait_ms(1_000))
            .run(10);
        for bad in ["bomb", "string", "object"] {
            assert!(ran.count(bad, EventKind::AgentFailed) > 0, "{bad}");
        }
        assert!(ran.count("good", EventKind::ActionDone) >= 9);
        let Effect::AgentFailed { error, .. } = &ran.of("string", EventKind::AgentFailed)[0].effect else {
            panic!()
        };
        assert!(error.contains("a string"), "{error}");
        ran.nothing_is_open();
    }
}

#[test]
fn tick_and_continuous_an_agent_that_spoils_its_own_configuration_pauses_and_may_be_repaired() {
    for mut town in Town::both() {
        town.rules.loops.backoff_first = Span::from_millis(10);
        town.rules.loops.errors_in_row_max = 2;
        let spoil = |text: &str| Action::Write(Box::new(Draft::new(id("fool"), text)));
        let ran = town
            .player("fool", move |_, _| act(spoil("mind = 'no such mind'")))
            .player("good", |_, _| wait_ms(1_000))
            .run(6);
        assert_eq!(ran.count("fool", EventKind::Thought), 1);
        assert_eq!(ran.state("fool"), LoopState::Paused);
        let Effect::AgentPaused { error, .. } = &ran.of("fool", EventKind::AgentPaused)[0].effect else {
            panic!()
        };
        assert!(error.contains("no such mind"), "{error}");
        assert!(ran.count("good", EventKind::ActionDone) >= 5);
    }
}

#[test]
fn tick_and_continuous_whoever_repairs_a_paused_configuration_sets_it_going() {
    for mut town in Town::both() {
        town.rules.loops.errors_in_row_max = 1;
        let is_continuous = town.is_continuous();
        town = town.player("good", |_, _| wait_ms(400)).player("owner", move |thought, _| match thought {
            t if t == if is_continuous { 1 } else { 3 } => {
                act_then_wait(Action::Write(Box::new(Draft::new(id("broken"), "play good"))))
            }
            _ => wait_ms(2_500),
        });
        town.founders.push(founder("broken", "mind = 7", plenty()));
        let ran = town.owned("broken", "owner").run(10);
        assert_eq!(ran.count("broken", EventKind::AgentPaused), 1);
        assert_eq!(ran.count("owner", EventKind::ActionRefused), 0);
        assert_eq!(ran.state("broken"), LoopState::Running);
        assert!(ran.count("broken", EventKind::Thought) >= 4);
    }
}

#[test]
fn tick_and_continuous_a_mind_that_panics_while_it_is_saved_loses_only_its_state() {
    struct Bomb;
    impl ecology_minds::Mind for Bomb {
        fn name(&self) -> &'static str {
            "bomb"
        }
        fn think(&mut self, _: &dyn ecology_minds::Perception) -> Result<ecology_minds::Decision, MindError> {
            wait_ms(500)
        }
        fn save(&self) -> Vec<u8> {
            panic!("no state")
        }
        fn restore(&mut self, _: &[u8]) -> Result<(), MindError> {
            panic!("no state")
        }
    }
    impl Drop for Bomb {
        fn drop(&mut self) {
            assert!(std::thread::panicking(), "not even dropped in peace");
        }
    }
    let town = Town::continuous().agent("bomb", "bomb");
    let mut equipment = town.equipment(None);
    equipment.make_mind = Box::new(|_, _| Ok(Box::new(Bomb)));
    let host = town.host(&MemoryDisk::new());
    let clock = Box::new(ecology_runner::clock::VirtualClock::starting_at(Time::ZERO));
    let limits = ecology_runner::ContinuousLimits::lasting(Span::from_secs(3));
    let stop = ecology_runner::Stop::default();
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        ecology_runner::run_continuously(
            host,
            equipment,
            clock,
            limits,
            &stop,
            &mut Trace::default(),
            &mut |_| {},
        )
        .unwrap()
    }));
    assert!(outcome.is_ok());
}
