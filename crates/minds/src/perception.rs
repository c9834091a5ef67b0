//! What an agent may see: the only window between a mind and the world.

use ecology_types::{EventKind, Id, OrderId, Outcome, Resource, Scrip, Time};

/// Everything that one agent may see at one moment, and nothing else.
///
/// The world implements it for an agent on its live state, after asking the access rules; [`crate::Summary`] is the same as owned,
/// bounded data. Whoever implements it keeps these promises: what is shown has passed the access rules for *this* agent; nothing
/// changes during one thought; orders of iteration are fixed by the state, never by a hash map.
pub trait Perception {
    /// World time of this thought.
    fn now(&self) -> Time;
    /// Number of the present tick, from 1; 0 in continuous mode.
    fn tick(&self) -> u64;
    /// The id of the agent that thinks.
    fn me(&self) -> &Id;
    /// Its free scrip: what escrow and mint hold is not in it.
    fn scrip(&self) -> Scrip;
    /// Its own share per window (renewable), quota (allocatable) or stock that is left (depletable), in the unit of the resource.
    fn quota(&self, resource: Resource) -> u64;
    /// Its own use in the current window, the bytes in use, or the stock used so far, in the unit of the resource.
    fn used(&self, resource: Resource) -> u64;
    /// How many agents there are, as `genesis_store.list_agents` shows them; the agent itself is one of them.
    fn agents_count(&self) -> usize;
    /// The agent at `index` in a fixed order; `None` from [`Perception::agents_count`] on.
    fn agent_at(&self, index: usize) -> Option<&Id>;
    /// What everybody may know about the loop of an agent; `None` when there is no such agent.
    fn agent_status(&self, id: &Id) -> Option<AgentStatus>;
    /// How many artifacts the agent owns.
    fn owned_count(&self) -> usize;
    /// Its own artifact at `index`, in ascending order of keys; `None` from [`Perception::owned_count`] on.
    fn owned_at(&self, index: usize) -> Option<ArtifactGlimpse<'_>>;
    /// An artifact that the agent may read (without paying); `None` when it does not exist or may not be read.
    fn artifact(&self, id: &Id) -> Option<ArtifactGlimpse<'_>>;
    /// The lowest open ask for goods of this kind that the agent may take; never one of its own.
    fn best_ask(&self, kind: &str) -> Option<OrderGlimpse<'_>>;
    /// The highest open offer for goods of this kind; never one of its own.
    fn best_offer(&self, kind: &str) -> Option<OrderGlimpse<'_>>;
    /// Visits the agent's own open orders in ascending order of their numbers.
    fn my_orders(&self, visit: &mut dyn FnMut(OrderGlimpse<'_>));
    /// The mint.
    fn mint(&self) -> MintGlimpse;
    /// What became of the agent's last decision. `None` when nothing was carried out yet, or when the last thought was dropped (void).
    fn last_outcome(&self) -> Option<&Outcome>;
    /// Visits the events since the agent's last thought that it may see, in ascending order of their numbers; bounded, the newest are kept.
    fn events(&self, visit: &mut dyn FnMut(EventGlimpse<'_>));
}

/// What everybody may know about an agent's loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentStatus {
    /// It thinks and acts.
    Running,
    /// It sleeps until a time, an event or a condition.
    Sleeping,
    /// Frozen: it waits for a resource. Somebody's transfer of quota may help.
    Blocked,
    /// Too many errors in a row; it waits for somebody to resume it.
    Paused,
    /// Its loop has ended.
    Stopped,
}

impl AgentStatus {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Sleeping => "sleeping",
            Self::Blocked => "blocked",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
        }
    }
}

/// An artifact as an agent sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArtifactGlimpse<'a> {
    /// Its id.
    pub id: &'a Id,
    /// Its label.
    pub kind: &'a str,
    /// Rises by one with every change.
    pub version: u64,
    /// Size of its content, in bytes; of the whole content, even when `content` is cut.
    pub bytes: u64,
    /// Whether it belongs to the agent that looks.
    pub owner_is_me: bool,
    /// Has code that can be invoked.
    pub can_execute: bool,
    /// May hold scrip and resources.
    pub has_standing: bool,
    /// Its content, when the agent may read it for free. A [`crate::Summary`] keeps only the beginning of a long one.
    pub content: Option<&'a str>,
}

/// An ask or an offer in escrow as an agent sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderGlimpse<'a> {
    /// Its number.
    pub id: OrderId,
    /// The kind of good that it matches.
    pub kind: &'a str,
    /// The price asked, or the scrip held.
    pub price: Scrip,
    /// Whether it is the agent's own.
    pub mine: bool,
    /// The artifact or agent for sale, when there is one; of a bundle its first.
    pub good_id: Option<&'a Id>,
    /// An ask (a good waits for a price); otherwise an offer (scrip waits for a good).
    pub is_ask: bool,
}

/// The mint as an agent sees it. Bids are sealed: of the others only their number shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct MintGlimpse {
    /// When it resolves next; [`Time::NEVER`] when it is off.
    pub next: Time,
    /// How many bids wait for that, the agent's own included.
    pub open_bids: u32,
    /// How many of them are the agent's own.
    pub my_bids: u32,
}

impl MintGlimpse {
    /// A mint that is off.
    pub const OFF: Self = Self { next: Time::NEVER, open_bids: 0, my_bids: 0 };
}

/// An event as an agent sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventGlimpse<'a> {
    /// Its number in the log.
    pub seq: u64,
    /// When it happened.
    pub time: Time,
    /// What happened.
    pub kind: EventKind,
    /// Who did it, when somebody did.
    pub actor: Option<&'a Id>,
    /// Whether the agent that looks takes part: paid to it, sold by it, done to its artifacts.
    pub about_me: bool,
}
