//! A disk as it is found after a crash.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// What is on a disk after the power went, and what had been promised before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Every file by its name.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The highest number of each kind that [`crate::SimDisk::promise`] had been told.
    pub promised: BTreeMap<&'static str, u64>,
    /// How many things had been done to the disk.
    pub operations: u64,
    /// The seed that drew what survived.
    pub seed: u64,
}

impl Image {
    /// The highest number promised of that kind; 0 when none was.
    #[must_use]
    pub fn promised(&self, what: &str) -> u64 {
        self.promised.get(what).copied().unwrap_or(0)
    }

    /// Writes the files into a real folder, for the ordinary file system; answers the path of the file called `name`.
    ///
    /// # Errors
    /// What the system says.
    pub fn write_to(&self, folder: &Path, name: &str) -> io::Result<PathBuf> {
        for (file, content) in &self.files {
            std::fs::write(folder.join(file), content)?;
        }
        Ok(folder.join(name))
    }
}
