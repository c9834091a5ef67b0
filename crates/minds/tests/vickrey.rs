//! The mean revenue of second-price auctions among bidders who tell the truth, and that deviating does not pay.

use ecology_minds::scripted::{VickreyBidder, VickreyBidderConfig};
use ecology_minds::statistics::vickrey_mean_revenue;
use ecology_types::{Seed, Span, Time};

use crate::village::Village;

const SCALE: u64 = 1_000_000;
const AUCTIONS: u64 = 2_000;

fn bidders(count: u64, first_permille: u64) -> (Village, Vec<VickreyBidder>) {
    let mut village = Village::new(5);
    village.mint_every = 4;
    let mut copies = Vec::new();
    for index in 0..count {
        let bid_permille = if index == 0 { first_permille } else { 1_000 };
        let config = VickreyBidderConfig { value_max: SCALE, bid_permille, ..Default::default() };
        let bidder = VickreyBidder::new(config, Seed(11).derive("bidder", index));
        copies.push(bidder.clone());
        village.add_mind(Box::new(bidder), u64::MAX >> 8);
    }
    village.run_ticks(4 * (AUCTIONS + 1));
    (village, copies)
}

#[test]
fn revenue() {
    for count in [2, 5, 10] {
        let (village, _) = bidders(count, 1_000);
        let auctions = &village.revenues[1..];
        let mean = auctions.iter().map(|(price, _)| *price).sum::<u64>() as f64 / auctions.len() as f64;
        let expected = vickrey_mean_revenue(u32::try_from(count).unwrap()) * SCALE as f64;
        // The standard error of 2,000 auctions is at most 0.0053 of the scale.
        assert!((mean - expected).abs() < 0.016 * SCALE as f64, "{count}: {mean} {expected}");
    }
}

#[test]
fn no_deviation_beats_the_truth() {
    let gain = |permille| {
        let (village, copies) = bidders(3, permille);
        let rounds = (1_u32..).zip(&village.revenues);
        // The bids of round n are resolved at the end of it; the first resolution came before any bid could.
        rounds
            .filter(|(_, (_, winner))| *winner == Some(0))
            .map(|(round, (price, _))| i128::from(copies[0].value(round)) - i128::from(*price))
            .sum::<i128>()
    };
    let truth = gain(1_000);
    assert!(truth > 0);
    for permille in [0, 500, 900, 1_100, 1_500] {
        assert!(gain(permille) <= truth, "{permille}");
    }
}

#[test]
fn sleeps_until_the_resolution_in_continuous_mode() {
    let mut village = Village::new(5);
    village.mint_every = 4;
    village.tick = 0;
    village.add("mind = 'bidder'", 100);
    village.run_continuous(Time::ZERO.after(Span::from_secs(3)));
    assert_eq!(village.bids.len(), 1, "one bid per auction");
    assert!(village.agents[0].sleep.is_some());
}
