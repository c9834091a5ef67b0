//! Gives actions the answers of contracts that are code.

use std::num::NonZeroUsize;
use std::sync::Arc;

use ecology_sandbox::{Called, Engine, Fault, Limits, Program};
use ecology_types::{Act, Command, Denial, Key, PermissionAnswer, SmolStr, Time, ToolAct, Value};
use ecology_world::{Question, World, is_cacheable};

use super::cache::Cache;
use super::counts::CodeCounts;
use super::looking::Looking;
use super::programs::Programs;
use super::running::Running;

/// The functions of the table `world` that code can call, in checks and in runs of tools.
pub const HOST_FUNCTIONS: &[&str] = &[
    "allowance",
    "artifact",
    "balance",
    "caller",
    "events",
    "invoke",
    "me",
    "now",
    "pay",
    "read",
    "set_state",
    "state",
];

/// The global function that makes an executable a contract.
const CHECK: &str = "check_permission";

/// Answers that are kept to be given again.
const CACHED_MAX: usize = 65_536;

/// Programs that are kept compiled.
const PROGRAMS_MAX: usize = 1_024;

/// Working memory of one check, in bytes.
const MEMORY_BYTES_MAX: u64 = 4 << 20;

/// Asks the code of contracts.
pub struct Asker {
    programs: Programs,
    cache: Cache,
    threads: NonZeroUsize,
    wall_ms_max: u64,
    counts: CodeCounts,
}

impl std::fmt::Debug for Asker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asker")
            .field("engine", &self.programs.engine().name())
            .field("counts", &self.counts)
            .finish_non_exhaustive()
    }
}

/// A question with the program that answers it.
struct Ready<'q> {
    question: &'q Question,
    program: Result<Arc<dyn Program>, Fault>,
}

impl Asker {
    /// An asker that runs code with `engine`, on at most `threads` threads at once, each check at most `wall_ms_max` milliseconds.
    #[must_use]
    pub fn new(engine: Arc<dyn Engine>, threads: NonZeroUsize, wall_ms_max: u64) -> Self {
        Self {
            programs: Programs::new(engine, PROGRAMS_MAX),
            cache: Cache::new(CACHED_MAX),
            threads,
            wall_ms_max,
            counts: CodeCounts::default(),
        }
    }

    /// What it did so far.
    #[must_use]
    pub const fn counts(&self) -> CodeCounts {
        self.counts
    }

    /// The engine that runs code.
    #[must_use]
    pub const fn engine(&self) -> &Arc<dyn Engine> {
        self.programs.engine()
    }

    /// Gives an act the answers that it needs now, on the present state of the world: from the cache, else by asking. Answers that do not
    /// hold any more are dropped and asked for again, at most as often as the world's rules for code allow.
    #[must_use]
    pub fn complete(&mut self, world: &World, mut act: Act, now: Time) -> Act {
        if !world.names_coded(&act.action) {
            return act;
        }
        // An answer that is there already spares the look at what the action would lead to.
        if act.answers.is_empty()
            && let Some(question) = world.question_at_hand(&act)
            && let Some(answer) = self.cache.get(&question, world, now)
        {
            self.counts.from_cache += 1;
            act.answers.push(answer);
            return act;
        }
        for _ in 0..world.code_rules().asks_max.max(1) {
            let before = act.answers.len();
            act.answers.retain(|answer| world.holds(answer, now));
            self.counts.stale += (before - act.answers.len()) as u64;
            let questions = world.questions_of(&act, now);
            let answers = self.ask_all(world, &questions, now);
            if answers.iter().all(Option::is_none) {
                break;
            }
            act.answers.extend(answers.into_iter().flatten());
        }
        act
    }

    /// The command that carries out `act` now: with the answers that it needs, and with the run of the tool that it invokes.
    #[must_use]
    pub fn command(&mut self, world: &World, act: Act, now: Time) -> Command {
        let act = self.complete(world, act, now);
        if world.tool_of(&act.action).is_none() {
            return Command::Act(act);
        }
        // A call that may not begin is refused by the world itself, in the same words.
        let Ok(mut run) = world.begin_run(&act, now) else { return Command::Act(act) };
        let limits = self.limits(world);
        let mut running = Running { asker: self, world, run: &mut run, limits, now };
        let (outcome, instructions) = running.enter();
        let run = world.end_run(run, outcome, instructions);
        Command::ActByTool(Box::new(ToolAct { act, run }))
    }

    /// The program of an executable as it is now; `None` when it is gone.
    pub(super) fn program(
        &mut self,
        world: &World,
        tool: Key,
        limits: &Limits,
    ) -> Option<Result<Arc<dyn Program>, Fault>> {
        let (program, is_new) = self.programs.get(world, tool, limits)?;
        self.counts.compiled += u64::from(is_new);
        Some(program)
    }

    pub(super) fn note_run(&mut self, outcome: &Result<Value, Denial>, instructions: u64) {
        self.counts.runs += 1;
        self.counts.instructions = self.counts.instructions.saturating_add(instructions);
        self.counts.faults += u64::from(matches!(outcome, Err(denial) if denial.is_fault));
    }

    /// The answers to questions, in their order, all on one view of the world. `None` where nobody could be asked.
    pub fn ask_all(
        &mut self,
        world: &World,
        questions: &[Question],
        now: Time,
    ) -> Vec<Option<PermissionAnswer>> {
        let limits = self.limits(world);
        let mut answers: Vec<Option<PermissionAnswer>> = vec![None; questions.len()];
        let mut ready: Vec<(usize, Ready<'_>)> = Vec::new();
        for (at, question) in questions.iter().enumerate() {
            if let Some(answer) = self.cache.get(question, world, now) {
                self.counts.from_cache += 1;
                answers[at] = Some(answer);
                continue;
            }
            let Some((program, is_new)) = self.programs.get(world, question.contract, &limits) else {
                continue;
            };
            self.counts.compiled += u64::from(is_new);
            ready.push((at, Ready { question, program }));
        }
        let threads = self.threads.get().min(ready.len());
        let mut found: Vec<Option<(PermissionAnswer, bool)>> = Vec::new();
        if threads <= 1 {
            found.extend(ready.iter().map(|(_, ready)| ask(world, ready, &limits, now)));
        } else {
            found.resize_with(ready.len(), || None);
            let share = ready.len().div_ceil(threads);
            std::thread::scope(|scope| {
                for (ready, found) in ready.chunks(share).zip(found.chunks_mut(share)) {
                    let limits = &limits;
                    scope.spawn(move || {
                        for ((_, ready), found) in ready.iter().zip(found) {
                            *found = ask(world, ready, limits, now);
                        }
                    });
                }
            });
        }
        for ((at, ready), found) in ready.iter().zip(found) {
            let Some((answer, is_cacheable)) = found else {
                self.counts.unavailable += 1;
                continue;
            };
            self.counts.asked += 1;
            self.counts.instructions = self.counts.instructions.saturating_add(answer.instructions);
            self.counts.faults += u64::from(matches!(&answer.verdict, Err(denial) if denial.is_fault));
            if is_cacheable {
                self.cache.put(ready.question, &answer);
            }
            answers[*at] = Some(answer);
        }
        answers
    }

    fn limits(&self, world: &World) -> Limits {
        let (rules, code) = (world.rules(), world.code_rules());
        let content = rules.limits.content_bytes_max;
        Limits {
            instructions_max: code.check_instructions_max,
            memory_bytes_max: MEMORY_BYTES_MAX.max(content.saturating_mul(8)),
            source_bytes_max: content,
            value_bytes_max: content.saturating_add(code.state_bytes_max).saturating_add(4_096),
            wall_ms_max: self.wall_ms_max,
            ..Limits::default()
        }
    }
}

/// Runs one check. `None` when the sandbox could not; else the answer, and whether it may be given again.
fn ask(world: &World, ready: &Ready<'_>, limits: &Limits, now: Time) -> Option<(PermissionAnswer, bool)> {
    let Ready { question, program } = ready;
    let mut host = Looking { world, question, reads: world.reads_of(question), now };
    let called = match program {
        Ok(program) => {
            program.call(CHECK, &[world.request_of(question)], limits, seed_of(world, question), &mut host)
        }
        Err(fault) => Called::not_run(fault.clone()),
    };
    let (given, is_cacheable) = match called.outcome {
        Ok(value) => {
            let is_cacheable = is_cacheable(&value);
            (Ok(value), is_cacheable)
        }
        Err(Fault::Unavailable { .. }) => return None,
        Err(fault) => (Err(SmolStr::from(fault.to_string())), false),
    };
    let answer = world.answer_of(question, host.reads, given, called.instructions);
    let is_cacheable = is_cacheable && !matches!(&answer.verdict, Err(denial) if denial.is_fault);
    Some((answer, is_cacheable))
}

/// Where the randomness of a check comes from: the seed of the world, its history and the question.
fn seed_of(world: &World, question: &Question) -> u64 {
    let (.., seed) = world.run();
    let caller = u64::from(question.caller.0);
    seed.derive("check", world.last_record())
        .derive("contract", u64::from(question.contract.0))
        .derive("caller", caller ^ question.call_digest)
        .derive("artifact", u64::from(question.artifact.0))
        .0
}
