//! What threads share, in one place: the committer takes it from the module beside its own, so that its sources can be compiled a second
//! time over a scheduler that tries interleavings (see `shuttled.rs`).

pub(crate) use std::sync::atomic::{AtomicU64, Ordering};
pub(crate) use std::sync::mpsc::sync_channel;
pub(crate) use std::sync::{Arc, Condvar, Mutex, MutexGuard};
pub(crate) use std::thread::{Builder, JoinHandle, yield_now};
