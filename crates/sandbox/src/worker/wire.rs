//! What goes between the parent and a worker: frames of a length and a message, many of them in one write.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::codec::Packed;
use super::{Isolation, Language};
use crate::{Fault, HostError, Limits};

/// Longest frame. Larger ones end the connection: they come from a side that is not what it should be.
const FRAME_BYTES_MAX: usize = 32 << 20;

/// To a worker.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Request {
    /// First of all: the functions of the table `world`.
    Hello { language: Language, functions: Vec<String>, address_space_bytes_max: u64 },
    /// Make a program of source text; a second one under the same number replaces the first.
    Compile { call: u64, program: u64, source: String, limits: Limits },
    /// Call a function.
    Call { call: u64, program: u64, function: String, args: Packed, limits: Limits, seed: u64 },
    /// The host's answer to [`Reply::Ask`].
    Answer { call: u64, answer: Result<Packed, HostError> },
    /// Drop all programs.
    Forget,
}

/// From a worker.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Reply {
    /// Locked down and ready.
    Ready(Isolation),
    /// The global functions of the program.
    Compiled { call: u64, outcome: Result<Vec<String>, Fault> },
    /// What the call came to.
    Called { call: u64, outcome: Result<Packed, Fault>, instructions: u64, memory_peak_bytes: u64 },
    /// The code asks the host; the call goes on when it is answered.
    Ask { call: u64, function: u32, args: Packed },
}

impl Reply {
    /// The call it belongs to.
    pub(super) const fn call(&self) -> Option<u64> {
        match self {
            Self::Ready(_) => None,
            Self::Compiled { call, .. } | Self::Called { call, .. } | Self::Ask { call, .. } => Some(*call),
        }
    }
}

/// The other side does not keep to the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Broken;

/// Appends a frame.
pub(super) fn put(out: &mut Vec<u8>, message: &impl Serialize) -> Result<(), Broken> {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    let mut writer = std::mem::take(out);
    writer = postcard::to_extend(message, writer).map_err(|_| Broken)?;
    let length = writer.len() - start - 4;
    let header = u32::try_from(length).map_err(|_| Broken)?;
    if length > FRAME_BYTES_MAX {
        return Err(Broken);
    }
    writer[start..start + 4].copy_from_slice(&header.to_le_bytes());
    *out = writer;
    Ok(())
}

/// Bytes that came in, cut into frames.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    bytes: Vec<u8>,
    at: usize,
}

impl Incoming {
    /// Takes note of bytes that came in.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.at == self.bytes.len() {
            self.bytes.clear();
            self.at = 0;
        } else if self.at > 1 << 16 {
            self.bytes.drain(..self.at);
            self.at = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The next message, when it has come in whole.
    pub(super) fn next<M: DeserializeOwned>(&mut self) -> Result<Option<M>, Broken> {
        let rest = &self.bytes[self.at..];
        let Some((header, rest)) = rest.split_first_chunk::<4>() else { return Ok(None) };
        let length = u32::from_le_bytes(*header) as usize;
        if length > FRAME_BYTES_MAX {
            return Err(Broken);
        }
        let Some(frame) = rest.get(..length) else { return Ok(None) };
        let message = postcard::from_bytes(frame).map_err(|_| Broken)?;
        self.at += 4 + length;
        Ok(Some(message))
    }
}
