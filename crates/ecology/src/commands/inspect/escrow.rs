//! Open asks and offers.

use ecology_types::Order;
use ecology_world::World;
use serde_json::json;

use super::listing::Listing;
use super::names::{good, optional_key};
use crate::cli::OrderFilter;
use crate::failure::Failure;
use crate::render::{Align, Table};
use crate::text::{micros, number};

pub(super) fn list(world: &World, filter: &OrderFilter) -> Result<Listing, Failure> {
    let owner = optional_key(world, filter.owner.as_ref())?;
    let rows: Vec<&Order> = world
        .orders()
        .iter()
        .filter(|order| owner.is_none_or(|owner| order.owner == owner))
        .filter(|order| filter.kind.as_deref().is_none_or(|kind| order.kind == kind))
        .collect();
    let table = Table::new([
        ("order", Align::Right),
        ("side", Align::Left),
        ("kind", Align::Left),
        ("price", Align::Right),
        ("owner", Align::Left),
        ("good", Align::Left),
        ("only for", Align::Left),
        ("opened", Align::Right),
    ]);
    Ok(Listing::new("open order", table).fill(rows, filter.page, |order| {
        let side = if order.good.is_some() { "ask" } else { "offer" };
        let only_for = order.only_for.map(|key| world.id(key).as_str());
        let cells = vec![
            order.id.to_string(),
            side.to_owned(),
            order.kind.to_string(),
            number(order.price.0),
            world.id(order.owner).to_string(),
            good(world, order.good.as_ref()),
            only_for.unwrap_or("").to_owned(),
            micros(order.opened_at.0),
        ];
        let object = json!({
            "order": order.id,
            "side": side,
            "kind": order.kind.as_str(),
            "price": order.price.0,
            "owner": world.id(order.owner).as_str(),
            "good": order.good.as_ref().map(|_| good(world, order.good.as_ref())),
            "only_for": only_for,
            "opened_at_us": order.opened_at.0,
        });
        (cells, object)
    }))
}
