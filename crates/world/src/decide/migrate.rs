//! Moving what exists to the other half of an axis.

use std::collections::BTreeMap;
use std::sync::Arc;

use ecology_contracts::is_policy_contract;
use ecology_ontology::{OntologyDivergence, Resolution};
use ecology_types::{
    ArtifactRecord, Axis, Converted, ConvertedField, Effect, GenesisArtifact, Interface, Key, Migration,
    RangeDigest, Side, Time,
};

use super::policy_contracts::{Heir, Making, heir_field};
use crate::migrations::Residue;
use crate::step::{Plan, StepError};
use crate::world::World;

/// What a migration would do, counted over the whole world.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MigrationPlan {
    /// Live artifacts and principals.
    pub artifacts: u64,
    /// Those that a batch would change.
    pub converts: u64,
    /// Those that stay as they are because the other half understands them.
    pub stays: u64,
    /// Those for which the other half has no exact place, by the code of the divergence that says what is different, with the first keys.
    pub without_place: BTreeMap<&'static str, (u64, Vec<Key>)>,
    /// Contracts that would be made because no contract of time zero says what a policy says.
    pub contracts_made: u64,
    /// Artifacts that such contracts would govern, those that are there already included, with the first keys.
    pub governed_by_made: (u64, Vec<Key>),
    /// On the way back: contracts that a migration made of policies. They stay and govern nothing more.
    pub contracts_idle: u64,
    /// Values that stay in the record although the other half does not look at them, by the name of the field.
    pub kept_aside: BTreeMap<&'static str, u64>,
}

/// Keys that are named for each code.
const NAMED_MAX: usize = 5;

impl World {
    pub(crate) fn decide_migrate(
        &self,
        step: &Migration,
        now: Time,
        plan: &mut Plan,
    ) -> Result<(), StepError> {
        let contradiction = |text: &str| StepError::Contradiction(text.to_owned());
        match step {
            Migration::Begin { axis, to, forced, evidence } => {
                if let Some(open) = self.migrations.open()
                    && (open.axis, open.to) != (*axis, *to)
                {
                    let text = format!("a migration of {} is under way", open.axis);
                    return Err(StepError::Contradiction(text));
                }
                plan.push(Effect::MigrationBegun {
                    axis: *axis,
                    to: *to,
                    forced: forced.clone(),
                    evidence: evidence.clone(),
                });
            }
            Migration::Batch { keys_max } => {
                let open =
                    self.migrations.open().ok_or_else(|| contradiction("no migration is under way"))?;
                let end = u32::try_from(self.symbols.len()).unwrap_or(u32::MAX);
                let from = open.watermark;
                let until = Key(from.0.saturating_add((*keys_max).max(1)).min(end));
                if from >= until {
                    return Err(contradiction("everything has been converted"));
                }
                let mut making = Making::new(self);
                let converted = self.conversions(open.axis, open.to, from, until, &mut making);
                making.plan(now, plan);
                plan.push(Effect::MigrationBatch {
                    axis: open.axis,
                    to: open.to,
                    from,
                    until,
                    digest: self.range_digest(open.axis, from, until),
                    converted,
                });
            }
            Migration::Finish => {
                let open =
                    self.migrations.open().ok_or_else(|| contradiction("no migration is under way"))?;
                if open.watermark.index() < self.symbols.len() {
                    return Err(contradiction("not everything has been converted"));
                }
                plan.push(Effect::MigrationFinished { axis: open.axis, to: open.to });
            }
        }
        Ok(())
    }

    /// What moving this world to `to` on `axis` would do.
    #[must_use]
    pub fn plan_migration(&self, axis: Axis, to: Side) -> MigrationPlan {
        let mut plan = MigrationPlan::default();
        let end = Key(u32::try_from(self.symbols.len()).unwrap_or(u32::MAX));
        let mut making = Making::new(self);
        plan.converts = self.conversions(axis, to, Key(0), end, &mut making).len() as u64;
        plan.contracts_made = making.len() as u64;
        for record in (0..end.0).flat_map(|key| self.roles(Key(key))) {
            // What a migration made moves nowhere.
            if is_policy_contract(record) {
                plan.contracts_idle += u64::from((axis, to) == (Axis::AccessControl, Side::Old));
                continue;
            }
            plan.artifacts += 1;
            let mut note = |code: &'static str| {
                let (count, first) = plan.without_place.entry(code).or_default();
                *count += 1;
                if first.len() < NAMED_MAX {
                    first.push(record.key);
                }
            };
            match (axis, to) {
                (Axis::AccessControl, Side::New) if self.has_policy_to_move(record) => {
                    match making.heir(record) {
                        Heir::Stock(stock) => {
                            stock.differs.iter().for_each(|divergence| note(divergence.code()));
                        }
                        Heir::Made(_) => {
                            let (count, first) = &mut plan.governed_by_made;
                            *count += 1;
                            if first.len() < NAMED_MAX {
                                first.push(record.key);
                            }
                        }
                    }
                }
                (Axis::ArtifactOntology, Side::New) if self.is_homonym(record) => {
                    note(OntologyDivergence::TwoNamespaces.code());
                }
                _ => {}
            }
            for (field, is_there) in kept_aside(axis, to, record) {
                if is_there {
                    *plan.kept_aside.entry(field).or_default() += 1;
                }
            }
        }
        plan.stays = plan.artifacts.saturating_sub(plan.converts);
        plan
    }

    /// What has to change in a range of keys so that the half `to` serves as the other one did.
    fn conversions(
        &self,
        axis: Axis,
        to: Side,
        from: Key,
        until: Key,
        making: &mut Making<'_>,
    ) -> Vec<Converted> {
        match to {
            Side::New => (from.0..until.0)
                .filter_map(|key| self.live(Key(key)))
                .filter_map(|record| self.forward(axis, record, making))
                .collect(),
            Side::Old => self
                .migrations
                .residue_between(axis, from, until)
                .map(|(key, residue)| self.back(key, residue))
                .collect(),
        }
    }

    /// What moving one artifact forward changes.
    fn forward(&self, axis: Axis, record: &ArtifactRecord, making: &mut Making<'_>) -> Option<Converted> {
        let key = record.key;
        let residue = self.migrations.residue(axis, key);
        // Somebody has written the field since it was converted: it is theirs now.
        if residue.is_some_and(|residue| residue.set != present(record, &residue.set)) {
            return Some(Converted { key, field: ConvertedField::Nothing, keeps: false });
        }
        let (wanted, before) = match axis {
            Axis::AccessControl => {
                let before = match residue.map(|residue| &residue.before) {
                    Some(ConvertedField::AccessContract(before)) => *before,
                    _ => record.access_contract,
                };
                let wanted = match before {
                    None if GenesisArtifact::from_key(key).is_none() => heir_field(&making.heir(record)),
                    named => ConvertedField::AccessContract(named),
                };
                (wanted, ConvertedField::AccessContract(before))
            }
            Axis::ArtifactOntology => {
                let before = match residue.map(|residue| &residue.before) {
                    Some(ConvertedField::Interface(before)) => before.clone(),
                    _ => record.interface.clone(),
                };
                let is_mute = before.as_deref().is_none_or(|interface| interface.methods.is_empty());
                let wanted = if record.can_execute && !record.has_standing && is_mute {
                    Some(Arc::new(Interface::undescribed()))
                } else {
                    before.clone()
                };
                (ConvertedField::Interface(wanted), ConvertedField::Interface(before))
            }
            Axis::RateLimiting | Axis::ExecutionMode | Axis::ResourceLimits => return None,
        };
        if wanted == present(record, &wanted) {
            return None;
        }
        Some(Converted { key, keeps: wanted != before, field: wanted })
    }

    /// What moving one artifact back changes: what was there comes back, unless somebody has written the field since.
    fn back(&self, key: Key, residue: &Residue) -> Converted {
        let untouched = self.live(key).is_some_and(|record| present(record, &residue.set) == residue.set);
        let field = if untouched { residue.before.clone() } else { ConvertedField::Nothing };
        Converted { key, field, keeps: false }
    }

    /// A digest of a range of keys as the old half sees it: with what was there before in place of what a migration put there, and without the
    /// contracts that it made.
    fn range_digest(&self, axis: Axis, from: Key, until: Key) -> RangeDigest {
        let mut hasher = blake3::Hasher::new();
        let mut bytes = Vec::new();
        for key in (from.0..until.0).map(Key) {
            for record in self.roles(key).filter(|record| !is_policy_contract(record)) {
                bytes.clear();
                let old_view = match self.migrations.residue(axis, key) {
                    Some(residue) if present(record, &residue.set) == residue.set => {
                        let mut record = record.clone();
                        match &residue.before {
                            ConvertedField::AccessContract(contract) => record.access_contract = *contract,
                            ConvertedField::Interface(interface) => record.interface.clone_from(interface),
                            ConvertedField::Nothing => {}
                        }
                        postcard::to_extend(&record, std::mem::take(&mut bytes))
                    }
                    _ => postcard::to_extend(record, std::mem::take(&mut bytes)),
                };
                // Every record encodes; one that did not would make a digest differ and be told of.
                bytes = old_view.unwrap_or_default();
                hasher.update(&(bytes.len() as u64).to_le_bytes());
                hasher.update(&bytes);
            }
        }
        let mut digest = RangeDigest::default();
        digest.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        digest
    }

    /// What is live under a key: an artifact, a principal, or one of each where the legacy schema has given one id to both.
    fn roles(&self, key: Key) -> impl Iterator<Item = &ArtifactRecord> {
        let ontology = &self.parts.ontology;
        let artifact = match ontology.artifact(key) {
            Resolution::Live(record) => Some(record),
            _ => None,
        };
        let principal = match ontology.principal(key) {
            Resolution::Live(record) if artifact.is_none_or(|artifact| !std::ptr::eq(artifact, record)) => {
                Some(record)
            }
            _ => None,
        };
        artifact.into_iter().chain(principal)
    }

    fn is_homonym(&self, record: &ArtifactRecord) -> bool {
        record.has_standing && self.roles(record.key).count() > 1
    }

    pub(super) fn has_policy_to_move(&self, record: &ArtifactRecord) -> bool {
        let before = match self.migrations.residue(Axis::AccessControl, record.key).map(|one| &one.before) {
            Some(ConvertedField::AccessContract(before)) => *before,
            _ => record.access_contract,
        };
        before.is_none() && GenesisArtifact::from_key(record.key).is_none()
    }
}

/// The present value of the field that `like` names.
fn present(record: &ArtifactRecord, like: &ConvertedField) -> ConvertedField {
    match like {
        ConvertedField::AccessContract(_) => ConvertedField::AccessContract(record.access_contract),
        ConvertedField::Interface(_) => ConvertedField::Interface(record.interface.clone()),
        ConvertedField::Nothing => ConvertedField::Nothing,
    }
}

/// Fields that the half `to` does not look at, and whether this record has a value there.
fn kept_aside(axis: Axis, to: Side, record: &ArtifactRecord) -> Vec<(&'static str, bool)> {
    match (axis, to) {
        (Axis::ArtifactOntology, Side::New) | (Axis::AccessControl, Side::New) => {
            vec![("policy", record.policy.is_some())]
        }
        (Axis::ArtifactOntology, Side::Old) => vec![
            ("access_contract", record.access_contract.is_some()),
            ("interface", record.interface.is_some()),
            ("memory", record.memory.is_some()),
        ],
        (Axis::AccessControl, Side::Old) => vec![("access_contract", record.access_contract.is_some())],
        _ => Vec::new(),
    }
}

impl World {
    /// Takes note of a batch: the fields change, and what was there before is kept for the way back.
    pub(crate) fn apply_batch(
        &mut self,
        axis: Axis,
        range: (Key, Key, RangeDigest),
        converted: &[Converted],
    ) {
        let record = self.clock.record;
        let ontology = &self.parts.ontology;
        let before = |key: Key, like: &ConvertedField| match ontology.artifact(key) {
            Resolution::Live(record) => present(record, like),
            _ => ConvertedField::Nothing,
        };
        self.migrations.batch(axis, range, record, converted, before);
        for Converted { key, field, .. } in converted {
            self.parts.ontology.apply(&ecology_ontology::Change::Converted { key: *key, field });
        }
    }
}
