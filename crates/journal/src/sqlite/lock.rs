//! One writer per world, across processes.

use std::any::Any;
use std::path::{Path, PathBuf};

use crate::JournalError;
use crate::disk::{Disk, Hold};

/// The writer's lock. The kernel lets go of it when the process ends, however it ends; the file itself stays, because removing
/// it would let two writers lock two different files of one name.
#[derive(Debug)]
pub(super) struct WorldLock {
    _held: Box<dyn Any + Send>,
}

/// `path` with something appended to its name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

impl WorldLock {
    /// Takes the lock of the world at `path` or says who has it.
    pub(super) fn take(disk: &dyn Disk, path: &Path) -> Result<Self, JournalError> {
        let lock_path = beside(path, ".lock");
        match disk.lock(&lock_path) {
            Ok(Hold::Taken(held)) => Ok(Self { _held: held }),
            Ok(Hold::Held(holder)) => {
                let who = match holder.trim() {
                    "" => "another process has it".to_owned(),
                    id => format!("process {id} has it"),
                };
                let hint = format!("{who}; stop that one, or open this world for reading only");
                Err(JournalError::Locked { path: path.to_owned(), hint })
            }
            Err(error) => Err(JournalError::NotWritable { path: lock_path, detail: error.to_string() }),
        }
    }
}
