//! `ecology replay --redecide`.

use ecology_features::ConfigError;
use ecology_runner::redecide::{Parting, RedecideError, Redecided, redecide};
use ecology_types::{Axis, AxisVector};

use crate::cli::ReplayArgs;
use crate::exit::Exit;
use crate::failure::{Failure, shown};
use crate::positions;
use crate::render::{Align, Table, catalogue};
use crate::terminal::{Style, Terminal};
use crate::text::{clean, count, cut, json_words, micros, number, paragraph};

/// Differences of one code that are shown in full as text; JSON has all that are kept.
const SHOWN_MAX: usize = 3;

pub(super) fn execute(args: &ReplayArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    positions::check(&args.set)?;
    let mut refused = None;
    let asked = |recorded: AxisVector| {
        let asked = positions::over(recorded, &args.set).map_err(|errors| in_words(&errors))?;
        if asked.side(Axis::ExecutionMode) == recorded.side(Axis::ExecutionMode) {
            Ok(asked)
        } else {
            Err("who drives the agents is no decision about a command; `ecology compare-modes` compares whole runs".to_owned())
        }
    };
    // What is wrong with the assignments themselves is shown at its place.
    if let Err(errors) = positions::over(AxisVector::default(), &args.set)
        && errors.iter().any(|error| error.code() != "config::needs")
    {
        refused = Some(errors);
    }
    if let Some(errors) = refused {
        return Err(errors.into());
    }
    let found = redecide(&args.world, args.until, &asked).map_err(|error| match error {
        RedecideError::Open(error) => error.into(),
        RedecideError::Positions { .. } => {
            let text = error.to_string();
            let (message, help) = text.rsplit_once("; ").unwrap_or((&text, "choose other positions"));
            Failure::new(Exit::Config, "config::positions", message, help)
        }
    })?;
    if args.json {
        let totals = found.totals();
        let mut value = serde_json::to_value(&found).unwrap_or_default();
        if let Some(fields) = value.as_object_mut() {
            fields.insert("world".to_owned(), args.world.display().to_string().into());
            fields.insert("totals".to_owned(), serde_json::to_value(totals).unwrap_or_default());
            fields.insert("agrees".to_owned(), found.agrees().into());
        }
        terminal.print_json(&value)?;
    } else {
        terminal.print(&render(&found, &shown(&args.world), terminal.out, terminal.width))?;
    }
    Ok(if found.agrees() { Exit::Ok } else { Exit::Failed })
}

fn in_words(errors: &[ConfigError]) -> String {
    errors.first().map_or_else(String::new, |error| format!("{error}; {}", error.help()))
}

fn render(found: &Redecided, world: &str, style: Style, width: usize) -> String {
    let totals = found.totals();
    let mut text = format!("{}: {} decided again\n", style.heading(world), count(found.records, "record"));
    for stretch in &found.stretches {
        let (from, to) = (number(stretch.from), number(stretch.to));
        if stretch.recorded == stretch.asked {
            let by = format!("records {from} to {to}: by the same, {}", stretch.recorded);
            text += &paragraph("  ", 4, &by, width);
        } else {
            text += &format!("  records {from} to {to}\n");
            text += &paragraph("    recorded  ", 14, &stretch.recorded.to_string(), width);
            text += &paragraph("    asked     ", 14, &stretch.asked.to_string(), width);
        }
    }
    let verdict = match (totals.unexplained, totals.expected) {
        (0, 0) => style.good("every decision comes out the same"),
        (0, _) => style.good("every difference is explained"),
        _ => style.bad("differences that nothing explains"),
    };
    let counts = format!(
        "{verdict}: {} the same, {} explained, {} unexplained",
        number(totals.same),
        number(totals.expected),
        number(totals.unexplained)
    );
    text += &format!("\n{}", paragraph("  ", 4, &counts, width));
    text += &commands(found, style, width);
    for (code, explained) in &found.expected {
        let title = catalogue::title_of(code).unwrap_or_default();
        let heading = format!("{} {title}: {}", style.heading(code), count(explained.decisions, "decision"));
        text += &format!("\n{}", paragraph("", 2, &heading, width));
        for parting in explained.first.iter().take(SHOWN_MAX) {
            text += &one(parting, width);
        }
    }
    if !found.first_unexplained.is_empty() {
        text += &format!("\n{}\n", style.bad("Not explained"));
        for parting in found.first_unexplained.iter().take(SHOWN_MAX) {
            text += &one(parting, width);
        }
    }
    for (axis, report) in &found.questions {
        let counts = format!(
            "{axis}: {} compared, {} the same, {} unexplained, {} of {} failed",
            count(report.compared, "question"),
            number(report.same),
            number(report.mismatched),
            number(report.candidate_failures),
            report.candidate
        );
        text += &format!("\n{}", paragraph("  ", 4, &counts, width));
        for unexplained in report.first_unexplained.iter().take(SHOWN_MAX) {
            let detail = format!("{}: {}", unexplained.kind, cut(&clean(&unexplained.detail), 400));
            text += &paragraph("    ", 6, &detail, width);
        }
    }
    text
}

fn commands(found: &Redecided, style: Style, width: usize) -> String {
    let mut table = Table::new([
        ("command", Align::Left),
        ("compared", Align::Right),
        ("same", Align::Right),
        ("explained", Align::Right),
        ("unexplained", Align::Right),
    ])
    .indented(2);
    for (kind, one) in found.commands.iter().filter(|(_, one)| one.compared > 0) {
        let cells = [one.compared, one.same, one.expected, one.unexplained].map(number);
        table.row(std::iter::once((*kind).to_owned()).chain(cells));
    }
    let never: Vec<_> =
        found.commands.iter().filter(|(_, one)| one.compared == 0).map(|(kind, _)| *kind).collect();
    let mut text = format!("\n{}", table.render(style));
    if !never.is_empty() {
        let words = format!("never compared, because they do not occur: {}", never.join(", "));
        text += &paragraph("  ", 4, &words, width);
    }
    text
}

fn one(parting: &Parting, width: usize) -> String {
    let actor = parting.actor.as_deref().map(|actor| format!(" by {}", clean(actor))).unwrap_or_default();
    let place = format!(
        "record {} at {}: {}{actor}",
        number(parting.record),
        micros(parting.time_us),
        parting.command
    );
    let mut text = paragraph("  ", 4, &place, width);
    for (name, effects) in [("recorded", &parting.recorded), ("asked", &parting.redecided)] {
        let first = effects.first().map_or_else(|| "nothing more".to_owned(), effect);
        text += &paragraph(&format!("    {name:<9} "), 14, &first, width);
        if effects.len() > 1 {
            text += &format!("    {:<9} and {}\n", "", count(effects.len() as u64 - 1, "more effect"));
        }
    }
    text
}

fn effect(effect: &serde_json::Value) -> String {
    cut(&clean(&json_words(effect)), 300)
}
