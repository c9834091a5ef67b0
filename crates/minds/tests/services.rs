//! Each mind does what its description says.

use ecology_minds::{
    AgentStatus, Mind, Pace, Summary, SummaryBounds, Then, build, build_with, scripted::Tools,
};
use ecology_types::{Resource, Seed, Span, Time, WakeCondition};

use crate::village::Village;

fn no_refusals(village: &Village) {
    let refusals: Vec<_> =
        village.refusals.iter().map(|(who, _, refusal)| format!("{who}: {refusal}")).collect();
    assert!(refusals.is_empty(), "{refusals:#?}");
}

#[test]
fn builders_write_finish_sell_and_buy() {
    let mut village = Village::new(1);
    for _ in 0..3 {
        village.add("mind = 'builder'\nread_price = 1", 50);
    }
    village.run_ticks(200);
    assert!(village.trades.len() > 10, "{}", village.trades.len());
    assert!(village.trades.iter().all(|trade| trade.kind == "essay" && (5..=10).contains(&trade.price)));
    assert!(village.artifacts.values().any(|artifact| artifact.content.contains("state: finished")));
    assert!(village.calls["genesis_escrow.cancel"] > 0, "old asks are taken back");
    assert!(village.orders.len() <= 3 * 4);
}

#[test]
fn debts_are_sold_and_repaid() {
    let mut village = Village::new(2);
    let borrower =
        village.add("mind = 'borrower'\nprincipal = 10\nface = 12\nterm = 20000000\ndebts_max = 3", 20);
    let lender = village.add("mind = 'lender'\nprice_max = 20", 30);
    village.run_ticks(100);
    no_refusals(&village);
    assert_eq!(village.trades.len(), 3);
    assert_eq!(village.agents[borrower].scrip, 20 - 3 * 2);
    assert_eq!(village.agents[lender].scrip, 30 + 3 * 2);
    assert!(village.artifacts.is_empty(), "paid promises are torn up");
}

#[test]
fn promises_can_be_sold_on_and_the_holder_is_paid() {
    let mut village = Village::new(3);
    let fields = "term = 60000000\ndebts_max = 1\nprincipal = 10\nface = 20";
    let borrower = village.add(&format!("mind = 'borrower'\n{fields}"), 20);
    let first = village.add("mind = 'lender'\nresell_permille = 1000\nprice_max = 15", 30);
    village.run_ticks(10);
    let second = village.add("mind = 'lender'\ngain_permille = 0", 100);
    village.run_ticks(90);
    assert_eq!(village.agents[borrower].scrip, 20 + 10 - 20);
    assert_eq!(village.agents[first].scrip, 30 - 10 + 20);
    assert_eq!(village.agents[second].scrip, 100 - 20 + 20);
}

#[test]
fn lenders_do_not_buy_what_is_no_promise() {
    let mut village = Village::new(3);
    let seller = village.add("mind = 'builder'\ngood = 'debt'\nspend_max = 0", 0);
    let lender = village.add("mind = 'lender'", 1_000);
    village.run_ticks(50);
    assert!(village.trades.is_empty());
    assert_eq!((village.agents[seller].scrip, village.agents[lender].scrip), (0, 1_000));
}

#[test]
fn frozen_agents_are_rescued() {
    let mut village = Village::new(4);
    village.add("mind = 'rescuer'\namount = 3", 0);
    for _ in 0..40 {
        village.add("mind = 'idle'", 0);
    }
    let frozen = 33;
    village.agents[frozen].status = AgentStatus::Blocked;
    village.run_ticks(5);
    assert_eq!(village.agents[frozen].status, AgentStatus::Running);
    assert_eq!(village.agents[frozen].quota[Resource::LlmCalls.index()], 1_003);
    assert_eq!(village.calls["genesis_rights_registry.transfer_quota"], 1);
    no_refusals(&village);
}

#[test]
fn rescuers_keep_what_they_need() {
    let mut village = Village::new(4);
    village.add("mind = 'rescuer'\namount = 600\nkeep = 401", 0);
    village.add("mind = 'idle'", 0);
    village.agents[1].status = AgentStatus::Blocked;
    village.run_ticks(5);
    assert_eq!(village.agents[1].status, AgentStatus::Blocked);
}

#[test]
fn scouts_call_every_free_method() {
    let mut village = Village::new(5);
    village.add("mind = 'scout'", 0);
    village.add("mind = 'builder'\nspend_max = 0", 10);
    village.run_ticks(60);
    for call in [
        "genesis_handbook.read",
        "genesis_store.list",
        "genesis_store.get",
        "genesis_store.search",
        "genesis_store.count",
        "genesis_store.list_by_type",
        "genesis_store.list_by_owner",
        "genesis_store.list_agents",
        "genesis_store.list_principals",
        "genesis_store.get_metadata",
        "genesis_store.get_interface",
        "genesis_ledger.balance",
        "genesis_ledger.all_balances",
        "genesis_rights_registry.check_quota",
        "genesis_rights_registry.all_quotas",
        "genesis_escrow.list_active",
        "genesis_escrow.check",
        "genesis_mint.status",
        "genesis_event_log.read",
        "genesis_event_log.subscribe",
        "genesis_event_log.unsubscribe",
    ] {
        assert!(village.calls.get(call).is_some_and(|count| *count > 0), "{call}");
    }
}

#[test]
fn sleepers_sleep_and_stop() {
    let mut village = Village::new(6);
    let config = "mind = 'sleeper'\nduration = 5\nevents_about_me = ['escrow_sold']\nscrip_at_least = 7\nsleeps_max = 2";
    village.add(config, 0);
    let decision = village.think(0).unwrap();
    let Then::Sleep(sleep) = decision.then else { panic!("{decision:?}") };
    assert_eq!(sleep.duration, Some(Span(5)));
    assert_eq!(sleep.on.len(), 2);
    assert_eq!(sleep.on[1], WakeCondition::ScripAtLeast(ecology_types::Scrip(7)));
    village.run_ticks(3);
    assert_eq!(village.agents[0].status, AgentStatus::Stopped);
}

#[test]
fn spawners_provide_for_their_children() {
    let mut village = Village::new(7);
    village.add("mind = 'spawner'\nchildren_max = 2\ngift = 3\ndisk = 50", 10);
    village.run_ticks(12);
    no_refusals(&village);
    assert_eq!(village.agents.len(), 3);
    for child in &village.agents[1..] {
        assert_eq!((child.scrip, child.quota[Resource::Disk.index()]), (3, 50), "{}", child.id);
    }
    assert_eq!(village.agents[0].status, AgentStatus::Stopped);
}

#[test]
fn rights_are_traded() {
    let mut village = Village::new(8);
    let seller = village.add("mind = 'quota_trader'\nrole = 'seller'\namount = 100\nkeep = 500", 0);
    let buyer = village.add("mind = 'quota_trader'\nrole = 'buyer'\namount = 100\nkeep = 1300", 100);
    village.run_ticks(60);
    assert!(village.trades.iter().all(|trade| (1..=10).contains(&trade.price)));
    assert!(village.agents[buyer].quota[Resource::Disk.index()] >= 1_300);
    assert!(village.agents[seller].quota[Resource::Disk.index()] >= 400, "one ask may hold what is left");
    let all: u64 = village.agents.iter().map(|agent| agent.quota[Resource::Disk.index()]).sum();
    let held = village.orders.iter().filter(|order| order.good.is_some()).count() as u64 * 100;
    assert_eq!(all + held, 2_000, "conserved");
}

#[test]
fn failing_minds_fail_when_told() {
    let mut village = Village::new(9);
    village.add("mind = 'failing'\nfirst = 3\ncount = 2\n[inner]\nmind = 'random_transfer'", 10);
    village.add("mind = 'idle'", 0);
    village.run_ticks(6);
    assert_eq!(village.agents[0].errors, 2);
    assert_eq!(village.agents[1].scrip, 4);
}

#[test]
fn slow_minds_take_the_time_they_are_given() {
    use std::sync::{Arc, atomic::AtomicU64, atomic::Ordering};
    let waited = Arc::new(AtomicU64::new(0));
    let clock = Arc::clone(&waited);
    let delay = move |span: Span| {
        clock.fetch_add(span.0, Ordering::Relaxed);
    };
    let tools = Tools { delay: Some(Arc::new(delay)) };
    let mut mind = build_with("mind = 'slow'\nthinking = 700", Seed(1), &tools).unwrap();
    assert_eq!((mind.pace(), mind.thinking_time()), (Pace::Task, Span(700)));
    let mut village = Village::new(1);
    village.add("mind = 'idle'", 0);
    mind.think(&village.view(0)).unwrap();
    assert_eq!(waited.load(Ordering::Relaxed), 700);
}

#[test]
#[should_panic(expected = "thought 2 panics on purpose")]
fn panicking_minds_panic() {
    let mut village = Village::new(1);
    village.add("mind = 'panicking'\nfirst = 2", 0);
    village.run_ticks(2);
}

#[test]
fn a_summary_shows_the_same_within_its_bounds() {
    let mut village = Village::new(10);
    village.mint_every = 5;
    for _ in 0..3 {
        village.add("mind = 'builder'", 50);
    }
    for _ in 0..200 {
        village.add("mind = 'idle'", 1);
    }
    village.run_ticks(30);
    let mut mind = build("mind = 'builder'", Seed(3)).unwrap();
    let mut twin = build("mind = 'builder'", Seed(3)).unwrap();
    for _ in 0..6 {
        let bounds = mind.attention();
        let summary = Summary::capture(&village.view(0), &bounds);
        assert_eq!(mind.think(&village.view(0)), twin.think(&summary));
        assert_eq!(Summary::capture(&summary, &bounds), summary, "capturing again changes nothing");
    }
    let bounds = SummaryBounds { agents_max: 4, owned_max: 1, content_bytes_max: 3, ..Default::default() };
    let summary = Summary::capture(&village.view(0), &bounds);
    use ecology_minds::Perception;
    assert_eq!((summary.agents_count(), summary.owned_count()), (4, 1));
    assert_eq!(summary.agent_at(1).unwrap().as_str(), "agent_50", "evenly spaced");
    assert_eq!(summary.owned_at(0).unwrap().content.map(str::len), Some(3));
    assert!(summary.owned_at(0).unwrap().bytes > 3);
    fn is_send<T: Send>() {}
    is_send::<Summary>();
    is_send::<Box<dyn Mind>>();
    assert_eq!(summary.now(), Time(30_000_000));
}

#[test]
fn errands_are_tried_until_they_come_out_as_expected() {
    let mut village = Village::new(1);
    let late = "mind = 'errands'\n[[errands]]\n[[errands]]\n[[errands]]\naction = 'write'\nartifact = 'note'\ncontent = 'hello'";
    let early = "mind = 'errands'\n[[errands]]\naction = 'read'\nartifact = 'note'\nrefusal = 'artifact_not_found'\n\
                 [[errands]]\naction = 'read'\nartifact = 'note'\n[[errands]]\naction = 'delete'\nartifact = 'note'\nrefusal = 'not_permitted'";
    village.add(early, 10);
    village.add(late, 10);
    village.run_ticks(20);
    assert!(village.artifacts.len() == 1);
    let codes: Vec<_> = village.refusals.iter().map(|(_, _, refusal)| refusal.code.name()).collect();
    assert!(codes.iter().filter(|code| **code == "artifact_not_found").count() >= 2, "{codes:?}");
    assert_eq!(codes.last(), Some(&"not_permitted"), "the last errand expects to be refused, once");
    assert_eq!(codes.iter().filter(|code| **code == "not_permitted").count(), 1);
}

#[test]
fn what_waits_in_one_list_holds_up_no_other() {
    let mut village = Village::new(1);
    let config = "mind = 'agenda'\ntries_max = 2\nlists = [\
                  [{ action = 'read', artifact = 'sign', patient = true }, { action = 'write', artifact = 'late', content = 'x' }],\
                  [{ action = 'read', artifact = 'nowhere' }, { action = 'write', artifact = 'soon', content = 'at @now+5' }]]";
    village.add(config, 10);
    village.run_ticks(9);
    assert!(village.artifacts.keys().any(|id| id.as_str() == "soon"), "given up after two tries");
    assert!(village.artifacts.keys().all(|id| id.as_str() != "late"), "patient");
    let sign = "mind = 'errands'\n[[errands]]\naction = 'write'\nartifact = 'sign'\ncontent = 'now'";
    village.add(sign, 10);
    village.run_ticks(9);
    assert!(village.artifacts.keys().any(|id| id.as_str() == "late"));
}
