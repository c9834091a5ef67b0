//! What a journal needs of a file system besides what SQLite does itself.

use std::any::Any;
use std::fmt::Debug;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// A folder, not a file.
    pub is_folder: bool,
    /// Its length.
    pub bytes: u64,
    /// It is marked as not to be written.
    pub is_read_only: bool,
}

/// What an attempt to lock a file gave.
#[derive(Debug)]
pub enum Hold {
    /// It is ours until this is dropped.
    Taken(Box<dyn Any + Send>),
    /// Somebody else has it, and this is what that one wrote into the file.
    Held(String),
}

/// Where worlds are kept. SQLite reaches the same files through the VFS that [`vfs`](Self::vfs) names.
///
/// [`MachineDisk`] is the ordinary one. Another one keeps worlds elsewhere or makes the disk fail.
pub trait Disk: Debug + Send + Sync {
    /// The name under which this disk is registered with SQLite; `None` for SQLite's own default.
    fn vfs(&self) -> Option<&str>;

    /// What is at a path, links followed.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] when nothing is there; else what the system says.
    fn look(&self, path: &Path) -> io::Result<Found>;

    /// The one name of an existing path, links resolved.
    ///
    /// # Errors
    /// What the system says.
    fn resolve(&self, path: &Path) -> io::Result<PathBuf>;

    /// The first bytes of a file, fewer where it is shorter.
    ///
    /// # Errors
    /// What the system says.
    fn head(&self, path: &Path, bytes_max: u64) -> io::Result<Vec<u8>>;

    /// That an existing file can be opened for writing.
    ///
    /// # Errors
    /// What the system says.
    fn may_write(&self, path: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// What the system says.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Gives a file another name in the same folder, in the place of what has that name.
    ///
    /// # Errors
    /// What the system says.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Makes the content of a file, or the names in a folder, durable.
    ///
    /// # Errors
    /// What the system says; what was not durable before may then never be.
    fn sync(&self, path: &Path) -> io::Result<()>;

    /// Locks a file against other processes, makes it where it is missing, and signs it. The lock ends with the process, however
    /// that ends.
    ///
    /// # Errors
    /// What the system says; that somebody else has it is no error.
    fn lock(&self, path: &Path) -> io::Result<Hold>;
}

/// The machine's file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MachineDisk;

impl Disk for MachineDisk {
    fn vfs(&self) -> Option<&str> {
        None
    }

    fn look(&self, path: &Path) -> io::Result<Found> {
        let found = fs::metadata(path)?;
        Ok(Found {
            is_folder: found.is_dir(),
            bytes: found.len(),
            is_read_only: found.permissions().readonly(),
        })
    }

    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }

    fn head(&self, path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
        let mut head = Vec::new();
        File::open(path)?.take(bytes_max).read_to_end(&mut head)?;
        Ok(head)
    }

    fn may_write(&self, path: &Path) -> io::Result<()> {
        OpenOptions::new().read(true).write(true).open(path).map(drop)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn lock(&self, path: &Path) -> io::Result<Hold> {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Only for the hint: a holder that has not written its number yet is no error.
                let _ = (&file).take(20).read_to_string(&mut holder);
                return Ok(Hold::Held(holder));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // As above; without room for ten bytes the lock still holds.
        let _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Hold::Taken(Box::new(file)))
    }
}
