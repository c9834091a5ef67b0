//! The standalone limiter for small consecutive numbers.

use ecology_types::{Span, Time};

use super::bank::{Bank, Place};
use super::permit::Permit;
use super::shard::{Shard, Slot};
use super::together::{ItemAboveLimit, Together};
use crate::{Answer, Clock, Horizon, MonotonicClock};

/// Exact rolling windows for ids `0..ids_max`, shared between threads: 64 bytes per id, allocated at once.
///
/// Times are arguments; one that lies before a time already seen counts as that one. Methods that end in `_now` read the clock of the
/// limiter instead. Nothing sweeps: each 64th decision looks at one other id and frees what it no longer needs.
#[derive(Debug)]
pub struct DenseLimiter<C = MonotonicClock> {
    bank: Bank<(), C>,
    ids_max: u32,
}

impl DenseLimiter {
    /// A limiter in which each of `ids_max` ids may use `limit` in any window of the given length.
    #[must_use]
    pub fn new(limit: u64, window: Span, ids_max: u32) -> Self {
        Self::with_clock(limit, window, ids_max, MonotonicClock::default())
    }
}

impl<C: Clock> DenseLimiter<C> {
    /// The same, with a clock of one's own.
    #[must_use]
    pub fn with_clock(limit: u64, window: Span, ids_max: u32, clock: C) -> Self {
        let bank = Bank::new(limit, Horizon::new(window), clock, || ());
        let shards = bank.shards.len();
        for (number, shard) in bank.shards.iter().enumerate() {
            let count = (ids_max as usize).saturating_sub(number).div_ceil(shards);
            let slots = &mut shard.lock().slots;
            slots.reserve_exact(count);
            slots.resize(count, Slot::default());
        }
        Self { bank, ids_max }
    }

    #[inline]
    fn place(&self, id: u32) -> Option<Place> {
        (id < self.ids_max).then(|| self.bank.place(id))
    }

    /// Uses `weight` of the limit of `id` when it fits. An id that is not below `ids_max` has no limit to use.
    #[inline]
    pub fn try_acquire(&self, id: u32, weight: u64, now: Time) -> Answer {
        let Some(place) = self.place(id) else { return Answer::AboveShare };
        let mut shard = self.bank.shard(place.shard).lock();
        if shard.is_turn_to_look() {
            look(&mut shard);
        }
        shard.try_acquire(place.slot, weight, now)
    }

    /// The same, by the clock of the limiter.
    pub fn try_acquire_now(&self, id: u32, weight: u64) -> Answer {
        self.try_acquire(id, weight, self.bank.clock.now())
    }

    /// Uses all weights or none.
    pub fn try_acquire_all(&self, items: &[(u32, u64)], now: Time) -> Answer {
        self.bank.try_acquire_all(
            items,
            now,
            |id| self.bank.shard_of(*id),
            |_, id| Some(self.place(*id)?.slot),
        )
    }

    /// Sets `weight` aside when it fits.
    ///
    /// # Errors
    /// The answer that is not [`Answer::Admit`].
    pub fn try_reserve(&self, id: u32, weight: u64, now: Time) -> Result<Permit<'_>, Answer> {
        let place = self.place(id).ok_or(Answer::AboveShare)?;
        let held = self.bank.shard(place.shard).lock().try_reserve(place.slot, weight, now)?;
        Ok(Permit::new(&self.bank, place, weight, held))
    }

    /// Gives one id a limit of its own, or with `None` the common one again. Lowered below what is used, it admits nothing until enough has left the window.
    pub fn set_limit(&self, id: u32, limit: Option<u64>) {
        if let Some(place) = self.place(id) {
            let waker = self.bank.shard(place.shard).lock().set_limit(place.slot, limit);
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    /// What `id` has used and reserved in the window that ends at `now`.
    #[must_use]
    pub fn used(&self, id: u32, now: Time) -> u64 {
        self.place(id).map_or(0, |place| self.bank.shard(place.shard).lock().used(place.slot, now))
    }

    /// Waits on the calling thread until `weight` of the limit of `id` can be used, first come first served, and uses it.
    ///
    /// # Errors
    /// When the weight is larger than the limit.
    pub fn acquire_blocking(&self, id: u32, weight: u64) -> Result<(), ItemAboveLimit> {
        self.acquire_all_blocking(&[(id, weight)])
    }

    /// Waits on the calling thread until all weights can be used at the same moment, and uses all of them or none.
    ///
    /// Who waits for several ids stands in the line of each of them since one moment, and is served when it is first in all of them and everything fits.
    /// So nobody starves and nobody waits in a circle; but behind it others wait even where there is room.
    ///
    /// # Errors
    /// When one of the weights is larger than its limit; nothing is used then.
    pub fn acquire_all_blocking(&self, items: &[(u32, u64)]) -> Result<(), ItemAboveLimit> {
        self.together(items)?.block()
    }

    /// Waits until all weights can be used at the same moment, and uses all of them or none; the order is that of
    /// [`acquire_all_blocking`](Self::acquire_all_blocking). Dropping the future gives its places in all lines up and uses nothing.
    ///
    /// # Errors
    /// When one of the weights is larger than its limit; nothing is used then.
    #[cfg(feature = "async")]
    pub async fn acquire_all(&self, items: &[(u32, u64)]) -> Result<(), ItemAboveLimit> {
        self.together(items)?.wait().await
    }

    fn together(&self, items: &[(u32, u64)]) -> Result<Together<'_, (), C>, ItemAboveLimit> {
        Together::of(&self.bank, items, |id| self.bank.shard_of(*id), |_, id| Some(self.place(*id)?.slot))
    }

    /// Waits until `weight` of the limit of `id` can be used, first come first served, and uses it. Dropping the future gives
    /// its place in the line up and uses nothing.
    ///
    /// # Errors
    /// When the weight is larger than the limit.
    #[cfg(feature = "async")]
    pub async fn acquire(&self, id: u32, weight: u64) -> Result<(), super::acquire::AboveLimit> {
        let place = self.place(id).ok_or(super::acquire::AboveLimit { weight, limit: 0 })?;
        self.bank.shard(place.shard).lock().pin(place.slot);
        super::acquire::Acquire::of_pinned(&self.bank, place, weight).await
    }
}

#[inline(never)]
fn look(shard: &mut Shard<()>) {
    if let Some(at) = shard.next_look(shard.slots.len()).and_then(|at| u32::try_from(at).ok()) {
        shard.tidy(at);
    }
}
