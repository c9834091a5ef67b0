//! Where a world stands.

use std::collections::BTreeMap;

use ecology_runner::migrate::positions;
use ecology_types::Axis;
use serde_json::json;

use super::Look;
use super::names::state;
use crate::failure::Failure;
use crate::text::{clean, count, counted, micros, number, wrap};

pub(super) fn show(look: &Look<'_>) -> Result<(), Failure> {
    let world = &look.world;
    let (run, running, scenario, seed) = world.run();
    let (live, deleted) = world.parts().ontology.counts();
    let (principals, agents) =
        (world.parts().ontology.principals().len(), world.parts().ontology.agents().len());
    let mut loops: BTreeMap<&str, u64> = BTreeMap::new();
    for (_, row) in world.agents().iter() {
        *loops.entry(state(&row.state)).or_default() += 1;
    }
    let (mut done, mut refused, mut thoughts) = (0_u64, 0_u64, 0_u64);
    for (_, usage) in world.usage().iter() {
        done += usage.actions_done;
        refused += usage.actions_refused;
        thoughts += usage.thoughts;
    }
    let hash = world.hash();
    let law = world.check_invariants().err().map(|broken| broken.to_string());
    let axes = world.axes();
    if look.json {
        let serves: BTreeMap<&str, &str> =
            Axis::ALL.iter().map(|axis| (axis.name(), axes.serving(*axis))).collect();
        let next = positions(axes, world.migrations());
        let next_serves: BTreeMap<&str, &str> =
            Axis::ALL.iter().map(|axis| (axis.name(), next.serving(*axis))).collect();
        let shadows: BTreeMap<&str, &str> =
            Axis::ALL.iter().filter_map(|axis| Some((axis.name(), axes.shadowing(*axis)?))).collect();
        return look.terminal.print_json(&json!({
            "world": look.name,
            "scenario": scenario,
            "seed": seed.0,
            "runs": run,
            "run_is_open": running,
            "serves": serves,
            "next_serves": next_serves,
            "moving": world.migrations().open().map(|open| {
                json!({ "axis": open.axis.name(), "to": open.axis.implementation(open.to) })
            }),
            "shadows": shadows,
            "tick": world.tick(),
            "world_time_us": world.time().0,
            "records": world.last_record(),
            "events": world.last_event(),
            "population": { "agents": agents, "principals": principals, "live": live, "deleted": deleted },
            "actions": { "done": done, "refused": refused, "thoughts": thoughts },
            "supply": world.accounts().supply().0,
            "open_orders": world.orders().len(),
            "open_bids": world.mint().bids().count(),
            "open_reservations": world.reservations().iter().count(),
            "loops": loops,
            "state_hash": { "decided": hash.decided_hex(), "measured": hash.measured_hex() },
            "broken_law": law,
        }));
    }
    let style = look.terminal.out;
    let mut text = format!("{}\n\n", style.heading(&look.name));
    let mut row = |label: &str, words: String| {
        for (at, line) in wrap(&words, look.terminal.width.saturating_sub(15)).iter().enumerate() {
            let label = if at == 0 { label } else { "" };
            text += &format!("  {}{line}\n", style.faint(&format!("{label:<13}")));
        }
    };
    let open = if running { ", which is still open or was cut off" } else { "" };
    if run == 0 && scenario.is_empty() {
        row("scenario", "imported, not run yet".to_owned());
    } else {
        row("scenario", format!("{}, seed {}, {}{open}", clean(scenario), seed.0, count(run, "run")));
    }
    row("axes", axes.to_string());
    let next = positions(axes, world.migrations());
    if let Some(open) = world.migrations().open() {
        let to = open.axis.implementation(open.to);
        row(
            "moving",
            format!("{} to {to} has begun and is not done: give the same `migrate` again", open.axis),
        );
    }
    if next != axes {
        let moved = Axis::ALL.iter().filter(|axis| next.side(**axis) != axes.side(**axis));
        let moved: Vec<_> = moved.map(|axis| format!("{axis}={}", next.serving(*axis))).collect();
        row("moved", format!("{}, from the next run on", moved.join(" ")));
    }
    let tick = if world.tick() > 0 { format!("tick {}, ", number(world.tick())) } else { String::new() };
    row("time", format!("{tick}{} of world time", micros(world.time().0)));
    row(
        "journal",
        format!("{}, {}", count(world.last_record(), "record"), count(world.last_event(), "event")),
    );
    row(
        "population",
        format!(
            "{}, {}; {} in all, {} deleted",
            count(agents as u64, "agent"),
            count(principals as u64, "principal"),
            counted(live, "principal or artifact", "principals and artifacts"),
            number(deleted)
        ),
    );
    let words: Vec<String> = loops.iter().map(|(state, n)| format!("{} {state}", number(*n))).collect();
    row("loops", if words.is_empty() { "none".to_owned() } else { words.join(", ") });
    row(
        "actions",
        format!("{} done, {} refused, {}", number(done), number(refused), count(thoughts, "thought")),
    );
    row("scrip", format!("{} in all", number(world.accounts().supply().0)));
    row(
        "open",
        format!(
            "{}, {}, {}",
            count(world.orders().len() as u64, "order"),
            count(world.mint().bids().count() as u64, "bid"),
            count(world.reservations().iter().count() as u64, "reservation")
        ),
    );
    row("decided", hash.decided_hex());
    row("measured", hash.measured_hex());
    match law {
        None => row("laws", style.good("hold")),
        Some(law) => row("laws", style.bad(&format!("BROKEN: {}", clean(&law)))),
    }
    look.terminal.print(&text)
}
