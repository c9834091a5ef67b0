//! Reading, verifying, and cutting off a torn end.

use std::ops::ControlFlow;

use rusqlite::{OptionalExtension, params};

use super::snapshot::{number, signed};
use super::{Cut, SqliteJournal, Verify, fault};
use crate::batch::{Batch, Visited, Writer};
use crate::check::frame_length;
use crate::journal::Visit;
use crate::{Journal, JournalError};

impl SqliteJournal {
    /// Verifies what was asked for.
    pub(super) fn verify(&mut self, verify: Verify) -> Result<(), JournalError> {
        let from = match verify {
            Verify::All => 1,
            Verify::Tail => self.last.max(1),
        };
        let from = if verify == Verify::Tail { self.batch_of(from)?.unwrap_or(from) } else { from };
        self.scan(from, self.last, &mut |_, _| ControlFlow::Continue(()))
    }

    /// The first number of the batch that holds frame `of`.
    fn batch_of(&self, of: u64) -> Result<Option<u64>, JournalError> {
        self.connection
            .prepare_cached("SELECT max(first) FROM batch WHERE first <= ?1")
            .and_then(|mut statement| statement.query_row([signed(of)], |row| row.get::<_, Option<i64>>(0)))
            .map(|first| first.and_then(|first| u64::try_from(first).ok()))
            .map_err(|error| fault::explain_read(of, &self.path, error))
    }

    /// Visits `from..=to`, which lie within the log, verifying every frame and every batch on the way.
    pub(super) fn scan(&self, from: u64, to: u64, visit: &mut Visit<'_>) -> Result<(), JournalError> {
        if from > to {
            return Ok(());
        }
        let missing = |number| JournalError::Corrupt { number, detail: "it is missing".to_owned() };
        let start = self.batch_of(from)?.ok_or_else(|| missing(1))?;
        let before: Option<(u64, u32, u32)> = self
            .connection
            .prepare_cached(
                "SELECT first, count, chain FROM batch WHERE first < ?1 ORDER BY first DESC LIMIT 1",
            )
            .and_then(|mut statement| {
                statement
                    .query_row([signed(start)], |row| Ok((number(row, 0)?, row.get(1)?, row.get(2)?)))
                    .optional()
            })
            .map_err(|error| fault::explain_read(start, &self.path, error))?;
        let (mut expected, mut chain) =
            before.map_or((1, 0), |(first, count, chain)| (first + u64::from(count), chain));
        let failed = |expected| move |error| fault::explain_read(expected, &self.path, error);
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT first, count, chain, body FROM batch WHERE first BETWEEN ?1 AND ?2 ORDER BY first",
            )
            .map_err(failed(expected))?;
        let mut rows = statement.query(params![signed(start), signed(to)]).map_err(failed(expected))?;
        while let Some(row) = rows.next().map_err(failed(expected))? {
            let body = row.get_ref(3).map_err(failed(expected))?.as_blob().unwrap_or_default();
            let batch = Batch {
                first: number(row, 0).map_err(failed(expected))?,
                count: row.get(1).map_err(failed(expected))?,
                chain: row.get(2).map_err(failed(expected))?,
                body,
            };
            if batch.first != expected || batch.count == 0 {
                return Err(missing(expected));
            }
            match batch.visit(from, to, Some(chain), visit) {
                Ok(Visited::All) => {}
                Ok(Visited::Stopped) => return Ok(()),
                Err(fault) => return Err(fault.into_error(batch.last() >= self.last)),
            }
            expected = batch.last() + 1;
            chain = batch.chain;
        }
        if expected <= to { Err(missing(expected)) } else { Ok(()) }
    }

    /// Cuts the log off before frame `at`, which is in its last batch or just behind it.
    pub(super) fn cut(&mut self, at: u64) -> Result<Cut, JournalError> {
        let frames = (self.last + 1).saturating_sub(at);
        let first = self.batch_of(at)?.unwrap_or(at);
        let mut kept = Writer::default();
        let mut oversize = None;
        self.scan(first, at.saturating_sub(1), &mut |number, bytes| match frame_length(bytes) {
            Ok(length) => {
                kept.push(number, length, bytes);
                ControlFlow::Continue(())
            }
            Err(error) => {
                oversize = Some(error);
                ControlFlow::Break(())
            }
        })?;
        if let Some(error) = oversize {
            return Err(error);
        }
        let cut = self.rewrite_last(first, at, &kept);
        self.poison_on_error("cutting off the torn end", cut)?;
        self.refresh()?;
        Ok(Cut { at, frames })
    }

    fn rewrite_last(&self, first: u64, at: u64, kept: &Writer) -> Result<(), rusqlite::Error> {
        let transaction = self.connection.unchecked_transaction()?;
        let before: Option<u32> = transaction
            .query_row(
                "SELECT chain FROM batch WHERE first < ?1 ORDER BY first DESC LIMIT 1",
                [signed(first)],
                |row| row.get(0),
            )
            .optional()?;
        transaction.execute("DELETE FROM batch WHERE first >= ?1", [signed(first)])?;
        if kept.count > 0 {
            let chain = kept.chain(before.unwrap_or(0));
            transaction.execute(super::INSERT, params![signed(first), kept.count, chain, &kept.body])?;
        }
        transaction.execute("DELETE FROM snapshot WHERE at >= ?1", [signed(at)])?;
        transaction.commit()
    }
}
