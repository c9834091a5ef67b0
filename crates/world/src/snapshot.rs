//! A state as bytes, so that opening a world does not replay all of its history.

use std::borrow::Cow;
use std::sync::Arc;

use ecology_ontology::Symbols;
use ecology_types::{Axis, AxisVector, Id, Key, Rules};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::accounts::Accounts;
use crate::agents::Agents;
use crate::code::Code;
use crate::disk::Exempt;
use crate::event_log::EventLog;
use crate::graves::Graves;
use crate::inbox::Inboxes;
use crate::migrations::Migrations;
use crate::mint::Mint;
use crate::order_book::OrderBook;
use crate::parts::Parts;
use crate::refilled::Refilled;
use crate::reservations::Reservations;
use crate::revenue::Revenue;
use crate::subscriptions::Subscriptions;
use crate::totals::Totals;
use crate::usage::{Measured, Usage};
use crate::world::{Clock, World};

/// The version of the encoding of snapshots. A snapshot of another version is not used; the journal is replayed instead.
pub const SNAPSHOT_VERSION: u32 = 8;

/// Borrowed where a world is written, so that writing it copies nothing, and owned where it is read.
#[derive(Serialize, Deserialize)]
struct Saved<'a> {
    version: u32,
    axes: AxisVector,
    rules: Cow<'a, Rules>,
    ids: Vec<Id>,
    accounts: Cow<'a, Accounts>,
    book: Cow<'a, OrderBook>,
    mint: Cow<'a, Mint>,
    agents: Cow<'a, Agents>,
    reservations: Cow<'a, Reservations>,
    subscriptions: Cow<'a, Subscriptions>,
    deleters: Vec<(Key, Key)>,
    graves: Cow<'a, Graves>,
    migrations: Cow<'a, Migrations>,
    revenue: Cow<'a, Revenue>,
    exempt: Cow<'a, Exempt>,
    code: Cow<'a, Code>,
    usage: Cow<'a, Totals<Usage>>,
    measured: Cow<'a, Totals<Measured>>,
    log: Cow<'a, EventLog>,
    clock: Cow<'a, Clock>,
    refilled: Refilled,
    limiter: InOnePiece,
    ontology: InOnePiece,
}

/// Bytes that are written in one piece instead of one by one, which comes to the same.
struct InOnePiece(Vec<u8>);

impl Serialize for InOnePiece {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for InOnePiece {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Whole;
        impl Visitor<'_> for Whole {
            type Value = InOnePiece;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<InOnePiece, E> {
                Ok(InOnePiece(bytes.to_vec()))
            }
        }
        deserializer.deserialize_bytes(Whole)
    }
}

/// Bytes that are no snapshot of this version for these positions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the snapshot cannot be used: {0}; the journal holds everything it held")]
pub struct SnapshotError(pub String);

impl World {
    /// The whole state as bytes. Holds only for the same positions of the axes: another implementation replays the journal instead.
    ///
    /// # Errors
    /// [`SnapshotError`] when a part cannot be encoded.
    pub fn snapshot(&self) -> Result<Vec<u8>, SnapshotError> {
        let mut deleters: Vec<(Key, Key)> = self.deleters.iter().map(|(key, who)| (*key, *who)).collect();
        deleters.sort_unstable();
        let saved = Saved {
            version: SNAPSHOT_VERSION,
            axes: self.parts.axes,
            rules: Cow::Borrowed(&self.rules),
            ids: self.symbols.iter().cloned().collect(),
            accounts: Cow::Borrowed(&self.accounts),
            book: Cow::Borrowed(&self.book),
            mint: Cow::Borrowed(&self.mint),
            agents: Cow::Borrowed(&self.agents),
            reservations: Cow::Borrowed(&self.reservations),
            subscriptions: Cow::Borrowed(&self.subscriptions),
            deleters,
            graves: Cow::Borrowed(&self.graves),
            migrations: Cow::Borrowed(&self.migrations),
            revenue: Cow::Borrowed(&self.revenue),
            exempt: Cow::Borrowed(&self.exempt),
            code: Cow::Borrowed(&self.code),
            usage: Cow::Borrowed(&self.usage),
            measured: Cow::Borrowed(&self.measured),
            log: Cow::Borrowed(&self.log),
            clock: Cow::Borrowed(&self.clock),
            refilled: self.refilled,
            limiter: InOnePiece(self.parts.limiter.save()),
            ontology: InOnePiece(self.parts.ontology.save()),
        };
        // Most of a large world; what grows beyond it is copied once or twice.
        let room = Vec::with_capacity(2 * (saved.limiter.0.len() + saved.ontology.0.len()));
        postcard::to_extend(&saved, room).map_err(|error| SnapshotError(error.to_string()))
    }

    /// A world from a snapshot, on fresh parts in the same positions.
    ///
    /// # Errors
    /// [`SnapshotError`] when the bytes are no snapshot of this version or were taken in other positions.
    pub fn from_snapshot(mut parts: Parts, bytes: &[u8]) -> Result<Self, SnapshotError> {
        let saved: Saved<'_> = match postcard::take_from_bytes(bytes) {
            Ok((saved, [])) => saved,
            Ok(_) => return Err(SnapshotError("there are bytes after its end".to_owned())),
            Err(error) => return Err(SnapshotError(error.to_string())),
        };
        if saved.version != SNAPSHOT_VERSION {
            return Err(SnapshotError(format!("it has version {}, not {SNAPSHOT_VERSION}", saved.version)));
        }
        // The other axes leave nothing behind that a snapshot would have to be read by the same side for.
        let limiter = |axes: AxisVector| (axes.side(Axis::RateLimiting), axes.shadowing(Axis::RateLimiting));
        if limiter(saved.axes) != limiter(parts.axes) {
            return Err(SnapshotError(format!("it was taken with {}", saved.axes)));
        }
        parts.limiter.set_window(saved.rules.window);
        parts.limiter.restore(&saved.limiter.0).map_err(SnapshotError)?;
        parts.ontology.restore(&saved.ontology.0).map_err(SnapshotError)?;
        let mut symbols = Symbols::default();
        for id in saved.ids {
            if symbols.key(id.as_str()).is_some() {
                return Err(SnapshotError(format!("it names {id} twice")));
            }
            symbols.insert(symbols.next(), id);
        }
        Ok(Self {
            parts,
            rules: Arc::new(saved.rules.into_owned()),
            symbols,
            accounts: saved.accounts.into_owned(),
            book: saved.book.into_owned(),
            mint: saved.mint.into_owned(),
            agents: saved.agents.into_owned(),
            reservations: saved.reservations.into_owned(),
            subscriptions: saved.subscriptions.into_owned(),
            deleters: saved.deleters.into_iter().collect(),
            graves: saved.graves.into_owned(),
            migrations: saved.migrations.into_owned(),
            revenue: saved.revenue.into_owned(),
            exempt: saved.exempt.into_owned(),
            code: saved.code.into_owned(),
            usage: saved.usage.into_owned(),
            measured: saved.measured.into_owned(),
            inboxes: Inboxes::of(&saved.log),
            log: saved.log.into_owned(),
            clock: saved.clock.into_owned(),
            refilled: saved.refilled,
            recent: Vec::new(),
            ends: Vec::new(),
        })
    }
}
