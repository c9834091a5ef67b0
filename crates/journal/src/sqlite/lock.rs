//! One writer per world, across processes.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::JournalError;

/// The writer's lock. The kernel lets go of it when the process ends, however it ends; the file itself stays, because removing
/// it would let two writers lock two different files of one name.
#[derive(Debug)]
pub(super) struct WorldLock {
    _file: File,
}

/// `path` with something appended to its name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

impl WorldLock {
    /// Takes the lock of the world at `path` or says who has it.
    pub(super) fn take(path: &Path) -> Result<Self, JournalError> {
        let lock_path = beside(path, ".lock");
        let io = |error: std::io::Error| JournalError::NotWritable {
            path: lock_path.clone(),
            detail: error.to_string(),
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&lock_path)
            .map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Only for the hint: a holder that has not written its number yet is no error.
                let _ = (&file).take(20).read_to_string(&mut holder);
                let who = match holder.trim() {
                    "" => "another process has it".to_owned(),
                    id => format!("process {id} has it"),
                };
                let hint = format!("{who}; stop that one, or open this world for reading only");
                return Err(JournalError::Locked { path: path.to_owned(), hint });
            }
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        // As above; without room for ten bytes the lock still holds.
        let _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Self { _file: file })
    }
}
