//! Code that wants to rob, spy, hang or lie, in a whole world: the world, the asker and the engine together.
//!
//! `mallory` writes the code. Whatever it does, nothing changes that is not hers or what somebody else chose to pay her, the laws of the world
//! hold, a replay of the records gives the same world, and the others go on.

mod answers;
mod arena;
mod checks;
mod crowd;
mod races;
mod random;
mod spies;
mod tools;
#[cfg(feature = "wasm")]
mod wasm;

pub(crate) use arena::executable;
