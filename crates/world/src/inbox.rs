//! What happened to each principal lately: an index into the log, so that nobody has to scan it.

use ecology_types::{Effect, GenesisArtifact, Key, TransferReason};

use crate::event_log::{Event, EventLog};

/// For each principal, the numbers of the latest events that others caused and that concern it.
#[derive(Debug, Clone, Default)]
pub struct Inboxes {
    boxes: Vec<Option<Box<Inbox>>>,
}

/// The latest numbers of one principal, in a ring.
#[derive(Debug, Clone, Default)]
struct Inbox {
    seqs: [u64; Inboxes::KEPT_MAX],
    /// How many were put in so far.
    count: usize,
}

impl Inbox {
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
        self.boxes.get(key.index()).and_then(Option::as_ref).into_iter().flat_map(|inbox| inbox.iter())
    }

    /// Reads where the next number of `key` goes.
    pub(crate) fn touch(&self, key: Key) -> u64 {
        let inbox = self.boxes.get(key.index()).and_then(Option::as_ref);
        inbox.map_or(0, |inbox| inbox.count as u64 ^ inbox.seqs[inbox.count % Self::KEPT_MAX])
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
        if self.boxes.len() <= key.index() {
            self.boxes.resize(key.index() + 1, None);
        }
        self.boxes[key.index()].get_or_insert_default().put(seq);
    }
}
