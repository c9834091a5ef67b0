//! The report of an import, as people read it.

use ecology_import::{Fate, Item, Report, Topic};

use super::table::{Align, Table};
use crate::terminal::Style;
use crate::text::{clean, count, cut, number, wrap};

/// Where everything was written; nothing for a dry run.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Place<'a> {
    pub(crate) world: Option<&'a str>,
    pub(crate) config: Option<&'a str>,
    pub(crate) report: Option<&'a str>,
}

/// Items of one topic that are shown; the rest is in the file.
const ITEMS_MAX: usize = 8;
/// Names in the line of something that was carried over.
const NAMES_MAX: usize = 6;

const HEADINGS: [(Fate, &str); 4] = [
    (Fate::Carried, "carried over"),
    (Fate::Changed, "changed"),
    (Fate::NotCarried, "not carried over"),
    (Fate::Note, "to know"),
];

pub(crate) fn render(
    report: &Report,
    place: &Place<'_>,
    next: &[(String, String)],
    style: Style,
    width: usize,
) -> String {
    let mut text = head(report, place, style);
    text += &totals(report, style);
    for (fate, heading) in HEADINGS {
        let topics: Vec<Topic> = Topic::ALL.iter().copied().filter(|topic| topic.fate() == fate).collect();
        let parts: Vec<String> = topics
            .into_iter()
            .map(|topic| topic_part(report, topic, style, width))
            .filter(|part| !part.is_empty())
            .collect();
        if !parts.is_empty() {
            text += &format!("\n{}\n{}", style.heading(heading), parts.concat());
        }
    }
    if let Some(file) = place.report {
        text += &format!("\nEvery single thing, with what stood there: {}\n", clean(file));
    } else {
        text += "\nNothing was written. --json shows every single thing.\n";
    }
    if !next.is_empty() {
        text += &format!("\n{}\n", style.heading("next"));
        for (command, why) in next {
            text += &format!("  {command}\n    {}\n", style.faint(why));
        }
    }
    text
}

fn head(report: &Report, place: &Place<'_>, style: Style) -> String {
    let bytes: u64 = report.files.iter().map(|file| file.bytes).sum();
    let read = format!("{}, {}", count(report.files.len() as u64, "file"), crate::text::bytes(bytes));
    let source = clean(&report.source).into_owned();
    match (place.world, place.config) {
        (Some(world), Some(config)) => format!(
            "{}: imported from {source} ({read})\n  configuration  {}\n",
            style.heading(&clean(world)),
            clean(config)
        ),
        _ => format!("{}: would be imported ({read})\n", style.heading(&source)),
    }
}

fn totals(report: &Report, style: Style) -> String {
    let totals = &report.totals;
    let mut table =
        Table::new([("", Align::Left), ("found", Align::Right), ("here", Align::Right), ("", Align::Left)])
            .indented(2);
    // A noun gets its number, and what follows a colon stays as it is.
    let some = |parts: &[(u64, &str)]| {
        let parts = parts.iter().filter(|(amount, _)| *amount > 0);
        let told = parts.map(|(amount, what)| match what.split_once(": ") {
            Some((noun, rest)) => format!("{} {rest}", count(*amount, noun)).trim_end().to_owned(),
            None => format!("{} {what}", number(*amount)),
        });
        told.collect::<Vec<_>>().join(", ")
    };
    let mut row = |what: &str, found: u64, here: u64, detail: String| {
        table.row([what.to_owned(), number(found), number(here), detail]);
    };
    let detail = some(&[
        (totals.agents, "agent: "),
        (totals.accounts, "account: "),
        (totals.accounts_made, "of them made for owners"),
        (totals.principals_replaced, "service: replaced"),
    ]);
    row("principals", totals.principals_found, totals.agents + totals.accounts, detail);
    let detail = some(&[
        (totals.scrip_fractions, "balance: cut to whole scrip"),
        (totals.scrip_debt, "scrip of debt became 0"),
    ]);
    row("scrip", totals.scrip_found, totals.scrip_carried, detail);
    let detail = some(&[
        (totals.artifacts_merged, "as principals"),
        (totals.artifacts_replaced, "service: replaced"),
        (totals.artifacts_made, "made from long texts"),
    ]);
    row("artifacts", totals.artifacts_found, totals.artifacts_carried, detail);
    let detail = some(&[(totals.content_bytes_kept, "kept in the report")]);
    row("bytes of content", totals.content_bytes_found, totals.content_bytes_carried, detail);
    let detail = some(&[
        (totals.policies_changed, "with entries left out"),
        (totals.policies_kept, "kept in the report"),
    ]);
    row("policies", totals.policies_found, totals.policies_carried + totals.policies_changed, detail);
    for log in &report.event_logs {
        let detail = format!("events in {}, which stays where it is", clean(&log.file));
        row("events", log.events, 0, detail);
    }
    format!("\n{}", table.render(style))
}

fn topic_part(report: &Report, topic: Topic, style: Style, width: usize) -> String {
    let total = report.of(topic).count();
    if total == 0 {
        return String::new();
    }
    let heading = format!("{:>7}  {}", number(total as u64), topic.title());
    if topic.fate() == Fate::Carried {
        let names: Vec<&str> = report.of(topic).map(|item| item.name.as_str()).take(NAMES_MAX).collect();
        let mut names = names.join(", ");
        if total > NAMES_MAX {
            names += ", …";
        }
        let line = cut(&format!("{heading}: {}", clean(&names)), width);
        let why = if topic.why().is_empty() { String::new() } else { lines(topic.why(), 9, style, width) };
        return format!("{line}\n{why}");
    }
    let mut text = format!("{heading}\n{}", lines(topic.why(), 9, style, width));
    for item in report.of(topic).take(ITEMS_MAX) {
        text += &format!("         - {}\n", item_line(item, width));
    }
    if total > ITEMS_MAX {
        text += &format!("         - and {} more\n", number((total - ITEMS_MAX) as u64));
    }
    text
}

fn lines(text: &str, indent: usize, style: Style, width: usize) -> String {
    let margin = " ".repeat(indent);
    wrap(text, width.saturating_sub(indent))
        .iter()
        .map(|line| format!("{margin}{}\n", style.faint(line)))
        .collect()
}

/// One line that is cut, never what it says in the file.
fn item_line(item: &Item, width: usize) -> String {
    let mut text = clean(&item.name).into_owned();
    if !item.detail.is_empty() {
        text += &format!(": {}", clean(&item.detail));
        if let Some(value) = item.value.as_ref().filter(|value| value.get().len() <= 24) {
            text += &format!(" (was {})", clean(value.get()));
        }
    } else if let Some(value) = &item.value {
        text += &format!(" = {}", cut(&clean(value.get()), 40));
    }
    let place =
        item.place.as_ref().map(|place| format!(" ({})", clean(&place.to_string()))).unwrap_or_default();
    // What it is about matters more than where it stood.
    let wide = width.saturating_sub(11);
    if text.chars().count() + place.chars().count() <= wide {
        text + &place
    } else {
        cut(&text, wide.max(100))
    }
}
