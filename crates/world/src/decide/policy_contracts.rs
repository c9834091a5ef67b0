//! The contracts that a migration makes of policies.

use std::collections::BTreeMap;
use std::sync::Arc;

use ecology_contracts::{
    Successor, contract_interface, contract_source, is_policy_contract, policy_contract_id, source_fits,
    successor,
};
use ecology_types::{
    AllowList, ArtifactRecord, ConvertedField, Effect, GenesisArtifact, Id, Key, Policy, SmolStr, Time,
};

use crate::step::Plan;
use crate::world::World;

/// What takes the place of a policy.
pub(super) enum Heir {
    /// A contract of time zero, with where it says something else.
    Stock(Successor),
    /// A contract that says exactly the same, made of the policy.
    Made(Key),
}

/// Contracts that are needed and are not there yet. Equal policies have one.
pub(super) struct Making<'a> {
    world: &'a World,
    next: Key,
    made: BTreeMap<Id, (Key, Arc<str>)>,
}

impl<'a> Making<'a> {
    pub(super) fn new(world: &'a World) -> Self {
        Self { world, next: world.symbols.next(), made: BTreeMap::new() }
    }

    /// How many have to be made.
    pub(super) fn len(&self) -> usize {
        self.made.len()
    }

    /// What takes the place of the policy of `record`: a contract of time zero where one says exactly the same, otherwise one that is made. Where
    /// none can be made, because its source would be too long, the closest one of time zero.
    pub(super) fn heir(&mut self, record: &ArtifactRecord) -> Heir {
        let stock = successor(record);
        if stock.is_exact() {
            return Heir::Stock(stock);
        }
        let open = Policy::open();
        let policy = record.policy.as_deref().unwrap_or(&open);
        let source = contract_source(policy, &|key| SmolStr::new(self.world.id(key).as_str()));
        if !source_fits(policy, &source) {
            return Heir::Stock(stock);
        }
        let Some(id) = policy_contract_id(&source) else { return Heir::Stock(stock) };
        if let Some((key, _)) = self.made.get(&id) {
            return Heir::Made(*key);
        }
        let known = self.world.symbols.key(id.as_str());
        match known.map(|key| (key, self.world.live(key))) {
            Some((key, Some(there))) if is_policy_contract(there) && *there.content == *source => {
                return Heir::Made(key);
            }
            // Two sources with one digest: nothing is governed by what says something else.
            Some((_, Some(_))) => return Heir::Stock(stock),
            _ => {}
        }
        // An id that somebody has only mentioned has a key already.
        let key = known.unwrap_or_else(|| {
            let key = self.next;
            self.next = Key(key.0.saturating_add(1));
            key
        });
        self.made.insert(id, (key, Arc::from(source)));
        Heir::Made(key)
    }

    /// The effects that make them, in the order of their keys.
    pub(super) fn plan(self, now: Time, plan: &mut Plan) {
        let world = self.world;
        let mut made: Vec<_> = self.made.into_iter().map(|(id, (key, source))| (key, id, source)).collect();
        made.sort_unstable_by_key(|(key, ..)| *key);
        for (key, id, source) in made {
            if world.symbols.key(id.as_str()).is_none() {
                plan.push(Effect::Interned { key, id: id.clone() });
            }
            plan.push(Effect::ArtifactCreated(Box::new(contract_record(key, id, source, now))));
        }
    }
}

/// A contract that was made of a policy. It belongs to nobody who could change it, and what it says about who may read what is nobody's to read.
fn contract_record(key: Key, id: Id, source: Arc<str>, now: Time) -> ArtifactRecord {
    let nobody = || AllowList::Only(Vec::new());
    let closed = Policy { read: nobody(), write: nobody(), invoke: nobody(), ..Policy::open() };
    ArtifactRecord {
        key,
        id,
        creator: Key::GENESIS,
        owner: Key::GENESIS,
        kind: SmolStr::new_static("contract"),
        content: source,
        version: 1,
        created_at: now,
        changed_at: now,
        has_standing: false,
        can_execute: true,
        access_contract: Some(GenesisArtifact::SelfOwned.key()),
        policy: Some(Arc::new(closed)),
        interface: Some(Arc::new(contract_interface())),
        memory: None,
    }
}

impl World {
    /// The contracts that migrations have made of policies, with how many artifacts each governs.
    #[must_use]
    pub fn policy_contracts(&self) -> BTreeMap<Key, u64> {
        let mut governed = BTreeMap::new();
        let end = u32::try_from(self.symbols().len()).unwrap_or(u32::MAX);
        let is_made = |key: Key| self.live(key).is_some_and(is_policy_contract);
        for key in (0..end).map(Key) {
            let Some(record) = self.live(key) else { continue };
            if is_policy_contract(record) {
                governed.entry(key).or_default();
            } else if let Some(contract) = record.access_contract.filter(|contract| is_made(*contract)) {
                *governed.entry(contract).or_default() += 1;
            }
        }
        governed
    }

    /// The policy of an artifact that a migration to contracts hands over to a contract made of it, or has handed over; `None` when a contract of
    /// time zero says the same, or the artifact names its own.
    #[must_use]
    pub fn policy_to_move<'a>(&self, record: &'a ArtifactRecord) -> Option<&'a Policy> {
        static OPEN: Policy = Policy::open();
        let moves = self.has_policy_to_move(record) && !is_policy_contract(record);
        (moves && !successor(record).is_exact()).then(|| record.policy.as_deref().unwrap_or(&OPEN))
    }
}

/// The contract that a conversion puts in the place of a policy.
pub(super) fn heir_field(heir: &Heir) -> ConvertedField {
    ConvertedField::AccessContract(match heir {
        // What nobody names is governed by it already.
        Heir::Stock(Successor { contract: ecology_contracts::StockContract::Freeware, .. }) => None,
        Heir::Stock(Successor { contract, .. }) => Some(contract.artifact().key()),
        Heir::Made(key) => Some(*key),
    })
}
