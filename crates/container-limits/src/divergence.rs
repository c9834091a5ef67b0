//! Every way in which two implementations may legitimately differ.

use std::fmt::Debug;

use ecology_shadow::{Divergence, Verdict};

/// The register. It is empty: there is one implementation, and nothing that it could legitimately differ from. Codes will begin with `CL-1`.
pub const REGISTER: &[Divergence] = &[];

/// Compares two answers to one question, which `describe` puts into words. As the register is empty, whatever differs is a mismatch.
pub fn classify<T: PartialEq + Debug>(
    serving: &T,
    candidate: &T,
    describe: impl FnOnce() -> String,
) -> Verdict {
    if serving == candidate {
        return Verdict::Same;
    }
    Verdict::Mismatch { detail: format!("{}: serving {serving:?}, candidate {candidate:?}", describe()) }
}
