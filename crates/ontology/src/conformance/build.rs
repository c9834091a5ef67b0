//! Short ways to write records and drafts.

use std::sync::Arc;

use ecology_types::{ArtifactRecord, Draft, Id, Interface, Key, Method, SmolStr, Time, Value};

/// An id for a key.
fn id(key: u32) -> Id {
    Id::new(format!("thing_{key}")).expect("letters and digits")
}

/// A record of version 1 that owns and made itself.
#[must_use]
pub fn record(key: u32, has_standing: bool, can_execute: bool) -> ArtifactRecord {
    ArtifactRecord {
        key: Key(key),
        id: id(key),
        creator: Key(key),
        owner: Key(key),
        kind: SmolStr::new_static(if has_standing { "agent" } else { "data" }),
        content: Arc::from(format!("content of {key}")),
        version: 1,
        created_at: Time(u64::from(key)),
        changed_at: Time(u64::from(key)),
        has_standing,
        can_execute,
        access_contract: None,
        policy: None,
        interface: None,
        memory: None,
    }
}

/// Data that belongs to `owner`, who made it.
#[must_use]
pub fn artifact(key: u32, owner: u32) -> ArtifactRecord {
    ArtifactRecord { owner: Key(owner), creator: Key(owner), ..record(key, false, false) }
}

/// An agent.
#[must_use]
pub fn agent(key: u32) -> ArtifactRecord {
    record(key, true, true)
}

/// An account: standing, but no code.
#[must_use]
pub fn account(key: u32) -> ArtifactRecord {
    record(key, true, false)
}

/// A draft for the id that [`record`] gives to a key.
#[must_use]
pub fn draft(key: u32) -> Draft {
    Draft::new(id(key), "text")
}

/// An interface with methods of these names.
#[must_use]
pub fn interface(methods: &[&str]) -> Arc<Interface> {
    let method = |name: &&str| Method {
        name: SmolStr::new(name),
        description: SmolStr::default(),
        input_schema: Value::map([("type", Value::text("object"))]),
    };
    Arc::new(Interface {
        description: SmolStr::new_static("for tests"),
        methods: methods.iter().map(method).collect(),
    })
}

/// Permission to see everything.
#[must_use]
pub fn sees_all(_: &ArtifactRecord) -> bool {
    true
}
