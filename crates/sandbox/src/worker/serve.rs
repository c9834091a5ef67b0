//! The worker's side: reads programs and calls, runs them, answers.

use std::collections::{HashMap, VecDeque};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::Arc;

use ecology_types::Value;

use super::codec::Packed;
use super::lockdown::lock_down;
use super::soon::read_soon;
use super::wire::{Broken, Incoming, Reply, Request, put};
use crate::luau::compile_here;
use crate::{Called, Engine, Fault, Host, HostError, Limits, Program};

/// Stack of the thread that runs everything: calls nest here while hosts are asked.
const STACK_BYTES: usize = 256 << 20;
/// Calls that may be under way at once, each waiting for its host.
const NESTING_MAX: u32 = 128;
/// Replies are sent when this much has gathered, when nothing is left to do, or when the code waits for an answer.
const OUT_BYTES_MAX: usize = 32 << 10;

/// What the hidden subcommand of a binary that is its own worker calls. Serves the parent over standard input until it closes.
///
/// Call it before anything else is started: it locks the process down (see [`Isolation`](crate::Isolation)), and nothing that opens files or
/// starts threads works afterwards.
#[must_use]
pub fn worker_main() -> ExitCode {
    if let Some(code) = close_inherited() {
        return code;
    }
    match prepare() {
        Ok(worker) => match worker.join() {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::from(101),
        },
        Err(_) => ExitCode::from(2),
    }
}

/// Descriptors that the parent inherited from somebody itself come along. They are closed by starting this program once more without them; whether
/// that helped is told by the isolation.
fn close_inherited() -> Option<ExitCode> {
    use std::os::unix::process::CommandExt;
    const AGAIN: &str = "--without-inherited-descriptors";
    let open = std::fs::read_dir("/proc/self/fd").ok()?.count();
    let mut args: Vec<_> = std::env::args_os().skip(1).collect();
    if open <= 4 || args.last().is_some_and(|last| last == AGAIN) {
        return None;
    }
    close_fds::set_fds_cloexec(3, &[]);
    args.push(AGAIN.into());
    let _ = std::process::Command::new(std::env::current_exe().ok()?).args(args).exec();
    Some(ExitCode::from(3))
}

fn prepare() -> Result<std::thread::JoinHandle<()>, std::io::Error> {
    let socket = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?;
    let mut stream = UnixStream::from(socket);
    let mut incoming = Incoming::default();
    let mut buffer = vec![0; 64 << 10];
    let (language, functions, address_space_bytes_max) = loop {
        match incoming.next() {
            Ok(Some(Request::Hello { language, functions, address_space_bytes_max })) => {
                break (language, functions, address_space_bytes_max);
            }
            Ok(None) => {}
            _ => return Err(std::io::ErrorKind::InvalidData.into()),
        }
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        incoming.push(&buffer[..count]);
    };
    let functions: Vec<&'static str> = functions.into_iter().map(|name| &*name.leak()).collect();
    let engine = language.engine(&functions).map_err(std::io::Error::other)?;
    let mut worker = Worker {
        engine,
        functions,
        stream,
        incoming,
        ready: VecDeque::new(),
        out: Vec::new(),
        buffer,
        programs: HashMap::new(),
        depth: 0,
        is_over: false,
    };
    std::thread::Builder::new().stack_size(STACK_BYTES).spawn(move || {
        compile_here();
        // In this thread: some walls stand around one thread only. The other one just waits for this to end.
        let isolation = lock_down(address_space_bytes_max, language);
        if worker.reply(&Reply::Ready(isolation)).is_ok() {
            worker.serve();
        }
    })
}

struct Worker {
    engine: Box<dyn Engine>,
    functions: Vec<&'static str>,
    stream: UnixStream,
    incoming: Incoming,
    /// Requests that came in before their turn.
    ready: VecDeque<Request>,
    out: Vec<u8>,
    buffer: Vec<u8>,
    programs: HashMap<u64, Arc<dyn Program>>,
    depth: u32,
    is_over: bool,
}

/// The connection is over: nothing that is done now reaches anybody.
struct Over;

impl From<Broken> for Over {
    fn from(_: Broken) -> Self {
        Self
    }
}

impl Worker {
    fn serve(&mut self) {
        while let Ok(request) = self.next() {
            if self.handle(request).is_err() || self.is_over {
                break;
            }
        }
    }

    fn next(&mut self) -> Result<Request, Over> {
        loop {
            if let Some(request) = self.ready.pop_front() {
                return Ok(request);
            }
            if let Some(request) = self.incoming.next()? {
                return Ok(request);
            }
            self.flush()?;
            let count = read_soon(&self.stream, &mut self.buffer).map_err(|_| Over)?;
            if count == 0 {
                return Err(Over);
            }
            self.incoming.push(&self.buffer[..count]);
        }
    }

    fn handle(&mut self, request: Request) -> Result<(), Over> {
        match request {
            Request::Compile { call, program, source, limits } => {
                let outcome = self.engine.compile(&source, &limits);
                let outcome = outcome.map(|compiled| {
                    let names = compiled.functions().iter().map(ToString::to_string).collect();
                    self.programs.insert(program, compiled);
                    names
                });
                self.reply(&Reply::Compiled { call, outcome })
            }
            Request::Call { call, program, function, args, limits, seed } => {
                let Ok(args) = args.values() else { return Err(Over) };
                let called = match self.programs.get(&program) {
                    Some(program) => self.run(call, &Arc::clone(program), &function, &args, &limits, seed),
                    None => Called::not_run(Fault::Unavailable {
                        reason: "the worker does not know the program".to_owned(),
                    }),
                };
                let Called { outcome, instructions, memory_peak_bytes } = called;
                let outcome = outcome.map(|value| Packed::one(&value));
                self.reply(&Reply::Called { call, outcome, instructions, memory_peak_bytes })
            }
            Request::Forget => {
                self.programs.clear();
                Ok(())
            }
            Request::Hello { .. } | Request::Answer { .. } => Err(Over),
        }
    }

    fn run(
        &mut self,
        call: u64,
        program: &Arc<dyn Program>,
        function: &str,
        args: &[Value],
        limits: &Limits,
        seed: u64,
    ) -> Called {
        self.depth += 1;
        let called = program.call(function, args, limits, seed, &mut Away { worker: self, call });
        self.depth -= 1;
        called
    }

    fn reply(&mut self, reply: &Reply) -> Result<(), Over> {
        put(&mut self.out, reply)?;
        if self.out.len() >= OUT_BYTES_MAX { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Over> {
        if !self.out.is_empty() {
            self.stream.write_all(&self.out).map_err(|_| Over)?;
            self.out.clear();
        }
        Ok(())
    }

    /// Waits for the answer to a question of `call`, and meanwhile runs what else comes in.
    fn answer(&mut self, call: u64) -> Result<Result<Packed, HostError>, Over> {
        let mut later = Vec::new();
        let answer = loop {
            match self.next()? {
                Request::Answer { call: answered, answer } if answered == call => break answer,
                // An answer for a call further down: it waits until that call is on top again.
                answer @ Request::Answer { .. } => later.push(answer),
                request if self.depth < NESTING_MAX => self.handle(request)?,
                request => later.push(request),
            }
        };
        for request in later.into_iter().rev() {
            self.ready.push_front(request);
        }
        Ok(answer)
    }
}

/// The host as seen from inside a worker: it is on the other side of the socket.
struct Away<'a> {
    worker: &'a mut Worker,
    call: u64,
}

impl Host for Away<'_> {
    fn call(&mut self, function: &str, args: &[Value]) -> Result<Value, HostError> {
        let over = || HostError::Abort("the connection to the host is over".to_owned());
        let worker = &mut *self.worker;
        let index = worker.functions.iter().position(|known| *known == function);
        let Some(index) = index.and_then(|index| u32::try_from(index).ok()) else { return Err(over()) };
        let asked = worker.reply(&Reply::Ask { call: self.call, function: index, args: Packed::of(args) });
        let answer = match asked.and_then(|()| worker.answer(self.call)) {
            Ok(answer) => answer?,
            Err(Over) => {
                worker.is_over = true;
                return Err(over());
            }
        };
        answer.value().map_err(|_| over())
    }
}
