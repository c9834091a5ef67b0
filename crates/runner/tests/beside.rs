//! Code that runs beside the writer, on the clock of the machine: nobody waits for it, and it is believed only while what it was told holds.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use ecology_journal::{Journal, MemoryDisk, MemoryJournal};
use ecology_minds::{Decision, MindError, Perception, Then, services};
use ecology_runner::Ended;
use ecology_runner::clock::RealClock;
use ecology_sandbox::{Called, Engine, Fault, Host, HostError, Limits, Program};
use ecology_types::{
    Action, Axis, Command, Draft, Effect, EventKind, Record, RefusalCode, Side, Span, Time, Value,
};

use crate::hostile::executable;
use crate::support::*;

/// Long enough for anything that happens at all.
const PATIENCE: Duration = Duration::from_secs(20);

/// A number that threads wait for.
#[derive(Default)]
struct Gauge(Mutex<u64>, Condvar);

impl Gauge {
    fn rise(&self) {
        *self.0.lock().unwrap() += 1;
        self.1.notify_all();
    }

    fn is_at(&self, wanted: u64) -> bool {
        *self.0.lock().unwrap() >= wanted
    }

    /// Waits until it gets there; whether it did.
    fn reaches(&self, wanted: u64) -> bool {
        let reached = self.0.lock().unwrap();
        !self.1.wait_timeout_while(reached, PATIENCE, |at| *at < wanted).unwrap().1.timed_out()
    }
}

type Script = Arc<dyn Fn(u64, &mut dyn Host) -> Result<Value, Fault> + Send + Sync>;

/// Code that is a closure of a test, called with the number of the call.
#[derive(Clone)]
struct Puppet {
    script: Script,
    calls: Arc<AtomicU64>,
}

impl Puppet {
    fn engine(
        script: impl Fn(u64, &mut dyn Host) -> Result<Value, Fault> + Send + Sync + 'static,
    ) -> Option<Arc<dyn Engine>> {
        Some(Arc::new(Self { script: Arc::new(script), calls: Arc::default() }))
    }
}

impl Engine for Puppet {
    fn name(&self) -> &'static str {
        "puppet"
    }

    fn compile(&self, _: &str, _: &Limits) -> Result<Arc<dyn Program>, Fault> {
        Ok(Arc::new(self.clone()))
    }
}

impl Program for Puppet {
    fn has(&self, _: &str) -> bool {
        true
    }

    fn call(&self, _: &str, _: &[Value], _: &Limits, _: u64, host: &mut dyn Host) -> Called {
        let outcome = (self.script)(self.calls.fetch_add(1, Ordering::SeqCst), host);
        Called { outcome, instructions: 50, memory_peak_bytes: 0 }
    }
}

fn fault(error: HostError) -> Fault {
    match error {
        HostError::Refused(message) => Fault::Error { message },
        HostError::Abort(reason) => Fault::Aborted { reason },
    }
}

/// A page that code governs, and a reader of it who stops when it has been answered `answers` times.
fn library(engine: Option<Arc<dyn Engine>>, answers: u64) -> Town {
    let mut town = Town::continuous();
    town.axes = town.axes.with(Axis::ArtifactOntology, Side::New).with(Axis::AccessControl, Side::New);
    town.rules.tick = Span::from_millis(1);
    town.engine = engine;
    town.player("reader", move |thought, _| match thought {
        0 => act(code("gate")),
        1 => {
            let mut page = Draft::new(id("page"), "for those who may");
            page.access_contract = Some(id("gate"));
            act(Action::Write(Box::new(page)))
        }
        read if read < 1 + answers => act(Action::Read { artifact: id("page") }),
        _ => act(Action::Read { artifact: id("page") }).map(|last| last.then(Then::Stop)),
    })
}

fn code(name: &str) -> Action {
    executable(name, "-- played by the test")
}

fn on_the_clock_of_the_machine(town: &Town) -> Ran {
    recorded(town, &MemoryDisk::new())
}

fn recorded(town: &Town, disk: &MemoryDisk) -> Ran {
    let clock = Box::new(RealClock::starting_at(Time::ZERO));
    let ran = town.run_host(town.host(disk), 30_000, None, Some(clock));
    ran.world().check_invariants().expect("the laws hold");
    ran
}

/// The instructions of all answers that acts came with.
fn borne(disk: &MemoryDisk) -> Vec<u64> {
    let mut all = Vec::new();
    let mut journal = MemoryJournal::open(disk).unwrap();
    let last = journal.last();
    let visit = &mut |_, bytes: &[u8]| {
        if let Command::Act(act) = Record::decode(bytes).unwrap().command {
            all.extend(act.answers.iter().map(|answer| answer.instructions));
        }
        ControlFlow::Continue(())
    };
    journal.for_each(1, last, visit).unwrap();
    all
}

fn refusals(ran: &Ran, name: &str) -> Vec<(RefusalCode, String)> {
    ran.events
        .iter()
        .filter_map(|event| match &event.effect {
            Effect::ActionRefused { code, detail, .. } if event.actor == Some(ran.key(name)) => {
                Some((*code, detail.to_string()))
            }
            _ => None,
        })
        .collect()
}

#[test]
fn continuous_others_act_while_code_runs_without_end() {
    let acted = Arc::new(Gauge::default());
    let seen = Arc::clone(&acted);
    // The check ends only when somebody else has acted a hundred times meanwhile.
    let town = library(Puppet::engine(move |_, _| Ok(Value::Bool(seen.reaches(100)))), 1);
    let town = town.player("busy", move |thought, _| {
        acted.rise();
        act(Action::Noop).map(|decision| if thought < 200 { decision } else { decision.then(Then::Stop) })
    });
    let ran = on_the_clock_of_the_machine(&town);
    assert_eq!(ran.outcome.ended, Ended::Everybody);
    assert_eq!(refusals(&ran, "reader"), [], "the check was answered in time");
    assert_eq!((ran.outcome.code.beside, ran.outcome.code.asked), (1, 1));
}

/// Acts once when somebody has been asked so many times, tells that it did, and stops.
fn once_asked(
    asked: &Arc<Gauge>,
    done: &Arc<Gauge>,
    action: Action,
) -> impl Fn(u64, &dyn Perception) -> Result<Decision, MindError> + Send + Sync + 'static {
    let (asked, done) = (Arc::clone(asked), Arc::clone(done));
    let acted = AtomicU64::new(0);
    move |_, _| {
        if !asked.is_at(1) {
            return wait_ms(1);
        }
        match acted.fetch_add(1, Ordering::SeqCst) {
            0 => act(action.clone()),
            _ => {
                done.rise();
                noop().map(|last| last.then(Then::Stop))
            }
        }
    }
}

/// A check that asks for a balance, and the first time waits after that until something has happened.
fn overtaken(asked: &Arc<Gauge>, happened: &Arc<Gauge>) -> Option<Arc<dyn Engine>> {
    let (asked, happened) = (Arc::clone(asked), Arc::clone(happened));
    Puppet::engine(move |call, host| {
        let balance = host.call("balance", &[Value::text("other")]).map_err(fault)?;
        asked.rise();
        assert!(call > 0 || happened.reaches(1), "nothing happened");
        Ok(Value::Bool(balance == Value::Int(60)))
    })
}

#[test]
fn continuous_an_answer_that_was_overtaken_is_asked_for_again() {
    let (asked, paid) = <(Arc<Gauge>, Arc<Gauge>)>::default();
    let town = library(overtaken(&asked, &paid), 1)
        .player("other", once_asked(&asked, &paid, services::transfer(&id("reader"), 40)));
    let disk = MemoryDisk::new();
    let ran = recorded(&town, &disk);
    assert_eq!(refusals(&ran, "reader"), [], "the second answer was believed, the first was not");
    assert_eq!((ran.outcome.code.asked, ran.outcome.code.stale), (2, 1));
    drop(ran);
    assert_eq!(borne(&disk), [100], "both are paid for");
}

#[test]
fn continuous_a_view_that_changes_in_the_middle_of_a_check_ends_it() {
    let (asked, paid) = <(Arc<Gauge>, Arc<Gauge>)>::default();
    let (tells, seen) = (Arc::clone(&asked), Arc::clone(&paid));
    let engine = Puppet::engine(move |call, host| {
        let mut balance = |who: &str| host.call("balance", &[Value::text(who)]).map_err(fault);
        let other = balance("other")?;
        tells.rise();
        assert!(call > 0 || seen.reaches(1), "nothing happened");
        let reader = balance("reader")?;
        // Never a mixture of two states: together they always have two hundred.
        assert_eq!((other, reader), (Value::Int(60), Value::Int(140)));
        Ok(Value::Bool(true))
    });
    let town =
        library(engine, 1).player("other", once_asked(&asked, &paid, services::transfer(&id("reader"), 40)));
    let disk = MemoryDisk::new();
    let ran = recorded(&town, &disk);
    assert_eq!(refusals(&ran, "reader"), []);
    assert_eq!((ran.outcome.code.asked, ran.outcome.code.stale), (1, 1));
    drop(ran);
    assert_eq!(borne(&disk), [100], "also the one that came to nothing");
}

#[test]
fn continuous_what_is_always_overtaken_is_refused_in_the_end() {
    let (asked, counted) = <(Arc<Gauge>, Arc<Gauge>)>::default();
    let (tells, seen) = (Arc::clone(&asked), Arc::clone(&counted));
    // Every check waits until the other one has paid once more; one that may not wait fails.
    let engine = Puppet::engine(move |call, host| {
        let balance = host.call("balance", &[Value::text("other")]).map_err(fault)?;
        if call >= 4 {
            return Err(Fault::OutOfInstructions);
        }
        tells.rise();
        assert!(seen.reaches(call + 1), "nothing happened");
        Ok(Value::Bool(balance != Value::Null))
    });
    let town = library(engine, 1).player("other", move |_, _| {
        let paid = *counted.0.lock().unwrap();
        if paid == 4 {
            return noop().map(|last| last.then(Then::Stop));
        }
        if !asked.is_at(paid + 1) {
            return wait_ms(1);
        }
        counted.rise();
        act(services::transfer(&id("reader"), 1))
    });
    let ran = on_the_clock_of_the_machine(&town);
    let refusals = refusals(&ran, "reader");
    assert!(matches!(&refusals[..], [(RefusalCode::AnswerStale, _)]), "{refusals:?}");
    assert_eq!(ran.outcome.code.stale, 4);
}

#[test]
fn continuous_a_contract_that_is_deleted_while_it_is_asked_is_asked_no_more() {
    let (asked, deleted) = <(Arc<Gauge>, Arc<Gauge>)>::default();
    let mut town = library(overtaken(&asked, &deleted), 1);
    let written = Arc::new(Gauge::default());
    let (seen, done, is_written) = (Arc::clone(&asked), Arc::clone(&deleted), Arc::clone(&written));
    let writer = AtomicU64::new(0);
    // Its writer deletes it when another one is asking.
    let reader = town.plays.get("play reader").unwrap().0.clone();
    town = town.player("writer", move |_, _| match writer.fetch_add(1, Ordering::SeqCst) {
        0 => act(code("gate")),
        _ if !seen.is_at(1) => {
            written.rise();
            wait_ms(1)
        }
        _ if !done.is_at(1) => {
            let gone = act(Action::Delete { artifact: id("gate") });
            done.rise();
            gone
        }
        _ => noop().map(|last| last.then(Then::Stop)),
    });
    town.founders.retain(|founder| founder.id != id("reader"));
    let thoughts = AtomicU64::new(1);
    town = town.player("reader", move |_, view| match is_written.is_at(1) {
        false => wait_ms(1),
        true => reader(thoughts.fetch_add(1, Ordering::SeqCst), view),
    });
    let ran = on_the_clock_of_the_machine(&town);
    let refusals = refusals(&ran, "reader");
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    assert_eq!(ran.outcome.ended, Ended::Everybody);
}

#[test]
fn continuous_whoever_is_taken_over_while_code_runs_does_not_act() {
    let (asked, taken) = <(Arc<Gauge>, Arc<Gauge>)>::default();
    let rewrite = Action::Edit {
        artifact: id("reader"),
        find: "play reader".into(),
        replace: "play other".into(),
        expected_version: None,
    };
    let town = library(overtaken(&asked, &taken), 1)
        .player("other", once_asked(&asked, &taken, rewrite))
        .owned("reader", "other");
    let ran = on_the_clock_of_the_machine(&town);
    assert_eq!(ran.count("reader", EventKind::AgentVoided), 1, "what it asked for came too late");
    assert_eq!(refusals(&ran, "reader"), []);
}

#[test]
fn continuous_a_run_ends_although_code_is_still_out() {
    let mut town = library(
        Puppet::engine(|_, host| {
            // It asks and asks, as long as anybody answers.
            loop {
                host.call("balance", &[Value::text("reader")]).map_err(fault)?;
            }
        }),
        1,
    );
    town.grace = Span::from_millis(50);
    let clock = Box::new(RealClock::starting_at(Time::ZERO));
    let ran = town.run_host(town.host(&MemoryDisk::new()), 200, None, Some(clock));
    assert_eq!(ran.outcome.ended, Ended::Finished);
    assert_eq!(ran.world().reservations().count(ran.key("reader")), 0, "what was set aside is free again");
    ran.world().check_invariants().expect("the laws hold");
}
