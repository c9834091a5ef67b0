//! How things look on a terminal. Nothing here decides or reads; everything gives text.

pub(crate) mod catalogue;
pub(crate) mod import;
pub(crate) mod problem;
mod problem_codes;
pub(crate) mod report;
pub(crate) mod table;

pub(crate) use table::{Align, Table};
