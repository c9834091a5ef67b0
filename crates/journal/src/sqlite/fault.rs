//! What SQLite's errors mean here.

use std::path::Path;

use rusqlite::ErrorCode;

use crate::JournalError;

/// The error in our words.
pub(super) fn explain(doing: &str, path: &Path, error: rusqlite::Error) -> JournalError {
    let detail = error.to_string();
    let doing = doing.to_owned();
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => JournalError::DiskFull { doing, detail },
        Some(ErrorCode::DatabaseCorrupt) => JournalError::Damaged { path: path.to_owned(), detail },
        Some(ErrorCode::NotADatabase) => JournalError::NotADatabase { path: path.to_owned() },
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            JournalError::NotWritable { path: path.to_owned(), detail }
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => JournalError::Locked {
            path: path.to_owned(),
            hint: "a program that does not know its lock is writing to it; stop that one".to_owned(),
        },
        _ => JournalError::Io { doing, detail },
    }
}

/// As [`explain`], for a read that expected frame `number` next.
pub(super) fn explain_read(number: u64, path: &Path, error: rusqlite::Error) -> JournalError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt) => JournalError::Corrupt { number, detail: error.to_string() },
        _ if matches!(
            error,
            rusqlite::Error::InvalidColumnType(..) | rusqlite::Error::IntegralValueOutOfRange(..)
        ) =>
        {
            JournalError::Corrupt { number, detail: error.to_string() }
        }
        _ => explain("reading the log", path, error),
    }
}
