//! What an import gives, from outside.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod accounts;
mod builder;
mod folders;
mod hostile;
mod reports;
