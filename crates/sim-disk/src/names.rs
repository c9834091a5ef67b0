//! A folder: which name means which file, for programs and after a crash.

use std::collections::BTreeMap;

use ecology_types::SeededRng;
use rand::RngExt as _;

/// The number of a file, whatever it is called.
pub(crate) type FileId = u64;

#[derive(Debug, Clone)]
enum Change {
    Make { name: String, file: FileId },
    Remove { name: String },
    Rename { from: String, to: String, file: FileId },
}

/// The names of all files. There is one folder.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    live: BTreeMap<String, FileId>,
    durable: BTreeMap<String, FileId>,
    pending: Vec<Change>,
}

impl Names {
    pub(crate) fn of(names: BTreeMap<String, FileId>) -> Self {
        Self { live: names.clone(), durable: names, pending: Vec::new() }
    }

    pub(crate) fn get(&self, name: &str) -> Option<FileId> {
        self.live.get(name).copied()
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = FileId> {
        self.live.values().copied()
    }

    /// All names that programs see.
    pub(crate) fn live(&self) -> &BTreeMap<String, FileId> {
        &self.live
    }

    pub(crate) fn make(&mut self, name: &str, file: FileId) {
        self.change(Change::Make { name: name.to_owned(), file });
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.change(Change::Remove { name: name.to_owned() });
    }

    pub(crate) fn rename(&mut self, from: &str, to: &str, file: FileId) {
        self.change(Change::Rename { from: from.to_owned(), to: to.to_owned(), file });
    }

    fn change(&mut self, change: Change) {
        apply(&mut self.live, &change);
        self.pending.push(change);
    }

    pub(crate) fn sync(&mut self) {
        self.durable.clone_from(&self.live);
        self.pending.clear();
    }

    /// The names after the power went: the durable ones and a subset of the changes under way, each whole or not at all.
    pub(crate) fn survivors(&self, rng: &mut SeededRng, luck: u32) -> BTreeMap<String, FileId> {
        let mut names = self.durable.clone();
        for change in &self.pending {
            if rng.random_range(0..100) < luck {
                apply(&mut names, change);
            }
        }
        names
    }
}

fn apply(names: &mut BTreeMap<String, FileId>, change: &Change) {
    match change {
        Change::Make { name, file } => {
            names.insert(name.clone(), *file);
        }
        Change::Remove { name } => {
            names.remove(name);
        }
        Change::Rename { from, to, file } => {
            names.remove(from);
            names.insert(to.clone(), *file);
        }
    }
}
