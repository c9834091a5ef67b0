//! Snapshots, in parts, because SQLite holds at most a billion bytes in one value.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::SNAPSHOTS_KEPT;

/// Bytes of one part. SQLite copies a value three times before it is in a page: small copies use the same memory again and again, large ones
/// are fetched from the system, cleared, and given back.
const PART_BYTES: usize = 64 * 1024;

/// A number as SQLite holds it; its integers are signed, and no log is that long.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A frame number out of a row.
pub(super) fn number(row: &Row<'_>, column: usize) -> Result<u64, rusqlite::Error> {
    let stored: i64 = row.get(column)?;
    u64::try_from(stored).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, stored))
}

/// Keeps a snapshot and drops those that are no longer wanted, in one transaction.
pub(super) fn save(
    connection: &Connection,
    at: u64,
    tag: &[u8],
    bytes: &[u8],
) -> Result<(), rusqlite::Error> {
    let transaction = connection.unchecked_transaction()?;
    let at = signed(at);
    transaction.execute("DELETE FROM snapshot WHERE tag = ?1 AND at = ?2", params![tag, at])?;
    let parts: Vec<&[u8]> = if bytes.is_empty() { vec![bytes] } else { bytes.chunks(PART_BYTES).collect() };
    let mut insert = transaction.prepare_cached(
        "INSERT INTO snapshot (tag, at, part, parts, sum, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (index, part) in parts.iter().enumerate() {
        let sum = crc32fast::hash(part);
        insert.execute(params![tag, at, signed(index as u64), signed(parts.len() as u64), sum, part])?;
    }
    drop(insert);
    transaction.execute(
        "DELETE FROM snapshot WHERE tag = ?1 AND at NOT IN
         (SELECT DISTINCT at FROM snapshot WHERE tag = ?1 ORDER BY at DESC LIMIT ?2)",
        params![tag, signed(SNAPSHOTS_KEPT as u64)],
    )?;
    transaction.commit()
}

/// The newest snapshot that is sound.
pub(super) fn newest(
    connection: &Connection,
    tag: &[u8],
    not_after: u64,
) -> Result<Option<(u64, Vec<u8>)>, rusqlite::Error> {
    let mut before = signed(not_after).saturating_add(1);
    loop {
        let at: Option<i64> = connection
            .prepare_cached("SELECT at FROM snapshot WHERE tag = ?1 AND at < ?2 ORDER BY at DESC LIMIT 1")?
            .query_row(params![tag, before], |row| row.get(0))
            .optional()?;
        let Some(at) = at else { return Ok(None) };
        if let (Some(bytes), Ok(number)) = (load(connection, tag, at)?, u64::try_from(at)) {
            return Ok(Some((number, bytes)));
        }
        before = at;
    }
}

/// The snapshot put together; `None` when a part is missing or damaged.
fn load(connection: &Connection, tag: &[u8], at: i64) -> Result<Option<Vec<u8>>, rusqlite::Error> {
    let mut statement = connection.prepare_cached(
        "SELECT part, parts, sum, bytes FROM snapshot WHERE tag = ?1 AND at = ?2 ORDER BY part",
    )?;
    let mut rows = statement.query(params![tag, at])?;
    let mut whole = Vec::new();
    let (mut seen, mut parts) = (0i64, 0i64);
    while let Some(row) = rows.next()? {
        let bytes = row.get_ref(3)?.as_blob().unwrap_or_default();
        parts = row.get(1)?;
        if row.get::<_, i64>(0)? != seen || row.get::<_, i64>(2)? != i64::from(crc32fast::hash(bytes)) {
            return Ok(None);
        }
        whole.extend_from_slice(bytes);
        seen += 1;
    }
    Ok((seen == parts && seen > 0).then_some(whole))
}
