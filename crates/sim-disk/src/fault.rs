//! What a disk is told to do wrong.

/// A fault, at the moment that a number of syncs or bytes names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The sync with this number (counted from 0 over all files and folders) fails once. What it should have made durable looks
    /// fine afterwards and is not: no later sync writes it again.
    SyncFailsOnce {
        /// Which sync.
        at: u64,
    },
    /// From this sync on every sync fails.
    SyncsFail {
        /// The first that does.
        from: u64,
    },
    /// There is room for so many bytes in all files together, and for no more.
    Full {
        /// How many.
        bytes_max: u64,
    },
    /// Syncs answer that they are done and do nothing, from this one on: a disk that lies. No program can stand that; it is there to
    /// prove that a suite would see it.
    SyncsLie {
        /// The first that does.
        from: u64,
    },
}
