//! Contracts that are code: what they are asked, what they may see, what their answers are worth, and who bears what asking takes.
//!
//! Their code runs outside of `step`. [`World::questions`] says which questions have to be asked before a command can be decided,
//! [`World::request_of`] and [`World::tell`] are all that the code is told, and [`World::answer_of`] makes of what it gave back the answer that
//! the command carries. `step` believes none of it: the answer counts while everything that the code was told still holds.

mod answer;
mod cost;
mod events;
mod moment;
mod question;
mod tell;

pub use answer::is_cacheable;
pub(crate) use moment::Moment;
pub use question::Question;
