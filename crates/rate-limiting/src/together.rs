//! Waiting for several keys at once: all of them or none.

use std::sync::Arc;
use std::task::{Wake, Waker};

use ecology_types::Time;

use super::bank::Bank;
use super::shard::Shard;
use super::sync::{self, Guard, Thread};
use crate::{Answer, Clock};

/// The weight of one of several items is larger than the limit of its key: however long one waits, it never fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a weight of {weight} for item {item} never fits a limit of {limit} per window; ask for less at once or raise the limit"
)]
pub struct ItemAboveLimit {
    /// Which item, from 0; the first one where a key is named more than once.
    pub item: usize,
    /// What was asked for of that key, in sum.
    pub weight: u64,
    /// What there is, per window.
    pub limit: u64,
}

/// A place in the line of one key.
#[derive(Debug)]
struct Stand {
    /// Position in the list of shards.
    shard: usize,
    slot: u32,
    weight: u64,
    item: usize,
    /// The ticket, once it stands in line.
    ticket: u64,
}

/// What one look gave.
enum Turn {
    Done,
    Never(ItemAboveLimit),
    /// Look again then, or when woken; `None`: only when woken.
    Wait(Option<Time>),
}

type Guards<'a, I> = Vec<Guard<'a, Shard<I>>>;

/// One who wants several keys.
///
/// It takes its place in all lines at one moment, with all shards locked, so the lines of two that want common keys are in the same order, and
/// nobody waits in a circle. It is served when it is first in all of them and everything fits at the same moment. Dropped, it leaves all lines.
pub(crate) struct Together<'a, I, C: Clock> {
    bank: &'a Bank<I, C>,
    /// The numbers of the shards, ascending: the order in which they are locked.
    shards: Vec<u32>,
    stands: Vec<Stand>,
    is_in_line: bool,
}

impl<'a, I, C: Clock> Together<'a, I, C> {
    /// Finds and keeps the slots of all items with a weight. `find` names the slot of an item in its locked shard, `None` when there is none to have.
    pub(crate) fn of<T>(
        bank: &'a Bank<I, C>,
        items: &[(T, u64)],
        shard_of: impl Fn(&T) -> u32,
        mut find: impl FnMut(&mut Shard<I>, &T) -> Option<u32>,
    ) -> Result<Self, ItemAboveLimit> {
        let wanted = || items.iter().enumerate().filter(|(_, (_, weight))| *weight > 0);
        let mut shards: Vec<u32> = wanted().map(|(_, (item, _))| shard_of(item)).collect();
        shards.sort_unstable();
        shards.dedup();
        let mut together = Self { bank, shards, stands: Vec::new(), is_in_line: false };
        let mut guards = together.lock();
        let mut stands: Vec<Stand> = Vec::with_capacity(items.len());
        let mut missing = None;
        for (item, (key, weight)) in wanted() {
            let Ok(shard) = together.shards.binary_search(&shard_of(key)) else { continue };
            let Some(slot) = find(&mut guards[shard], key) else {
                missing = Some(ItemAboveLimit { item, weight: *weight, limit: 0 });
                break;
            };
            match stands.iter_mut().find(|stand| (stand.shard, stand.slot) == (shard, slot)) {
                Some(stand) => stand.weight = stand.weight.saturating_add(*weight),
                None => {
                    guards[shard].pin(slot);
                    stands.push(Stand { shard, slot, weight: *weight, item, ticket: 0 });
                }
            }
        }
        drop(guards);
        together.stands = stands;
        missing.map_or(Ok(together), Err)
    }

    /// Always in ascending order, so that two callers cannot wait for each other.
    fn lock(&self) -> Guards<'a, I> {
        self.shards.iter().map(|number| self.bank.shard(*number).lock()).collect()
    }

    /// Looks once whether it is the turn of this one; also who may go on because of that.
    fn attempt(&mut self, now: Time, waker: &Waker) -> (Turn, Vec<Waker>) {
        let mut guards = self.lock();
        if !self.is_in_line {
            let mut fits = true;
            for stand in &self.stands {
                match guards[stand.shard].check(stand.slot, stand.weight, now) {
                    Answer::Admit => {}
                    Answer::Wait { .. } => fits = false,
                    Answer::AboveShare => return (Turn::Never(above(&guards, stand)), Vec::new()),
                }
            }
            if fits {
                self.book(&mut guards);
                return (Turn::Done, Vec::new());
            }
            for stand in &mut self.stands {
                stand.ticket = guards[stand.shard].enqueue(stand.slot, stand.weight, waker);
            }
            self.is_in_line = true;
        }
        let (mut is_first, mut until) = (true, Time::ZERO);
        let mut never = None;
        for stand in &self.stands {
            match guards[stand.shard].look_in_line(stand.slot, stand.ticket, stand.weight, now, waker) {
                None => is_first = false,
                Some(Answer::Admit) => {}
                Some(Answer::Wait { until: when }) => until = until.max(when),
                Some(Answer::AboveShare) => never = Some(above(&guards, stand)),
            }
        }
        if let Some(never) = never {
            return (Turn::Never(never), self.leave(&mut guards));
        }
        if !is_first || until == Time::NEVER {
            return (Turn::Wait(None), Vec::new());
        }
        if until > Time::ZERO {
            return (Turn::Wait(Some(until)), Vec::new());
        }
        self.book(&mut guards);
        (Turn::Done, self.leave(&mut guards))
    }

    fn book(&self, guards: &mut Guards<'_, I>) {
        for stand in &self.stands {
            guards[stand.shard].book(stand.slot, stand.weight);
        }
    }

    /// Leaves all lines; who is first there now.
    fn leave(&mut self, guards: &mut Guards<'_, I>) -> Vec<Waker> {
        if !std::mem::take(&mut self.is_in_line) {
            return Vec::new();
        }
        self.stands.iter().filter_map(|stand| guards[stand.shard].leave(stand.slot, stand.ticket)).collect()
    }

    /// Waits on the thread of the caller.
    pub(crate) fn block(mut self) -> Result<(), ItemAboveLimit> {
        let waker = Waker::from(Arc::new(Parked(sync::current())));
        loop {
            let now = self.bank.clock.now();
            let (turn, next) = self.attempt(now, &waker);
            next.into_iter().for_each(Waker::wake);
            match turn {
                Turn::Done => return Ok(()),
                Turn::Never(never) => return Err(never),
                Turn::Wait(None) => sync::park(),
                Turn::Wait(Some(until)) => sync::park_timeout(until.since(now).to_std()),
            }
        }
    }

    /// Waits as a future.
    #[cfg(feature = "async")]
    pub(crate) async fn wait(mut self) -> Result<(), ItemAboveLimit> {
        use std::task::Poll;

        let mut timer: Option<(Time, std::pin::Pin<Box<sync::Sleep>>)> = None;
        std::future::poll_fn(move |context| {
            loop {
                let now = self.bank.clock.now();
                let (turn, next) = self.attempt(now, context.waker());
                next.into_iter().for_each(Waker::wake);
                let until = match turn {
                    Turn::Done => return Poll::Ready(Ok(())),
                    Turn::Never(never) => return Poll::Ready(Err(never)),
                    Turn::Wait(None) => {
                        timer = None;
                        return Poll::Pending;
                    }
                    Turn::Wait(Some(until)) => until,
                };
                let sleep = match timer.take() {
                    Some((of, sleep)) if of == until => sleep,
                    _ => Box::pin(sync::sleep(until.since(now).to_std())),
                };
                let (_, sleep) = timer.insert((until, sleep));
                if sleep.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
                timer = None;
            }
        })
        .await
    }
}

fn above<I>(guards: &Guards<'_, I>, stand: &Stand) -> ItemAboveLimit {
    ItemAboveLimit { item: stand.item, weight: stand.weight, limit: guards[stand.shard].limit(stand.slot) }
}

impl<I, C: Clock> Drop for Together<'_, I, C> {
    fn drop(&mut self) {
        let mut guards = self.lock();
        let next = self.leave(&mut guards);
        for stand in &self.stands {
            guards[stand.shard].unpin(stand.slot);
        }
        // The locks are gone before anybody is woken: a waker may do anything.
        drop(guards);
        next.into_iter().for_each(Waker::wake);
    }
}

/// Wakes a thread that waits.
struct Parked(Thread);

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
