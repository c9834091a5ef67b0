//! Asking the code of contracts, and running tools.
//!
//! [`Asker::complete`] gives an action the answers that it needs before it is stepped: from the cache while everything that the contract was
//! told still holds, else from the engine. What comes back is part of the command, so a replay never runs code.
//!
//! Where world time stands still meanwhile (in a tick, on a virtual clock) code runs where the world is. On the clock of the machine it runs beside
//! the writer, on threads of its own ([`Asker::send`]): everything that it asks of the world is answered by the writer between two steps, and what it
//! found is taken only if it still holds when it comes back. The writer never waits for code that somebody wrote.

mod asker;
mod asking;
mod cache;
mod counts;
mod desk;
mod looking;
mod pool;
mod programs;
mod running;
mod turns;

pub use asker::{Asker, HOST_FUNCTIONS, Sent};
pub use counts::CodeCounts;
pub use pool::Answered;
