//! One sealed bid per auction of the mint: makes the artifact to be scored, bids with it, and waits for the resolution.

use ecology_types::{Action, Draft, EventKind, Id, Sleep, SmolStr, Time, WakeCondition, WriteMode};
use serde::{Deserialize, Serialize};

use super::quoting::last_done;
use crate::{Decision, MindError, Perception, Then, services};

/// How far an agent has come in the present auction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// The auction that it has to do with, named by the time of its resolution.
    auction: Time,
    /// Counts the auctions that it took part in, from 1.
    round: u32,
    stage: Stage,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    Writing(Id),
    Bidding,
    Waiting,
}

impl Entry {
    pub(super) const fn new() -> Self {
        Self { auction: Time::ZERO, round: 0, stage: Stage::Waiting }
    }

    /// How many auctions it took part in.
    pub(super) const fn round(&self) -> u32 {
        self.round
    }

    /// The next step. `amount` says what to bid in the auction with this number; `None` for nothing.
    pub(super) fn step(
        &mut self,
        view: &dyn Perception,
        content: impl FnOnce(u32) -> String,
        amount: impl FnOnce(u32) -> Option<u64>,
    ) -> Result<Decision, MindError> {
        let mint = view.mint();
        if mint.next == Time::NEVER {
            return Ok(Decision::noop());
        }
        if mint.next != self.auction {
            self.auction = mint.next;
            self.round = self.round.saturating_add(1);
            let id = Id::new(format!("{}_entry_{}", view.me(), self.round))
                .map_err(|error| MindError::Failed(error.to_string().into()))?;
            let mut draft = Draft::new(id.clone(), content(self.round));
            draft.mode = WriteMode::CreateOrReplace;
            draft.kind = Some(SmolStr::new_static("entry"));
            self.stage = Stage::Writing(id);
            return Ok(Decision::act(Action::Write(Box::new(draft))));
        }
        match std::mem::replace(&mut self.stage, Stage::Waiting) {
            Stage::Writing(id) if last_done(view) => {
                if let Some(amount) = amount(self.round).filter(|amount| *amount > 0) {
                    self.stage = Stage::Bidding;
                    return Ok(Decision::act(services::bid(&id, amount)));
                }
            }
            _ => {}
        }
        let wait = Sleep {
            duration: Some(mint.next.since(view.now())),
            on: vec![WakeCondition::Event(EventKind::MintResolved)],
        };
        Ok(Decision::noop().then(if view.tick() == 0 { Then::Sleep(wait) } else { Then::Continue }))
    }
}
