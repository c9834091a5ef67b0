//! One worker process as its callers see it.
//!
//! A single caller writes and reads for itself, and so pays for one write and one read. When several wait, one thread reads for all of them, and
//! whoever finds nobody writing writes for all.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::channel::{Channel, LOOK, State, Waiter};
use super::wire::{Broken, Reply, Request, put};
use super::{Isolation, WorkerOptions};

/// How long a worker may take to start.
const START_MAX: Duration = Duration::from_secs(10);
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
    channel: Arc<Channel>,
    pid: u32,
    isolation: Isolation,
    next_call: AtomicU64,
    /// Reads for all while several wait; started when that happens first.
    reader: Mutex<Option<JoinHandle<()>>>,
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
        let mut link = Self::new(ours, child);
        match link.hello(options) {
            Ok(isolation) => {
                link.isolation = isolation;
                Ok(link)
            }
            Err(why) => {
                let how = link.channel.kill();
                Err(format!("a worker cannot be started: {why} ({how})"))
            }
        }
    }

    fn new(stream: UnixStream, child: Child) -> Self {
        Self {
            pid: child.id(),
            channel: Arc::new(Channel::new(stream, child)),
            isolation: Isolation::default(),
            next_call: AtomicU64::new(1),
            reader: Mutex::new(None),
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
        let mut stream = &self.channel.stream;
        stream.write_all(&out).map_err(text)?;
        stream.set_read_timeout(Some(START_MAX)).map_err(text)?;
        let mut incoming = self.channel.incoming();
        let (incoming, buffer) = &mut *incoming;
        loop {
            match incoming.next::<Reply>() {
                Ok(Some(Reply::Ready(isolation))) => {
                    stream.set_read_timeout(Some(LOOK)).map_err(text)?;
                    return Ok(isolation);
                }
                Ok(None) => {}
                _ => return Err("it is no worker of this version".to_owned()),
            }
            match stream.read(buffer).map_err(text)? {
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
        self.channel.load()
    }

    pub(super) fn is_dead(&self) -> bool {
        self.channel.state().death.is_some()
    }

    /// Sends a request that starts a call, and waits for the first reply. `program` is what it needs to know and the request that tells it.
    pub(super) fn begin(
        &self,
        allowed: Duration,
        program: Option<(u64, &dyn Fn(u64) -> Request)>,
        request: impl FnOnce(u64) -> Request,
    ) -> Result<(u64, Reply), Death> {
        let call = self.next_call.fetch_add(1, Ordering::Relaxed);
        let tell = |state: &mut State| match program {
            Some((id, tell)) if !state.known.contains(&id) => {
                if state.known.len() >= PROGRAMS_MAX {
                    state.known.clear();
                    framed(&mut state.out, &Request::Forget)?;
                }
                state.known.insert(id);
                // Nobody waits for this one: a program that was compiled once compiles again.
                framed(&mut state.out, &tell(u64::MAX))
            }
            _ => Ok(()),
        };
        self.ask(call, allowed, &request(call), tell).map(|reply| (call, reply))
    }

    /// Notes that the worker knows a program.
    pub(super) fn knows(&self, program: u64) {
        self.channel.state().known.insert(program);
    }

    /// Sends the host's answer for a call, and waits for the next reply to it.
    pub(super) fn go_on(&self, call: u64, allowed: Duration, request: &Request) -> Result<Reply, Death> {
        self.ask(call, allowed, request, |_| Ok(()))
    }

    fn ask(
        &self,
        call: u64,
        allowed: Duration,
        request: &Request,
        first: impl FnOnce(&mut State) -> Result<(), Death>,
    ) -> Result<Reply, Death> {
        // Written down before anybody has to wait for it.
        let mut frame = Vec::with_capacity(512);
        framed(&mut frame, request)?;
        let waiter = Waiter::here();
        let mut state = self.channel.state();
        if let Some(death) = &state.death {
            return Err(death.clone());
        }
        first(&mut state)?;
        state.out.extend_from_slice(&frame);
        Channel::expect(&mut state, call, &waiter, allowed);
        self.channel.flush(state);
        self.channel.wait(call, &waiter, || self.call_reader())
    }

    /// Has the thread go on, or begin, that reads for all. Whether there is one.
    fn call_reader(&self) -> bool {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        if reader.is_none() {
            let channel = Arc::clone(&self.channel);
            let thread = std::thread::Builder::new().name("sandbox-replies".to_owned());
            *reader = thread.spawn(move || channel.read_for_all()).ok();
        }
        self.channel.wake_reader();
        reader.is_some()
    }
}

fn framed(out: &mut Vec<u8>, request: &Request) -> Result<(), Death> {
    put(out, request).map_err(|Broken| Death::Died("a request was too large".to_owned()))
}

impl Drop for Link {
    fn drop(&mut self) {
        self.channel.abandon();
        let reader = self.reader.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(reader) = reader {
            let _ = reader.join();
        }
    }
}

/// A link shared by its callers.
pub(super) type Shared = Arc<Link>;
