//! A disk that loses power, for tests: under SQLite as one of its virtual file systems, and under everything that keeps its worlds on a
//! [`Disk`](ecology_journal::Disk).
//!
//! Killing a process proves nothing about syncs, because the kernel keeps what was written. [`SimDisk`] keeps two views of every file: what
//! programs see, and what would be there after the power went. Between them are the writes that nobody has synced.
//! A [`Crash`] draws, from a seed, which of them survive:
//!
//! * any subset of the unsynced sectors of any file, in any order, the last one possibly torn in its middle;
//! * where a file grew and the new sectors did not arrive, zeros or rubbish;
//! * names (files made, renamed, removed) in any subset as long as their folder is not synced;
//! * a failed sync ([`Fault`]) leaves writes that look fine and that no later sync will ever make durable, as Linux does;
//! * the disk may fill up, and stay full or be cleared.
//!
//! The result is an [`Image`]: a disk as it is found after the crash, opened again by the ordinary code. A disk can be told to collect
//! images at moments drawn from a seed ([`SimDisk::collect`]), between any two things that are done to it.
//!
//! What is absent: clocks, threads of its own, and anything that production code could come to depend on. SQLite's shared memory
//! (`-shm`) is in memory and gone after a crash; SQLite rebuilds it in any case.
//!
//! # Unsafe code
//! The workspace forbids it; this crate denies it everywhere but in `vfs.rs` and `shared_memory.rs`: SQLite calls a virtual file system
//! through a table of C functions and wants to be given raw memory to share. The bindings are those of `rusqlite::ffi`.
//! Ready-made crates were looked at: `sqlite-plugin` runs bindgen and so needs libclang to build, and `sqlite-vfs` has not followed SQLite
//! for years and brings bindings of its own.

mod disk;
mod fault;
mod file;
mod image;
mod names;
#[expect(unsafe_code, reason = "SQLite shares this memory between connections through raw pointers")]
mod shared_memory;
mod state;
#[expect(unsafe_code, reason = "SQLite calls a virtual file system through a table of C functions")]
mod vfs;

pub use disk::SimDisk;
pub use fault::Fault;
pub use image::Image;
pub use state::{Collect, Counts};

/// The sector: what a disk writes whole or, once per crash, torn.
pub const SECTOR_BYTES: usize = 512;
