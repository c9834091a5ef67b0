//! One worker process and the connection to it, shared by any number of callers.
//!
//! There is no thread of its own: whoever finds nobody writing writes for all, whoever finds nobody reading reads for all. A single caller
//! so pays for one write and one read, and many share both.

use std::collections::{HashMap, HashSet};
use std::io::{ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};

use super::soon::read_soon;
use super::wire::{Broken, Incoming, Reply, Request, put};
use super::{Isolation, WorkerOptions};
use crate::clean;

/// What a worker may take beyond the limit of the call it runs, before it is taken for hung.
const GRACE: Duration = Duration::from_millis(250);
/// How often the reader looks whether the worker hangs.
const LOOK: Duration = Duration::from_millis(50);
/// How long a worker may take to start.
const START_MAX: Duration = Duration::from_secs(10);
/// Requests are held back for others that are about to come, up to this much.
const HELD_BYTES_MAX: usize = 32 << 10;
/// Programs that one worker knows; at this number it forgets all, and what is used is sent again.
const PROGRAMS_MAX: usize = 2048;

/// Why a connection is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Death {
    /// The process ended.
    Died(String),
    /// It did not answer and was killed.
    TimedOut,
}

/// One worker process and the connection to it.
pub(super) struct Link {
    stream: UnixStream,
    pid: u32,
    isolation: Isolation,
    child: Mutex<Child>,
    state: Mutex<State>,
    incoming: Mutex<(Incoming, Vec<u8>)>,
    /// Notified when the writer is done.
    written: Condvar,
}

#[derive(Default)]
struct State {
    out: Vec<u8>,
    is_writing: bool,
    is_reading: bool,
    waiting: HashMap<u64, Slot>,
    known: HashSet<u64>,
    next_call: u64,
    /// Replies that lie ready for callers who have not come for them yet.
    to_fetch: usize,
    last_sign: Option<Instant>,
    death: Option<Death>,
}

struct Slot {
    thread: Thread,
    reply: Option<Reply>,
    /// What the worker may take for it; nothing while it waits for its host.
    allowed: Option<Duration>,
}

impl Link {
    /// Starts a worker and waits until it has locked itself down.
    pub(super) fn start(options: &WorkerOptions) -> Result<Self, String> {
        let start = |error: std::io::Error| format!("a worker cannot be started: {error}");
        let (ours, theirs) = UnixStream::pair().map_err(start)?;
        let child = Command::new(&options.program)
            .args(&options.args)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(start)?;
        let mut link = Self {
            pid: child.id(),
            stream: ours,
            isolation: Isolation::default(),
            child: Mutex::new(child),
            state: Mutex::new(State::default()),
            incoming: Mutex::new((Incoming::default(), vec![0; 64 << 10])),
            written: Condvar::new(),
        };
        match link.hello(options) {
            Ok(isolation) => {
                link.isolation = isolation;
                Ok(link)
            }
            Err(why) => {
                let how = link.kill();
                Err(format!("a worker cannot be started: {why} ({how})"))
            }
        }
    }

    fn hello(&self, options: &WorkerOptions) -> Result<Isolation, String> {
        let functions = options.host_functions.iter().map(ToString::to_string).collect();
        let hello = Request::Hello {
            language: options.language,
            functions,
            address_space_bytes_max: options.address_space_bytes_max,
        };
        let mut out = Vec::new();
        put(&mut out, &hello).map_err(|Broken| "its functions are too many".to_owned())?;
        let text = |error: std::io::Error| error.to_string();
        (&self.stream).write_all(&out).map_err(text)?;
        self.stream.set_read_timeout(Some(START_MAX)).map_err(text)?;
        let mut incoming = self.incoming.lock().unwrap_or_else(PoisonError::into_inner);
        let (incoming, buffer) = &mut *incoming;
        loop {
            match incoming.next::<Reply>() {
                Ok(Some(Reply::Ready(isolation))) => {
                    self.stream.set_read_timeout(Some(LOOK)).map_err(text)?;
                    return Ok(isolation);
                }
                Ok(None) => {}
                _ => return Err("it is no worker of this version".to_owned()),
            }
            match (&self.stream).read(buffer).map_err(text)? {
                0 => return Err("it ended before it was ready".to_owned()),
                count => incoming.push(&buffer[..count]),
            }
        }
    }

    pub(super) const fn pid(&self) -> u32 {
        self.pid
    }

    pub(super) const fn isolation(&self) -> &Isolation {
        &self.isolation
    }

    /// Calls under way.
    pub(super) fn load(&self) -> usize {
        self.state().waiting.len()
    }

    pub(super) fn is_dead(&self) -> bool {
        self.state().death.is_some()
    }

    /// Sends a request that starts a call, and waits for the first reply. `program` is what it needs to know and the request that tells it.
    pub(super) fn begin(
        &self,
        allowed: Duration,
        program: Option<(u64, &dyn Fn(u64) -> Request)>,
        request: impl FnOnce(u64) -> Request,
    ) -> Result<(u64, Reply), Death> {
        let mut state = self.state();
        if let Some(death) = &state.death {
            return Err(death.clone());
        }
        if let Some((id, tell)) = program
            && !state.known.contains(&id)
        {
            if state.known.len() >= PROGRAMS_MAX {
                state.known.clear();
                self.put(&mut state, &Request::Forget)?;
            }
            state.known.insert(id);
            // Nobody waits for this one: a program that was compiled once compiles again.
            self.put(&mut state, &tell(u64::MAX))?;
        }
        state.next_call += 1;
        let call = state.next_call;
        self.put(&mut state, &request(call))?;
        if state.waiting.values().all(|slot| slot.allowed.is_none()) {
            state.last_sign = Some(Instant::now());
        }
        let slot = Slot { thread: std::thread::current(), reply: None, allowed: Some(allowed) };
        state.waiting.insert(call, slot);
        let state = self.flush(state);
        self.wait(state, call).map(|reply| (call, reply))
    }

    /// Notes that the worker knows a program.
    pub(super) fn knows(&self, program: u64) {
        self.state().known.insert(program);
    }

    /// Sends the host's answer for a call, and waits for the next reply to it.
    pub(super) fn go_on(&self, call: u64, allowed: Duration, request: &Request) -> Result<Reply, Death> {
        let mut state = self.state();
        if let Some(death) = &state.death {
            return Err(death.clone());
        }
        self.put(&mut state, request)?;
        if state.waiting.values().all(|slot| slot.allowed.is_none()) {
            state.last_sign = Some(Instant::now());
        }
        if let Some(slot) = state.waiting.get_mut(&call) {
            slot.allowed = Some(allowed);
        }
        let state = self.flush(state);
        self.wait(state, call)
    }

    fn put(&self, state: &mut State, request: &Request) -> Result<(), Death> {
        put(&mut state.out, request).map_err(|Broken| Death::Died("a request was too large".to_owned()))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what is to be written, unless somebody else is at it, who then writes this too, or replies lie ready: most who fetch one have a next request,
    /// and the last who fetches writes for all.
    fn flush<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        if state.is_writing || (state.to_fetch > 0 && state.out.len() < HELD_BYTES_MAX) {
            return state;
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
        self.written.notify_all();
        state
    }

    /// Waits for the reply to `call`; reads for all while nobody else does.
    fn wait<'a>(&'a self, mut state: MutexGuard<'a, State>, call: u64) -> Result<Reply, Death> {
        loop {
            let reply = state.waiting.get_mut(&call).and_then(|slot| slot.reply.take());
            if let Some(reply) = reply {
                state.to_fetch -= 1;
                match reply {
                    Reply::Ask { .. } => {}
                    _ => {
                        state.waiting.remove(&call);
                    }
                }
                if state.to_fetch == 0 && !state.out.is_empty() {
                    state = self.flush(state);
                }
                Self::hand_over_reading(&state);
                return Ok(reply);
            }
            if let Some(death) = state.death.clone() {
                state.waiting.remove(&call);
                return Err(death);
            }
            if state.is_reading {
                drop(state);
                std::thread::park_timeout(LOOK);
                state = self.state();
                continue;
            }
            state.is_reading = true;
            drop(state);
            let outcome = self.read();
            state = self.state();
            state.is_reading = false;
            self.deliver(&mut state, outcome);
        }
    }

    /// Somebody must read as long as anybody waits.
    fn hand_over_reading(state: &State) {
        if !state.is_reading
            && let Some(next) =
                state.waiting.values().find(|slot| slot.reply.is_none() && slot.allowed.is_some())
        {
            next.thread.unpark();
        }
    }

    /// Reads what has come in; nothing when it was not in time.
    fn read(&self) -> Result<Vec<Reply>, ()> {
        let mut incoming = self.incoming.lock().unwrap_or_else(PoisonError::into_inner);
        let (incoming, buffer) = &mut *incoming;
        match read_soon(&self.stream, buffer) {
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

    fn deliver(&self, state: &mut State, outcome: Result<Vec<Reply>, ()>) {
        let Ok(replies) = outcome else { return self.over(state, None) };
        if replies.is_empty() {
            let allowed = state.waiting.values().filter_map(|slot| slot.allowed).max();
            if let (Some(allowed), Some(last)) = (allowed, state.last_sign)
                && last.elapsed() > allowed + GRACE
            {
                self.over(state, Some(Death::TimedOut));
            }
            return;
        }
        state.last_sign = Some(Instant::now());
        let own = std::thread::current().id();
        for reply in replies {
            let Some(slot) = reply.call().and_then(|call| state.waiting.get_mut(&call)) else { continue };
            slot.allowed = None;
            let unfetched = slot.reply.replace(reply);
            state.to_fetch += usize::from(unfetched.is_none());
            if slot.thread.id() != own {
                slot.thread.unpark();
            }
        }
    }

    /// Ends the connection for all who wait.
    fn over(&self, state: &mut State, death: Option<Death>) {
        if state.death.is_none() {
            let how = self.kill();
            state.death = Some(death.unwrap_or(Death::Died(how)));
        }
        for slot in state.waiting.values() {
            slot.thread.unpark();
        }
    }

    /// Makes sure that the process is gone, and tells how it ended.
    fn kill(&self) -> String {
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

impl Drop for Link {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// A link shared by its callers.
pub(super) type Shared = Arc<Link>;
