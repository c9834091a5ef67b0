//! Everything through the public face.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod backends;
mod committer;
mod crash;
mod damage;
mod model;
mod opening;
mod process;
