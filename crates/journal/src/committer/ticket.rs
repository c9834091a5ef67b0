//! What a submitter gets back.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};

use super::super::sync::Arc;
use super::shared::{Shared, State};
use crate::JournalError;

/// The promise that a frame will be durable, or that its submitter will hear why not. Wait for it, poll it, or `.await` it
/// (on any executor).
#[derive(Debug, Clone)]
pub struct Ticket {
    shared: Arc<Shared>,
    number: u64,
}

impl Ticket {
    pub(super) fn new(shared: Arc<Shared>, number: u64) -> Self {
        Self { shared, number }
    }

    /// The number of the frame.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Whether it is decided: `Ok` with the number once the frame is durable.
    #[must_use]
    pub fn poll(&self) -> Option<Result<u64, JournalError>> {
        if self.shared.committed() >= self.number {
            return Some(Ok(self.number));
        }
        self.judge(&self.shared.state())
    }

    /// Blocks until it is decided; answers the number.
    ///
    /// # Errors
    /// The error that stopped the journal before the frame was durable.
    pub fn wait(&self) -> Result<u64, JournalError> {
        if self.shared.committed() >= self.number {
            return Ok(self.number);
        }
        let mut state = self.shared.state();
        loop {
            if let Some(answer) = self.judge(&state) {
                return answer;
            }
            state.waiters += 1;
            state = self.shared.wait(&self.shared.moved, state);
            state.waiters -= 1;
        }
    }

    fn judge(&self, state: &State) -> Option<Result<u64, JournalError>> {
        if self.shared.committed() >= self.number {
            return Some(Ok(self.number));
        }
        match &state.failed {
            Some(error) => Some(Err(error.clone())),
            None if state.closing && self.number > state.submitted => Some(Err(JournalError::Closed)),
            None => None,
        }
    }
}

impl IntoFuture for Ticket {
    type Output = Result<u64, JournalError>;
    type IntoFuture = TicketFuture;

    fn into_future(self) -> TicketFuture {
        TicketFuture { ticket: self }
    }
}

/// A [`Ticket`] being awaited. Dropping it withdraws nothing: the frame is committed all the same.
#[derive(Debug)]
pub struct TicketFuture {
    ticket: Ticket,
}

impl Future for TicketFuture {
    type Output = Result<u64, JournalError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let ticket = &self.ticket;
        let mut state = ticket.shared.state();
        match ticket.judge(&state) {
            Some(answer) => Poll::Ready(answer),
            None => {
                state.wakers.push((ticket.number, context.waker().clone()));
                Poll::Pending
            }
        }
    }
}
