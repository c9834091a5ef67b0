//! Continuous mode: every agent runs its own loop. One writer; an agent that rests is a row in an index, only one that thinks elsewhere
//! costs more.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use ecology_minds::{Decision, Pace, Then};
use ecology_types::{Command, Key, Lifecycle, ReservationId, SeededRng, Span, Thought, Time, WakeReason};
use ecology_world::{LoopState, World};
use rand::RngExt;

use crate::bookkeeping::Took;
use crate::clock::Clock;
use crate::crew::drop_safely;
use crate::drive::{Answer, Drive, Equipment, at_least_a_moment};
use crate::host::{Host, HostError, Observer};
use crate::outcome::{Ended, RunOutcome};
use crate::stop::Stop;
use crate::thinkers::{Finished, Thinkers};

/// How a continuous run is bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContinuousLimits {
    /// World time to run.
    pub duration: Span,
    /// Agents that think off the writer at the same time; the others wait their turn.
    pub thinkers_max: usize,
    /// How long an orderly end waits for thoughts in progress.
    pub grace: Span,
    /// Steps of the loop between two reports of progress.
    pub progress_every_steps: u64,
}

impl ContinuousLimits {
    /// Limits for a run of the given length.
    #[must_use]
    pub const fn lasting(duration: Span) -> Self {
        Self { duration, thinkers_max: 16, grace: Span::from_secs(5), progress_every_steps: 1_000 }
    }
}

/// Runs a world continuously until its time is over, everybody has stopped, or it is asked to stop.
///
/// On a virtual clock the run is deterministic: what is due at the same moment happens in an order drawn from the seed, so different seeds
/// explore different interleavings and every one of them can be run again.
///
/// # Errors
/// [`HostError`] when the journal stops.
pub fn run_continuously(
    host: Host,
    equipment: Equipment,
    mut clock: Box<dyn Clock>,
    limits: ContinuousLimits,
    stop: &Stop,
    observer: &mut dyn Observer,
    progress: &mut dyn FnMut(&World),
) -> Result<RunOutcome, HostError> {
    let start = host.world().time();
    let seed = equipment.seed;
    let drive = Drive::new(host, equipment, start, observer)?;
    let mut run = Continuous {
        thinkers: (clock.name() == "real").then(|| Thinkers::new(limits.thinkers_max)),
        due: BinaryHeap::new(),
        loops: Vec::new(),
        ties: seed.derive("interleaving", start.0).rng(),
        drive,
    };
    let members = run.drive.crew.members.len();
    run.loops.resize_with(members, Loop::default);
    for at in 0..members {
        run.join_loop(at, start);
    }
    run.answer_calls(start)?;
    let end = start.after(limits.duration);
    let mut steps = 0_u64;
    let ended = loop {
        if stop.is_requested() {
            break Ended::Interrupted;
        }
        let Some(next) = run.next_moment() else {
            if run.thinkers.as_ref().is_some_and(|thinkers| thinkers.busy() > 0) {
                run.receive(&mut clock, Span::from_millis(100))?;
                continue;
            }
            // Nobody will ever do anything again.
            break Ended::Everybody;
        };
        let is_real = clock.name() == "real";
        // A machine that is too slow for its agents has something due at any moment; the time is over all the same.
        if if is_real { clock.now() >= end } else { next >= end } {
            clock.wait(end);
            break Ended::Finished;
        }
        if let Some(wait) = clock.wait(next.min(end)) {
            // Whatever has been recorded goes to disk while nothing else is to be done.
            let now = clock.now();
            run.drive.book(now)?;
            run.drive.host.send()?;
            // Short naps, so that a request to stop is heard.
            run.receive(&mut clock, Span::from(wait.min(std::time::Duration::from_millis(20))))?;
            run.drive.books.resume();
            continue;
        }
        let now = clock.now();
        run.receive(&mut clock, Span::ZERO)?;
        run.drive.welcome(now)?;
        run.wake_due(now)?;
        if let Some(at) = run.pop_due(now) {
            run.advance(at, now)?;
        }
        run.answer_calls(now)?;
        run.drive.mint(now)?;
        run.answer_calls(now)?;
        run.drive.book_if_full(now)?;
        run.drive.host.snapshot_if_due()?;
        steps += 1;
        if steps.is_multiple_of(limits.progress_every_steps) {
            progress(run.drive.world());
        }
    };
    run.wind_down(&mut clock, limits.grace)?;
    let now = clock.now().min(end).max(run.drive.world().time());
    run.answer_calls(now)?;
    progress(run.drive.world());
    run.drive.finish(ended, now)
}

/// Where an agent's loop is.
enum Phase {
    /// It sleeps, waits for capacity, is paused or has ended: nothing is due for it here.
    Resting,
    /// It begins a turn when its time comes.
    Ready,
    /// It has decided and acts when its thinking time is over.
    Decided(Box<Decided>),
    /// It thinks on another thread.
    Thinking { reservation: Option<ReservationId> },
}

struct Decided {
    decision: Decision,
    reservation: Option<ReservationId>,
    thinking: Took,
}

/// An agent's loop.
struct Loop {
    phase: Phase,
    /// Counts what was planned for it. Only the last plan is carried out; entries for earlier ones are stale.
    plan: u32,
}

impl Default for Loop {
    fn default() -> Self {
        Self { phase: Phase::Resting, plan: 0 }
    }
}

/// Something due: when, drawn order among what is due at the same moment, whose loop, and the number of its plan.
type Due = Reverse<(Time, u32, u32, u32)>;

struct Continuous<'o> {
    drive: Drive<'o>,
    loops: Vec<Loop>,
    due: BinaryHeap<Due>,
    ties: SeededRng,
    thinkers: Option<Thinkers>,
}

impl Continuous<'_> {
    fn agent(&self, at: usize) -> Key {
        self.drive.crew.members[at].agent
    }

    /// Takes up a loop in the state in which the world knows it.
    fn join_loop(&mut self, at: usize, now: Time) {
        let when = match self.drive.world().agents().get(self.agent(at)).map(|row| &row.state) {
            Some(LoopState::Running) => now,
            Some(LoopState::BackingOff { until }) => (*until).max(now),
            _ => return,
        };
        self.schedule(at, when, Phase::Ready);
    }

    fn schedule(&mut self, at: usize, when: Time, phase: Phase) {
        let entry = &mut self.loops[at];
        entry.phase = phase;
        entry.plan = entry.plan.wrapping_add(1);
        // There are at most as many loops as keys, which are 32 bits.
        let place = u32::try_from(at).unwrap_or(u32::MAX);
        self.due.push(Reverse((when, self.ties.random(), place, entry.plan)));
    }

    fn take_phase(&mut self, at: usize) -> Phase {
        std::mem::replace(&mut self.loops[at].phase, Phase::Resting)
    }

    /// Lets go of entries that a wake or a deletion has overtaken.
    fn drop_stale(&mut self) {
        while let Some(Reverse((_, _, at, plan))) = self.due.peek() {
            let planned = &self.loops[*at as usize];
            if planned.plan == *plan && matches!(planned.phase, Phase::Ready | Phase::Decided(_)) {
                return;
            }
            self.due.pop();
        }
    }

    /// The next moment at which anything happens by itself.
    fn next_moment(&mut self) -> Option<Time> {
        self.drop_stale();
        let turn = self.due.peek().map(|Reverse((when, ..))| *when);
        let timer = self.drive.sleepers.next_timer();
        let turn = [turn, timer, self.drive.next_arrival()].into_iter().flatten().min()?;
        // The mint alone keeps no world going.
        Some(if self.drive.world().rules().mint.interval.0 > 0 {
            turn.min(self.drive.world().mint().next().max(self.drive.world().time()))
        } else {
            turn
        })
    }

    fn pop_due(&mut self, now: Time) -> Option<usize> {
        self.drop_stale();
        let Reverse((when, ..)) = self.due.peek()?;
        if *when > now {
            return None;
        }
        self.due.pop().map(|Reverse((_, _, at, _))| at as usize)
    }

    fn wake_due(&mut self, now: Time) -> Result<(), HostError> {
        while let Some((agent, blocked)) = self.drive.sleepers.pop_due(now) {
            let change = if blocked { Lifecycle::Unblock } else { Lifecycle::Wake(WakeReason::Timer) };
            if self.drive.lifecycle(agent, change, now)?
                && let Some(at) = self.drive.crew.place(agent)
            {
                self.join_loop(at, now);
            }
        }
        Ok(())
    }

    fn answer_calls(&mut self, now: Time) -> Result<(), HostError> {
        loop {
            let calls = self.drive.take_calls();
            if calls.is_empty() {
                return Ok(());
            }
            for call in calls {
                let answer = self.drive.answer(call, now)?;
                self.loops.resize_with(self.drive.crew.members.len(), Loop::default);
                match answer {
                    Answer::Goes(at) => self.join_loop(at, now),
                    Answer::Gone(at) => self.leave(at, now)?,
                    Answer::Nothing => {}
                }
            }
        }
    }

    /// Gives back what was set aside for a thought that nobody waits for any more.
    fn leave(&mut self, at: usize, now: Time) -> Result<(), HostError> {
        let reservation = match self.take_phase(at) {
            Phase::Decided(decided) => decided.reservation,
            Phase::Thinking { reservation } => reservation,
            Phase::Resting | Phase::Ready => None,
        };
        self.release(reservation, now)
    }

    fn release(&mut self, reservation: Option<ReservationId>, now: Time) -> Result<(), HostError> {
        match reservation {
            Some(reservation) => self.drive.step(&Command::Release { reservation }, now).map(|_| ()),
            None => Ok(()),
        }
    }

    /// Moves one loop on: it begins a turn, or acts on what it decided.
    fn advance(&mut self, at: usize, now: Time) -> Result<(), HostError> {
        match self.take_phase(at) {
            Phase::Ready => self.begin_turn(at, now),
            Phase::Decided(decided) => self.act(at, *decided, now),
            other => {
                self.loops[at].phase = other;
                Ok(())
            }
        }
    }

    fn begin_turn(&mut self, at: usize, now: Time) -> Result<(), HostError> {
        let agent = self.agent(at);
        let running = matches!(
            self.drive.world().agents().get(agent).map(|row| &row.state),
            Some(LoopState::Running | LoopState::BackingOff { .. })
        );
        if !running {
            return Ok(());
        }
        let Drive { host, crew, .. } = &mut self.drive;
        if let Err(error) = crew.refresh(at, host.world()) {
            return self.fail(at, error, now);
        }
        let mut short = self.drive.shortage(at, now);
        if short.is_some_and(|short| !short.is_frozen && short.until.is_none()) {
            // What was set aside for measured turns is in the way: book them, and what they did not use is free.
            self.drive.book(now)?;
            short = self.drive.shortage(at, now);
        }
        if let Some(short) = short {
            let change = Lifecycle::Block { resource: short.resource, until: short.until };
            if self.drive.lifecycle(agent, change, now)? {
                self.drive.sleepers.block(agent, short.until, short.resource);
            }
            return Ok(());
        }
        let task = self.drive.crew.members[at].mind.as_ref().is_some_and(|mind| mind.pace() == Pace::Task);
        let mut reservation = None;
        if task {
            let charges = self.drive.crew.members[at].estimate();
            reservation = self.drive.step(&Command::Reserve { agent, charges }, now)?.reservation;
            if reservation.is_none() {
                // The answer was no after all: somebody moved a share in between. The refusal is in the log; look again a moment later.
                self.schedule(at, now.after(Span::from_millis(1)), Phase::Ready);
                return Ok(());
            }
            // Nothing is spent outside before it is on disk that it was set aside.
            self.drive.host.sync()?;
            if self.think_elsewhere(at, reservation, now) {
                return Ok(());
            }
        }
        let Drive { host, crew, books, .. } = &mut self.drive;
        books.start();
        let decision = crew.members[at].think(host.world(), now);
        let thinking = books.lap();
        self.decided(at, decision, reservation, thinking, now)
    }

    /// Hands the thought to another thread, where there is one. On a virtual clock there is none: thinking takes virtual time.
    fn think_elsewhere(&mut self, at: usize, reservation: Option<ReservationId>, now: Time) -> bool {
        let Some(thinkers) = &mut self.thinkers else { return false };
        let member = &mut self.drive.crew.members[at];
        let Some(summary) = member.summary(self.drive.host.world(), now) else { return false };
        let Some(mind) = member.mind.take() else { return false };
        thinkers.send(at, mind, summary);
        self.loops[at].phase = Phase::Thinking { reservation };
        true
    }

    fn decided(
        &mut self,
        at: usize,
        decision: Result<Decision, String>,
        reservation: Option<ReservationId>,
        thinking: Took,
        now: Time,
    ) -> Result<(), HostError> {
        match decision {
            Ok(decision) => {
                let time =
                    self.drive.crew.members[at].mind.as_ref().map_or(Span::ZERO, |mind| mind.thinking_time());
                let decided = Decided { decision, reservation, thinking };
                if time == Span::ZERO || self.thinkers.is_some() {
                    self.act(at, decided, now)
                } else {
                    self.schedule(at, now.after(time), Phase::Decided(Box::new(decided)));
                    Ok(())
                }
            }
            Err(error) => {
                self.release(reservation, now)?;
                let agent = self.agent(at);
                self.drive.books.enter_thought(agent, thinking);
                self.fail(at, error, now)
            }
        }
    }

    fn act(&mut self, at: usize, decided: Decided, now: Time) -> Result<(), HostError> {
        let agent = self.agent(at);
        let Decided { decision, reservation, thinking } = decided;
        let Some(record) = self.drive.world().principal(agent) else {
            return self.release(reservation, now);
        };
        let member = &self.drive.crew.members[at];
        if !member.is_configured_by(record) {
            let thought =
                Thought { reservation, usage: decision.usage, prompt_digest: member.config_version };
            self.drive.step(&Command::Void { agent, thought }, now)?;
            self.drive.books.enter_thought(agent, thinking);
            self.schedule(at, now, Phase::Ready);
            return Ok(());
        }
        self.drive.books.start();
        let then = self.drive.act(at, decision, reservation, thinking, now)?;
        match then {
            Then::Continue => self.schedule(at, now.after(at_least_a_moment(Span::ZERO)), Phase::Ready),
            Then::Delay(delay) => self.schedule(at, now.after(at_least_a_moment(delay)), Phase::Ready),
            Then::Sleep(sleep) => {
                if !self.drive.sleep(agent, sleep, now)? {
                    self.schedule(at, now.after(at_least_a_moment(Span::ZERO)), Phase::Ready);
                }
            }
            Then::Stop => {
                self.drive.lifecycle(agent, Lifecycle::Stop { reason: "finished".into() }, now)?;
            }
        }
        Ok(())
    }

    fn fail(&mut self, at: usize, error: String, now: Time) -> Result<(), HostError> {
        let agent = self.agent(at);
        self.drive.lifecycle(agent, Lifecycle::Fail { error: error.into() }, now)?;
        if let Some(LoopState::BackingOff { until }) =
            self.drive.world().agents().get(agent).map(|row| &row.state)
        {
            let until = *until;
            self.schedule(at, until, Phase::Ready);
        }
        Ok(())
    }

    /// Takes in thoughts that were finished elsewhere, waiting for the first one at most `wait`.
    fn receive(&mut self, clock: &mut Box<dyn Clock>, wait: Span) -> Result<(), HostError> {
        let Some(thinkers) = &mut self.thinkers else {
            if wait > Span::ZERO {
                std::thread::sleep(wait.to_std());
            }
            return Ok(());
        };
        let finished: Vec<Finished> = thinkers.receive(wait.to_std());
        for Finished { at, mind, decision, thinking } in finished {
            let now = clock.now();
            match self.take_phase(at) {
                Phase::Thinking { reservation } => {
                    self.drive.crew.members[at].mind = mind;
                    self.drive.books.start();
                    self.decided(at, decision, reservation, thinking.into(), now)?;
                }
                // Its agent is gone, or its loop went on without it.
                other => {
                    self.loops[at].phase = other;
                    drop_safely(mind);
                }
            }
            self.answer_calls(now)?;
        }
        Ok(())
    }

    /// Stops thinking: waits a little for thoughts in progress, and gives back what was set aside for those that do not come.
    fn wind_down(&mut self, clock: &mut Box<dyn Clock>, grace: Span) -> Result<(), HostError> {
        let deadline = std::time::Duration::from_micros(grace.0);
        let mut waited = std::time::Duration::ZERO;
        let nap = Span::from_millis(50);
        while waited < deadline && self.thinkers.as_ref().is_some_and(|thinkers| thinkers.busy() > 0) {
            self.receive(clock, nap)?;
            waited += nap.to_std();
        }
        let now = clock.now();
        for at in 0..self.loops.len() {
            self.leave(at, now)?;
        }
        Ok(())
    }
}
