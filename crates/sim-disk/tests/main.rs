//! Power cuts, torn writes, failing syncs and full disks under the SQLite journal; and bugs put in on purpose, which must be found.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]
#![expect(clippy::print_stdout, reason = "how much was tried, and in which story a planted bug was found")]

mod bugs;
mod conformance;
mod faults;
mod images;
mod judge;
mod story;
