//! `ecology diff`.

use ecology_runner::diff::{EventAt, WorldDiff, diff};

use crate::cli::DiffArgs;
use crate::exit::Exit;
use crate::failure::{Failure, shown};
use crate::terminal::{Style, Terminal};
use crate::text::{clean, clean_json, count, cut, micros, number, wrap};

pub(crate) fn execute(args: &DiffArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let found = diff(&args.a, &args.b, args.fields as usize)?;
    if args.json {
        let mut value = serde_json::to_value(&found).unwrap_or_default();
        if let Some(fields) = value.as_object_mut() {
            fields.insert("same".to_owned(), found.is_same().into());
        }
        terminal.print_json(&value)?;
    } else {
        terminal.print(&render(&found, [&shown(&args.a), &shown(&args.b)], terminal.out, terminal.width))?;
    }
    Ok(if found.is_same() { Exit::Ok } else { Exit::Failed })
}

fn render(found: &WorldDiff, names: [&str; 2], style: Style, width: usize) -> String {
    let mut text = String::new();
    for ((mark, name), extent) in ["a", "b"].into_iter().zip(names).zip(&found.worlds) {
        text += &format!(
            "{} {name}: {}, {}, {} of world time\n",
            style.heading(mark),
            count(extent.records, "record"),
            count(extent.events, "event"),
            micros(extent.time_us)
        );
        for one in wrap(&clean(&extent.positions), width.saturating_sub(2)) {
            text += &format!("  {one}\n");
        }
    }
    // What the machine measured differs between any two runs and is compared below, as a whole.
    let common = format!("{} of what was decided", count(found.events_in_common, "event"));
    match &found.first {
        None => text += &format!("\n  {}: {common} in common\n", style.good("the histories are the same")),
        Some(first) => {
            text += &format!("\n  {} after {common} in common\n", style.bad("the histories part"));
            for (mark, side) in ["a", "b"].into_iter().zip(&first.sides) {
                text += &format!("    {mark}  {}\n", side.as_ref().map_or("has ended".to_owned(), event));
            }
        }
    }
    let verdict = |same: bool| if same { style.good("same") } else { style.bad("different") };
    let measured = if found.measured_same { "same" } else { "different, as between any two runs" };
    text += &format!("\n  state: decided {}, measured {measured}\n", verdict(found.decided_same));
    let name_width = found.fields.iter().map(|field| field.path.chars().count()).max().unwrap_or(0).min(60);
    for field in &found.fields {
        let [a, b] = field.values.each_ref().map(|value| {
            if value.is_null() { "-".to_owned() } else { cut(&clean(&clean_json(value.to_string())), 60) }
        });
        text += &format!("    {:name_width$}  {a}  |  {b}\n", clean(&field.path));
    }
    let more = found.fields_differing - found.fields.len() as u64;
    if more > 0 {
        text += &format!(
            "    and {} that differ; --fields {} shows all\n",
            count(more, "more field"),
            found.fields_differing
        );
    }
    text
}

fn event(event: &EventAt) -> String {
    let actor = event.actor.as_deref().map(|actor| format!(" by {}", clean(actor))).unwrap_or_default();
    format!(
        "event {} (record {}) at {}: {}{actor}\n         {}",
        number(event.event),
        number(event.record),
        micros(event.time_us),
        event.command,
        cut(&clean(&clean_json(event.effect.to_string())), 300)
    )
}
