//! Threads for minds that take long: a bounded number, so that slow minds wait for each other and never for the world.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use ecology_metering::{Reading, thread_cpu_ns};
use ecology_minds::{Decision, Mind, Summary};

use crate::crew::think_safely;

/// A thought to be thought.
struct Order {
    at: usize,
    mind: Box<dyn Mind>,
    summary: Summary,
}

/// A thought that was thought, with the mind that did it.
pub(crate) struct Finished {
    pub(crate) at: usize,
    pub(crate) mind: Option<Box<dyn Mind>>,
    pub(crate) decision: Result<Decision, String>,
    pub(crate) thinking: Reading,
}

#[derive(Default)]
struct Queue {
    orders: VecDeque<Order>,
    closed: bool,
}

/// The threads and what they work on. They are started when needed and end when the queue is closed; one that hangs is left behind.
pub(crate) struct Thinkers {
    queue: Arc<(Mutex<Queue>, Condvar)>,
    results: Receiver<Finished>,
    tell: Sender<Finished>,
    threads: usize,
    threads_max: usize,
    busy: usize,
}

impl Thinkers {
    pub(crate) fn new(threads_max: usize) -> Self {
        let (tell, results) = channel();
        Self { queue: Arc::default(), results, tell, threads: 0, threads_max: threads_max.max(1), busy: 0 }
    }

    /// Thoughts that have been handed out and have not come back.
    pub(crate) const fn busy(&self) -> usize {
        self.busy
    }

    pub(crate) fn send(&mut self, at: usize, mind: Box<dyn Mind>, summary: Summary) {
        self.busy += 1;
        {
            let (queue, _) = &*self.queue;
            queue.lock().unwrap_or_else(PoisonError::into_inner).orders.push_back(Order {
                at,
                mind,
                summary,
            });
        }
        if self.threads < self.threads_max && self.threads < self.busy {
            let queue = Arc::clone(&self.queue);
            let tell = self.tell.clone();
            let name = format!("thinker {}", self.threads);
            if std::thread::Builder::new().name(name).spawn(move || work(&queue, &tell)).is_ok() {
                self.threads += 1;
            }
        }
        self.queue.1.notify_one();
    }

    /// What has come back; waits for the first one at most `wait`.
    pub(crate) fn receive(&mut self, wait: Duration) -> Vec<Finished> {
        let mut finished = Vec::new();
        if wait > Duration::ZERO {
            match self.results.recv_timeout(wait) {
                Ok(first) => finished.push(first),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return finished,
            }
        }
        finished.extend(self.results.try_iter());
        self.busy -= finished.len();
        finished
    }
}

impl Drop for Thinkers {
    fn drop(&mut self) {
        let (queue, arrived) = &*self.queue;
        let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.closed = true;
        queue.orders.clear();
        arrived.notify_all();
    }
}

fn work(queue: &(Mutex<Queue>, Condvar), tell: &Sender<Finished>) {
    let (orders, arrived) = queue;
    loop {
        let order = {
            let mut queue = orders.lock().unwrap_or_else(PoisonError::into_inner);
            loop {
                if queue.closed {
                    return;
                }
                if let Some(order) = queue.orders.pop_front() {
                    break order;
                }
                queue = arrived.wait(queue).unwrap_or_else(PoisonError::into_inner);
            }
        };
        let Order { at, mut mind, summary } = order;
        let before = thread_cpu_ns();
        let decision = think_safely(mind.as_mut(), &summary);
        let cpu_ns = thread_cpu_ns().saturating_sub(before);
        let thinking = Reading { cpu_ns, ..Reading::default() };
        // Dropping or moving a mind runs its code as well; nothing of that may end this thread.
        let finished = Finished { at, mind: Some(mind), decision, thinking };
        if catch_unwind(AssertUnwindSafe(|| tell.send(finished).is_ok())).is_err() {
            return;
        }
    }
}
