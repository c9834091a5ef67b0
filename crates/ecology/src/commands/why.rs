//! `ecology why`.

mod answers;
mod native;
mod text;

use std::ops::ControlFlow;

use ecology_journal::Journal;
use ecology_runner::session;
use ecology_runner::store::OpenError;
use ecology_types::{Action, Command, CommandKind, Effect, Key, Record};
use ecology_world::{Event, World};
use serde_json::{Value, json};

pub(crate) use answers::all as answers_of;

use crate::cli::WhyArgs;
use crate::exit::Exit;
use crate::failure::{Failure, shown};
use crate::terminal::Terminal;
use crate::text::number;

pub(crate) fn execute(args: &WhyArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let (world, mut journal, _) = session::open_for_reading(&args.world)?;
    if args.seq == 0 || args.seq > world.last_event() {
        let message = format!("the world has no event {}", number(args.seq));
        let help = format!("its events are 1 to {}; `inspect WORLD events` shows them", world.last_event());
        return Err(Failure::new(Exit::Usage, "usage::no_such_event", message, help));
    }
    let record = record_of(&mut *journal, args.seq)?;
    let native = native::rule(&mut *journal, &record)?;
    let found = explain(&world, &record, args.seq, native, &shown(&args.world));
    if args.json {
        terminal.print_json(&found)?;
    } else {
        terminal.print(&text::render(&found, terminal.out))?;
    }
    Ok(Exit::Ok)
}

/// The record that an event is part of: events are numbered without holes across records, so it is found by halving.
fn record_of(journal: &mut dyn Journal, seq: u64) -> Result<Record, Failure> {
    let (mut low, mut high) = (1, journal.last());
    while low < high {
        let middle = low + (high - low) / 2;
        let record = read(journal, middle)?;
        if record.first_event + record.effects.len() as u64 > seq {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    read(journal, low)
}

fn read(journal: &mut dyn Journal, number: u64) -> Result<Record, Failure> {
    let mut found = Err(OpenError::Empty);
    journal.for_each(number, number, &mut |number, bytes| {
        found = Record::decode(bytes).map_err(|error| OpenError::Record { number, error });
        ControlFlow::Break(())
    })?;
    Ok(found?)
}

/// The turn that a command carries, if it is one.
pub(super) fn act_of(command: &Command) -> Option<&ecology_types::Act> {
    match command {
        Command::Act(act) => Some(act),
        Command::ActByTool(tool) => Some(&tool.act),
        _ => None,
    }
}

/// Everything that is to be said of a decision, as plain data.
fn explain(world: &World, record: &Record, seq: u64, native: Option<Value>, name: &str) -> Value {
    let at = usize::try_from(seq - record.first_event).unwrap_or(usize::MAX);
    let event = record.effects.get(at).map(|effect| {
        let (time, actor) = (record.time, record.actor);
        let event = Event { seq, time, actor, cause: record.number, effect: effect.clone() };
        world.show_event_to_operator(&event).to_json()
    });
    let run = match &record.command {
        Command::ActByTool(tool) => Some(answers::run(world, &tool.run)),
        _ => None,
    };
    let act = act_of(&record.command);
    let answers: Vec<Value> = act
        .map(|act| act.answers.iter().map(|one| answers::answer(world, one)).collect())
        .unwrap_or_default();
    json!({
        "world": name,
        "seq": seq,
        "record": record.number,
        "time_us": record.time.0,
        "positions": record.axes.to_string(),
        "command": CommandKind::of(&record.command).name(),
        "actor": record.actor.map(|key| world.id(key).as_str()),
        "event": event,
        "wanted": act.map(|act| wanted(&act.action)),
        "outcome": outcome(record),
        "native": native,
        "answers": answers,
        "run": run,
        "consequences": record.effects.iter().filter_map(|effect| consequence(world, effect)).collect::<Vec<_>>(),
    })
}

fn wanted(action: &Action) -> Value {
    let call = call_of(action);
    let allowance = match action {
        Action::InvokeAllowing(call) => Some(call.allowance.0),
        _ => None,
    };
    json!({
        "verb": action.verb().name(),
        "target": action.target().map(ecology_types::Id::as_str),
        "method": call.map(|(method, _)| method),
        "args": call.map(|(_, args)| args.to_json()),
        "allowance": allowance,
    })
}

/// Method and arguments of an invocation.
pub(super) fn call_of(action: &Action) -> Option<(&str, &ecology_types::Value)> {
    match action {
        Action::Invoke { method, args, .. } => Some((method, args)),
        Action::InvokeAllowing(call) => Some((&call.method, &call.args)),
        _ => None,
    }
}

fn outcome(record: &Record) -> Option<Value> {
    record.effects.iter().find_map(|effect| match effect {
        Effect::ActionDone { .. } => Some(json!({ "done": true })),
        Effect::ActionRefused { code, detail, .. } => Some(json!({
            "done": false,
            "code": code.name(),
            "meaning": code.meaning(),
            "detail": detail,
            "remedy": code.remedy(),
        })),
        _ => None,
    })
}

/// What changes hands, and states that are kept.
fn consequence(world: &World, effect: &Effect) -> Option<Value> {
    let id = |key: &Key| Value::from(world.id(*key).as_str());
    match effect {
        Effect::ScripTransferred { from, to, amount, reason } => Some(json!({
            "from": id(from), "to": id(to), "amount": amount.0, "reason": reason.name(),
        })),
        Effect::OwnershipTransferred { key, from, to } => {
            Some(json!({ "from": id(from), "to": id(to), "artifact": id(key) }))
        }
        Effect::RevenueTransferred { key, from, to } => {
            Some(json!({ "from": id(from), "to": id(to), "revenue_of": id(key) }))
        }
        Effect::QuotaTransferred { from, to, resource, amount } => Some(json!({
            "from": id(from), "to": id(to), "amount": amount, "resource": resource.name(), "unit": resource.unit(),
        })),
        Effect::Minted { to, amount, .. } => {
            Some(json!({ "from": null, "to": id(to), "amount": amount.0, "reason": "minted" }))
        }
        Effect::StateSet { key, version, state } => {
            Some(json!({ "state_of": id(key), "version": version, "state": state.to_json() }))
        }
        _ => None,
    }
}
