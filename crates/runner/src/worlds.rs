//! Where the worlds of runs are kept.

use std::path::Path;

use ecology_features::config::{Config, JournalBackend};
use ecology_journal::{Journal, JournalError, OpenMode, SqliteJournal, SqliteOptions, Verify};

use crate::compose;

/// Gives the journals of worlds. [`OnThisMachine`] is the ordinary one; tests keep worlds on disks that fail.
pub trait Worlds {
    /// Whether there is anything at this path.
    fn exists(&self, path: &Path) -> bool;

    /// The journal of a world, made or opened as `mode` says. A configuration that keeps its journal in memory gets a new one.
    ///
    /// # Errors
    /// What is wrong with the file and what to do.
    fn journal(&self, config: &Config, path: &Path, mode: OpenMode)
    -> Result<Box<dyn Journal>, JournalError>;

    /// The journal of an existing world, to look at it. `verify` says how much is verified before anything is read.
    ///
    /// # Errors
    /// What is wrong with the file and what to do.
    fn look(&self, path: &Path, verify: Verify) -> Result<Box<dyn Journal>, JournalError>;
}

/// Worlds are files of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OnThisMachine;

impl Worlds for OnThisMachine {
    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }

    fn journal(
        &self,
        config: &Config,
        path: &Path,
        mode: OpenMode,
    ) -> Result<Box<dyn Journal>, JournalError> {
        compose::journal(config, path, mode)
    }

    fn look(&self, path: &Path, verify: Verify) -> Result<Box<dyn Journal>, JournalError> {
        let options = SqliteOptions { verify, ..SqliteOptions::default() };
        Ok(Box::new(SqliteJournal::open_with(path, OpenMode::Read, &options)?))
    }
}

/// Whether a configuration keeps its journal in memory.
pub(crate) fn in_memory(config: &Config) -> bool {
    config.journal.backend == JournalBackend::Memory
}
