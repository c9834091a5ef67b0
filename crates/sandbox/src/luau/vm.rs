//! One virtual machine: many programs, one call at a time.

use std::rc::Rc;

use ecology_types::{SmolStr, Value};
use mlua::chunk::ChunkMode;
use mlua::{Function, Lua, LuaOptions, MultiValue, StdLib, Table, Variadic, VmState};

use super::convert::{Refused, all_from_lua, check, from_lua, to_lua};
use super::loaded::{Lasting, Loaded, Ready};
use super::natives::natives;
use super::program::Code;
use super::template::Template;
use crate::meter::Meter;
use crate::{Called, Fault, Host, HostError, Limits, MEMORY_STEP_BYTES_MAX, clean};

/// Bytes of garbage after which a machine collects, unless what lives is more.
const GARBAGE_BYTES_MAX: usize = 1 << 20;

/// Instructions that the prelude counts for defining a program before a call, when its top level calls nothing.
const DEFINING: u64 = 3;

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
    loaded: Loaded,
    live_bytes: usize,
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
            loaded: Loaded::default(),
            live_bytes,
        })
    }

    pub(super) const fn functions(&self) -> &'static [&'static str] {
        self.functions
    }

    /// Runs the top level once and tells which global functions it defines.
    pub(super) fn define(&mut self, code: &Code, limits: &Limits) -> Result<Vec<SmolStr>, Fault> {
        let chunk = self.chunk(code)?;
        let environment = self.fresh.call::<Table>(()).map_err(broken)?;
        // What runs in every call is run here as a copy, so that it keeps nothing of this.
        let defining = if code.lasts { chunk.clone() } else { chunk.deep_clone().map_err(broken)? };
        defining.set_environment(environment.clone()).map_err(broken)?;
        let limit = self.lua.used_memory().saturating_add(in_bytes(limits.memory_bytes_max));
        self.meter.start(limits, code.weight, 0);
        self.limit_memory(limit)?;
        let outcome = self.load.call::<(u8, Variadic<mlua::Value>)>((defining, code.lasts));
        let ready = match outcome {
            Ok((0, left)) if code.lasts && !self.meter.has_stopped() => {
                self.finish();
                Ready::Lasting(frozen(environment.clone(), &left))
            }
            outcome => {
                let outcome =
                    outcome.map(|(code, left)| (code, left.first().cloned().unwrap_or(mlua::Value::Nil)));
                let outcome = self.settle(outcome, limits);
                self.finish();
                outcome?;
                Ready::Chunk(chunk)
            }
        };
        self.loaded.keep(code.id, code.bytecode.len(), ready);
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
        let is_copied = match self.fill_template(code, args, limits) {
            Ok(is_copied) => is_copied,
            Err(called) => return called,
        };
        if let Err(fault) = self.make_ready(code, function) {
            return Called::not_run(fault);
        }
        let before = self.lua.used_memory();
        let outcome = self.call_ready(before, code, function, args, is_copied, limits, seed, host);
        let used = self.lua.used_memory();
        let memory_peak_bytes = used.saturating_sub(before) as u64;
        // Where exactly memory or the clock runs out depends on what is not the code's business; what it costs must not.
        let instructions = match outcome {
            Err(Fault::OutOfMemory | Fault::TooSlow) => limits.instructions_max,
            _ => self.meter.used(),
        };
        // What the call made global lives no longer than the call.
        if let Some(Ready::Chunk(chunk)) = self.loaded.get(code.id) {
            let _ = chunk.set_environment(self.nothing.clone());
        }
        self.finish();
        Called { outcome, instructions, memory_peak_bytes }
    }

    #[expect(clippy::too_many_arguments, reason = "one call, in order")]
    fn call_ready(
        &self,
        before: usize,
        code: &Code,
        function: &str,
        args: &[Value],
        is_copied: bool,
        limits: &Limits,
        seed: u64,
        host: &mut dyn Host,
    ) -> Result<Value, Fault> {
        self.meter.start(limits, code.weight, seed);
        let Some(ready) = self.loaded.get(code.id) else {
            return Err(Fault::Unavailable { reason: "a program was not loaded".to_owned() });
        };
        let memory_max = before.saturating_add(in_bytes(limits.memory_bytes_max));
        let template = self.template.as_ref().filter(|_| is_copied).map(Template::table);
        let mut values = MultiValue::new();
        if template.is_none() {
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
        }
        let (f, name) = match ready {
            // Not a copy: nothing else runs in this machine until the call is over, and then the next one gives it fresh globals again.
            Ready::Chunk(chunk) => (chunk, Some(function)),
            Ready::Lasting(lasting) => match lasting.chosen() {
                // What defining it anew would have counted.
                Some(_) if self.meter.charge(DEFINING * code.weight).is_err() => {
                    return Err(Fault::OutOfInstructions);
                }
                Some(f) => (f, None),
                None => return Err(Fault::UnknownFunction { function: clean(function) }),
            },
        };
        // The limit itself is set by the first instruction: until then only this program's own code runs, and it is cheaper without.
        self.meter.set_memory_max(memory_max);
        let outcome = if code.asks_world {
            self.lua.scope(|scope| {
                let ask = scope.create_function_mut(|lua, (index, args): (usize, MultiValue)| {
                    self.ask(lua, index, args, limits, host)
                })?;
                self.run.call::<(u8, mlua::Value)>((f, name, ask, template, values))
            })
        } else if template.is_some() {
            self.run.call::<(u8, mlua::Value)>((f, name, false, template))
        } else {
            self.run.call::<(u8, mlua::Value)>((f, name, false, template, values))
        };
        // What is read now is no more than there is; without a limit every look into the machine is cheaper.
        let _ = self.lua.set_memory_limit(0);
        if let (Ok((0, mlua::Value::Vector(number))), false) = (&outcome, self.meter.has_stopped())
            && let Some(answer) = code.answer([number.x(), number.y(), number.z()], limits)
        {
            return answer;
        }
        match self.settle(outcome, limits)? {
            Some(value) => Ok(value),
            None => Err(Fault::UnknownFunction { function: clean(function) }),
        }
    }

    /// Makes the template hold the call's only argument, if that is a flat map; whether it is. What is refused has come to something already.
    fn fill_template(&mut self, code: &Code, args: &[Value], limits: &Limits) -> Result<bool, Called> {
        let taken = match &mut self.template {
            Some(template) => template.take_over(args),
            None => Ok(false),
        };
        match (&taken, &self.template) {
            (Ok(true), Some(template)) if template.fits(limits) => return Ok(true),
            _ => check(args, limits).map_err(Called::not_run)?,
        }
        let (Some(fields), [map]) = (Template::fields_of(args), args) else { return Ok(false) };
        match taken.and_then(|_| Template::new(&self.lua, map, fields)) {
            Ok(template) => {
                self.template = Some(template);
                Ok(true)
            }
            // What handing over counts is due all the same.
            Err(_) if code.weight > limits.instructions_max => Err(Called {
                outcome: Err(Fault::OutOfInstructions),
                instructions: limits.instructions_max,
                memory_peak_bytes: 0,
            }),
            Err(why) => {
                Err(Called { outcome: Err(refused(why)), instructions: code.weight, memory_peak_bytes: 0 })
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
        self.meter.is_new_step(0);
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

    /// Makes a program ready to be called at this function.
    fn make_ready(&mut self, code: &Code, function: &str) -> Result<(), Fault> {
        let ready = match self.loaded.used(code.id) {
            Some(ready) => ready,
            None => {
                let ready = self.load(code)?;
                self.loaded.keep(code.id, code.bytecode.len(), ready);
                return self.make_ready(code, function);
            }
        };
        match ready {
            Ready::Chunk(_) => Ok(()),
            Ready::Lasting(lasting) => lasting.choose(function).map_err(broken),
        }
    }

    fn chunk(&self, code: &Code) -> Result<Function, Fault> {
        self.lua
            .load(&code.bytecode[..])
            .set_name("=code")
            .set_mode(ChunkMode::Binary)
            .into_function()
            .map_err(broken)
    }

    /// Loads a program that this machine does not know, or no more. One whose top level lasts runs it now, unmetered: it has run within the limits
    /// before, when the program was made, and it does the same every time.
    fn load(&self, code: &Code) -> Result<Ready, Fault> {
        let chunk = self.chunk(code)?;
        if !code.lasts {
            return Ok(Ready::Chunk(chunk));
        }
        let environment = self.fresh.call::<Table>(()).map_err(broken)?;
        chunk.set_environment(environment.clone()).map_err(broken)?;
        let (outcome, left) = self.load.call::<(u8, Variadic<mlua::Value>)>((chunk, true)).map_err(broken)?;
        if outcome != 0 {
            return Err(Fault::Unavailable { reason: "a top level that had run failed".to_owned() });
        }
        Ok(Ready::Lasting(frozen(environment, &left)))
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

/// What a top level left, frozen: its globals, and the tables among its variables.
fn frozen(globals: Table, left: &[mlua::Value]) -> Lasting {
    for value in left {
        if let mlua::Value::Table(table) = value {
            table.set_readonly(true);
        }
    }
    globals.set_readonly(true);
    Lasting::new(globals)
}

/// Until the next instruction a call may take one step of memory, as long as there is any left.
fn limit_step(lua: &Lua, meter: &Meter) -> mlua::Result<()> {
    let memory_max = meter.memory_max();
    if memory_max != 0 {
        let step = lua.used_memory().saturating_add(in_bytes(MEMORY_STEP_BYTES_MAX)).min(memory_max);
        // Most instructions take no memory that the machine has not taken before.
        if meter.is_new_step(step) {
            lua.set_memory_limit(step)?;
        }
    }
    Ok(())
}

fn in_bytes(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

fn sentence(lua: &Lua, text: &str) -> mlua::Result<mlua::Value> {
    Ok(mlua::Value::String(lua.create_string(clean(text))?))
}

pub(super) fn stopped() -> mlua::Error {
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
