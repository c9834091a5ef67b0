//! What happened, from the journal: all of it, not only what the world keeps readable for agents.

use std::collections::VecDeque;
use std::io::Write as _;
use std::ops::ControlFlow;

use ecology_runner::store::OpenError;
use ecology_types::{EventKind, Record};
use ecology_world::{Event, World};
use serde_json::Value;

use super::Look;
use super::names::optional_key;
use crate::cli::EventFilter;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::terminal::Style;
use crate::text::{clean, clean_json, cut, micros, nearest};

pub(super) fn show(look: &mut Look<'_>, filter: &EventFilter) -> Result<(), Failure> {
    let kinds = filter.kind.iter().map(|name| kind(name)).collect::<Result<Vec<_>, _>>()?;
    let actor = optional_key(&look.world, filter.actor.as_ref())?;
    let fits = |event: &Event| {
        (kinds.is_empty() || kinds.contains(&event.effect.kind()))
            && actor.is_none_or(|actor| event.actor == Some(actor))
    };
    let mut printer = Printer::new(look.json, look.terminal.out, &look.name)?;
    let (limit, offset) = (filter.page.rows_max(), filter.page.offset);
    if filter.since.is_some() || filter.page.limit == 0 {
        // Oldest first, as they come: nothing is kept in memory.
        let since = filter.since.unwrap_or(1);
        let (mut skipped, mut shown) = (0, 0);
        let mut failed = None;
        let world = &look.world;
        each_event(&mut *look.journal, &mut |event| {
            if event.seq < since || !fits(&event) {
                return ControlFlow::Continue(());
            }
            if skipped < offset {
                skipped += 1;
                return ControlFlow::Continue(());
            }
            if let Err(error) = printer.print(world, &event) {
                failed = Some(error);
                return ControlFlow::Break(());
            }
            shown += 1;
            if shown >= limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        failed.map_or(Ok(()), Err)?;
    } else {
        // The newest: the last ones that fit, without those that the offset leaves out at the end.
        let keep = limit.saturating_add(offset);
        let mut newest: VecDeque<Event> = VecDeque::new();
        each_event(&mut *look.journal, &mut |event| {
            if fits(&event) {
                if newest.len() == keep {
                    newest.pop_front();
                }
                newest.push_back(event);
            }
            ControlFlow::Continue(())
        })?;
        let last = newest.len().saturating_sub(offset);
        for event in newest.iter().take(last) {
            printer.print(&look.world, event)?;
        }
    }
    printer.finish()
}

/// The kind with this name.
fn kind(name: &str) -> Result<EventKind, Failure> {
    EventKind::from_name(name).ok_or_else(|| {
        let near = nearest(name, EventKind::ALL.iter().map(|kind| kind.name()));
        let help = near.map_or_else(
            || {
                let all: Vec<&str> = EventKind::ALL.iter().map(|kind| kind.name()).collect();
                format!("the kinds are {}", all.join(", "))
            },
            |near| format!("did you mean {near}?"),
        );
        let message = format!("no event is of the kind {:?}", cut(&clean(name), 64));
        Failure::new(Exit::Usage, "usage::unknown_kind", message, help)
    })
}

/// Visits every event of a journal in order.
fn each_event(
    journal: &mut dyn ecology_journal::Journal,
    visit: &mut dyn FnMut(Event) -> ControlFlow<()>,
) -> Result<(), Failure> {
    let mut failed = None;
    journal.for_each(1, u64::MAX, &mut |number, bytes| {
        let record = match Record::decode(bytes) {
            Ok(record) => record,
            Err(error) => {
                failed = Some(OpenError::Record { number, error });
                return ControlFlow::Break(());
            }
        };
        for (seq, effect) in (record.first_event..).zip(record.effects) {
            let event = Event { seq, time: record.time, actor: record.actor, cause: number, effect };
            visit(event)?;
        }
        ControlFlow::Continue(())
    })?;
    failed.map_or(Ok(()), |error| Err(error.into()))
}

/// Writes events as they come: one line each, or the elements of one JSON array.
struct Printer {
    out: std::io::BufWriter<std::io::StdoutLock<'static>>,
    json: bool,
    style: Style,
    first: bool,
}

impl Printer {
    fn new(json: bool, style: Style, world: &str) -> Result<Self, Failure> {
        let mut printer =
            Self { out: std::io::BufWriter::new(std::io::stdout().lock()), json, style, first: true };
        if json {
            let world = clean_json(Value::from(world).to_string());
            printer.write(&format!("{{\"world\":{world},\"events\":["))?;
        }
        Ok(printer)
    }

    fn write(&mut self, text: &str) -> Result<(), Failure> {
        self.out.write_all(text.as_bytes()).map_err(Failure::output)
    }

    fn print(&mut self, world: &World, event: &Event) -> Result<(), Failure> {
        let picture = world.show_event_to_operator(event).to_json();
        let text = if self.json {
            let mark = if self.first { "\n" } else { ",\n" };
            format!("{mark}{}", clean_json(picture.to_string()))
        } else {
            line(event, &picture, self.style)
        };
        self.first = false;
        self.write(&text)
    }

    fn finish(mut self) -> Result<(), Failure> {
        if self.json {
            self.write("\n]}\n")?;
        } else if self.first {
            self.write("no events\n")?;
        }
        self.out.flush().map_err(Failure::output)
    }
}

/// One event as one line.
fn line(event: &Event, picture: &Value, style: Style) -> String {
    let mut words = Vec::new();
    if let Value::Object(fields) = picture {
        for (name, value) in fields {
            if matches!(name.as_str(), "seq" | "time_us" | "kind" | "actor" | "remedy") {
                continue;
            }
            let value = match value {
                Value::String(text) => clean(text).into_owned(),
                other => other.to_string(),
            };
            words.push(format!("{name}={value}"));
        }
    }
    let actor = picture.get("actor").and_then(Value::as_str).map(clean).unwrap_or_default();
    let head = format!("{:>8}  {:>10}  {:<22}", event.seq, micros(event.time.0), event.effect.kind().name());
    let text = format!("{}  {actor:<16}  {}", style.faint(&head), words.join(" "));
    format!("{}\n", text.trim_end())
}

#[cfg(test)]
mod tests {
    use ecology_types::{Effect, Time};

    use super::*;

    #[test]
    fn a_line_holds_nothing_that_steers_the_terminal() {
        let effect = Effect::TickStarted { tick: 7 };
        let event = Event { seq: 12, time: Time(3_000_000), actor: None, cause: 4, effect };
        let picture = serde_json::json!({ "seq": 12, "kind": "tick_started", "actor": "a", "detail": "x\u{1b}[2J\ny", "tick": 7 });
        let text = line(&event, &picture, Style::PLAIN);
        assert_eq!(
            text,
            "      12      3.00 s  tick_started            a                 detail=x\\u{1b}[2J\\ny tick=7\n"
        );
    }

    #[test]
    fn the_nearest_kind_is_named() {
        let failure = kind("escrow_sol").unwrap_err();
        assert_eq!(failure.exit.number(), 2);
        assert_eq!(failure.problems[0].help.as_deref(), Some("did you mean escrow_sold?"));
    }
}
