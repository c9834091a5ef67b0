//! `ecology features`.

use ecology_features::{FeatureRow, table};
use serde_json::json;

use crate::cli::FeaturesArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::{Align, Table};
use crate::terminal::{Style, Terminal};
use crate::text::wrap;

pub(crate) fn execute(args: &FeaturesArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let loaded = args.config.load()?;
    let rows = table(&loaded);
    if args.json {
        let rows: Vec<_> = rows.iter().map(row).collect();
        terminal.print_json(&rows)?;
    } else {
        terminal.print(&render(&rows, terminal.out, terminal.width))?;
    }
    for (deprecation, level) in loaded.deprecations() {
        if terminal.verbose {
            terminal.say(&format!("note: {deprecation} (deprecations.{} = {level:?})", deprecation.code));
        }
    }
    Ok(Exit::Ok)
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
