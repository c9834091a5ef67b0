//! What worlds still need of the old halves, from their journals.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::Path;

use ecology_journal::{Journal, OpenMode, SqliteJournal};
use ecology_types::{Axis, AxisVector, Effect, Record, Side};
use ecology_world::Migrations;

use crate::host::Observers;
use crate::migrate::positions;
use crate::store::{self, OpenError, Recover};

/// How one world has used the halves of the axes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorldUsage {
    /// Where its next run stands unless a configuration says otherwise.
    pub positions: AxisVector,
    /// Runs so far.
    pub runs: u64,
    /// Runs in which the old half served, by [`Axis::index`].
    pub runs_old: [u64; Axis::COUNT],
    /// Runs that used something deprecated, by its code.
    pub deprecations: BTreeMap<String, u64>,
}

/// Counts the runs of a world.
///
/// # Errors
/// [`OpenError`] when the world cannot be read.
pub fn usage(path: &Path) -> Result<WorldUsage, OpenError> {
    let mut journal = SqliteJournal::open(path, OpenMode::Read)?;
    let last = store::last_axes(&mut journal)?;
    let mut found =
        WorldUsage { positions: last, runs: 0, runs_old: [0; Axis::COUNT], deprecations: BTreeMap::new() };
    let mut told: BTreeSet<String> = BTreeSet::new();
    let mut failed = None;
    journal.for_each(1, u64::MAX, &mut |number, bytes| {
        let record = match Record::decode(bytes) {
            Ok(record) => record,
            Err(error) => {
                failed = Some(OpenError::Record { number, error });
                return ControlFlow::Break(());
            }
        };
        for effect in record.effects {
            match effect {
                Effect::RunStarted { axes, .. } => {
                    found.runs += 1;
                    told.clear();
                    for axis in Axis::ALL.into_iter().filter(|axis| axes.side(*axis) == Side::Old) {
                        found.runs_old[axis.index()] += 1;
                    }
                }
                Effect::DeprecationUsed { code } if told.insert(code.to_string()) => {
                    *found.deprecations.entry(code.to_string()).or_default() += 1;
                }
                _ => {}
            }
        }
        ControlFlow::Continue(())
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    let world = store::recover(&mut journal, last, Recover::QUICKLY, &mut Observers::default())?;
    let migrations: &Migrations = world.migrations();
    found.positions = positions(last, migrations);
    Ok(found)
}
