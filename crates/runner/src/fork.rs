//! A new world from any point of an old one.

use std::path::Path;

use ecology_journal::{Frame, Journal, JournalError, OpenMode, SqliteJournal};
use ecology_types::counted;
use ecology_world::StateHash;
use serde::{Deserialize, Serialize};

use crate::crew::MINDS_TAG;
use crate::draft::{Draft, DraftError};
use crate::host::Observers;
use crate::made_with::MadeWith;
use crate::session::HASH_TAG;
use crate::store::{self, OpenError, Recover};

/// The entry of a journal that says where the world comes from.
const ORIGIN_KEY: &str = "forked_from";
/// Records copied at a time.
const BATCH_RECORDS: usize = 1_024;
/// Bytes copied at a time.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// Where a forked world comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForkOrigin {
    /// The name of the file that it was forked from; its folder is not kept.
    pub world: String,
    /// The last record that both share.
    pub record: u64,
    /// The digest of what the rules had decided by then, as hexadecimal text.
    pub decided: String,
}

/// A world that was made from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forked {
    /// Its last record, the one it was forked at.
    pub records: u64,
    /// Its last event.
    pub events: u64,
    /// World time of the last record.
    pub time: ecology_types::Time,
    /// The positions of the last record.
    pub axes: ecology_types::AxisVector,
    /// The digest of its state.
    pub hash: StateHash,
}

/// Why a world was not forked. Nothing was made.
#[derive(Debug, thiserror::Error)]
pub enum ForkError {
    /// The old world cannot be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The new world cannot be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The old world does not go that far.
    #[error("the world has {}, so it cannot be forked at record {at}; choose one of 1 to {last}", counted(*last, "record", "records"))]
    Beyond {
        /// The record that was asked for.
        at: u64,
        /// The last one there is.
        last: u64,
    },
    /// The new world cannot be put in its place.
    #[error(transparent)]
    Draft(#[from] DraftError),
}

/// Makes a new world at `to` that shares the history of `from` up to and including record `at` (all of it without one) and goes on
/// from there on its own. The old world is only read. The new one appears under its name only when it is complete and durable.
///
/// # Errors
/// [`ForkError`].
pub fn fork(from: &Path, at: Option<u64>, to: &Path) -> Result<Forked, ForkError> {
    let mut old = SqliteJournal::open(from, OpenMode::Read).map_err(OpenError::from)?;
    let last = old.last();
    if last == 0 {
        return Err(OpenError::Empty.into());
    }
    let at = at.unwrap_or(last);
    if at == 0 || at > last {
        return Err(ForkError::Beyond { at, last });
    }
    let draft = Draft::of(to)?;
    let forked = copy(&mut old, at, draft.path(), from)?;
    draft.publish()?;
    Ok(forked)
}

/// Where a world was forked from; `None` when it was not.
///
/// # Errors
/// When the journal cannot be read, or the entry is not what this program writes.
pub fn origin(journal: &dyn Journal) -> Result<Option<ForkOrigin>, JournalError> {
    let Some(text) = journal.meta(ORIGIN_KEY)? else { return Ok(None) };
    serde_json::from_str(&text).map(Some).map_err(|error| JournalError::Io {
        doing: format!("reading {ORIGIN_KEY}"),
        detail: error.to_string(),
    })
}

fn copy(old: &mut SqliteJournal, at: u64, draft: &Path, from: &Path) -> Result<Forked, ForkError> {
    let mut new = SqliteJournal::open(draft, OpenMode::Create)?;
    store::stamp(&mut new)?;
    if let Some(made_with) = MadeWith::read(old)? {
        made_with.keep(&mut new)?;
    }
    let mut next = 1;
    while next <= at {
        let mut frames = old.read(next, BATCH_RECORDS, BATCH_BYTES)?;
        frames.retain(|frame| frame.number <= at);
        let batch: Vec<Frame<'_>> =
            frames.iter().map(|frame| Frame { number: frame.number, bytes: &frame.bytes }).collect();
        new.append(&batch)?;
        next += batch.len() as u64;
    }
    let axes = store::last_axes(&mut new)?;
    let world = store::recover(&mut new, axes, Recover::FROM_THE_START, &mut Observers::default())?;
    let hash = world.hash();
    let kept = format!("{} {}", hash.decided_hex(), hash.measured_hex());
    new.save_snapshot(at, HASH_TAG, kept.as_bytes())?;
    // The minds go on as they were then, or as they were kept last before.
    if let Some((kept_at, minds)) = old.newest_snapshot(MINDS_TAG, at)? {
        new.save_snapshot(kept_at, MINDS_TAG, &minds)?;
    }
    let name = from.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let origin = ForkOrigin { world: name, record: at, decided: hash.decided_hex() };
    let text = serde_json::to_string(&origin).map_err(|error| JournalError::Io {
        doing: format!("writing {ORIGIN_KEY}"),
        detail: error.to_string(),
    })?;
    new.set_meta(ORIGIN_KEY, &text)?;
    let forked =
        Forked { records: world.last_record(), events: world.last_event(), time: world.time(), axes, hash };
    Box::new(new).close()?;
    Ok(forked)
}
