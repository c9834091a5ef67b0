//! Ids as people write them, and words for states.

use ecology_types::{Good, Key, SmolStr};
use ecology_world::{LoopState, World};

use crate::failure::Failure;
use crate::text::{clean, cut, micros, nearest, number};

/// The key of an id.
///
/// # Errors
/// When the world does not have it; names the nearest.
pub(super) fn key(world: &World, id: &str) -> Result<Key, Failure> {
    world.symbols().key(id).ok_or_else(|| {
        let near = nearest(id, world.symbols().iter().map(ecology_types::Id::as_str));
        Failure::no_such_id(&cut(&clean(id), 64), near)
    })
}

/// The key of an id that may be left out.
///
/// # Errors
/// As [`key`].
pub(super) fn optional_key(world: &World, id: Option<&String>) -> Result<Option<Key>, Failure> {
    id.map(|id| key(world, id)).transpose()
}

/// The word for a state of a loop.
pub(super) const fn state(state: &LoopState) -> &'static str {
    match state {
        LoopState::New => "new",
        LoopState::Running => "running",
        LoopState::Sleeping { .. } => "sleeping",
        LoopState::Blocked { .. } => "blocked",
        LoopState::BackingOff { .. } => "backing_off",
        LoopState::Paused => "paused",
        LoopState::Stopped => "stopped",
    }
}

/// What a loop waits for; empty when it does not wait.
pub(super) fn waits_for(state: &LoopState) -> String {
    let at = |time: ecology_types::Time| micros(time.0);
    match state {
        LoopState::Sleeping { until: None, on } if on.is_empty() => "to be woken".to_owned(),
        LoopState::Sleeping { until, on } => {
            let conditions = (!on.is_empty()).then(|| crate::text::count(on.len() as u64, "condition"));
            let until = until.map(|until| format!("until {}", at(until)));
            [conditions, until].into_iter().flatten().collect::<Vec<_>>().join(", ")
        }
        LoopState::Blocked { resource, until: Some(until) } => format!("{resource} until {}", at(*until)),
        LoopState::Blocked { resource, until: None } => {
            format!("{resource}, which only a transfer can bring")
        }
        LoopState::BackingOff { until } => format!("tries again at {}", at(*until)),
        LoopState::New | LoopState::Running | LoopState::Paused | LoopState::Stopped => String::new(),
    }
}

/// What is traded.
pub(super) fn good(world: &World, good: Option<&Good>) -> String {
    match good {
        None => String::new(),
        Some(Good::Artifact(key)) => world.id(*key).to_string(),
        Some(Good::Agent(key)) => format!("agent {}", world.id(*key)),
        Some(Good::Right { resource, amount }) => {
            format!("{} {} of {resource}", number(*amount), resource.unit())
        }
        Some(Good::Scrip(amount)) => format!("{} scrip", number(amount.0)),
        Some(Good::Revenue(key)) => format!("revenue of {}", world.id(*key)),
        Some(Good::Bundle(goods)) => {
            let parts: Vec<String> = goods.iter().map(|part| self::good(world, Some(part))).collect();
            parts.join(" + ")
        }
    }
}

/// A label, or a dash for none.
pub(super) fn label(kind: &SmolStr) -> String {
    if kind.is_empty() { "-".to_owned() } else { kind.to_string() }
}
