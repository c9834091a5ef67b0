//! One id namespace: in both schemas, and in both directions of a migration between them.

use std::collections::BTreeSet;

use ecology_ontology::Resolution;
use ecology_types::{
    Action, Axis, Command, Draft, GenesisArtifact as G, Interface, Method, Migration, Record,
    RefusalCode as Code, Side, SmolStr, Value, WriteMode,
};
use ecology_world::World;
use ecology_world::laws::{HistoryLaw as _, Namespace};
use proptest::prelude::*;

use crate::support::*;

/// What can take an id: an agent, a tool, a contract, a memory, plain data, an account, a principal made by another one, a bare mention.
#[derive(Debug, Clone, Copy)]
enum Taker {
    Data,
    Contract,
    Agent,
    Account,
    Memory,
    Mention,
    Spawned,
    Endowed,
    Gone,
}

const TAKERS: [Taker; 9] = [
    Taker::Data,
    Taker::Contract,
    Taker::Agent,
    Taker::Account,
    Taker::Memory,
    Taker::Mention,
    Taker::Spawned,
    Taker::Endowed,
    Taker::Gone,
];

fn interface() -> std::sync::Arc<Interface> {
    let input_schema = Value::map([("type", Value::text("object"))]);
    let method = Method { name: "check_permission".into(), description: "answers".into(), input_schema };
    std::sync::Arc::new(Interface { description: "a contract".into(), methods: vec![method] })
}

impl Taker {
    fn action(self, name: &str) -> Action {
        let mut draft = Draft::new(id(name), "content");
        draft.mode = WriteMode::Create;
        match self {
            Self::Data => {}
            Self::Contract => {
                draft.kind = Some(SmolStr::new("contract"));
                draft.interface = Some(interface());
            }
            Self::Agent => (draft.has_standing, draft.can_execute) = (Some(true), Some(true)),
            Self::Account => draft.has_standing = Some(true),
            Self::Memory => draft.kind = Some(SmolStr::new("memory")),
            Self::Mention => {
                draft.artifact = id(format!("about_{name}"));
                draft.access_contract = Some(id(name));
                draft.memory = Some(id(name));
            }
            Self::Spawned => {
                return Action::invoke(
                    G::Ledger.id(),
                    "spawn_principal",
                    Value::map([("id", Value::text(name))]),
                );
            }
            Self::Endowed => {
                let args = Value::map([
                    ("id", Value::text(name)),
                    ("config", Value::text("mind")),
                    ("scrip", Value::Int(1)),
                    ("quotas", Value::map([("disk", Value::Int(1))])),
                ]);
                return Action::invoke(G::Ledger.id(), "spawn_principal", args);
            }
            Self::Gone => return delete(name),
        }
        Action::Write(Box::new(draft))
    }

    const fn makes(self) -> bool {
        !matches!(self, Self::Mention | Self::Gone)
    }
}

fn schema(unified: bool) -> Combo {
    let plain = Combo::plain();
    let found = plain.into_iter().find(|combo| combo.is_legacy() != unified && !combo.has_contracts());
    found.unwrap()
}

/// The same history under the other schema.
fn under(unified: bool, test: TestWorld) -> TestWorld {
    let mut world = World::new(schema(unified).parts());
    for record in &test.records {
        world.fold(Record::decode(record).unwrap()).unwrap();
    }
    TestWorld::replayed(schema(unified), world, test.now, test.records)
}

/// Moves the world to the other schema, in batches, and goes on there.
fn moved(mut test: TestWorld, keys_max: u32) -> TestWorld {
    let (axis, unified) = (Axis::ArtifactOntology, test.combo.is_legacy());
    let to = if unified { Side::New } else { Side::Old };
    test.command(Command::Migrate(Migration::Begin { axis, to, forced: None, evidence: "none".into() }));
    while test.world.migrations().open().unwrap().watermark.index() < test.world.symbols().len() {
        test.command(Command::Migrate(Migration::Batch { keys_max }));
    }
    test.command(Command::Migrate(Migration::Finish));
    under(unified, test)
}

/// The ids that mean two things at the moment: a live artifact and another live principal.
fn pairs(world: &World) -> BTreeSet<String> {
    let ids = world.symbols().iter();
    ids.filter(|id| {
        let key = world.symbols().key(id.as_str()).unwrap();
        match (world.parts().ontology.artifact(key), world.parts().ontology.principal(key)) {
            (Resolution::Live(one), Resolution::Live(other)) => !std::ptr::eq(one, other),
            _ => false,
        }
    })
    .map(ToString::to_string)
    .collect()
}

fn heard(test: &TestWorld) -> Namespace {
    let mut law = Namespace::default();
    for record in &test.records {
        law.hear(&Record::decode(record).unwrap()).unwrap();
    }
    law
}

const NAMES: [&str; 5] = ["n0", "n1", "n2", "ann", "about_n0"];

#[test]
fn every_taker_after_every_other_is_refused_in_one_namespace() {
    for first in TAKERS.into_iter().filter(|taker| taker.makes()) {
        for then in TAKERS.into_iter().filter(|taker| taker.makes()) {
            for is_tombstone in [false, true] {
                let mut test = TestWorld::new(schema(true));
                test.done("ann", first.action("n0"));
                if is_tombstone {
                    // What was given goes back before it can be deleted.
                    if matches!(first, Taker::Endowed) {
                        continue;
                    }
                    let made = test.world.live(test.key("n0")).unwrap();
                    let deleter = if made.owner == made.key { "n0" } else { "ann" };
                    test.done(deleter, delete("n0"));
                }
                let refusal = test.act("bob", then.action("n0")).unwrap_err();
                let codes = [Code::IdTaken, Code::ArtifactDeleted];
                assert!(codes.contains(&refusal.code), "{first:?} {then:?}: {refusal}");
            }
        }
    }
}

#[test]
fn a_mention_takes_no_id() {
    for combo in Combo::plain().into_iter().filter(|combo| !combo.is_legacy()) {
        for then in TAKERS.into_iter().filter(|taker| taker.makes()) {
            let mut test = TestWorld::new(combo);
            test.done("ann", Taker::Mention.action("n0"));
            test.done("bob", then.action("n0"));
            let about = test.world.live(test.key("about_n0")).unwrap();
            assert_eq!((about.access_contract, about.memory), (Some(test.key("n0")), Some(test.key("n0"))));
        }
    }
}

#[test]
fn a_tombstone_keeps_its_id_through_both_migrations() {
    for unified in [false, true] {
        let mut test = TestWorld::new(schema(unified));
        test.done("ann", Taker::Data.action("n0"));
        test.done("ann", Taker::Spawned.action("n1"));
        test.done("ann", delete("n0"));
        test.done("ann", delete("n1"));
        for _ in 0..3 {
            test = moved(test, 3);
            for name in ["n0", "n1"] {
                let role = if name == "n0" { Taker::Data } else { Taker::Spawned };
                let refusal = test.act("bob", role.action(name)).unwrap_err();
                assert!([Code::IdTaken, Code::ArtifactDeleted].contains(&refusal.code), "{refusal}");
            }
        }
    }
}

#[test]
fn the_plan_of_a_migration_names_every_pair() {
    let mut test = TestWorld::new(schema(false));
    for name in ["n0", "n1"] {
        test.done("ann", Taker::Data.action(name));
        test.done("bob", Taker::Spawned.action(name));
    }
    test.done("cid", Taker::Data.action("n2"));
    let plan = test.world.plan_migration(Axis::ArtifactOntology, Side::New);
    let (count, first) = &plan.without_place["ON-1"];
    let named: Vec<String> = first.iter().map(|key| test.world.id(*key).to_string()).collect();
    assert_eq!((*count, named), (2, vec!["n0".to_owned(), "n1".to_owned()]));
    assert_eq!(pairs(&test.world).len(), 2);
}

fn any_step() -> impl Strategy<Value = (usize, usize, usize)> {
    (0..3_usize, 0..TAKERS.len(), 0..NAMES.len())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whatever is done under either schema and on the way between them: an id is made at most once in each role, under the unified schema at
    /// most once at all, no pair comes to be there, and none is lost or gained by a move.
    #[test]
    fn one_namespace_whatever_happens(
        parts in proptest::collection::vec(proptest::collection::vec(any_step(), 0..14), 1..4),
        unified in any::<bool>(),
        keys_max in 1..30_u32,
    ) {
        let mut test = TestWorld::new(schema(unified));
        for part in parts {
            let before = pairs(&test.world);
            for (who, taker, name) in part {
                // Refusals are part of the play; the laws are checked after each command.
                let _ = test.act(["ann", "bob", "cid"][who], TAKERS[taker].action(NAMES[name]));
            }
            let now = pairs(&test.world);
            if !test.combo.is_legacy() {
                prop_assert!(now.is_subset(&before), "{:?} came to be under one namespace", now);
            }
            let made: BTreeSet<String> = heard(&test).pairs().map(|key| test.world.id(key).to_string()).collect();
            prop_assert!(now.is_subset(&made));
            test = moved(test, keys_max);
            prop_assert_eq!(&pairs(&test.world), &now, "a move makes and loses no pair");
        }
        prop_assert!(test.world.check_invariants().is_ok());
    }
}
