//! What exists moves to the other half of an axis and back, and nothing is lost.

use std::collections::BTreeMap;
use std::sync::Arc;

use ecology_contracts::{contract_source, is_policy_contract, policy_contract_id};
use ecology_types::{
    Action, ArtifactRecord, Axis, Charges, Command, Draft, Effect, GenesisArtifact, Interface, Key, Method,
    Migration, PolicyDraft, Record, RefusalCode, Resource, Scrip, Side, SmolStr, Span, Thought, Time, Value,
    WriteMode,
};
use ecology_world::World;
use proptest::prelude::*;

use crate::support::*;

const AXES: [Axis; 2] = [Axis::ArtifactOntology, Axis::AccessControl];

fn old() -> Combo {
    Combo::plain()[0]
}

/// Moves everything in batches of `keys_max`, starting or going on.
fn migrate(test: &mut TestWorld, axis: Axis, to: Side, keys_max: u32) {
    test.command(Command::Migrate(Migration::Begin { axis, to, forced: None, evidence: "none".into() }));
    batches(test, keys_max);
    test.command(Command::Migrate(Migration::Finish));
    assert_eq!((test.world.migrations().open(), test.world.migrations().side(axis)), (None, Some(to)));
}

fn batches(test: &mut TestWorld, keys_max: u32) {
    while test.world.migrations().open().unwrap().watermark.index() < test.world.symbols().len() {
        test.command(Command::Migrate(Migration::Batch { keys_max }));
    }
}

/// All that exists and all balances, without the record of what happened, and without the contracts that a migration made: these stay.
fn contents(world: &World) -> Vec<u8> {
    let keys = (0..u32::try_from(world.symbols().len()).unwrap()).map(Key);
    let records: Vec<_> = keys
        .flat_map(|key| [world.live(key), world.principal(key)])
        .filter(|record| record.is_none_or(|record| !is_policy_contract(record)))
        .flatten()
        .collect();
    let mut bytes = postcard_of(&records);
    bytes.extend(postcard_of(world.accounts()));
    bytes
}

/// The same by id and without keys: what is new after contracts were made has a higher key than it would have had.
fn by_id(world: &World) -> (Vec<ArtifactRecord>, Vec<u8>) {
    let keys = (0..u32::try_from(world.symbols().len()).unwrap()).map(Key);
    let mut records: Vec<_> = keys
        .filter_map(|key| world.live(key))
        .filter(|record| !is_policy_contract(record))
        .map(|record| ArtifactRecord { key: Key(0), ..record.clone() })
        .collect();
    records.sort_by(|a, b| a.id.cmp(&b.id));
    (records, postcard_of(world.accounts()))
}

fn postcard_of(part: &impl serde::Serialize) -> Vec<u8> {
    postcard::to_stdvec(part).unwrap()
}

fn policy(read: &[&str], write: &[&str], invoke: &[&str], price: u64) -> PolicyDraft {
    let list = |names: &[&str]| names.iter().map(|name| SmolStr::new(*name)).collect();
    PolicyDraft {
        read: list(read),
        write: list(write),
        invoke: list(invoke),
        read_price: Scrip(price),
        invoke_price: Scrip::ZERO,
    }
}

fn made(test: &mut TestWorld, agent: &str, name: &str, policy: Option<PolicyDraft>, executable: bool) {
    let mut draft = Draft::new(id(name), "content");
    draft.mode = WriteMode::Create;
    draft.policy = policy;
    draft.can_execute = executable.then_some(true);
    test.done(agent, Action::Write(Box::new(draft)));
}

/// A legacy world with every sort of artifact that needs something.
fn full() -> TestWorld {
    let mut test = TestWorld::new(old());
    made(&mut test, "ann", "plain", None, false);
    made(&mut test, "ann", "secret", Some(policy(&[], &[], &[], 0)), false);
    made(&mut test, "ann", "shared", Some(policy(&["bob"], &[], &[], 0)), false);
    made(&mut test, "ann", "sold", Some(policy(&["*"], &[], &["*"], 3)), false);
    made(&mut test, "bob", "tool", None, true);
    made(&mut test, "bob", "gone", None, true);
    test.done("bob", delete("gone"));
    made(&mut test, "bob", "given", None, false);
    let to = [("artifact", Value::text("given")), ("to", Value::text("ann"))];
    let _ = test.invoke("bob", GenesisArtifact::Ledger, "transfer_ownership", to);
    // A principal under the id of an artifact: legal in the old schema.
    made(&mut test, "bob", "eve", None, false);
    let _ = test.invoke("bob", GenesisArtifact::Ledger, "spawn_principal", [("id", Value::text("eve"))]);
    test
}

fn contract_of(test: &TestWorld, name: &str) -> Option<String> {
    let record = test.world.live(test.key(name)).unwrap();
    record.access_contract.map(|key| test.world.id(key).to_string())
}

#[test]
fn policies_give_way_to_contracts_that_say_the_same() {
    let mut test = full();
    let plan = test.world.plan_migration(Axis::AccessControl, Side::New);
    assert_eq!(plan.converts, 4, "secret, shared, sold and given: {plan:?}");
    assert!(plan.without_place.is_empty(), "everything has its exact place: {plan:?}");
    assert_eq!(plan.contracts_made, 3);
    let names: Vec<_> = plan.governed_by_made.1.iter().map(|key| test.world.id(*key).to_string()).collect();
    assert_eq!((plan.governed_by_made.0, names.join(" ")), (3, "shared sold given".to_owned()));
    let homonyms = test.world.plan_migration(Axis::ArtifactOntology, Side::New).without_place;
    assert_eq!(homonyms["ON-1"].0, 1);
    let before = (postcard_of(test.world.accounts()), test.world.symbols().len());
    migrate(&mut test, Axis::AccessControl, Side::New, 4);
    for (name, contract) in [("plain", None), ("secret", Some("genesis_private"))] {
        assert_eq!(contract_of(&test, name).as_deref(), contract, "{name}");
    }
    for name in ["shared", "sold", "given"] {
        let record = test.world.live(test.key(name)).unwrap();
        let made = test.world.live(record.access_contract.unwrap()).unwrap();
        let open = ecology_types::Policy::open();
        let source = contract_source(record.policy.as_deref().unwrap_or(&open), &|key| {
            SmolStr::new(test.world.id(key).as_str())
        });
        assert_eq!(*made.content, *source);
        assert_eq!(Some(&made.id), policy_contract_id(&source).as_ref());
        assert_eq!((made.creator, made.owner), (Key::GENESIS, Key::GENESIS));
        assert_eq!(made.access_contract, Some(GenesisArtifact::SelfOwned.key()));
        assert!(made.can_execute && !made.has_standing);
        assert_eq!(made.interface.as_ref().unwrap().methods[0].name, "check_permission");
    }
    assert_eq!(before.0, postcard_of(test.world.accounts()), "nobody pays for them");
    assert_eq!(test.world.symbols().len(), before.1 + 3);
    assert_eq!(test.world.migrations().residue_len(Axis::AccessControl), 4);
    assert_eq!(test.world.policy_contracts().values().sum::<u64>(), 3);
    // They are in the record of the batch, before it.
    let batch = test.records.iter().rev().find_map(|bytes| {
        let effects = Record::decode(bytes).unwrap().effects;
        effects.iter().any(|effect| matches!(effect, Effect::ArtifactCreated(_))).then_some(effects)
    });
    assert!(matches!(batch.unwrap().last(), Some(Effect::MigrationBatch { .. })));
}

#[test]
fn equal_policies_share_one_contract_that_is_found_again() {
    for keys_max in [1, 1_000] {
        let mut test = full();
        made(&mut test, "bob", "shared_too", Some(policy(&["bob"], &[], &[], 0)), false);
        migrate(&mut test, Axis::AccessControl, Side::New, keys_max);
        let first = contract_of(&test, "shared");
        assert!(first.as_deref().unwrap().starts_with("genesis_policy_"));
        assert_eq!(first, contract_of(&test, "shared_too"));
        let ids = test.world.symbols().len();
        migrate(&mut test, Axis::AccessControl, Side::Old, keys_max);
        assert_eq!(contract_of(&test, "shared"), None);
        assert_eq!(test.world.policy_contracts().into_values().collect::<Vec<_>>(), [0, 0, 0], "idle");
        assert_eq!(test.world.plan_migration(Axis::AccessControl, Side::New).contracts_made, 0);
        migrate(&mut test, Axis::AccessControl, Side::New, keys_max);
        assert_eq!((first, ids), (contract_of(&test, "shared"), test.world.symbols().len()));
    }
}

#[test]
fn nobody_can_squat_on_a_contract_that_will_be_made() {
    // In the schema that lets everybody name a contract, while policies still decide.
    let mut test = full();
    migrate(&mut test, Axis::ArtifactOntology, Side::New, 100);
    let records = std::mem::take(&mut test.records);
    let unified = Combo::plain().into_iter().find(|combo| !combo.is_legacy() && !combo.has_contracts());
    let mut test = replayed(unified.unwrap(), &records);
    let bob = test.key("bob");
    let policy = ecology_types::Policy {
        read: ecology_types::AllowList::Only(vec![bob]),
        invoke: ecology_types::AllowList::default(),
        ..ecology_types::Policy::open()
    };
    let source = contract_source(&policy, &|key| SmolStr::new(test.world.id(key).as_str()));
    let taken = policy_contract_id(&source).unwrap();
    let refused = test.act("cid", Action::Write(Box::new(Draft::new(taken.clone(), "mine"))));
    assert_eq!(refused.unwrap_err().code.name(), "id_reserved");
    // Naming it as a contract gives it a key and nothing more.
    let mut draft = Draft::new(id("trap"), "content");
    draft.access_contract = Some(taken.clone());
    test.done("cid", Action::Write(Box::new(draft)));
    let key = test.world.symbols().key(taken.as_str()).unwrap();
    assert!(test.world.live(key).is_none());
    migrate(&mut test, Axis::AccessControl, Side::New, 3);
    assert_eq!(contract_of(&test, "shared").as_deref(), Some(taken.as_str()));
    let made = test.world.live(key).unwrap();
    assert_eq!((made.creator, &*made.content), (Key::GENESIS, source.as_str()));
    // The contract is nobody's to change, not even by name.
    assert!(test.act("cid", delete(taken.as_str())).is_err());
}

#[test]
fn what_cannot_be_said_in_code_is_closed_and_told() {
    let mut test = full();
    made(&mut test, "ann", "dear", Some(policy(&["*"], &[], &["*"], 1 << 53)), false);
    let plan = test.world.plan_migration(Axis::AccessControl, Side::New);
    assert_eq!(plan.without_place["AC-3"].0, 1, "{plan:?}");
    migrate(&mut test, Axis::AccessControl, Side::New, 4);
    assert_eq!(contract_of(&test, "dear"), None, "freeware, as the plan says");
}

#[test]
fn executables_get_an_interface_that_nobody_pays_for() {
    let mut test = full();
    let (before, used) = (contents(&test.world), test.disk_used("bob"));
    migrate(&mut test, Axis::ArtifactOntology, Side::New, 5);
    let interface = test.world.live(test.key("tool")).unwrap().interface.clone().unwrap();
    assert_eq!(*interface, Interface::undescribed());
    assert_eq!(test.disk_used("bob"), used);
    // Its owner describes it: from then on it takes room as everybody's does, and the way back leaves it alone.
    migrate(&mut test, Axis::ArtifactOntology, Side::Old, 5);
    assert_eq!(before, contents(&test.world));
}

#[test]
fn methods_that_a_migration_made_up_are_charged_to_nobody_and_given_back_by_nobody() {
    let mut test = full();
    let before = test.disk_used("bob");
    made(&mut test, "bob", "other", None, true);
    let with_other = test.disk_used("bob");
    migrate(&mut test, Axis::ArtifactOntology, Side::New, 5);
    test.done("bob", edit("other", "content", "more content", None));
    assert_eq!(test.disk_used("bob"), with_other + 5, "only what was written is charged");
    test.done("bob", delete("other"));
    assert_eq!(test.disk_used("bob"), before, "what was charged comes back, and no more");
    // Methods that its owner writes take room, those that look like made up ones in something else included.
    let new = *Combo::plain().last().unwrap();
    let records = std::mem::take(&mut test.records);
    let mut test = replayed(new, &records);
    for (name, interface) in [
        ("tool", Interface { description: "mine".into(), ..Interface::undescribed() }),
        ("fresh", Interface::undescribed()),
    ] {
        let used = test.disk_used("bob");
        let mut draft = Draft::new(id(name), "content");
        draft.can_execute = Some(true);
        draft.interface = Some(Arc::new(interface));
        test.done("bob", Action::Write(Box::new(draft)));
        let content = if name == "fresh" { "content".len() as u64 } else { 0 };
        assert!(test.disk_used("bob") > used + content, "{name}");
    }
}

#[test]
fn there_and_back_is_where_it_was_whatever_the_batches() {
    for axis in AXES {
        for keys_max in [1, 3, 1_000] {
            let mut test = full();
            let before = contents(&test.world);
            migrate(&mut test, axis, Side::New, keys_max);
            let ranges: BTreeMap<_, _> =
                test.world.migrations().ranges(axis).map(|(from, _, digest)| (from, digest)).collect();
            assert_ne!(before, contents(&test.world), "{axis}: something moves");
            migrate(&mut test, axis, Side::Old, keys_max);
            assert_eq!(before, contents(&test.world), "{axis} in batches of {keys_max}");
            // Contracts that were made have keys at the end, so there may be more ranges than before.
            for (from, _, digest) in test.world.migrations().ranges(axis) {
                assert!(
                    ranges.get(&from).is_none_or(|known| *known == digest),
                    "{axis}: the range from {from:?} differs"
                );
            }
            assert_eq!(test.world.migrations().residue_len(axis), 0);
        }
    }
}

#[test]
fn what_somebody_wrote_meanwhile_stays_on_the_way_back() {
    let mut test = full();
    migrate(&mut test, Axis::ArtifactOntology, Side::New, 4);
    migrate(&mut test, Axis::AccessControl, Side::New, 4);
    let records = std::mem::take(&mut test.records);
    // The same world goes on with the new halves.
    let new = *Combo::plain().last().unwrap();
    assert!(new.has_contracts() && !new.is_legacy());
    let mut test = replayed(new, &records);
    let mut draft = Draft::new(id("secret"), "content");
    draft.access_contract = Some(GenesisArtifact::Public.id());
    test.done("ann", Action::Write(Box::new(draft)));
    let method = Method {
        name: "go".into(),
        description: "d".into(),
        input_schema: Value::map([("type", Value::text("object"))]),
    };
    let mut draft = Draft::new(id("tool"), "content");
    draft.interface = Some(Arc::new(Interface { description: "d".into(), methods: vec![method] }));
    test.done("bob", Action::Write(Box::new(draft.clone())));
    migrate(&mut test, Axis::AccessControl, Side::Old, 4);
    migrate(&mut test, Axis::ArtifactOntology, Side::Old, 4);
    assert_eq!(contract_of(&test, "secret").as_deref(), Some("genesis_public"));
    assert_eq!(contract_of(&test, "shared"), None, "what nobody touched is as it was");
    assert_eq!(test.world.live(test.key("tool")).unwrap().interface, draft.interface);
}

/// The records so far in a world of other positions, which goes on from there.
fn replayed(combo: Combo, records: &[Vec<u8>]) -> TestWorld {
    let mut world = World::new(combo.parts());
    for record in records {
        world.fold(Record::decode(record).unwrap()).unwrap();
    }
    let now = world.time();
    TestWorld::replayed(combo, world, now, records.to_vec())
}

#[test]
fn a_world_that_went_on_in_the_middle_is_gone_over_again() {
    let mut test = full();
    let (axis, to) = (Axis::AccessControl, Side::New);
    let begin = || Command::Migrate(Migration::Begin { axis, to, forced: None, evidence: "none".into() });
    test.command(begin());
    batches(&mut test, 1_000);
    // The run that comes between changes both ways.
    let mut draft = Draft::new(id("secret"), "now for all");
    draft.policy = Some(policy(&["*"], &[], &["*"], 0));
    test.done("ann", Action::Write(Box::new(draft)));
    let mut draft = Draft::new(id("plain"), "now for nobody");
    draft.policy = Some(policy(&[], &[], &[], 0));
    test.done("ann", Action::Write(Box::new(draft)));
    made(&mut test, "cid", "late", Some(policy(&[], &[], &[], 0)), false);
    assert!(test.world.migrations().open().unwrap().record < test.world.last_record());
    migrate(&mut test, axis, to, 2);
    for (name, contract) in
        [("secret", None), ("plain", Some("genesis_private")), ("late", Some("genesis_private"))]
    {
        assert_eq!(contract_of(&test, name).as_deref(), contract, "{name}");
    }
    migrate(&mut test, axis, Side::Old, 2);
    assert_eq!(contract_of(&test, "plain"), None);
}

#[test]
fn steps_out_of_order_are_mistakes_and_change_nothing() {
    let mut test = full();
    let before = test.world.hash();
    let begin = |axis| Migration::Begin { axis, to: Side::New, forced: None, evidence: "none".into() };
    for step in [Migration::Batch { keys_max: 3 }, Migration::Finish] {
        assert!(test.world.step(&Command::Migrate(step), test.now).is_err());
    }
    assert_eq!(before, test.world.hash());
    test.command(Command::Migrate(begin(Axis::AccessControl)));
    for step in [Migration::Finish, begin(Axis::ArtifactOntology)] {
        assert!(test.world.step(&Command::Migrate(step), test.now).is_err());
    }
    batches(&mut test, 0);
    assert!(test.world.step(&Command::Migrate(Migration::Batch { keys_max: 3 }), test.now).is_err());
}

#[test]
fn a_snapshot_in_the_middle_goes_on_where_it_was() {
    let mut test = full();
    let axis = Axis::AccessControl;
    let evidence = || "none".into();
    test.command(Command::Migrate(Migration::Begin {
        axis,
        to: Side::New,
        forced: None,
        evidence: evidence(),
    }));
    test.command(Command::Migrate(Migration::Batch { keys_max: 15 }));
    let bytes = test.world.snapshot().unwrap();
    let again = World::from_snapshot(test.combo.parts(), &bytes).unwrap();
    assert_eq!(again.hash(), test.world.hash());
    assert_eq!(again.migrations(), test.world.migrations());
    let folded = replayed(test.combo, &test.records);
    assert_eq!(folded.world.hash(), test.world.hash());
}

#[test]
fn agents_hear_of_the_end_and_of_nothing_behind_the_scenes() {
    let mut test = full();
    migrate(&mut test, Axis::AccessControl, Side::New, 100);
    let log = test.log_of("ann").join("\n");
    assert!(log.contains("migration_finished"));
    assert!(!log.contains("migration_begun") && !log.contains("migration_batch"));
    assert!(test.last_effects().iter().any(|effect| matches!(effect, Effect::MigrationFinished { .. })));
}

fn any_list() -> impl Strategy<Value = Vec<SmolStr>> {
    prop_oneof![
        Just(vec![SmolStr::new("*")]),
        Just(Vec::new()),
        Just(vec![SmolStr::new("bob")]),
        Just(vec![SmolStr::new("ann"), SmolStr::new("cid")]),
    ]
}

fn any_made() -> impl Strategy<Value = (usize, u8, Option<PolicyDraft>, bool)> {
    let policy = (any_list(), any_list(), any_list(), 0..3_u64, 0..3_u64).prop_map(
        |(read, write, invoke, read_price, invoke_price)| PolicyDraft {
            read,
            write,
            invoke,
            read_price: Scrip(read_price),
            invoke_price: Scrip(invoke_price),
        },
    );
    (0..3_usize, 0..20_u8, proptest::option::of(policy), any::<bool>())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Both axes there, actions in between, both axes back: what the actions alone would have left.
    #[test]
    fn there_and_back_with_actions_in_between(
        first in proptest::collection::vec(any_made(), 1..20),
        between in proptest::collection::vec(any_made(), 0..10),
        keys_max in 1..40_u32,
    ) {
        let mut moved = TestWorld::new(old());
        let mut stayed = TestWorld::new(old());
        let act = |test: &mut TestWorld, list: &[(usize, u8, Option<PolicyDraft>, bool)]| {
            for (who, name, policy, executable) in list {
                let mut draft = Draft::new(id(format!("thing_{name}")), "content");
                draft.policy = policy.clone();
                draft.can_execute = Some(*executable);
                // Refusals are part of the play: most names are somebody else's.
                let _ = test.act(["ann", "bob", "cid"][*who], Action::Write(Box::new(draft)));
            }
        };
        act(&mut moved, &first);
        act(&mut stayed, &first);
        for axis in AXES {
            migrate(&mut moved, axis, Side::New, keys_max);
        }
        act(&mut moved, &between);
        act(&mut stayed, &between);
        for axis in AXES.into_iter().rev() {
            migrate(&mut moved, axis, Side::Old, keys_max);
        }
        prop_assert_eq!(by_id(&moved.world), by_id(&stayed.world));
    }
}

/// What ticks let through is no use that windows admitted; what comes since is judged from the first on.
#[test]
fn windows_answer_for_what_they_admitted_and_not_for_what_ticks_did() {
    let mut genesis = genesis(rules());
    genesis.founders[1].quotas = plenty().with(Resource::LlmCalls, 2);
    let mut test = TestWorld::with(old(), genesis);
    let thinks = || {
        let usage = Charges::of(Resource::LlmCalls, 1);
        Some(Thought { reservation: None, usage, prompt_digest: 0 })
    };
    for second in 1..=3 {
        test.now = Time::ZERO.after(Span::from_secs(second));
        test.command(Command::Tick);
        test.act_as("bob", Action::Noop, thinks()).unwrap();
        test.act_as("bob", Action::Noop, thinks()).unwrap();
    }
    let rolling = Combo { limiter: Choice { side: Side::New, shadowed: false }, ..old() };
    let mut world = World::new(rolling.parts());
    for bytes in &test.records {
        world.fold(Record::decode(bytes).unwrap()).unwrap();
    }
    let mut moved = TestWorld::replayed(rolling, world, test.now, test.records);
    let bob = moved.key("bob");
    let used = |test: &TestWorld| test.world.parts().limiter.used(bob, Resource::LlmCalls, test.now);
    let axes = moved.world.axes();
    let start = Command::StartRun {
        version: "0".into(),
        scenario: "test".into(),
        seed: ecology_types::Seed(1),
        axes,
    };
    moved.command(start);
    assert_eq!(used(&moved), 6, "three shares are left over from ticks, and every command so far was lawful");
    // Each of these is followed by a look at the laws; taken up from a snapshot the world knows the same.
    let saved = World::from_snapshot(rolling.parts(), &moved.world.snapshot().unwrap()).unwrap();
    assert!(saved.check_invariants().is_ok());
    for second in [4, 30, 60] {
        moved.now = Time::ZERO.after(Span::from_secs(second));
        let outcome = moved.act_as("bob", Action::Noop, thinks());
        assert_eq!(
            outcome.unwrap_err().code,
            RefusalCode::RateExceeded,
            "nothing is admitted before it fits"
        );
    }
    // One more that nobody admitted is found at once.
    let event = moved.world.last_event() + 1;
    let forged = Record {
        number: moved.world.last_record() + 1,
        first_event: event,
        time: moved.now,
        axes,
        actor: None,
        command: Command::Tick,
        effects: vec![Effect::Charged { principal: bob, charges: Charges::of(Resource::LlmCalls, 1) }],
    };
    moved.world.fold(forged).unwrap();
    let broken = moved.world.check_invariants().unwrap_err();
    assert_eq!(broken.law, "no window is exceeded", "{broken}");
}
