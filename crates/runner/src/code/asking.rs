//! Finding out what code says to one act.

use std::sync::Arc;

use ecology_sandbox::{Called, Fault, Limits};
use ecology_types::{Act, Command, Denial, Key, PermissionAnswer, Reads, SmolStr, Time, ToolAct, Value};
use ecology_world::{Question, Run, World, is_cacheable};

use super::cache::Cache;
use super::counts::CodeCounts;
use super::desk::Desk;
use super::looking::{End, Looking};
use super::programs::{Compiled, Programs, Source};
use super::running::Running;

/// The global function that makes an executable a contract.
const CHECK: &str = "check_permission";

/// Looks for the answers that one act needs, and runs the tool that it invokes.
pub(super) struct Asking<'p, D> {
    pub(super) desk: D,
    pub(super) programs: &'p Programs,
    pub(super) limits: Limits,
    /// Most instructions of a run, besides what the world allows.
    pub(super) run_instructions_max: u64,
    pub(super) now: Time,
    /// How often answers have been asked for so far.
    pub(super) rounds: u32,
    /// Whether a check ended because what it was told had changed, and was not asked again.
    pub(super) is_overtaken: bool,
    /// Instructions of checks whose answers did not hold, by contract: its next answer bears them.
    pub(super) wasted: Vec<(Key, u64)>,
    pub(super) counts: CodeCounts,
}

/// A question as it is put to code, with all that the code is told by it.
struct Posed {
    question: Arc<Question>,
    source: Source,
    request: Value,
    reads: Reads,
    seed: u64,
    /// The last record of the world when it was posed.
    record: u64,
}

/// What an act needs next.
enum Next {
    /// Answers to these.
    Ask(Vec<Posed>),
    /// The tool that it invokes has to run.
    Run(Box<Run>),
    /// Nothing.
    Step,
}

impl<D: Desk> Asking<'_, D> {
    /// Gives an act the answers that it needs, on the state of the world as it is found: from the cache, else by asking. Answers that do not hold
    /// any more are dropped and asked for again, at most as often as the world's rules for code allow.
    pub(super) fn complete(&mut self, act: Act) -> Result<Act, D::Closed> {
        self.until(act, false).map(|(act, _)| act)
    }

    /// The command that carries out `act`: with the answers that it needs, and with the run of the tool that it invokes.
    pub(super) fn command(&mut self, act: Act) -> Result<Command, D::Closed> {
        let (act, run) = self.until(act, true)?;
        let Some(run) = run else { return Ok(Command::Act(act)) };
        let limits = Limits { instructions_max: self.run_instructions_max, ..self.limits.clone() };
        let mut running = Running { asking: self, run: Some(*run), limits };
        let (outcome, instructions) = running.enter();
        match running.run {
            Some(run) => self.desk.look(move |world, _| {
                let run = world.end_run(run, outcome, instructions);
                Command::ActByTool(Box::new(ToolAct { act, run }))
            }),
            // It went to a world that is closed: so says the next look.
            None => self.desk.look(move |_, _| Command::Act(act)),
        }
    }

    /// The act with the answers that are there already, and whether it needs no others and no tool has to run.
    pub(super) fn at_once(&mut self, act: Act) -> Result<(Act, bool), D::Closed> {
        let now = self.now;
        let mut act = act;
        let (act, is_ready, found) = self.desk.look(move |world, cache| {
            let mut counts = CodeCounts::default();
            let is_tool = world.tool_of(&act.action).is_some();
            let needs = next(world, cache, &mut act, &mut 0, false, now, &mut counts);
            (act, !is_tool && matches!(needs, Next::Step), counts)
        })?;
        self.counts.add(&found);
        Ok((act, is_ready))
    }

    fn until(&mut self, act: Act, runs: bool) -> Result<(Act, Option<Box<Run>>), D::Closed> {
        let now = self.now;
        let mut act = act;
        loop {
            let rounds = self.rounds;
            let (back, next, found, spent, wasted) = self.desk.look(move |world, cache| {
                let (mut counts, mut rounds) = (CodeCounts::default(), rounds);
                let wasted = dropped(world, &act, now);
                let next = next(world, cache, &mut act, &mut rounds, runs, now, &mut counts);
                (act, next, counts, rounds, wasted)
            })?;
            self.counts.add(&found);
            self.wasted.extend(wasted);
            (act, self.rounds) = (back, spent);
            match next {
                Next::Step => return Ok((act, None)),
                Next::Run(run) => return Ok((act, Some(run))),
                Next::Ask(posed) => {
                    let before = act.answers.len();
                    self.is_overtaken = false;
                    for posed in posed {
                        act.answers.extend(self.put(posed)?);
                    }
                    if act.answers.len() == before && !self.is_overtaken {
                        // Nobody can be asked: asking again would not help.
                        self.rounds = u32::MAX;
                    }
                }
            }
        }
    }

    /// The answer to one question: from the cache, else by asking. `None` where nobody can be asked.
    pub(super) fn ask(&mut self, question: Question) -> Result<Option<PermissionAnswer>, D::Closed> {
        let now = self.now;
        let (kept, posed) = self.desk.look(move |world, cache| match cache.get(&question, world, now) {
            Some(answer) => (Some(answer), None),
            None => (None, pose(world, question)),
        })?;
        self.counts.from_cache += u64::from(kept.is_some());
        match posed {
            Some(posed) => self.put(posed),
            None => Ok(kept),
        }
    }

    /// Runs one check. `None` when the sandbox could not, or when what the code was told changed on the way.
    fn put(&mut self, posed: Posed) -> Result<Option<PermissionAnswer>, D::Closed> {
        let Posed { question, source, request, reads, seed, record } = posed;
        let limits = self.limits.clone();
        let program = self.program(&source, &limits);
        let (asked, now, contract) = (Arc::clone(&question), self.now, question.contract);
        let mut host = Looking { desk: &mut self.desk, question: asked, reads, record, now, end: None };
        let called = match program {
            Ok(program) => program.call(CHECK, &[request], &limits, seed, &mut host),
            Err(fault) => Called::not_run(fault),
        };
        let Looking { reads, end, .. } = host;
        if end == Some(End::Stale) {
            self.counts.stale += 1;
            self.counts.instructions = self.counts.instructions.saturating_add(called.instructions);
            self.is_overtaken = true;
            self.wasted.push((contract, called.instructions));
            return Ok(None);
        }
        let (given, is_cacheable) = match called.outcome {
            Ok(value) => {
                let is_cacheable = is_cacheable(&value);
                (Ok(value), is_cacheable)
            }
            Err(Fault::Unavailable { .. }) => {
                self.counts.unavailable += 1;
                return Ok(None);
            }
            Err(fault) => (Err(SmolStr::from(fault.to_string())), false),
        };
        let instructions = called.instructions;
        let mut answer = self.desk.look(move |world, cache| {
            let answer = world.answer_of(&question, reads, given, instructions);
            let is_fault = matches!(&answer.verdict, Err(denial) if denial.is_fault);
            if is_cacheable && !is_fault {
                cache.put(&question, &answer);
            }
            answer
        })?;
        self.counts.asked += 1;
        self.counts.instructions = self.counts.instructions.saturating_add(answer.instructions);
        // Code that looks at what changes all the time does not run for nothing.
        self.wasted.retain(|(of, instructions)| {
            let is_its = *of == contract;
            if is_its {
                answer.instructions = answer.instructions.saturating_add(*instructions);
            }
            !is_its
        });
        self.counts.faults += u64::from(matches!(&answer.verdict, Err(denial) if denial.is_fault));
        Ok(Some(answer))
    }

    /// The program of a source.
    pub(super) fn program(&mut self, source: &Source, limits: &Limits) -> Compiled {
        let (program, is_new) = self.programs.get(source, limits);
        self.counts.compiled += u64::from(is_new);
        program
    }

    pub(super) fn note_run(&mut self, outcome: &Result<Value, Denial>, instructions: u64) {
        self.counts.runs += 1;
        self.counts.instructions = self.counts.instructions.saturating_add(instructions);
        self.counts.faults += u64::from(matches!(outcome, Err(denial) if denial.is_fault));
    }
}

/// Instructions of the answers of an act that do not hold any more, by contract.
fn dropped(world: &World, act: &Act, now: Time) -> Vec<(Key, u64)> {
    let ran_in_vain = |answer: &&PermissionAnswer| !answer.is_cached && !world.holds(answer, now);
    act.answers.iter().filter(ran_in_vain).map(|answer| (answer.contract, answer.instructions)).collect()
}

/// What an act needs next, on the world as it is: answers from the cache are given to it on the way.
fn next(
    world: &World,
    cache: &mut Cache,
    act: &mut Act,
    rounds: &mut u32,
    runs: bool,
    now: Time,
    counts: &mut CodeCounts,
) -> Next {
    while *rounds < world.code_rules().asks_max.max(1) {
        *rounds += 1;
        let before = act.answers.len();
        act.answers.retain(|answer| world.holds(answer, now));
        counts.stale += (before - act.answers.len()) as u64;
        let mut posed = Vec::new();
        let held = act.answers.len();
        for question in world.questions_of(act, now) {
            match cache.get(&question, world, now) {
                Some(answer) => {
                    counts.from_cache += 1;
                    act.answers.push(answer);
                }
                None => posed.extend(pose(world, question)),
            }
        }
        if !posed.is_empty() {
            return Next::Ask(posed);
        }
        if act.answers.len() == held {
            break;
        }
    }
    if !runs || world.tool_of(&act.action).is_none() {
        return Next::Step;
    }
    // A call that may not begin is refused by the world itself, in the same words.
    world.begin_run(act, now).map_or(Next::Step, |run| Next::Run(Box::new(run)))
}

/// Puts a question into the words that code is told. `None` when the contract is gone.
fn pose(world: &World, question: Question) -> Option<Posed> {
    let source = Source::of(world, question.contract)?;
    let (request, reads) = (world.request_of(&question), world.reads_of(&question));
    let (seed, record) = (seed_of(world, &question), world.last_record());
    Some(Posed { question: Arc::new(question), source, request, reads, seed, record })
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
