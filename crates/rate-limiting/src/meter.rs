//! What one principal used of one resource: the only thing in which the two implementations differ.

use ecology_types::Time;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Counts uses and holds. What still counts at a given moment is for the implementation to say.
pub(crate) trait Meter: Default + Clone + std::fmt::Debug + Send + Sync {
    /// What is the same for all meters of one limiter: the length of the window, the number of the tick.
    type Context: Copy + std::fmt::Debug + Send + Sync;
    /// A meter as plain data, the same for equal histories.
    type State: Serialize + DeserializeOwned;

    /// What counts at `now`, holds included.
    fn used(&self, now: Time, context: Self::Context) -> u64;
    /// The first moment from `now` on at which at most `room` counts; [`Time::NEVER`] when only an event can bring it.
    fn free_at(&self, room: u64, now: Time, context: Self::Context) -> Time;
    fn book(&mut self, amount: u64, now: Time, context: Self::Context);
    fn hold(&mut self, amount: u64, now: Time, context: Self::Context);
    fn free(&mut self, amount: u64);
    fn settle(&mut self, held: u64, used: u64, now: Time, context: Self::Context);
    /// Forgets what no longer counts at `now`.
    fn prune(&mut self, now: Time, context: Self::Context);
    /// Whether nothing counts at `now`: an idle meter may be forgotten.
    fn is_idle(&self, now: Time, context: Self::Context) -> bool;
    /// Whether an idle meter is worth forgetting: not where it is likely to be needed again at once.
    fn is_stale(&self, now: Time, context: Self::Context) -> bool {
        self.is_idle(now, context)
    }
    fn state(&self, now: Time, context: Self::Context) -> Self::State;
    fn from_state(state: &Self::State, context: Self::Context) -> Result<Self, &'static str>;
}
