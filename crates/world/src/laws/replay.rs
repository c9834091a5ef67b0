//! The replay hash equals the live hash: folding the effects of a history gives the state that deciding it gave.

use ecology_types::Record;

use super::Broken;
use crate::parts::Parts;
use crate::world::World;

/// Replays a history into `parts`, which are fresh, and compares the outcome with the world that lived it.
///
/// # Errors
/// The law that is [`Broken`].
pub fn replay_equals_live(
    parts: Parts,
    history: impl IntoIterator<Item = Record>,
    live: &World,
) -> Result<(), Broken> {
    let law = "the replay hash equals the live hash";
    let mut replayed = World::new(parts);
    for record in history {
        replayed.fold(record).map_err(|error| Broken { law, detail: error.to_string() })?;
    }
    let (found, expected) = (replayed.hash(), live.hash());
    if found == expected {
        return Ok(());
    }
    Err(Broken { law, detail: format!("replayed {found}, lived {expected}") })
}
