//! `ecology diff`.

use ecology_runner::diff::{EventAt, WorldDiff, diff};

use crate::cli::DiffArgs;
use crate::exit::Exit;
use crate::failure::{Failure, shown};
use crate::terminal::{Style, Terminal};
use crate::text::{clean, clean_json, count, cut, json_words, micros, number, paragraph};

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
        let head = format!(
            "{} {name}: {}, {}, {} of world time",
            style.heading(mark),
            count(extent.records, "record"),
            count(extent.events, "event"),
            micros(extent.time_us)
        );
        text += &paragraph("", 2, &head, width);
        text += &paragraph("  ", 2, &extent.positions, width);
    }
    let common = format!("{} in common", count(found.events_in_common, "decided event"));
    // With those that are passed over the numbers add up to what each world has, or to the event that differs.
    let passed_over = match found.events_measured {
        [0, 0] => String::new(),
        [a, b] if a == b => format!("; passed over: {}", count(a, "event")),
        [a, b] => format!("; passed over: {} of a and {} of b", count(a, "event"), number(b)),
    };
    let passed_over =
        if passed_over.is_empty() { passed_over } else { passed_over + " that settle measurements" };
    match &found.first {
        None => {
            let same = style.good("the histories are the same");
            text += &format!("\n{}", paragraph("  ", 4, &format!("{same}: {common}{passed_over}"), width));
        }
        Some(first) => {
            let part = style.bad("the histories part");
            text +=
                &format!("\n{}", paragraph("  ", 4, &format!("{part} after {common}{passed_over}"), width));
            for (mark, side) in ["a", "b"].into_iter().zip(&first.sides) {
                match side {
                    None => text += &format!("    {mark}  has ended\n"),
                    Some(side) => text += &event(mark, side, width),
                }
            }
        }
    }
    let verdict = |same: bool| if same { style.good("same") } else { style.bad("different") };
    let measured = if found.measured_same { "same" } else { "different, as between any two runs" };
    text += &format!("\n  state: decided {}, measured {measured}\n", verdict(found.decided_same));
    let names_width = found.fields.iter().map(|field| field.path.chars().count()).max().unwrap_or(0).min(60);
    for field in &found.fields {
        let [a, b] = field.values.each_ref().map(|value| {
            if value.is_null() { "-".to_owned() } else { cut(&clean(&clean_json(value.to_string())), 60) }
        });
        text += &format!("    {:names_width$}  {a}  |  {b}\n", clean(&field.path));
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

fn event(mark: &str, event: &EventAt, width: usize) -> String {
    let actor = event.actor.as_deref().map(|actor| format!(" by {}", clean(actor))).unwrap_or_default();
    let place = format!(
        "event {} (record {}) at {}: {}{actor}",
        number(event.event),
        number(event.record),
        micros(event.time_us),
        event.command
    );
    let effect = cut(&clean(&json_words(&event.effect)), 300);
    paragraph(&format!("    {mark}  "), 9, &place, width) + &paragraph("         ", 9, &effect, width)
}
