//! What a tool sees while it runs.

use ecology_sandbox::{Called, Fault, Host, HostError, Limits};
use ecology_types::{Denial, Time, Value};
use ecology_world::{HostAnswer, Run, World};

use super::asker::Asker;

/// The global function that makes an executable a tool.
const RUN: &str = "run";

/// Carries out one run on a view of the world that does not change meanwhile: its own calls of the host, contracts that have to be asked on
/// the way, and the tools that it invokes.
pub(super) struct Running<'a> {
    pub(super) asker: &'a mut Asker,
    pub(super) world: &'a World,
    pub(super) run: &'a mut Run,
    pub(super) limits: Limits,
    pub(super) now: Time,
}

impl Running<'_> {
    /// Runs the code of the tool that was entered last.
    pub(super) fn enter(&mut self) -> (Result<Value, Denial>, u64) {
        let tool = self.run.tool();
        let limits = Limits { instructions_max: self.run.instructions_left(), ..self.limits.clone() };
        let called = match self.asker.program(self.world, tool, &limits) {
            Some(Ok(program)) => {
                let args = [Value::text(self.run.method()), self.run.args().clone()];
                let seed = self.run.seed();
                program.call(RUN, &args, &limits, seed, self)
            }
            Some(Err(fault)) => Called::not_run(fault),
            None => Called::not_run(Fault::Unavailable { reason: "its code is gone".into() }),
        };
        let outcome = called.outcome.map_err(|fault| {
            let sentence = fault.to_string();
            // What the code says no to is an answer; and who has no CPU time left is no fault of the code.
            let is_own_doing = match fault {
                Fault::Error { .. } | Fault::Aborted { .. } | Fault::Unavailable { .. } => false,
                Fault::OutOfInstructions => !self.run.is_short_of_cpu(),
                _ => true,
            };
            if is_own_doing { Denial::fault(&sentence) } else { Denial::no(&sentence) }
        });
        self.asker.note_run(&outcome, called.instructions);
        (outcome, called.instructions)
    }

    fn go_on(&mut self, mut answer: HostAnswer) -> Result<Value, HostError> {
        loop {
            answer = match answer {
                HostAnswer::Told(value) => return Ok(value),
                HostAnswer::Refused(sentence) => return Err(HostError::Refused(sentence)),
                HostAnswer::End(sentence) => return Err(HostError::Abort(sentence)),
                HostAnswer::Ask(question) => {
                    let mut answers = self.asker.ask_all(self.world, &[*question], self.now);
                    match answers.pop().flatten() {
                        Some(answer) => self.world.supply(self.run, answer),
                        None => return Err(HostError::Abort("its contract cannot be asked now".to_owned())),
                    }
                }
                HostAnswer::Enter => {
                    let (outcome, instructions) = self.enter();
                    self.world.leave(self.run, outcome, instructions)
                }
            };
        }
    }
}

impl Host for Running<'_> {
    fn call(&mut self, function: &str, args: &[Value]) -> Result<Value, HostError> {
        let answer = self.world.host(self.run, function, args);
        self.go_on(answer)
    }
}
