//! What the outside tells the world: the only input of `step`, and with time and seed the only one a replay needs.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::{
    Action, AxisVector, BidId, Charges, Draft, Id, Key, ReservationId, Rules, Scrip, Seed, Sleep, Verb,
    WakeReason,
};

/// One input of the world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Make the world of time zero. Only the first command of a journal.
    Create(Box<Genesis>),
    /// Change the rules of a world that exists.
    SetRules(Box<Rules>),
    /// A process begins to run the world. Reservations that a crash left open are released.
    StartRun {
        /// Version of the program.
        version: SmolStr,
        /// The scenario.
        scenario: SmolStr,
        /// Its seed.
        seed: Seed,
        /// Positions of the axes.
        axes: AxisVector,
    },
    /// The run ends in an orderly way.
    EndRun {
        /// finished, interrupted, failed.
        reason: SmolStr,
    },
    /// The next tick begins.
    Tick,
    /// Add a principal after time zero on behalf of the operator of the world.
    AddPrincipal(Box<Founder>),
    /// Set aside what a thought may use at most.
    Reserve {
        /// For whom.
        agent: Key,
        /// How much.
        charges: Charges,
    },
    /// Give back a reservation of which nothing was used.
    Release {
        /// Its number.
        reservation: ReservationId,
    },
    /// An agent acts.
    Act(Act),
    /// A thought came too late: its agent's configuration changed meanwhile, or its loop was stopped for what an earlier turn used. It is paid
    /// for and dropped.
    Void {
        /// Whose.
        agent: Key,
        /// The thought.
        thought: Thought,
    },
    /// Book what the machine measured.
    Settle {
        /// One row for each action or thought.
        rows: Vec<Measurement>,
    },
    /// A change in the life of an agent's loop.
    Lifecycle {
        /// Whose.
        agent: Key,
        /// What.
        change: Lifecycle,
    },
    /// Resolve the mint's auction with the scores of its winners.
    ResolveMint {
        /// The score, 0 to 100, of each pending winner, or why it could not be scored.
        scores: Vec<(BidId, Result<u8, SmolStr>)>,
    },
    /// A shadow's unexplained difference.
    Divergence {
        /// The axis.
        axis: crate::Axis,
        /// The question and both answers.
        detail: Box<str>,
    },
    /// Add several principals at once, all or none, on behalf of the operator of the world: a population too large for one record of [`Command::Create`].
    AddPrincipals(Vec<Founder>),
    /// A step of moving what exists to the other half of an axis.
    Migrate(crate::Migration),
    /// Put artifacts into the world on behalf of its operator, all or none, each with the principal that it belongs to: what an import carries
    /// over. Nobody is asked or charged, but each takes its room from its owner's disk quota.
    AddArtifacts(Vec<(Id, Draft)>),
    /// Set the physics of code that agents write. A world that never heard it has [`crate::CodeRules::default`].
    SetCodeRules(Box<crate::CodeRules>),
    /// An agent acts by invoking a tool whose code ran outside.
    ActByTool(Box<crate::ToolAct>),
}

/// One turn of an agent: what it thought, and what it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// Who acts.
    pub agent: Key,
    /// What.
    pub action: Action,
    /// The thought that led to it.
    pub thought: Option<Thought>,
    /// Answers of contracts that are code, computed outside on a consistent view.
    pub answers: Vec<PermissionAnswer>,
}

/// What a thought used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thought {
    /// The reservation that it settles; `None` for a thought whose cost was known beforehand and is charged now.
    pub reservation: Option<ReservationId>,
    /// What was really used.
    pub usage: Charges,
    /// Digest of the configuration and prompt that it was thought under.
    pub prompt_digest: u64,
}

/// The answer of a contract that is code, with everything that it was computed from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermissionAnswer {
    /// The artifact that the question was about.
    pub artifact: Key,
    /// What was to be done.
    pub verb: Verb,
    /// The immediate caller.
    pub caller: Key,
    /// The contract that was asked.
    pub contract: Key,
    /// What it answered.
    pub verdict: Result<Grant, SmolStr>,
    /// The artifacts that it read, with their versions at that time. The answer holds only while these hold.
    pub read_versions: Vec<(Key, u64)>,
    /// The balances that it read. The answer holds only while these hold.
    pub read_balances: Vec<(Key, Scrip)>,
}

/// A permission, with its price.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The price.
    pub cost: Scrip,
    /// Who pays it.
    pub payer: Payer,
}

/// Who pays the price of a permission.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Payer {
    /// Whoever acts.
    #[default]
    Invoker,
    /// The owner of the artifact.
    Owner,
    /// The artifact itself, when it has standing.
    Artifact,
    /// The invoker pays this many hundredths (0 to 100, rounded up to whole scrip), the owner the rest.
    Split(u8),
}

/// What the machine measured of one action or thought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measurement {
    /// Whose.
    pub principal: Key,
    /// The reservation of CPU time that it settles.
    pub reservation: Option<ReservationId>,
    /// CPU time, in nanoseconds.
    pub cpu_ns: u64,
    /// Peak memory above what was in use before, in bytes.
    pub memory_peak_bytes: u64,
    /// Bytes written to the world.
    pub written_bytes: u64,
    /// Bytes of request and result.
    pub bandwidth_bytes: u64,
}

/// A change in the life of an agent's loop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lifecycle {
    /// It begins.
    Start,
    /// It sleeps.
    Sleep(Sleep),
    /// It wakes.
    Wake(WakeReason),
    /// It waits for capacity.
    Block {
        /// Of what.
        resource: crate::Resource,
        /// Until when; `None` when only a transfer can help.
        until: Option<crate::Time>,
    },
    /// It goes on.
    Unblock,
    /// Its mind failed.
    Fail {
        /// What went wrong.
        error: Box<str>,
    },
    /// Take it out of a pause.
    Resume,
    /// It ends.
    Stop {
        /// Why.
        reason: SmolStr,
    },
    /// One of its turns was measured to use more than its plan allows: it waits for a larger share.
    Limit {
        /// Of what.
        resource: crate::Resource,
        /// What the turn used.
        used: u64,
        /// What the plan allows.
        allowed: u64,
    },
    /// Its thought was given up because it took longer than the deadline: it is paid for, and the loop backs off as after an error.
    GiveUp {
        /// The thought, with all that was set aside for it as its usage.
        thought: Thought,
        /// What went wrong.
        error: Box<str>,
    },
}

/// The world of time zero.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Genesis {
    /// Its rules.
    pub rules: Rules,
    /// Who is there.
    pub founders: Vec<Founder>,
    /// Artifacts that exist from the beginning, each with the founder that creates it.
    pub artifacts: Vec<(Id, Draft)>,
}

/// A principal that the operator puts into the world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Founder {
    /// Its id.
    pub id: Id,
    /// Whether it is an agent (standing and executable) or an account (standing only).
    pub is_agent: bool,
    /// Its configuration: what its mind is made from.
    pub config: std::sync::Arc<str>,
    /// Its scrip.
    pub scrip: Scrip,
    /// Its shares and stocks.
    pub quotas: Charges,
}
