//! Code in worker processes of our own binary, behind walls that the kernel holds.

mod channel;
mod codec;
mod isolation;
mod language;
mod link;
mod lockdown;
mod serve;
mod soon;
mod wire;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ecology_types::{SmolStr, Value};

use crate::luau::{check, interned};
use crate::{Called, Engine, Fault, Host, HostError, Limits, Program, clean};
use codec::Packed;
pub use isolation::{Isolation, Layer};
pub use language::Language;
use link::{Death, Link, Shared};
pub use serve::worker_main;
use wire::{Reply, Request};

/// Workers kept in reserve, for calls that are tried again by themselves.
const SPARES_MAX: usize = 2;

/// Calls under way on one worker beyond which a call made by a host goes to another: well below what a worker lets wait inside itself, so that a
/// nested call is always begun, whoever else waits.
const NESTED_LOAD_MAX: usize = 64;
/// Workers started besides the configured ones for calls made by hosts.
const EXTRAS_MAX: usize = 8;

std::thread_local! {
    /// Whether this thread answers a question of a call, so that what it calls is nested.
    static IS_ANSWERING: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// The hidden subcommand by which a binary that is its own worker calls [`worker_main`].
pub const WORKER_SUBCOMMAND: &str = "sandbox-worker";

/// How to start workers.
#[derive(Debug, Clone)]
pub struct WorkerOptions {
    /// The program to start; it must call [`worker_main`].
    pub program: PathBuf,
    /// Its arguments, such as the hidden subcommand `sandbox-worker`.
    pub args: Vec<OsString>,
    /// What is run in the workers; Luau unless told.
    pub language: Language,
    /// Worker processes.
    pub workers: usize,
    /// The functions of the global table `world`.
    pub host_functions: Vec<&'static str>,
    /// Address space of each worker, 4 GiB unless told: most of it is reserved, not used.
    pub address_space_bytes_max: u64,
}

impl WorkerOptions {
    /// Two workers that are this very binary, started with the one argument [`WORKER_SUBCOMMAND`].
    ///
    /// # Errors
    /// When the path of this binary cannot be found out.
    pub fn own_binary(host_functions: &[&'static str]) -> std::io::Result<Self> {
        Ok(Self::new(std::env::current_exe()?, [WORKER_SUBCOMMAND], host_functions))
    }

    /// Two workers of `program`.
    pub fn new<A: Into<OsString>>(
        program: impl Into<PathBuf>,
        args: impl IntoIterator<Item = A>,
        host_functions: &[&'static str],
    ) -> Self {
        Self {
            program: program.into(),
            args: args.into_iter().map(Into::into).collect(),
            language: Language::default(),
            workers: 2,
            host_functions: host_functions.to_vec(),
            address_space_bytes_max: 4 << 30,
        }
    }
}

/// Runs code in worker processes. A crash or a hang costs a worker and, when the call does it again alone, that call; nobody else notices.
///
/// Instructions are counted as in process. Calls share the workers; those of one program go to the same one as long as it is not busier than the
/// others. Hosts may make calls themselves.
pub struct WorkerEngine {
    pool: Arc<Pool>,
}

struct Pool {
    options: WorkerOptions,
    host_functions: &'static [&'static str],
    links: Vec<Mutex<Shared>>,
    spares: Mutex<Vec<Shared>>,
    extras: Mutex<Vec<Shared>>,
    next_program: AtomicU64,
    ended: AtomicU64,
}

impl WorkerEngine {
    /// Starts the workers.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] when one cannot be started.
    pub fn start(options: WorkerOptions) -> Result<Self, Fault> {
        let links =
            (0..options.workers.max(1)).map(|_| start(&options).map(Mutex::new)).collect::<Result<_, _>>()?;
        let host_functions = interned(&options.host_functions);
        let pool = Pool {
            options,
            host_functions,
            links,
            spares: Mutex::new(Vec::new()),
            extras: Mutex::new(Vec::new()),
            next_program: AtomicU64::new(0),
            ended: AtomicU64::new(0),
        };
        Ok(Self { pool: Arc::new(pool) })
    }

    /// The walls around the workers.
    #[must_use]
    pub fn isolation(&self) -> Isolation {
        self.pool.current(0).map(|link| link.isolation().clone()).unwrap_or_default()
    }

    /// The process ids of the workers.
    #[must_use]
    pub fn process_ids(&self) -> Vec<u32> {
        self.pool.links.iter().map(|link| locked(link).pid()).collect()
    }

    /// Workers that ended or were killed so far.
    #[must_use]
    pub fn workers_lost(&self) -> u64 {
        let not_yet_replaced = self.pool.links.iter().filter(|link| locked(link).is_dead()).count();
        self.pool.ended.load(Ordering::Relaxed) + not_yet_replaced as u64
    }
}

impl Engine for WorkerEngine {
    fn name(&self) -> &'static str {
        self.pool.options.language.name()
    }

    fn compile(&self, source: &str, limits: &Limits) -> Result<Arc<dyn Program>, Fault> {
        self.pool.options.language.look_at(source, limits)?;
        let id = self.pool.next_program.fetch_add(1, Ordering::Relaxed);
        let functions = self.pool.run(
            id,
            |link| {
                let request = |call| Request::Compile {
                    call,
                    program: id,
                    source: source.to_owned(),
                    limits: limits.clone(),
                };
                match link.begin(allowed(limits), None, request)? {
                    (_, Reply::Compiled { outcome, .. }) => {
                        if outcome.is_ok() {
                            link.knows(id);
                        }
                        Ok(outcome)
                    }
                    _ => Ok(Err(confused())),
                }
            },
            Err,
        )?;
        Ok(Arc::new(WorkerProgram {
            pool: Arc::clone(&self.pool),
            id,
            source: source.into(),
            limits: limits.clone(),
            functions: functions.iter().map(SmolStr::new).collect(),
        }))
    }
}

struct WorkerProgram {
    pool: Arc<Pool>,
    id: u64,
    source: Box<str>,
    /// The limits it was compiled under.
    limits: Limits,
    functions: Box<[SmolStr]>,
}

impl Program for WorkerProgram {
    fn has(&self, function: &str) -> bool {
        self.functions.binary_search_by(|known| known.as_str().cmp(function)).is_ok()
    }

    fn functions(&self) -> &[SmolStr] {
        &self.functions
    }

    fn call(
        &self,
        function: &str,
        args: &[Value],
        limits: &Limits,
        seed: u64,
        host: &mut dyn Host,
    ) -> Called {
        if !self.has(function) {
            return Called::not_run(Fault::UnknownFunction { function: clean(function) });
        }
        if let Err(fault) = check(args, limits) {
            return Called::not_run(fault);
        }
        let packed = Packed::of(args);
        self.pool.run(
            self.id,
            |link| self.call_on(link, function, &packed, limits, seed, host),
            Called::not_run,
        )
    }
}

impl WorkerProgram {
    fn call_on(
        &self,
        link: &Link,
        function: &str,
        args: &Packed,
        limits: &Limits,
        seed: u64,
        host: &mut dyn Host,
    ) -> Result<Called, Death> {
        let tell = |call| Request::Compile {
            call,
            program: self.id,
            source: self.source.to_string(),
            limits: self.limits.clone(),
        };
        let (call, mut reply) =
            link.begin(allowed(limits), Some((self.id, &tell)), |call| Request::Call {
                call,
                program: self.id,
                function: function.to_owned(),
                args: args.clone(),
                limits: limits.clone(),
                seed,
            })?;
        loop {
            match reply {
                Reply::Called { outcome, instructions, memory_peak_bytes, .. } => {
                    let outcome = outcome.and_then(|value| {
                        let value = value.value().map_err(|_| confused())?;
                        check(std::slice::from_ref(&value), limits).map(|()| value)
                    });
                    return Ok(Called {
                        outcome,
                        instructions: instructions.min(limits.instructions_max),
                        memory_peak_bytes,
                    });
                }
                Reply::Ask { function, args, .. } => {
                    let answer = self.ask(function, &args, limits, host);
                    reply = link.go_on(call, allowed(limits), &Request::Answer { call, answer })?;
                }
                Reply::Ready(_) | Reply::Compiled { .. } => return Ok(Called::not_run(confused())),
            }
        }
    }

    fn ask(
        &self,
        function: u32,
        args: &Packed,
        limits: &Limits,
        host: &mut dyn Host,
    ) -> Result<Packed, HostError> {
        let name = usize::try_from(function).ok().and_then(|index| self.pool.host_functions.get(index));
        let (Some(name), Ok(args)) = (name, args.values()) else {
            return Err(HostError::Abort("the worker asked for something that does not exist".to_owned()));
        };
        // The worker has checked this as well, but it may be in the hands of the code.
        if check(&args, limits).is_err() {
            return Err(HostError::Abort("the worker asked for too much".to_owned()));
        }
        let outer = IS_ANSWERING.replace(true);
        let answer = host.call(name, &args);
        IS_ANSWERING.set(outer);
        let answer = answer?;
        match check(std::slice::from_ref(&answer), limits) {
            Ok(()) => Ok(Packed::one(&answer)),
            Err(fault) => Err(HostError::Refused(format!("world.{name} answered too much: {fault}"))),
        }
    }
}

impl Pool {
    /// Does `work` on a shared worker; when that one ends meanwhile, once more on a worker that does nothing else. Who ends that too is to blame.
    fn run<T>(
        &self,
        program: u64,
        mut work: impl FnMut(&Link) -> Result<T, Death>,
        failed: impl Fn(Fault) -> T,
    ) -> T {
        let link = match self.choose(program) {
            Ok(link) => link,
            Err(fault) => return failed(fault),
        };
        if let Ok(done) = work(&link) {
            return done;
        }
        drop(link);
        let spare = self.spares.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let spare = spare.filter(|spare| !spare.is_dead()).map_or_else(|| start(&self.options), Ok);
        let spare = match spare {
            Ok(spare) => spare,
            Err(fault) => return failed(fault),
        };
        match work(&spare) {
            Ok(done) => {
                let mut spares = self.spares.lock().unwrap_or_else(PoisonError::into_inner);
                if spares.len() < SPARES_MAX {
                    spares.push(spare);
                }
                done
            }
            Err(death) => {
                self.ended.fetch_add(1, Ordering::Relaxed);
                failed(match death {
                    Death::Died(how) => Fault::WorkerDied { how },
                    Death::TimedOut => Fault::WorkerTimedOut,
                })
            }
        }
    }

    /// The worker for a program: its own, unless another has much less to do.
    fn choose(&self, program: u64) -> Result<Shared, Fault> {
        const BUSIER_MAX: usize = 16;
        let home = usize::try_from(program).unwrap_or_default() % self.links.len();
        let link = self.current(home)?;
        let load = link.load();
        if IS_ANSWERING.get() && load >= NESTED_LOAD_MAX {
            return self.choose_for_nested();
        }
        if load < BUSIER_MAX {
            return Ok(link);
        }
        for index in 0..self.links.len() {
            let other = self.current(index)?;
            if other.load() + BUSIER_MAX < load {
                return Ok(other);
            }
        }
        Ok(link)
    }

    /// A worker that will begin a nested call at once. Who waits for it waits inside a worker already, and must not wait for a place in the same one.
    fn choose_for_nested(&self) -> Result<Shared, Fault> {
        for index in 0..self.links.len() {
            let link = self.current(index)?;
            if link.load() < NESTED_LOAD_MAX {
                return Ok(link);
            }
        }
        let mut extras = self.extras.lock().unwrap_or_else(PoisonError::into_inner);
        extras.retain(|extra| !extra.is_dead());
        if let Some(extra) = extras.iter().find(|extra| extra.load() < NESTED_LOAD_MAX) {
            return Ok(Arc::clone(extra));
        }
        if extras.len() >= EXTRAS_MAX {
            return Err(Fault::Unavailable { reason: "too many calls wait for calls they made".to_owned() });
        }
        let extra = start(&self.options)?;
        extras.push(Arc::clone(&extra));
        Ok(extra)
    }

    /// The worker in this place, a fresh one if the last has ended.
    fn current(&self, index: usize) -> Result<Shared, Fault> {
        let mut link = locked(&self.links[index]);
        if link.is_dead() {
            self.ended.fetch_add(1, Ordering::Relaxed);
            *link = start(&self.options)?;
        }
        Ok(Arc::clone(&link))
    }
}

fn start(options: &WorkerOptions) -> Result<Shared, Fault> {
    Link::start(options).map(Arc::new).map_err(|reason| Fault::Unavailable { reason })
}

fn locked(link: &Mutex<Shared>) -> std::sync::MutexGuard<'_, Shared> {
    link.lock().unwrap_or_else(PoisonError::into_inner)
}

const fn allowed(limits: &Limits) -> Duration {
    Duration::from_millis(limits.wall_ms_max)
}

fn confused() -> Fault {
    Fault::WorkerDied { how: "it answered something else than what it was asked".to_owned() }
}
