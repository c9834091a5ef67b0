//! Compiled contracts.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ecology_sandbox::{Engine, Fault, Limits, Program};
use ecology_types::Key;
use ecology_world::World;

/// A version of an executable.
type Version = (Key, u64);

/// What compiling came to.
pub(super) type Compiled = Result<Arc<dyn Program>, Fault>;

/// The source of an executable as it was at a look.
#[derive(Debug, Clone)]
pub(super) struct Source {
    version: Version,
    text: Arc<str>,
}

impl Source {
    /// The source of an executable as it is now. `None` when there is no such executable.
    pub(super) fn of(world: &World, key: Key) -> Option<Self> {
        let record = world.live(key)?;
        Some(Self { version: (key, record.version), text: Arc::clone(&record.content) })
    }
}

/// The programs used last, by executable and version. A fault is kept like a program: the same source fails again.
pub(super) struct Programs {
    engine: Arc<dyn Engine>,
    kept: Mutex<Kept>,
    len_max: usize,
}

#[derive(Default)]
struct Kept {
    programs: BTreeMap<Version, Compiled>,
    came: VecDeque<Version>,
}

impl Programs {
    pub(super) fn new(engine: Arc<dyn Engine>, len_max: usize) -> Self {
        Self { engine, kept: Mutex::default(), len_max: len_max.max(1) }
    }

    pub(super) const fn engine(&self) -> &Arc<dyn Engine> {
        &self.engine
    }

    /// The program of a source, and whether it had to be compiled. Two who need the same new one at once both compile it, and neither waits.
    pub(super) fn get(&self, source: &Source, limits: &Limits) -> (Compiled, bool) {
        if let Some(known) = self.locked().programs.get(&source.version) {
            return (known.clone(), false);
        }
        let compiled = self.engine.compile(&source.text, limits);
        if !matches!(compiled, Err(Fault::Unavailable { .. })) {
            let mut kept = self.locked();
            if kept.programs.insert(source.version, compiled.clone()).is_none() {
                kept.came.push_back(source.version);
            }
            while kept.came.len() > self.len_max {
                if let Some(oldest) = kept.came.pop_front() {
                    kept.programs.remove(&oldest);
                }
            }
        }
        (compiled, true)
    }

    fn locked(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
