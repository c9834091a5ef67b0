//! What a tool may find out about others: nothing that it may not know.

use ecology_types::{EventCount, EventKind, Key, Value};

use crate::world::World;

impl World {
    /// What there is to know of an artifact besides its content, as the store tells it; nothing of one that the viewer may not know.
    pub(super) fn describe_for(&self, viewer: Key, id: &str) -> Value {
        match self.artifact_named(id) {
            // A contract knows what it governs.
            Ok(record) if record.access_contract == Some(viewer) || self.may_know(viewer, record) => {
                Value::Map(self.metadata(record))
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
        self.count_events(viewer, &EventCount { kind, about, actor })
    }
}
