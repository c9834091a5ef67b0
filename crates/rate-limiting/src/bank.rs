//! Shards by number, and what permits and waiters need of them.

use ecology_types::Time;

use super::shard::Shard;
use super::sync::Lock;
use crate::{Answer, Clock, Horizon};

pub(crate) type Locked<I> = Lock<Shard<I>>;

/// Where a key lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) shard: u32,
    pub(crate) slot: u32,
}

/// All shards of one limiter and its clock.
#[derive(Debug)]
pub(crate) struct Bank<I, C> {
    pub(crate) shards: Box<[Locked<I>]>,
    /// How many low bits of a number choose the shard.
    bits: u32,
    pub(crate) clock: C,
}

/// So many shards per processor: enough that threads rarely meet, few enough to stay in the cache.
const SHARDS_PER_PROCESSOR: usize = 4;
/// The most shards, as a power of two.
const BITS_MAX: u32 = 8;

impl<I, C: Clock> Bank<I, C> {
    pub(crate) fn new(limit: u64, horizon: Horizon, clock: C, index: impl Fn() -> I) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let bits = (processors * SHARDS_PER_PROCESSOR).next_power_of_two().ilog2().min(BITS_MAX);
        let shards = (0..1 << bits).map(|_| Lock::new(Shard::new(limit, horizon, index()))).collect();
        Self { shards, bits, clock }
    }

    /// The place of a dense number: neighbours live in different shards.
    #[inline]
    pub(crate) fn place(&self, number: u32) -> Place {
        Place { shard: self.shard_of(number), slot: number >> self.bits }
    }

    /// The shard that the low bits of a number choose.
    #[inline]
    pub(crate) fn shard_of(&self, number: u32) -> u32 {
        number & ((1 << self.bits) - 1)
    }

    #[inline]
    pub(crate) fn shard(&self, number: u32) -> &Locked<I> {
        &self.shards[number as usize & (self.shards.len() - 1)]
    }

    /// Books all weights or none. `find` names the slot of an item in its locked shard, `None` when there is none to have.
    pub(crate) fn try_acquire_all<T>(
        &self,
        items: &[(T, u64)],
        now: Time,
        shard_of: impl Fn(&T) -> u32,
        mut find: impl FnMut(&mut Shard<I>, &T) -> Option<u32>,
    ) -> Answer {
        let mut numbers: Vec<u32> = items.iter().map(|(item, _)| shard_of(item)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        // Always in ascending order, so that two callers cannot wait for each other.
        let mut guards: Vec<_> = numbers.iter().map(|number| self.shard(*number).lock()).collect();
        let mut wanted: Vec<(usize, u32, u64)> = Vec::with_capacity(items.len());
        for (item, weight) in items {
            let Ok(guard) = numbers.binary_search(&shard_of(item)) else { continue };
            let Some(slot) = find(&mut guards[guard], item) else {
                if *weight > 0 {
                    return Answer::AboveShare;
                }
                continue;
            };
            match wanted.iter_mut().find(|(of, at, _)| (*of, *at) == (guard, slot)) {
                Some((.., sum)) => *sum = sum.saturating_add(*weight),
                None => wanted.push((guard, slot, *weight)),
            }
        }
        let mut answer = Answer::Admit;
        for &(guard, slot, weight) in &wanted {
            match (guards[guard].check(slot, weight, now), answer) {
                (Answer::AboveShare, _) => return Answer::AboveShare,
                (Answer::Wait { until }, Answer::Wait { until: other }) => {
                    answer = Answer::Wait { until: until.max(other) };
                }
                (wait @ Answer::Wait { .. }, _) => answer = wait,
                (Answer::Admit, _) => {}
            }
        }
        if answer.is_admit() {
            for (guard, slot, weight) in wanted {
                guards[guard].book(slot, weight);
            }
        }
        answer
    }
}

/// What a permit or a waiter needs of the limiter it came from.
pub(crate) trait Desk: Send + Sync {
    fn now(&self) -> Time;
    fn settle(&self, place: Place, weight: u64, held: u64, used: u64, now: Time);
    fn cancel(&self, place: Place, weight: u64, held: u64);
}

impl<I: Send, C: Clock> Desk for Bank<I, C> {
    fn now(&self) -> Time {
        self.clock.now()
    }

    fn settle(&self, place: Place, weight: u64, held: u64, used: u64, now: Time) {
        // The lock is gone before anybody is woken: a waker may do anything.
        let waker = self.shard(place.shard).lock().settle(place.slot, weight, held, used, now);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn cancel(&self, place: Place, weight: u64, held: u64) {
        let waker = self.shard(place.shard).lock().cancel(place.slot, weight, held);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}
