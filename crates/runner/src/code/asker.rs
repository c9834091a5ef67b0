//! Gives actions the answers of contracts that are code.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::Select;
use ecology_sandbox::{Engine, Limits};
use ecology_types::{Act, Command, Time};
use ecology_world::World;

use super::asking::Asking;
use super::cache::Cache;
use super::counts::CodeCounts;
use super::desk::Here;
use super::pool::{Answered, Pool};
use super::programs::Programs;

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

/// Answers that are kept to be given again.
const CACHED_MAX: usize = 65_536;

/// Programs that are kept compiled.
const PROGRAMS_MAX: usize = 1_024;

/// Working memory of one check, in bytes.
const MEMORY_BYTES_MAX: u64 = 4 << 20;

/// Instructions that code may use while everybody else waits: well under a millisecond.
const INSTRUCTIONS_HERE_MAX: u64 = 20_000;

/// Asks the code of contracts.
pub struct Asker {
    programs: Arc<Programs>,
    cache: Cache,
    pool: Pool,
    wall_ms_max: u64,
    counts: CodeCounts,
}

/// What became of an act that was to have its code run.
#[derive(Debug)]
pub enum Sent {
    /// Nothing has to run: it can be carried out.
    Ready(Command),
    /// Its code runs beside the writer, under this number.
    Away(u64),
}

impl std::fmt::Debug for Asker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asker")
            .field("engine", &self.programs.engine().name())
            .field("counts", &self.counts)
            .finish_non_exhaustive()
    }
}

impl Asker {
    /// An asker that runs code with `engine`, beside the writer on at most `threads` threads at once, each check at most `wall_ms_max`
    /// milliseconds.
    #[must_use]
    pub fn new(engine: Arc<dyn Engine>, threads: NonZeroUsize, wall_ms_max: u64) -> Self {
        let programs = Arc::new(Programs::new(engine, PROGRAMS_MAX));
        Self {
            pool: Pool::new(Arc::clone(&programs), threads.get()),
            programs,
            cache: Cache::new(CACHED_MAX),
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
    pub fn engine(&self) -> &Arc<dyn Engine> {
        self.programs.engine()
    }

    /// Gives an act the answers that it needs now, on the present state of the world: from the cache, else by asking. Answers that do not
    /// hold any more are dropped and asked for again, at most as often as the world's rules for code allow.
    #[must_use]
    pub fn complete(&mut self, world: &World, act: Act, now: Time) -> Act {
        let (act, is_complete) = self.at_hand(world, act, now);
        if is_complete {
            return act;
        }
        let mut asking = self.here(world, now);
        let Ok(act) = asking.complete(act);
        let counts = asking.counts;
        self.counts.add(&counts);
        act
    }

    /// The command that carries out `act` now: with the answers that it needs, and with the run of the tool that it invokes. Whatever has
    /// to run runs here, while the world stands still.
    #[must_use]
    pub fn command(&mut self, world: &World, act: Act, now: Time) -> Command {
        let (act, is_complete) = self.at_hand(world, act, now);
        if is_complete && world.tool_of(&act.action).is_none() {
            return Command::Act(act);
        }
        let mut asking = self.here(world, now);
        let Ok(command) = asking.command(act);
        let counts = asking.counts;
        self.counts.add(&counts);
        command
    }

    /// As [`Asker::command`], but code runs beside the writer: [`Asker::serve`] gives the command when it is there.
    #[must_use]
    pub fn send(&mut self, world: &World, act: Act, now: Time) -> Sent {
        self.send_again(world, act, 0, now)
    }

    /// What is to be done with a command that came back: it holds still, or its code has to run again, at most as often as the world's rules
    /// for code allow.
    #[must_use]
    pub fn come_back(&mut self, world: &World, answered: Answered, now: Time) -> Sent {
        let Answered { command, rounds, is_overtaken, .. } = answered;
        let now = now.max(world.time());
        if !is_overtaken && world.is_current(&command, now) {
            return Sent::Ready(command);
        }
        let act = match &command {
            Command::ActByTool(turn) => &turn.act,
            Command::Act(act) => act,
            _ => return Sent::Ready(command),
        };
        let act = Act { answers: Vec::new(), ..act.clone() };
        self.counts.stale += u64::from(!is_overtaken);
        if rounds < world.code_rules().asks_max.max(1) {
            return self.send_again(world, act, rounds, now);
        }
        Sent::Ready(self.finish_here(world, act, now).unwrap_or(command))
    }

    fn send_again(&mut self, world: &World, act: Act, rounds: u32, now: Time) -> Sent {
        let (act, is_complete) = self.at_hand(world, act, now);
        if is_complete && world.tool_of(&act.action).is_none() {
            return Sent::Ready(Command::Act(act));
        }
        let mut asking = self.here(world, now);
        let Ok((act, is_ready)) = asking.at_once(act);
        let counts = asking.counts;
        self.counts.add(&counts);
        if is_ready {
            return Sent::Ready(Command::Act(act));
        }
        let limits = self.limits(world);
        match self.pool.send(act, limits, rounds, now) {
            Ok(order) => Sent::Away(order),
            // Without a thread code can run only here, and nothing else meanwhile.
            Err(act) => Sent::Ready(self.command(world, *act, now)),
        }
    }

    /// Answers what code beside the writer asks of the world, and gives what has come back.
    pub fn serve(&mut self, world: &World) -> Vec<Answered> {
        if self.pool.busy() == 0 {
            return Vec::new();
        }
        let came = self.pool.serve(world, &mut self.cache);
        for answered in &came {
            self.counts.add(&answered.counts);
        }
        came
    }

    /// Acts whose code runs beside the writer now, or waits for its turn.
    #[must_use]
    pub const fn busy(&self) -> usize {
        self.pool.busy()
    }

    /// Waits until [`Asker::serve`] has something to do, at most so long. Gives whether it has.
    #[must_use]
    pub fn wait(&self, at_most: Duration) -> bool {
        let mut select = Select::new();
        self.watch(&mut select);
        select.ready_timeout(at_most).is_ok()
    }

    pub(crate) fn watch<'s>(&'s self, select: &mut Select<'s>) {
        self.pool.watch(select);
    }

    /// The command that carries out an act whose code was overtaken by the world again and again: the code runs once more while the world stands
    /// still, if it is short. `None` when it is not; what it has been told to lead to stands then, and is refused.
    fn finish_here(&mut self, world: &World, act: Act, now: Time) -> Option<Command> {
        let mut asking = self.here(world, now);
        asking.limits.instructions_max = asking.limits.instructions_max.min(INSTRUCTIONS_HERE_MAX);
        asking.run_instructions_max = INSTRUCTIONS_HERE_MAX;
        let Ok(command) = asking.command(act);
        let counts = asking.counts;
        // A fault may be one of this limit alone.
        if counts.faults > 0 {
            return None;
        }
        self.counts.add(&counts);
        Some(command)
    }

    /// The act, and whether it has all answers that it needs, as far as that is found out at a glance.
    fn at_hand(&mut self, world: &World, mut act: Act, now: Time) -> (Act, bool) {
        if !world.names_coded(&act.action) {
            return (act, true);
        }
        // An answer that is there already spares the look at what the action would lead to.
        if act.answers.is_empty()
            && let Some(question) = world.question_at_hand(&act)
            && let Some(answer) = self.cache.get(&question, world, now)
        {
            self.counts.from_cache += 1;
            act.answers.push(answer);
            return (act, true);
        }
        (act, false)
    }

    fn here<'a>(&'a mut self, world: &'a World, now: Time) -> Asking<'a, Here<'a>> {
        let limits = self.limits(world);
        let desk = Here { world, cache: &mut self.cache };
        let counts = CodeCounts::default();
        let run_instructions_max = u64::MAX;
        let programs = &self.programs;
        Asking {
            desk,
            programs,
            limits,
            run_instructions_max,
            now,
            rounds: 0,
            is_overtaken: false,
            wasted: Vec::new(),
            counts,
        }
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
