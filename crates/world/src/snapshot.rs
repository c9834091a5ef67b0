//! A state as bytes, so that opening a world does not replay all of its history.

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

#[derive(Serialize, Deserialize)]
struct Saved {
    version: u32,
    axes: AxisVector,
    rules: Rules,
    ids: Vec<Id>,
    accounts: Accounts,
    book: OrderBook,
    mint: Mint,
    agents: Agents,
    reservations: Reservations,
    subscriptions: Subscriptions,
    deleters: Vec<(Key, Key)>,
    graves: Graves,
    migrations: Migrations,
    revenue: Revenue,
    exempt: Exempt,
    code: Code,
    usage: Totals<Usage>,
    measured: Totals<Measured>,
    log: EventLog,
    clock: Clock,
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
            rules: (*self.rules).clone(),
            ids: self.symbols.iter().cloned().collect(),
            accounts: self.accounts.clone(),
            book: self.book.clone(),
            mint: self.mint.clone(),
            agents: self.agents.clone(),
            reservations: self.reservations.clone(),
            subscriptions: self.subscriptions.clone(),
            deleters,
            graves: self.graves.clone(),
            migrations: self.migrations.clone(),
            revenue: self.revenue.clone(),
            exempt: self.exempt.clone(),
            code: self.code.clone(),
            usage: self.usage.clone(),
            measured: self.measured.clone(),
            log: self.log.clone(),
            clock: self.clock.clone(),
            refilled: self.refilled,
            limiter: InOnePiece(self.parts.limiter.save()),
            ontology: InOnePiece(self.parts.ontology.save()),
        };
        postcard::to_stdvec(&saved).map_err(|error| SnapshotError(error.to_string()))
    }

    /// A world from a snapshot, on fresh parts in the same positions.
    ///
    /// # Errors
    /// [`SnapshotError`] when the bytes are no snapshot of this version or were taken in other positions.
    pub fn from_snapshot(mut parts: Parts, bytes: &[u8]) -> Result<Self, SnapshotError> {
        let saved: Saved = match postcard::take_from_bytes(bytes) {
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
            rules: Arc::new(saved.rules),
            symbols,
            accounts: saved.accounts,
            book: saved.book,
            mint: saved.mint,
            agents: saved.agents,
            reservations: saved.reservations,
            subscriptions: saved.subscriptions,
            deleters: saved.deleters.into_iter().collect(),
            graves: saved.graves,
            migrations: saved.migrations,
            revenue: saved.revenue,
            exempt: saved.exempt,
            code: saved.code,
            usage: saved.usage,
            measured: saved.measured,
            inboxes: Inboxes::of(&saved.log),
            log: saved.log,
            clock: saved.clock,
            refilled: saved.refilled,
            recent: Vec::new(),
            ends: Vec::new(),
        })
    }
}
