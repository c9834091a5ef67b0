//! One virtual machine: many programs, one call at a time.

use std::collections::HashMap;
use std::rc::Rc;

use ecology_types::{SmolStr, Value};
use mlua::chunk::ChunkMode;
use mlua::{Either, Function, Lua, LuaOptions, LuaString, MultiValue, StdLib, Table, VmState};

use super::convert::{Refused, all_from_lua, check, from_lua, to_lua};
use super::pattern::{self, Capture, Trouble};
use super::program::Code;
use super::template::Template;
use crate::meter::Meter;
use crate::{Called, Fault, Host, HostError, Limits, MEMORY_STEP_BYTES_MAX, clean};

/// Programs that one machine keeps loaded.
const PROGRAMS_MAX: usize = 1024;
/// Bytes of bytecode that one machine keeps loaded.
const BYTECODE_BYTES_MAX: usize = 16 << 20;
/// Bytes of garbage after which a machine collects, unless what lives is more.
const GARBAGE_BYTES_MAX: usize = 1 << 20;

const PRELUDE: &str = include_str!("prelude.luau");

/// One virtual machine.
pub(super) struct Vm {
    lua: Lua,
    meter: Rc<Meter>,
    fresh: Function,
    /// The globals of programs that do not run.
    nothing: Table,
    load: Function,
    run: Function,
    template: Option<Template>,
    functions: &'static [&'static str],
    loaded: HashMap<u64, Loaded>,
    loaded_bytes: usize,
    uses: u64,
    live_bytes: usize,
}

struct Loaded {
    chunk: Function,
    bytes: usize,
    last_use: u64,
}

impl Vm {
    /// A machine whose table `world` has these functions.
    pub(super) fn new(functions: &'static [&'static str]) -> Result<Self, Fault> {
        Self::build(functions)
            .map_err(|error| Fault::Unavailable { reason: clean(&format!("no virtual machine: {error}")) })
    }

    fn build(functions: &'static [&'static str]) -> mlua::Result<Self> {
        let libraries =
            StdLib::COROUTINE | StdLib::TABLE | StdLib::STRING | StdLib::UTF8 | StdLib::BIT | StdLib::MATH;
        let lua = Lua::new_with(libraries, LuaOptions::new())?;
        let meter = Rc::new(Meter::default());
        meter.idle();
        let native = natives(&lua, &meter)?;
        let names = lua.create_sequence_from(functions.iter().copied())?;
        let (fresh, load, run) = lua.load(PRELUDE).set_name("=sandbox").call((native, names))?;
        lua.sandbox(true)?;
        let counting = Rc::clone(&meter);
        lua.set_interrupt(move |lua| match counting.tick() {
            Ok(()) => {
                limit_step(lua, &counting)?;
                Ok(VmState::Continue)
            }
            Err(_) => Err(stopped()),
        });
        let nothing = lua.create_table()?;
        lua.gc_collect()?;
        lua.gc_stop();
        let live_bytes = lua.used_memory();
        Ok(Self {
            lua,
            meter,
            fresh,
            nothing,
            load,
            run,
            template: None,
            functions,
            loaded: HashMap::new(),
            loaded_bytes: 0,
            uses: 0,
            live_bytes,
        })
    }

    pub(super) const fn functions(&self) -> &'static [&'static str] {
        self.functions
    }

    /// Runs the top level once and tells which global functions it defines.
    pub(super) fn define(&mut self, code: &Code, limits: &Limits) -> Result<Vec<SmolStr>, Fault> {
        let (chunk, environment) = self.prepare(code)?;
        let limit = self.lua.used_memory().saturating_add(in_bytes(limits.memory_bytes_max));
        self.meter.start(limits, code.weight, 0);
        self.limit_memory(limit)?;
        let outcome = self.load.call::<(u8, mlua::Value)>((chunk, &environment));
        let outcome = self.settle(outcome, limits);
        self.finish();
        outcome?;
        let mut functions = Vec::new();
        environment
            .for_each::<mlua::Value, mlua::Value>(|name, value| {
                if let (mlua::Value::String(name), mlua::Value::Function(_)) = (name, value)
                    && let Ok(name) = name.to_str()
                {
                    functions.push(SmolStr::new(&*name));
                }
                Ok(())
            })
            .map_err(broken)?;
        functions.sort();
        Ok(functions)
    }

    /// Calls a function of a program.
    pub(super) fn call(
        &mut self,
        code: &Code,
        function: &str,
        args: &[Value],
        limits: &Limits,
        seed: u64,
        host: &mut dyn Host,
    ) -> Called {
        self.meter.idle();
        // Not a copy: nothing else runs in this machine until the call is over, and then the next one gives it fresh globals again.
        let chunk = match self.chunk(code) {
            Ok(chunk) => chunk.clone(),
            Err(fault) => return Called::not_run(fault),
        };
        if let Err(fault) = check(args, limits).and_then(|()| self.fill_template(args)) {
            return Called::not_run(fault);
        }
        let before = self.lua.used_memory();
        let outcome = self.call_prepared(&chunk, before, code, function, args, limits, seed, host);
        let memory_peak_bytes = self.lua.used_memory().saturating_sub(before) as u64;
        // What the call made global lives no longer than the call.
        let _ = chunk.set_environment(self.nothing.clone());
        // Where exactly memory or the clock runs out depends on what is not the code's business; what it costs must not.
        let instructions = match outcome {
            Err(Fault::OutOfMemory | Fault::TooSlow) => limits.instructions_max,
            _ => self.meter.used(),
        };
        self.finish();
        Called { outcome, instructions, memory_peak_bytes }
    }

    #[expect(clippy::too_many_arguments, reason = "one call, in order")]
    fn call_prepared(
        &self,
        chunk: &Function,
        before: usize,
        code: &Code,
        function: &str,
        args: &[Value],
        limits: &Limits,
        seed: u64,
        host: &mut dyn Host,
    ) -> Result<Value, Fault> {
        self.meter.start(limits, code.weight, seed);
        let memory_max = before.saturating_add(in_bytes(limits.memory_bytes_max));
        let mut values = MultiValue::new();
        let template = match (Template::fields_of(args), &self.template) {
            (Some(_), Some(template)) => Either::Left(template.table()),
            _ => {
                // The call itself is an instruction as well; where there is a template, copying it is.
                if self.meter.charge(code.weight).is_err() {
                    return Err(Fault::OutOfInstructions);
                }
                for arg in args {
                    values.push_back(to_lua(&self.lua, arg).map_err(refused)?);
                }
                if self.lua.used_memory() > memory_max {
                    return Err(Fault::OutOfMemory);
                }
                Either::Right(false)
            }
        };
        // The limit itself is set by the first instruction: until then only this program's own code runs, and it is cheaper without.
        self.meter.set_memory_max(memory_max);
        let outcome = if code.asks_world {
            self.lua.scope(|scope| {
                let ask = scope.create_function_mut(|lua, (index, args): (usize, MultiValue)| {
                    self.ask(lua, index, args, limits, host)
                })?;
                self.run.call::<(u8, mlua::Value)>((chunk, function, ask, template, values))
            })
        } else {
            self.run.call::<(u8, mlua::Value)>((chunk, function, false, template, values))
        };
        // What is read now is no more than there is; without a limit every look into the machine is cheaper.
        let _ = self.lua.set_memory_limit(0);
        match self.settle(outcome, limits)? {
            Some(value) => Ok(value),
            None => Err(Fault::UnknownFunction { function: clean(function) }),
        }
    }

    /// Makes the template hold the call's only argument, if that is a flat map.
    fn fill_template(&mut self, args: &[Value]) -> Result<(), Fault> {
        let (Some(fields), [map]) = (Template::fields_of(args), args) else { return Ok(()) };
        match &mut self.template {
            Some(template) if template.fits(fields) => template.fill(fields).map_err(refused),
            template => {
                *template = Some(Template::new(&self.lua, map, fields).map_err(refused)?);
                Ok(())
            }
        }
    }

    /// A question of the code to the host: true and the answer, or false and a sentence.
    fn ask(
        &self,
        lua: &Lua,
        index: usize,
        args: MultiValue,
        limits: &Limits,
        host: &mut dyn Host,
    ) -> mlua::Result<(bool, mlua::Value)> {
        self.meter.ask().map_err(|_| stopped())?;
        let function = self.functions.get(index.wrapping_sub(1)).copied().unwrap_or_default();
        let args: Vec<_> = args.into_iter().collect();
        let answer = match all_from_lua(&args, limits) {
            Ok(args) => host.call(function, &args),
            Err(why) => Err(HostError::Refused(format!("world.{function}: {}", refused(why)))),
        };
        let answer = answer.and_then(|value| match check(std::slice::from_ref(&value), limits) {
            Ok(()) => Ok(value),
            Err(fault) => Err(HostError::Refused(format!("world.{function} answered too much: {fault}"))),
        });
        match answer {
            Ok(value) => match self.hand_over(lua, &value) {
                Ok(value) => Ok((true, value)),
                Err(Refused::Memory) => Err(self.stop(Fault::OutOfMemory)),
                Err(Refused::Fault(fault)) => Ok((false, sentence(lua, &fault.to_string())?)),
            },
            Err(HostError::Refused(why)) => Ok((false, sentence(lua, &why)?)),
            Err(HostError::Abort(why)) => Err(self.stop(Fault::Aborted { reason: clean(&why) })),
        }
    }

    /// An answer is no single step: it may be as large as the call's memory allows.
    fn hand_over(&self, lua: &Lua, value: &Value) -> Result<mlua::Value, Refused> {
        lua.set_memory_limit(self.meter.memory_max())?;
        let value = to_lua(lua, value)?;
        limit_step(lua, &self.meter)?;
        Ok(value)
    }

    fn limit_memory(&self, memory_max: usize) -> Result<(), Fault> {
        self.meter.set_memory_max(memory_max);
        limit_step(&self.lua, &self.meter).map_err(broken)
    }

    fn stop(&self, why: Fault) -> mlua::Error {
        self.meter.stop(why);
        stopped()
    }

    /// What a run came to; nothing when the function is unknown.
    fn settle(
        &self,
        outcome: mlua::Result<(u8, mlua::Value)>,
        limits: &Limits,
    ) -> Result<Option<Value>, Fault> {
        if let Some(fault) = self.meter.take_stop() {
            return Err(fault);
        }
        match outcome {
            Ok((0, value)) => from_lua(&value, limits).map(Some).map_err(refused),
            Ok((1, _)) => Ok(None),
            Ok((2, mlua::Value::String(message))) => {
                let message = message.to_string_lossy();
                if message.contains("stack overflow") {
                    return Err(Fault::TooDeep);
                }
                Err(Fault::Error { message: clean(&message) })
            }
            Ok(_) | Err(mlua::Error::MemoryError(_)) => Err(Fault::OutOfMemory),
            Err(error) => Err(Fault::Error { message: clean(&error.to_string()) }),
        }
    }

    /// A copy of the program's chunk with fresh globals.
    fn prepare(&mut self, code: &Code) -> Result<(Function, Table), Fault> {
        self.meter.idle();
        let chunk = self.chunk(code)?.deep_clone().map_err(broken)?;
        let environment = self.fresh.call::<Table>(()).map_err(broken)?;
        chunk.set_environment(environment.clone()).map_err(broken)?;
        Ok((chunk, environment))
    }

    fn chunk(&mut self, code: &Code) -> Result<&Function, Fault> {
        self.uses += 1;
        if !self.loaded.contains_key(&code.id) {
            self.evict(code.bytecode.len());
            let chunk = self
                .lua
                .load(&code.bytecode[..])
                .set_name("=code")
                .set_mode(ChunkMode::Binary)
                .into_function()
                .map_err(broken)?;
            let loaded = Loaded { chunk, bytes: code.bytecode.len(), last_use: 0 };
            self.loaded_bytes += loaded.bytes;
            self.loaded.insert(code.id, loaded);
        }
        match self.loaded.get_mut(&code.id) {
            Some(loaded) => {
                loaded.last_use = self.uses;
                Ok(&loaded.chunk)
            }
            None => Err(Fault::Unavailable { reason: "a program was not loaded".to_owned() }),
        }
    }

    /// Makes room for a program: when full, the half used longest ago goes.
    fn evict(&mut self, bytes: usize) {
        if self.loaded.len() < PROGRAMS_MAX && self.loaded_bytes + bytes <= BYTECODE_BYTES_MAX {
            return;
        }
        let mut uses: Vec<u64> = self.loaded.values().map(|loaded| loaded.last_use).collect();
        let middle = uses.len() / 2;
        if uses.is_empty() {
            return;
        }
        let (_, oldest_kept, _) = uses.select_nth_unstable(middle);
        let oldest_kept = *oldest_kept;
        self.loaded.retain(|_, loaded| loaded.last_use > oldest_kept);
        self.loaded_bytes = self.loaded.values().map(|loaded| loaded.bytes).sum();
    }

    /// After a run: limits off, and garbage away when there is much of it.
    fn finish(&mut self) {
        self.meter.idle();
        let _ = self.lua.set_memory_limit(0);
        if self.lua.used_memory() > self.live_bytes + self.live_bytes.max(GARBAGE_BYTES_MAX) {
            let _ = self.lua.gc_collect();
            self.lua.gc_stop();
            self.live_bytes = self.lua.used_memory();
        }
    }
}

/// Until the next instruction a call may take one step of memory, as long as there is any left.
fn limit_step(lua: &Lua, meter: &Meter) -> mlua::Result<()> {
    let memory_max = meter.memory_max();
    if memory_max != 0 {
        let step = lua.used_memory().saturating_add(in_bytes(MEMORY_STEP_BYTES_MAX));
        lua.set_memory_limit(step.min(memory_max))?;
    }
    Ok(())
}

fn natives(lua: &Lua, meter: &Rc<Meter>) -> mlua::Result<Table> {
    let native = lua.create_table()?;
    let counting = Rc::clone(meter);
    native.raw_set(
        "charge",
        lua.create_function(move |_, amount: f64| counting.charge(count(amount)).map_err(|_| stopped()))?,
    )?;
    let counting = Rc::clone(meter);
    native.raw_set(
        "stop_out_of_memory",
        lua.create_function(move |_, ()| {
            counting.stop(Fault::OutOfMemory);
            Err::<(), _>(stopped())
        })?,
    )?;
    let counting = Rc::clone(meter);
    native.raw_set(
        "random",
        lua.create_function(move |_, (low, high): (Option<f64>, Option<f64>)| {
            Ok(random(counting.random(), low.zip(high)))
        })?,
    )?;
    let counting = Rc::clone(meter);
    native.raw_set(
        "pattern",
        lua.create_function(
            move |lua, (text, pattern, init, is_literal_caret): (LuaString, LuaString, f64, bool)| {
                find(lua, &text, &pattern, init, is_literal_caret, &counting)
            },
        )?,
    )?;
    let counting = Rc::clone(meter);
    native.raw_set(
        "plain_find",
        lua.create_function(move |_, (text, wanted, init): (LuaString, LuaString, f64)| {
            let (text, wanted) = (text.as_bytes(), wanted.as_bytes());
            let from = position(init).min(text.len());
            counting
                .charge((text.len() - from + wanted.len()) as u64 / crate::BYTES_PER_INSTRUCTION)
                .map_err(|_| stopped())?;
            Ok(memchr::memmem::find(&text[from..], &wanted)
                .map(|at| (from + at + 1, from + at + wanted.len()))
                .unzip())
        })?,
    )?;
    native.raw_set("null", mlua::Value::NULL)?;
    native.raw_set("bytes_per_instruction", crate::BYTES_PER_INSTRUCTION)?;
    native.raw_set("items_per_instruction", crate::ITEMS_PER_INSTRUCTION)?;
    Ok(native)
}

fn find(
    lua: &Lua,
    text: &LuaString,
    pattern: &LuaString,
    init: f64,
    is_literal_caret: bool,
    meter: &Meter,
) -> mlua::Result<MultiValue> {
    let (text, pattern) = (text.as_bytes(), pattern.as_bytes());
    let found = match pattern::find(&text, &pattern, position(init), is_literal_caret, meter) {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(MultiValue::new()),
        Err(Trouble::Stopped) => return Err(stopped()),
        Err(Trouble::Malformed(why)) => return Err(mlua::Error::runtime(why)),
    };
    let mut results = MultiValue::with_capacity(2 + found.captures.len());
    results.push_back(number(found.from + 1));
    results.push_back(number(found.to));
    for capture in found.captures {
        results.push_back(match capture {
            Capture::Text(from, to) => mlua::Value::String(lua.create_string(&text[from..to])?),
            Capture::Position(at) => number(at),
        });
    }
    Ok(results)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "positions in a string are far below 2^53; 53 random bits are what a float holds"
)]
mod floats {
    /// A position as the code sees it.
    pub(super) fn number(at: usize) -> mlua::Value {
        mlua::Value::Number(at as f64)
    }

    /// A number in [0, 1), or a whole one between two, both included.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole numbers within 2^53, as the prelude makes sure"
    )]
    pub(super) fn random(bits: u64, between: Option<(f64, f64)>) -> f64 {
        let Some((low, high)) = between else { return (bits >> 11) as f64 / (1_u64 << 53) as f64 };
        let (low, high) = (low as i64, high as i64);
        let span = u128::from(high.abs_diff(low)) + 1;
        // Multiply and shift (Lemire 2019) without the rejection: the bias is below 2^-10 even for the widest span.
        let offset = (u128::from(bits) * span) >> 64;
        (i128::from(low) + offset as i128) as f64
    }
}
use floats::{number, random};

/// A zero-based position from one that counts from 1.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, as wanted")]
fn position(init: f64) -> usize {
    (init as usize).saturating_sub(1)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, as wanted")]
fn count(amount: f64) -> u64 {
    amount as u64
}

fn in_bytes(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

fn sentence(lua: &Lua, text: &str) -> mlua::Result<mlua::Value> {
    Ok(mlua::Value::String(lua.create_string(clean(text))?))
}

fn stopped() -> mlua::Error {
    mlua::Error::runtime("stopped")
}

fn refused(why: Refused) -> Fault {
    match why {
        Refused::Fault(fault) => fault,
        Refused::Memory => Fault::OutOfMemory,
    }
}

/// The machine itself failed.
fn broken(error: mlua::Error) -> Fault {
    match error {
        mlua::Error::MemoryError(_) => Fault::OutOfMemory,
        other => Fault::Unavailable { reason: clean(&other.to_string()) },
    }
}
