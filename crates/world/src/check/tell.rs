//! What a contract may look at while it decides: the table `world` of a check.

use ecology_types::{EventCount, EventKind, Key, Reads, Scrip, SmolStr, Time, Value};

use super::Question;
use crate::world::World;

/// Most sorts of events that one check counts: each count is a walk through the log, now and when the answer is judged.
const EVENT_COUNTS_MAX: usize = 4;

impl World {
    /// Answers what a contract asks of the world while it decides, and takes note of it: the contract's answer holds only while this does.
    ///
    /// A contract sees what it would see as a caller under rules that need no code, besides the artifact in question and itself.
    ///
    /// # Errors
    /// A sentence for the code, which may catch it.
    pub fn tell(
        &self,
        question: &Question,
        reads: &mut Reads,
        function: &str,
        args: &[Value],
        now: Time,
    ) -> Result<Value, SmolStr> {
        let none = |value: Value| match args {
            [] => Ok(value),
            _ => Err(SmolStr::from(format!("world.{function} takes no arguments"))),
        };
        match function {
            "me" => none(Value::text(self.id(question.contract).as_str())),
            "now" => {
                let now = now.max(self.clock.time);
                reads.note_time(now);
                none(Value::count(now.0))
            }
            "state" => {
                let (version, state) = self.code.state(question.contract);
                reads.note_state(question.contract, version);
                none(state.clone())
            }
            "balance" => match self.named_by(function, args, reads, now)? {
                Some(key) => {
                    let balance = self.accounts.scrip(key);
                    reads.note_balance(key, balance);
                    Ok(Value::count(balance.0))
                }
                None => Ok(Value::Int(0)),
            },
            "artifact" => {
                let Some(key) = self.named_by(function, args, reads, now)? else { return Ok(Value::Null) };
                self.note_artifact(key, reads);
                let Some(record) = self.live(key) else { return Ok(Value::Null) };
                let is_its_own = key == question.artifact || key == question.contract;
                if is_its_own || self.may_know(question.contract, record) {
                    Ok(Value::Map(self.metadata(record)))
                } else {
                    Ok(Value::Null)
                }
            }
            "read" => {
                // What is not there and what is hidden look alike.
                let hidden =
                    || SmolStr::new_static("there is no such artifact that this contract may read for free");
                let Some(key) = self.named_by(function, args, reads, now)? else { return Err(hidden()) };
                self.note_artifact(key, reads);
                let Some(record) = self.live(key) else { return Err(hidden()) };
                let is_its_own = key == question.artifact || key == question.contract;
                if !is_its_own && self.read_price(question.contract, record) != Some(Scrip::ZERO) {
                    return Err(hidden());
                }
                Ok(Value::Text(SmolStr::from(std::sync::Arc::clone(&record.content))))
            }
            "events" => self.tell_events(question.contract, reads, args, now),
            _ => {
                let shown: String = function.chars().filter(|c| !c.is_control()).take(32).collect();
                Err(SmolStr::from(format!("a check has no world.{shown}")))
            }
        }
    }

    /// The key that the one argument of a function names. Nothing can be looked up again that has no key, so what depends on it ages.
    fn named_by(
        &self,
        function: &str,
        args: &[Value],
        reads: &mut Reads,
        now: Time,
    ) -> Result<Option<Key>, SmolStr> {
        let [Value::Text(id)] = args else {
            return Err(SmolStr::from(format!("world.{function} takes one id, as text")));
        };
        let key = self.symbols.key(id);
        if key.is_none() {
            reads.note_time(now.max(self.clock.time));
        }
        Ok(key)
    }

    fn tell_events(
        &self,
        viewer: Key,
        reads: &mut Reads,
        args: &[Value],
        now: Time,
    ) -> Result<Value, SmolStr> {
        let wrong =
            || SmolStr::new_static("world.events takes a table { kind =, about =?, actor =? } of texts");
        let [Value::Map(pairs)] = args else { return Err(wrong()) };
        let mut kind = None;
        let mut who = [None, None];
        for (name, value) in pairs {
            let text = value.as_text().ok_or_else(wrong)?;
            match name.as_str() {
                "kind" => kind = EventKind::from_name(text),
                "about" => who[0] = Some(text),
                "actor" => who[1] = Some(text),
                _ => return Err(wrong()),
            }
        }
        let kind =
            kind.ok_or_else(|| SmolStr::new_static("world.events: there is no such kind of events"))?;
        let mut keys = [None, None];
        for (key, id) in keys.iter_mut().zip(who) {
            if let Some(id) = id {
                *key = self.symbols.key(id);
                if key.is_none() {
                    reads.note_time(now.max(self.clock.time));
                    return Ok(Value::Int(0));
                }
            }
        }
        let [about, actor] = keys;
        let which = EventCount { kind, about, actor };
        if reads.events.len() >= EVENT_COUNTS_MAX && !reads.events.iter().any(|(known, _)| *known == which) {
            return Err(SmolStr::from(format!("a check counts at most {EVENT_COUNTS_MAX} sorts of events")));
        }
        let count = self.count_events(viewer, &which);
        reads.note_events(which, count);
        Ok(Value::count(count))
    }
}
