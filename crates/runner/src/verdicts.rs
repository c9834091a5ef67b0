//! What the shadows of each run found, kept in the world's file beside its records.

use std::path::Path;

use ecology_journal::{Journal, JournalError, OpenMode, SqliteJournal, SqliteOptions, Verify};
use ecology_shadow::Report;
use ecology_types::Axis;
use ecology_world::World;
use serde::{Deserialize, Serialize};

/// Runs whose verdicts are kept; those of earlier ones give way.
pub const RUNS_KEPT_MAX: u64 = 64;

/// Where verdicts come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A shadow that was asked during the run.
    Run,
    /// Commands of the journal that were decided again, offline.
    Redecided,
}

/// What one shadow found in one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptVerdicts {
    /// Where they come from.
    pub source: Source,
    /// Counts the runs of this world, from 1. What was decided again can reach over several; this is the last of them.
    pub run: u64,
    /// Whether the run came to an orderly end; otherwise what the shadow found after `to_record` is lost.
    pub ended: bool,
    /// Version of the program.
    pub version: String,
    /// The scenario.
    pub scenario: String,
    /// Its seed.
    pub seed: u64,
    /// The positions of all axes, in words.
    pub positions: String,
    /// The axis.
    pub axis: Axis,
    /// The first record of the run.
    pub from_record: u64,
    /// The last record when this was kept.
    pub to_record: u64,
    /// What was found.
    pub report: Report,
}

/// A run that goes on.
#[derive(Debug)]
pub(crate) struct RunBegun {
    pub(crate) version: String,
    pub(crate) from_record: u64,
}

/// The place of a run's verdicts. Runs share places, so that however many there are, what is kept is bounded.
fn tag(run: u64) -> Vec<u8> {
    format!("shadow v1 place {}", run % RUNS_KEPT_MAX).into_bytes()
}

/// What is kept of the shadows' findings so far, and under which tag.
pub(crate) fn entry(world: &World, begun: &RunBegun) -> (Vec<u8>, Vec<u8>) {
    let (run, is_running, scenario, seed) = world.run();
    let kept: Vec<KeptVerdicts> = world
        .parts()
        .shadow_reports()
        .into_iter()
        .map(|(axis, report)| KeptVerdicts {
            source: Source::Run,
            run,
            ended: !is_running,
            version: begun.version.clone(),
            scenario: scenario.to_owned(),
            seed: seed.0,
            positions: world.axes().to_string(),
            axis,
            from_record: begun.from_record,
            to_record: world.last_record(),
            report,
        })
        .collect();
    // Plain data without maps or foreign types: it can always be written.
    (tag(run), serde_json::to_vec(&kept).unwrap_or_default())
}

/// The verdicts that a journal holds, in the order of the runs, and within a run of the axes.
///
/// # Errors
/// When the journal cannot be read, or an entry is not what this program writes.
pub fn read(journal: &mut dyn Journal) -> Result<Vec<KeptVerdicts>, JournalError> {
    let mut all: Vec<KeptVerdicts> = Vec::new();
    for place in 0..RUNS_KEPT_MAX {
        let Some((_, bytes)) = journal.newest_snapshot(&tag(place), u64::MAX)? else { continue };
        let kept: Vec<KeptVerdicts> = serde_json::from_slice(&bytes).map_err(|error| JournalError::Io {
            doing: "reading what the shadows found".to_owned(),
            detail: error.to_string(),
        })?;
        all.extend(kept);
    }
    all.sort_by_key(|kept| (kept.run, kept.axis));
    Ok(all)
}

/// The verdicts that a world holds.
///
/// # Errors
/// When there is no world that can be read, or its verdicts cannot.
pub fn of_world(path: &Path) -> Result<Vec<KeptVerdicts>, JournalError> {
    let options = SqliteOptions { verify: Verify::Tail, ..SqliteOptions::default() };
    read(&mut SqliteJournal::open_with(path, OpenMode::Read, &options)?)
}
