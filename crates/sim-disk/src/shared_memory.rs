//! The index of a write-ahead log, which SQLite shares between the connections to one file.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::collections::{BTreeMap, BTreeSet};
use std::ptr::NonNull;

/// How many locks SQLite takes on it.
const LOCKS: usize = 8;

/// One piece of memory, zeroed, at an address that stays.
#[derive(Debug)]
struct Region {
    at: NonNull<u8>,
    layout: Layout,
}

// SAFETY: a region is plain memory that this type owns. Who may write to it when is settled by the locks of SQLite, as with a mapped file.
unsafe impl Send for Region {}

impl Region {
    fn new(bytes: usize) -> Self {
        let layout = Layout::from_size_align(bytes.max(8), 8).unwrap_or(Layout::new::<u64>());
        // SAFETY: the layout has a size above zero.
        let Some(at) = NonNull::new(unsafe { alloc_zeroed(layout) }) else { handle_alloc_error(layout) };
        Self { at, layout }
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        // SAFETY: it was allocated with this very layout and is freed once. The last connection has unmapped it.
        unsafe { dealloc(self.at.as_ptr(), self.layout) }
    }
}

/// The shared memory of one file and the locks on it.
#[derive(Debug, Default)]
pub(crate) struct SharedMemory {
    regions: Vec<Region>,
    readers: [BTreeSet<u64>; LOCKS],
    writer: BTreeMap<usize, u64>,
    users: BTreeSet<u64>,
}

impl SharedMemory {
    /// The address of a region; `None` when it does not exist and is not to be made.
    pub(crate) fn map(&mut self, handle: u64, index: usize, bytes: usize, make: bool) -> Option<NonNull<u8>> {
        self.users.insert(handle);
        while make && self.regions.len() <= index {
            self.regions.push(Region::new(bytes));
        }
        self.regions.get(index).map(|region| region.at)
    }

    /// Takes locks for reading or for writing, all or none.
    pub(crate) fn lock(&mut self, handle: u64, slots: std::ops::Range<usize>, to_write: bool) -> bool {
        let free = slots.clone().all(|slot| {
            self.writer.get(&slot).is_none_or(|writer| *writer == handle)
                && (!to_write || self.readers[slot].iter().all(|reader| *reader == handle))
        });
        if free {
            for slot in slots {
                if to_write {
                    self.writer.insert(slot, handle);
                } else {
                    self.readers[slot].insert(handle);
                }
            }
        }
        free
    }

    pub(crate) fn unlock(&mut self, handle: u64, slots: std::ops::Range<usize>) {
        for slot in slots {
            if self.writer.get(&slot) == Some(&handle) {
                self.writer.remove(&slot);
            }
            self.readers[slot].remove(&handle);
        }
    }

    /// A connection goes; answers whether it was the last one.
    pub(crate) fn leave(&mut self, handle: u64) -> bool {
        self.unlock(handle, 0..LOCKS);
        self.users.remove(&handle);
        self.users.is_empty()
    }
}
