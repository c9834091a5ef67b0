//! WebAssembly in this process, for tools in any language: wasmtime with fuel, and nothing of a system interface.
//!
//! Source is the base64 text of a binary core module (`\0asm`, version 1); text format, components and precompiled modules are refused. What a module and
//! the sandbox agree on, all of it:
//!
//! | | name | type | meaning |
//! | --- | --- | --- | --- |
//! | export | `memory` | memory | the only one |
//! | export | `alloc` | `(len: i32) -> ptr: i32` | room for `len` bytes that the sandbox will write; it may not ask the world |
//! | export | any other | `(ptr: i32, len: i32) -> i64` | a function to call, such as `check_permission` or `run` |
//! | import | `world` *name* | `(ptr: i32, len: i32) -> i64` | asks the host, only inside a call |
//! | import | `sandbox` `random` | `() -> i64` | 64 bits of the call's own stream |
//!
//! Text goes both ways as UTF-8 JSON. A function is handed the list of its arguments, `[first, second]`, and returns where its result lies:
//! `ptr << 32 | len`. A question is the list of its arguments; the answer, in the same packing and in room from `alloc`, is `{"ok": value}` or
//! `{"error": "a sentence"}`. Numbers are whole and below 2^53. Every call starts from a fresh instance.
//!
//! Instructions are wasmtime's fuel: one for each executed operator; besides, one for every [`BYTES_PER_INSTRUCTION`](crate::BYTES_PER_INSTRUCTION) of the module and of text that
//! crosses the border, and [`INSTRUCTIONS_PER_HOST_CALL`](crate::INSTRUCTIONS_PER_HOST_CALL) for a question. So that no operator costs more than its size in memory,
//! those that move blocks are refused (bulk memory, tables that grow, vectors): compile for the first version of WebAssembly (`-C target-cpu=mvp`).
//!
//! A module is compiled by a compiler that nobody meters: let a [`WorkerEngine`](crate::WorkerEngine) do that, which can be killed.

mod json;
mod program;
mod running;

use std::sync::{Arc, OnceLock};

use data_encoding::BASE64;
use ecology_types::SmolStr;
use wasmtime::{Caller, Config, ExternType, FuncType, Linker, Module, OptLevel, ValType, WasmFeatures};

use crate::{Engine, Fault, Limits, Program, clean};
use program::{WasmProgram, ask};
use running::Running;

/// Stack of the code. What the host does on behalf of the code comes on top of it.
const STACK_BYTES: usize = 256 << 10;
/// Address space that a memory is given at once, so that growing need not copy.
const RESERVED_BYTES: u64 = 16 << 20;
/// Every core module begins with this; what a compiler left behind or a component does not.
const HEADER: &[u8] = b"\0asm\x01\0\0\0";

/// Runs WebAssembly in this process. See the [module](self) for what a module must look like.
#[derive(Clone)]
pub struct WasmEngine {
    linker: Arc<Linker<Running>>,
    host_functions: &'static [&'static str],
}

impl WasmEngine {
    /// An engine whose modules may import these functions from `world`.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] when there is no compiler for this machine.
    pub fn new(host_functions: &[&'static str]) -> Result<Self, Fault> {
        let host_functions = crate::luau::interned(host_functions);
        let mut linker = Linker::new(machine()?);
        for name in host_functions.iter().copied() {
            linker
                .func_wrap("world", name, move |mut caller: Caller<'_, Running>, at: u32, length: u32| {
                    ask(&mut caller, name, at, length)
                })
                .map_err(unavailable)?;
        }
        linker
            .func_wrap("sandbox", "random", |mut caller: Caller<'_, Running>| caller.data_mut().random())
            .map_err(unavailable)?;
        Ok(Self { linker: Arc::new(linker), host_functions })
    }

    /// Makes a program of a binary module, which [`Engine::compile`] takes as base64 text.
    ///
    /// # Errors
    /// As [`Engine::compile`].
    pub fn compile_module(&self, module: &[u8], limits: &Limits) -> Result<Arc<dyn Program>, Fault> {
        if module.len() as u64 > limits.source_bytes_max {
            return Err(too_long(module.len(), limits));
        }
        if !module.starts_with(HEADER) {
            return Err(no_program("it is not a binary core module of WebAssembly version 1"));
        }
        let compiled =
            Module::new(machine()?, module).map_err(|error| no_program(&format!("{:#}", error)))?;
        for import in compiled.imports() {
            self.check_import(import.module(), import.name(), &import.ty())?;
        }
        let functions = exports(&compiled)?;
        let ready =
            self.linker.instantiate_pre(&compiled).map_err(|error| no_program(&format!("{error:#}")))?;
        let program = WasmProgram { ready, module_bytes: module.len() as u64, functions };
        program.start(limits)?;
        Ok(Arc::new(program))
    }

    fn check_import(&self, module: &str, name: &str, kind: &ExternType) -> Result<(), Fault> {
        let (arguments, is_known) = match module {
            "world" => (2, self.host_functions.contains(&name)),
            "sandbox" => (0, name == "random"),
            _ => (0, false),
        };
        if !is_known {
            return Err(no_program(&format!("it imports {module}.{name}, which does not exist here")));
        }
        match kind {
            ExternType::Func(function) if is_of(function, arguments, &ValType::I64) => Ok(()),
            _ => Err(no_program(&format!("it imports {module}.{name} with another type than it has"))),
        }
    }
}

impl std::fmt::Debug for WasmEngine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("WasmEngine")
            .field("host_functions", &self.host_functions)
            .finish_non_exhaustive()
    }
}

impl Engine for WasmEngine {
    fn name(&self) -> &'static str {
        "wasm"
    }

    fn compile(&self, source: &str, limits: &Limits) -> Result<Arc<dyn Program>, Fault> {
        self.compile_module(&decode(source, limits)?, limits)
    }
}

/// The module in base64 text, line breaks allowed.
pub(crate) fn decode(source: &str, limits: &Limits) -> Result<Vec<u8>, Fault> {
    if source.len() as u64 > limits.source_bytes_max {
        return Err(too_long(source.len(), limits));
    }
    let text: Vec<u8> = source.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    BASE64.decode(&text).map_err(|error| no_program(&format!("the source is not base64 text: {error}")))
}

/// The functions that may be called, sorted, when what every module needs is there.
fn exports(module: &Module) -> Result<Box<[SmolStr]>, Fault> {
    if !matches!(module.get_export("memory"), Some(ExternType::Memory(_))) {
        return Err(no_program("it exports no memory called `memory`"));
    }
    match module.get_export("alloc") {
        Some(ExternType::Func(function)) if is_of(&function, 1, &ValType::I32) => {}
        _ => return Err(no_program("it exports no function `alloc` from i32 to i32")),
    }
    let mut functions: Vec<SmolStr> = module
        .exports()
        .filter(
            |export| matches!(export.ty(), ExternType::Func(function) if is_of(&function, 2, &ValType::I64)),
        )
        .map(|export| SmolStr::new(export.name()))
        .collect();
    functions.sort();
    Ok(functions.into_boxed_slice())
}

/// Whether a function takes so many i32 and returns one `result`.
fn is_of(function: &FuncType, arguments: usize, result: &ValType) -> bool {
    function.params().len() == arguments
        && function.params().all(|param| ValType::eq(&param, &ValType::I32))
        && function.results().len() == 1
        && function.results().all(|returned| ValType::eq(&returned, result))
}

/// The compiler and its settings, one for the whole process.
fn machine() -> Result<&'static wasmtime::Engine, Fault> {
    static MACHINE: OnceLock<Result<wasmtime::Engine, String>> = OnceLock::new();
    let made = MACHINE.get_or_init(|| {
        let mut config = Config::new();
        config
            .consume_fuel(true)
            .max_wasm_stack(STACK_BYTES)
            // Bounds are checked in the code itself: no signal handlers, which would be the whole process's, and no large guard areas.
            .signals_based_traps(false)
            .memory_reservation(RESERVED_BYTES)
            .memory_reservation_for_growth(RESERVED_BYTES)
            .memory_guard_size(0)
            .memory_init_cow(false)
            // Linear in the size of the module, as far as a compiler can be.
            .cranelift_opt_level(OptLevel::None)
            // The bits of a NaN are otherwise the machine's choice.
            .cranelift_nan_canonicalization(true)
            .generate_address_map(false)
            .wasm_backtrace_max_frames(None)
            // What moves blocks of any size for one instruction, and what nobody needs.
            .wasm_bulk_memory(false)
            .wasm_features(WasmFeatures::REFERENCE_TYPES, false)
            .wasm_simd(false)
            .wasm_relaxed_simd(false)
            .wasm_multi_memory(false)
            .wasm_memory64(false)
            .wasm_tail_call(false)
            .wasm_extended_const(false);
        wasmtime::Engine::new(&config).map_err(|error| format!("{error:#}"))
    });
    made.as_ref().map_err(|reason| Fault::Unavailable { reason: clean(reason) })
}

fn too_long(bytes: usize, limits: &Limits) -> Fault {
    no_program(&format!("the source has {bytes} bytes; at most {} are allowed", limits.source_bytes_max))
}

fn no_program(message: &str) -> Fault {
    Fault::Compile { line: 0, message: clean(message) }
}

fn unavailable(error: wasmtime::Error) -> Fault {
    Fault::Unavailable { reason: clean(&format!("{error:#}")) }
}
