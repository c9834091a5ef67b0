//! The disk as its users hold it.

use std::any::Any;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use ecology_journal::{Disk, Found, Hold};

use crate::state::{Collect, Counts, State};
use crate::{Fault, Image, vfs};

/// All disks by their number, which is part of every path on them: SQLite knows one file system for all of them.
static DISKS: Mutex<BTreeMap<u64, Weak<Shared>>> = Mutex::new(BTreeMap::new());
static NEXT: AtomicU64 = AtomicU64::new(1);

const ROOT: &str = "/simulated-disk";

#[derive(Debug)]
pub(crate) struct Shared {
    number: u64,
    state: Mutex<State>,
}

impl Shared {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The disk that a path is on, and the name of the file there.
    pub(crate) fn of_path(path: &str) -> Option<(Arc<Self>, &str)> {
        let (number, name) = path.strip_prefix(ROOT)?.strip_prefix('/')?.split_once('/')?;
        let disks = DISKS.lock().unwrap_or_else(PoisonError::into_inner);
        Some((disks.get(&number.parse().ok()?)?.upgrade()?, name))
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        DISKS.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.number);
    }
}

/// A disk in memory that can lose power. Clones are the same disk. It has one folder; [`path`](Self::path) gives the paths in it.
#[derive(Debug, Clone)]
pub struct SimDisk(Arc<Shared>);

impl Default for SimDisk {
    fn default() -> Self {
        Self::new()
    }
}

impl SimDisk {
    /// An empty disk.
    #[must_use]
    pub fn new() -> Self {
        Self::with(State::default())
    }

    /// The disk that was found after a crash; everything on it is durable.
    #[must_use]
    pub fn from_image(image: &Image) -> Self {
        Self::with(State::of(image.files.clone()))
    }

    fn with(state: State) -> Self {
        vfs::register();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let shared = Arc::new(Shared { number, state: Mutex::new(state) });
        DISKS.lock().unwrap_or_else(PoisonError::into_inner).insert(number, Arc::downgrade(&shared));
        Self(shared)
    }

    pub(crate) fn into_shared(self) -> Arc<Shared> {
        self.0
    }

    /// The path of a file on this disk.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("{ROOT}/{}/{name}", self.0.number))
    }

    /// Plans a fault, besides those planned before.
    pub fn plan(&self, fault: Fault) {
        self.0.state().plan(fault);
    }

    /// Forgets all faults that were planned: the disk is replaced, or there is room again.
    pub fn heal(&self) {
        self.0.state().heal();
    }

    /// Collects images from now on, or no longer.
    pub fn collect(&self, collect: Option<Collect>) {
        self.0.state().collect(collect);
    }

    /// The images collected since the last call.
    #[must_use]
    pub fn take_images(&self) -> Vec<Image> {
        self.0.state().take_images()
    }

    /// What would be found if the power went now. The disk goes on.
    #[must_use]
    pub fn crash(&self, seed: u64) -> Image {
        self.0.state().crash(seed)
    }

    /// The disk as the next process finds it when this one is killed and the power stays: everything written is visible, durable
    /// or not. This disk goes on beside it.
    #[must_use]
    pub fn after_kill(&self) -> Self {
        let state = self.0.state().after_kill();
        Self::with(state)
    }

    /// Notes that somebody was promised everything of a kind up to `number`: images carry it, so that a judge knows what must be there.
    pub fn promise(&self, what: &'static str, number: u64) {
        self.0.state().promise(what, number);
    }

    /// What has been done to the disk.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.0.state().counts(None)
    }

    /// What has been done to the file of that name.
    #[must_use]
    pub fn counts_of(&self, name: &str) -> Counts {
        self.0.state().counts(Some(name))
    }

    /// How many things have been done to the disk.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.0.state().operations()
    }

    /// The names of all files.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.0.state().names()
    }

    /// The length of all files together.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.state().bytes()
    }

    /// The name of a path on this disk; empty for its folder.
    fn name<'p>(&self, path: &'p Path) -> io::Result<&'p str> {
        let root = PathBuf::from(format!("{ROOT}/{}", self.0.number));
        path.strip_prefix(root)
            .ok()
            .and_then(Path::to_str)
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "not on this disk"))
    }
}

/// A lock file held; let go of when dropped.
struct Held {
    disk: SimDisk,
    name: String,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.disk.0.state().held.remove(&self.name);
    }
}

impl Disk for SimDisk {
    fn vfs(&self) -> Option<&str> {
        Some(vfs::NAME)
    }

    fn look(&self, path: &Path) -> io::Result<Found> {
        let name = self.name(path)?;
        if name.is_empty() {
            return Ok(Found { is_folder: true, bytes: 0, is_read_only: false });
        }
        let state = self.0.state();
        let file = state.find(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(Found { is_folder: false, bytes: state.content(file).len() as u64, is_read_only: false })
    }

    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        self.look(path).map(|_| path.to_owned())
    }

    fn head(&self, path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
        let name = self.name(path)?;
        let state = self.0.state();
        let content = state.content(state.find(name).ok_or(io::ErrorKind::NotFound)?);
        let end = content.len().min(usize::try_from(bytes_max).unwrap_or(usize::MAX));
        Ok(content[..end].to_vec())
    }

    fn may_write(&self, path: &Path) -> io::Result<()> {
        self.look(path).map(drop)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let name = self.name(path)?;
        self.0.state().remove(name)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (from, to) = (self.name(from)?, self.name(to)?);
        self.0.state().rename(from, to)
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        let name = self.name(path)?;
        let mut state = self.0.state();
        if name.is_empty() {
            return state.sync_names();
        }
        let file = state.find(name).ok_or(io::ErrorKind::NotFound)?;
        state.sync_file(name, file)
    }

    fn lock(&self, path: &Path) -> io::Result<Hold> {
        let name = self.name(path)?.to_owned();
        let mut state = self.0.state();
        if !state.held.insert(name.clone()) {
            return Ok(Hold::Held("1".to_owned()));
        }
        let file = state.find(&name).unwrap_or_else(|| state.make(&name));
        state.resize(file, 0);
        // Without room for its sign the lock still holds.
        let _ = state.write(&name, file, 0, b"1\n");
        let held: Box<dyn Any + Send> = Box::new(Held { disk: self.clone(), name });
        Ok(Hold::Taken(held))
    }
}
