//! Small worlds out of numbers, moved forward and back: each comes out as the bytes it was.
//!
//! The number of a world says what it holds. Its first artifact goes through every combination of what a migration looks at; the rest is
//! drawn. `ECOLOGY_WORLD=N` plays only that one. The bench `generated` plays all ten thousand.

use std::sync::Arc;

use ecology_contracts::is_policy_contract;
use ecology_types::{
    Act, Action, Axis, Command, Draft, GenesisArtifact, Interface, Key, Method, Migration, PolicyDraft,
    Record, Scrip, Seed, Side, SmolStr, Time, Value,
};
use ecology_world::World;

use crate::support::*;

/// Worlds of an ordinary run, and the number that separates them: it has no factor in common with the number of combinations, so that even few
/// worlds see every value of every field.
const WORLDS: u64 = 400;
const STRIDE: u64 = 4_099;

const LISTS: [&[&str]; 4] = [&["*"], &[], &["bob"], &["ann", "cid"]];
/// No policy, or three lists and two prices.
const POLICIES: u64 = 1 + 4 * 4 * 4 * 2 * 2;
/// Data, and executables with no interface, an empty one, and one with a method.
const SORTS: u64 = 4;
/// Nothing, deleted, given away, listed in escrow.
const FATES: u64 = 4;
const MEMORIES: u64 = 2;
const COMBINATIONS: u64 = POLICIES * SORTS * FATES * MEMORIES;

const AXES: [Axis; 2] = [Axis::ArtifactOntology, Axis::AccessControl];

/// Numbers that follow from a seed (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

/// A world that is stepped and, at the end, held to the laws.
struct Small {
    world: World,
    records: Vec<Vec<u8>>,
}

impl Small {
    fn new(combo: Combo) -> Self {
        let mut small = Self { world: World::new(combo.parts()), records: Vec::new() };
        small.command(&Command::Create(Box::new(genesis(rules()))));
        let axes = small.world.axes();
        let (version, scenario) = (SmolStr::new("0"), SmolStr::new("test"));
        small.command(&Command::StartRun { version, scenario, seed: Seed(1), axes });
        small
    }

    fn command(&mut self, command: &Command) -> bool {
        let step = self.world.step(command, Time(1_000)).unwrap();
        self.records.push(step.bytes);
        step.outcome.is_ok()
    }

    fn act(&mut self, agent: &str, action: Action) -> bool {
        let agent = self.world.symbols().key(agent).unwrap();
        self.command(&Command::Act(Act { agent, action, thought: None, answers: Vec::new() }))
    }

    /// All that exists, all balances and all orders, without the record of what happened.
    fn contents(&self) -> Vec<u8> {
        let mut bytes = self.world.parts().ontology.save();
        for part in [postcard::to_stdvec(self.world.accounts()), postcard::to_stdvec(self.world.orders())] {
            bytes.extend(part.unwrap());
        }
        bytes
    }

    /// The same in words, with ids in the place of keys and without the contracts that a migration made: these stay, and what is made after them
    /// has a higher key than it would have had.
    fn words(&self) -> Vec<String> {
        let world = &self.world;
        let keys = || (0..u32::try_from(world.symbols().len()).unwrap()).map(Key);
        let is_made = |key: Key| world.live(key).is_some_and(is_policy_contract);
        let named = |text: String| {
            let mut parts = text.split("Key(");
            let mut named = parts.next().unwrap().to_owned();
            for part in parts {
                let (number, rest) = part.split_once(')').unwrap();
                named.push_str(world.id(Key(number.trim().trim_end_matches(',').parse().unwrap())).as_str());
                named.push_str(rest);
            }
            named
        };
        let mut words: Vec<_> = keys()
            .filter(|key| !is_made(*key))
            .flat_map(|key| {
                [
                    format!("{key:?} {:?}", world.parts().ontology.artifact(key)),
                    format!("{key:?} {:?}", world.parts().ontology.principal(key)),
                ]
            })
            .map(named)
            .collect();
        words.sort_unstable();
        // Behind the orders come their indices, the order of which follows from the keys.
        let orders = format!("{:?}", world.orders());
        let orders = orders.split(", of_owner").next().unwrap().to_owned();
        words.extend([format!("{:?}", world.accounts()), orders].map(named));
        words
    }

    /// Plays one artifact; `false` when it could not be made.
    fn play(&mut self, owner: &str, name: &str, combination: u64) -> bool {
        let mut rest = combination % COMBINATIONS;
        let mut next = |bound: u64| {
            let value = rest % bound;
            rest /= bound;
            value
        };
        let (fate, sort, memory, policy) = (next(FATES), next(SORTS), next(MEMORIES), next(POLICIES));
        let mut draft = Draft::new(id(name), "content");
        draft.kind = Some(SmolStr::new("good"));
        draft.policy = policy.checked_sub(1).map(policy_of);
        draft.can_execute = Some(sort > 0);
        let method = Method {
            name: "go".into(),
            description: "goes".into(),
            input_schema: Value::map([("type", Value::text("object"))]),
        };
        draft.interface = match sort {
            2 => Some(Arc::new(Interface { description: String::new().into(), methods: Vec::new() })),
            3 => Some(Arc::new(Interface { description: "does".into(), methods: vec![method] })),
            _ => None,
        };
        draft.memory = (memory == 1).then(|| id("notebook"));
        let is_made = self.act(owner, Action::Write(Box::new(draft)));
        let _ = match fate {
            1 => self.act(owner, delete(name)),
            2 => self.service(
                owner,
                GenesisArtifact::Ledger,
                "transfer_ownership",
                [
                    ("artifact", Value::text(name)),
                    ("to", Value::text(if owner == "ann" { "bob" } else { "ann" })),
                ],
            ),
            3 => self.service(
                owner,
                GenesisArtifact::Escrow,
                "deposit",
                [("artifact", Value::text(name)), ("price", Value::Int(7))],
            ),
            _ => true,
        };
        is_made
    }

    fn service<const N: usize>(
        &mut self,
        agent: &str,
        service: GenesisArtifact,
        method: &str,
        args: [(&str, Value); N],
    ) -> bool {
        self.act(agent, Action::invoke(service.id(), method, Value::map(args)))
    }

    fn begin(&mut self, axis: Axis, to: Side) {
        self.command(&Command::Migrate(Migration::Begin { axis, to, forced: None, evidence: "none".into() }));
    }

    fn migrate(&mut self, axis: Axis, to: Side, keys_max: u32) {
        self.begin(axis, to);
        while self.world.migrations().open().unwrap().watermark.index() < self.world.symbols().len() {
            self.command(&Command::Migrate(Migration::Batch { keys_max }));
        }
        self.command(&Command::Migrate(Migration::Finish));
    }

    fn ranges(&self, axis: Axis) -> Vec<(Key, Key, ecology_types::RangeDigest)> {
        self.world.migrations().ranges(axis).collect()
    }
}

fn policy_of(number: u64) -> PolicyDraft {
    let list = |at: u64| {
        let names = LISTS[usize::try_from(number / at % 4).unwrap()];
        names.iter().map(|name| SmolStr::new(*name)).collect()
    };
    PolicyDraft {
        read: list(1),
        write: list(4),
        invoke: list(16),
        read_price: Scrip(number / 64 % 2 * 3),
        invoke_price: Scrip(number / 128 % 2 * 5),
    }
}

/// What the worlds that were played have seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) worlds: u64,
    /// Fields that were converted on the way there, by axis.
    converted: [u64; 2],
    first_made: u64,
    gone_over_again: u64,
    /// Worlds in which policies became contracts of their own.
    made_contracts: u64,
}

impl Seen {
    /// Whether these worlds are worth anything: something moves on each axis, and most of what is tried is there.
    pub(crate) fn judge(&self) -> Result<(), String> {
        let is_moved = self.converted.iter().all(|count| *count > self.worlds / 10);
        let is_mixed = self.gone_over_again > 0 && (1..self.worlds).contains(&self.made_contracts);
        if self.worlds == 1 || is_moved && self.first_made > self.worlds / 3 && is_mixed {
            Ok(())
        } else {
            Err(format!("these worlds prove little: {self:?}"))
        }
    }
}

/// Combinations in which everybody may still do what they did after a move: contracts do not decide yet.
fn combos() -> Vec<Combo> {
    Combo::plain().into_iter().filter(|combo| !combo.has_contracts()).collect()
}

/// Plays one world; what is wrong with it, in one sentence.
fn play(number: u64, seen: &mut Seen) -> Result<(), String> {
    let combos = combos();
    let mut numbers = Numbers(number);
    let combo = combos[usize::try_from(number).unwrap() % combos.len()];
    let (mut moved, mut stayed) = (Small::new(combo), Small::new(combo));
    let mut both = |moved: &mut Small, what: (&str, &str, u64)| {
        let (owner, name, combination) = what;
        let (a, b) = (moved.play(owner, name, combination), stayed.play(owner, name, combination));
        if a == b { Ok(a) } else { Err(format!("{owner} may make {name} in one of two worlds only")) }
    };
    both(&mut moved, ("ann", "notebook", 0))?;
    seen.first_made += u64::from(both(&mut moved, ("ann", "first", number.wrapping_mul(STRIDE)))?);
    let any = |numbers: &mut Numbers| {
        let owner = ["ann", "bob", "cid"][usize::try_from(numbers.below(3)).unwrap()];
        (owner, format!("thing_{}", numbers.below(8)), numbers.below(COMBINATIONS))
    };
    for _ in 0..1 + numbers.below(5) {
        let (owner, name, combination) = any(&mut numbers);
        both(&mut moved, (owner, &name, combination))?;
    }
    let keys_max = u32::try_from(1 + numbers.below(30)).unwrap();
    let (is_acting, is_interrupted) = (numbers.below(2) == 0, numbers.below(4) == 0);
    let mut ranges = Vec::new();
    for (at, axis) in AXES.into_iter().enumerate() {
        if is_interrupted {
            // It stops after the first batch, somebody acts, and it begins again.
            moved.begin(axis, Side::New);
            moved.command(&Command::Migrate(Migration::Batch { keys_max: 16 }));
            let (owner, name, combination) = any(&mut numbers);
            both(&mut moved, (owner, &name, combination))?;
            seen.gone_over_again += 1;
        }
        moved.migrate(axis, Side::New, keys_max);
        seen.converted[at] += moved.world.migrations().residue_len(axis);
        ranges.push(moved.ranges(axis));
    }
    if is_acting {
        for _ in 0..1 + numbers.below(4) {
            let (owner, name, combination) = any(&mut numbers);
            both(&mut moved, (owner, &name, combination))?;
        }
    }
    for (at, axis) in AXES.into_iter().enumerate().rev() {
        moved.migrate(axis, Side::Old, keys_max);
        // What one axis converts is part of what the digest of the other one sees; nothing else has moved meanwhile.
        let is_comparable = !is_acting && moved.world.policy_contracts().is_empty();
        if is_comparable && at == 1 && moved.ranges(axis) != ranges[at] {
            return Err(format!("{axis}: the digests of ranges differ"));
        }
        if moved.world.migrations().residue_len(axis) != 0 {
            return Err(format!("{axis}: residue is left"));
        }
    }
    let is_same = if moved.world.policy_contracts().is_empty() {
        moved.contents() == stayed.contents()
    } else {
        seen.made_contracts += 1;
        moved.words() == stayed.words()
    };
    if !is_same {
        let (moved, stayed) = (moved.words(), stayed.words());
        let parting = moved.iter().zip(&stayed).find(|(moved, stayed)| moved != stayed);
        return Err(format!("there and back is somewhere else: {parting:#?}"));
    }
    moved.world.check_invariants().map_err(|broken| broken.to_string())?;
    let mut folded = World::new(combo.parts());
    for record in &moved.records {
        folded.fold(Record::decode(record).unwrap()).unwrap();
    }
    if folded.hash() != moved.world.hash() {
        return Err("its replay is another world".to_owned());
    }
    seen.worlds += 1;
    Ok(())
}

fn number_from(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

/// Plays worlds until one is wrong.
pub(crate) fn play_all(worlds: u64) -> Result<Seen, String> {
    let only = number_from("ECOLOGY_WORLD");
    let range = only.map_or(0..worlds, |only| only..only + 1);
    let mut seen = Seen::default();
    for number in range {
        play(number, &mut seen)
            .map_err(|wrong| format!("world {number} (ECOLOGY_WORLD={number}): {wrong}"))?;
    }
    Ok(seen)
}

#[test]
fn generated_worlds_go_forward_and_come_back() {
    let seen = play_all(WORLDS).unwrap();
    seen.judge().unwrap();
}

#[cfg(feature = "planted-bugs")]
#[test]
fn residue_that_is_forgotten_is_found() {
    use ecology_world::PlantedBug;

    PlantedBug::plant(Some(PlantedBug::ResidueForgotten));
    let found = play_all(20).unwrap_err();
    assert!(found.contains("differ") || found.contains("somewhere else"), "{found}");
    PlantedBug::plant(None);
    play_all(20).unwrap();
}

#[test]
fn a_few_hundred_worlds_see_every_value_of_every_field() {
    let mut seen = std::collections::BTreeSet::new();
    for number in 0..WORLDS {
        let combination = number.wrapping_mul(STRIDE) % COMBINATIONS;
        let rest = combination / (FATES * SORTS * MEMORIES);
        seen.insert(("fate and sort", combination % (FATES * SORTS)));
        seen.insert(("memory", combination / (FATES * SORTS) % MEMORIES));
        let policy = rest.checked_sub(1);
        seen.insert(("lists", policy.map_or(64, |policy| policy % 64)));
        seen.insert(("prices", policy.map_or(4, |policy| policy / 64)));
    }
    assert_eq!(seen.len() as u64, FATES * SORTS + MEMORIES + 65 + 5);
    // And all combinations follow from enough worlds.
    let all: std::collections::BTreeSet<_> = (0..COMBINATIONS).map(|n| n * STRIDE % COMBINATIONS).collect();
    assert_eq!(all.len() as u64, COMBINATIONS);
}
