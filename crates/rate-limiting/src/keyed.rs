//! The standalone limiter for keys of any type.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};

use ecology_types::{Span, Time};
use hashbrown::{DefaultHashBuilder, HashTable};

use crate::bank::{Bank, Place};
use crate::shard::{Shard, Slot};
use crate::together::Together;
use crate::{Answer, Clock, Horizon, ItemAboveLimit, MonotonicClock, Permit};

/// Finds the slot of a key.
#[derive(Debug)]
struct Index<K> {
    table: HashTable<Known<K>>,
    /// Slots that are free.
    free: Vec<u32>,
}

/// A key and the number of its slot.
#[derive(Debug)]
struct Known<K> {
    key: K,
    slot: u32,
}

/// Exact rolling windows for keys of any type, shared between threads.
///
/// A key costs memory only while something of it counts: each 64th decision, and each new key, looks at other keys and forgets idle ones.
/// Keys with a limit of their own stay. Times are arguments as in [`DenseLimiter`](crate::DenseLimiter).
#[derive(Debug)]
pub struct Limiter<K, C = MonotonicClock> {
    bank: Bank<Index<K>, C>,
    hasher: DefaultHashBuilder,
}

impl<K: Hash + Eq + Send> Limiter<K> {
    /// A limiter in which every key may use `limit` in any window of the given length.
    #[must_use]
    pub fn new(limit: u64, window: Span) -> Self {
        Self::with_clock(limit, window, MonotonicClock::default())
    }
}

impl<K: Hash + Eq + Send, C: Clock> Limiter<K, C> {
    /// The same, with a clock of one's own.
    #[must_use]
    pub fn with_clock(limit: u64, window: Span, clock: C) -> Self {
        let index = || Index { table: HashTable::new(), free: Vec::new() };
        let bank = Bank::new(limit, Horizon::new(window), clock, index);
        Self { bank, hasher: DefaultHashBuilder::default() }
    }

    /// The hash and the shard; the table inside takes its own bits of the hash.
    #[inline]
    fn hash(&self, key: &(impl Hash + ?Sized)) -> (u64, u32) {
        let hash = self.hasher.hash_one(key);
        (hash, self.bank.shard_of((hash >> 40) as u32))
    }

    /// The slot of a key, made when there is none.
    #[inline]
    fn slot<Q>(&self, shard: &mut Shard<Index<K>>, key: &Q, hash: u64) -> u32
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        if shard.is_turn_to_look() {
            self.look(shard);
        }
        match find(&shard.index, key, hash) {
            Some(slot) => slot,
            None => self.insert(shard, key.to_owned(), hash),
        }
    }

    #[inline(never)]
    fn insert(&self, shard: &mut Shard<Index<K>>, key: K, hash: u64) -> u32 {
        // Two looks per new key: idle keys go faster than new ones come.
        self.look(shard);
        self.look(shard);
        self.insert_without_look(shard, key, hash)
    }

    #[expect(clippy::cast_possible_truncation, reason = "a shard of 2^32 keys does not fit any memory")]
    fn insert_without_look(&self, shard: &mut Shard<Index<K>>, key: K, hash: u64) -> u32 {
        let slot = match shard.index.free.pop() {
            Some(slot) => slot,
            None => {
                shard.slots.push(Slot::default());
                (shard.slots.len() - 1) as u32
            }
        };
        let rehash = |known: &Known<K>| self.hasher.hash_one(&known.key);
        shard.index.table.insert_unique(hash, Known { key, slot }, rehash);
        slot
    }

    /// Looks at one slot and forgets its key when nothing of it counts.
    #[inline(never)]
    fn look(&self, shard: &mut Shard<Index<K>>) {
        let Some(bucket) = shard.next_look(shard.index.table.num_buckets()) else { return };
        let Some(slot) = shard.index.table.get_bucket(bucket).map(|known| known.slot) else { return };
        if shard.tidy(slot) {
            if let Ok(known) = shard.index.table.get_bucket_entry(bucket) {
                known.remove();
            }
            shard.slots[slot as usize] = Slot::default();
            shard.index.free.push(slot);
        }
    }

    /// Uses `weight` of the limit of `key` when it fits.
    #[inline]
    pub fn try_acquire<Q>(&self, key: &Q, weight: u64, now: Time) -> Answer
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let (hash, number) = self.hash(key);
        let mut shard = self.bank.shard(number).lock();
        let slot = self.slot(&mut shard, key, hash);
        shard.try_acquire(slot, weight, now)
    }

    /// The same, by the clock of the limiter.
    pub fn try_acquire_now<Q>(&self, key: &Q, weight: u64) -> Answer
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.try_acquire(key, weight, self.bank.clock.now())
    }

    /// Uses all weights or none.
    pub fn try_acquire_all<Q>(&self, items: &[(&Q, u64)], now: Time) -> Answer
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let find = |shard: &mut Shard<Index<K>>, key: &&Q| {
            // No look here: it could forget a key that an earlier item of the same call has just found.
            let hash = self.hash(*key).0;
            let known = find(&shard.index, *key, hash);
            Some(known.unwrap_or_else(|| self.insert_without_look(shard, (*key).to_owned(), hash)))
        };
        self.bank.try_acquire_all(items, now, |key| self.hash(*key).1, find)
    }

    /// Sets `weight` aside when it fits.
    ///
    /// # Errors
    /// The answer that is not [`Answer::Admit`].
    pub fn try_reserve<Q>(&self, key: &Q, weight: u64, now: Time) -> Result<Permit<'_>, Answer>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let (hash, number) = self.hash(key);
        let mut shard = self.bank.shard(number).lock();
        let slot = self.slot(&mut shard, key, hash);
        let held = shard.try_reserve(slot, weight, now)?;
        Ok(Permit::new(&self.bank, Place { shard: number, slot }, weight, held))
    }

    /// Gives one key a limit of its own, or with `None` the common one again.
    pub fn set_limit<Q>(&self, key: &Q, limit: Option<u64>)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let (hash, number) = self.hash(key);
        let mut shard = self.bank.shard(number).lock();
        let slot = self.slot(&mut shard, key, hash);
        let waker = shard.set_limit(slot, limit);
        drop(shard);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// What `key` has used and reserved in the window that ends at `now`.
    #[must_use]
    pub fn used<Q>(&self, key: &Q, now: Time) -> u64
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let (hash, number) = self.hash(key);
        let shard = self.bank.shard(number).lock();
        find(&shard.index, key, hash).map_or(0, |slot| shard.used(slot, now))
    }

    /// How many keys are kept.
    #[must_use]
    pub fn key_count(&self) -> usize {
        self.bank.shards.iter().map(|shard| shard.lock().index.table.len()).sum()
    }

    /// Waits on the calling thread until `weight` of the limit of `key` can be used, first come first served, and uses it.
    ///
    /// # Errors
    /// When the weight is larger than the limit.
    pub fn acquire_blocking<Q>(&self, key: &Q, weight: u64) -> Result<(), ItemAboveLimit>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.acquire_all_blocking(&[(key, weight)])
    }

    /// Waits on the calling thread until all weights can be used at the same moment, and uses all of them or none.
    ///
    /// Who waits for several keys stands in the line of each of them since one moment, and is served when it is first in all of them and everything fits.
    /// So nobody starves and nobody waits in a circle; but behind it others wait even where there is room.
    ///
    /// # Errors
    /// When one of the weights is larger than its limit; nothing is used then.
    pub fn acquire_all_blocking<Q>(&self, items: &[(&Q, u64)]) -> Result<(), ItemAboveLimit>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.together(items)?.block()
    }

    /// Waits until all weights can be used at the same moment, and uses all of them or none; the order is that of
    /// [`acquire_all_blocking`](Self::acquire_all_blocking). Dropping the future gives its places in all lines up and uses nothing.
    ///
    /// # Errors
    /// When one of the weights is larger than its limit; nothing is used then.
    #[cfg(feature = "async")]
    pub async fn acquire_all<Q>(&self, items: &[(&Q, u64)]) -> Result<(), ItemAboveLimit>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.together(items)?.wait().await
    }

    fn together<Q>(&self, items: &[(&Q, u64)]) -> Result<Together<'_, Index<K>, C>, ItemAboveLimit>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        // Idle keys go faster than new ones come; not while the slots of this call are being found.
        for (key, _) in items {
            let mut shard = self.bank.shard(self.hash(*key).1).lock();
            self.look(&mut shard);
            self.look(&mut shard);
        }
        let find = |shard: &mut Shard<Index<K>>, key: &&Q| {
            let hash = self.hash(*key).0;
            let known = find(&shard.index, *key, hash);
            Some(known.unwrap_or_else(|| self.insert_without_look(shard, (*key).to_owned(), hash)))
        };
        Together::of(&self.bank, items, |key| self.hash(*key).1, find)
    }

    /// Waits until `weight` of the limit of `key` can be used, first come first served, and uses it. Dropping the future gives
    /// its place in the line up and uses nothing.
    ///
    /// # Errors
    /// When the weight is larger than the limit.
    #[cfg(feature = "async")]
    pub async fn acquire<Q>(&self, key: &Q, weight: u64) -> Result<(), crate::AboveLimit>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let place = {
            let (hash, number) = self.hash(key);
            let mut shard = self.bank.shard(number).lock();
            let slot = self.slot(&mut shard, key, hash);
            shard.pin(slot);
            Place { shard: number, slot }
        };
        crate::acquire::Acquire::of_pinned(&self.bank, place, weight).await
    }
}

#[inline]
fn find<K: Borrow<Q>, Q: Eq + ?Sized>(index: &Index<K>, key: &Q, hash: u64) -> Option<u32> {
    index.table.find(hash, |known| known.key.borrow() == key).map(|known| known.slot)
}
