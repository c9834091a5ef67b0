//! Deciding: what each command would do. Nothing in here changes anything.

mod act;
mod artifacts;
mod create;
mod founders;
mod lifecycle;
mod migrate;
mod mint;
mod permission;
mod policy_contracts;
mod reserve;
mod write;

pub(crate) use act::Done;
pub(crate) use create::private_policy;
pub use migrate::MigrationPlan;
pub(crate) use permission::Call;
