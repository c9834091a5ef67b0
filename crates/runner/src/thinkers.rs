//! Threads for minds that take long: a bounded number, so that slow minds wait for each other and never for the world.
//!
//! A thought that takes longer than the deadline is given up. Its thread cannot be ended, so it is left behind and another one takes its place,
//! up to as many again as there may be; a thread that comes back after all goes on with other thoughts.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Select, Sender, unbounded};
use ecology_metering::{Reading, thread_cpu_ns};
use ecology_minds::{Decision, Mind, Summary};

use crate::crew::{drop_safely, think_safely};
use crate::stop::Stop;

/// Between two looks at whether a run is to stop.
const NAP: Duration = Duration::from_millis(20);

/// A thought to be thought.
struct Order {
    number: u64,
    at: usize,
    mind: Box<dyn Mind>,
    summary: Summary,
}

/// A thought that is over, in one way or another.
pub(crate) struct Finished {
    /// The number that [`Thinkers::send`] gave.
    pub(crate) order: u64,
    pub(crate) at: usize,
    /// The mind that did it; `None` when it is still away.
    pub(crate) mind: Option<Box<dyn Mind>>,
    pub(crate) thought: Thinking,
    pub(crate) took: Reading,
}

/// How a thought ended.
#[derive(Debug)]
pub(crate) enum Thinking {
    /// With a decision, or with what went wrong.
    Ended(Result<Decision, String>),
    /// Not within the deadline.
    GivenUp,
    /// Not before the run ended.
    LeftBehind,
}

enum Told {
    Began { order: u64, since: Instant },
    Finished(Finished),
}

#[derive(Default)]
struct Queue {
    orders: VecDeque<Order>,
    closed: bool,
    /// Threads that came back when their places had been taken: so many end.
    surplus: usize,
}

/// The threads and what they work on. They are started when needed and end when the queue is closed; one that hangs is left behind.
pub(crate) struct Thinkers {
    queue: Arc<(Mutex<Queue>, Condvar)>,
    told: Receiver<Told>,
    tell: Sender<Told>,
    timeout: Duration,
    /// Those that hang included.
    threads: usize,
    threads_max: usize,
    orders: u64,
    /// Thoughts that somebody waits for, with their places and when they began.
    out: BTreeMap<u64, (usize, Option<Instant>)>,
    /// Thoughts that were given up and whose threads have not come back.
    hanging: BTreeSet<u64>,
    /// What came back and has not been asked for.
    came: Vec<Finished>,
}

impl Thinkers {
    /// At most `threads_max` thoughts at the same time, each of which may take `timeout`.
    pub(crate) fn new(threads_max: usize, timeout: Duration) -> Self {
        let (tell, told) = unbounded();
        Self {
            queue: Arc::default(),
            told,
            tell,
            timeout,
            threads: 0,
            threads_max: threads_max.max(1),
            orders: 0,
            out: BTreeMap::new(),
            hanging: BTreeSet::new(),
            came: Vec::new(),
        }
    }

    /// Thoughts that have been handed out and that somebody waits for still.
    pub(crate) fn busy(&self) -> usize {
        self.out.len()
    }

    /// Hands out a thought and gives its number.
    ///
    /// # Errors
    /// The mind, when no thread is left that could think.
    pub(crate) fn send(
        &mut self,
        at: usize,
        mind: Box<dyn Mind>,
        summary: Summary,
    ) -> Result<u64, Box<dyn Mind>> {
        // A thread that came back after all can think again.
        self.listen(None);
        self.orders += 1;
        let number = self.orders;
        self.out.insert(number, (at, None));
        self.start_threads();
        if self.awake() == 0 {
            self.out.remove(&number);
            return Err(mind);
        }
        self.locked().orders.push_back(Order { number, at, mind, summary });
        self.queue.1.notify_one();
        Ok(number)
    }

    /// Why no mind can think any more, in the words that its agent reads.
    pub(crate) fn no_thread_left(&self) -> String {
        format!(
            "no thread is left to think on: {} thoughts were given up and never came back; end this run, look at what their minds wait for, and begin again",
            self.hanging.len()
        )
    }

    /// What is over; waits for the first message at most `wait`.
    pub(crate) fn receive(&mut self, wait: Duration) -> Vec<Finished> {
        let first = if wait > Duration::ZERO { self.told.recv_timeout(wait).ok() } else { None };
        self.listen(first);
        self.give_up();
        std::mem::take(&mut self.came)
    }

    /// Is ready when a thread has something to tell.
    pub(crate) fn watch<'s>(&'s self, select: &mut Select<'s>) {
        select.recv(&self.told);
    }

    /// Takes note of what the threads have told.
    fn listen(&mut self, first: Option<Told>) {
        let told: Vec<Told> = first.into_iter().chain(self.told.try_iter()).collect();
        for told in told {
            match told {
                Told::Began { order, since } => {
                    if let Some((_, began)) = self.out.get_mut(&order) {
                        *began = Some(since);
                    }
                }
                Told::Finished(thought) => self.take_back(thought),
            }
        }
    }

    /// Waits until everything that was handed out is over. When the run is to stop, that is `grace` later at the latest.
    pub(crate) fn receive_all(&mut self, stop: &Stop, grace: Duration) -> Vec<Finished> {
        let mut finished = Vec::new();
        let mut stopping: Option<Instant> = None;
        while self.busy() > 0 {
            finished.extend(self.receive(NAP));
            if stop.is_requested() && stopping.get_or_insert_with(Instant::now).elapsed() >= grace {
                self.leave_behind(&mut finished);
            }
        }
        finished
    }

    /// Keeps the thought that came back, unless it was given up: then its thread is free again and nobody wants its mind.
    fn take_back(&mut self, finished: Finished) {
        if self.out.remove(&finished.order).is_some() {
            self.came.push(finished);
            return;
        }
        self.hanging.remove(&finished.order);
        drop_safely(finished.mind);
        if self.awake() > self.threads_max {
            self.threads -= 1;
            self.locked().surplus += 1;
            self.queue.1.notify_one();
        }
    }

    /// Gives up what has taken too long, and starts threads in place of those that hang.
    fn give_up(&mut self) {
        let overdue: Vec<(u64, usize)> = self
            .out
            .iter()
            .filter(|(_, (_, since))| since.is_some_and(|since| since.elapsed() >= self.timeout))
            .map(|(order, (at, _))| (*order, *at))
            .collect();
        for (order, at) in overdue {
            self.out.remove(&order);
            self.hanging.insert(order);
            self.came.push(Finished::missing(order, at, Thinking::GivenUp));
        }
        self.start_threads();
        if self.awake() == 0 {
            let waiting: Vec<Order> = self.locked().orders.drain(..).collect();
            for Order { number, at, mind, .. } in waiting {
                self.out.remove(&number);
                let thought = Thinking::Ended(Err(self.no_thread_left()));
                let took = Reading::default();
                self.came.push(Finished { order: number, at, mind: Some(mind), thought, took });
            }
        }
    }

    /// Stops waiting for anything.
    fn leave_behind(&mut self, finished: &mut Vec<Finished>) {
        let waiting: Vec<Order> = self.locked().orders.drain(..).collect();
        for Order { number, at, mind, .. } in waiting {
            self.out.remove(&number);
            let thought = Thinking::LeftBehind;
            let took = Reading::default();
            finished.push(Finished { order: number, at, mind: Some(mind), thought, took });
        }
        for (order, (at, _)) in std::mem::take(&mut self.out) {
            self.hanging.insert(order);
            finished.push(Finished::missing(order, at, Thinking::LeftBehind));
        }
    }

    /// Threads that do not hang.
    fn awake(&self) -> usize {
        self.threads - self.hanging.len()
    }

    fn start_threads(&mut self) {
        // As many again may hang.
        let most = self.threads_max.saturating_mul(2);
        while self.awake() < self.threads_max.min(self.busy()) && self.threads < most {
            let queue = Arc::clone(&self.queue);
            let tell = self.tell.clone();
            let name = format!("thinker {}", self.threads);
            if std::thread::Builder::new().name(name).spawn(move || work(&queue, &tell)).is_err() {
                return;
            }
            self.threads += 1;
        }
    }

    fn locked(&self) -> MutexGuard<'_, Queue> {
        self.queue.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Finished {
    fn missing(order: u64, at: usize, thought: Thinking) -> Self {
        Self { order, at, mind: None, thought, took: Reading::default() }
    }
}

impl Drop for Thinkers {
    fn drop(&mut self) {
        let mut queue = self.locked();
        queue.closed = true;
        queue.orders.clear();
        self.queue.1.notify_all();
    }
}

fn work(queue: &(Mutex<Queue>, Condvar), tell: &Sender<Told>) {
    let (orders, arrived) = queue;
    loop {
        let order = {
            let mut queue = orders.lock().unwrap_or_else(PoisonError::into_inner);
            loop {
                if queue.closed {
                    return;
                }
                if queue.surplus > 0 {
                    queue.surplus -= 1;
                    return;
                }
                if let Some(order) = queue.orders.pop_front() {
                    break order;
                }
                queue = arrived.wait(queue).unwrap_or_else(PoisonError::into_inner);
            }
        };
        let Order { number, at, mut mind, summary } = order;
        if tell.send(Told::Began { order: number, since: Instant::now() }).is_err() {
            drop_safely(Some(mind));
            return;
        }
        let before = thread_cpu_ns();
        let decision = think_safely(mind.as_mut(), &summary);
        let cpu_ns = thread_cpu_ns().saturating_sub(before);
        let took = Reading { cpu_ns, ..Reading::default() };
        // Dropping or moving a mind runs its code as well; nothing of that may end this thread.
        let thought = Thinking::Ended(decision);
        let finished = Told::Finished(Finished { order: number, at, mind: Some(mind), thought, took });
        if catch_unwind(AssertUnwindSafe(|| drop(tell.send(finished)))).is_err() {
            return;
        }
    }
}
