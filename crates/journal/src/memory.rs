//! A journal in memory, on a simulated disk that can lose power.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::batch::{Batch, Visited, Writer};
use crate::check::{check_batch, check_snapshot, frame_length};
use crate::journal::Visit;
use crate::{Frame, Journal, JournalError, SNAPSHOTS_KEPT};

/// Bytes before the body of each batch: first number, count, length of the body, chain, checksum of these.
const BATCH_HEADER_BYTES: usize = 24;

/// Where a batch is on the disk.
#[derive(Debug, Clone, Copy)]
struct Place {
    first: u64,
    count: u32,
    chain: u32,
    body: usize,
    body_bytes: usize,
}

#[derive(Debug, Default)]
struct Content {
    log: Vec<u8>,
    synced_bytes: usize,
    lies_about_syncs: bool,
    has_writer: bool,
    places: Vec<Place>,
    meta: BTreeMap<String, String>,
    snapshots: BTreeMap<(Vec<u8>, u64), Vec<u8>>,
}

/// What a [`MemoryJournal`] writes to. It outlives the journal, so that a crash and a reopening can be played through: bytes written
/// but not synced may be lost from any byte on, which is what a real disk does and what killing a process cannot show.
#[derive(Debug, Clone, Default)]
pub struct MemoryDisk(Arc<Mutex<Content>>);

impl MemoryDisk {
    /// An empty disk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The power goes: of the bytes written since the last sync only the first `kept_bytes` survive. The journal that had
    /// the disk open is to be dropped or forgotten.
    pub fn crash(&self, kept_bytes: usize) {
        let mut disk = self.content();
        let kept = disk.synced_bytes.saturating_add(kept_bytes).min(disk.log.len());
        disk.log.truncate(kept);
        disk.has_writer = false;
    }

    /// From now on syncs are reported and not done: the bug that a crash test must be able to catch.
    pub fn lie_about_syncs(&self) {
        self.content().lies_about_syncs = true;
    }

    /// Changes the stored bytes at will.
    pub fn damage(&self, change: impl FnOnce(&mut Vec<u8>)) {
        let mut disk = self.content();
        change(&mut disk.log);
        disk.synced_bytes = disk.log.len();
    }

    /// How many bytes the log has.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.content().log.len()
    }
}

impl Content {
    fn last(&self) -> u64 {
        self.places.last().map_or(0, |place| place.first + u64::from(place.count) - 1)
    }

    fn chain(&self) -> u32 {
        self.places.last().map_or(0, |place| place.chain)
    }

    fn header_at(log: &[u8], at: usize) -> Option<Place> {
        let head = log.get(at..)?.first_chunk::<BATCH_HEADER_BYTES>()?;
        let (fields, sum) = head.split_last_chunk::<4>()?;
        if crc32fast::hash(fields) != u32::from_le_bytes(*sum) {
            return None;
        }
        let word = |from: usize| {
            fields.get(from..from + 4).and_then(|four| four.try_into().ok()).map(u32::from_le_bytes)
        };
        Some(Place {
            first: fields.first_chunk::<8>().map(|eight| u64::from_le_bytes(*eight))?,
            count: word(8)?,
            body_bytes: usize::try_from(word(12)?).ok()?,
            chain: word(16)?,
            body: at + BATCH_HEADER_BYTES,
        })
    }

    /// Reads the log from its beginning; stops at the first thing that is not sound and tells where the sound part ends.
    fn scan(&mut self) -> Result<(), (usize, JournalError)> {
        self.places.clear();
        let mut at = 0;
        while at < self.log.len() {
            let expected = self.last() + 1;
            let follows = |place: &Place| place.first == expected && place.count > 0;
            let Some(place) = Self::header_at(&self.log, at).filter(follows) else {
                let sound_later =
                    (at + 1..self.log.len()).any(|later| Self::header_at(&self.log, later).is_some());
                let error = if sound_later {
                    JournalError::Corrupt { number: expected, detail: "its batch is damaged".to_owned() }
                } else {
                    JournalError::TornTail { at: expected }
                };
                return Err((at, error));
            };
            let end = place.body + place.body_bytes;
            let body =
                self.log.get(place.body..end).or_else(|| self.log.get(place.body..)).unwrap_or_default();
            let batch = Batch { first: place.first, count: place.count, chain: place.chain, body };
            if let Err(fault) =
                batch.visit(0, u64::MAX, Some(self.chain()), &mut |_, _| ControlFlow::Continue(()))
            {
                let last_batch = Self::header_at(&self.log, end).is_none();
                return Err((at, fault.into_error(last_batch)));
            }
            self.places.push(place);
            at = end;
        }
        Ok(())
    }
}

/// A journal in memory. Everything is gone with the last handle on its disk.
#[derive(Debug)]
pub struct MemoryJournal {
    disk: MemoryDisk,
    last: u64,
    writes: bool,
    scratch: Writer,
}

impl Default for MemoryJournal {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryJournal {
    /// A journal on a disk of its own.
    #[must_use]
    pub fn new() -> Self {
        let disk = MemoryDisk::new();
        disk.content().has_writer = true;
        Self { disk, last: 0, writes: true, scratch: Writer::default() }
    }

    /// The journal on a disk, for writing; everything on it is verified.
    ///
    /// # Errors
    /// [`JournalError::Locked`], [`JournalError::TornTail`], [`JournalError::Corrupt`].
    pub fn open(disk: &MemoryDisk) -> Result<Self, JournalError> {
        let mut content = disk.content();
        if content.has_writer {
            return Err(JournalError::Locked {
                path: PathBuf::from("memory"),
                hint: "close it first".to_owned(),
            });
        }
        content.scan().map_err(|(_, error)| error)?;
        content.synced_bytes = content.log.len();
        content.has_writer = true;
        let last = content.last();
        drop(content);
        Ok(Self { disk: disk.clone(), last, writes: true, scratch: Writer::default() })
    }

    /// Cuts a torn batch off the end of the disk. Answers the first frame that is gone; `None` when nothing was torn.
    ///
    /// # Errors
    /// [`JournalError::Corrupt`] when what follows the damage is sound; then nothing is changed.
    pub fn repair(disk: &MemoryDisk) -> Result<Option<u64>, JournalError> {
        let mut content = disk.content();
        match content.scan() {
            Ok(()) => Ok(None),
            Err((end, JournalError::TornTail { .. })) => {
                content.log.truncate(end);
                content.synced_bytes = end;
                let last = content.last();
                content.snapshots.retain(|&(_, at), _| at <= last);
                Ok(Some(last + 1))
            }
            Err((_, error)) => Err(error),
        }
    }

    /// The disk this journal writes to.
    #[must_use]
    pub fn disk(&self) -> MemoryDisk {
        self.disk.clone()
    }

    fn must_write(&self) -> Result<(), JournalError> {
        if self.writes { Ok(()) } else { Err(JournalError::ReadOnly) }
    }
}

impl Drop for MemoryJournal {
    fn drop(&mut self) {
        if self.writes {
            self.disk.content().has_writer = false;
        }
    }
}

impl Journal for MemoryJournal {
    fn append(&mut self, frames: &[Frame<'_>]) -> Result<(), JournalError> {
        self.must_write()?;
        check_batch(self.last, frames)?;
        let Some(first) = frames.first() else { return Ok(()) };
        self.scratch.clear();
        for frame in frames {
            self.scratch.push(frame.number, frame_length(frame.bytes)?, frame.bytes);
        }
        let too_large = |_| JournalError::TooLarge {
            what: "a batch",
            bytes: self.scratch.body.len(),
            bytes_max: usize::try_from(u32::MAX).unwrap_or(usize::MAX),
        };
        let body_bytes = u32::try_from(self.scratch.body.len()).map_err(too_large)?;
        let mut disk = self.disk.content();
        let chain = self.scratch.chain(disk.chain());
        let start = disk.log.len();
        disk.log.extend_from_slice(&first.number.to_le_bytes());
        disk.log.extend_from_slice(&self.scratch.count.to_le_bytes());
        disk.log.extend_from_slice(&body_bytes.to_le_bytes());
        disk.log.extend_from_slice(&chain.to_le_bytes());
        let sum = crc32fast::hash(disk.log.get(start..).unwrap_or_default());
        disk.log.extend_from_slice(&sum.to_le_bytes());
        disk.log.extend_from_slice(&self.scratch.body);
        let place = Place {
            first: first.number,
            count: self.scratch.count,
            chain,
            body: start + BATCH_HEADER_BYTES,
            body_bytes: self.scratch.body.len(),
        };
        disk.places.push(place);
        if !disk.lies_about_syncs {
            disk.synced_bytes = disk.log.len();
        }
        self.last = disk.last();
        Ok(())
    }

    fn last(&self) -> u64 {
        self.last
    }

    fn refresh(&mut self) -> Result<u64, JournalError> {
        self.last = self.disk.content().last();
        Ok(self.last)
    }

    fn for_each(&mut self, from: u64, to: u64, visit: &mut Visit<'_>) -> Result<(), JournalError> {
        let to = to.min(self.refresh()?);
        let mut next =
            self.disk.content().places.partition_point(|place| place.first + u64::from(place.count) <= from);
        loop {
            // Copied out, so that a visitor may use the disk through another handle.
            let (place, body, before, last_batch) = {
                let disk = self.disk.content();
                let Some(place) = disk.places.get(next).filter(|place| place.first <= to).copied() else {
                    return Ok(());
                };
                let body = disk.log.get(place.body..).unwrap_or_default();
                let body = body.get(..place.body_bytes).unwrap_or(body).to_vec();
                let before = next.checked_sub(1).and_then(|before| disk.places.get(before));
                (place, body, before.map_or(0, |place| place.chain), next + 1 == disk.places.len())
            };
            let batch = Batch { first: place.first, count: place.count, chain: place.chain, body: &body };
            match batch.visit(from, to, Some(before), visit) {
                Ok(Visited::All) => next += 1,
                Ok(Visited::Stopped) => return Ok(()),
                Err(fault) => return Err(fault.into_error(last_batch)),
            }
        }
    }

    fn meta(&self, key: &str) -> Result<Option<String>, JournalError> {
        Ok(self.disk.content().meta.get(key).cloned())
    }

    fn set_meta(&mut self, key: &str, value: &str) -> Result<(), JournalError> {
        self.must_write()?;
        self.disk.content().meta.insert(key.to_owned(), value.to_owned());
        Ok(())
    }

    fn save_snapshot(&mut self, at: u64, tag: &[u8], bytes: &[u8]) -> Result<(), JournalError> {
        self.must_write()?;
        check_snapshot(at, self.last)?;
        let mut disk = self.disk.content();
        disk.snapshots.insert((tag.to_vec(), at), bytes.to_vec());
        let under_tag: Vec<u64> =
            disk.snapshots.keys().filter(|(other, _)| other == tag).map(|&(_, at)| at).collect();
        for old in under_tag.iter().rev().skip(SNAPSHOTS_KEPT) {
            disk.snapshots.remove(&(tag.to_vec(), *old));
        }
        Ok(())
    }

    fn newest_snapshot(
        &mut self,
        tag: &[u8],
        not_after: u64,
    ) -> Result<Option<(u64, Vec<u8>)>, JournalError> {
        let disk = self.disk.content();
        let range = (tag.to_vec(), 0)..=(tag.to_vec(), not_after);
        Ok(disk.snapshots.range(range).next_back().map(|(&(_, at), bytes)| (at, bytes.clone())))
    }

    fn reader(&self) -> Result<Box<dyn Journal>, JournalError> {
        let disk = self.disk.clone();
        Ok(Box::new(Self { disk, last: self.last, writes: false, scratch: Writer::default() }))
    }

    fn close(self: Box<Self>) -> Result<(), JournalError> {
        Ok(())
    }
}
