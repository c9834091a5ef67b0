//! What the log is made of.

/// One entry to append, borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Counts frames, from 1, without holes.
    pub number: u64,
    /// The entry itself; the journal does not look inside.
    pub bytes: &'a [u8],
}

/// One entry read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedFrame {
    /// See [`Frame::number`].
    pub number: u64,
    /// See [`Frame::bytes`].
    pub bytes: Vec<u8>,
}
