//! Laws that hold for every sequence of commands, in every combination.

use std::sync::Arc;

use ecology_types::{
    Act, Action, BidId, Charges, Command, Draft, Effect, Founder, Genesis, GenesisArtifact, Interface, Key,
    Lifecycle, Measurement, Method, Outcome, PolicyDraft, Record, RefusalCode, Resource, Rules, Scrip, Seed,
    Sleep, SmolStr, Span, Thought, Value, WakeReason, WriteMode,
};
use ecology_world::{DistinctWords, Scorer, Step, World};
use proptest::prelude::*;

use crate::support::*;

/// Numbers from one seed, small so that things meet.
#[derive(Clone)]
struct Dice {
    seed: Seed,
    thrown: u64,
}

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.thrown += 1;
        self.seed.derive("dice", self.thrown).0 % bound.max(1)
    }

    fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }

    fn of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        let at = self.below(items.len() as u64);
        &items[usize::try_from(at).unwrap()]
    }
}

/// A small and tight world: windows fill, quotas bind, limits are met.
fn tight(dice: &mut Dice) -> Genesis {
    let mut rules = rules();
    rules.limits.orders_per_principal_max = 3;
    rules.limits.bids_per_principal_max = 2;
    rules.limits.subscriptions_per_principal_max = 3;
    rules.limits.content_bytes_max = 200;
    rules.limits.args_bytes_max = 400;
    rules.limits.log_events_max = 40;
    rules.mint.mint_ratio = 1;
    rules.mint.interval = Span::from_secs(30);
    rules.mint.winners = u32::try_from(dice.below(3)).unwrap();
    if dice.one_in(2) {
        rules.action_estimate = Charges::of(Resource::Cpu, 20);
    }
    let quotas = Charges::of(Resource::LlmBudget, 100)
        .with(Resource::Disk, 400)
        .with(Resource::Memory, 50)
        .with(Resource::LlmTokens, 100)
        .with(Resource::LlmCalls, 30)
        .with(Resource::Cpu, 100)
        .with(Resource::DiskWrites, 600)
        .with(Resource::Bandwidth, 3_000);
    let founders: Vec<Founder> = ["ann", "bob", "cid", "dot"]
        .into_iter()
        .map(|name| Founder { is_agent: name != "dot", ..founder(name, 100, quotas) })
        .collect();
    let artifacts = vec![(id("ann"), Draft::new(id("t0"), "ready from the beginning"))];
    Genesis { rules, founders, artifacts }
}

const PEOPLE: [&str; 6] = ["ann", "bob", "cid", "dot", "eve", "fay"];
const THINGS: [&str; 10] = ["t0", "t1", "t2", "t3", "t4", "ann", "bob", "eve", "c1", "genesis_ledger"];
const CONTRACTS: [&str; 6] =
    ["genesis_freeware", "genesis_private", "genesis_public", "genesis_self_owned", "c1", "nowhere"];

fn draft(dice: &mut Dice) -> Draft {
    let words = ["", "a", "an apple", "an apple and an apple", "a much longer text, with many words in it"];
    let mut draft = Draft::new(id(dice.of(&THINGS)), *dice.of(&words));
    if dice.one_in(20) {
        draft.content = "x".repeat(300).into();
    }
    draft.mode = *dice.of(&[WriteMode::CreateOrReplace, WriteMode::Create, WriteMode::Replace]);
    if dice.one_in(4) {
        draft.kind = Some(SmolStr::new(*dice.of(&["wheat", "agent", "data", "right:disk:10"])));
    }
    if dice.one_in(8) {
        draft.has_standing = Some(dice.one_in(2));
    }
    if dice.one_in(8) {
        draft.can_execute = Some(dice.one_in(2));
    }
    if dice.one_in(4) {
        draft.access_contract = Some(id(dice.of(&CONTRACTS)));
    }
    if dice.one_in(8) {
        draft.memory = Some(id(dice.of(&THINGS)));
    }
    if dice.one_in(4) {
        let lists: [Vec<SmolStr>; 3] =
            [vec![SmolStr::new("*")], Vec::new(), vec![SmolStr::new(dice.of(&PEOPLE))]];
        draft.policy = Some(PolicyDraft {
            read: dice.of(&lists).clone(),
            write: dice.of(&lists).clone(),
            invoke: dice.of(&lists).clone(),
            read_price: Scrip(dice.below(4)),
            invoke_price: Scrip(dice.below(4)),
        });
    }
    if dice.one_in(6) {
        let method =
            Method { name: "go".into(), description: "goes".into(), input_schema: Value::Map(Vec::new()) };
        draft.interface = Some(Arc::new(Interface { description: "d".into(), methods: vec![method] }));
    }
    if dice.one_in(6) {
        draft.expected_version = Some(1 + dice.below(3));
    }
    draft
}

fn service_call(dice: &mut Dice, world: &World) -> Action {
    use GenesisArtifact as G;
    let who = Value::text(dice.of(&PEOPLE));
    let what = Value::text(dice.of(&THINGS));
    let amount = Value::count(dice.below(60));
    let price = Value::count(1 + dice.below(30));
    let order = Value::count(1 + dice.below(world.orders().next()));
    let resource = Value::text(dice.of(&Resource::ALL).name());
    let kind = Value::text(dice.of(&["wheat", "data", "agent", "right:disk:10", "right:cpu:10"]));
    let (service, method, mut args): (G, &str, Vec<(&str, Value)>) = match dice.below(25) {
        0 => (G::Ledger, "transfer", vec![("to", who), ("amount", amount)]),
        1 => (G::Ledger, "transfer", vec![("to", who), ("amount", amount), ("resource", resource)]),
        2 => (G::Ledger, "transfer", vec![("to", Value::text(G::Escrow.name())), ("amount", amount)]),
        3 => (G::Ledger, "spawn_principal", vec![("id", who), ("config", "spawned".into())]),
        4 => (G::Ledger, "transfer_ownership", vec![("artifact", what), ("to", who)]),
        5 => (
            G::RightsRegistry,
            "transfer_quota",
            vec![("to", who), ("resource", resource), ("amount", amount)],
        ),
        6 => (G::RightsRegistry, "all_quotas", vec![]),
        7 | 8 => (G::Escrow, "deposit", vec![("artifact", what), ("price", price)]),
        9 => {
            (G::Escrow, "deposit", vec![("resource", resource), ("amount", Value::Int(10)), ("price", price)])
        }
        10 | 11 => (G::Escrow, "purchase", vec![("order", order)]),
        12 | 13 => (G::Escrow, "offer", vec![("kind", kind), ("price", price)]),
        14 => (G::Escrow, "accept", vec![("order", order), ("artifact", what)]),
        15 => {
            (G::Escrow, "accept", vec![("order", order), ("resource", resource), ("amount", Value::Int(10))])
        }
        16 => (G::Escrow, "cancel", vec![("order", order)]),
        17 => (G::Escrow, "list_active", vec![]),
        18 | 19 => (G::Mint, "bid", vec![("artifact", what), ("amount", price)]),
        20 => (G::EventLog, "subscribe", vec![("types", Value::List(vec!["minted".into()]))]),
        21 => (G::EventLog, "unsubscribe", vec![("subscription", amount)]),
        22 => (G::Store, "search", vec![("text", "apple".into())]),
        23 => (G::EventLog, "read", vec![]),
        _ => (G::Store, "delete", vec![("artifact", what)]),
    };
    if service == G::Escrow && matches!(method, "deposit" | "offer") {
        if dice.one_in(4) {
            let name = if method == "deposit" { "buyer" } else { "seller" };
            args.push((name, Value::text(dice.of(&PEOPLE))));
        }
        if dice.one_in(4) {
            args.push(("replace", Value::count(1 + dice.below(world.orders().next()))));
        }
    }
    let args = args.into_iter().map(|(name, value)| (SmolStr::new(name), value)).collect();
    Action::invoke(service.id(), method, Value::Map(args))
}

fn action(dice: &mut Dice, world: &World) -> Action {
    let what = id(dice.of(&THINGS));
    match dice.below(20) {
        0 => Action::Noop,
        1 | 2 => Action::Read { artifact: what },
        3..6 => Action::Write(Box::new(draft(dice))),
        6 => Action::Edit {
            artifact: what,
            find: "apple".into(),
            replace: if dice.one_in(2) { "pear".into() } else { "x".repeat(40).into() },
            expected_version: None,
        },
        7 => Action::Delete { artifact: what },
        8 => Action::invoke(what, "go", Value::Null),
        _ => service_call(dice, world),
    }
}

fn thought(dice: &mut Dice, world: &World, agent: Key) -> Option<Thought> {
    let usage = Charges::of(Resource::LlmBudget, dice.below(8))
        .with(Resource::LlmTokens, dice.below(60))
        .with(Resource::LlmCalls, 1);
    let open = world.reservations().iter().find(|(_, open)| open.principal == agent).map(|(id, _)| id);
    let reservation = match dice.below(6) {
        0..3 => return None,
        3 => None,
        4 => open,
        _ => Some(open.unwrap_or(999_999)),
    };
    Some(Thought { reservation, usage, prompt_digest: 7 })
}

/// The next command; it makes sense in the present state, as those of a runner do.
fn command(dice: &mut Dice, world: &World, unsettled: &mut Vec<Measurement>) -> Command {
    let people: Vec<Key> = PEOPLE.iter().filter_map(|name| world.principal_named(name)).collect();
    let agent = *dice.of(&people);
    let is_agent = world.principal(agent).is_some_and(|record| record.can_execute);
    match dice.below(40) {
        0 | 1 => Command::Tick,
        2 | 3 => {
            let charges = Charges::of(Resource::LlmBudget, dice.below(20))
                .with(Resource::LlmTokens, dice.below(50))
                .with(Resource::LlmCalls, 1);
            Command::Reserve { agent, charges }
        }
        4 => match world.reservations().iter().next() {
            Some((reservation, _)) => Command::Release { reservation },
            None => Command::Tick,
        },
        5 => match thought(dice, world, agent) {
            Some(thought) => Command::Void { agent, thought },
            None => Command::Tick,
        },
        6 | 7 => Command::Settle { rows: std::mem::take(unsettled) },
        8 => {
            let scores: Vec<(BidId, Result<u8, SmolStr>)> = world
                .pending_auction()
                .winners
                .iter()
                .map(|bid| {
                    let failed = dice.one_in(4);
                    let score = world.live(bid.artifact).map(|record| DistinctWords.score(record));
                    (bid.id, score.filter(|_| !failed).unwrap_or(Err("failed".into())))
                })
                .collect();
            Command::ResolveMint { scores }
        }
        9 if is_agent => {
            let change = match dice.below(8) {
                0 => Lifecycle::Start,
                1 => Lifecycle::Sleep(Sleep::of(Span::from_secs(1))),
                2 => Lifecycle::Wake(WakeReason::Timer),
                3 => Lifecycle::Block { resource: Resource::Cpu, until: None },
                4 => Lifecycle::Unblock,
                5 => Lifecycle::GiveUp {
                    thought: Thought {
                        reservation: dice.one_in(2).then(|| dice.below(20)),
                        usage: Charges::of(Resource::LlmBudget, dice.below(50)),
                        prompt_digest: 0,
                    },
                    error: "too late".into(),
                },
                6 => Lifecycle::Limit { resource: Resource::Memory, used: dice.below(100), allowed: 7 },
                _ => Lifecycle::Fail { error: "boom".into() },
            };
            Command::Lifecycle { agent, change }
        }
        10 => {
            let rules = Rules { window: Span::from_secs(30 + dice.below(60)), ..world.rules().clone() };
            Command::SetRules(Box::new(rules))
        }
        11 if dice.one_in(4) => Command::StartRun {
            version: "0".into(),
            scenario: "again".into(),
            seed: Seed(2),
            axes: world.axes(),
        },
        _ => {
            let action = action(dice, world);
            Command::Act(Act { agent, action, thought: thought(dice, world, agent), answers: Vec::new() })
        }
    }
}

/// All scrip that the record creates.
fn minted(record: &Record) -> u64 {
    let amount = |effect: &Effect| match effect {
        Effect::Minted { amount, .. } => amount.0,
        _ => 0,
    };
    record.effects.iter().map(amount).sum()
}

/// A refusal leaves everything as it was but for what the thought cost.
fn check_refusal(world: &World, before: &[u8], step: &Step, record: &Record) {
    let Err(refusal) = &step.outcome else { return };
    let is_charge = |effect: &Effect| {
        matches!(
            effect,
            Effect::Thought { .. }
                | Effect::ReservationSettled { .. }
                // The CPU time of the thought, until it is measured.
                | Effect::ReservationMade { .. }
                | Effect::Charged { .. }
                | Effect::ActionRefused { .. }
        )
    };
    assert!(record.effects.iter().all(is_charge), "{refusal}: {:?}", record.effects);
    if record.effects.len() == 1 {
        assert!(untouchable(world) == before, "{refusal} changed something: {record:?}");
    }
}

fn measurement(agent: Key, reservation: u64, dice: &mut Dice, step: &Step) -> Measurement {
    Measurement {
        principal: agent,
        reservation: Some(reservation),
        cpu_ns: dice.below(80_000),
        memory_peak_bytes: 1,
        written_bytes: step.written_bytes,
        bandwidth_bytes: step.bandwidth_bytes,
    }
}

fn play(combo: Combo, seed: u64, steps: u64) {
    let mut dice = Dice { seed: Seed(seed), thrown: 0 };
    let genesis = tight(&mut dice);
    let mut test = TestWorld::with(combo, genesis);
    let mut unsettled: Vec<Measurement> = Vec::new();
    let mut twin: Option<World> = None;
    for _ in 0..steps {
        let command = command(&mut dice, &test.world, &mut unsettled);
        test.now = test.now.after(Span(dice.below(20_000_000)));
        let before = untouchable(&test.world);
        let supply = test.world.accounts().supply();
        let next = (test.world.last_record() + 1, test.world.last_event() + 1);
        let step = test.command(command.clone());
        let record = Record::decode(&step.bytes).unwrap();
        assert_eq!((record.number, record.first_event), next, "numbers have no holes");
        assert_eq!(test.world.last_event() + 1, next.1 + record.effects.len() as u64);
        assert_eq!(test.world.accounts().supply().0, supply.0 + minted(&record), "scrip comes from the mint");
        check_refusal(&test.world, &before, &step, &record);
        if let (Command::Act(act), Some(reservation)) = (&command, step.reservation) {
            unsettled.push(measurement(act.agent, reservation, &mut dice, &step));
        }
        // A twin from a snapshot goes on exactly as the first does.
        match &mut twin {
            Some(twin) => {
                assert_eq!(twin.step(&command, test.now).unwrap(), step);
                if dice.one_in(20) {
                    assert_eq!(twin.hash(), test.world.hash());
                    for name in ["ann", "bob", "eve"] {
                        let Some(viewer) = test.world.principal_named(name) else { continue };
                        let shown = |world: &World| -> Vec<Option<Value>> {
                            world.log().after(0).map(|event| world.show_event(&event, viewer)).collect()
                        };
                        assert_eq!(shown(twin), shown(&test.world));
                    }
                }
            }
            None if dice.one_in(30) => {
                let snapshot = test.world.snapshot().unwrap();
                let opened = World::from_snapshot(combo.parts(), &snapshot).unwrap();
                assert_eq!(opened.hash(), test.world.hash());
                twin = Some(opened);
            }
            None => {}
        }
    }
    let mut replayed = World::new(combo.parts());
    for bytes in &test.records {
        replayed.fold(Record::decode(bytes).unwrap()).unwrap();
    }
    assert_eq!(replayed.hash(), test.world.hash(), "a replay gives the same state");
    let parts = test.world.parts();
    let reports =
        [parts.limiter.shadow_report(), parts.ontology.shadow_report(), parts.access.shadow_report()];
    for report in reports.into_iter().flatten() {
        assert_eq!((report.mismatched, report.candidate_failures), (0, 0), "{:?}", report.first_unexplained);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_law_holds_after_every_command(
        combo in prop::sample::select(Combo::all()),
        seed in any::<u64>(),
        steps in 1_u64..160,
    ) {
        play(combo, seed, steps);
    }
}

#[test]
fn one_seed_gives_the_same_bytes_twice() {
    for combo in Combo::plain() {
        let bytes = || {
            let mut dice = Dice { seed: Seed(5), thrown: 0 };
            let genesis = tight(&mut dice);
            let mut test = TestWorld::with(combo, genesis);
            for _ in 0..100 {
                let command = command(&mut dice, &test.world, &mut Vec::new());
                test.now = test.now.after(Span(dice.below(5_000_000)));
                test.command(command);
            }
            test.records
        };
        assert_eq!(bytes(), bytes());
    }
}

#[test]
fn random_play_reaches_the_interesting_places() {
    let mut seen = std::collections::BTreeSet::new();
    let mut codes = std::collections::BTreeSet::new();
    // Several plays: what a single one reaches hangs on its seed.
    for seed in 0..16 {
        let mut dice = Dice { seed: Seed(seed), thrown: 0 };
        let genesis = tight(&mut dice);
        let mut test = TestWorld::with(Combo::all()[0], genesis);
        let mut unsettled = Vec::new();
        for _ in 0..1_000 {
            let command = command(&mut dice, &test.world, &mut unsettled);
            test.now = test.now.after(Span(dice.below(40_000_000)));
            let step = test.command(command.clone());
            if let (Command::Act(act), Some(reservation)) = (&command, step.reservation) {
                unsettled.push(measurement(act.agent, reservation, &mut dice, &step));
            }
            let outcome: &Outcome = &step.outcome;
            codes.extend(outcome.as_ref().err().map(|refusal| refusal.code));
            seen.extend(test.last_effects().iter().map(Effect::kind));
        }
    }
    for kind in
        ["escrow_sold", "escrow_cancelled", "minted", "bid_placed", "artifact_deleted", "quota_transferred"]
    {
        assert!(seen.iter().any(|seen| seen.name() == kind), "{kind} never happens");
    }
    for code in [RefusalCode::RateExceeded, RefusalCode::InsufficientQuota, RefusalCode::SelfTrade] {
        assert!(codes.contains(&code), "{code} never happens");
    }
}
