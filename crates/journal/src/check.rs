//! What every backend refuses before it touches anything.

use crate::{FRAME_BYTES_MAX, Frame, JournalError};

/// That the frames follow `last` without holes and keep to the limit on size.
pub(crate) fn check_batch(last: u64, frames: &[Frame<'_>]) -> Result<(), JournalError> {
    for (expected, frame) in (last + 1..).zip(frames) {
        if frame.number != expected {
            return Err(JournalError::OutOfOrder { expected, found: frame.number });
        }
        frame_length(frame.bytes)?;
    }
    Ok(())
}

/// The length of a frame as it is stored.
pub(crate) fn frame_length(bytes: &[u8]) -> Result<u32, JournalError> {
    u32::try_from(bytes.len()).ok().filter(|_| bytes.len() <= FRAME_BYTES_MAX).ok_or(JournalError::TooLarge {
        what: "a frame",
        bytes: bytes.len(),
        bytes_max: FRAME_BYTES_MAX,
    })
}

/// That a snapshot is not ahead of the log.
pub(crate) fn check_snapshot(at: u64, last: u64) -> Result<(), JournalError> {
    if at > last { Err(JournalError::SnapshotAhead { at, last }) } else { Ok(()) }
}
