//! How a batch is laid out in bytes, and how damage is told apart.
//!
//! A frame is `length: u32 | checksum: u32 | bytes`, little-endian. The checksum is CRC-32 over number, length and bytes:
//! four bytes a frame, checked at memory speed with the machine's own instructions, and certain to find any burst of up to 32
//! bits. The enemy is a torn or misplaced write, not a forger, so that a cryptographic hash would buy nothing.
//! Covering the number makes a frame that is sound but in the wrong place unsound.
//!
//! A batch carries a `chain`: CRC-32 over the chain of the batch before and the checksums of its own frames. A batch that was
//! exchanged for another one with the same numbers breaks it.

use std::ops::ControlFlow;

use crate::JournalError;
use crate::journal::Visit;

/// Bytes before the content of each frame.
pub(crate) const HEADER_BYTES: usize = 8;

/// How many of the next frames are looked for behind a damaged one whose length cannot be trusted.
const LOOK_AHEAD_FRAMES: u64 = 8;

/// The checksum of one frame.
fn checksum(number: u64, length: u32, bytes: &[u8]) -> u32 {
    let mut head = [0u8; 12];
    head[..8].copy_from_slice(&number.to_le_bytes());
    head[8..].copy_from_slice(&length.to_le_bytes());
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&head);
    hasher.update(bytes);
    hasher.finalize()
}

/// A batch under construction. The buffer is kept from one batch to the next.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    pub(crate) body: Vec<u8>,
    sums: Vec<u8>,
    pub(crate) count: u32,
}

impl Writer {
    /// Forgets the batch and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.body.clear();
        self.sums.clear();
        self.count = 0;
    }

    /// Adds a frame. `length` is that of `bytes`.
    pub(crate) fn push(&mut self, number: u64, length: u32, bytes: &[u8]) {
        let sum = checksum(number, length, bytes).to_le_bytes();
        self.body.extend_from_slice(&length.to_le_bytes());
        self.body.extend_from_slice(&sum);
        self.body.extend_from_slice(bytes);
        self.sums.extend_from_slice(&sum);
        self.count += 1;
    }

    /// The chain after this batch, given the one before it.
    pub(crate) fn chain(&self, before: u32) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&before.to_le_bytes());
        hasher.update(&self.sums);
        hasher.finalize()
    }
}

/// A batch as it was stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Batch<'a> {
    pub(crate) first: u64,
    pub(crate) count: u32,
    pub(crate) chain: u32,
    pub(crate) body: &'a [u8],
}

/// The first thing in a batch that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The frame.
    pub(crate) number: u64,
    /// Where it begins in the body.
    pub(crate) offset: usize,
    /// Whether nothing sound follows it in this batch.
    pub(crate) at_end: bool,
    /// What does not fit.
    pub(crate) detail: &'static str,
}

impl Fault {
    /// The error it amounts to. `last_batch`: no other batch follows.
    pub(crate) fn into_error(self, last_batch: bool) -> JournalError {
        if last_batch && self.at_end {
            JournalError::TornTail { at: self.number }
        } else {
            JournalError::Corrupt { number: self.number, detail: self.detail.to_owned() }
        }
    }
}

/// How a visit of a batch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Visited {
    /// All frames seen.
    All,
    /// The visitor broke off.
    Stopped,
}

impl<'a> Batch<'a> {
    /// The number of the last frame.
    pub(crate) fn last(&self) -> u64 {
        self.first + u64::from(self.count) - 1
    }

    /// The frame of that number at that place, when it is sound: its content, its checksum and where the next one begins.
    fn frame_at(&self, number: u64, offset: usize) -> Result<(&'a [u8], u32, usize), &'static str> {
        let (length, sum, content) = self.header_at(offset)?;
        if checksum(number, length, content) != sum {
            return Err("its checksum does not fit");
        }
        Ok((content, sum, offset + HEADER_BYTES + content.len()))
    }

    fn header_at(&self, offset: usize) -> Result<(u32, u32, &'a [u8]), &'static str> {
        let rest = self.body.get(offset..).unwrap_or_default();
        let Some((length, rest)) = rest.split_first_chunk::<4>() else { return Err("it is cut short") };
        let Some((sum, rest)) = rest.split_first_chunk::<4>() else { return Err("it is cut short") };
        let length = u32::from_le_bytes(*length);
        let content =
            usize::try_from(length).ok().and_then(|bytes| rest.get(..bytes)).ok_or("it is cut short")?;
        Ok((length, u32::from_le_bytes(*sum), content))
    }

    fn fault(&self, number: u64, offset: usize, detail: &'static str) -> Fault {
        Fault { number, offset, at_end: !self.sound_after(number, offset), detail }
    }

    /// Whether any sound frame follows a damaged one. Where its length still makes sense, look there; else look at every
    /// offset for one of the next few.
    fn sound_after(&self, number: u64, offset: usize) -> bool {
        let last = self.last();
        let mut at = offset;
        for next in number..last {
            let Ok((_, _, content)) = self.header_at(at) else { break };
            at += HEADER_BYTES + content.len();
            if self.frame_at(next + 1, at).is_ok() {
                return true;
            }
        }
        let candidates = number + 1..=last.min(number + LOOK_AHEAD_FRAMES);
        (offset + 1..self.body.len()).any(|at| {
            self.header_at(at).is_ok() && candidates.clone().any(|number| self.frame_at(number, at).is_ok())
        })
    }

    /// Visits the frames whose numbers are in `from..=to`, each verified before it is shown, and then checks the chain against
    /// `before`, the chain of the batch before, where that is known. Frames outside the range are stepped over unverified.
    pub(crate) fn visit(
        &self,
        from: u64,
        to: u64,
        before: Option<u32>,
        visit: &mut Visit<'_>,
    ) -> Result<Visited, Fault> {
        let mut offset = 0;
        // Hashed in one go at the end: a call for every four bytes would cost as much as the frame itself.
        let mut sums = before.map(|before| {
            let mut sums = Vec::with_capacity(4 + self.body.len().min(4 * self.count as usize));
            sums.extend_from_slice(&before.to_le_bytes());
            sums
        });
        for number in self.first..=self.last() {
            if number > to {
                return Ok(Visited::All);
            }
            let sum = if number < from {
                let (_, sum, content) =
                    self.header_at(offset).map_err(|detail| self.fault(number, offset, detail))?;
                offset += HEADER_BYTES + content.len();
                sum
            } else {
                let (content, sum, next) =
                    self.frame_at(number, offset).map_err(|detail| self.fault(number, offset, detail))?;
                if visit(number, content) == ControlFlow::Break(()) {
                    return Ok(Visited::Stopped);
                }
                offset = next;
                sum
            };
            if let Some(sums) = &mut sums {
                sums.extend_from_slice(&sum.to_le_bytes());
            }
        }
        if offset != self.body.len() {
            return Err(Fault {
                number: self.last() + 1,
                offset,
                // Unless it is a frame after all, and the count is what was damaged.
                at_end: self.frame_at(self.last() + 1, offset).is_err(),
                detail: "bytes follow that belong to no frame",
            });
        }
        if sums.is_some_and(|sums| crc32fast::hash(&sums) != self.chain) {
            // Not the damage of a torn write: every frame is sound, but this is not the batch that was written here.
            return Err(Fault {
                number: self.first,
                offset: 0,
                at_end: false,
                detail: "its batch does not belong after the one before it",
            });
        }
        Ok(Visited::All)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> (Vec<u8>, u32) {
        let mut writer = Writer::default();
        writer.push(5, 3, b"one");
        writer.push(6, 0, b"");
        writer.push(7, 5, b"three");
        (writer.body.clone(), writer.chain(77))
    }

    fn judge(body: &[u8], chain: u32, before: u32) -> Result<Visited, Fault> {
        Batch { first: 5, count: 3, chain, body }
            .visit(0, u64::MAX, Some(before), &mut |_, _| ControlFlow::Continue(()))
    }

    #[test]
    fn every_flipped_bit_is_found_and_placed() {
        let (body, chain) = three();
        assert_eq!(judge(&body, chain, 77), Ok(Visited::All));
        for bit in 0..body.len() * 8 {
            let mut damaged = body.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let fault = judge(&damaged, chain, 77).unwrap_err();
            let number = match bit / 8 {
                0..11 => 5,
                11..19 => 6,
                _ => 7,
            };
            assert_eq!((fault.number, fault.at_end), (number, number == 7), "bit {bit}");
        }
    }

    #[test]
    fn every_truncation_is_a_torn_end() {
        let (body, chain) = three();
        for length in 0..body.len() {
            let fault = judge(&body[..length], chain, 77).unwrap_err();
            assert!(fault.at_end, "cut to {length}: {fault:?}");
        }
    }

    #[test]
    fn a_sound_frame_in_the_wrong_place_is_unsound() {
        let (body, chain) = three();
        let batch = Batch { first: 6, count: 3, chain, body: &body };
        let fault = batch.visit(0, u64::MAX, None, &mut |_, _| ControlFlow::Continue(())).unwrap_err();
        assert_eq!(fault.number, 6);
    }

    #[test]
    fn the_chain_ties_a_batch_to_its_predecessor() {
        let (body, chain) = three();
        assert_eq!(judge(&body, chain, 78).unwrap_err().number, 5);
        assert!(!judge(&body, chain, 78).unwrap_err().at_end);
    }
}
