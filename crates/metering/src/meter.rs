//! The trait of all meters.

use crate::Reading;

/// Measures actions one after the other on one thread.
///
/// `start` begins the first action; every `lap` ends one and begins the next. What happens between two actions belongs to the later one unless
/// `start` is called in between.
pub trait Meter {
    /// The name of the implementation in reports.
    fn name(&self) -> &'static str;

    /// Begins an action; what was used since the last lap belongs to nobody.
    fn start(&mut self);

    /// Tells of bytes that the present action moves. Only meters that compute instead of measuring care.
    fn note_bytes(&mut self, _bytes: u64) {}

    /// Ends the present action and begins the next.
    fn lap(&mut self) -> Reading;
}
