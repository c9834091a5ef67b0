//! What a tool sees while it runs.

use ecology_sandbox::{Called, Fault, Host, HostError, Limits};
use ecology_types::{Denial, SmolStr, Value};
use ecology_world::{HostAnswer, Run, World};

use super::asking::Asking;
use super::desk::Desk;
use super::programs::Source;

/// The global function that makes an executable a tool.
const RUN: &str = "run";

/// Carries out one run: its own calls of the host, contracts that have to be asked on the way, and the tools that it invokes.
///
/// Whether all that it was told belongs to one state of the world is judged at the end, when the run is carried out again without its code.
pub(super) struct Running<'a, 'p, D: Desk> {
    pub(super) asking: &'a mut Asking<'p, D>,
    /// On its way to the world and back during a look; gone for good when the world is.
    pub(super) run: Option<Run>,
    pub(super) limits: Limits,
}

impl<D: Desk> Running<'_, '_, D> {
    /// Runs the code of the tool that was entered last.
    pub(super) fn enter(&mut self) -> (Result<Value, Denial>, u64) {
        let called = self.run_entered();
        let outcome = called.outcome.map_err(|fault| {
            let sentence = fault.to_string();
            // What the code says no to is an answer; and who has no CPU time left is no fault of the code.
            let is_own_doing = match fault {
                Fault::Error { .. } | Fault::Aborted { .. } | Fault::Unavailable { .. } => false,
                Fault::OutOfInstructions => self.run.as_ref().is_some_and(|run| !run.is_short_of_cpu()),
                _ => true,
            };
            if is_own_doing { Denial::fault(&sentence) } else { Denial::no(&sentence) }
        });
        self.asking.note_run(&outcome, called.instructions);
        (outcome, called.instructions)
    }

    fn run_entered(&mut self) -> Called {
        let gone = || Called::not_run(Fault::Unavailable { reason: "its code is gone".into() });
        let Some(run) = &self.run else { return gone() };
        let tool = run.tool();
        let args = [Value::text(run.method()), run.args().clone()];
        let seed = run.seed();
        let instructions_max = run.instructions_left().min(self.limits.instructions_max);
        let limits = Limits { instructions_max, ..self.limits.clone() };
        let Ok(Some(source)) = self.asking.desk.look(move |world, _| Source::of(world, tool)) else {
            return gone();
        };
        match self.asking.program(&source, &limits) {
            Ok(program) => program.call(RUN, &args, &limits, seed, self),
            Err(fault) => Called::not_run(fault),
        }
    }

    /// Lets the world do something with the run.
    fn with_run(
        &mut self,
        act: impl FnOnce(&World, &mut Run) -> HostAnswer + Send + 'static,
    ) -> Result<HostAnswer, HostError> {
        let gone = || HostError::Abort("the world that the tool runs in is closed".to_owned());
        let mut run = self.run.take().ok_or_else(gone)?;
        let looked = self.asking.desk.look(move |world, _| {
            let answer = act(world, &mut run);
            (answer, run)
        });
        let (answer, run) = looked.map_err(|_| gone())?;
        self.run = Some(run);
        Ok(answer)
    }

    fn go_on(&mut self, mut answer: HostAnswer) -> Result<Value, HostError> {
        loop {
            answer = match answer {
                HostAnswer::Told(value) => return Ok(value),
                HostAnswer::Refused(sentence) => return Err(HostError::Refused(sentence)),
                HostAnswer::End(sentence) => return Err(HostError::Abort(sentence)),
                HostAnswer::Ask(question) => match self.asking.ask(*question) {
                    Ok(Some(answer)) => self.with_run(move |world, run| world.supply(run, answer))?,
                    _ => return Err(HostError::Abort("its contract cannot be asked now".to_owned())),
                },
                HostAnswer::Enter => {
                    let (outcome, instructions) = self.enter();
                    self.with_run(move |world, run| world.leave(run, outcome, instructions))?
                }
            };
        }
    }
}

impl<D: Desk> Host for Running<'_, '_, D> {
    fn call(&mut self, function: &str, args: &[Value]) -> Result<Value, HostError> {
        let (function, args) = (SmolStr::new(function), args.to_vec());
        let answer = self.with_run(move |world, run| world.host(run, &function, &args))?;
        self.go_on(answer)
    }
}
