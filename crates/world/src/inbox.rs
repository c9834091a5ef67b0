//! What happened to each principal lately: an index into the log, so that nobody has to scan it.

use ecology_types::{Effect, GenesisArtifact, Key, Snug, TransferReason};

use crate::event_log::{Event, EventLog};

/// For each principal, the numbers of the latest events that others caused and that concern it.
#[derive(Debug, Clone, Default)]
pub struct Inboxes {
    boxes: Vec<Inbox>,
}

/// The latest numbers of one principal. Most principals get one thing, their endowment, and nothing for a long time.
#[derive(Debug, Clone, Default)]
enum Inbox {
    #[default]
    Empty,
    One(u64),
    More(Box<Latest>),
}

impl Inbox {
    fn put(&mut self, seq: u64) {
        match self {
            Self::Empty => *self = Self::One(seq),
            Self::One(first) => {
                let mut latest = Latest::default();
                latest.put(*first);
                latest.put(seq);
                *self = Self::More(Box::new(latest));
            }
            Self::More(latest) => latest.put(seq),
        }
    }

    /// Oldest first.
    fn iter(&self) -> impl Iterator<Item = u64> {
        let (one, more) = match self {
            Self::Empty => (None, None),
            Self::One(seq) => (Some(*seq), None),
            Self::More(latest) => (None, Some(latest.iter())),
        };
        one.into_iter().chain(more.into_iter().flatten())
    }
}

/// Numbers in a ring.
#[derive(Debug, Clone, Default)]
struct Latest {
    seqs: [u64; Inboxes::KEPT_MAX],
    /// How many were put in so far.
    count: usize,
}

impl Latest {
    fn put(&mut self, seq: u64) {
        self.seqs[self.count % Inboxes::KEPT_MAX] = seq;
        self.count += 1;
    }

    /// Oldest first.
    fn iter(&self) -> impl Iterator<Item = u64> {
        (self.count.saturating_sub(Inboxes::KEPT_MAX)..self.count).map(|at| self.seqs[at % Inboxes::KEPT_MAX])
    }
}

impl Inboxes {
    /// How many numbers are kept for each principal.
    pub const KEPT_MAX: usize = 16;

    /// The inboxes that a log gives, for a world that was opened from a snapshot.
    pub(crate) fn of(log: &EventLog) -> Self {
        let mut inboxes = Self::default();
        for event in log.after(0) {
            inboxes.take_note(&event);
        }
        inboxes
    }

    /// The latest events about `key`, oldest first.
    pub fn of_principal(&self, key: Key) -> impl Iterator<Item = u64> {
        self.boxes.get(key.index()).into_iter().flat_map(Inbox::iter)
    }

    /// Reads where the next number of `key` goes.
    pub(crate) fn touch(&self, key: Key) -> u64 {
        match self.boxes.get(key.index()) {
            None | Some(Inbox::Empty) => 0,
            Some(Inbox::One(seq)) => *seq,
            Some(Inbox::More(latest)) => latest.count as u64 ^ latest.seqs[latest.count % Self::KEPT_MAX],
        }
    }

    pub(crate) fn take_note(&mut self, event: &Event) {
        match &event.effect {
            Effect::ScripTransferred { from, to, reason, .. } => {
                if matches!(reason, TransferReason::Fee) && Some(*from) != event.actor {
                    self.put(*from, event.seq);
                }
                if Some(*to) != event.actor {
                    self.put(*to, event.seq);
                }
            }
            Effect::QuotaTransferred { to, .. } | Effect::OwnershipTransferred { to, .. }
                if Some(*to) != event.actor =>
            {
                self.put(*to, event.seq);
            }
            Effect::EscrowSold { seller, buyer, .. } => {
                self.put(*seller, event.seq);
                self.put(*buyer, event.seq);
            }
            Effect::EscrowOpened(order) => {
                if let Some(only_for) = order.only_for {
                    self.put(only_for, event.seq);
                }
            }
            Effect::Minted { to, .. } => self.put(*to, event.seq),
            _ => {}
        }
    }

    fn put(&mut self, key: Key, seq: u64) {
        if GenesisArtifact::from_key(key).is_some() {
            return;
        }
        self.boxes.reach(key.index() + 1, Inbox::default);
        self.boxes[key.index()].put(seq);
    }
}
