//! What a tool may find out about others: nothing that it may not know.

use ecology_types::{Effect, EventKind, Key, Value};

use crate::world::World;

/// How many of the latest events are looked at when code counts them.
const COUNTED_EVENTS_MAX: usize = 4096;

impl World {
    /// What there is to know of an artifact besides its content, as the store tells it; nothing of one that the viewer may not know.
    pub(super) fn describe_for(&self, viewer: Key, id: &str) -> Value {
        match self.artifact_named(id) {
            Ok(record) if self.may_know(viewer, record) => {
                self.parts.ontology.describe(record, &|key: Key| self.id(key).clone())
            }
            _ => Value::Null,
        }
    }

    /// How many of the latest events of a kind the viewer may see.
    pub(super) fn count_for(&self, viewer: Key, kind: &str, about: Option<&str>, actor: Option<&str>) -> u64 {
        let Some(kind) = EventKind::from_name(kind) else { return 0 };
        let key_of = |id: Option<&str>| {
            id.map(|id| self.symbols.key(id)).map_or(Ok(None), |key| key.map(Some).ok_or(()))
        };
        let (Ok(about), Ok(actor)) = (key_of(about), key_of(actor)) else { return 0 };
        self.log
            .entries_after(0)
            .rev()
            .take(COUNTED_EVENTS_MAX)
            .filter(|entry| entry.kind() == Some(kind))
            .filter_map(|entry| entry.event())
            .filter(|event| {
                actor.is_none_or(|actor| event.actor == Some(actor))
                    && about.is_none_or(|about| concerns(&event.effect, about))
                    && self.may_see_event(event, viewer)
            })
            .count() as u64
    }
}

/// Whether an event is about an artifact or principal.
fn concerns(effect: &Effect, key: Key) -> bool {
    match effect {
        Effect::ActionDone { target, .. } => *target == Some(key),
        Effect::ArtifactCreated(record) => record.key == key,
        Effect::ArtifactChanged { key: about, .. }
        | Effect::ArtifactDeleted { key: about }
        | Effect::StateSet { key: about, .. } => *about == key,
        Effect::OwnershipTransferred { key: about, from, to } => [*about, *from, *to].contains(&key),
        Effect::ScripTransferred { from, to, .. } | Effect::QuotaTransferred { from, to, .. } => {
            [*from, *to].contains(&key)
        }
        Effect::Minted { to, .. } => *to == key,
        Effect::EscrowSold { good, seller, buyer, .. } => {
            matches!(good, ecology_types::Good::Artifact(sold) | ecology_types::Good::Agent(sold) if *sold == key)
                || [*seller, *buyer].contains(&key)
        }
        _ => false,
    }
}
