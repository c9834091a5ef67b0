//! What a run reports: one object, the same for people and for programs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::code::CodeCounts;
pub use crate::resume::TakenUp;

/// The report of a run. `ecology run --json` prints exactly this object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunReport {
    /// Version of this object's layout.
    pub report_version: u32,
    /// Version of the program.
    pub version: String,
    /// The scenario.
    pub scenario: String,
    /// Its seed.
    pub seed: u64,
    /// Positions of the axes, by name: which implementation served.
    pub serves: std::collections::BTreeMap<String, String>,
    /// Which implementation was compared, where one was.
    pub shadows: std::collections::BTreeMap<String, String>,
    /// `tick` or `continuous`, with the clock of the latter: `real` or `virtual`.
    pub mode: String,
    /// The file of the world; none for a world in memory.
    pub world: Option<String>,
    /// Counts the runs of this world.
    pub run: u64,
    /// Whether the world existed before this run.
    pub resumed: bool,
    /// How it was taken up then: from which snapshot, or from the first record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_up: Option<TakenUp>,
    /// How the run ended: finished, interrupted, everybody stopped.
    pub ended: String,
    /// Minds that began anew because nothing of them was kept that can be read: an earlier run was killed before it kept them, or the world was
    /// made from a dump, which holds none.
    pub minds_started_anew: u64,
    /// Ticks so far; 0 in continuous mode.
    pub ticks: u64,
    /// World time so far, in microseconds.
    pub world_time_us: u64,
    /// Real time that the run took, in milliseconds.
    pub elapsed_ms: u64,
    /// Records in the journal.
    pub records: u64,
    /// Events in the journal.
    pub events: u64,
    /// Agents, principals and artifacts that live, and artifacts that were deleted.
    pub population: Population,
    /// Actions of this world so far.
    pub actions: Actions,
    /// Money.
    pub money: Money,
    /// What the limiter decided and what its windows hold.
    pub limits: LimitsReport,
    /// What was measured.
    pub metering: MeteringReport,
    /// Code that agents wrote, in this run.
    pub code: CodeReport,
    /// Trade.
    pub trade: Trade,
    /// Codes of deprecations that were used; `ecology explain CODE` says what to write instead.
    pub deprecations_used: Vec<String>,
    /// The mint.
    pub mint: MintReport,
    /// The agents' loops by state, in ascending order of the states' names.
    pub loops: std::collections::BTreeMap<String, u64>,
    /// The five principals that used most, by CPU time.
    pub biggest_users: Vec<User>,
    /// Measured figures beside published ones.
    pub findings: Vec<Finding>,
    /// What contracts of the library said to others than their authors, by the library's name; empty where nobody wrote one.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub library: std::collections::BTreeMap<String, ContractUse>,
    /// What shadows found, by axis.
    pub shadow: std::collections::BTreeMap<String, ShadowSummary>,
    /// The digest of the state.
    pub state_hash: HashReport,
    /// The law that does not hold, if one does not. A run with a broken law is a failed run.
    pub broken_law: Option<String>,
}

/// Who lives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Population {
    /// Agents: standing and executable.
    pub agents: u64,
    /// Principals: everything with standing.
    pub principals: u64,
    /// Artifacts and principals that live.
    pub live: u64,
    /// Tombstones.
    pub deleted: u64,
}

/// Actions by outcome.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Actions {
    /// Carried out.
    pub done: u64,
    /// Refused.
    pub refused: u64,
    /// Thoughts.
    pub thoughts: u64,
    /// Carried out, by verb or, for invocations, by service and method.
    pub done_by_kind: std::collections::BTreeMap<String, u64>,
    /// Refused, by code.
    pub refused_by_code: std::collections::BTreeMap<String, u64>,
}

/// Scrip and its distribution.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Money {
    /// All scrip there is.
    pub supply: u64,
    /// Scrip that was minted after time zero.
    pub minted: u64,
    /// The Gini coefficient over all agents, in millionths.
    pub gini_millionths: u64,
    /// Agents without any scrip.
    pub penniless: u64,
    /// The largest balance of an agent.
    pub richest: u64,
}

/// The limiter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LimitsReport {
    /// The implementation.
    pub implementation: String,
    /// Thoughts and actions that went through it.
    pub decisions: u64,
    /// Actions that it refused for now.
    pub rate_refusals: u64,
    /// Times an agent waited for capacity.
    pub blocked: u64,
    /// The implementation that turns shares into the limits of a process.
    pub process_limits: String,
    /// Agents whose shares were turned into limits that are in force.
    pub plans: u64,
    /// Agents that were measured to use more in one turn than their limits allowed.
    pub plans_exceeded: u64,
    /// Times a loop was stopped for that. It goes on when its agent is given more.
    pub loops_stopped: u64,
    /// Reservations made, settled and released; open ones are the difference.
    pub reservations_made: u64,
    /// See [`LimitsReport::reservations_made`].
    pub reservations_settled: u64,
    /// See [`LimitsReport::reservations_made`].
    pub reservations_released: u64,
}

/// What was measured.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MeteringReport {
    /// What measured: `machine` or `modelled`.
    pub meter: String,
    /// Turns that were measured.
    pub turns_measured: u64,
    /// CPU time of all agents, in microseconds.
    pub cpu_us: u64,
    /// The highest peak of memory of one turn, in bytes.
    pub memory_peak_bytes: u64,
    /// Bytes written to the world.
    pub written_bytes: u64,
    /// Bytes of requests and results.
    pub bandwidth_bytes: u64,
}

/// Code that agents wrote: contracts that were asked, and tools that were run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CodeReport {
    /// Questions that code was run for.
    pub checks: u64,
    /// Answers given again without running code, because everything that they rest on was as before.
    pub checks_from_cache: u64,
    /// Runs of tools.
    pub tool_runs: u64,
    /// Runs and checks that ended in a fault of the code.
    pub faults: u64,
    /// Answers that did not hold any more when their turn came.
    pub stale: u64,
    /// Questions that nobody could be asked: the sandbox had nothing to run them with.
    pub unavailable: u64,
    /// Sources compiled.
    pub compiled: u64,
    /// Instructions of all runs and checks, those included whose answers did not hold.
    pub instructions: u64,
    /// Acts whose code ran beside the writer, while others acted.
    pub acts_beside: u64,
}

impl From<CodeCounts> for CodeReport {
    fn from(counts: CodeCounts) -> Self {
        let CodeCounts {
            asked,
            from_cache,
            runs,
            faults,
            stale,
            unavailable,
            compiled,
            instructions,
            beside,
        } = counts;
        Self {
            checks: asked,
            checks_from_cache: from_cache,
            tool_runs: runs,
            faults,
            stale,
            unavailable,
            compiled,
            instructions,
            acts_beside: beside,
        }
    }
}

/// Trade through escrow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trade {
    /// Goods that changed hands.
    pub trades: u64,
    /// Scrip paid for them.
    pub volume: u64,
    /// Orders open now.
    pub open_orders: u64,
    /// Orders opened so far.
    pub orders_opened: u64,
    /// Orders taken back.
    pub orders_cancelled: u64,
}

/// The mint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MintReport {
    /// Auctions resolved.
    pub rounds: u64,
    /// Bids placed.
    pub bids: u64,
    /// Scrip shared as basic income.
    pub basic_income: u64,
    /// Scrip that waits to be shared.
    pub pool: u64,
}

/// One principal's use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct User {
    /// Who.
    pub id: String,
    /// Actions carried out.
    pub actions: u64,
    /// CPU time, in microseconds.
    pub cpu_us: u64,
    /// Highest peak of memory of one turn, in bytes.
    pub memory_peak_bytes: u64,
    /// Bytes of disk in use.
    pub disk_bytes: u64,
    /// Bytes of requests and results.
    pub bandwidth_bytes: u64,
    /// Scrip.
    pub scrip: u64,
}

/// What one contract of the library said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ContractUse {
    /// Actions that were done under it.
    pub allowed: u64,
    /// Actions that it refused.
    pub refused: u64,
}

/// A measured figure beside a published one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// What is measured.
    pub name: String,
    /// The measured figure, in millionths of its unit.
    pub measured_millionths: i64,
    /// The unit: `%`, `scrip`, or empty for a plain number.
    pub unit: String,
    /// What was published, in words with its figure.
    pub published: String,
    /// The least figure that agrees with it, in millionths.
    pub least_millionths: Option<i64>,
    /// The greatest figure that agrees with it, in millionths.
    pub greatest_millionths: Option<i64>,
    /// Where it was published.
    pub source: String,
    /// Whether there is a figure that it must come to already. Before that nothing is judged, and `agrees` is true.
    #[serde(default = "is_due")]
    pub due: bool,
    /// Whether they agree.
    pub agrees: bool,
}

/// Of reports that do not say it, every figure was due.
const fn is_due() -> bool {
    true
}

/// What a shadow found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShadowSummary {
    /// The serving implementation.
    pub serving: String,
    /// The candidate.
    pub candidate: String,
    /// Questions put to both.
    pub compared: u64,
    /// Same answers.
    pub same: u64,
    /// Answers that differ for a registered reason, by code.
    pub expected: std::collections::BTreeMap<String, u64>,
    /// Answers that differ and nothing explains it.
    pub unexplained: u64,
    /// Times the candidate failed to answer.
    pub candidate_failures: u64,
    /// The same by sort.
    pub failures: std::collections::BTreeMap<String, u64>,
    /// Why the candidate was switched off, if it was.
    pub switched_off: Option<String>,
    /// Of how many questions of a kind one was compared; 1: all of them.
    pub one_in: u64,
    /// Compared questions by kind.
    pub kinds: std::collections::BTreeMap<String, u64>,
    /// Compared questions by the kind of command that was being decided; `outside` of any.
    pub commands: std::collections::BTreeMap<String, u64>,
    /// How long both took, where that was measured.
    pub latency: Option<ShadowLatency>,
    /// The first unexplained differences in full.
    pub first_unexplained: Vec<String>,
    /// Files that reproduce the first of them, beside the world: `ecology agree --reproduce FILE`.
    pub reproductions: Vec<String>,
}

/// How long both sides of a shadow took for the questions that were timed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShadowLatency {
    /// Questions that were timed.
    pub timed: u64,
    /// Half of the serving side's answers took at most this long, in nanoseconds.
    pub serving_p50_ns: u64,
    /// 99 of 100 of the serving side's answers took at most this long, in nanoseconds.
    pub serving_p99_ns: u64,
    /// The serving side's slowest answer, in nanoseconds.
    pub serving_max_ns: u64,
    /// Half of the candidate's answers took at most this long, in nanoseconds.
    pub candidate_p50_ns: u64,
    /// 99 of 100 of the candidate's answers took at most this long, in nanoseconds.
    pub candidate_p99_ns: u64,
    /// The candidate's slowest answer, in nanoseconds.
    pub candidate_max_ns: u64,
}

/// The digest of a state: what the rules decided, and what was measured.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HashReport {
    /// Two runs of one seed in tick mode agree in it.
    pub decided: String,
    /// No two runs share it; a replay reproduces it.
    pub measured: String,
}
