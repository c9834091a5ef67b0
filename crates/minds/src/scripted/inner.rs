//! The mind inside another mind.

use ecology_types::Seed;

use super::{Flaw, Idle, Tools};
use crate::{Mind, MindConfig};

/// Checks the mind inside, which stands in `field`. It may not hold one itself: that would be the same at more length.
pub(super) fn check_inner(field: &'static str, inner: Option<&MindConfig>) -> Result<(), Flaw> {
    match inner {
        None => Ok(()),
        Some(MindConfig::Slow(_) | MindConfig::Failing(_) | MindConfig::Panicking(_)) => {
            Err(Flaw::new(field, "a mind inside another cannot hold a third; write an ordinary one"))
        }
        Some(inner) => inner
            .script()
            .check()
            .map_err(|flaw| Flaw::new(field, format!("{}: {}", flaw.field, flaw.message))),
    }
}

/// Builds the mind inside; nothing stands for one that wants nothing.
pub(super) fn build_inner(inner: Option<&MindConfig>, seed: Seed, tools: &Tools) -> Box<dyn Mind> {
    inner.map_or_else(|| Box::new(Idle) as Box<dyn Mind>, |inner| inner.build(seed, tools))
}
