//! The standalone limiter for keys of any type.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};

use ecology_types::{Span, Time};
use hashbrown::{DefaultHashBuilder, HashTable};

use crate::bank::{Bank, Place, SHARDS};
use crate::shard::{Shard, Slot};
use crate::{Answer, Clock, Horizon, MonotonicClock, Permit};

/// Finds the slot of a key.
#[derive(Debug)]
struct Index<K> {
    /// Numbers of slots, by the hash of their key.
    table: HashTable<u32>,
    /// The key of each slot; `None` for one that is free.
    keys: Vec<Option<K>>,
    /// Slots that are free.
    free: Vec<u32>,
}

/// Exact rolling windows for keys of any type, shared between threads.
///
/// A key costs memory only while something of it counts: each 16th decision, and each new key, looks at other keys and forgets idle ones.
/// Keys with a limit of their own stay. Times are arguments as in [`DenseLimiter`](crate::DenseLimiter).
#[derive(Debug)]
pub struct Limiter<K, C = MonotonicClock> {
    bank: Bank<Index<K>, C>,
    hasher: DefaultHashBuilder,
    limit: u64,
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
        let index = || Index { table: HashTable::new(), keys: Vec::new(), free: Vec::new() };
        let bank = Bank::new(Horizon::new(window), clock, index);
        Self { bank, hasher: DefaultHashBuilder::default(), limit }
    }

    /// The hash and the shard; the table inside takes its own bits of the hash.
    #[inline]
    fn hash(&self, key: &(impl Hash + ?Sized)) -> (u64, u32) {
        let hash = self.hasher.hash_one(key);
        (hash, (hash >> 40) as u32 % SHARDS)
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
        let Index { table, keys, free } = &mut shard.index;
        let slot = match free.pop() {
            Some(slot) => {
                keys[slot as usize] = Some(key);
                shard.slots[slot as usize] = Slot::new(self.limit);
                slot
            }
            None => {
                keys.push(Some(key));
                shard.slots.push(Slot::new(self.limit));
                (keys.len() - 1) as u32
            }
        };
        let rehash = |slot: &u32| keys[*slot as usize].as_ref().map_or(0, |key| self.hasher.hash_one(key));
        table.insert_unique(hash, slot, rehash);
        slot
    }

    /// Looks at one slot and forgets its key when nothing of it counts.
    #[inline(never)]
    fn look(&self, shard: &mut Shard<Index<K>>) {
        let Some(at) = shard.next_look() else { return };
        if shard.index.keys[at as usize].is_none() || !shard.tidy(at) {
            return;
        }
        let Some(key) = shard.index.keys[at as usize].take() else { return };
        let hash = self.hasher.hash_one(&key);
        if let Ok(entry) = shard.index.table.find_entry(hash, |slot| *slot == at) {
            entry.remove();
        }
        shard.index.free.push(at);
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
        let waker = shard.set_limit(slot, limit.unwrap_or(self.limit), limit.is_some());
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
    let is_it = |slot: &u32| index.keys[*slot as usize].as_ref().is_some_and(|known| known.borrow() == key);
    index.table.find(hash, is_it).copied()
}
