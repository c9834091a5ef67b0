//! What those who wait share, in one place: the sources take it from the module beside their own, so that they can be compiled a second time
//! over a scheduler that tries interleavings (see `shuttled.rs`).

pub(crate) use std::thread::{Thread, current, park, park_timeout};

use spin::mutex::{SpinMutex, SpinMutexGuard};
use spin::relax::Yield;
#[cfg(feature = "async")]
pub(crate) use tokio::time::{Sleep, sleep};

/// A lock that is held for some nanoseconds; who finds it taken gives the processor away.
pub(crate) type Lock<T> = SpinMutex<T, Yield>;
pub(crate) type Guard<'a, T> = SpinMutexGuard<'a, T, Yield>;
