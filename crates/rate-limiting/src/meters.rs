//! What one principal used of each resource: the only thing in which the two implementations differ.

use ecology_types::Time;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::accounts::RENEWABLE_COUNT;

/// Counts uses and holds of one principal. What still counts at a given moment is for the implementation to say.
///
/// All resources of a principal are counted together, because it uses them together: one or two cache lines are then all that a question
/// or an event reaches for. `at` is the place of a resource in the order of the renewable ones. Times never go back.
pub(crate) trait Meters: Default + Clone + std::fmt::Debug + Send + Sync {
    /// What is the same for everybody: the length of the window, the number of the tick.
    type Context: Copy + PartialEq + std::fmt::Debug + Send + Sync;
    /// The meter of one resource as plain data, the same for equal histories.
    type State: Serialize + DeserializeOwned;

    /// What counts at `now`, holds included.
    fn used(&self, at: usize, now: Time, context: Self::Context) -> u64;
    /// Whether surely at most `room` counts. Where this says no, [`Meters::free_at`] knows better.
    fn fits(&self, at: usize, room: u64, context: Self::Context) -> bool;
    /// The first moment from `now` on at which at most `room` counts; [`Time::NEVER`] when only an event can bring it.
    fn free_at(&self, at: usize, room: u64, now: Time, context: Self::Context) -> Time;
    /// Books what is not zero.
    fn book(&mut self, at: usize, amount: u64, now: Time, context: Self::Context);
    fn hold(&mut self, at: usize, amount: u64, now: Time, context: Self::Context);
    fn free(&mut self, at: usize, amount: u64);
    fn settle(&mut self, at: usize, held: u64, used: u64, now: Time, context: Self::Context);
    /// Forgets what no longer counts at `now` and goes on under another context.
    fn renew(&mut self, now: Time, before: Self::Context, after: Self::Context);
    /// Looks at those who live side by side, gives back what nobody needs of their room, and says whether that is all of it: nothing of
    /// them counts, and they are not likely to be needed again at once.
    fn give_back(rows: &mut [Self], now: Time, context: Self::Context) -> bool;
    fn state(&self, at: usize, now: Time, context: Self::Context) -> Self::State;
    /// The same of every resource.
    fn states(&self, now: Time, context: Self::Context) -> [Self::State; RENEWABLE_COUNT] {
        std::array::from_fn(|at| self.state(at, now, context))
    }
    /// About how many bytes its states take when they are saved.
    fn saved_bytes_about(&self) -> usize {
        32
    }
    fn from_states(
        states: &[Self::State; RENEWABLE_COUNT],
        context: Self::Context,
    ) -> Result<Self, &'static str>;
    /// Reads all that the next question or event will read, and answers something that depends on it.
    fn touch(&self, now: Time, context: Self::Context) -> u64;
}

/// One small number for each resource.
pub(crate) type Numbers = [u32; RENEWABLE_COUNT];

/// The sum, where it is a small number.
#[inline]
pub(crate) fn small(sum: u32, more: u64) -> Option<u32> {
    u32::try_from(more).ok().and_then(|more| sum.checked_add(more))
}
