//! Where two worlds part: the first event that differs, and the fields of the state that do.

use std::path::Path;

use ecology_journal::{Journal, OpenMode, SqliteJournal};
use ecology_ontology::Resolution;
use ecology_types::{ArtifactRecord, AxisVector, Command, Effect, Id, Key, Record, Resource};
use ecology_world::World;
use serde::Serialize;
use serde_json::{Value, json};

use crate::host::Observers;
use crate::redecide::{show, tell_apart};
use crate::store::{self, OpenError, Recover};

/// Records read from a journal at a time.
const PAGE_RECORDS: usize = 1_024;
/// Bytes read from a journal at a time.
const PAGE_BYTES: usize = 4 * 1024 * 1024;
/// Characters of a text that a difference shows.
const TEXT_MAX: usize = 200;

/// How two worlds compare.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WorldDiff {
    /// Either world.
    pub worlds: [Extent; 2],
    /// The first event that differs; `None` when all events that both have are the same.
    pub first: Option<FirstDifference>,
    /// Events that the rules decided, that both have and that are the same, from the beginning on.
    pub events_in_common: u64,
    /// Events of either world up to there that settle what the machine measured: they are passed over.
    pub events_measured: [u64; 2],
    /// Fields of the state that differ, in a fixed order, at most as many as were asked for.
    pub fields: Vec<FieldDifference>,
    /// How many there are.
    pub fields_differing: u64,
    /// Whether what the rules decide is the same in both.
    pub decided_same: bool,
    /// Whether what the machine measured is the same in both; two runs hardly ever agree in it.
    pub measured_same: bool,
}

/// How far a world goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Extent {
    /// Its last record.
    pub records: u64,
    /// Its last event.
    pub events: u64,
    /// World time, in microseconds.
    pub time_us: u64,
    /// The positions of its last record.
    pub positions: String,
}

/// The event at which two histories part. A side without an event has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FirstDifference {
    /// On either side, when it has one.
    pub sides: [Option<EventAt>; 2],
}

/// One event with its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventAt {
    /// The record that it belongs to.
    pub record: u64,
    /// Its number.
    pub event: u64,
    /// World time, in microseconds.
    pub time_us: u64,
    /// What was asked.
    pub command: &'static str,
    /// Who acted.
    pub actor: Option<String>,
    /// What happened.
    pub effect: Value,
}

/// A field of the state that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldDifference {
    /// Where it is, from the section down.
    pub path: String,
    /// Its value in either world; null where it does not exist.
    pub values: [Value; 2],
}

impl WorldDiff {
    /// Whether the rules came to the same in both worlds.
    #[must_use]
    pub const fn is_same(&self) -> bool {
        self.first.is_none() && self.decided_same
    }
}

/// Compares two worlds by what the rules decided. What the machine measured is compared as a whole only.
///
/// # Errors
/// [`OpenError`] for the first of the two that cannot be read.
pub fn diff(a: &Path, b: &Path, fields_max: usize) -> Result<WorldDiff, OpenError> {
    let (mut first, mut second) = (Side::open(a)?, Side::open(b)?);
    let mut events_in_common = 0;
    let parting = loop {
        match (first.next()?, second.next()?) {
            (None, None) => break None,
            (Some(one), Some(other)) if one.is_same(&other) => events_in_common += 1,
            (one, other) => break Some((one, other)),
        }
    };
    let (one, other) = (first.world()?, second.world()?);
    let worlds = [first.extent(&one), second.extent(&other)];
    let hashes = [one.hash(), other.hash()];
    let mut fields = Fields { found: Vec::new(), count: 0, max: fields_max };
    if hashes[0].decided != hashes[1].decided {
        state(&one, &other, &mut fields);
    }
    Ok(WorldDiff {
        worlds,
        first: parting.map(|(a, b)| first_difference([a, b], [&one, &other])),
        events_in_common,
        events_measured: [first.measured, second.measured],
        fields: fields.found,
        fields_differing: fields.count,
        decided_same: hashes[0].decided == hashes[1].decided,
        measured_same: hashes[0].measured == hashes[1].measured,
    })
}

fn first_difference(events: [Option<Happened>; 2], worlds: [&World; 2]) -> FirstDifference {
    let mut sides = [None, None];
    for ((side, event), world) in sides.iter_mut().zip(&events).zip(worlds) {
        *side = event.as_ref().map(|event| event.at(world));
    }
    if let ([Some(a), Some(b)], [Some(one), Some(other)]) = (&mut sides, &events) {
        tell_apart([&mut a.effect, &mut b.effect], [&one.effect, &other.effect]);
    }
    FirstDifference { sides }
}

/// One world, read event by event.
struct Side {
    journal: SqliteJournal,
    axes: AxisVector,
    next: u64,
    page: std::vec::IntoIter<Record>,
    rest: std::vec::IntoIter<Happened>,
    /// Events that were passed over because they are measurements.
    measured: u64,
}

/// An event without the world that it belongs to.
struct Happened {
    record: u64,
    seq: u64,
    time: ecology_types::Time,
    actor: Option<Key>,
    command: &'static str,
    effect: Effect,
}

impl Happened {
    fn is_same(&self, other: &Self) -> bool {
        let same_effect = match (&self.effect, &other.effect) {
            // Positions are compared apart: a run under others is not a different world yet. Nor is one by another version.
            (
                Effect::RunStarted { run, scenario, seed, .. },
                Effect::RunStarted { run: run_too, scenario: scenario_too, seed: seed_too, .. },
            ) => (run, scenario, seed) == (run_too, scenario_too, seed_too),
            (effect, other) => effect == other,
        };
        same_effect && self.time == other.time && self.actor == other.actor
    }

    fn at(&self, world: &World) -> EventAt {
        EventAt {
            record: self.record,
            event: self.seq,
            time_us: self.time.0,
            command: self.command,
            actor: self.actor.map(|key| world.id(key).to_string()),
            effect: show(world, self.actor, self.time, &self.effect),
        }
    }
}

impl Side {
    fn open(path: &Path) -> Result<Self, OpenError> {
        let mut journal = SqliteJournal::open(path, OpenMode::Read)?;
        let axes = store::last_axes(&mut journal)?;
        Ok(Self {
            journal,
            axes,
            next: 1,
            page: Vec::new().into_iter(),
            rest: Vec::new().into_iter(),
            measured: 0,
        })
    }

    /// The next event that the rules decided.
    fn next(&mut self) -> Result<Option<Happened>, OpenError> {
        loop {
            if let Some(event) = self.rest.next() {
                return Ok(Some(event));
            }
            let Some(record) = self.record()? else { return Ok(None) };
            // Measurements are no decisions.
            if matches!(record.command, Command::Settle { .. }) {
                self.measured += record.effects.len() as u64;
                continue;
            }
            let command = ecology_types::CommandKind::of(&record.command).name();
            let events: Vec<Happened> = (record.first_event..)
                .zip(record.effects)
                .map(|(seq, effect)| Happened {
                    record: record.number,
                    seq,
                    time: record.time,
                    actor: record.actor,
                    command,
                    effect,
                })
                .collect();
            self.rest = events.into_iter();
        }
    }

    fn record(&mut self) -> Result<Option<Record>, OpenError> {
        if let Some(record) = self.page.next() {
            return Ok(Some(record));
        }
        let frames = self.journal.read(self.next, PAGE_RECORDS, PAGE_BYTES)?;
        self.next += frames.len() as u64;
        let records = frames
            .iter()
            .map(|frame| {
                Record::decode(&frame.bytes)
                    .map_err(|error| OpenError::Record { number: frame.number, error })
            })
            .collect::<Result<Vec<_>, _>>()?;
        self.page = records.into_iter();
        Ok(self.page.next())
    }

    fn world(&mut self) -> Result<World, OpenError> {
        store::recover(&mut self.journal, self.axes, Recover::QUICKLY, &mut Observers::default())
    }

    fn extent(&self, world: &World) -> Extent {
        Extent {
            records: world.last_record(),
            events: world.last_event(),
            time_us: world.time().0,
            positions: self.axes.to_string(),
        }
    }
}

/// Differences as they are found.
struct Fields {
    found: Vec<FieldDifference>,
    count: u64,
    max: usize,
}

impl Fields {
    /// Compares two values field by field.
    fn compare(&mut self, path: &str, a: &Value, b: &Value) {
        match (a, b) {
            (Value::Object(one), Value::Object(other)) => {
                let mut names: Vec<&String> = one.keys().chain(other.keys()).collect();
                names.sort_unstable();
                names.dedup();
                for name in names {
                    let value = |fields: &serde_json::Map<String, Value>| {
                        fields.get(name).cloned().unwrap_or_default()
                    };
                    self.compare(&format!("{path}.{name}"), &value(one), &value(other));
                }
            }
            (Value::Array(one), Value::Array(other)) => {
                for at in 0..one.len().max(other.len()) {
                    let value = |list: &[Value]| list.get(at).cloned().unwrap_or_default();
                    self.compare(&format!("{path}[{at}]"), &value(one), &value(other));
                }
            }
            _ if a == b => {}
            _ => {
                self.count += 1;
                if self.found.len() < self.max {
                    let values = [short(a), short(b)];
                    self.found.push(FieldDifference { path: path.to_owned(), values });
                }
            }
        }
    }

    fn parts<T: Serialize>(&mut self, path: &str, a: &T, b: &T) {
        let value = |part: &T| serde_json::to_value(part).unwrap_or_default();
        self.compare(path, &value(a), &value(b));
    }
}

/// Long texts show their beginning and their length.
fn short(value: &Value) -> Value {
    match value.as_str() {
        Some(text) if text.chars().count() > TEXT_MAX => {
            let beginning: String = text.chars().take(TEXT_MAX).collect();
            format!("{beginning}... ({} bytes)", text.len()).into()
        }
        _ => value.clone(),
    }
}

/// Compares two states, section by section.
fn state(a: &World, b: &World, fields: &mut Fields) {
    fields.parts("rules", a.rules(), b.rules());
    let run = |world: &World| {
        let (run, running, scenario, seed) = world.run();
        json!({
            "time_us": world.time().0,
            "tick": world.tick(),
            "run": run,
            "running": running,
            "scenario": scenario,
            "seed": seed.0,
        })
    };
    fields.compare("clock", &run(a), &run(b));
    let mut ids: Vec<&Id> = a.symbols().iter().collect();
    ids.extend(b.symbols().iter().filter(|id| a.symbols().key(id.as_str()).is_none()));
    for id in ids {
        let [one, other] = [a, b].map(|world| world.symbols().key(id.as_str()).map(|key| row(world, key)));
        let (one, other) = (one.unwrap_or_default(), other.unwrap_or_default());
        if one != other {
            fields.compare(id.as_str(), &one, &other);
        }
    }
    fields.parts("escrow", a.orders(), b.orders());
    fields.parts("mint", a.mint(), b.mint());
    fields.parts("subscriptions", a.subscriptions(), b.subscriptions());
    for resource in Resource::RENEWABLE.into_iter().filter(|resource| !resource.is_measured()) {
        let digest = |world: &World| {
            let mut bytes = Vec::new();
            world.parts().limiter.digest(resource, &mut bytes);
            bytes
        };
        if digest(a) != digest(b) {
            let differ = ["one history of use", "another"].map(Value::from);
            fields.compare(&format!("limiter.{resource}"), &differ[0], &differ[1]);
        }
    }
}

/// All that a world holds under one key.
fn row(world: &World, key: Key) -> Value {
    let ontology = &world.parts().ontology;
    let shown = |resolution: Resolution<'_>| match resolution {
        Resolution::Live(record) => artifact(world, record),
        Resolution::Tombstone => Value::from("deleted"),
        Resolution::Free => Value::Null,
    };
    let mut row = serde_json::Map::new();
    let mut add = |name: &str, value: Value| {
        if !value.is_null() {
            row.insert(name.to_owned(), value);
        }
    };
    add("artifact", shown(ontology.artifact(key)));
    add("principal", shown(ontology.principal(key)));
    add(
        "account",
        world.accounts().get(key).and_then(|one| serde_json::to_value(one).ok()).unwrap_or_default(),
    );
    add("loop", world.agents().get(key).and_then(|one| serde_json::to_value(one).ok()).unwrap_or_default());
    add("used", serde_json::to_value(world.usage().get(key)).unwrap_or_default());
    Value::Object(row)
}

fn artifact(world: &World, record: &ArtifactRecord) -> Value {
    let name = |key: Key| Value::from(world.id(key).as_str());
    let mut value = serde_json::to_value(record).unwrap_or_default();
    if let Some(fields) = value.as_object_mut() {
        fields.remove("key");
        fields.remove("id");
        fields.insert("creator".to_owned(), name(record.creator));
        fields.insert("owner".to_owned(), name(record.owner));
        fields.insert("access_contract".to_owned(), record.access_contract.map(name).unwrap_or_default());
        fields.insert("memory".to_owned(), record.memory.map(name).unwrap_or_default());
    }
    value
}

#[cfg(test)]
mod tests {
    use ecology_types::Time;

    use super::*;
    use crate::compose;
    use crate::host::Host;

    /// A world whose ticks begin at these times.
    fn lived(path: &Path, ticks: &[u64]) {
        let mut journal: Box<dyn Journal> = Box::new(SqliteJournal::open(path, OpenMode::Create).unwrap());
        store::stamp(&mut *journal).unwrap();
        let axes = AxisVector::default();
        let mut host = Host::new(World::new(compose::parts(axes).unwrap()), journal, 16, 0).unwrap();
        let rules = ecology_types::Rules::default();
        let genesis = ecology_types::Genesis { rules, founders: Vec::new(), artifacts: Vec::new() };
        let start = Command::StartRun {
            version: "test".into(),
            scenario: "test".into(),
            seed: ecology_types::Seed(1),
            axes,
        };
        for command in [Command::Create(Box::new(genesis)), start] {
            host.step(&command, Time::ZERO, &mut Observers::default()).unwrap();
        }
        for at in ticks {
            host.step(&Command::Tick, Time(*at), &mut Observers::default()).unwrap();
        }
        host.close().unwrap();
    }

    #[test]
    fn the_first_event_that_differs_is_the_one_that_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let [a, b, longer] = ["a", "b", "longer"].map(|name| folder.path().join(name));
        lived(&a, &[10, 20, 30, 40]);
        lived(&b, &[10, 20, 31, 41]);
        lived(&longer, &[10, 20, 30, 40, 50]);
        let same = diff(&a, &a, 10).unwrap();
        assert!(same.first.is_none() && same.is_same() && same.events_in_common == same.worlds[0].events);

        assert_eq!(same.events_measured, [0, 0], "nothing was measured in it");

        let parted = diff(&a, &b, 10).unwrap();
        let [one, other] = parted.first.unwrap().sides.map(Option::unwrap);
        // The record that makes the world, the one that begins the run, and two ticks are the same.
        assert_eq!((one.record, other.record), (5, 5));
        assert_eq!((one.time_us, other.time_us), (30, 31));
        assert_eq!(one.event, parted.events_in_common + 1);
        assert_eq!(one.event, other.event);

        for (worlds, at) in [([&a, &longer], 1), ([&longer, &a], 0)] {
            let parted = diff(worlds[0], worlds[1], 10).unwrap();
            assert_eq!(parted.events_in_common, same.events_in_common);
            let sides = parted.first.unwrap().sides;
            assert!(sides[1 - at].is_none(), "it has ended");
            assert_eq!(sides[at].as_ref().map(|event| (event.record, event.time_us)), Some((7, 50)));
        }
    }
}
