//! A compiled module, and a call of it.

use ecology_types::{SmolStr, Value};
use scoped_tls_hkt::scoped_thread_local;
use wasmtime::{AsContextMut, Caller, Error, Extern, Instance, InstancePre, Memory, Result, Store, Trap};

use super::json;
use super::running::Running;
use crate::luau::check;
use crate::{
    BYTES_PER_INSTRUCTION, Called, Fault, Host, HostError, INSTRUCTIONS_PER_HOST_CALL, Limits, Program, clean,
};

scoped_thread_local! {
    /// The host of the call that runs in this thread: what belongs to a call in wasmtime may not borrow.
    static mut HOST: for<'a> &'a mut (dyn Host + 'a)
}

/// A compiled module.
pub(super) struct WasmProgram {
    pub(super) ready: InstancePre<Running>,
    pub(super) module_bytes: u64,
    pub(super) functions: Box<[SmolStr]>,
}

impl Program for WasmProgram {
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
        let text = match check(args, limits).and_then(|()| json::list(args)) {
            Ok(text) => text,
            Err(fault) => return Called::not_run(fault),
        };
        self.within(limits, seed, |store| HOST.set(host, || self.run(store, function, &text)))
    }
}

impl WasmProgram {
    /// Starts it once, as every call does first.
    pub(super) fn start(&self, limits: &Limits) -> Result<(), Fault> {
        let started = self.within(limits, 0, |store| self.instance(store).map(|_| Value::Null));
        started.outcome.map(|_| ())
    }

    fn within(
        &self,
        limits: &Limits,
        seed: u64,
        work: impl FnOnce(&mut Store<Running>) -> Result<Value>,
    ) -> Called {
        let mut store = Store::new(self.ready.module().engine(), Running::new(limits, seed));
        store.limiter(|running| running);
        let outcome = match store.set_fuel(limits.instructions_max) {
            Ok(()) => work(&mut store),
            Err(error) => Err(error),
        };
        let fuel_left = store.get_fuel().unwrap_or_default();
        let (outcome, is_counted) = settle(outcome, store.data_mut());
        Called {
            outcome,
            // Fuel is noted where functions are entered and left: what was used up to any other trap is unknown, so that it costs everything.
            instructions: limits.instructions_max - if is_counted { fuel_left } else { 0 },
            memory_peak_bytes: store.data().memory_peak_bytes(),
        }
    }

    fn instance(&self, store: &mut Store<Running>) -> Result<Instance> {
        charge(&mut *store, 1 + self.module_bytes / BYTES_PER_INSTRUCTION)?;
        self.ready.instantiate(store)
    }

    fn run(&self, store: &mut Store<Running>, function: &str, args: &str) -> Result<Value> {
        let instance = self.instance(store)?;
        let Some(memory) = instance.get_memory(&mut *store, "memory") else { return Err(no_memory(store)) };
        let alloc = instance.get_typed_func::<u32, u32>(&mut *store, "alloc")?;
        let function = instance.get_typed_func::<(u32, u32), u64>(&mut *store, function)?;
        let length = charge_text(&mut *store, args.len())?;
        let at = alloc.call(&mut *store, length)?;
        write(&mut *store, memory, at, args)?;
        store.data_mut().may_ask = true;
        let packed = function.call(&mut *store, (at, length))?;
        let (at, length) = unpacked(packed);
        let text = read(&mut *store, memory, at, length)?;
        json::one(&text, &store.data().limits).map_err(|fault| store.data_mut().stop(fault))
    }
}

/// A question of the code to the host: where the answer lies.
pub(super) fn ask(caller: &mut Caller<'_, Running>, name: &str, at: u32, length: u32) -> Result<u64> {
    if !caller.data().may_ask {
        let message = "the world can be asked only inside a call, not while a module starts or allocates";
        return Err(caller.data_mut().stop(Fault::Error { message: message.to_owned() }));
    }
    let Some(left) = caller.data().host_calls_left.checked_sub(1) else {
        return Err(caller.data_mut().stop(Fault::TooManyHostCalls));
    };
    caller.data_mut().host_calls_left = left;
    charge(&mut *caller, INSTRUCTIONS_PER_HOST_CALL)?;
    if caller.data().is_late() {
        return Err(caller.data_mut().stop(Fault::TooSlow));
    }
    let Some(Extern::Memory(memory)) = caller.get_export("memory") else { return Err(no_memory(caller)) };
    let question = read(&mut *caller, memory, at, length)?;
    let answer = match json::many(&question, &caller.data().limits) {
        Ok(args) => HOST.with(|host| host.call(name, &args)),
        Err(fault) => Err(HostError::Refused(format!("world.{name}: {fault}"))),
    };
    let answer = answer.and_then(|value| {
        check(std::slice::from_ref(&value), &caller.data().limits)
            .and_then(|()| json::answer(&value))
            .map_err(|fault| HostError::Refused(format!("world.{name} answered too much: {fault}")))
    });
    let answer = match answer {
        Ok(answer) => answer,
        Err(HostError::Refused(why)) => json::refusal(&clean(&why)),
        Err(HostError::Abort(why)) => {
            return Err(caller.data_mut().stop(Fault::Aborted { reason: clean(&why) }));
        }
    };
    let length = charge_text(&mut *caller, answer.len())?;
    let alloc = match caller.get_export("alloc") {
        Some(Extern::Func(alloc)) => alloc.typed::<u32, u32>(&*caller)?,
        _ => return Err(no_memory(caller)),
    };
    caller.data_mut().may_ask = false;
    let at = alloc.call(&mut *caller, length)?;
    caller.data_mut().may_ask = true;
    write(&mut *caller, memory, at, &answer)?;
    Ok(u64::from(at) << 32 | u64::from(length))
}

/// What a run came to, and whether the fuel that is left tells what it used.
fn settle(outcome: Result<Value>, running: &mut Running) -> (Result<Value, Fault>, bool) {
    let error = match outcome {
        Ok(value) => return (Ok(value), true),
        Err(error) => error,
    };
    if let Some(fault) = running.take_stop() {
        // As with every engine: where memory or the clock runs out is not the code's business.
        let is_counted = !matches!(fault, Fault::OutOfMemory | Fault::TooSlow);
        return (Err(fault), is_counted);
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => (Err(Fault::OutOfInstructions), false),
        Some(Trap::StackOverflow) => (Err(Fault::TooDeep), false),
        Some(trap) => {
            (Err(Fault::Error { message: clean(&trap.to_string()) }), *trap == Trap::UnreachableCodeReached)
        }
        None => (Err(Fault::Error { message: clean(&format!("{:#}", error)) }), false),
    }
}

fn charge(mut store: impl AsContextMut<Data = Running>, amount: u64) -> Result<()> {
    let mut store = store.as_context_mut();
    match store.get_fuel()?.checked_sub(amount) {
        Some(left) => store.set_fuel(left),
        None => {
            store.set_fuel(0)?;
            Err(store.data_mut().stop(Fault::OutOfInstructions))
        }
    }
}

fn charge_text(mut store: impl AsContextMut<Data = Running>, bytes: usize) -> Result<u32> {
    charge(&mut store, bytes as u64 / BYTES_PER_INSTRUCTION)?;
    u32::try_from(bytes).map_err(|_| too_large(&mut store.as_context_mut()))
}

/// Bytes out of the memory of the code, wherever it says they lie.
fn read(
    mut store: impl AsContextMut<Data = Running>,
    memory: Memory,
    at: u32,
    length: u32,
) -> Result<Vec<u8>> {
    let mut store = store.as_context_mut();
    if u64::from(length) > json::text_bytes_max(&store.data().limits) {
        return Err(too_large(&mut store));
    }
    charge(&mut store, u64::from(length) / BYTES_PER_INSTRUCTION)?;
    let (at, length) = (at as usize, length as usize);
    let text = at.checked_add(length).and_then(|end| memory.data(&store).get(at..end)).map(<[u8]>::to_vec);
    text.ok_or_else(|| outside(&mut store))
}

/// Text into the memory of the code, wherever it says there is room.
fn write(mut store: impl AsContextMut<Data = Running>, memory: Memory, at: u32, text: &str) -> Result<()> {
    let mut store = store.as_context_mut();
    memory.write(&mut store, at as usize, text.as_bytes()).map_err(|_| outside(&mut store))
}

#[expect(clippy::cast_possible_truncation, reason = "the two halves of 64 bits")]
const fn unpacked(packed: u64) -> (u32, u32) {
    ((packed >> 32) as u32, packed as u32)
}

fn outside(store: &mut wasmtime::StoreContextMut<'_, Running>) -> Error {
    let message = "it points outside of its memory".to_owned();
    store.data_mut().stop(Fault::Error { message })
}

fn too_large(store: &mut wasmtime::StoreContextMut<'_, Running>) -> Error {
    let fault = json::too_large(&store.data().limits);
    store.data_mut().stop(fault)
}

fn no_memory(mut store: impl AsContextMut<Data = Running>) -> Error {
    let message = "it exports no memory or no alloc".to_owned();
    store.as_context_mut().data_mut().stop(Fault::Error { message })
}
