//! The smallest file that reproduces a difference which nothing explains.
//!
//! During a run only the question is kept, and where in the history it was asked. The history itself is in the journal: it is replayed up to
//! that record with a part that listens, and then shrunk as long as the answers differ.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ecology_contracts::case as access;
use ecology_journal::{Journal, JournalError, OpenMode, SqliteJournal};
use ecology_ontology::case as ontology;
use ecology_rate_limiting::case as rate;
use ecology_shadow::{Answers, Unexplained};
use ecology_types::{Axis, Side};
use ecology_world::Parts;
use serde::{Deserialize, Serialize};

use crate::compose::{self, NotBuilt};
use crate::host::Observers;
use crate::occasion::{OCCASIONS, OUTSIDE};
use crate::store::{self, OpenError, Recover};
use crate::verdicts::KeptVerdicts;

/// The version of the layout of such files.
pub const REPRODUCTION_VERSION: u32 = 1;
/// Histories that are tried to make one shorter.
const TRIES_MAX: usize = 2_000;
/// Differences of one axis in one run for which a file is written.
pub const FILES_MAX: usize = 4;

/// A question with what has to happen before it, on one axis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Case {
    /// Who may use how much.
    RateLimiting(rate::Case),
    /// What exists.
    ArtifactOntology(ontology::Case),
    /// Who may do what to what.
    AccessControl(access::Case),
}

impl Case {
    /// The axis.
    #[must_use]
    pub const fn axis(&self) -> Axis {
        match self {
            Self::RateLimiting(_) => Axis::RateLimiting,
            Self::ArtifactOntology(_) => Axis::ArtifactOntology,
            Self::AccessControl(_) => Axis::AccessControl,
        }
    }

    /// How many events, or facts, come before the question.
    #[must_use]
    pub const fn history_len(&self) -> usize {
        match self {
            Self::RateLimiting(case) => case.history.len(),
            Self::ArtifactOntology(case) => case.history.len(),
            Self::AccessControl(case) => case.facts.len(),
        }
    }
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reproduction {
    /// The version of this layout.
    pub reproduction_version: u32,
    /// The implementation that served.
    pub serving: String,
    /// The candidate.
    pub candidate: String,
    /// The record that was being decided.
    pub record: u64,
    /// What kind of command it was; `outside` of any.
    pub occasion: String,
    /// The question and both answers, as they were found.
    pub found: String,
    /// Events, or facts, before the question in the whole history.
    pub history_len: u64,
    /// Whether every event that is left is needed.
    pub is_minimal: bool,
    /// Whether the answers differed at all when the question was asked again; if not, the whole history is kept here.
    pub is_reproduced: bool,
    /// The question with what is left of the history.
    pub case: Case,
}

/// Makes the two sides of each axis, serving one first, before anything happened.
pub struct Sides {
    /// Of rate limiting.
    pub limiters: Box<dyn Fn() -> rate::Pair>,
    /// Of the ontology.
    pub ontologies: Box<dyn Fn() -> ontology::Pair>,
    /// Of access control.
    pub accesses: Box<dyn Fn() -> access::Pair>,
}

impl std::fmt::Debug for Sides {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sides").finish_non_exhaustive()
    }
}

impl Sides {
    /// The built implementations, with the old ones serving, or the new ones.
    #[must_use]
    pub fn built(serving: Side) -> Self {
        Self {
            limiters: Box::new(move || compose::limiters(serving)),
            ontologies: Box::new(move || compose::ontologies(serving)),
            accesses: Box::new(move || compose::accesses(serving)),
        }
    }
}

/// Why a difference cannot be reproduced, or a file not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ReproduceError {
    /// The world.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The file.
    #[error("{} cannot be {doing}: {detail}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What was to be done with it.
        doing: &'static str,
        /// What is wrong.
        detail: String,
    },
    /// It names a pair of implementations that this version does not have.
    #[error("{serving} beside {candidate} is no pair of {axis}")]
    UnknownPair {
        /// The axis.
        axis: Axis,
        /// What served.
        serving: String,
        /// What was compared.
        candidate: String,
    },
}

impl From<JournalError> for ReproduceError {
    fn from(error: JournalError) -> Self {
        Self::Open(error.into())
    }
}

impl Reproduction {
    /// Puts the question to both sides again.
    #[must_use]
    pub fn ask(&self, sides: &Sides) -> Answers {
        match &self.case {
            Case::RateLimiting(case) => case.ask((sides.limiters)()),
            Case::ArtifactOntology(case) => case.ask((sides.ontologies)()),
            Case::AccessControl(case) => case.ask((sides.accesses)()),
        }
    }

    /// The built implementations that it names.
    ///
    /// # Errors
    /// [`ReproduceError::UnknownPair`].
    pub fn sides(&self) -> Result<Sides, ReproduceError> {
        let axis = self.case.axis();
        let names = |side: Side| (axis.implementation(side), axis.implementation(side.other()));
        let named = (self.serving.as_str(), self.candidate.as_str());
        let side = [Side::Old, Side::New].into_iter().find(|side| names(*side) == named);
        side.map(Sides::built).ok_or_else(|| ReproduceError::UnknownPair {
            axis,
            serving: self.serving.clone(),
            candidate: self.candidate.clone(),
        })
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`ReproduceError::File`].
    pub fn read(path: &Path) -> Result<Self, ReproduceError> {
        let failed = |detail: String| ReproduceError::File { path: path.to_owned(), doing: "read", detail };
        let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
        let read: Self = serde_json::from_str(&text).map_err(|error| failed(error.to_string()))?;
        if read.reproduction_version > REPRODUCTION_VERSION {
            let version = read.reproduction_version;
            return Err(failed(format!(
                "it has version {version}, this program knows {REPRODUCTION_VERSION}"
            )));
        }
        Ok(read)
    }
}

/// The folder beside a world that holds its reproductions.
#[must_use]
pub fn folder(world: &Path) -> PathBuf {
    let mut name = world.as_os_str().to_owned();
    name.push(".mismatches");
    name.into()
}

/// The smallest reproduction of one difference; `None` when its question was too large to be kept, or could not be asked again.
///
/// # Errors
/// When the journal cannot be replayed.
pub fn reproduce(
    journal: &mut dyn Journal,
    kept: &KeptVerdicts,
    found: &Unexplained,
    sides: &Sides,
) -> Result<Option<Reproduction>, OpenError> {
    let Some(question) = &found.question else { return Ok(None) };
    // While a command is decided, nothing of its record has been applied.
    let is_outside = found.occasion == OCCASIONS[OUTSIDE];
    let until = if is_outside { found.record } else { found.record.saturating_sub(1) };
    let (case, history_len, is_minimal) = match kept.axis {
        Axis::RateLimiting => {
            let Ok(question) = serde_json::from_str(question) else { return Ok(None) };
            let history = history(journal, until, &|parts| {
                let (recording, history) = rate::Recording::of(parts.limiter);
                (Parts { limiter: Box::new(recording), ..parts }, history)
            })?;
            let (len, whole) = (history.len(), rate::Case { history, question });
            let (case, shrunk) = whole.shrink(TRIES_MAX, &*sides.limiters);
            (Case::RateLimiting(case), len, shrunk.is_minimal)
        }
        Axis::ArtifactOntology => {
            let Ok(question) = serde_json::from_str(question) else { return Ok(None) };
            let history = history(journal, until, &|parts| {
                let (recording, history) = ontology::Recording::of(parts.ontology);
                (Parts { ontology: Box::new(recording), ..parts }, history)
            })?;
            let (len, whole) = (history.len(), ontology::Case { history, question });
            let (case, shrunk) = whole.shrink(TRIES_MAX, &*sides.ontologies);
            (Case::ArtifactOntology(case), len, shrunk.is_minimal)
        }
        Axis::AccessControl => {
            let Ok(whole) = serde_json::from_str::<access::Case>(question) else { return Ok(None) };
            let len = whole.facts.len();
            let (case, shrunk) = whole.shrink(TRIES_MAX, &*sides.accesses);
            (Case::AccessControl(case), len, shrunk.is_minimal)
        }
        Axis::ExecutionMode | Axis::ResourceLimits => return Ok(None),
    };
    let mut reproduction = Reproduction {
        reproduction_version: REPRODUCTION_VERSION,
        serving: kept.report.serving.clone(),
        candidate: kept.report.candidate.clone(),
        record: found.record,
        occasion: found.occasion.clone(),
        found: found.detail.clone(),
        history_len: history_len as u64,
        is_minimal,
        is_reproduced: true,
        case,
    };
    reproduction.is_reproduced = reproduction.ask(sides).is_mismatch();
    Ok(Some(reproduction))
}

/// What a part was told up to a record.
fn history<H>(
    journal: &mut dyn Journal,
    until: u64,
    listen: &dyn Fn(Parts) -> (Parts, Arc<Mutex<Vec<H>>>),
) -> Result<Vec<H>, OpenError> {
    let axes = store::last_axes(journal)?;
    let heard = RefCell::new(Arc::default());
    let parts = || -> Result<Parts, NotBuilt> {
        let (parts, history) = listen(compose::parts(axes)?);
        *heard.borrow_mut() = history;
        Ok(parts)
    };
    if until > 0 {
        let how = Recover { until, use_snapshot: false };
        store::recover_on(journal, &parts, how, &mut Observers::default())?;
    }
    let heard = heard.into_inner();
    let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(std::mem::take(&mut *heard))
}

/// Writes the reproductions of what the shadows of a run could not explain, of each axis at most [`FILES_MAX`], and gives their paths with the axis. Files
/// that are there already are left as they are. The paths come from the axis and the number of the record alone.
///
/// # Errors
/// When the world cannot be replayed or a file not be written.
pub fn write_files(
    world: &Path,
    kept: &[KeptVerdicts],
    sides: &dyn Fn(&KeptVerdicts) -> Sides,
) -> Result<Vec<(Axis, PathBuf)>, ReproduceError> {
    let folder = folder(world);
    let mut written = Vec::new();
    for verdicts in kept {
        let questions = verdicts.report.first_unexplained.iter().filter(|found| found.question.is_some());
        for found in questions.take(FILES_MAX) {
            let path = folder.join(format!("{}-{}.json", verdicts.axis, found.record));
            if !path.exists() {
                let mut journal = SqliteJournal::open(world, OpenMode::Read)?;
                let Some(reproduction) = reproduce(&mut journal, verdicts, found, &sides(verdicts))? else {
                    continue;
                };
                let failed =
                    |detail: String| ReproduceError::File { path: path.clone(), doing: "written", detail };
                std::fs::create_dir_all(&folder).map_err(|error| failed(error.to_string()))?;
                let mut text =
                    serde_json::to_string_pretty(&reproduction).map_err(|error| failed(error.to_string()))?;
                text.push('\n');
                std::fs::write(&path, text).map_err(|error| failed(error.to_string()))?;
            }
            if !written.contains(&(verdicts.axis, path.clone())) {
                written.push((verdicts.axis, path));
            }
        }
    }
    Ok(written)
}

/// The built implementations of a pair, by the name of the serving one.
#[must_use]
pub fn built(kept: &KeptVerdicts) -> Sides {
    let is_new = kept.report.serving == kept.axis.implementation(Side::New);
    Sides::built(if is_new { Side::New } else { Side::Old })
}
