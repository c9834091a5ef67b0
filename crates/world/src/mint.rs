//! The auction of new scrip: what is bid, and who would win.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use ecology_types::{Bid, BidId, Key, Scrip, Time};
use serde::{Deserialize, Serialize};

/// The state of the mint.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Mint {
    pub(crate) last: BidId,
    pub(crate) round: u64,
    pub(crate) next: Time,
    pub(crate) bids: BTreeMap<BidId, Bid>,
    /// What could not be divided among the agents so far.
    pub(crate) pool: Scrip,
}

/// Who wins if the mint resolves now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Auction {
    /// Winning bids, highest first.
    pub winners: Vec<Bid>,
    /// The rest, highest first.
    pub losers: Vec<Bid>,
    /// What each winner pays: the highest losing bid, 0 if there is none.
    pub price: Scrip,
}

impl Mint {
    /// The number of the next bid.
    #[must_use]
    pub const fn next_bid(&self) -> BidId {
        self.last + 1
    }

    /// How many resolutions there were.
    #[must_use]
    pub const fn round(&self) -> u64 {
        self.round
    }

    /// When the next resolution is due.
    #[must_use]
    pub const fn next(&self) -> Time {
        self.next
    }

    /// What waits to be divided.
    #[must_use]
    pub const fn pool(&self) -> Scrip {
        self.pool
    }

    /// The open bids, in ascending numbers.
    pub fn bids(&self) -> impl Iterator<Item = &Bid> {
        self.bids.values()
    }

    /// The open bids of one principal.
    pub fn bids_of(&self, bidder: Key) -> impl Iterator<Item = &Bid> {
        self.bids.values().filter(move |bid| bid.bidder == bidder)
    }

    /// The uniform-price auction of `k` prizes over the open bids: the k highest win (earlier first at equal amounts), all pay the (k+1)-th amount.
    ///
    /// With one prize this is the second-price auction of Vickrey (1961).
    #[must_use]
    pub fn auction(&self, k: u32) -> Auction {
        let mut bids: Vec<Bid> = self.bids.values().cloned().collect();
        bids.sort_by_key(|bid| (Reverse(bid.amount), bid.id));
        let losers = bids.split_off(bids.len().min(k as usize));
        let price = losers.first().map_or(Scrip::ZERO, |bid| bid.amount);
        Auction { winners: bids, losers, price }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn winners_pay_the_highest_losing_bid() {
        let mut mint = Mint::default();
        for (id, amount) in [(1, 5), (2, 9), (3, 7), (4, 7)] {
            let bid =
                Bid { id, bidder: Key(20), artifact: Key(30), amount: Scrip(amount), placed_at: Time(0) };
            mint.bids.insert(id, bid);
        }
        let auction = mint.auction(2);
        assert_eq!(auction.winners.iter().map(|bid| bid.id).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(auction.price, Scrip(7));
        assert_eq!(mint.auction(4).price, Scrip::ZERO);
        assert_eq!(mint.auction(0).winners.len(), 0);
    }
}
