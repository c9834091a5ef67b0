//! The auction of new scrip.

use std::cmp::Reverse;

use ecology_types::Bid;
use serde_json::json;

use super::Look;
use super::listing::Listing;
use crate::cli::Page;
use crate::failure::Failure;
use crate::render::{Align, Table};
use crate::text::{count, micros, number};

pub(super) fn show(look: &Look<'_>, page: Page) -> Result<(), Failure> {
    let (world, mint, rules) = (&look.world, look.world.mint(), &look.world.rules().mint);
    let mut bids: Vec<&Bid> = mint.bids().collect();
    bids.sort_by_key(|bid| (Reverse(bid.amount), bid.id));
    let table = Table::new([
        ("bid", Align::Right),
        ("bidder", Align::Left),
        ("amount", Align::Right),
        ("artifact", Align::Left),
        ("placed", Align::Right),
    ]);
    let listing = Listing::new("open bid", table).fill(bids, page, |bid| {
        let (bidder, artifact) = (world.id(bid.bidder).as_str(), world.id(bid.artifact).as_str());
        let cells = vec![
            bid.id.to_string(),
            bidder.to_owned(),
            number(bid.amount.0),
            artifact.to_owned(),
            micros(bid.placed_at.0),
        ];
        let object = json!({
            "bid": bid.id,
            "bidder": bidder,
            "amount": bid.amount.0,
            "artifact": artifact,
            "placed_at_us": bid.placed_at.0,
        });
        (cells, object)
    });
    let is_on = rules.interval.0 > 0;
    if look.json {
        let mut object = listing.json(&look.name);
        object["rounds"] = mint.round().into();
        object["next_at_us"] = if is_on { mint.next().0.into() } else { serde_json::Value::Null };
        object["pool"] = mint.pool().0.into();
        object["winners"] = rules.winners.into();
        object["mint_ratio"] = rules.mint_ratio.into();
        object["bid_min"] = rules.bid_min.0.into();
        return look.terminal.print_json(&object);
    }
    let next = if is_on {
        format!("next at {} of world time", micros(mint.next().0))
    } else {
        "turned off".to_owned()
    };
    let mut text = format!(
        "{} so far, {next} (now {})\n{} in the pool of the basic income\n",
        count(mint.round(), "auction"),
        micros(world.time().0),
        number(mint.pool().0)
    );
    text += &format!(
        "{} a time, one scrip for {} of score, bids from {} scrip\n\n",
        count(rules.winners.into(), "winner"),
        count(rules.mint_ratio, "point"),
        number(rules.bid_min.0)
    );
    look.terminal.print(&(text + &listing.render(look.terminal.out)))
}
