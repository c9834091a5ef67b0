//! An engine that runs closures instead of code.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use ecology_types::{
    Act, Action, AllowedInvocation, Command, Denial, Draft, Id, Interface, Method, Outcome, Scrip, ToolAct,
    ToolRun, Value,
};
use ecology_world::{HostAnswer, Run, World};

use crate::support::*;

/// Why a program stops: an error that it could have caught, or the end that the world made of it.
#[derive(Debug, Clone)]
pub(crate) enum Stop {
    Error(String),
    Ended(String),
}

/// What a program has: the table `world`.
pub(crate) struct Table<'a> {
    pub(crate) world: &'a World,
    pub(crate) run: &'a mut Run,
    programs: &'a Programs,
}

pub(crate) type Program = Rc<dyn Fn(&mut Table<'_>) -> Result<Value, Stop>>;

/// What each tool does, by its id.
#[derive(Default, Clone)]
pub(crate) struct Programs(pub(crate) BTreeMap<String, Program>);

impl Table<'_> {
    pub(crate) fn call(&mut self, function: &str, args: &[Value]) -> Result<Value, Stop> {
        match self.world.host(self.run, function, args) {
            HostAnswer::Told(value) => Ok(value),
            HostAnswer::Refused(sentence) => Err(Stop::Error(sentence)),
            HostAnswer::End(reason) => Err(Stop::Ended(reason)),
            HostAnswer::Ask(question) => panic!("{question:?}"),
            HostAnswer::Enter => {
                let outcome = self.programs.run(self.world, self.run);
                match self.world.leave(self.run, outcome, 100) {
                    HostAnswer::Told(value) => Ok(value),
                    HostAnswer::Refused(sentence) => Err(Stop::Error(sentence)),
                    other => Err(Stop::Ended(format!("{other:?}"))),
                }
            }
        }
    }

    pub(crate) fn pay(&mut self, to: &str, amount: i64, from: &str) -> Result<Value, Stop> {
        let args = [("to", to.into()), ("amount", Value::Int(amount)), ("from", from.into())];
        self.call("pay", &[Value::map(args)])
    }

    pub(crate) fn invoke(&mut self, artifact: &str, method: &str, args: Value) -> Result<Value, Stop> {
        self.invoke_allowing(artifact, method, args, 0)
    }

    pub(crate) fn invoke_allowing(
        &mut self,
        artifact: &str,
        method: &str,
        args: Value,
        allowance: i64,
    ) -> Result<Value, Stop> {
        let fields = [
            ("artifact", artifact.into()),
            ("method", method.into()),
            ("args", args),
            ("allowance", Value::Int(allowance)),
        ];
        self.call("invoke", &[Value::map(fields)])
    }
}

impl Programs {
    pub(crate) fn add(
        &mut self,
        id: &str,
        program: impl Fn(&mut Table<'_>) -> Result<Value, Stop> + 'static,
    ) {
        self.0.insert(id.to_owned(), Rc::new(program));
    }

    fn run(&self, world: &World, run: &mut Run) -> Result<Value, Denial> {
        let name = world.id(run.tool()).to_string();
        let Some(program) = self.0.get(&name).cloned() else {
            return Err(Denial { reason: "the code has no function run".into(), is_fault: true });
        };
        program(&mut Table { world, run, programs: self }).map_err(|stop| match stop {
            Stop::Error(sentence) => Denial { reason: sentence.into(), is_fault: false },
            Stop::Ended(reason) => Denial { reason: reason.into(), is_fault: true },
        })
    }

    /// Runs what the act invokes, on the present state.
    pub(crate) fn ask(&self, world: &World, act: &Act, now: ecology_types::Time) -> Option<ToolRun> {
        world.tool_of(&act.action)?;
        let mut run = world.begin_run(act, now).ok()?;
        let outcome = self.run(world, &mut run);
        Some(world.end_run(run, outcome, 1_000))
    }
}

/// A tool's draft: one method `go` that takes anything, where the schema has a place for methods.
pub(crate) fn tool(combo: Combo, name: &str) -> Draft {
    let mut draft = Draft::new(id(name), format!("-- code of {name}"));
    draft.can_execute = Some(true);
    if combo.is_legacy() {
        return draft;
    }
    let schema = Value::map([("type", "object".into())]);
    let go = Method { name: "go".into(), description: "Goes.".into(), input_schema: schema };
    draft.interface = Some(Arc::new(Interface { description: "A tool.".into(), methods: vec![go] }));
    draft
}

pub(crate) fn go(name: &str, allowance: u64) -> Action {
    go_with(name, Value::Null, allowance)
}

pub(crate) fn go_with(name: &str, args: Value, allowance: u64) -> Action {
    Action::InvokeAllowing(Box::new(AllowedInvocation {
        artifact: Id::new(name).unwrap(),
        method: "go".into(),
        args,
        allowance: Scrip(allowance),
    }))
}

impl TestWorld {
    pub(crate) fn act_of(&self, agent: &str, action: Action) -> Act {
        Act { agent: self.key(agent), action, thought: None, answers: Vec::new() }
    }

    pub(crate) fn by_tool(&mut self, act: Act, run: ToolRun) -> Outcome {
        self.command(Command::ActByTool(Box::new(ToolAct { act, run }))).outcome
    }

    /// Runs the tool and hands in what came of it at once.
    pub(crate) fn use_tool(&mut self, programs: &Programs, agent: &str, action: Action) -> Outcome {
        let act = self.act_of(agent, action);
        match programs.ask(&self.world, &act, self.now) {
            Some(run) => self.by_tool(act, run),
            None => self.command(Command::Act(act)).outcome,
        }
    }
}
