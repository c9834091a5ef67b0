//! The auction of new scrip: what is bid, and who would win.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use ecology_types::{Bid, BidId, Key, Scrip, Time};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// The state of the mint.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Saved")]
pub struct Mint {
    last: BidId,
    pub(crate) round: u64,
    pub(crate) next: Time,
    bids: BTreeMap<BidId, Bid>,
    /// What could not be divided among the agents so far.
    pub(crate) pool: Scrip,
    /// Looked up, never iterated.
    #[serde(skip)]
    of_artifact: FxHashMap<Key, BidId>,
    /// In ascending numbers. Looked up, never iterated.
    #[serde(skip)]
    of_bidder: FxHashMap<Key, Vec<BidId>>,
}

/// What has to be kept, in the order in which it is written; the rest is an index.
#[derive(Deserialize)]
struct Saved {
    last: BidId,
    round: u64,
    next: Time,
    bids: BTreeMap<BidId, Bid>,
    pool: Scrip,
}

impl From<Saved> for Mint {
    fn from(saved: Saved) -> Self {
        let mut mint = Self { round: saved.round, next: saved.next, pool: saved.pool, ..Self::default() };
        for bid in saved.bids.into_values() {
            mint.insert(bid);
        }
        mint.last = saved.last;
        mint
    }
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
        self.of_bidder.get(&bidder).into_iter().flatten().filter_map(|bid| self.bids.get(bid))
    }

    /// An open bid.
    #[must_use]
    pub fn get(&self, bid: BidId) -> Option<&Bid> {
        self.bids.get(&bid)
    }

    /// How many bids are open.
    #[must_use]
    pub fn bids_len(&self) -> usize {
        self.bids.len()
    }

    /// Whether an open bid is to be scored by this artifact.
    #[must_use]
    pub fn is_bid_with(&self, artifact: Key) -> bool {
        self.of_artifact.contains_key(&artifact)
    }

    pub(crate) fn insert(&mut self, bid: Bid) {
        self.last = self.last.max(bid.id);
        self.of_artifact.insert(bid.artifact, bid.id);
        self.of_bidder.entry(bid.bidder).or_default().push(bid.id);
        self.bids.insert(bid.id, bid);
    }

    pub(crate) fn remove(&mut self, bid: BidId) {
        let Some(bid) = self.bids.remove(&bid) else { return };
        if self.of_artifact.get(&bid.artifact) == Some(&bid.id) {
            self.of_artifact.remove(&bid.artifact);
        }
        if let Some(open) = self.of_bidder.get_mut(&bid.bidder) {
            open.retain(|id| *id != bid.id);
            if open.is_empty() {
                self.of_bidder.remove(&bid.bidder);
            }
        }
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
                Bid { id, bidder: Key(20), artifact: Key(30 + u32::try_from(id).unwrap()), amount: Scrip(amount), placed_at: Time(0) };
            mint.insert(bid);
        }
        assert_eq!(mint.bids_of(Key(20)).count(), 4);
        let saved: Mint = postcard::from_bytes(&postcard::to_stdvec(&mint).unwrap()).unwrap();
        assert_eq!(saved.bids_of(Key(20)).count(), 4);
        assert_eq!(saved.next_bid(), 5);
        let auction = mint.auction(2);
        assert_eq!(auction.winners.iter().map(|bid| bid.id).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(auction.price, Scrip(7));
        assert_eq!(mint.auction(4).price, Scrip::ZERO);
        assert_eq!(mint.auction(0).winners.len(), 0);
        (1..=4).for_each(|bid| mint.remove(bid));
        assert!(mint.of_artifact.is_empty() && mint.of_bidder.is_empty());
    }
}
