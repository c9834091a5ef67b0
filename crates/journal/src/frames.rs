//! Frames one behind the other in one buffer.

use crate::JournalError;
use crate::check::frame_length;

/// Frames that are submitted together, in one buffer: a writer of many small frames asks for no room for each of them, and the thread that
/// commits them gives none back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frames {
    bytes: Vec<u8>,
    /// Where each frame ends.
    ends: Vec<usize>,
}

impl Frames {
    /// Appends the frame that `write` puts behind the bytes it is given.
    ///
    /// # Errors
    /// What `write` answers; nothing is appended then.
    pub fn push_with<T, E>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<T, E>) -> Result<T, E> {
        let before = self.bytes.len();
        match write(&mut self.bytes) {
            Ok(written) => {
                // A writer that took away what was there has damaged frames that are not its own; they end where it left them.
                self.ends.push(self.bytes.len());
                Ok(written)
            }
            Err(error) => {
                self.bytes.truncate(before);
                Err(error)
            }
        }
    }

    /// Appends a frame.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.ends.push(self.bytes.len());
    }

    /// How many frames there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no frame.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The bytes of all frames together.
    #[must_use]
    pub const fn bytes_len(&self) -> usize {
        self.bytes.len()
    }

    /// The frames in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let frame = self.bytes.get(start..end).unwrap_or_default();
            start = end;
            frame
        })
    }

    /// Takes all frames out and keeps their room.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// The room that is kept, in bytes.
    pub(crate) const fn room_bytes(&self) -> usize {
        self.bytes.capacity()
    }

    /// Refuses a frame that no journal can hold.
    pub(crate) fn check(&self) -> Result<(), JournalError> {
        self.iter().try_for_each(|frame| frame_length(frame).map(drop))
    }
}

impl From<Vec<u8>> for Frames {
    fn from(bytes: Vec<u8>) -> Self {
        Self { ends: vec![bytes.len()], bytes }
    }
}

impl FromIterator<Vec<u8>> for Frames {
    fn from_iter<I: IntoIterator<Item = Vec<u8>>>(frames: I) -> Self {
        let mut all = Self::default();
        frames.into_iter().for_each(|frame| all.push(&frame));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_keep_their_bounds() {
        let mut frames: Frames = [b"one".to_vec(), Vec::new(), b"three".to_vec()].into_iter().collect();
        frames.push(b"4");
        let written = frames.push_with(|into| {
            into.extend_from_slice(b"five");
            Ok::<_, ()>(5)
        });
        assert_eq!(written, Ok(5));
        let failed = frames.push_with(|into| {
            into.extend_from_slice(b"half of");
            Err::<(), _>("no")
        });
        assert_eq!(failed, Err("no"));
        assert_eq!(frames.iter().collect::<Vec<_>>(), [&b"one"[..], b"", b"three", b"4", b"five"]);
        assert_eq!((frames.len(), frames.bytes_len()), (5, 13));
        frames.clear();
        assert!(frames.is_empty() && frames.iter().next().is_none());
        assert_eq!(Frames::from(b"x".to_vec()).iter().collect::<Vec<_>>(), [b"x"]);
    }
}
