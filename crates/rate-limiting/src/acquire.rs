//! Waiting for capacity, first come first served.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use ecology_types::Time;

use super::bank::{Bank, Place};
use super::sync::{Sleep, sleep};
use crate::{Answer, Clock};

/// The weight is larger than the limit: however long one waits, it never fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a weight of {weight} never fits a limit of {limit} per window; ask for less at once or raise the limit"
)]
pub struct AboveLimit {
    /// What was asked for.
    pub weight: u64,
    /// What there is, per window.
    pub limit: u64,
}

/// Stands in line from the first time that it has to wait. Only the first in line has a timer; everybody else is woken by whoever leaves
/// before them. Dropped, it leaves the line, and the next one moves up.
pub(crate) struct Acquire<'a, I, C: Clock> {
    bank: &'a Bank<I, C>,
    place: Place,
    weight: u64,
    ticket: Option<u64>,
    timer: Option<(Time, Pin<Box<Sleep>>)>,
}

impl<'a, I, C: Clock> Acquire<'a, I, C> {
    /// For a place that was pinned; the pin goes with this value.
    pub(crate) fn of_pinned(bank: &'a Bank<I, C>, place: Place, weight: u64) -> Self {
        Self { bank, place, weight, ticket: None, timer: None }
    }

    /// Tries once; what to do when it is not this one's turn is `None`.
    fn attempt(&mut self, now: Time, waker: &Waker) -> (Option<Answer>, Option<Waker>) {
        let (at, weight) = (self.place.slot, self.weight);
        let mut shard = self.bank.shard(self.place.shard).lock();
        let ticket = match self.ticket {
            Some(ticket) => ticket,
            None => {
                let answer = shard.check(at, weight, now);
                if !matches!(answer, Answer::Wait { .. }) {
                    if answer.is_admit() {
                        shard.book(at, weight);
                    }
                    return (Some(answer), None);
                }
                *self.ticket.insert(shard.enqueue(at, weight, waker))
            }
        };
        let answer = shard.try_in_line(at, ticket, weight, now, waker);
        match answer {
            Some(Answer::Admit | Answer::AboveShare) => {
                self.ticket = None;
                (answer, shard.leave(at, ticket))
            }
            _ => (answer, None),
        }
    }
}

impl<I, C: Clock> Future for Acquire<'_, I, C> {
    type Output = Result<(), AboveLimit>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        loop {
            let now = this.bank.clock.now();
            let (answer, next) = this.attempt(now, context.waker());
            if let Some(next) = next {
                next.wake();
            }
            let until = match answer {
                Some(Answer::Admit) => return Poll::Ready(Ok(())),
                Some(Answer::AboveShare) => {
                    let limit = this.bank.shard(this.place.shard).lock().limit(this.place.slot);
                    return Poll::Ready(Err(AboveLimit { weight: this.weight, limit }));
                }
                // Whoever leaves the line, settles, cancels or changes the limit wakes the first.
                None | Some(Answer::Wait { until: Time::NEVER }) => {
                    this.timer = None;
                    return Poll::Pending;
                }
                Some(Answer::Wait { until }) => until,
            };
            let timer = match this.timer.take() {
                Some((of, timer)) if of == until => timer,
                _ => Box::pin(sleep(until.since(now).to_std())),
            };
            let (_, timer) = this.timer.insert((until, timer));
            if timer.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            this.timer = None;
        }
    }
}

impl<I, C: Clock> Drop for Acquire<'_, I, C> {
    fn drop(&mut self) {
        let mut shard = self.bank.shard(self.place.shard).lock();
        shard.unpin(self.place.slot);
        let next = self.ticket.take().and_then(|ticket| shard.leave(self.place.slot, ticket));
        drop(shard);
        if let Some(next) = next {
            next.wake();
        }
    }
}
