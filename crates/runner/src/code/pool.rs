//! Threads on which code runs beside the writer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crossbeam_channel::{Receiver, Select, Sender, bounded, unbounded};
use ecology_sandbox::Limits;
use ecology_types::{Act, Command, Time};
use ecology_world::World;

use super::asking::Asking;
use super::cache::Cache;
use super::counts::CodeCounts;
use super::desk::Desk;
use super::programs::Programs;
use super::turns::Turns;

/// Looks that are answered before the writer goes on with something else: code that asks without end does not keep it from its work.
const LOOKS_IN_A_ROW: usize = 64;

/// A look at the world that somebody on another thread waits for.
type Look = Box<dyn FnOnce(&World, &mut Cache) + Send>;

/// An act whose code is to run.
pub(super) struct Order {
    pub(super) number: u64,
    pub(super) act: Act,
    pub(super) limits: Limits,
    /// How often answers have been asked for already.
    pub(super) rounds: u32,
    pub(super) now: Time,
}

/// What came of running the code of an act beside the writer.
#[derive(Debug)]
pub struct Answered {
    /// The number that sending it gave.
    pub order: u64,
    /// The act with all that code says to it, on the state of the world at that time. As it was sent, when nobody could be asked.
    pub command: Command,
    /// How often answers have been asked for by now.
    pub(super) rounds: u32,
    /// Whether the world moved on under a check, so that the command lacks its answer.
    pub(super) is_overtaken: bool,
    /// What it took.
    pub(super) counts: CodeCounts,
}

enum Told {
    Look(Look),
    Answered(Box<Answered>),
}

#[derive(Default)]
struct Queue {
    orders: Turns<Order>,
    closed: bool,
}

/// A bounded number of threads and what waits for them, in fair turns among agents. They are started when needed.
pub(super) struct Pool {
    queue: Arc<(Mutex<Queue>, Condvar)>,
    programs: Arc<Programs>,
    told: Receiver<Told>,
    tell: Sender<Told>,
    threads: usize,
    threads_max: usize,
    numbers: u64,
    out: usize,
}

/// The writer does not look any more: the run is over.
#[derive(Debug)]
struct Closed;

/// The way to the world from another thread.
struct Away<'t> {
    tell: &'t Sender<Told>,
}

impl Desk for Away<'_> {
    type Closed = Closed;

    fn look<R: Send + 'static>(
        &mut self,
        look: impl FnOnce(&World, &mut Cache) -> R + Send + 'static,
    ) -> Result<R, Closed> {
        let (answer, answered) = bounded(1);
        let look: Look = Box::new(move |world, cache| {
            // Who asked waits; if it does not any more, nobody misses the answer.
            let _ = answer.send(look(world, cache));
        });
        self.tell.send(Told::Look(look)).map_err(|_| Closed)?;
        answered.recv().map_err(|_| Closed)
    }
}

impl Pool {
    pub(super) fn new(programs: Arc<Programs>, threads_max: usize) -> Self {
        let (tell, told) = unbounded();
        Self {
            queue: Arc::default(),
            programs,
            told,
            tell,
            threads: 0,
            threads_max: threads_max.max(1),
            numbers: 0,
            out: 0,
        }
    }

    /// Acts that are out or wait.
    pub(super) const fn busy(&self) -> usize {
        self.out
    }

    /// Has the code of an act run and gives its number, or the act back when the machine gives no thread.
    pub(super) fn send(&mut self, act: Act, limits: Limits, rounds: u32, now: Time) -> Result<u64, Box<Act>> {
        while self.threads < self.threads_max.min(self.out + 1) {
            let (queue, programs) = (Arc::clone(&self.queue), Arc::clone(&self.programs));
            let tell = self.tell.clone();
            let name = format!("code {}", self.threads);
            if std::thread::Builder::new().name(name).spawn(move || work(&queue, &programs, &tell)).is_err() {
                break;
            }
            self.threads += 1;
        }
        if self.threads == 0 {
            return Err(Box::new(act));
        }
        self.numbers += 1;
        self.out += 1;
        let order = Order { number: self.numbers, act, limits, rounds, now };
        let (queue, arrived) = &*self.queue;
        lock(queue).orders.push(order.act.agent, order);
        arrived.notify_one();
        Ok(self.numbers)
    }

    /// Answers what is asked of the world, and gives what has come back.
    pub(super) fn serve(&mut self, world: &World, cache: &mut Cache) -> Vec<Answered> {
        let mut came = Vec::new();
        for _ in 0..LOOKS_IN_A_ROW {
            match self.told.try_recv() {
                Ok(Told::Look(look)) => look(world, cache),
                Ok(Told::Answered(answered)) => {
                    self.out = self.out.saturating_sub(1);
                    came.push(*answered);
                }
                Err(_) => break,
            }
        }
        came
    }

    /// Is ready when there is something to serve.
    pub(super) fn watch<'s>(&'s self, select: &mut Select<'s>) {
        select.recv(&self.told);
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let (queue, arrived) = &*self.queue;
        let mut queue = lock(queue);
        queue.closed = true;
        queue.orders.clear();
        arrived.notify_all();
        drop(queue);
        // Looks that nobody answered any more are dropped here, and who asked hears of it.
        let (_, nobody) = bounded(0);
        self.told = nobody;
    }
}

fn lock(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

fn work(shared: &(Mutex<Queue>, Condvar), programs: &Programs, tell: &Sender<Told>) {
    let (queue, arrived) = shared;
    loop {
        let (whose, order) = {
            let mut queue = lock(queue);
            loop {
                if queue.closed {
                    return;
                }
                if let Some(next) = queue.orders.pop() {
                    break next;
                }
                queue = arrived.wait(queue).unwrap_or_else(PoisonError::into_inner);
            }
        };
        let began = Instant::now();
        let answered = answer(order, programs, tell);
        let took = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        lock(queue).orders.took(whose, took);
        let Some(answered) = answered else { return };
        if tell.send(Told::Answered(Box::new(answered))).is_err() {
            return;
        }
    }
}

/// Has the code of one act run. `None` when the writer has gone.
fn answer(order: Order, programs: &Programs, tell: &Sender<Told>) -> Option<Answered> {
    let Order { number, act, limits, rounds, now } = order;
    let as_sent = act.clone();
    let mut asking = Asking {
        desk: Away { tell },
        programs,
        limits,
        run_instructions_max: u64::MAX,
        now,
        rounds,
        is_overtaken: false,
        wasted: Vec::new(),
        counts: CodeCounts { beside: 1, ..CodeCounts::default() },
    };
    // A mistake in an engine must not end this thread: others wait for it.
    let command = match catch_unwind(AssertUnwindSafe(|| asking.command(act))) {
        Ok(Ok(command)) => command,
        Ok(Err(Closed)) => return None,
        Err(_) => {
            asking.counts.unavailable += 1;
            Command::Act(as_sent)
        }
    };
    let Asking { rounds, is_overtaken, counts, .. } = asking;
    Some(Answered { order: number, command, rounds, is_overtaken, counts })
}
