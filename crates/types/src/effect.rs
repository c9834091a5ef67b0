//! What happened. The sequence of effects is the truth; state is what folding it gives.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::{
    ArtifactRecord, Axis, AxisVector, Charges, Id, Interface, Key, Policy, RefusalCode, Resource, Rules,
    Scrip, Seed, Time, Verb, WakeCondition,
};

/// The number of a reservation. Never reused within a world.
pub type ReservationId = u64;
/// The number of an ask or an offer in escrow. Never reused within a world.
pub type OrderId = u64;
/// The number of a bid at the mint. Never reused within a world.
pub type BidId = u64;

/// One change of the world, complete in itself: applying it needs no decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// An id was met for the first time and got the next key.
    Interned {
        /// Its key.
        key: Key,
        /// The id.
        id: Id,
    },
    /// The rules were set or changed.
    RulesSet(Box<Rules>),
    /// A process began to run the world.
    RunStarted {
        /// Counts the runs of this world, from 1.
        run: u64,
        /// Version of the program.
        version: SmolStr,
        /// The scenario.
        scenario: SmolStr,
        /// Its seed.
        seed: Seed,
        /// Which implementation served and which was compared.
        axes: AxisVector,
    },
    /// The run ended in an orderly way.
    RunEnded {
        /// Why: finished, interrupted, failed.
        reason: SmolStr,
    },
    /// A tick began: renewable quotas were refilled.
    TickStarted {
        /// Its number, from 1.
        tick: u64,
    },
    /// An action was carried out.
    ActionDone {
        /// Which of the six.
        verb: Verb,
        /// What it was about.
        target: Option<Key>,
        /// The method, for invocations.
        method: Option<SmolStr>,
        /// What it used up, by the rules.
        charges: Charges,
    },
    /// An action was refused; nothing else changed.
    ActionRefused {
        /// Which of the six.
        verb: Verb,
        /// The id it was about, as written.
        target: Option<Id>,
        /// The method, for invocations.
        method: Option<SmolStr>,
        /// Why.
        code: RefusalCode,
        /// The particulars.
        detail: Box<str>,
    },
    /// An artifact or principal came to be.
    ArtifactCreated(Box<ArtifactRecord>),
    /// Its content or description changed; what is `None` stayed.
    ArtifactChanged {
        /// Which one.
        key: Key,
        /// Its new version.
        version: u64,
        /// Its new content.
        content: Option<Arc<str>>,
        /// Its new label.
        kind: Option<SmolStr>,
        /// Whether it can be invoked.
        can_execute: Option<bool>,
        /// The contract that answers for it.
        access_contract: Option<Key>,
        /// Its new lists and prices.
        policy: Option<Arc<Policy>>,
        /// Its new methods.
        interface: Option<Arc<Interface>>,
        /// The artifact that holds its memory.
        memory: Option<Key>,
    },
    /// It was removed and left a tombstone.
    ArtifactDeleted {
        /// Which one.
        key: Key,
    },
    /// It belongs to somebody else.
    OwnershipTransferred {
        /// Which one.
        key: Key,
        /// The one before.
        from: Key,
        /// The one after.
        to: Key,
    },
    /// Scrip changed hands.
    ScripTransferred {
        /// Who gave.
        from: Key,
        /// Who got.
        to: Key,
        /// How much.
        amount: Scrip,
        /// What for.
        reason: TransferReason,
    },
    /// New scrip came into the world.
    Minted {
        /// Who got it.
        to: Key,
        /// How much.
        amount: Scrip,
        /// What for.
        reason: MintReason,
    },
    /// A share or stock was given at time zero or by a change of rules.
    QuotaSet {
        /// Whose.
        principal: Key,
        /// Of what.
        resource: Resource,
        /// The new amount.
        amount: u64,
    },
    /// A share or stock changed hands.
    QuotaTransferred {
        /// Who gave.
        from: Key,
        /// Who got.
        to: Key,
        /// Of what.
        resource: Resource,
        /// How much.
        amount: u64,
    },
    /// Something renewable or depletable was used by the actor without a reservation beforehand: cost known when the action was decided.
    Charged {
        /// Who bears it.
        principal: Key,
        /// How much of what.
        charges: Charges,
    },
    /// Bytes were taken from or given back to a disk quota.
    DiskUsed {
        /// Whose.
        principal: Key,
        /// The amount in use afterwards.
        bytes: u64,
    },
    /// Something was set aside before it is known how much will be used.
    ReservationMade {
        /// Its number.
        reservation: ReservationId,
        /// For whom.
        principal: Key,
        /// How much.
        charges: Charges,
    },
    /// The measured amount was booked and the rest released. What exceeds the reservation is carried over to the next one.
    ReservationSettled {
        /// Its number.
        reservation: ReservationId,
        /// Whose.
        principal: Key,
        /// What was really used.
        used: Charges,
    },
    /// Nothing was used; all was released.
    ReservationReleased {
        /// Its number.
        reservation: ReservationId,
        /// Whose.
        principal: Key,
    },
    /// What the machine measured of one action or thought.
    Measured {
        /// Whose.
        principal: Key,
        /// CPU time, in nanoseconds.
        cpu_ns: u64,
        /// Peak memory above what was in use before, in bytes.
        memory_peak_bytes: u64,
        /// Bytes written to the world.
        written_bytes: u64,
        /// Bytes of request and result.
        bandwidth_bytes: u64,
    },
    /// An ask or an offer was opened in escrow.
    EscrowOpened(Box<Order>),
    /// A good changed hands through escrow.
    EscrowSold {
        /// The ask, unless the seller accepted an offer directly.
        ask: Option<OrderId>,
        /// The offer, unless the buyer purchased a listing directly.
        offer: Option<OrderId>,
        /// What was sold.
        good: Good,
        /// The kind it was traded as.
        kind: SmolStr,
        /// Who sold.
        seller: Key,
        /// Who bought.
        buyer: Key,
        /// For how much.
        price: Scrip,
    },
    /// An ask or an offer was taken back.
    EscrowCancelled {
        /// Its number.
        order: OrderId,
        /// Whose it was.
        owner: Key,
    },
    /// A sealed bid was placed at the mint.
    BidPlaced(Box<Bid>),
    /// The mint resolved: winners in descending order of their bids.
    MintResolved {
        /// Counts resolutions, from 1.
        round: u64,
        /// What each winner paid: the (k+1)-th price.
        price: Scrip,
        /// The bids that won, with their scores; `None` for a failed scoring, which was refunded.
        winners: Vec<(BidId, Option<u8>)>,
        /// All other bids that took part.
        losers: Vec<BidId>,
        /// When the next one is due.
        next: Time,
    },
    /// What the winners paid was shared among all agents.
    BasicIncomePaid {
        /// What each agent got.
        each: Scrip,
        /// How many agents.
        agents: u64,
        /// What stays in the pool because it cannot be divided.
        remainder: Scrip,
    },
    /// A principal wants to hear of events.
    Subscribed {
        /// Its number.
        subscription: u64,
        /// Who.
        principal: Key,
        /// Which kinds.
        kinds: Vec<EventKind>,
    },
    /// It no longer wants to.
    Unsubscribed {
        /// The number of the subscription.
        subscription: u64,
        /// Who.
        principal: Key,
    },
    /// An agent's loop began.
    AgentStarted {
        /// Which one.
        agent: Key,
    },
    /// It sleeps.
    AgentSlept {
        /// Which one.
        agent: Key,
        /// Until when at the latest; `None` for no end.
        until: Option<Time>,
        /// What wakes it earlier.
        on: Vec<WakeCondition>,
    },
    /// It woke.
    AgentWoke {
        /// Which one.
        agent: Key,
        /// Why.
        reason: WakeReason,
    },
    /// It waits for capacity.
    AgentBlocked {
        /// Which one.
        agent: Key,
        /// Of what.
        resource: Resource,
        /// Until when; `None` when only somebody else's transfer can help.
        until: Option<Time>,
    },
    /// It goes on.
    AgentUnblocked {
        /// Which one.
        agent: Key,
    },
    /// It made too many errors in a row.
    AgentPaused {
        /// Which one.
        agent: Key,
        /// How many.
        errors_in_row: u32,
        /// The last one.
        error: Box<str>,
    },
    /// Its thought was dropped because its configuration changed meanwhile or its loop was stopped.
    AgentVoided {
        /// Which one.
        agent: Key,
    },
    /// Its mind failed; the loop backs off until the given time.
    AgentFailed {
        /// Which one.
        agent: Key,
        /// How many times in a row.
        errors_in_row: u32,
        /// What went wrong.
        error: Box<str>,
        /// When it tries again.
        until: Time,
    },
    /// Its loop ended.
    AgentStopped {
        /// Which one.
        agent: Key,
        /// Why.
        reason: SmolStr,
    },
    /// It thought.
    Thought {
        /// Which one.
        agent: Key,
        /// What it used.
        usage: Charges,
        /// The reservation that was settled for it; without one the usage is booked now.
        reservation: Option<ReservationId>,
        /// Digest of the configuration and prompt that it was thought under.
        prompt_digest: u64,
    },
    /// A shadow answered differently and no registered divergence explains it.
    PermissionDivergence {
        /// The axis.
        axis: Axis,
        /// The question and both answers.
        detail: Box<str>,
    },
    /// A container's life: started, limited, killed for memory, stopped.
    Container {
        /// Whose.
        agent: Key,
        /// What happened.
        change: ContainerChange,
        /// The limits in force.
        limits: Charges,
    },
    /// Something deprecated was used; at most once per run and code.
    DeprecationUsed {
        /// Its code.
        code: SmolStr,
    },
    /// What exists begins to move to the other half of an axis, from the first key on.
    MigrationBegun {
        /// The axis.
        axis: Axis,
        /// The half to move to.
        to: crate::Side,
        /// Why it goes ahead although not every gate is met.
        forced: Option<Box<str>>,
        /// What the gates found.
        evidence: Box<str>,
    },
    /// A range of keys was moved.
    MigrationBatch {
        /// The axis.
        axis: Axis,
        /// The half to move to.
        to: crate::Side,
        /// The first key.
        from: Key,
        /// The key after the last one: the watermark.
        until: Key,
        /// A digest of the range as the old half sees it. The way back compares it.
        digest: crate::RangeDigest,
        /// What changed.
        converted: Vec<crate::Converted>,
    },
    /// All that exists has been moved: the other half may serve.
    MigrationFinished {
        /// The axis.
        axis: Axis,
        /// The half that may serve.
        to: crate::Side,
    },
    /// One turn was measured to use more than the agent's share allows a process. Its loop waits for a larger share, unless it had ended.
    LimitExceeded {
        /// Which one.
        agent: Key,
        /// Of what.
        resource: Resource,
        /// What the turn used.
        used: u64,
        /// What was allowed.
        allowed: u64,
    },
    /// The physics of code that agents write were set or changed.
    CodeRulesSet(Box<crate::CodeRules>),
    /// An executable replaced the state that it keeps.
    StateSet {
        /// Which one.
        key: Key,
        /// The new version of its state, from 1.
        version: u64,
        /// Its new state.
        state: crate::Value,
    },
    /// What others pay for an artifact goes to somebody else from now on.
    RevenueTransferred {
        /// The artifact.
        key: Key,
        /// Who got it before.
        from: Key,
        /// Who gets it now.
        to: Key,
    },
}

/// What a container went through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ContainerChange {
    /// It runs.
    Started,
    /// Its limits changed.
    Limited,
    /// The kernel ended it because it used too much memory.
    KilledForMemory,
    /// It ended.
    Stopped,
}

/// Why scrip changed hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TransferReason {
    /// Somebody gave it.
    Transfer,
    /// The price of a read or an invocation.
    Fee,
    /// Held for an offer.
    EscrowHold,
    /// Paid to a seller.
    EscrowPay,
    /// Given back from an offer.
    EscrowRefund,
    /// Held for a bid.
    Bid,
    /// Given back from a bid.
    BidRefund,
}

impl TransferReason {
    /// Its name in objects and lists.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Transfer => "transfer",
            Self::Fee => "fee",
            Self::EscrowHold => "escrow_hold",
            Self::EscrowPay => "escrow_pay",
            Self::EscrowRefund => "escrow_refund",
            Self::Bid => "bid",
            Self::BidRefund => "bid_refund",
        }
    }
}

/// Why scrip was minted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MintReason {
    /// Given at time zero.
    Endowment,
    /// For the score of a winning artifact.
    Score,
}

/// Something that escrow trades.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Good {
    /// An artifact; in the unified schema also an agent.
    Artifact(Key),
    /// A principal of the legacy schema: the right to its configuration.
    Agent(Key),
    /// A share or stock.
    Right {
        /// Of what.
        resource: Resource,
        /// How much.
        amount: u64,
    },
    /// Scrip, as a part of a bundle: a balance that is sold with what it belongs to.
    Scrip(Scrip),
    /// The right to what others pay for this artifact.
    Revenue(Key),
    /// Several goods that are sold together or not at all; none of them is a bundle.
    Bundle(Arc<[Good]>),
}

impl Good {
    /// The most goods in one bundle.
    pub const BUNDLE_MAX: usize = 16;

    /// What it consists of: the goods of a bundle, and itself for anything else.
    #[must_use]
    pub fn parts(&self) -> &[Self] {
        match self {
            Self::Bundle(goods) => goods,
            single => std::slice::from_ref(single),
        }
    }

    /// The artifact or agent, when it is one.
    #[must_use]
    pub const fn artifact(&self) -> Option<Key> {
        match self {
            Self::Artifact(key) | Self::Agent(key) => Some(*key),
            _ => None,
        }
    }
}

/// An ask (a good waits for a price) or an offer (scrip waits for a good).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Its number; orders are served in ascending numbers at equal prices.
    pub id: OrderId,
    /// Whose.
    pub owner: Key,
    /// The good, for an ask; `None` for an offer.
    pub good: Option<Good>,
    /// The kind of good that it matches.
    pub kind: SmolStr,
    /// The price asked, or the scrip held.
    pub price: Scrip,
    /// The only principal that may take it, if it is meant for one.
    pub only_for: Option<Key>,
    /// When it was opened.
    pub opened_at: Time,
}

/// A sealed bid at the mint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bid {
    /// Its number.
    pub id: BidId,
    /// Whose.
    pub bidder: Key,
    /// The artifact to be scored.
    pub artifact: Key,
    /// The scrip held.
    pub amount: Scrip,
    /// When it was placed.
    pub placed_at: Time,
}

/// Why an agent woke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum WakeReason {
    /// The time was over.
    Timer,
    /// A condition came true; its position in the sleep's list.
    Condition(u32),
    /// Somebody with the right to do so woke it.
    Called,
}

macro_rules! event_kinds {
    ($($variant:ident $name:literal $pattern:pat,)*) => {
        /// The kinds of events, as agents name them when they read or subscribe to the log.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        #[repr(u8)]
        pub enum EventKind { $(#[doc = $name] $variant,)* }

        impl EventKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in logs and arguments.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The kind called `name`.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.name() == name)
            }
        }

        impl Effect {
            /// Which kind of event it is.
            #[must_use]
            pub const fn kind(&self) -> EventKind {
                match self { $($pattern => EventKind::$variant,)* }
            }
        }
    };
}

event_kinds! {
    Interned "interned" Effect::Interned { .. },
    RulesSet "rules_set" Effect::RulesSet(_),
    RunStarted "run_started" Effect::RunStarted { .. },
    RunEnded "run_ended" Effect::RunEnded { .. },
    TickStarted "tick_started" Effect::TickStarted { .. },
    ActionDone "action_done" Effect::ActionDone { .. },
    ActionRefused "action_refused" Effect::ActionRefused { .. },
    ArtifactCreated "artifact_created" Effect::ArtifactCreated(_),
    ArtifactChanged "artifact_changed" Effect::ArtifactChanged { .. },
    ArtifactDeleted "artifact_deleted" Effect::ArtifactDeleted { .. },
    OwnershipTransferred "ownership_transferred" Effect::OwnershipTransferred { .. },
    ScripTransferred "scrip_transferred" Effect::ScripTransferred { .. },
    Minted "minted" Effect::Minted { .. },
    QuotaSet "quota_set" Effect::QuotaSet { .. },
    QuotaTransferred "quota_transferred" Effect::QuotaTransferred { .. },
    Charged "charged" Effect::Charged { .. },
    DiskUsed "disk_used" Effect::DiskUsed { .. },
    ReservationMade "reservation_made" Effect::ReservationMade { .. },
    ReservationSettled "reservation_settled" Effect::ReservationSettled { .. },
    ReservationReleased "reservation_released" Effect::ReservationReleased { .. },
    Measured "measured" Effect::Measured { .. },
    EscrowOpened "escrow_opened" Effect::EscrowOpened(_),
    EscrowSold "escrow_sold" Effect::EscrowSold { .. },
    EscrowCancelled "escrow_cancelled" Effect::EscrowCancelled { .. },
    BidPlaced "bid_placed" Effect::BidPlaced(_),
    MintResolved "mint_resolved" Effect::MintResolved { .. },
    BasicIncomePaid "basic_income_paid" Effect::BasicIncomePaid { .. },
    Subscribed "subscribed" Effect::Subscribed { .. },
    Unsubscribed "unsubscribed" Effect::Unsubscribed { .. },
    AgentStarted "agent_started" Effect::AgentStarted { .. },
    AgentSlept "agent_slept" Effect::AgentSlept { .. },
    AgentWoke "agent_woke" Effect::AgentWoke { .. },
    AgentBlocked "agent_blocked" Effect::AgentBlocked { .. },
    AgentUnblocked "agent_unblocked" Effect::AgentUnblocked { .. },
    AgentPaused "agent_paused" Effect::AgentPaused { .. },
    AgentVoided "agent_voided" Effect::AgentVoided { .. },
    AgentFailed "agent_failed" Effect::AgentFailed { .. },
    AgentStopped "agent_stopped" Effect::AgentStopped { .. },
    Thought "thought" Effect::Thought { .. },
    PermissionDivergence "permission_divergence" Effect::PermissionDivergence { .. },
    Container "container" Effect::Container { .. },
    DeprecationUsed "deprecation_used" Effect::DeprecationUsed { .. },
    MigrationBegun "migration_begun" Effect::MigrationBegun { .. },
    MigrationBatch "migration_batch" Effect::MigrationBatch { .. },
    MigrationFinished "migration_finished" Effect::MigrationFinished { .. },
    LimitExceeded "limit_exceeded" Effect::LimitExceeded { .. },
    CodeRulesSet "code_rules_set" Effect::CodeRulesSet(_),
    StateSet "state_set" Effect::StateSet { .. },
    RevenueTransferred "revenue_transferred" Effect::RevenueTransferred { .. },
}
