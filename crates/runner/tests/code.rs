//! Contracts that agents write, asked in whole runs: Luau, both modes.

use std::sync::Arc;

use ecology_journal::{Journal, MemoryDisk, MemoryJournal};
use ecology_minds::{Decision, MindError, Then};
use ecology_runner::Observers;
use ecology_runner::store::{self, Recover};
use ecology_types::{Action, Axis, Draft, Interface, Method, Side, Span, Value};

use crate::support::*;

/// Everybody pays 4, of which a quarter goes to `cid`; who has read is counted in the contract's state.
const PAYWALL: &str = r#"
function check_permission(request)
    if request.action ~= "read" then
        return { allow = request.caller == request.creator, reason = "only its creator" }
    end
    local reads = world.state() or 0
    return { allow = true, cost = 4, pay = { { to = "cid", amount = 1 } }, state = reads + 1 }
end
"#;

/// Open from the third second of world time on; the same answer as long as the time is.
const TIME_LOCK: &str = r#"
function check_permission(request)
    return { allow = world.now() >= 3000000, reason = "not yet" }
end
"#;

/// For two names; declares itself cacheable.
const ALLOW_LIST: &str = r#"
function check_permission(request)
    return { allow = request.caller == "bob" or request.caller == "cid", reason = "not on the list", cacheable = true }
end
"#;

const ENDLESS: &str = "function check_permission(request) while true do end end";

fn contract(name: &str, source: &str) -> Action {
    let mut draft = Draft::new(id(name), source);
    draft.can_execute = Some(true);
    let method = Method {
        name: "check_permission".into(),
        description: "d".into(),
        input_schema: Value::Map(Vec::new()),
    };
    draft.interface = Some(Arc::new(Interface { description: "d".into(), methods: vec![method] }));
    Action::Write(Box::new(draft))
}

fn governed(name: &str, by: &str) -> Action {
    let mut draft = Draft::new(id(name), format!("content of {name}"));
    draft.access_contract = Some(id(by));
    Action::Write(Box::new(draft))
}

fn read(name: &str) -> Action {
    Action::Read { artifact: id(name) }
}

/// An action, and then nothing for most of a second.
fn slowly(action: Action) -> Result<Decision, MindError> {
    act(action).map(|decision| Decision { then: Then::Delay(Span::from_millis(900)), ..decision })
}

/// `ann` writes a contract and a page under it, the others read it again and again.
fn town(mut town: Town, source: &'static str) -> Town {
    town.axes = town.axes.with(Axis::ArtifactOntology, Side::New).with(Axis::AccessControl, Side::New);
    town.player("ann", move |thought, _| match thought {
        0 => slowly(contract("gate", source)),
        1 => slowly(governed("page", "gate")),
        _ => slowly(Action::Noop),
    })
    .player("bob", |thought, _| if thought < 3 { slowly(Action::Noop) } else { slowly(read("page")) })
    .player("cid", |_, _| slowly(Action::Noop))
    .player("dan", |thought, _| slowly(Action::Write(Box::new(Draft::new(id("notes"), thought.to_string())))))
}

fn done(ran: &Ran, who: &str) -> (u64, u64) {
    let used = ran.world().usage().get(ran.key(who));
    (used.actions_done, used.actions_refused)
}

#[test]
fn a_paywall_takes_its_price_shares_it_and_counts_in_both_modes() {
    for base in Town::both() {
        let town = town(base, PAYWALL);
        let ran = town.run(8);
        let world = ran.world();
        let (version, state) = world.kept_state(ran.key("gate"));
        assert!(version >= 2, "{version}");
        let reads = state.as_count().expect("a count");
        assert_eq!(version, reads);
        let scrip = |who| world.accounts().scrip(ran.key(who)).0;
        assert_eq!(
            (scrip("bob"), scrip("cid"), scrip("ann")),
            (100 - 4 * reads, 100 + reads, 100 + 3 * reads)
        );
        assert_eq!(ran.outcome.code.asked, reads);
        assert_eq!(ran.outcome.code.faults, 0);
        ran.nothing_is_open();
        assert_eq!(
            town.run(8).world().hash().decided_hex(),
            world.hash().decided_hex(),
            "same seed, same world"
        );
    }
}

#[test]
fn a_cacheable_answer_is_asked_for_once() {
    for base in Town::both() {
        let ran = town(base, ALLOW_LIST).run(12);
        assert_eq!(ran.outcome.code.asked, 1, "{:?}", ran.outcome.code);
        assert!(ran.outcome.code.from_cache >= 3, "{:?}", ran.outcome.code);
        assert_eq!(done(&ran, "bob").1, 0);
    }
}

#[test]
fn a_time_lock_opens() {
    let mut town = town(Town::by_ticks(), TIME_LOCK);
    town.rules.tick = Span::from_millis(500);
    let ran = town.run(12);
    let (done, refused) = done(&ran, "bob");
    assert!(refused >= 2 && done >= 5, "{done} done, {refused} refused");
}

#[test]
fn a_contract_that_never_ends_is_denied_and_stops_nobody() {
    for base in Town::both() {
        let ran = town(base, ENDLESS).run(10);
        assert!(ran.outcome.code.faults > 0);
        assert!(done(&ran, "bob").1 > 0);
        assert_eq!(done(&ran, "dan").1, 0, "others go on");
        assert!(done(&ran, "dan").0 >= 8);
        ran.world().check_invariants().expect("the laws hold");
    }
}

#[test]
fn a_replay_runs_no_code() {
    let town = town(Town::by_ticks(), PAYWALL);
    let disk = MemoryDisk::new();
    let ran = town.run_host(town.host(&disk), 8, None, None);
    let live = ran.world().hash();
    assert!(ran.outcome.code.asked > 0);
    ran.outcome.host.close().unwrap();
    // What replays has no asker at all: recorded effects are folded.
    let mut journal: Box<dyn Journal> = Box::new(MemoryJournal::open(&disk).unwrap());
    let replayed =
        store::recover(&mut *journal, town.axes, Recover::FROM_THE_START, &mut Observers::default()).unwrap();
    assert_eq!(replayed.hash().decided_hex(), live.decided_hex());
}
