//! What the code of a tool may ask: the functions of its table `world`.

use ecology_types::{
    Denial, HostCall, Id, Operation, PermissionAnswer, Purse, Scrip, SmolStr, Value, told_digest,
};

use super::Run;
use super::arguments::as_map;
use crate::check::Question;
use crate::result::id_value;
use crate::world::World;

/// What comes of a call of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostAnswer {
    /// The code goes on with this.
    Told(Value),
    /// The code sees an error that it can catch.
    Refused(String),
    /// The code is ended at once and cannot catch it; the run is a fault with this reason.
    End(String),
    /// The contract of what the tool wants to invoke is code. It has to be asked, and [`World::supply`] goes on with its answer.
    Ask(Box<Question>),
    /// Another tool was entered: [`Run::tool`] is that one now. Its code has to run, with its own calls of the host, and [`World::leave`] gives
    /// what the tool that invoked it is told.
    Enter,
}

/// What a step of a run came to, before it is recorded.
pub(super) enum Performed {
    /// The code is told this.
    Told(Result<Value, String>),
    /// A limit of the whole action is reached.
    End(String),
    /// A contract has to be asked first.
    Ask(Box<Question>),
    /// Another tool was entered.
    Entered,
}

impl World {
    /// Answers one call of the host on the present state plus what the run did before. Changes nothing but the run.
    ///
    /// The functions are `me`, `caller`, `allowance`, `balance`, `artifact`, `read`, `events`, `now`, `state`, `set_state`, `pay` and `invoke`.
    pub fn host(&self, run: &mut Run, function: &str, args: &[Value]) -> HostAnswer {
        if run.pending.is_some() {
            return HostAnswer::End("the tool asks while it waits for an answer".to_owned());
        }
        let constant = match function {
            "me" => Some(id_value(self.id(run.tool()))),
            "caller" => Some(id_value(self.id(run.caller()))),
            "allowance" => Some(Value::count(run.top().allowance.0)),
            _ => None,
        };
        if let Some(constant) = constant {
            return match run.note_operation(1, self) {
                Ok(()) => HostAnswer::Told(constant),
                Err(reason) => HostAnswer::End(reason),
            };
        }
        match parse(function, args) {
            Ok(call) => self.ask(run, call),
            // What does not depend on the world is not recorded, but it counts.
            Err(problem) => match run.note_operation(1, self) {
                Ok(()) => HostAnswer::Refused(problem),
                Err(reason) => HostAnswer::End(reason),
            },
        }
    }

    /// Goes on with a call of the host that waited for the answer of a contract.
    pub fn supply(&self, run: &mut Run, answer: PermissionAnswer) -> HostAnswer {
        match run.pending.take() {
            Some(HostCall::Invoke { artifact, method, args, allowance, .. }) => {
                let permission = Some(Box::new(answer));
                let call = HostCall::Invoke { artifact, method, args, allowance, run: None, permission };
                self.ask(run, call)
            }
            _ => HostAnswer::End("an answer came that nobody waited for".to_owned()),
        }
    }

    fn ask(&self, run: &mut Run, call: HostCall) -> HostAnswer {
        let now = run.time.max(self.clock.time);
        match self.perform(run, &call, now) {
            Performed::Told(told) => {
                run.top_mut().operations.push(Operation { call, told: told_digest(&told) });
                told.map_or_else(HostAnswer::Refused, HostAnswer::Told)
            }
            Performed::End(reason) => HostAnswer::End(reason),
            Performed::Ask(question) => {
                run.pending = Some(call);
                HostAnswer::Ask(question)
            }
            Performed::Entered => HostAnswer::Enter,
        }
    }

    /// Ends the tool that was entered last and gives what the one that invoked it is told. `instructions` are its own, without those of
    /// tools that it invoked itself. A tool that failed leaves nothing behind.
    pub fn leave(&self, run: &mut Run, outcome: Result<Value, Denial>, instructions: u64) -> HostAnswer {
        let Some((mut call, ended)) = self.close(run, outcome, instructions) else {
            return HostAnswer::End("no tool was entered that could be left".to_owned());
        };
        let told = self.told_of(&ended);
        if let HostCall::Invoke { run, .. } = &mut call {
            *run = Some(Box::new(ended));
        }
        run.top_mut().operations.push(Operation { call, told: told_digest(&told) });
        if run.instructions > self.code.rules.run_instructions_max {
            return HostAnswer::End("the tools of this action used up its instructions".to_owned());
        }
        told.map_or_else(HostAnswer::Refused, HostAnswer::Told)
    }
}

/// A call of the host as the code wrote it, checked as far as that needs no world.
fn parse(function: &str, args: &[Value]) -> Result<HostCall, String> {
    let first = args.first().unwrap_or(&Value::Null);
    Ok(match function {
        "now" => HostCall::Now,
        "state" => HostCall::State,
        "set_state" => HostCall::SetState(first.clone()),
        "balance" => HostCall::Balance(id("world.balance(id)", "id", Some(first))?),
        "read" => HostCall::Read(id("world.read(id)", "id", Some(first))?),
        "artifact" => HostCall::Describe(id("world.artifact(id)", "id", Some(first))?),
        "events" => {
            const USE: &str = "world.events{kind=, about=?, actor=?}";
            let fields = fields(USE, first, &["kind", "about", "actor"])?;
            let kind = text(USE, "kind", fields.get("kind"))?;
            if ecology_types::EventKind::from_name(&kind).is_none() {
                return Err(format!("{USE}: there is no kind of event {:?}", short(&kind)));
            }
            let optional = |name| fields.get(name).map(|value| id(USE, name, Some(value))).transpose();
            HostCall::Events { kind, about: optional("about")?, actor: optional("actor")? }
        }
        "pay" => {
            const USE: &str = "world.pay{to=, amount=, from=\"allowance\"|\"own\"}";
            let fields = fields(USE, first, &["to", "amount", "from"])?;
            let from = match fields.get("from").map_or(Some("allowance"), Value::as_text) {
                Some("allowance") => Purse::Allowance,
                Some("own") => Purse::Own,
                _ => return Err(format!("{USE}: from is \"allowance\" or \"own\"")),
            };
            let amount = amount(USE, "amount", fields.get("amount"))?;
            if amount == Scrip::ZERO {
                return Err(format!("{USE}: amount must be above zero"));
            }
            HostCall::Pay { from, to: id(USE, "to", fields.get("to"))?, amount }
        }
        "invoke" => {
            const USE: &str = "world.invoke{artifact=, method=, args=?, allowance=?}";
            let fields = fields(USE, first, &["artifact", "method", "args", "allowance"])?;
            let given = fields.get("args").unwrap_or(&Value::Null);
            let args = match as_map(given) {
                Some(pairs) => Value::Map(pairs.to_vec()),
                None => return Err(format!("{USE}: args must be a map, not {}", given.shape())),
            };
            HostCall::Invoke {
                artifact: id(USE, "artifact", fields.get("artifact"))?,
                method: text(USE, "method", fields.get("method"))?,
                args,
                allowance: match fields.get("allowance") {
                    Some(given) => amount(USE, "allowance", Some(given))?,
                    None => Scrip::ZERO,
                },
                run: None,
                permission: None,
            }
        }
        _ => {
            return Err(format!(
                "there is no world.{}; there are me, caller, allowance, balance, artifact, read, events, now, state, set_state, pay and invoke",
                short(function)
            ));
        }
    })
}

struct Fields<'a>(&'a [(SmolStr, Value)]);

impl<'a> Fields<'a> {
    fn get(&self, name: &str) -> Option<&'a Value> {
        self.0.iter().find(|(known, value)| known == name && *value != Value::Null).map(|(_, value)| value)
    }
}

fn fields<'a>(usage: &str, value: &'a Value, known: &[&str]) -> Result<Fields<'a>, String> {
    let Some(pairs) = as_map(value) else {
        return Err(format!("{usage}: one table with named fields, not {}", value.shape()));
    };
    match pairs.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        Some((name, _)) => Err(format!("{usage}: there is no field {:?}", short(name))),
        None => Ok(Fields(pairs)),
    }
}

fn text(usage: &str, name: &str, value: Option<&Value>) -> Result<SmolStr, String> {
    match value {
        Some(Value::Text(text)) => Ok(text.clone()),
        other => Err(format!("{usage}: {name} must be text, not {}", other.map_or("missing", Value::shape))),
    }
}

fn id(usage: &str, name: &str, value: Option<&Value>) -> Result<SmolStr, String> {
    let text = text(usage, name, value)?;
    Id::new(&text).map_err(|error| format!("{usage}: {name} is no id: {error}"))?;
    Ok(text)
}

fn amount(usage: &str, name: &str, value: Option<&Value>) -> Result<Scrip, String> {
    match value {
        Some(Value::Int(amount)) => u64::try_from(*amount)
            .map(Scrip)
            .map_err(|_| format!("{usage}: {name} must not be negative, it is {amount}")),
        other => Err(format!(
            "{usage}: {name} must be a whole number, not {}",
            other.map_or("missing", Value::shape)
        )),
    }
}

/// The beginning of what code wrote, for messages.
pub(super) fn short(text: &str) -> String {
    text.chars().take(64).collect()
}
