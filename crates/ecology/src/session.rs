//! Stand-in until the runner has it.
#![expect(dead_code, reason = "stand-in")]
use std::path::{Path, PathBuf};

use ecology_features::{Config, ConfigError};
use ecology_journal::{Journal, JournalError};
use ecology_runner::compose::NotBuilt;
use ecology_runner::report::RunReport;
use ecology_runner::store::OpenError;
use ecology_runner::{HostError, Stop};
use ecology_types::{AxisVector, Time};
use ecology_world::{StateHash, World};

pub(crate) struct SessionSpec {
    pub(crate) config: Config,
    pub(crate) path: Option<PathBuf>,
    pub(crate) stop: Stop,
    pub(crate) version: &'static str,
}

#[derive(Debug)]
pub(crate) enum SessionError {
    Open(OpenError),
    Host(HostError),
    NotBuilt(NotBuilt),
    Config(Box<ConfigError>),
    Journal(JournalError),
    Folder { folder: String, detail: String },
    OtherScenario { world: String, found: String, asked: String },
}

impl std::fmt::Display for SessionError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

pub(crate) struct Progress {
    pub(crate) tick: u64,
    pub(crate) ticks: Option<u64>,
    pub(crate) world_time: Time,
    pub(crate) until: Option<Time>,
    pub(crate) events: u64,
    pub(crate) records: u64,
    pub(crate) open_orders: u64,
}

pub(crate) fn run(_: SessionSpec, _: &mut dyn FnMut(&Progress)) -> Result<RunReport, SessionError> {
    Err(SessionError::Open(OpenError::Empty))
}

pub(crate) fn open_for_reading(_: &Path) -> Result<(World, Box<dyn Journal>, AxisVector), OpenError> {
    Err(OpenError::Empty)
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Replay {
    pub(crate) records: u64,
    pub(crate) events: u64,
    pub(crate) time: Time,
    pub(crate) hash: StateHash,
    pub(crate) recorded: Option<(String, String)>,
    pub(crate) from_snapshot: Option<StateHash>,
    pub(crate) broken_law: Option<String>,
}

impl Replay {
    pub(crate) fn agrees(&self) -> bool {
        let recorded = self.recorded.as_ref().is_none_or(|(decided, measured)| {
            *decided == self.hash.decided_hex() && *measured == self.hash.measured_hex()
        });
        recorded && self.from_snapshot.is_none_or(|hash| hash == self.hash) && self.broken_law.is_none()
    }
}

pub(crate) fn replay(_: &Path, _: Option<u64>) -> Result<Replay, OpenError> {
    Err(OpenError::Empty)
}

pub(crate) struct ScenarioInfo {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) expects: &'static str,
    pub(crate) source: &'static str,
    pub(crate) agents: u32,
}

pub(crate) const SCENARIOS: &[ScenarioInfo] = &[];
