//! Resolving the auction of new scrip.

use ecology_types::{BidId, Effect, GenesisArtifact, MintReason, Scrip, SmolStr, Time, TransferReason};

use crate::mint::Auction;
use crate::step::{Plan, StepError};
use crate::world::World;

impl World {
    /// Whether the mint should be resolved at `now`.
    #[must_use]
    pub fn mint_is_due(&self, now: Time) -> bool {
        self.rules.mint.interval.0 > 0 && now >= self.mint.next
    }

    /// Who would win if the mint resolved now: their artifacts are to be scored before it does.
    #[must_use]
    pub fn pending_auction(&self) -> Auction {
        self.mint.auction(self.rules.mint.winners)
    }

    pub(crate) fn decide_mint(
        &self,
        scores: &[(BidId, Result<u8, SmolStr>)],
        now: Time,
        plan: &mut Plan,
    ) -> Result<(), StepError> {
        let mint = GenesisArtifact::Mint.key();
        let auction = self.pending_auction();
        let score_of = |bid: BidId| scores.iter().find(|(scored, _)| *scored == bid).map(|(_, score)| score);
        let mut winners = Vec::with_capacity(auction.winners.len());
        for bid in &auction.winners {
            let Some(score) = score_of(bid.id) else {
                return Err(StepError::Contradiction(format!("bid {} wins and has no score", bid.id)));
            };
            winners.push((bid.id, score.as_ref().ok().map(|score| (*score).min(100))));
        }
        let interval = self.rules.mint.interval;
        let mut next = self.mint.next.after(interval);
        if next <= now {
            next = now.after(interval);
        }
        plan.push(Effect::MintResolved {
            round: self.mint.round + 1,
            price: auction.price,
            winners: winners.clone(),
            losers: auction.losers.iter().map(|bid| bid.id).collect(),
            next,
        });
        let mut paid = self.mint.pool;
        let mut supply = self.accounts.supply();
        for (bid, (_, score)) in auction.winners.iter().zip(&winners) {
            // A failed scoring gives everything back: it neither costs nor creates money.
            let price = if score.is_some() { auction.price } else { Scrip::ZERO };
            let refund = Scrip(bid.amount.0 - price.0);
            if refund > Scrip::ZERO {
                let reason = TransferReason::BidRefund;
                plan.push(Effect::ScripTransferred { from: mint, to: bid.bidder, amount: refund, reason });
            }
            paid = Scrip(paid.0 + price.0);
            if let Some(score) = score {
                let amount = Scrip(u64::from(*score) / self.rules.mint.mint_ratio.max(1));
                if amount > Scrip::ZERO
                    && let Some(sum) = supply.checked_add(amount)
                {
                    supply = sum;
                    plan.push(Effect::Minted { to: bid.bidder, amount, reason: MintReason::Score });
                }
            }
        }
        for bid in &auction.losers {
            let reason = TransferReason::BidRefund;
            plan.push(Effect::ScripTransferred { from: mint, to: bid.bidder, amount: bid.amount, reason });
        }
        let agents = self.living_agents().len() as u64;
        if paid > Scrip::ZERO {
            let each = paid.0.checked_div(agents).unwrap_or(0);
            plan.push(Effect::BasicIncomePaid {
                each: Scrip(each),
                agents,
                remainder: Scrip(paid.0 - each * agents),
            });
        }
        Ok(())
    }
}
