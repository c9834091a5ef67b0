//! A world in the making: it appears under its name only when it is complete and durable.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use ecology_journal::JournalError;

/// Files that can belong to a world besides its own.
const SUFFIXES: [&str; 5] = ["", "-wal", "-shm", "-journal", ".lock"];

/// The file of a world that is being made beside its place. What is not published is removed when it goes out of scope; what a crash
/// leaves is removed by the next draft for the same place.
#[derive(Debug)]
pub struct Draft {
    path: PathBuf,
    to: PathBuf,
}

/// Why a draft cannot be made or published.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// Something is there already.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A file cannot be moved or removed.
    #[error("{path}: {detail}; choose another place")]
    File {
        /// Which one.
        path: String,
        /// What the system says.
        detail: String,
    },
}

impl Draft {
    /// A draft for a world at `to`, where nothing may be.
    ///
    /// # Errors
    /// When something is there, or the remains of an earlier draft cannot be removed.
    pub fn of(to: &Path) -> Result<Self, DraftError> {
        if to.exists() {
            return Err(JournalError::AlreadyExists { path: to.to_owned() }.into());
        }
        let draft = Self { path: beside(to, ".draft"), to: to.to_owned() };
        draft.clear()?;
        Ok(draft)
    }

    /// Where to make the world.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the finished world its name, durably. A file that has come there meanwhile is not replaced. The world has to be closed.
    ///
    /// # Errors
    /// [`DraftError`]; nothing is there then.
    pub fn publish(self) -> Result<(), DraftError> {
        match std::fs::hard_link(&self.path, &self.to) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                return Err(JournalError::AlreadyExists { path: self.to.clone() }.into());
            }
            Err(error) => return Err(file(&self.to, &error)),
        }
        let folder =
            self.to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|error| file(folder, &error))?;
        self.clear()
    }

    fn clear(&self) -> Result<(), DraftError> {
        for suffix in SUFFIXES {
            let path = beside(&self.path, suffix);
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(file(&path, &error)),
                _ => {}
            }
        }
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // What went wrong before is worth more than that its remains could not be cleared away either.
        let _ = self.clear();
    }
}

fn file(path: &Path, error: &std::io::Error) -> DraftError {
    DraftError::File { path: path.display().to_string(), detail: error.to_string() }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
