//! Compiled contracts.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use ecology_sandbox::{Engine, Fault, Limits, Program};
use ecology_types::Key;
use ecology_world::World;

/// A version of an executable.
pub(super) type Version = (Key, u64);

/// What compiling came to.
pub(super) type Compiled = Result<Arc<dyn Program>, Fault>;

/// The programs used last, by executable and version. A fault is kept like a program: the same source fails again.
pub(super) struct Programs {
    engine: Arc<dyn Engine>,
    kept: BTreeMap<Version, Compiled>,
    came: VecDeque<Version>,
    len_max: usize,
}

impl Programs {
    pub(super) fn new(engine: Arc<dyn Engine>, len_max: usize) -> Self {
        Self { engine, kept: BTreeMap::new(), came: VecDeque::new(), len_max: len_max.max(1) }
    }

    pub(super) const fn engine(&self) -> &Arc<dyn Engine> {
        &self.engine
    }

    /// The program of an executable as it is now, and whether it had to be compiled. `None` when there is no such executable.
    pub(super) fn get(&mut self, world: &World, key: Key, limits: &Limits) -> Option<(Compiled, bool)> {
        let record = world.live(key)?;
        let version = (key, record.version);
        if let Some(known) = self.kept.get(&version) {
            return Some((known.clone(), false));
        }
        let compiled = self.engine.compile(&record.content, limits);
        if !matches!(compiled, Err(Fault::Unavailable { .. })) {
            self.kept.insert(version, compiled.clone());
            self.came.push_back(version);
            while self.came.len() > self.len_max {
                if let Some(oldest) = self.came.pop_front() {
                    self.kept.remove(&oldest);
                }
            }
        }
        Some((compiled, true))
    }
}
