//! A compiled program, and the machines of this thread that run it.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ecology_types::{SmolStr, Value};

use super::vm::Vm;
use crate::{Called, Fault, Host, Limits, Program};

/// Machines that a thread keeps for its next calls. Calls nest when a host runs another program, each in a machine of its own.
const MACHINES_MAX: usize = 16;

thread_local! {
    static MACHINES: RefCell<Vec<Vm>> = const { RefCell::new(Vec::new()) };
}

/// What a machine needs to load a program.
pub(super) struct Code {
    pub(super) id: u64,
    pub(super) bytecode: Arc<[u8]>,
    pub(super) weight: u64,
    pub(super) asks_world: bool,
}

impl Code {
    pub(super) fn new(bytecode: Vec<u8>, asks_world: bool) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            weight: crate::instruction_weight(bytecode.len()),
            bytecode: bytecode.into(),
            asks_world,
        }
    }
}

/// A compiled program: its bytecode and the names of its functions.
pub(super) struct LuauProgram {
    pub(super) code: Code,
    pub(super) functions: Box<[SmolStr]>,
    pub(super) host_functions: &'static [&'static str],
}

impl Program for LuauProgram {
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
            return Called::not_run(Fault::UnknownFunction { function: crate::clean(function) });
        }
        let called = with_machine(self.host_functions, |vm| {
            let called = vm.call(&self.code, function, args, limits, seed, host);
            let is_sound = !matches!(called.outcome, Err(Fault::OutOfMemory | Fault::Unavailable { .. }));
            (called, is_sound)
        });
        called.unwrap_or_else(Called::not_run)
    }
}

/// Runs `work` with a machine of this thread that nobody else uses meanwhile; one that is not sound afterwards is thrown away.
pub(super) fn with_machine<T>(
    functions: &'static [&'static str],
    work: impl FnOnce(&mut Vm) -> (T, bool),
) -> Result<T, Fault> {
    let kept = MACHINES.with_borrow_mut(|machines| {
        let at = machines.iter().rposition(|vm| std::ptr::eq(vm.functions(), functions))?;
        Some(machines.swap_remove(at))
    });
    let mut vm = match kept {
        Some(vm) => vm,
        None => Vm::new(functions)?,
    };
    let (result, is_sound) = work(&mut vm);
    if is_sound {
        MACHINES.with_borrow_mut(|machines| {
            if machines.len() >= MACHINES_MAX {
                machines.remove(0);
            }
            machines.push(vm);
        });
    }
    Ok(result)
}
