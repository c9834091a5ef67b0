//! Opening worlds: from nothing, from a journal, from a snapshot and the rest of a journal.

use std::ops::ControlFlow;

use ecology_journal::{Journal, JournalError};
use ecology_types::{Axis, AxisVector, RECORD_VERSION, Record, RecordError};
use ecology_world::{FoldError, Parts, SNAPSHOT_VERSION, World};

use crate::compose::{self, NotBuilt};
use crate::host::Observer;

/// The entry of a journal that names the version of its records.
const RECORD_VERSION_KEY: &str = "record_version";

/// Why a journal does not give a world.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The journal itself.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The positions name an implementation that is not built.
    #[error(transparent)]
    NotBuilt(#[from] NotBuilt),
    /// A record that cannot be read.
    #[error("record {number}: {error}; the world was written by another version or is damaged")]
    Record {
        /// Its number.
        number: u64,
        /// What is wrong.
        error: RecordError,
    },
    /// A record that does not follow the one before.
    #[error("the journal does not fit together: {0}")]
    Fold(#[from] FoldError),
    /// There is nothing in it.
    #[error("the world has no records yet: its creation was interrupted; delete the file and run again")]
    Empty,
}

/// The tag under which snapshots for these positions are kept. Other versions have other tags.
///
/// Of the positions those count on which the state itself depends: what a limiter remembers, and what a pair of them does. Both schemas read what the
/// other one wrote, access is decided without memory, and loops are driven on the same state, so a world goes on from its snapshots after it
/// was moved on those axes.
pub(crate) fn snapshot_tag(axes: AxisVector) -> Vec<u8> {
    let axis = Axis::RateLimiting;
    let remembered = match axes.shadowing(axis) {
        Some(shadow) => format!("{} beside {shadow}", axis.implementation(axes.side(axis))),
        None => axis.implementation(axes.side(axis)).to_owned(),
    };
    format!("world v{SNAPSHOT_VERSION} {remembered}").into_bytes()
}

/// Writes down which version of records the journal holds.
///
/// # Errors
/// When the journal cannot write.
pub fn stamp(journal: &mut dyn Journal) -> Result<(), JournalError> {
    journal.set_meta(RECORD_VERSION_KEY, &RECORD_VERSION.to_string())
}

/// The positions that the last record was decided under.
///
/// # Errors
/// When the journal is empty or its last record cannot be read.
pub fn last_axes(journal: &mut dyn Journal) -> Result<AxisVector, OpenError> {
    ecology_journal::require_version(journal, RECORD_VERSION_KEY, RECORD_VERSION)?;
    let last = journal.last();
    let mut axes = Err(OpenError::Empty);
    journal.for_each(last.max(1), last, &mut |number, bytes| {
        axes = Record::decode(bytes)
            .map(|record| record.axes)
            .map_err(|error| OpenError::Record { number, error });
        ControlFlow::Break(())
    })?;
    axes
}

/// What a world should be recovered to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recover {
    /// The last record to take into account; `u64::MAX` for all.
    pub until: u64,
    /// Whether a snapshot may shorten the way. Observers see only what is replayed.
    pub use_snapshot: bool,
}

impl Recover {
    /// Everything, from the first record.
    pub const FROM_THE_START: Self = Self { until: u64::MAX, use_snapshot: false };
    /// Everything, from the newest snapshot.
    pub const QUICKLY: Self = Self { until: u64::MAX, use_snapshot: true };
}

/// Recovers a world from its journal under the given positions.
///
/// # Errors
/// [`OpenError`] says which record is at fault.
pub fn recover(
    journal: &mut dyn Journal,
    axes: AxisVector,
    how: Recover,
    observer: &mut dyn Observer,
) -> Result<World, OpenError> {
    recover_on(journal, &|| compose::parts(axes), how, observer)
}

/// The same on parts that somebody else makes.
///
/// # Errors
/// As [`recover`].
pub fn recover_on(
    journal: &mut dyn Journal,
    parts: &dyn Fn() -> Result<Parts, NotBuilt>,
    how: Recover,
    observer: &mut dyn Observer,
) -> Result<World, OpenError> {
    ecology_journal::require_version(journal, RECORD_VERSION_KEY, RECORD_VERSION)?;
    let last = journal.last().min(how.until);
    if last == 0 {
        return Err(OpenError::Empty);
    }
    let empty = parts()?;
    let found = match how.use_snapshot {
        true => journal.newest_snapshot(&snapshot_tag(empty.axes), last)?,
        false => None,
    };
    let mut world = match found {
        // A snapshot that does not fit is no loss: the journal holds everything.
        Some((_, bytes)) => match World::from_snapshot(empty, &bytes) {
            Ok(world) => world,
            Err(_) => World::new(parts()?),
        },
        None => World::new(empty),
    };
    replay_rest(journal, &mut world, last, observer)?;
    Ok(world)
}

/// The number of the last record of a journal that this program can read.
///
/// # Errors
/// When it was written by another version, or is empty.
pub(crate) fn last_readable(journal: &mut dyn Journal) -> Result<u64, OpenError> {
    ecology_journal::require_version(journal, RECORD_VERSION_KEY, RECORD_VERSION)?;
    match journal.last() {
        0 => Err(OpenError::Empty),
        last => Ok(last),
    }
}

/// Folds the records that follow what `world` is, up to `last`.
///
/// # Errors
/// [`OpenError`] says which record is at fault.
pub(crate) fn replay_rest(
    journal: &mut dyn Journal,
    world: &mut World,
    last: u64,
    observer: &mut dyn Observer,
) -> Result<(), OpenError> {
    let mut failed = None;
    journal.for_each(world.last_record() + 1, last, &mut |number, bytes| match replay_one(
        world, number, bytes, observer,
    ) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => {
            failed = Some(error);
            ControlFlow::Break(())
        }
    })?;
    failed.map_or(Ok(()), Err)
}

fn replay_one(
    world: &mut World,
    number: u64,
    bytes: &[u8],
    observer: &mut dyn Observer,
) -> Result<(), OpenError> {
    let record = Record::decode(bytes).map_err(|error| OpenError::Record { number, error })?;
    world.fold(record)?;
    for event in world.last_events() {
        observer.observe(world, event);
    }
    Ok(())
}
