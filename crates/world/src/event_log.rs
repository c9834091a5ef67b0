//! The part of the log that agents can read: the most recent events, in order.

use std::collections::VecDeque;

use ecology_types::{Effect, Key, Time};
use serde::{Deserialize, Serialize};

/// One event with its place in history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its number, from 1 without holes.
    pub seq: u64,
    /// When it happened.
    pub time: Time,
    /// Who acted, when it was an agent.
    pub actor: Option<Key>,
    /// The number of the record that caused it.
    pub cause: u64,
    /// What happened.
    pub effect: Effect,
}

/// The most recent events. The journal keeps all of them; this is what stays readable from inside the world.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct EventLog {
    kept_max: usize,
    last: u64,
    events: VecDeque<Event>,
    /// Bytes of content that the events hold.
    content_bytes: u64,
}

/// Bytes of content that an event keeps alive.
fn content_bytes(event: &Event) -> u64 {
    match &event.effect {
        Effect::ArtifactCreated(record) => record.content.len() as u64,
        Effect::ArtifactChanged { content: Some(content), .. } => content.len() as u64,
        _ => 0,
    }
}

impl EventLog {
    /// Events hold the content that was written. With more than this the oldest go early, so that replacing a large artifact over and
    /// over does not fill the memory.
    pub const CONTENT_BYTES_MAX: u64 = 64 << 20;

    pub(crate) fn set_kept_max(&mut self, kept_max: usize) {
        self.kept_max = kept_max.max(1);
        while self.events.len() > self.kept_max {
            self.pop();
        }
    }

    pub(crate) fn push(&mut self, event: Event) {
        // The events of the record in progress are kept whatever the limit: whoever runs the world has not seen them yet.
        while self.events.len() >= self.kept_max.max(1)
            && self.events.front().is_some_and(|oldest| oldest.cause != event.cause)
        {
            self.pop();
        }
        self.last = event.seq;
        self.content_bytes += content_bytes(&event);
        // Never more room than events are kept: then a new event takes the place of the one that goes, which is in the cache already. Only a
        // record with more events than that gets more room for itself, and gives it back with the next one.
        if self.events.len() == self.events.capacity() {
            let kept_max = self.kept_max.max(1);
            let more = match kept_max.checked_sub(self.events.len()) {
                None | Some(0) => self.events.len() / 2 + 1,
                Some(rest) => self.events.len().max(64).min(rest),
            };
            self.events.reserve_exact(more);
        } else if self.events.capacity() > 2 * self.kept_max.max(64) && self.events.len() <= self.kept_max {
            self.events.shrink_to(self.kept_max);
        }
        self.events.push_back(event);
        while self.content_bytes > Self::CONTENT_BYTES_MAX && self.oldest_is_over() {
            self.pop();
        }
    }

    /// Whether the oldest event belongs to an earlier record than the newest.
    fn oldest_is_over(&self) -> bool {
        match (self.events.front(), self.events.back()) {
            (Some(oldest), Some(newest)) => oldest.cause != newest.cause,
            _ => false,
        }
    }

    fn pop(&mut self) {
        if let Some(event) = self.events.pop_front() {
            self.content_bytes -= content_bytes(&event);
        }
    }

    /// The number of the last event; 0 before the first.
    #[must_use]
    pub const fn last_seq(&self) -> u64 {
        self.last
    }

    /// The number of the oldest event that is kept.
    #[must_use]
    pub fn first_kept(&self) -> u64 {
        self.events.front().map_or(self.last + 1, |event| event.seq)
    }

    /// The event with this number, while it is kept.
    #[must_use]
    pub fn get(&self, seq: u64) -> Option<&Event> {
        let at = seq.checked_sub(self.first_kept())?;
        self.events.get(usize::try_from(at).ok()?)
    }

    /// Events with numbers above `seq`, oldest first.
    pub fn after(&self, seq: u64) -> impl DoubleEndedIterator<Item = &Event> {
        let skip = seq.saturating_add(1).saturating_sub(self.first_kept());
        self.events.range(usize::try_from(skip).unwrap_or(usize::MAX).min(self.events.len())..)
    }
}
