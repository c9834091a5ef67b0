//! Positions that somebody asks for over those that a world has.

use ecology_features::{ConfigError, Sources, load};
use ecology_types::{Axis, AxisVector};

use crate::exit::Exit;
use crate::failure::Failure;

/// Refuses assignments to anything but positions: a history has no other settings.
///
/// # Errors
/// The first assignment that is none of a position.
pub(crate) fn check(sets: &[String]) -> Result<(), Failure> {
    match sets.iter().find(|set| !set.trim_start().starts_with("features.")) {
        None => Ok(()),
        Some(set) => Err(Failure::new(
            Exit::Usage,
            "usage::not_a_position",
            format!(
                "{:?} sets something else than a position",
                crate::text::cut(&crate::text::clean(set), 64)
            ),
            "write features.AXIS=IMPLEMENTATION, for example features.access_control=contract",
        )),
    }
}

/// The positions of a world with some of them changed.
///
/// # Errors
/// Everything that is wrong with the result: unknown names, implementations that are not built, needs that are not met.
pub(crate) fn over(world: AxisVector, sets: &[String]) -> Result<AxisVector, Vec<ConfigError>> {
    let mut sources = Sources::new();
    for axis in Axis::ALL {
        sources = sources.set("the world", format!("features.{axis}={:?}", world.serving(axis)));
    }
    for set in sets {
        sources = sources.set("--set", set);
    }
    Ok(load(sources)?.axis_vector())
}
