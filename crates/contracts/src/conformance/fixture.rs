//! A small world to ask questions on.

use std::collections::BTreeMap;
use std::sync::Arc;

use ecology_types::{
    AllowList, ArtifactRecord, Denial, EventCount, GenesisArtifact, Grant, Id, Key, Payer, PermissionAnswer,
    Policy, Reads, Scrip, Seed, SmolStr, Span, Terms, Time, Verb, question_digest,
};

use crate::{AccessView, Governor, Request};

/// Artifacts and balances in two ordered maps, with the artifacts of time zero in place.
#[derive(Debug, Clone)]
pub struct FixtureView {
    artifacts: BTreeMap<Key, ArtifactRecord>,
    balances: BTreeMap<Key, Scrip>,
    states: BTreeMap<Key, u64>,
    events: BTreeMap<EventCount, u64>,
    next: u32,
    /// How deep contracts may ask contracts.
    pub contract_depth_max: u32,
    /// The time of every decision.
    pub now: Time,
}

/// A question without method, arguments and answers.
#[must_use]
pub const fn request(artifact: &ArtifactRecord, verb: Verb, caller: Key) -> Request<'_> {
    Request { artifact, verb, caller, method: None, args: None, answers: &[] }
}

impl Default for FixtureView {
    fn default() -> Self {
        Self::new()
    }
}

impl FixtureView {
    /// A world at time zero.
    #[must_use]
    pub fn new() -> Self {
        let mut world = Self {
            artifacts: BTreeMap::new(),
            balances: BTreeMap::new(),
            states: BTreeMap::new(),
            events: BTreeMap::new(),
            next: 0,
            contract_depth_max: 10,
            now: Time::ZERO,
        };
        for artifact in GenesisArtifact::ALL {
            let key = world.add(artifact.id(), Key::GENESIS);
            world.record_mut(key).can_execute = artifact != GenesisArtifact::Genesis;
        }
        world
    }

    fn add(&mut self, id: Id, creator: Key) -> Key {
        let key = Key(self.next);
        self.next += 1;
        let record = ArtifactRecord {
            key,
            id,
            creator,
            owner: creator,
            kind: SmolStr::new("data"),
            content: Arc::from(""),
            version: 1,
            created_at: Time::ZERO,
            changed_at: Time::ZERO,
            has_standing: false,
            can_execute: false,
            access_contract: None,
            policy: None,
            interface: None,
            memory: None,
        };
        self.artifacts.insert(key, record);
        key
    }

    /// Adds an artifact that `creator` makes and owns.
    ///
    /// # Panics
    /// When `id` is not an id.
    pub fn add_artifact(&mut self, id: &'static str, creator: Key) -> Key {
        self.add(Id::known(id), creator)
    }

    /// Adds a principal that owns itself.
    ///
    /// # Panics
    /// When `id` is not an id.
    pub fn add_principal(&mut self, id: &'static str) -> Key {
        let key = self.add(Id::known(id), Key(self.next));
        self.record_mut(key).has_standing = true;
        key
    }

    /// The record behind a key.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn record(&self, key: Key) -> &ArtifactRecord {
        &self.artifacts[&key]
    }

    /// The record behind a key, to change it.
    ///
    /// # Panics
    /// When there is none.
    pub fn record_mut(&mut self, key: Key) -> &mut ArtifactRecord {
        match self.artifacts.get_mut(&key) {
            Some(record) => record,
            None => panic!("{key:?} is not in this world"),
        }
    }

    /// Deletes an artifact.
    pub fn delete(&mut self, key: Key) {
        self.artifacts.remove(&key);
    }

    /// Sets a balance.
    pub fn set_balance(&mut self, key: Key, balance: Scrip) {
        self.balances.insert(key, balance);
    }

    /// Sets the version of the state that an executable keeps.
    pub fn set_state_version(&mut self, key: Key, version: u64) {
        self.states.insert(key, version);
    }

    /// Sets how many events of a sort everybody may see.
    pub fn set_events(&mut self, which: EventCount, count: u64) {
        self.events.insert(which, count);
    }

    /// The version of an artifact, 0 when it is not there.
    #[must_use]
    pub fn version(&self, key: Key) -> u64 {
        self.artifacts.get(&key).map_or(0, |record| record.version)
    }

    /// The answer that a contract would give now, computed from itself, the artifact and the caller's balance.
    #[must_use]
    pub fn answer_of(&self, request: &Request<'_>, verdict: Result<Grant, SmolStr>) -> PermissionAnswer {
        self.answer_with(request, verdict.map(Terms::from).map_err(Denial::no))
    }

    /// The same with all terms.
    #[must_use]
    pub fn answer_with(&self, request: &Request<'_>, verdict: Result<Terms, Denial>) -> PermissionAnswer {
        let contract = Governor::of_contract(request.artifact.access_contract).key();
        let artifact = request.artifact.key;
        let mut reads = Reads::default();
        for key in [contract, artifact] {
            reads.note_version(key, self.version(key));
        }
        reads.note_owner(artifact, request.artifact.owner);
        reads.note_balance(request.caller, self.balance(request.caller));
        PermissionAnswer {
            artifact,
            verb: request.verb,
            caller: request.caller,
            contract,
            call_digest: question_digest(request.method, request.args),
            verdict,
            reads,
            instructions: 40,
            is_cached: false,
        }
    }

    /// A random world: five principals, twenty artifacts with policies and contracts of every kind, some of them code, data or deleted.
    #[must_use]
    pub fn random(seed: Seed) -> Self {
        let mut world = Self::new();
        let mut draws = Draws { seed, number: 0 };
        for name in ["alice", "bob", "carol", "dave", "erin"] {
            let key = world.add_principal(name);
            world.set_balance(key, Scrip(draws.below(100)));
        }
        const NAMES: [&str; 20] = [
            "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "b0", "b1", "b2", "b3", "b4", "b5",
            "b6", "b7", "b8", "b9",
        ];
        let first = world.next;
        let total = u64::from(first) + NAMES.len() as u64;
        for name in NAMES {
            let key = world.add_artifact(name, draws.key(17));
            let policy = draws.policy();
            let (owner, contract) = (draws.key(total), draws.contract(first, total));
            let (version, executes, stands) = (1 + draws.below(3), draws.below(2) == 0, draws.below(3) == 0);
            let stays = draws.below(2) == 0;
            let record = world.record_mut(key);
            (record.policy, record.access_contract, record.version) = (policy, contract, version);
            (record.can_execute, record.has_standing) = (executes, stands);
            if !stays {
                record.owner = owner;
            }
        }
        // Time zero is governed by anything in a few worlds.
        if draws.below(4) == 0 {
            for artifact in GenesisArtifact::ALL {
                world.record_mut(artifact.key()).access_contract = draws.contract(first, total);
            }
        }
        let victim = Key(first + u32::try_from(draws.below(20)).unwrap_or(0));
        world.delete(victim);
        world.contract_depth_max = if draws.below(8) == 0 { 0 } else { 10 };
        world
    }

    /// Asks one random question, with answers of which some hold, some do not, and some are nonsense.
    pub fn ask_random(&self, seed: Seed, law: &mut dyn FnMut(&Self, &Request<'_>)) {
        let mut draws = Draws { seed, number: 0 };
        let at = draws.index(self.artifacts.len());
        let Some(artifact) = self.artifacts.values().nth(at) else { return };
        let verb = Verb::ALL[draws.index(Verb::COUNT)];
        let caller = match draws.below(4) {
            0 => artifact.owner,
            1 => artifact.creator,
            2 => artifact.key,
            _ => draws.key(u64::from(self.next) + 2),
        };
        let bare = request(artifact, verb, caller);
        let verdict = match draws.below(3) {
            0 => Err(SmolStr::new("not today")),
            _ => Ok(draws.grant()),
        };
        let mut answer = self.answer_of(&bare, verdict);
        match draws.below(6) {
            0 => answer.reads.versions[0].1 += 1,
            1 => answer.reads.balances[0].1 = Scrip(1_000),
            2 => answer.reads.versions.clear(),
            _ => {}
        }
        let answers = [answer];
        let answers = if draws.below(3) == 0 { &[][..] } else { &answers[..] };
        law(self, &Request { answers, ..bare });
    }
}

impl AccessView for FixtureView {
    fn artifact(&self, key: Key) -> Option<&ArtifactRecord> {
        self.artifacts.get(&key)
    }

    fn balance(&self, key: Key) -> Scrip {
        self.balances.get(&key).copied().unwrap_or(Scrip::ZERO)
    }

    fn contract_depth_max(&self) -> u32 {
        self.contract_depth_max
    }

    fn state_version(&self, key: Key) -> u64 {
        self.states.get(&key).copied().unwrap_or(0)
    }

    fn events(&self, _viewer: Key, which: &EventCount) -> u64 {
        self.events.get(which).copied().unwrap_or(0)
    }

    fn now(&self) -> Time {
        self.now
    }

    fn answer_age_max(&self) -> Span {
        Span::from_secs(1)
    }
}

/// Numbers that follow from a seed.
struct Draws {
    seed: Seed,
    number: u64,
}

impl Draws {
    /// A number from 0 to `bound - 1`; the modulo's bias does not matter here.
    fn below(&mut self, bound: u64) -> u64 {
        self.number += 1;
        self.seed.derive("draw", self.number).0 % bound.max(1)
    }

    fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap_or(0)
    }

    fn key(&mut self, bound: u64) -> Key {
        Key(u32::try_from(self.below(bound)).unwrap_or(0))
    }

    fn list(&mut self) -> AllowList {
        match self.below(3) {
            0 => AllowList::Anyone,
            1 => AllowList::Only(Vec::new()),
            _ => {
                let mut keys: Vec<Key> = (0..3).map(|_| Key(12 + self.key(5).0)).collect();
                keys.sort_unstable();
                keys.dedup();
                AllowList::Only(keys)
            }
        }
    }

    fn policy(&mut self) -> Option<Arc<Policy>> {
        if self.below(3) == 0 {
            return None;
        }
        let (read, write, invoke) = (self.list(), self.list(), self.list());
        let (read_price, invoke_price) = (Scrip(self.below(3)), Scrip(self.below(3)));
        Some(Arc::new(Policy { read, write, invoke, read_price, invoke_price }))
    }

    fn contract(&mut self, first: u32, total: u64) -> Option<Key> {
        match self.below(8) {
            0 | 1 => None,
            2 => Some(GenesisArtifact::Freeware.key()),
            3 => Some(GenesisArtifact::SelfOwned.key()),
            4 => Some(GenesisArtifact::Private.key()),
            5 => Some(GenesisArtifact::Public.key()),
            _ => Some(Key(first + self.key(total - u64::from(first)).0)),
        }
    }

    fn grant(&mut self) -> Grant {
        let payer = match self.below(4) {
            0 => Payer::Invoker,
            1 => Payer::Owner,
            2 => Payer::Artifact,
            _ => Payer::Split(u8::try_from(self.below(120)).unwrap_or(0)),
        };
        let cost = if self.below(10) == 0 { Scrip(u64::MAX) } else { Scrip(self.below(3)) };
        Grant { cost, payer }
    }
}
