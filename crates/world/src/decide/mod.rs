//! Deciding: what each command would do. Nothing in here changes anything.

mod act;
mod create;
mod founders;
mod lifecycle;
mod mint;
mod permission;
mod reserve;
mod write;

pub(crate) use act::Done;
pub(crate) use permission::Call;
