//! The agents and their loops.

use ecology_types::Key;
use ecology_world::{AgentLoop, World};
use serde_json::json;

use super::listing::Listing;
use super::names::{optional_key, state, waits_for};
use crate::cli::AgentFilter;
use crate::failure::Failure;
use crate::render::{Align, Table};
use crate::text::{micros, number};

pub(super) fn list(world: &World, filter: &AgentFilter) -> Result<Listing, Failure> {
    let owner = optional_key(world, filter.owner.as_ref())?;
    let new = AgentLoop::default();
    let rows: Vec<(Key, &AgentLoop)> = world
        .parts()
        .ontology
        .agents()
        .iter()
        .map(|key| (*key, world.agents().get(*key).unwrap_or(&new)))
        .filter(|(key, _)| {
            owner.is_none_or(|owner| world.principal(*key).is_some_and(|record| record.owner == owner))
        })
        .filter(|(_, row)| filter.state.as_deref().is_none_or(|wanted| state(&row.state) == wanted))
        .collect();
    let table = Table::new([
        ("agent", Align::Left),
        ("loop", Align::Left),
        ("scrip", Align::Right),
        ("thoughts", Align::Right),
        ("done", Align::Right),
        ("refused", Align::Right),
        ("CPU", Align::Right),
        ("waits for", Align::Left),
    ]);
    Ok(Listing::new("agent", table).fill(rows, filter.page, |(key, row)| {
        let (usage, measured) = (world.usage().get(*key), world.measured().get(*key));
        let scrip = world.accounts().scrip(*key).0;
        let cells = vec![
            world.id(*key).to_string(),
            state(&row.state).to_owned(),
            number(scrip),
            number(usage.thoughts),
            number(usage.actions_done),
            number(usage.actions_refused),
            micros(measured.cpu_ns / 1_000),
            waits_for(&row.state),
        ];
        let counted: serde_json::Map<String, serde_json::Value> = usage
            .counted
            .iter()
            .map(|(resource, amount)| (resource.name().to_owned(), amount.into()))
            .collect();
        let object = json!({
            "id": world.id(*key).as_str(),
            "owner": world.principal(*key).map(|record| world.id(record.owner).as_str()),
            "loop": state(&row.state),
            "waits_for": waits_for(&row.state),
            "errors_in_row": row.errors_in_row,
            "scrip": scrip,
            "thoughts": usage.thoughts,
            "actions_done": usage.actions_done,
            "actions_refused": usage.actions_refused,
            "counted": counted,
            "measured": {
                "cpu_ns": measured.cpu_ns,
                "memory_peak_bytes": measured.memory_peak_bytes,
                "written_bytes": measured.written_bytes,
                "bandwidth_bytes": measured.bandwidth_bytes,
            },
        });
        (cells, object)
    }))
}
