//! Ids: which of the old ones can stay, and what the others are called.

use std::collections::{BTreeMap, BTreeSet};

use ecology_types::{GenesisArtifact, Id};

use crate::problem::{Place, ProblemKind};
use crate::topic::Topic;
use crate::tree::quoted;
use crate::work::Work;

/// What every old id is called here.
#[derive(Debug, Default)]
pub(crate) struct Names {
    new: BTreeMap<String, Id>,
    taken: BTreeSet<Id>,
}

/// Whether an id belongs to the services of either program.
pub(crate) fn is_reserved(id: &str) -> bool {
    id.starts_with("genesis")
}

impl Names {
    /// What an old id is called; `None` when there is nothing of that id.
    pub(crate) fn get(&self, old: &str) -> Option<&Id> {
        self.new.get(old)
    }

    /// The same, and the genesis artifacts that are here under the same name.
    pub(crate) fn get_or_genesis(&self, old: &str) -> Option<Id> {
        let genesis =
            || GenesisArtifact::ALL.into_iter().find(|one| one.name() == old).map(GenesisArtifact::id);
        self.get(old).cloned().or_else(genesis)
    }

    /// A name that nobody has, near to `wanted`.
    pub(crate) fn fresh(&mut self, wanted: &str) -> Id {
        let plain = plain(wanted);
        let mut n = 1_u64;
        loop {
            let suffix = if n == 1 { String::new() } else { format!("-{n}") };
            let stem = &plain[..plain.len().min(Id::BYTES_MAX - suffix.len())];
            if let Ok(id) = Id::new(format!("{stem}{suffix}"))
                && self.taken.insert(id.clone())
            {
                return id;
            }
            n += 1;
        }
    }
}

/// The text with everything that cannot stand in an id replaced.
fn plain(text: &str) -> String {
    let mut plain: String = text
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':') { c } else { '_' })
        .take(Id::BYTES_MAX)
        .collect();
    if !plain.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') {
        plain.insert(0, '_');
    }
    // The beginning is reserved.
    if is_reserved(&plain) { format!("old_{plain}") } else { plain }
}

impl Work<'_> {
    /// Names everything: those that can keep their ids first, so that no new name takes one of them.
    pub(crate) fn names<'i>(&mut self, ids: impl Iterator<Item = (&'i str, Place)> + Clone) -> Names {
        let mut names = Names::default();
        let valid = |id: &str| Id::new(id).ok().filter(|_| !is_reserved(id));
        for (old, _) in ids.clone() {
            if let Some(id) = valid(old) {
                names.taken.insert(id.clone());
                names.new.insert(old.to_owned(), id);
            }
        }
        for (old, place) in ids {
            if names.new.contains_key(old) {
                continue;
            }
            let why = match Id::new(old) {
                Err(error) => error.to_string(),
                Ok(_) => "ids that begin with genesis are reserved".to_owned(),
            };
            if !self.options.rename_ids {
                self.problems.tell(
                    ProblemKind::Id,
                    Some(place),
                    format!("{} cannot be an id here: {why}", shown(old)),
                    "add --rename-ids to give such ids new names, everywhere they are referred to",
                );
                // Told once.
                names.new.insert(old.to_owned(), Id::known("refused"));
                continue;
            }
            // The digest keeps names apart that look alike after the replacement.
            let digest = blake3::hash(old.as_bytes()).to_hex();
            let mut stem = plain(old);
            stem.truncate(48);
            let id = names.fresh(&format!("{stem}-{}", &digest[..8]));
            let raw = crate::tree::raw_text(old);
            self.items
                .add(Topic::Renamed, id.as_str(), format!("was {}: {why}", shown(old)))
                .at(place)
                .was(raw);
            names.new.insert(old.to_owned(), id);
        }
        names
    }
}

/// An id of any length as a message shows it.
fn shown(id: &str) -> String {
    let mut short: String = id.chars().take(80).collect();
    if short.len() < id.len() {
        short.push('…');
    }
    quoted(&short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fresh_names_are_ids_and_differ() {
        let mut names = Names::default();
        for wanted in ["a b", "a b", "", "-x", "genesis_x", "é", &"x".repeat(500), &"x".repeat(500)] {
            let id = names.fresh(wanted);
            assert!(!is_reserved(id.as_str()), "{id}");
        }
        assert_eq!(names.taken.len(), 8);
    }
}
