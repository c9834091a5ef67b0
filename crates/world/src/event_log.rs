//! The part of the log that agents can read: the most recent events, in order.

use std::collections::VecDeque;

use ecology_types::{Effect, EventKind, Key, Time, append};
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

/// Events of one chunk.
const CHUNK_EVENTS: usize = 512;

/// The most recent events. The journal keeps all of them; this is what stays readable from inside the world.
///
/// Most events are kept in the encoding of the journal, a tenth of their size in memory: a long log that is written all the time would else
/// drive everything else out of the processor's cache. Only those that hold content share it instead.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct EventLog {
    kept_max: u64,
    /// The number of the oldest event that is kept.
    first: u64,
    last: u64,
    /// Each but the last one holds [`CHUNK_EVENTS`] events; the first one may begin with some that are not kept any more.
    chunks: VecDeque<Chunk>,
    /// The number of the first event of the first chunk.
    chunks_first: u64,
    /// Events that are not encoded, with their numbers.
    whole: VecDeque<(u64, Effect)>,
    /// Bytes of content that the events hold.
    content_bytes: u64,
    /// A chunk that is not in use, kept for its room.
    #[serde(skip)]
    spare: Option<Chunk>,
}

/// Events that follow each other.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Chunk {
    places: Vec<Place>,
    heads: Vec<Head>,
    bytes: Vec<u8>,
}

impl Chunk {
    /// Appends events of one record.
    fn push(&mut self, events: &[Event], encoded: Option<(&[u8], &[usize])>) {
        let Some(first) = events.first() else { return };
        self.heads.push(Head { time: first.time, cause: first.cause, actor: first.actor });
        // A chunk has no more heads than events, and offsets of that few events fit 32 bits.
        let head = u16::try_from(self.heads.len() - 1).unwrap_or(u16::MAX);
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        if let Some((bytes, ends)) = encoded
            && !events.iter().any(|event| is_kept_whole(&event.effect))
            && let (Some(&begin), Some(&end)) = (ends.first(), ends.last())
            && let Some(effects) = bytes.get(begin..end)
        {
            let here = self.bytes.len();
            let places = events.iter().zip(ends).map(|(event, start)| Place {
                start: offset(here + (*start - begin)),
                head,
                kind: event.effect.kind(),
            });
            self.places.extend(places);
            self.bytes.extend_from_slice(effects);
            return;
        }
        for event in events {
            self.places.push(Place { start: offset(self.bytes.len()), head, kind: event.effect.kind() });
            if !is_kept_whole(&event.effect) {
                // What cannot be encoded, and every effect can, would be missing from what agents read of the past and from nothing else.
                drop(append(&event.effect, &mut self.bytes));
            }
        }
    }
}

/// Where in its chunk an event is.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Place {
    /// Its first byte; it ends where the next one begins.
    start: u32,
    head: u16,
    kind: EventKind,
}

/// What the events of one record have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    time: Time,
    cause: u64,
    actor: Option<Key>,
}

/// Whether an effect is kept as it is: it shares large parts with the rest of the world.
const fn is_kept_whole(effect: &Effect) -> bool {
    matches!(effect, Effect::ArtifactCreated(_) | Effect::ArtifactChanged { .. } | Effect::RulesSet(_))
}

/// Bytes of content that an event keeps alive.
fn content_bytes(effect: &Effect) -> u64 {
    match effect {
        Effect::ArtifactCreated(record) => record.content.len() as u64,
        Effect::ArtifactChanged { content: Some(content), .. } => content.len() as u64,
        _ => 0,
    }
}

/// An event of the log that has not been decoded.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'l> {
    log: &'l EventLog,
    chunk: &'l Chunk,
    at: usize,
    seq: u64,
}

impl Entry<'_> {
    /// Which kind of event it is.
    #[must_use]
    pub fn kind(&self) -> Option<EventKind> {
        self.chunk.places.get(self.at).map(|place| place.kind)
    }

    /// The event.
    #[must_use]
    pub fn event(&self) -> Option<Event> {
        let place = self.chunk.places.get(self.at)?;
        let Head { time, cause, actor } = *self.chunk.heads.get(usize::from(place.head))?;
        let effect = match self.log.whole.binary_search_by_key(&self.seq, |(seq, _)| *seq) {
            Ok(at) => self.log.whole.get(at)?.1.clone(),
            Err(_) => postcard::from_bytes(self.chunk.bytes.get(place.start as usize..)?).ok()?,
        };
        Some(Event { seq: self.seq, time, actor, cause, effect })
    }
}

impl EventLog {
    /// Events hold the content that was written. With more than this the oldest go early, so that replacing a large artifact over and
    /// over does not fill the memory.
    pub const CONTENT_BYTES_MAX: u64 = 64 << 20;

    pub(crate) fn set_kept_max(&mut self, kept_max: usize) {
        self.kept_max = (kept_max as u64).max(1);
        self.forget_until(self.last.saturating_sub(self.kept_max));
    }

    /// Enters the events of one record. `encoded` is their effects in the encoding of records and where each of them ends, beginning with where
    /// the first one begins, where that is at hand.
    pub(crate) fn push_record(&mut self, events: &[Event], encoded: Option<(&[u8], &[usize])>) {
        let (Some(first), Some(last)) = (events.first(), events.last()) else { return };
        if self.chunks.is_empty() {
            (self.first, self.chunks_first) = (first.seq, first.seq);
        }
        self.last = last.seq;
        let mut done = 0;
        while done < events.len() {
            if self.chunks.back().is_none_or(|chunk| chunk.places.len() >= CHUNK_EVENTS) {
                self.chunks.push_back(self.spare.take().unwrap_or_default());
            }
            let Some(chunk) = self.chunks.back_mut() else { return };
            let fits = (CHUNK_EVENTS - chunk.places.len()).min(events.len() - done);
            let part = &events[done..done + fits];
            let encoded = encoded.and_then(|(bytes, ends)| Some((bytes, ends.get(done..=done + fits)?)));
            chunk.push(part, encoded);
            done += fits;
        }
        for event in events.iter().filter(|event| is_kept_whole(&event.effect)) {
            self.content_bytes += content_bytes(&event.effect);
            self.whole.push_back((event.seq, event.effect.clone()));
        }
        // The events of the last record are kept whatever the limit: whoever runs the world has not seen them yet.
        let before = first.seq - 1;
        self.forget_until(self.last.saturating_sub(self.kept_max.max(1)).min(before));
        while self.content_bytes > Self::CONTENT_BYTES_MAX
            && let Some((oldest, _)) = self.whole.front()
            && *oldest <= before
        {
            self.forget_until(*oldest);
        }
    }

    /// Forgets the events up to this number.
    fn forget_until(&mut self, seq: u64) {
        if seq < self.first {
            return;
        }
        self.first = seq + 1;
        while let Some((_, effect)) = self.whole.pop_front_if(|(oldest, _)| *oldest <= seq) {
            self.content_bytes -= content_bytes(&effect);
        }
        while self.chunks.len() > 1 && self.chunks_first + CHUNK_EVENTS as u64 <= self.first {
            self.chunks_first += CHUNK_EVENTS as u64;
            if let Some(mut chunk) = self.chunks.pop_front() {
                chunk.places.clear();
                chunk.heads.clear();
                chunk.bytes.clear();
                self.spare = Some(chunk);
            }
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
        if self.chunks.is_empty() { self.last + 1 } else { self.first }
    }

    fn entry(&self, seq: u64) -> Option<Entry<'_>> {
        if seq < self.first_kept() || seq > self.last {
            return None;
        }
        let at = usize::try_from(seq.checked_sub(self.chunks_first)?).ok()?;
        let chunk = self.chunks.get(at / CHUNK_EVENTS)?;
        Some(Entry { log: self, chunk, at: at % CHUNK_EVENTS, seq })
    }

    /// The event with this number, while it is kept.
    #[must_use]
    pub fn get(&self, seq: u64) -> Option<Event> {
        self.entry(seq)?.event()
    }

    /// Entries with numbers above `seq`, oldest first: for whoever looks at their kinds before decoding them.
    pub fn entries_after(&self, seq: u64) -> impl DoubleEndedIterator<Item = Entry<'_>> {
        (seq.saturating_add(1).max(self.first_kept())..=self.last).filter_map(|seq| self.entry(seq))
    }

    /// Events with numbers above `seq`, oldest first.
    pub fn after(&self, seq: u64) -> impl DoubleEndedIterator<Item = Event> {
        self.entries_after(seq).filter_map(|entry| entry.event())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ecology_types::{Scrip, TransferReason};
    use proptest::prelude::*;

    use super::*;

    fn effect(n: u64) -> Effect {
        match n % 5 {
            0 => Effect::TickStarted { tick: n },
            1 => Effect::ScripTransferred {
                from: Key(1),
                to: Key(2),
                amount: Scrip(n),
                reason: TransferReason::Transfer,
            },
            2 => Effect::ArtifactChanged {
                key: Key(3),
                version: n,
                content: Some(Arc::from("text")),
                kind: None,
                can_execute: None,
                access_contract: None,
                policy: None,
                interface: None,
                memory: None,
            },
            3 => Effect::RunEnded { reason: "finished for a reason that takes some room".into() },
            _ => Effect::AgentStarted { agent: Key(4) },
        }
    }

    /// Encodes as a step does.
    fn encode(events: &[Event]) -> (Vec<u8>, Vec<usize>) {
        let mut bytes = b"head".to_vec();
        let mut ends = vec![bytes.len()];
        for event in events {
            append(&event.effect, &mut bytes).unwrap();
            ends.push(bytes.len());
        }
        (bytes, ends)
    }

    proptest! {
        #[test]
        fn it_gives_back_the_latest_events(
            kept_max in 1_usize..1_500,
            records in prop::collection::vec((0_usize..700, any::<bool>(), any::<u64>()), 1..12),
        ) {
            let mut log = EventLog::default();
            log.set_kept_max(kept_max);
            let mut all: Vec<Event> = Vec::new();
            for (cause, (len, encoded, mix)) in (1_u64..).zip(records) {
                let before = all.len();
                for n in 0..len as u64 {
                    let (seq, actor) = (all.len() as u64 + 1, mix.is_multiple_of(2).then_some(Key(7)));
                    all.push(Event { seq, time: Time(cause), actor, cause, effect: effect(mix.wrapping_add(n)) });
                }
                let (bytes, ends) = encode(&all[before..]);
                log.push_record(&all[before..], encoded.then_some((&bytes, &ends)));
                if len == 0 {
                    continue;
                }
                let kept = &all[all.len().saturating_sub(kept_max).min(before)..];
                prop_assert_eq!(log.first_kept(), kept[0].seq);
                prop_assert_eq!(log.last_seq(), all.len() as u64);
                prop_assert!(log.after(0).eq(kept.iter().cloned()));
                prop_assert!(log.after(0).rev().eq(kept.iter().rev().cloned()));
                prop_assert!(log.entries_after(0).map(|entry| entry.kind()).eq(kept.iter().map(|event| Some(event.effect.kind()))));
                prop_assert!(log.after(kept[kept.len() / 2].seq).eq(kept[kept.len() / 2 + 1..].iter().cloned()));
                prop_assert_eq!(log.get(kept[0].seq - 1), None);
                prop_assert_eq!(log.get(log.last_seq() + 1), None);
                let saved: EventLog = postcard::from_bytes(&postcard::to_allocvec(&log).unwrap()).unwrap();
                prop_assert!(saved.after(0).eq(kept.iter().cloned()));
            }
        }
    }
}
