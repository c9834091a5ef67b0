//! Who holds how much.

use std::cmp::Reverse;

use ecology_types::{Key, Resource};
use ecology_world::{Account, World};
use serde_json::json;

use super::listing::Listing;
use super::names::optional_key;
use crate::cli::AccountFilter;
use crate::failure::Failure;
use crate::render::{Align, Table};
use crate::text::{bytes, number};

pub(super) fn list(world: &World, filter: &AccountFilter) -> Result<Listing, Failure> {
    let only = optional_key(world, filter.owner.as_ref())?;
    let fits = |key: Key| {
        only.is_none_or(|only| only == key)
            && filter.kind.as_deref().is_none_or(|kind| kind_of(world, key) == kind)
    };
    let mut rows: Vec<(Key, &Account)> = world.accounts().iter().filter(|(key, _)| fits(*key)).collect();
    rows.sort_by_key(|(key, account)| (Reverse(account.scrip), *key));
    let table = Table::new([
        ("principal", Align::Left),
        ("kind", Align::Left),
        ("scrip", Align::Right),
        ("disk used", Align::Right),
        ("of", Align::Right),
        ("orders", Align::Right),
        ("LLM budget", Align::Right),
    ]);
    Ok(Listing::new("principal", table).fill(rows, filter.page, |(key, account)| {
        let orders = world.orders().count(*key);
        let cells = vec![
            world.id(*key).to_string(),
            kind_of(world, *key).to_owned(),
            number(account.scrip.0),
            bytes(account.disk_used_bytes),
            bytes(account.quotas[Resource::Disk]),
            number(orders as u64),
            format!(
                "${}",
                crate::text::millionths(
                    i64::try_from(account.free(Resource::LlmBudget)).unwrap_or(i64::MAX),
                    2
                )
            ),
        ];
        let quotas: serde_json::Map<String, serde_json::Value> = Resource::ALL
            .into_iter()
            .map(|resource| (resource.name().to_owned(), account.quotas[resource].into()))
            .collect();
        let used: serde_json::Map<String, serde_json::Value> = Resource::ALL
            .into_iter()
            .map(|resource| (resource.name().to_owned(), world.used(*key, resource, world.time()).into()))
            .collect();
        let object = json!({
            "id": world.id(*key).as_str(),
            "kind": kind_of(world, *key),
            "scrip": account.scrip.0,
            "quotas": quotas,
            "used": used,
            "llm_budget_reserved": account.budget_reserved,
            "open_orders": orders,
        });
        (cells, object)
    }))
}

/// Whether a principal acts by itself.
fn kind_of(world: &World, key: Key) -> &'static str {
    match world.principal(key) {
        Some(record) if record.can_execute => "agent",
        Some(_) => "account",
        None => "gone",
    }
}
