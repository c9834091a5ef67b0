//! The end of a run.

use ecology_types::{Denial, HostCall, SmolStr, ToolRun, Value};

use super::{Frame, Run};
use crate::world::World;

/// The longest sentence of a tool that is passed on, in characters.
const SENTENCE_CHARS_MAX: usize = 200;

impl World {
    /// Ends a run with what its code gave back or why it failed, and the instructions of the tool itself. What comes out goes into `step` with
    /// the act that the run was begun with.
    #[must_use]
    pub fn end_run(&self, mut run: Run, outcome: Result<Value, Denial>, instructions: u64) -> ToolRun {
        // A tool that was entered and never left failed.
        while run.depth() > 1 {
            let why = Denial { reason: SmolStr::new_static("it was left without an end"), is_fault: true };
            let _ = self.leave(&mut run, Err(why), 0);
        }
        run.instructions = run.instructions.saturating_add(instructions);
        let outcome = self.judged(outcome, run.instructions);
        record(run.frames.swap_remove(0), run.time, outcome, instructions)
    }

    /// Takes the tool that was entered last off the run: the call that it answers, and its run. What one that failed did is undone, and
    /// what one that did not fail left of its allowance goes back. `None` when no tool was entered.
    pub(super) fn close(
        &self,
        run: &mut Run,
        outcome: Result<Value, Denial>,
        instructions: u64,
    ) -> Option<(HostCall, ToolRun)> {
        if run.depth() < 2 {
            return None;
        }
        let mut frame = run.frames.pop()?;
        run.instructions = run.instructions.saturating_add(instructions);
        let outcome = self.judged(outcome, run.instructions);
        let back = match &outcome {
            Ok(_) => run.top().allowance.0.saturating_add(frame.allowance.0),
            Err(_) => {
                run.plan.events.truncate(frame.before.effects);
                run.plan.states.truncate(frame.before.states);
                frame.before.allowance.0
            }
        };
        run.top_mut().allowance = ecology_types::Scrip(back);
        let call = frame.before.call.take()?;
        Some((call, record(frame, run.time, outcome, instructions)))
    }

    /// What the tool is told that invoked another one.
    pub(super) fn told_of(&self, ended: &ToolRun) -> Result<Value, String> {
        match &ended.outcome {
            Ok(value) => Ok(value.clone()),
            Err(denial) => Err(format!("execution_failed: {}: {}", self.id(ended.tool), denial.reason)),
        }
    }

    /// An outcome that fits the world: results have a size, sentences a length, an action its instructions.
    pub(super) fn judged(&self, outcome: Result<Value, Denial>, instructions: u64) -> Result<Value, Denial> {
        let fault = |reason: String| Err(Denial { reason: sentence(&reason), is_fault: true });
        let instructions_max = self.code.rules.run_instructions_max;
        if outcome.is_ok() && instructions > instructions_max {
            return fault(format!("the tools of this action used more than {instructions_max} instructions"));
        }
        let limits = &self.rules.limits;
        match outcome {
            Ok(value) => {
                let depth_max = limits.args_depth_max as usize;
                if value.depth(depth_max) > depth_max {
                    return fault(format!("its result nests deeper than {depth_max} levels"));
                }
                let bytes = value.bytes() as u64;
                if bytes > limits.args_bytes_max {
                    let most = limits.args_bytes_max;
                    return fault(format!("its result has {bytes} bytes, this world allows {most}"));
                }
                Ok(value)
            }
            Err(denial) => Err(Denial { reason: sentence(&denial.reason), is_fault: denial.is_fault }),
        }
    }
}

fn record(
    frame: Frame,
    time: ecology_types::Time,
    outcome: Result<Value, Denial>,
    instructions: u64,
) -> ToolRun {
    ToolRun {
        tool: frame.tool,
        version: frame.version,
        caller: frame.caller,
        call_digest: frame.call_digest(),
        time,
        operations: frame.operations,
        outcome,
        instructions,
    }
}

/// A sentence of a tool, short and on one line.
fn sentence(text: &str) -> SmolStr {
    let plain = |c: char| {
        !c.is_control()
            && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    if text.len() <= SENTENCE_CHARS_MAX && text.chars().all(plain) {
        return SmolStr::new(text);
    }
    text.chars().map(|c| if plain(c) { c } else { ' ' }).take(SENTENCE_CHARS_MAX).collect()
}
