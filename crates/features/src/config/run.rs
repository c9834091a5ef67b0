//! What is run, how it is timed, kept and measured.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::scenario::ScenarioName;

/// The longest span that configuration can name, in milliseconds: it still fits 64 bits in microseconds.
pub(crate) const MS_MAX: u64 = i64::MAX as u64 / 1_000;

/// Where time comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// The clock of the machine: a sleep of a second takes a second.
    Real,
    /// World time moves to the next thing that is due as soon as everything before it is done: a run is as fast as the machine.
    #[default]
    Virtual,
}

/// `[run]`: what is run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Run {
    /// The scenario.
    pub scenario: ScenarioName,
    /// The seed from which every random choice of the run comes.
    pub seed: u64,
    /// How many agents take part. Not set: the scenario decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000_000))]
    pub agents: Option<u32>,
    /// Where time comes from.
    pub clock: Clock,
    /// Stop after this many ticks. Not set: the scenario decides. With duration_ms, whichever comes first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 9_223_372_036_854_775_807_u64))]
    pub ticks: Option<u64>,
    /// Stop after this much time of the clock in `clock`, in milliseconds. Not set: the scenario decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = MS_MAX))]
    pub duration_ms: Option<u64>,
    /// The file of the world. Not set: a fresh one under worlds/.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub world: Option<PathBuf>,
}

impl Default for Run {
    fn default() -> Self {
        Self {
            scenario: ScenarioName::default(),
            seed: 1,
            agents: None,
            clock: Clock::default(),
            ticks: None,
            duration_ms: None,
            world: None,
        }
    }
}

/// `[time]`: how world time is divided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Timing {
    /// Length of the window for renewable resources under rate_limiting = "rolling", in milliseconds of world time.
    #[schemars(range(min = 1, max = MS_MAX))]
    pub window_ms: u64,
    /// World time that one tick takes, in milliseconds. Under rate_limiting = "tick" it is also the window.
    #[schemars(range(min = 1, max = MS_MAX))]
    pub tick_ms: u64,
}

impl Default for Timing {
    fn default() -> Self {
        Self { window_ms: 60_000, tick_ms: 1_000 }
    }
}

/// `[mint]`: the auction of new scrip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Mint {
    /// Time between two resolutions, in milliseconds of world time; 0 turns the mint off.
    #[schemars(range(max = MS_MAX))]
    pub interval_ms: u64,
    /// How many bids win. Each pays the highest bid that lost.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub winners: u32,
    /// Points of score for one new scrip.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub mint_ratio: u64,
    /// Lowest bid that is taken, in scrip.
    pub bid_min: u64,
}

impl Default for Mint {
    fn default() -> Self {
        Self { interval_ms: 10_000, winners: 1, mint_ratio: 10, bid_min: 1 }
    }
}

/// `[loops]`: how the loops of agents behave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Loops {
    /// Errors in a row after which a loop pauses.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub errors_in_row_max: u32,
    /// First pause after an error, in milliseconds; it doubles with every further one.
    #[schemars(range(min = 1, max = MS_MAX))]
    pub backoff_first_ms: u64,
    /// Longest pause after an error, in milliseconds.
    #[schemars(range(min = 1, max = MS_MAX))]
    pub backoff_max_ms: u64,
    /// Longest thought of a mind that thinks on a thread of its own, in milliseconds. One that takes longer is given up: what was set aside for it
    /// is charged, and the loop backs off.
    #[schemars(range(min = 1, max = MS_MAX))]
    pub think_timeout_ms: u64,
}

impl Default for Loops {
    fn default() -> Self {
        Self {
            errors_in_row_max: 5,
            backoff_first_ms: 100,
            backoff_max_ms: 60_000,
            think_timeout_ms: 300_000,
        }
    }
}

/// Where the journal is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JournalBackend {
    /// One SQLite file, synced before anything is acknowledged.
    #[default]
    Sqlite,
    /// Memory: gone when the process ends.
    Memory,
}

/// `[journal]`: the durable, ordered log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Journal {
    /// Where it is kept.
    pub backend: JournalBackend,
    /// Records between two snapshots, so that opening need not replay everything; 0 takes none.
    pub snapshot_every_records: u64,
    /// Most records that one sync makes durable together.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub batch_records_max: u32,
}

impl Default for Journal {
    fn default() -> Self {
        Self { backend: JournalBackend::Sqlite, snapshot_every_records: 100_000, batch_records_max: 4_096 }
    }
}

/// Where measured amounts come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MeteringSource {
    /// The machine: CPU time and memory as the kernel reports them, different in every run; read per batch of turns and shared out exactly.
    #[default]
    Machine,
    /// A model that computes them from the action: the same in every run.
    Modelled,
}

/// `[metering]`: what an action really used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Metering {
    /// Where measured amounts come from.
    pub source: MeteringSource,
}
