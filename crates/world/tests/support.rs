//! Worlds of every allowed combination of implementations, and short words to act in them.

use ecology_contracts::{AccessControl, ContractAccess, PolicyAccess, ShadowAccess};
use ecology_ontology::{Legacy, Ontology, ShadowOntology, Unified};
use ecology_rate_limiting::{RateLimiter, RollingLimiter, ShadowLimiter, TickLimiter};
use ecology_types::{
    Act, Action, Axis, AxisVector, Charges, Command, Draft, Effect, Founder, Genesis, GenesisArtifact, Id,
    Key, Outcome, Record, Refusal, RefusalCode, Resource, Rules, Scrip, Seed, Side, SmolStr, Span, Thought,
    Time, Value,
};
use ecology_world::laws::{History, HistoryLaw as _};
use ecology_world::{Parts, Step, World};

pub(crate) const WINDOW: Span = Span::from_secs(60);

/// Which implementation serves on an axis and whether the other one shadows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) side: Side,
    pub(crate) shadowed: bool,
}

const OLD: Choice = Choice { side: Side::Old, shadowed: false };
const NEW: Choice = Choice { side: Side::New, shadowed: false };
const OLD_SHADOWED: Choice = Choice { side: Side::Old, shadowed: true };
const NEW_SHADOWED: Choice = Choice { side: Side::New, shadowed: true };

/// One combination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Combo {
    pub(crate) limiter: Choice,
    pub(crate) ontology: Choice,
    pub(crate) access: Choice,
}

impl Combo {
    /// Every allowed combination: contracts need the unified ontology.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for limiter in [OLD, NEW, OLD_SHADOWED, NEW_SHADOWED] {
            for ontology in [OLD, NEW, OLD_SHADOWED, NEW_SHADOWED] {
                for access in [OLD, NEW, OLD_SHADOWED, NEW_SHADOWED] {
                    let contracts = access.side == Side::New || access.shadowed;
                    if !contracts || ontology.side == Side::New {
                        all.push(Self { limiter, ontology, access });
                    }
                }
            }
        }
        all
    }

    /// Those without shadows, which differ in what they answer.
    pub(crate) fn plain() -> Vec<Self> {
        let is_plain =
            |combo: &Self| !combo.limiter.shadowed && !combo.ontology.shadowed && !combo.access.shadowed;
        Self::all().into_iter().filter(is_plain).collect()
    }

    pub(crate) fn is_legacy(self) -> bool {
        self.ontology.side == Side::Old
    }

    pub(crate) fn has_contracts(self) -> bool {
        self.access.side == Side::New
    }

    pub(crate) fn is_tick(self) -> bool {
        self.limiter.side == Side::Old
    }

    pub(crate) fn parts(self) -> Parts {
        let mut axes = AxisVector::default();
        for (axis, choice) in [
            (Axis::RateLimiting, self.limiter),
            (Axis::ArtifactOntology, self.ontology),
            (Axis::AccessControl, self.access),
        ] {
            axes = axes.with(axis, choice.side);
            if choice.shadowed {
                axes = axes.with_shadow(axis);
            }
        }
        let limiter = |side| -> Box<dyn RateLimiter> {
            match side {
                Side::Old => Box::new(TickLimiter::new(Span::from_secs(1))),
                Side::New => Box::new(RollingLimiter::new(WINDOW)),
            }
        };
        let ontology = |side| -> Box<dyn Ontology> {
            match side {
                Side::Old => Box::new(Legacy::new()),
                Side::New => Box::new(Unified::new()),
            }
        };
        let access = |side| -> Box<dyn AccessControl> {
            match side {
                Side::Old => Box::new(PolicyAccess),
                Side::New => Box::new(ContractAccess),
            }
        };
        Parts {
            limiter: match self.limiter {
                Choice { side, shadowed: false } => limiter(side),
                Choice { side, .. } => Box::new(ShadowLimiter::new(limiter(side), limiter(side.other()))),
            },
            ontology: match self.ontology {
                Choice { side, shadowed: false } => ontology(side),
                Choice { side, .. } => Box::new(ShadowOntology::new(ontology(side), ontology(side.other()))),
            },
            access: match self.access {
                Choice { side, shadowed: false } => access(side),
                Choice { side, .. } => Box::new(ShadowAccess::new(access(side), access(side.other()))),
            },
            axes,
        }
    }
}

pub(crate) fn id(text: impl AsRef<str>) -> Id {
    Id::new(text).unwrap()
}

/// A world with the names of those in it, and everything that its steps recorded.
pub(crate) struct TestWorld {
    pub(crate) combo: Combo,
    pub(crate) world: World,
    pub(crate) now: Time,
    pub(crate) records: Vec<Vec<u8>>,
    history: History,
}

/// Plenty of everything.
pub(crate) fn plenty() -> Charges {
    Charges([1_000_000; Resource::COUNT])
}

pub(crate) fn founder(name: &str, scrip: u64, quotas: Charges) -> Founder {
    Founder {
        id: id(name),
        is_agent: true,
        config: format!("mind of {name}").into(),
        scrip: Scrip(scrip),
        quotas,
    }
}

pub(crate) fn rules() -> Rules {
    Rules { window: WINDOW, ..Rules::default() }
}

/// The agents ann, bob and cid and the account dot, each with 1,000 scrip and plenty of everything.
pub(crate) fn genesis(rules: Rules) -> Genesis {
    let mut founders: Vec<Founder> =
        ["ann", "bob", "cid", "dot"].into_iter().map(|name| founder(name, 1_000, plenty())).collect();
    founders[3].is_agent = false;
    Genesis { rules, founders, artifacts: Vec::new() }
}

impl TestWorld {
    pub(crate) fn new(combo: Combo) -> Self {
        Self::with(combo, genesis(rules()))
    }

    pub(crate) fn with(combo: Combo, genesis: Genesis) -> Self {
        let mut world = Self {
            combo,
            world: World::new(combo.parts()),
            now: Time::ZERO,
            records: Vec::new(),
            history: History::default(),
        };
        world.command(Command::Create(Box::new(genesis)));
        let axes = world.world.axes();
        world.command(Command::StartRun {
            version: SmolStr::new("0"),
            scenario: SmolStr::new("test"),
            seed: Seed(1),
            axes,
        });
        world
    }

    /// A world that came out of these records.
    pub(crate) fn replayed(combo: Combo, world: World, now: Time, records: Vec<Vec<u8>>) -> Self {
        let mut history = History::default();
        for bytes in &records {
            history.hear(&Record::decode(bytes).unwrap()).unwrap();
        }
        Self { combo, world, now, records, history }
    }

    pub(crate) fn command(&mut self, command: Command) -> Step {
        let step = self.world.step(&command, self.now).unwrap();
        self.records.push(step.bytes.clone());
        let lawful = self.history.hear(&Record::decode(&step.bytes).unwrap());
        if let Err(broken) = lawful.and_then(|()| self.world.check_invariants()) {
            panic!("{:?}: {broken}\nafter {command:?}", self.combo);
        }
        step
    }

    pub(crate) fn key(&self, name: &str) -> Key {
        self.world.symbols().key(name).unwrap_or_else(|| panic!("nobody is called {name}"))
    }

    pub(crate) fn act_as(&mut self, agent: &str, action: Action, thought: Option<Thought>) -> Outcome {
        let agent = self.key(agent);
        self.command(Command::Act(Act { agent, action, thought, answers: Vec::new() })).outcome
    }

    pub(crate) fn act(&mut self, agent: &str, action: Action) -> Outcome {
        self.act_as(agent, action, None)
    }

    /// An action that must be done.
    pub(crate) fn done(&mut self, agent: &str, action: Action) -> Value {
        let combo = self.combo;
        self.act(agent, action.clone()).unwrap_or_else(|no| panic!("{combo:?} {agent} {action:?}: {no}"))
    }

    /// An action that must be refused with this code.
    pub(crate) fn refused(&mut self, agent: &str, action: Action, code: RefusalCode) -> Refusal {
        let combo = self.combo;
        match self.act(agent, action.clone()) {
            Err(refusal) if refusal.code == code => refusal,
            other => panic!("{combo:?} {agent} {action:?}: expected {code}, got {other:?}"),
        }
    }

    pub(crate) fn write(&mut self, agent: &str, artifact: &str, content: &str) -> Value {
        self.done(agent, Action::Write(Box::new(Draft::new(id(artifact), content))))
    }

    pub(crate) fn invoke<const N: usize>(
        &mut self,
        agent: &str,
        service: GenesisArtifact,
        method: &str,
        args: [(&str, Value); N],
    ) -> Value {
        self.done(agent, Action::invoke(service.id(), method, Value::map(args)))
    }

    pub(crate) fn invoke_refused<const N: usize>(
        &mut self,
        agent: &str,
        service: GenesisArtifact,
        method: &str,
        args: [(&str, Value); N],
        code: RefusalCode,
    ) -> Refusal {
        self.refused(agent, Action::invoke(service.id(), method, Value::map(args)), code)
    }

    pub(crate) fn scrip(&self, name: &str) -> u64 {
        self.world.accounts().scrip(self.key(name)).0
    }

    pub(crate) fn quota(&self, name: &str, resource: Resource) -> u64 {
        self.world.accounts().get(self.key(name)).unwrap().quotas[resource]
    }

    pub(crate) fn disk_used(&self, name: &str) -> u64 {
        self.world.accounts().get(self.key(name)).unwrap().disk_used_bytes
    }

    pub(crate) fn owner(&self, name: &str) -> String {
        self.world.id(self.world.live(self.key(name)).unwrap().owner).to_string()
    }

    /// The effects of the last record.
    pub(crate) fn last_effects(&self) -> Vec<Effect> {
        Record::decode(self.records.last().unwrap()).unwrap().effects
    }

    /// What an agent sees of the log, as text.
    pub(crate) fn log_of(&self, agent: &str) -> Vec<String> {
        let viewer = self.key(agent);
        let events = self.world.log().after(0);
        events
            .filter_map(|event| self.world.show_event(&event, viewer))
            .map(|event| format!("{event:?}"))
            .collect()
    }

    /// A draft by which only the owner reads, whatever decides about access.
    pub(crate) fn private(&self, artifact: &str, content: &str) -> Action {
        let mut draft = Draft::new(id(artifact), content);
        if self.combo.has_contracts() {
            draft.access_contract = Some(GenesisArtifact::Private.id());
        } else {
            draft.policy = Some(ecology_types::PolicyDraft::default());
        }
        Action::Write(Box::new(draft))
    }

    pub(crate) fn priced(&self, artifact: &str, read_price: u64, invoke_price: u64) -> Action {
        let mut draft = Draft::new(id(artifact), "priced");
        let anyone = || vec![SmolStr::new("*")];
        draft.policy = Some(ecology_types::PolicyDraft {
            read: anyone(),
            write: Vec::new(),
            invoke: anyone(),
            read_price: Scrip(read_price),
            invoke_price: Scrip(invoke_price),
        });
        Action::Write(Box::new(draft))
    }
}

pub(crate) fn read(artifact: &str) -> Action {
    Action::Read { artifact: id(artifact) }
}

pub(crate) fn delete(artifact: &str) -> Action {
    Action::Delete { artifact: id(artifact) }
}

pub(crate) fn edit(artifact: &str, find: &str, replace: &str, expected_version: Option<u64>) -> Action {
    Action::Edit { artifact: id(artifact), find: find.into(), replace: replace.into(), expected_version }
}

pub(crate) fn int(value: &Value, name: &str) -> i64 {
    value.get(name).and_then(Value::as_int).unwrap_or_else(|| panic!("{value:?} has no number {name}"))
}

pub(crate) fn ids_in(value: &Value, list: &str) -> Vec<String> {
    let Some(Value::List(rows)) = value.get(list) else { panic!("{value:?} has no list {list}") };
    let name = |row: &Value| row.get("id").unwrap_or(row).as_text().map(str::to_owned);
    rows.iter().filter_map(name).collect()
}

/// The bytes of everything that a refused action must leave as it is.
pub(crate) fn untouchable(world: &World) -> Vec<u8> {
    let mut bytes = world.parts().ontology.save();
    for resource in Resource::RENEWABLE {
        world.parts().limiter.digest(resource, &mut bytes);
    }
    let mut add = |part: Result<Vec<u8>, postcard::Error>| bytes.extend(part.unwrap());
    add(postcard::to_stdvec(world.accounts()));
    add(postcard::to_stdvec(world.orders()));
    add(postcard::to_stdvec(world.mint()));
    add(postcard::to_stdvec(world.agents()));
    add(postcard::to_stdvec(world.subscriptions()));
    add(postcard::to_stdvec(world.symbols()));
    add(postcard::to_stdvec(&world.reservations().iter().collect::<Vec<_>>()));
    add(postcard::to_stdvec(world.rules()));
    bytes
}
