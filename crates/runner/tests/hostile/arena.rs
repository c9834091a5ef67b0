//! A world with an attacker in it, in which every act is held against what it may change.

use std::num::NonZeroUsize;
use std::sync::Arc;

use ecology_runner::code::{Asker, HOST_FUNCTIONS};
use ecology_runner::compose;
use ecology_sandbox::{Engine, LuauEngine};
use ecology_types::{
    Act, Action, AllowedInvocation, Axis, AxisVector, Charges, CodeRules, Command, Draft, Founder, Genesis,
    Interface, Key, Method, Outcome, Record, Refusal, Resource, Rules, Scrip, Seed, Side, SmolStr, Span,
    Time, Value,
};
use ecology_world::{Step, World};

use crate::support::id;

/// Who writes hostile code.
pub(crate) const ATTACKER: &str = "mallory";
/// What nobody but its owner may read.
pub(crate) const SECRET: &str = "the-secret-of-ann-4711";

pub(crate) struct Arena {
    pub(crate) world: World,
    pub(crate) asker: Asker,
    pub(crate) now: Time,
    axes: AxisVector,
    records: Vec<Vec<u8>>,
    honest: u64,
}

/// What an act may leave behind with others than the attacker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Others(Vec<String>);

impl Arena {
    pub(crate) fn new() -> Self {
        Self::with(CodeRules::default())
    }

    pub(crate) fn with(code: CodeRules) -> Self {
        Self::run_by(Arc::new(LuauEngine::new(HOST_FUNCTIONS)), code)
    }

    pub(crate) fn run_by(engine: Arc<dyn Engine>, code: CodeRules) -> Self {
        let mut axes = AxisVector::default();
        for axis in [Axis::ArtifactOntology, Axis::AccessControl] {
            axes = axes.with(axis, Side::New);
        }
        let mut arena = Self {
            world: World::new(compose::parts(axes).unwrap()),
            asker: Asker::new(engine, NonZeroUsize::MIN, 60_000),
            now: Time::ZERO,
            axes,
            records: Vec::new(),
            honest: 0,
        };
        let founders = [ATTACKER, "ann", "bob", "cid"].map(|name| Founder {
            id: id(name),
            is_agent: true,
            config: format!("mind of {name}").into(),
            scrip: Scrip(1_000),
            quotas: Charges([10_000_000; Resource::COUNT]),
        });
        let rules = Rules { window: Span::from_secs(60), ..Rules::default() };
        arena.command(&Command::Create(Box::new(Genesis {
            rules,
            founders: founders.to_vec(),
            artifacts: Vec::new(),
        })));
        arena.command(&Command::StartRun {
            version: SmolStr::new("0"),
            scenario: SmolStr::new("hostile"),
            seed: Seed(1),
            axes,
        });
        arena.command(&Command::SetCodeRules(Box::new(code)));
        let mut secret = Draft::new(id("secret"), SECRET);
        secret.access_contract = Some(id("genesis_private"));
        arena.done("ann", Action::Write(Box::new(secret)));
        arena.done("ann", Action::Write(Box::new(Draft::new(id("page"), "for all"))));
        arena
    }

    pub(crate) fn command(&mut self, command: &Command) -> Step {
        let step = self.world.step(command, self.now).unwrap();
        self.records.push(step.bytes.clone());
        self.world.check_invariants().unwrap_or_else(|broken| panic!("{broken}\nafter {command:?}"));
        step
    }

    pub(crate) fn key(&self, name: &str) -> Key {
        self.world.symbols().key(name).unwrap_or_else(|| panic!("there is no {name}"))
    }

    pub(crate) fn scrip(&self, name: &str) -> u64 {
        self.world.accounts().scrip(self.key(name)).0
    }

    /// The command that carries out an action now, with all that code says to it.
    pub(crate) fn prepared(&mut self, who: &str, action: Action) -> Command {
        let act = Act { agent: self.key(who), action, thought: None, answers: Vec::new() };
        self.asker.command(&self.world, act, self.now)
    }

    pub(crate) fn act(&mut self, who: &str, action: Action) -> Outcome {
        let command = self.prepared(who, action);
        self.command(&command).outcome
    }

    #[track_caller]
    pub(crate) fn done(&mut self, who: &str, action: Action) -> Value {
        self.act(who, action.clone()).unwrap_or_else(|no| panic!("{who} {action:?}: {no}"))
    }

    #[track_caller]
    pub(crate) fn refused(&mut self, who: &str, action: Action) -> Refusal {
        match self.act(who, action.clone()) {
            Err(refusal) => refusal,
            Ok(value) => panic!("{who} {action:?}: {value:?}"),
        }
    }

    /// Everything that is not the attacker's: balances, shares and all artifacts with their states.
    pub(crate) fn others(&self) -> Others {
        let world = &self.world;
        let attacker = self.key(ATTACKER);
        let keys = (0..u32::try_from(world.symbols().len()).unwrap()).map(Key);
        let is_hers = |key: Key| {
            key == attacker
                || world
                    .live(key)
                    .is_some_and(|record| record.owner == attacker || record.creator == attacker)
        };
        Others(
            keys.filter(|key| !is_hers(*key))
                .map(|key| {
                    let account = world
                        .accounts()
                        .get(key)
                        .map(|account| (account.scrip, account.quotas.clone(), account.disk_used_bytes));
                    let record = world.live(key).map(|record| postcard::to_stdvec(record).unwrap());
                    format!("{} {account:?} {record:?} {:?}", world.id(key), world.kept_state(key))
                })
                .collect(),
        )
    }

    /// Plays an attack that must leave everybody else alone, and shows that the world goes on.
    #[track_caller]
    pub(crate) fn unharmed<T>(&mut self, name: &str, attack: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.others();
        let result = attack(self);
        let after = self.others();
        for (before, after) in before.0.iter().zip(&after.0) {
            assert_eq!(before, after, "{name} reached what is not the attacker's");
        }
        self.goes_on(name);
        result
    }

    /// An honest act succeeds, and a replay gives the same world without running any code.
    #[track_caller]
    pub(crate) fn goes_on(&mut self, name: &str) {
        self.honest += 1;
        let note = Draft::new(id("note_of_bob"), format!("note {}", self.honest));
        let written = self.act("bob", Action::Write(Box::new(note)));
        assert!(written.is_ok(), "{name}: {written:?}");
        assert!(self.act("cid", read("page")).is_ok(), "{name}");
        assert_eq!(self.replayed(), self.world.hash().decided_hex(), "{name}: replay");
    }

    fn replayed(&self) -> String {
        let mut world = World::new(compose::parts(self.axes).unwrap());
        for record in &self.records {
            world.fold(Record::decode(record).unwrap()).unwrap();
        }
        world.hash().decided_hex()
    }

    /// The attacker writes (or replaces) an executable.
    #[track_caller]
    pub(crate) fn code(&mut self, name: &str, source: &str) {
        let written = self.act(ATTACKER, executable(name, source));
        written.unwrap_or_else(|no| panic!("{name}: {no}"));
    }

    /// Somebody writes a thing that is governed by a contract.
    #[track_caller]
    pub(crate) fn governed(&mut self, who: &str, name: &str, by: &str) {
        self.done(who, governed(name, by));
    }
}

pub(crate) fn read(name: &str) -> Action {
    Action::Read { artifact: id(name) }
}

pub(crate) fn delete(name: &str) -> Action {
    Action::Delete { artifact: id(name) }
}

pub(crate) fn governed(name: &str, by: &str) -> Action {
    let mut draft = Draft::new(id(name), format!("content of {name}"));
    draft.access_contract = Some(id(by));
    Action::Write(Box::new(draft))
}

/// Calls a tool, which may spend `allowance` of the caller's scrip.
pub(crate) fn call(tool: &str, args: Value, allowance: u64) -> Action {
    Action::InvokeAllowing(Box::new(AllowedInvocation {
        artifact: id(tool),
        method: "go".into(),
        args,
        allowance: Scrip(allowance),
    }))
}

/// An executable with the methods `check_permission` and `go`.
pub(crate) fn executable(name: &str, source: &str) -> Action {
    let mut draft = Draft::new(id(name), source);
    draft.can_execute = Some(true);
    let method = |name: &str| Method {
        name: name.into(),
        description: "d".into(),
        input_schema: Value::Map(Vec::new()),
    };
    let methods = vec![method("check_permission"), method("go")];
    draft.interface = Some(Arc::new(Interface { description: "d".into(), methods }));
    Action::Write(Box::new(draft))
}
