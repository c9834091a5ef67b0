//! Continuous mode: every agent runs its own loop. One writer; an agent that rests is a row in an index, only one that thinks elsewhere
//! costs more.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::{Duration, Instant};

use crossbeam_channel::Select;
use ecology_minds::{Decision, Pace, Then};
use ecology_types::{
    Charges, Command, Key, Lifecycle, ReservationId, SeededRng, Snug, Span, Thought, Time, WakeReason,
};
use ecology_world::{LoopState, World};
use rand::RngExt;

use crate::bookkeeping::Took;
use crate::clock::Clock;
use crate::code::{Answered, Sent};
use crate::crew::drop_safely;
use crate::drive::{Answer, Carried, Drive, Equipment, at_least_a_moment};
use crate::host::{Host, HostError, Observer};
use crate::outcome::{Ended, RunOutcome};
use crate::stop::Stop;
use crate::thinkers::{Finished, Thinkers, Thinking};

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
        thinkers: Thinkers::new(limits.thinkers_max, drive.think_timeout.to_std()),
        is_real: clock.name() == "real",
        stop: stop.clone(),
        grace: limits.grace,
        due: BinaryHeap::new(),
        asked: BTreeMap::new(),
        loops: Vec::new(),
        ties: seed.derive("interleaving", start.0).rng(),
        drive,
    };
    let members = run.drive.crew.members.len();
    run.loops.reach(members, Loop::default);
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
            if run.is_waiting() {
                // Whatever is out may take longer than the run.
                if run.is_real && clock.now() >= end {
                    break Ended::Finished;
                }
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
        run.drive.snapshot_if_due()?;
        steps += 1;
        if steps.is_multiple_of(limits.progress_every_steps) {
            progress(run.drive.world());
        }
    };
    run.wind_down(&mut clock, limits.grace)?;
    let now = clock.now().min(end).max(run.drive.world().time());
    run.answer_calls(now)?;
    progress(run.drive.world());
    let Continuous { drive, loops, due, .. } = run;
    drop(loops);
    drive.observer.let_go("loops");
    drop(due);
    drive.observer.let_go("what is due");
    drive.finish(ended, now)
}

/// Where an agent's loop is.
enum Phase {
    /// It sleeps, waits for capacity, is paused or has ended: nothing is due for it here.
    Resting,
    /// It begins a turn when its time comes.
    Ready,
    /// It is in the middle of a turn.
    Working(Box<Work>),
}

impl Phase {
    fn working(work: Work) -> Self {
        Self::Working(Box::new(work))
    }
}

/// What there is of a turn that has begun.
enum Work {
    /// It has decided and acts when its thinking time is over.
    Decided(Decided),
    /// It thinks on another thread.
    Thinking { order: u64, reservation: Option<ReservationId> },
    /// Code that somebody else wrote runs for its action, beside the writer.
    Asking(Asked),
    /// Its thought takes longer than it may, and is given up at the end of that time.
    Overdue { reservation: Option<ReservationId> },
}

/// A turn that waits for code.
struct Asked {
    order: u64,
    then: Then,
    reservation: Option<ReservationId>,
    usage: Charges,
    carried: Carried,
}

struct Decided {
    decision: Decision,
    reservation: Option<ReservationId>,
    thinking: Took,
}

/// An agent's loop: its phase, in as little room as a phase and a number take.
#[derive(Default)]
struct Loop {
    work: Option<Box<Work>>,
    /// Counts what was planned for it. Only the last plan is carried out; entries for earlier ones are stale.
    plan: u32,
    is_ready: bool,
}

impl Loop {
    /// What it does, which is nothing from now on.
    fn take(&mut self) -> Phase {
        match (self.work.take(), std::mem::take(&mut self.is_ready)) {
            (Some(work), _) => Phase::Working(work),
            (None, true) => Phase::Ready,
            (None, false) => Phase::Resting,
        }
    }

    fn put(&mut self, phase: Phase) {
        (self.work, self.is_ready) = match phase {
            Phase::Resting => (None, false),
            Phase::Ready => (None, true),
            Phase::Working(work) => (Some(work), false),
        };
    }

    /// Whether its time comes by itself.
    fn is_planned(&self) -> bool {
        self.is_ready || matches!(self.work.as_deref(), Some(Work::Decided(_) | Work::Overdue { .. }))
    }
}

/// Something due: when, drawn order among what is due at the same moment, whose loop, and the number of its plan.
type Due = Reverse<(Time, u32, u32, u32)>;

struct Continuous<'o> {
    drive: Drive<'o>,
    loops: Vec<Loop>,
    due: BinaryHeap<Due>,
    /// Whose code runs beside the writer, by the number of the order.
    asked: BTreeMap<u64, usize>,
    ties: SeededRng,
    thinkers: Thinkers,
    /// Whether time passes by itself: then nobody waits for a thought on another thread.
    is_real: bool,
    stop: Stop,
    grace: Span,
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
        if self.loops[at].work.is_some() {
            // It was stopped and goes on before its last thought has ended; the thought leads to its next turn.
            return;
        }
        self.schedule(at, when, Phase::Ready);
    }

    fn schedule(&mut self, at: usize, when: Time, phase: Phase) {
        let entry = &mut self.loops[at];
        entry.put(phase);
        entry.plan = entry.plan.wrapping_add(1);
        // There are at most as many loops as keys, which are 32 bits.
        let place = u32::try_from(at).unwrap_or(u32::MAX);
        self.due.push(Reverse((when, self.ties.random(), place, entry.plan)));
    }

    fn take_phase(&mut self, at: usize) -> Phase {
        self.loops[at].take()
    }

    /// Lets go of entries that a wake or a deletion has overtaken.
    fn drop_stale(&mut self) {
        while let Some(Reverse((_, _, at, plan))) = self.due.peek() {
            let planned = &self.loops[*at as usize];
            if planned.plan == *plan && planned.is_planned() {
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
        // A population that has gone to sleep leaves room behind in which everybody was due at once.
        if self.due.capacity() > 4 * self.due.len() + 64 {
            self.due.shrink_to(2 * self.due.len());
        }
        self.due.pop().map(|Reverse((_, _, at, _))| at as usize)
    }

    fn wake_due(&mut self, now: Time) -> Result<(), HostError> {
        loop {
            let Drive { host, sleepers, .. } = &mut self.drive;
            let Some((agent, blocked)) = sleepers.pop_due(host.world(), now) else { return Ok(()) };
            let change = if blocked { Lifecycle::Unblock } else { Lifecycle::Wake(WakeReason::Timer) };
            if self.drive.lifecycle(agent, change, now)?
                && let Some(at) = self.drive.crew.place(agent)
            {
                self.join_loop(at, now);
            }
        }
    }

    fn answer_calls(&mut self, now: Time) -> Result<(), HostError> {
        loop {
            let calls = self.drive.take_calls();
            if calls.is_empty() {
                return Ok(());
            }
            for call in calls {
                let answer = self.drive.answer(call, now)?;
                self.loops.reach(self.drive.crew.members.len(), Loop::default);
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
            Phase::Working(work) => match *work {
                Work::Decided(decided) => decided.reservation,
                Work::Thinking { reservation, .. } | Work::Overdue { reservation } => reservation,
                Work::Asking(asked) => asked.reservation,
            },
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
            Phase::Working(work) => match *work {
                Work::Decided(decided) => self.act(at, decided, now),
                Work::Overdue { reservation } => self.give_up(at, reservation, now),
                away @ (Work::Thinking { .. } | Work::Asking(_)) => {
                    self.loops[at].put(Phase::working(away));
                    Ok(())
                }
            },
            Phase::Resting => Ok(()),
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
            if self.drive.is_blocked(agent) {
                // What was booked was more than its plan allows.
                return Ok(());
            }
            short = self.drive.shortage(at, now);
        }
        if let Some(short) = short {
            let change = Lifecycle::Block { resource: short.resource, until: short.until };
            if self.drive.lifecycle(agent, change, now)? {
                let Drive { host, sleepers, .. } = &mut self.drive;
                sleepers.block(host.world(), agent, short.until, short.resource);
            }
            return Ok(());
        }
        let task = self.drive.crew.members[at].mind.as_ref().is_some_and(|mind| mind.pace() == Pace::Task);
        let mut reservation = None;
        if task {
            let world = self.drive.world();
            if world.reservations().count(agent) >= world.rules().limits.reservations_per_principal_max {
                // Measured turns that are not booked yet hold them all.
                self.drive.book(now)?;
                if self.drive.is_blocked(agent) {
                    return Ok(());
                }
            }
            let charges = self.drive.crew.members[at].estimate();
            reservation = self.drive.step(&Command::Reserve { agent, charges }, now)?.reservation;
            if reservation.is_none() {
                // The answer was no after all: somebody moved a share in between. The refusal is in the log; look again a moment later.
                self.schedule(at, now.after(Span::from_millis(1)), Phase::Ready);
                return Ok(());
            }
            // Nothing is spent outside before it is on disk that it was set aside.
            self.drive.host.sync()?;
            return self.think_elsewhere(at, reservation, now);
        }
        let Drive { host, crew, books, .. } = &mut self.drive;
        books.start();
        let decision = crew.members[at].think(host.world(), now);
        let thinking = books.lap();
        self.ended(at, decision, reservation, thinking, now)
    }

    /// Hands the thought to another thread. On a virtual clock it is waited for: there thinking takes virtual time.
    fn think_elsewhere(
        &mut self,
        at: usize,
        reservation: Option<ReservationId>,
        now: Time,
    ) -> Result<(), HostError> {
        let member = &mut self.drive.crew.members[at];
        let summary = member.summary(self.drive.host.world(), now);
        let (Some(summary), Some(mind)) = (summary, member.mind.take()) else {
            return self.ended(at, Err("it has no mind".to_owned()), reservation, Took::default(), now);
        };
        match self.thinkers.send(at, mind, summary) {
            Ok(order) => self.loops[at].put(Phase::working(Work::Thinking { order, reservation })),
            Err(mind) => {
                self.drive.crew.members[at].mind = Some(mind);
                let error = self.thinkers.no_thread_left();
                return self.ended(at, Err(error), reservation, Took::default(), now);
            }
        }
        if !self.is_real {
            for finished in self.thinkers.receive_all(&self.stop, self.grace.to_std()) {
                self.take_in(finished, now)?;
            }
        }
        Ok(())
    }

    /// Goes on with a loop whose thought is over.
    fn take_in(&mut self, finished: Finished, now: Time) -> Result<(), HostError> {
        let Finished { order, at, mind, thought, took } = finished;
        let reservation = match self.take_phase(at) {
            Phase::Working(work)
                if let Work::Thinking { order: awaited, reservation } = *work
                    && awaited == order =>
            {
                reservation
            }
            // Its agent is gone, or its loop went on without it.
            other => {
                self.loops[at].put(other);
                drop_safely(mind);
                return Ok(());
            }
        };
        self.drive.crew.members[at].mind = mind;
        match thought {
            Thinking::Ended(decision) => {
                let thinking = self.drive.books.thought_elsewhere(took);
                self.ended(at, decision, reservation, thinking, now)
            }
            Thinking::GivenUp if self.is_real => self.give_up(at, reservation, now),
            Thinking::GivenUp => {
                let until = now.after(self.drive.think_timeout);
                self.schedule(at, until, Phase::working(Work::Overdue { reservation }));
                Ok(())
            }
            Thinking::LeftBehind => self.release(reservation, now),
        }
    }

    fn give_up(&mut self, at: usize, reservation: Option<ReservationId>, now: Time) -> Result<(), HostError> {
        self.drive.give_up(at, reservation, now)?;
        self.back_off(at);
        Ok(())
    }

    fn ended(
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
                if time == Span::ZERO || self.is_real {
                    self.act(at, decided, now)
                } else if reservation.is_some() && time > self.drive.think_timeout {
                    // On a clock of the machine its mind would be away still.
                    drop_safely(self.drive.crew.members[at].mind.take());
                    let until = now.after(self.drive.think_timeout);
                    self.schedule(at, until, Phase::working(Work::Overdue { reservation }));
                    Ok(())
                } else {
                    self.schedule(at, now.after(time), Phase::working(Work::Decided(decided)));
                    Ok(())
                }
            }
            Err(error) => {
                self.release(reservation, now)?;
                let agent = self.agent(at);
                self.fail(at, error, now)?;
                self.drive.enter_thought(agent, thinking, now)
            }
        }
    }

    fn act(&mut self, at: usize, decided: Decided, now: Time) -> Result<(), HostError> {
        let Decided { decision, reservation, thinking } = decided;
        let Decision { action, usage, then, .. } = decision;
        if self.is_void(at, reservation, usage, thinking, now)? {
            return Ok(());
        }
        self.drive.books.start();
        if !self.is_real {
            // World time stands still while code runs, and so does the writer.
            let decision = Decision { action, usage, then };
            let then = self.drive.act(at, decision, reservation, thinking, now)?;
            return self.go_on(at, then, now);
        }
        let seen = self.drive.world().last_event();
        let act = self.drive.act_of(at, action, usage, reservation);
        let carried = Carried { seen, thinking };
        let asked = Asked { order: 0, then, reservation, usage, carried };
        let sent = self.drive.send(act, now)?;
        self.carry_out(at, sent, asked, now)
    }

    /// Takes the step of a turn, or lets it wait for code.
    fn carry_out(&mut self, at: usize, sent: Sent, asked: Asked, now: Time) -> Result<(), HostError> {
        match sent {
            Sent::Ready(command) => {
                let then = self.drive.carry_out(at, &command, asked.then, asked.carried, now)?;
                self.go_on(at, then, now)
            }
            Sent::Away(order) => {
                self.asked.insert(order, at);
                self.loops[at].put(Phase::working(Work::Asking(Asked { order, ..asked })));
                Ok(())
            }
        }
    }

    /// Goes on with a loop whose code has run.
    fn take_answer(&mut self, answered: Answered, now: Time) -> Result<(), HostError> {
        let order = answered.order;
        let Some(at) = self.asked.remove(&order) else { return Ok(()) };
        let asked = match self.take_phase(at) {
            Phase::Working(work) => match *work {
                Work::Asking(asked) if asked.order == order => asked,
                other => {
                    self.loops[at].put(Phase::working(other));
                    return Ok(());
                }
            },
            // Its agent is gone.
            other => {
                self.loops[at].put(other);
                return Ok(());
            }
        };
        if self.is_void(at, asked.reservation, asked.usage, asked.carried.thinking, now)? {
            return Ok(());
        }
        self.drive.books.start();
        let sent = self.drive.come_back(answered, now);
        self.carry_out(at, sent, asked, now)
    }

    /// Whether a turn comes to nothing: its agent is gone, was stopped, or is configured anew. What it thought is paid for all the same.
    fn is_void(
        &mut self,
        at: usize,
        reservation: Option<ReservationId>,
        usage: Charges,
        thinking: Took,
        now: Time,
    ) -> Result<bool, HostError> {
        let agent = self.agent(at);
        let Some(record) = self.drive.world().principal(agent) else {
            return self.release(reservation, now).map(|()| true);
        };
        let member = &self.drive.crew.members[at];
        let is_stopped = self.drive.is_blocked(agent);
        if !is_stopped && member.is_configured_by(record) {
            return Ok(false);
        }
        let thought = Thought { reservation, usage, prompt_digest: member.config_version };
        self.drive.step(&Command::Void { agent, thought }, now)?;
        self.drive.enter_thought(agent, thinking, now)?;
        if !is_stopped {
            self.schedule(at, now, Phase::Ready);
        }
        Ok(true)
    }

    /// Plans what a loop does after its act.
    fn go_on(&mut self, at: usize, then: Then, now: Time) -> Result<(), HostError> {
        let agent = self.agent(at);
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
        // A loop that was stopped while it thought stays so.
        if !self.drive.is_blocked(agent) {
            self.drive.lifecycle(agent, Lifecycle::Fail { error: error.into() }, now)?;
            self.back_off(at);
        }
        Ok(())
    }

    /// Plans the next turn of a loop that backs off.
    fn back_off(&mut self, at: usize) {
        let agent = self.agent(at);
        if let Some(LoopState::BackingOff { until }) =
            self.drive.world().agents().get(agent).map(|row| &row.state)
        {
            let until = *until;
            self.schedule(at, until, Phase::Ready);
        }
    }

    /// Whether somebody thinks, or code runs, on another thread.
    fn is_waiting(&self) -> bool {
        self.thinkers.busy() > 0 || self.drive.code.busy() > 0
    }

    /// Takes in what was finished on other threads, waiting for the first of it at most `wait`, and answers what code there asks of the world.
    fn receive(&mut self, clock: &mut Box<dyn Clock>, wait: Span) -> Result<(), HostError> {
        if !self.is_waiting() {
            if wait > Span::ZERO {
                std::thread::sleep(wait.to_std());
            }
            return Ok(());
        }
        let until = (wait > Span::ZERO).then(|| Instant::now() + wait.to_std());
        loop {
            let answers = self.drive.serve();
            let thoughts =
                if self.thinkers.busy() > 0 { self.thinkers.receive(Duration::ZERO) } else { Vec::new() };
            let came = !answers.is_empty() || !thoughts.is_empty();
            for answered in answers {
                let now = clock.now();
                self.take_answer(answered, now)?;
                self.answer_calls(now)?;
            }
            for finished in thoughts {
                let now = clock.now();
                self.take_in(finished, now)?;
                self.answer_calls(now)?;
            }
            let left = until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()));
            if came || left == Duration::ZERO {
                return Ok(());
            }
            let mut select = Select::new();
            self.thinkers.watch(&mut select);
            self.drive.code.watch(&mut select);
            // Whether something came or the time is over, the next round sees.
            let _ = select.ready_timeout(left);
        }
    }

    /// Stops thinking: waits a little for thoughts in progress, and gives back what was set aside for those that do not come.
    fn wind_down(&mut self, clock: &mut Box<dyn Clock>, grace: Span) -> Result<(), HostError> {
        let deadline = std::time::Duration::from_micros(grace.0);
        let mut waited = std::time::Duration::ZERO;
        let nap = Span::from_millis(50);
        while waited < deadline && self.is_waiting() {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_takes_sixteen_bytes() {
        assert_eq!(size_of::<Loop>(), 16);
    }
}
