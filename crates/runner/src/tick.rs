//! Tick mode: everybody thinks on the same snapshot, then all actions are carried out one after the other in a seeded order.

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use ecology_minds::{Decision, Then};
use ecology_types::{Action, Command, Lifecycle, Time, WakeReason};
use ecology_world::{LoopState, World};
use rand::seq::SliceRandom;

use crate::bookkeeping::{Took, apportion};
use crate::crew::Member;
use crate::drive::{Drive, Equipment, Short};
use crate::host::{Host, HostError, Observer};
use crate::outcome::{Ended, RunOutcome};
use crate::stop::Stop;
use crate::thinkers::{Finished, Thinkers, Thinking};

/// Agents above which thinking is spread over the cores: below, starting threads costs more than it saves.
const PARALLEL_FROM: usize = 4_096;

/// Agents that think on threads of their own at the same time.
const THINKERS_MAX: usize = 16;
/// How long an orderly end waits for their thoughts.
const GRACE: Duration = Duration::from_secs(5);

/// How a run by ticks is bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TickLimits {
    /// Ticks to run.
    pub ticks: u64,
    /// Threads that think; 1 thinks in order on the calling thread.
    pub threads: NonZeroUsize,
}

/// Runs a world by ticks. World time moves by one tick's length at each tick, whatever the clock on the wall says, so the same seed and
/// the same decisions give the same world, bit for bit.
///
/// # Errors
/// [`HostError`] when the journal stops.
pub fn run_ticks(
    host: Host,
    equipment: Equipment,
    limits: TickLimits,
    stop: &Stop,
    observer: &mut dyn Observer,
    progress: &mut dyn FnMut(&World),
) -> Result<RunOutcome, HostError> {
    let start = host.world().time();
    let length = host.world().rules().tick;
    let mut drive = Drive::new(host, equipment, start, observer)?;
    let mut thinkers = Thinkers::new(THINKERS_MAX, drive.think_timeout.to_std());
    let mut now = start;
    let mut ended = Ended::Finished;
    let mut turns = Vec::new();
    for _ in 0..limits.ticks {
        if stop.is_requested() {
            ended = Ended::Interrupted;
            break;
        }
        now = now.after(length);
        one_tick(&mut drive, &mut thinkers, &mut turns, now, limits.threads, stop)?;
        drive.snapshot_if_due()?;
        progress(drive.world());
        if drive.next_arrival().is_none()
            && drive.crew.members.iter().all(|member| is_over(drive.world(), member))
        {
            ended = Ended::Everybody;
            break;
        }
    }
    drive.finish(ended, now)
}

fn is_over(world: &World, member: &Member) -> bool {
    matches!(
        world.agents().get(member.agent).map(|row| &row.state),
        Some(LoopState::Stopped | LoopState::Paused)
    )
}

/// A decision of this tick, waiting for its turn. Everybody's wait at the same time, so it is small.
struct Turn {
    at: usize,
    thought: Waiting,
    reservation: Option<u64>,
    thinking: Took,
}

/// How a thought ended, in little room.
enum Waiting {
    /// With an action after which the loop goes on, and nothing used but one call.
    Plain(Action),
    /// In any other way.
    Other(Box<Thinking>),
    /// Not yet, or taken out already.
    Nothing,
}

impl From<Thinking> for Waiting {
    #[inline]
    fn from(thought: Thinking) -> Self {
        match thought {
            Thinking::Ended(Ok(Decision { action, usage, then: Then::Continue }))
                if usage == Decision::noop().usage =>
            {
                Self::Plain(action)
            }
            Thinking::LeftBehind => Self::Nothing,
            other => Self::Other(Box::new(other)),
        }
    }
}

impl Waiting {
    /// The action that it leads to, if it does to one.
    fn action(&self) -> Option<&Action> {
        match self {
            Self::Plain(action) => Some(action),
            Self::Other(thought) => match &**thought {
                Thinking::Ended(Ok(decision)) => Some(&decision.action),
                _ => None,
            },
            Self::Nothing => None,
        }
    }

    /// Takes it out as it was.
    #[inline]
    fn take(&mut self) -> Thinking {
        match std::mem::replace(self, Self::Nothing) {
            Self::Plain(action) => Thinking::Ended(Ok(Decision::act(action))),
            Self::Other(thought) => *thought,
            Self::Nothing => Thinking::LeftBehind,
        }
    }
}

/// Turns whose memory is fetched side by side.
const TOUCHED_TOGETHER: usize = 16;

/// `turns` is room for this tick's turns, kept from one tick to the next.
fn one_tick(
    drive: &mut Drive<'_>,
    thinkers: &mut Thinkers,
    turns: &mut Vec<Turn>,
    now: Time,
    threads: NonZeroUsize,
    stop: &Stop,
) -> Result<(), HostError> {
    drive.step(&Command::Tick, now)?;
    drive.welcome(now)?;
    wake(drive, now)?;
    think(drive, thinkers, turns, now, threads, stop)?;
    let mut order: Vec<usize> = (0..turns.len()).collect();
    order.shuffle(&mut drive.seed.derive("order", drive.world().tick()).rng());
    for group in order.chunks(TOUCHED_TOGETHER) {
        black_box(touch(drive, turns, group));
        drive.books.start();
        for at in group {
            let thought = turns[*at].thought.take();
            carry_out(drive, &turns[*at], thought, now)?;
        }
        drive.book_if_full(now)?;
    }
    drive.book(now)?;
    drive.mint(now)?;
    // Whoever was concerned by what happened goes on from the next tick, in this run or in a later one.
    answer_calls(drive, now)?;
    drive.host.send()
}

/// Ends the rests that are over at the beginning of a tick.
fn wake(drive: &mut Drive<'_>, now: Time) -> Result<(), HostError> {
    answer_calls(drive, now)?;
    loop {
        let Drive { host, sleepers, .. } = &mut *drive;
        let Some((agent, blocked)) = sleepers.pop_due(host.world(), now) else { break };
        let change = if blocked { Lifecycle::Unblock } else { Lifecycle::Wake(WakeReason::Timer) };
        drive.lifecycle(agent, change, now)?;
    }
    answer_calls(drive, now)
}

fn answer_calls(drive: &mut Drive<'_>, now: Time) -> Result<(), HostError> {
    loop {
        let calls = drive.take_calls();
        if calls.is_empty() {
            return Ok(());
        }
        for call in calls {
            drive.answer(call, now)?;
        }
    }
}

/// Lets everybody think who can, all on the state of the world as it is now.
fn think(
    drive: &mut Drive<'_>,
    thinkers: &mut Thinkers,
    turns: &mut Vec<Turn>,
    now: Time,
    threads: NonZeroUsize,
    stop: &Stop,
) -> Result<(), HostError> {
    turns.clear();
    for at in 0..drive.crew.members.len() {
        if at.is_multiple_of(TOUCHED_TOGETHER) {
            let limiter = &drive.world().parts().limiter;
            let soon = drive.crew.members[at..].iter().take(TOUCHED_TOGETHER);
            black_box(soon.fold(0, |seen, member| seen ^ limiter.touch(member.agent)));
        }
        let agent = drive.crew.members[at].agent;
        if !runs(drive.world(), agent, now) {
            continue;
        }
        let Drive { host, crew, .. } = drive;
        if let Err(error) = crew.refresh(at, host.world()) {
            let thought = Thinking::Ended(Err(error)).into();
            turns.push(Turn { at, thought, reservation: None, thinking: Took::default() });
            continue;
        }
        if let Some(short) = drive.shortage(at, now) {
            block(drive, agent, short, now)?;
            continue;
        }
        let mut reservation = None;
        // What is spent outside of the step is set aside first, durably, so that no crash can spend it twice.
        if drive.crew.members[at].mind.as_ref().is_some_and(|mind| mind.pace() == ecology_minds::Pace::Task) {
            let charges = drive.crew.members[at].estimate();
            reservation = drive.step(&Command::Reserve { agent, charges }, now)?.reservation;
            if reservation.is_none() {
                continue;
            }
        }
        turns.push(Turn { at, thought: Waiting::Nothing, reservation, thinking: Took::default() });
    }
    if turns.iter().any(|turn| turn.reservation.is_some()) {
        drive.host.sync()?;
        think_elsewhere(drive, thinkers, turns, now, stop);
    }
    if threads.get() > 1 && turns.len() >= PARALLEL_FROM {
        think_in_parallel(drive, turns, now, threads);
    } else {
        drive.books.start();
        for turn in turns.iter_mut() {
            let Drive { host, crew, books, .. } = drive;
            let member = &mut crew.members[turn.at];
            if member.mind.is_some() && turn.reservation.is_none() {
                turn.thought = Thinking::Ended(member.think(host.world(), now)).into();
                turn.thinking = books.lap();
            }
        }
        drive.books.share_out_thoughts(turns, |turn| &mut turn.thinking);
    }
    Ok(())
}

/// Lets those who set something aside think on threads of their own, all at once, each within the deadline.
fn think_elsewhere(
    drive: &mut Drive<'_>,
    thinkers: &mut Thinkers,
    turns: &mut [Turn],
    now: Time,
    stop: &Stop,
) {
    // Which turn each thought belongs to. Numbers ascend.
    let mut turn_of: Vec<(u64, usize)> = Vec::new();
    for (index, turn) in turns.iter_mut().enumerate().filter(|(_, turn)| turn.reservation.is_some()) {
        let Drive { host, crew, .. } = &mut *drive;
        let member = &mut crew.members[turn.at];
        let Some(summary) = member.summary(host.world(), now) else { continue };
        let Some(mind) = member.mind.take() else { continue };
        match thinkers.send(turn.at, mind, summary) {
            Ok(order) => turn_of.push((order, index)),
            Err(mind) => {
                member.mind = Some(mind);
                turn.thought = Thinking::Ended(Err(thinkers.no_thread_left())).into();
            }
        }
    }
    for Finished { order, at, mind, thought, took } in thinkers.receive_all(stop, GRACE) {
        let Ok(known) = turn_of.binary_search_by_key(&order, |(order, _)| *order) else { continue };
        let turn = &mut turns[turn_of[known].1];
        drive.crew.members[at].mind = mind;
        turn.thought = thought.into();
        turn.thinking = drive.books.thought_elsewhere(took);
    }
}

/// Splits the crew into as many parts as there are threads. Each mind sees the same snapshot, so the result does not depend on the split.
fn think_in_parallel(drive: &mut Drive<'_>, turns: &mut [Turn], now: Time, threads: NonZeroUsize) {
    let Drive { host, crew, .. } = drive;
    let world = host.world();
    let share = crew.members.len().div_ceil(threads.get());
    let mut rest: &mut [Turn] = turns;
    let mut first = 0;
    std::thread::scope(|scope| {
        for members in crew.members.chunks_mut(share) {
            let end = rest.partition_point(|turn| turn.at < first + members.len());
            let (mine, others) = rest.split_at_mut(end);
            rest = others;
            let start = first;
            first += members.len();
            scope.spawn(move || {
                let cpu_ns = ecology_metering::thread_cpu_ns();
                let mut last = Instant::now();
                let mut laps_ns = vec![0; mine.len()];
                for (turn, lap_ns) in mine.iter_mut().zip(&mut laps_ns) {
                    let member = &mut members[turn.at - start];
                    if member.mind.is_some() && turn.reservation.is_none() {
                        turn.thought = Thinking::Ended(member.think(world, now)).into();
                        let after = Instant::now();
                        *lap_ns = u64::try_from(after.duration_since(last).as_nanos()).unwrap_or(u64::MAX);
                        last = after;
                    }
                }
                apportion(ecology_metering::thread_cpu_ns().saturating_sub(cpu_ns), &mut laps_ns);
                for (turn, cpu_ns) in mine.iter_mut().zip(laps_ns) {
                    turn.thinking.cpu_ns = turn.thinking.cpu_ns.saturating_add(cpu_ns);
                }
            });
        }
    });
}

/// Brings what a group of turns needs into the processor's cache; see [`World::touch`].
fn touch(drive: &Drive<'_>, turns: &[Turn], group: &[usize]) -> u64 {
    let mut touched = [(ecology_types::Key::GENESIS, None); TOUCHED_TOGETHER];
    for (place, at) in touched.iter_mut().zip(group) {
        let turn = &turns[*at];
        *place = (drive.crew.members[turn.at].agent, turn.thought.action());
    }
    drive.world().touch(&touched[..group.len()])
}

fn runs(world: &World, agent: ecology_types::Key, now: Time) -> bool {
    match world.agents().get(agent).map(|row| &row.state) {
        Some(LoopState::Running) => true,
        Some(LoopState::BackingOff { until }) => *until <= now,
        _ => false,
    }
}

fn block(drive: &mut Drive<'_>, agent: ecology_types::Key, short: Short, now: Time) -> Result<(), HostError> {
    // A tick refills the rates, so waiting for the next one is no event worth recording each time.
    if !short.is_frozen && short.until.is_none() {
        return Ok(());
    }
    if drive.lifecycle(agent, Lifecycle::Block { resource: short.resource, until: short.until }, now)? {
        let Drive { host, sleepers, .. } = drive;
        sleepers.block(host.world(), agent, short.until, short.resource);
    }
    Ok(())
}

fn carry_out(drive: &mut Drive<'_>, turn: &Turn, thought: Thinking, now: Time) -> Result<(), HostError> {
    let agent = drive.crew.members[turn.at].agent;
    // Somebody whose turn came earlier in this tick may have deleted the agent or changed its configuration.
    let Some(record) = drive.world().principal(agent) else {
        if let Some(reservation) = turn.reservation {
            drive.step(&Command::Release { reservation }, now)?;
        }
        return Ok(());
    };
    let member = &drive.crew.members[turn.at];
    let is_void = !member.is_configured_by(record);
    let prompt_digest = member.config_version;
    let decision = match thought {
        Thinking::Ended(decision) => decision,
        Thinking::GivenUp => return drive.give_up(turn.at, turn.reservation, now),
        // The run ends; what was set aside is given back as after a crash.
        Thinking::LeftBehind => {
            return match turn.reservation {
                Some(reservation) => drive.step(&Command::Release { reservation }, now).map(|_| ()),
                None => Ok(()),
            };
        }
    };
    match decision {
        Ok(decision) if is_void => {
            let thought = ecology_types::Thought {
                reservation: turn.reservation,
                usage: decision.usage,
                prompt_digest,
            };
            drive.step(&Command::Void { agent, thought }, now)?;
            drive.enter_thought(agent, turn.thinking, now)
        }
        Ok(decision) => {
            let then = drive.act(turn.at, decision, turn.reservation, turn.thinking, now)?;
            match then {
                // A delay shorter than a tick is over before the next one.
                Then::Continue | Then::Delay(_) => Ok(()),
                Then::Sleep(sleep) => drive.sleep(agent, sleep, now).map(|_| ()),
                Then::Stop => {
                    drive.lifecycle(agent, Lifecycle::Stop { reason: "finished".into() }, now).map(|_| ())
                }
            }
        }
        Err(error) => {
            if let Some(reservation) = turn.reservation {
                drive.step(&Command::Release { reservation }, now)?;
            }
            drive.lifecycle(agent, Lifecycle::Fail { error: error.into() }, now)?;
            drive.enter_thought(agent, turn.thinking, now)
        }
    }
}

#[cfg(test)]
mod tests {
    use ecology_types::{Charges, Span};

    use super::*;

    #[test]
    fn a_turn_is_small_and_gives_back_what_it_was_given() {
        assert!(size_of::<Turn>() <= 128, "{}", size_of::<Turn>());
        let plain = Decision::act(Action::Delete { artifact: ecology_types::Id::known("x") });
        let delayed = plain.clone().then(Then::Delay(Span(3)));
        let costly = Decision { usage: Charges::NONE, ..plain.clone() };
        for (decision, is_plain) in [(plain, true), (delayed, false), (costly, false)] {
            let mut waiting = Waiting::from(Thinking::Ended(Ok(decision.clone())));
            assert_eq!(matches!(waiting, Waiting::Plain(_)), is_plain);
            assert_eq!(waiting.action(), Some(&decision.action));
            assert!(matches!(waiting.take(), Thinking::Ended(Ok(same)) if same == decision));
            assert!(matches!(waiting.take(), Thinking::LeftBehind), "it is taken out once");
        }
        let failed = Thinking::Ended(Err("no".to_owned()));
        assert!(matches!(Waiting::from(failed).take(), Thinking::Ended(Err(why)) if why == "no"));
        assert!(matches!(Waiting::from(Thinking::GivenUp).take(), Thinking::GivenUp));
    }
}
