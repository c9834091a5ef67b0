//! `ecology features`.

use std::collections::BTreeMap;

use ecology_features::{FeatureRow, table};
use ecology_runner::usage::{WorldUsage, usage};
use ecology_types::{Axis, Side};
use serde_json::json;

use crate::cli::FeaturesArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::{Align, Table};
use crate::terminal::{Style, Terminal};
use crate::text::{count, number, wrap};

pub(crate) fn execute(args: &FeaturesArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let loaded = args.config.load()?;
    let rows = table(&loaded);
    let used = args.worlds.iter().map(|world| usage(world)).collect::<Result<Vec<_>, _>>()?;
    if args.json {
        let rows: Vec<_> = rows.iter().map(row).collect();
        if used.is_empty() {
            terminal.print_json(&rows)?;
        } else {
            terminal.print_json(&json!({ "axes": rows, "worlds": need(&used) }))?;
        }
    } else {
        let mut text = render(&rows, terminal.out, terminal.width);
        if !used.is_empty() {
            text += &render_need(&used, terminal.out);
        }
        terminal.print(&text)?;
    }
    for (deprecation, level) in loaded.deprecations() {
        if terminal.verbose {
            terminal.say(&format!("note: {deprecation} (deprecations.{} = {level:?})", deprecation.code));
        }
    }
    Ok(Exit::Ok)
}

/// Worlds and runs that need the old half, by axis; runs that used something deprecated, by code.
fn need(used: &[WorldUsage]) -> serde_json::Value {
    let axes: serde_json::Map<_, _> = Axis::ALL
        .into_iter()
        .map(|axis| {
            let (worlds, runs) = old(used, axis);
            (axis.name().to_owned(), json!({ "worlds_old": worlds, "runs_old": runs }))
        })
        .collect();
    json!({
        "worlds": used.len(),
        "runs": used.iter().map(|one| one.runs).sum::<u64>(),
        "axes": axes,
        "deprecations": deprecations(used),
    })
}

fn old(used: &[WorldUsage], axis: Axis) -> (u64, u64) {
    let worlds = used.iter().filter(|one| one.positions.side(axis) == Side::Old).count() as u64;
    (worlds, used.iter().map(|one| one.runs_old[axis.index()]).sum())
}

fn deprecations(used: &[WorldUsage]) -> BTreeMap<&str, u64> {
    let mut sums = BTreeMap::new();
    for (code, runs) in used.iter().flat_map(|one| &one.deprecations) {
        *sums.entry(code.as_str()).or_default() += runs;
    }
    sums
}

fn render_need(used: &[WorldUsage], style: Style) -> String {
    let runs: u64 = used.iter().map(|one| one.runs).sum();
    let mut text = format!(
        "\n{}\n",
        style.heading(&format!("Of {} with {}", count(used.len() as u64, "world"), count(runs, "run")))
    );
    let mut table = Table::new([
        ("axis", Align::Left),
        ("old half", Align::Left),
        ("worlds on it", Align::Right),
        ("runs on it", Align::Right),
    ])
    .indented(2);
    for axis in Axis::ALL {
        let (worlds, runs) = old(used, axis);
        let cells = [number(worlds), number(runs)];
        let names = [axis.name().to_owned(), axis.implementation(Side::Old).to_owned()];
        table.row(names.into_iter().chain(cells));
    }
    text += &table.render(style);
    for (code, runs) in deprecations(used) {
        text += &format!("  {code} was used in {}\n", count(runs, "run"));
    }
    text
}

fn row(row: &FeatureRow) -> serde_json::Value {
    json!({
        "axis": row.axis.name(),
        "question": row.question,
        "phase": row.phase,
        "serves": row.serves,
        "shadows": row.shadows,
        "state": row.state.name(),
        "new": row.new,
        "stage": row.stage.name(),
        "next_step": row.next_step,
    })
}

fn render(rows: &[FeatureRow], style: Style, width: usize) -> String {
    let mut table = Table::new([
        ("axis", Align::Left),
        ("serves", Align::Left),
        ("shadow", Align::Left),
        ("state", Align::Left),
        ("new half", Align::Left),
        ("stage", Align::Left),
    ]);
    for row in rows {
        table.row([
            row.axis.name().to_owned(),
            row.serves.to_owned(),
            row.shadows.unwrap_or("-").to_owned(),
            row.state.name().to_owned(),
            row.new.to_owned(),
            row.stage.name().to_owned(),
        ]);
    }
    let mut text = table.render(style);
    text += &format!("\n{}\n", style.heading("Next steps"));
    for row in rows {
        let lines = wrap(&row.next_step, width.saturating_sub(20).max(20));
        for (at, line) in lines.iter().enumerate() {
            let name = if at == 0 { row.axis.name() } else { "" };
            text += &format!("  {name:<18}{line}\n");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use ecology_features::{Sources, load};

    use super::*;

    #[test]
    fn the_table_of_the_axes() {
        let show = |sources: Sources| render(&table(&load(sources).unwrap()), Style::PLAIN, 80);
        insta::assert_snapshot!("features_default", show(Sources::new()));
        let mixed = Sources::new()
            .set("--set", "features.rate_limiting=rolling")
            .set("--set", "features.execution_mode=continuous")
            .set("--shadow", "shadow.artifact_ontology=unified");
        insta::assert_snapshot!("features_mixed", show(mixed));
    }
}
