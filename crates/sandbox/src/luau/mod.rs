//! Luau in this process: the virtual machine of Roblox, built for untrusted code, with what it leaves open closed here.

mod convert;
mod lasting;
mod loaded;
mod natives;
mod pattern;
mod program;
mod template;
mod vm;

use std::cell::{Cell, RefCell};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use mlua::chunk::Compiler;

use crate::scan::scan;
use crate::{Engine, Fault, Limits, Program, clean};
pub(crate) use convert::check;
use program::{Code, LuauProgram, with_machine};

/// Stack of the thread that compiles. The parser limits its own recursion; this is room for all of it, in every kind of build.
const COMPILER_STACK_BYTES: usize = 16 << 20;

/// Runs Luau in this process. Cheap to make; machines belong to threads and are shared by all engines with the same host functions.
#[derive(Debug, Clone, Copy)]
pub struct LuauEngine {
    host_functions: &'static [&'static str],
    /// Whether a top level that can may last from call to call.
    may_last: bool,
}

impl LuauEngine {
    /// An engine whose programs see these functions in the global table `world`.
    #[must_use]
    pub fn new(host_functions: &[&'static str]) -> Self {
        Self { host_functions: interned(host_functions), may_last: true }
    }

    /// The same, but every call runs the top level. Nobody can tell, which tests make sure of by comparing.
    #[cfg(test)]
    fn defining_for_every_call(self) -> Self {
        Self { may_last: false, ..self }
    }
}

impl Engine for LuauEngine {
    fn name(&self) -> &'static str {
        "luau"
    }

    fn compile(&self, source: &str, limits: &Limits) -> Result<Arc<dyn Program>, Fault> {
        scan(source, limits)?;
        // `world` is reached by its name alone; without it a call needs no way to the host.
        let code = Code::new(bytecode(source)?, source.contains("world"), self.may_last);
        let functions = with_machine(self.host_functions, |vm| {
            let defined = vm.define(&code, limits);
            let is_sound = !matches!(defined, Err(Fault::OutOfMemory | Fault::Unavailable { .. }));
            (defined, is_sound)
        })??;
        Ok(Arc::new(LuauProgram {
            code,
            functions: functions.into_boxed_slice(),
            host_functions: self.host_functions,
        }))
    }
}

thread_local! {
    static COMPILES_HERE: Cell<bool> = const { Cell::new(false) };
}

/// From now on this thread compiles on its own stack, which must be large; for a process that may not start threads.
pub(crate) fn compile_here() {
    COMPILES_HERE.set(true);
}

fn bytecode(source: &str) -> Result<Vec<u8>, Fault> {
    if COMPILES_HERE.get() {
        let compiler = Compiler::new().set_optimization_level(1).set_debug_level(1);
        return compiler.compile(source).map_err(|error| compile_fault(&error));
    }
    in_compiler_thread(source)
}

/// What a thread that compiles is asked.
struct Job {
    source: String,
    reply: SyncSender<Result<Vec<u8>, Fault>>,
}

thread_local! {
    /// The compiler of this thread, which ends with it. Kept, because starting one costs more than compiling a contract.
    static COMPILER: RefCell<Option<SyncSender<Job>>> = const { RefCell::new(None) };
}

fn in_compiler_thread(source: &str) -> Result<Vec<u8>, Fault> {
    let failed = || Fault::Unavailable { reason: "the compiler failed".to_owned() };
    let (reply, answer) = sync_channel(1);
    COMPILER.with_borrow_mut(|compiler| {
        let jobs = match compiler.take() {
            Some(jobs) => jobs,
            None => start_compiler()?,
        };
        jobs.send(Job { source: source.to_owned(), reply }).map_err(|_| failed())?;
        *compiler = Some(jobs);
        Ok(())
    })?;
    // One that failed has ended: it is not kept, so that the next source finds a fresh one.
    answer.recv().unwrap_or_else(|_| {
        COMPILER.with_borrow_mut(|compiler| *compiler = None);
        Err(failed())
    })
}

fn start_compiler() -> Result<SyncSender<Job>, Fault> {
    let (jobs, incoming) = sync_channel::<Job>(1);
    let work = move || {
        compile_here();
        while let Ok(Job { source, reply }) = incoming.recv() {
            // Nobody waiting is nobody's loss.
            let _ = reply.send(bytecode(&source));
        }
    };
    match std::thread::Builder::new()
        .name("sandbox-compile".to_owned())
        .stack_size(COMPILER_STACK_BYTES)
        .spawn(work)
    {
        Ok(_) => Ok(jobs),
        Err(error) => Err(Fault::Unavailable { reason: format!("no thread to compile in: {error}") }),
    }
}

/// The compiler's message is `LINE: what`.
fn compile_fault(error: &mlua::Error) -> Fault {
    let text = match error {
        mlua::Error::SyntaxError { message, .. } => message.clone(),
        other => other.to_string(),
    };
    let numbered = text.trim_start_matches(':').split_once(':');
    match numbered.and_then(|(line, message)| Some((line.trim().parse().ok()?, message))) {
        Some((line, message)) => Fault::Compile { line, message: clean(message.trim()) },
        None => Fault::Compile { line: 0, message: clean(&text) },
    }
}

/// One list for each set of host functions, kept for good: there are as many as there are kinds of host in the program.
pub(crate) fn interned(functions: &[&'static str]) -> &'static [&'static str] {
    static LISTS: Mutex<Vec<&'static [&'static str]>> = Mutex::new(Vec::new());
    let mut lists = LISTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = lists.iter().find(|known| **known == functions) {
        return known;
    }
    let kept: &'static [&'static str] = Vec::leak(functions.to_vec());
    lists.push(kept);
    kept
}
