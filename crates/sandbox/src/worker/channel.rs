//! The connection to one worker process, shared by its callers and by the thread that reads for them when they are several.

use std::collections::{HashMap, HashSet};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::Child;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};

use super::link::Death;
use super::soon::read_soon;
use super::wire::{Broken, Incoming, Reply};
use crate::clean;

/// What a worker may take beyond the limit of the call it runs, before it is taken for hung.
const GRACE: Duration = Duration::from_millis(250);
/// How often whoever waits looks whether the worker hangs.
pub(super) const LOOK: Duration = Duration::from_millis(50);
/// Requests are held back for others that are about to come, up to this much.
const HELD_BYTES_MAX: usize = 32 << 10;

/// The connection to one worker process.
pub(super) struct Channel {
    pub(super) stream: UnixStream,
    child: Mutex<Child>,
    state: Mutex<State>,
    incoming: Mutex<(Incoming, Vec<u8>)>,
    /// Replies that lie ready for callers who have not come for them yet.
    to_fetch: AtomicUsize,
    /// Notified when the thread that reads for all is to begin, or to end.
    reader_wanted: Condvar,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) out: Vec<u8>,
    is_writing: bool,
    reading: Reading,
    waiting: HashMap<u64, Slot>,
    /// How many of those who wait do so for the worker, not for their host.
    active: usize,
    pub(super) known: HashSet<u64>,
    last_sign: Option<Instant>,
    pub(super) death: Option<Death>,
    is_abandoned: bool,
}

/// Who reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Reading {
    #[default]
    Nobody,
    /// A caller that waits alone, for itself.
    Caller,
    /// The thread that does nothing else, for all.
    Reader,
}

struct Slot {
    waiter: Arc<Waiter>,
    /// What the worker may take for it; nothing while it waits for its host.
    allowed: Option<Duration>,
}

/// Somebody who waits for replies to one call.
pub(super) struct Waiter {
    thread: Thread,
    reply: Mutex<Option<Reply>>,
}

impl Waiter {
    /// This thread.
    pub(super) fn here() -> Arc<Self> {
        Arc::new(Self { thread: std::thread::current(), reply: Mutex::new(None) })
    }

    fn take(&self) -> Option<Reply> {
        self.reply.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// What somebody who waits is to do next.
enum Turn {
    Take(Reply),
    End(Death),
    /// Read, being the only one who waits.
    Read,
    /// Have the thread begin that reads for all.
    CallReader,
    /// Wait to be woken.
    Rest,
}

impl Channel {
    pub(super) fn new(stream: UnixStream, child: Child) -> Self {
        Self {
            stream,
            child: Mutex::new(child),
            state: Mutex::new(State::default()),
            incoming: Mutex::new((Incoming::default(), vec![0; 64 << 10])),
            to_fetch: AtomicUsize::new(0),
            reader_wanted: Condvar::new(),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn incoming(&self) -> MutexGuard<'_, (Incoming, Vec<u8>)> {
        self.incoming.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls under way.
    pub(super) fn load(&self) -> usize {
        self.state().waiting.len()
    }

    /// Enters a call of which a request is about to go out; one that is known goes on.
    pub(super) fn expect(state: &mut State, call: u64, waiter: &Arc<Waiter>, allowed: Duration) {
        if state.active == 0 {
            state.last_sign = Some(Instant::now());
        }
        let slot = Slot { waiter: Arc::clone(waiter), allowed: Some(allowed) };
        let before = state.waiting.insert(call, slot);
        state.active += usize::from(before.is_none_or(|slot| slot.allowed.is_none()));
    }

    /// Writes what is to be written, unless somebody else is at it, who then writes this too, or replies lie ready: most who fetch one have a next
    /// request, and the last who fetches writes for all.
    pub(super) fn flush<'a>(&'a self, mut state: MutexGuard<'a, State>) {
        let holds_back = self.to_fetch.load(Ordering::Relaxed) > 0 && state.out.len() < HELD_BYTES_MAX;
        if state.is_writing || holds_back {
            return;
        }
        state.is_writing = true;
        while !state.out.is_empty() {
            let out = std::mem::take(&mut state.out);
            drop(state);
            let written = (&self.stream).write_all(&out);
            state = self.state();
            if written.is_err() {
                state.out.clear();
                self.over(&mut state, None);
            }
        }
        state.is_writing = false;
    }

    /// Waits for the reply to `call`. Whoever waits alone reads for itself; `call_reader` has the thread begin that reads for several.
    pub(super) fn wait(
        &self,
        call: u64,
        waiter: &Waiter,
        call_reader: impl Fn() -> bool,
    ) -> Result<Reply, Death> {
        loop {
            match self.turn(call, waiter) {
                Turn::Take(reply) => {
                    if self.to_fetch.fetch_sub(1, Ordering::Relaxed) == 1 {
                        self.flush(self.state());
                    }
                    return Ok(reply);
                }
                Turn::End(death) => return Err(death),
                Turn::Read => self.read_alone(),
                // A machine without a thread to spare has each of those who wait read for all, in turns.
                Turn::CallReader if !call_reader() => self.read_alone(),
                Turn::CallReader | Turn::Rest => std::thread::park_timeout(LOOK),
            }
        }
    }

    fn turn(&self, call: u64, waiter: &Waiter) -> Turn {
        if let Some(reply) = waiter.take() {
            return Turn::Take(reply);
        }
        let mut state = self.state();
        // It may have come just now, and then it is not waited for any more.
        if let Some(reply) = waiter.take() {
            return Turn::Take(reply);
        }
        if let Some(death) = state.death.clone() {
            state.waiting.remove(&call);
            return Turn::End(death);
        }
        match state.reading {
            Reading::Nobody if state.active > 1 => {
                state.reading = Reading::Reader;
                Turn::CallReader
            }
            Reading::Nobody => {
                state.reading = Reading::Caller;
                Turn::Read
            }
            Reading::Caller | Reading::Reader => Turn::Rest,
        }
    }

    fn read_alone(&self) {
        let outcome = self.read(true);
        let mut state = self.deliver(outcome);
        state.reading = Reading::Nobody;
        // Those who came meanwhile must not wait for somebody who has gone.
        if let Some(next) = state.waiting.values().find(|slot| slot.allowed.is_some()) {
            next.waiter.thread.unpark();
        }
    }

    /// Reads for all as long as anybody waits, then rests; ends when the connection is abandoned.
    pub(super) fn read_for_all(&self) {
        loop {
            let mut state = self.state();
            while state.reading != Reading::Reader || state.death.is_some() {
                if state.is_abandoned {
                    return;
                }
                state = self.reader_wanted.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            drop(state);
            let outcome = self.read(false);
            let mut state = self.deliver(outcome);
            if state.active == 0 {
                state.reading = Reading::Nobody;
            }
        }
    }

    /// Wakes the thread that reads for all.
    pub(super) fn wake_reader(&self) {
        self.reader_wanted.notify_one();
    }

    /// Has whoever reads for all end.
    pub(super) fn abandon(&self) {
        let _ = self.child.lock().unwrap_or_else(PoisonError::into_inner).kill();
        let mut state = self.state();
        state.is_abandoned = true;
        self.over(&mut state, None);
        drop(state);
        self.reader_wanted.notify_all();
    }

    /// Reads what has come in; nothing when it was not in time.
    fn read(&self, soon: bool) -> Result<Vec<Reply>, ()> {
        let mut incoming = self.incoming();
        let (incoming, buffer) = &mut *incoming;
        let read = if soon { read_soon(&self.stream, buffer) } else { (&self.stream).read(buffer) };
        match read {
            Ok(0) => return Err(()),
            Ok(count) => incoming.push(&buffer[..count]),
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                ) => {}
            Err(_) => return Err(()),
        }
        let mut replies = Vec::new();
        while let Some(reply) = incoming.next().map_err(|Broken| ())? {
            replies.push(reply);
        }
        Ok(replies)
    }

    /// Hands replies to those who wait for them.
    fn deliver(&self, outcome: Result<Vec<Reply>, ()>) -> MutexGuard<'_, State> {
        let mut state = self.state();
        let Ok(replies) = outcome else {
            self.over(&mut state, None);
            return state;
        };
        if replies.is_empty() {
            let allowed = state.waiting.values().filter_map(|slot| slot.allowed).max();
            if let (Some(allowed), Some(last)) = (allowed, state.last_sign)
                && last.elapsed() > allowed + GRACE
            {
                self.over(&mut state, Some(Death::TimedOut));
            }
            return state;
        }
        state.last_sign = Some(Instant::now());
        let mut ready = Vec::with_capacity(replies.len());
        for reply in replies {
            let Some(call) = reply.call() else { continue };
            let is_last = !matches!(reply, Reply::Ask { .. });
            let Some(slot) = state.waiting.get_mut(&call) else { continue };
            // A worker that hostile code took over may answer twice.
            if slot.allowed.take().is_none() {
                continue;
            }
            let waiter = Arc::clone(&slot.waiter);
            state.active -= 1;
            if is_last {
                state.waiting.remove(&call);
            }
            ready.push((waiter, reply));
        }
        self.to_fetch.fetch_add(ready.len(), Ordering::Relaxed);
        let own = std::thread::current().id();
        drop(state);
        for (waiter, reply) in ready {
            *waiter.reply.lock().unwrap_or_else(PoisonError::into_inner) = Some(reply);
            if waiter.thread.id() != own {
                waiter.thread.unpark();
            }
        }
        self.state()
    }

    /// Ends the connection for all who wait.
    fn over(&self, state: &mut State, death: Option<Death>) {
        if state.death.is_none() {
            let how = self.kill();
            state.death = Some(death.unwrap_or(Death::Died(how)));
        }
        for slot in state.waiting.values() {
            slot.waiter.thread.unpark();
        }
    }

    /// Makes sure that the process is gone, and tells how it ended.
    pub(super) fn kill(&self) -> String {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        // One that closed the connection is about to end by itself; how it does is worth knowing.
        for _ in 0..20 {
            if let Ok(Some(status)) = child.try_wait() {
                return clean(&status.to_string());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let _ = child.kill();
        child.wait().map_or_else(|error| clean(&error.to_string()), |status| clean(&status.to_string()))
    }
}
