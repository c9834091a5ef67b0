//! What the end-to-end tests in `tests/` share: the real binary, a folder to run it in, and what came out.
//!
//! Nothing here knows the crates of the workspace. The tests see what a user sees: a command line, two streams, an exit code and a file.

mod binary;
mod done;
mod running;
mod scratch;

pub use binary::binary;
pub use done::Done;
pub use running::Running;
pub use scratch::{Scratch, report_number};
