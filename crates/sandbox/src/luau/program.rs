//! A compiled program, and the machines of this thread that run it.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ecology_types::{SmolStr, Value};

use super::convert::check;
use super::lasting::made_lasting;
use super::vm::Vm;
use crate::{Called, Fault, Host, Limits, Program};

/// Machines that a thread keeps for its next calls. Calls nest when a host runs another program, each in a machine of its own.
const MACHINES_MAX: usize = 16;

/// A machine in one place: it is taken out and put back for every call.
type Machine = Box<Vm>;

thread_local! {
    static MACHINES: RefCell<Vec<Machine>> = const { RefCell::new(Vec::new()) };
}

/// What a machine needs to load a program.
pub(super) struct Code {
    pub(super) id: u64,
    pub(super) bytecode: Arc<[u8]>,
    pub(super) weight: u64,
    pub(super) asks_world: bool,
    /// Whether a machine runs its top level only once, because no call can tell.
    pub(super) lasts: bool,
    /// Constant answers, which it gives by their numbers.
    answers: Box<[Answer]>,
}

impl Code {
    pub(super) fn new(mut bytecode: Vec<u8>, asks_world: bool, may_last: bool) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        // Of what the compiler wrote: what is done to it then is none of the code's business.
        let weight = crate::instruction_weight(bytecode.len());
        let answers = if may_last { made_lasting(&mut bytecode) } else { None };
        Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            weight,
            lasts: answers.is_some(),
            answers: answers.unwrap_or_default().into_iter().map(Answer::new).collect(),
            bytecode: bytecode.into(),
            asks_world,
        }
    }

    /// The constant answer of a number, as far as it goes through these limits.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        clippy::float_cmp,
        reason = "numbers that a program was given are small and whole, and others are none"
    )]
    pub(super) fn answer(&self, number: [f32; 3], limits: &Limits) -> Option<Result<Value, Fault>> {
        let at = number[0] as usize;
        let answer = self.answers.get(at)?;
        // Exactly as it was given, so that nothing that was reckoned from one is taken for another.
        (number == [at as f32, 0.0, 0.0]).then(|| answer.within(limits))
    }
}

/// An answer that was read in advance.
struct Answer {
    value: Value,
    bytes: u64,
}

impl Answer {
    fn new(value: Value) -> Self {
        Self { bytes: value.bytes() as u64, value }
    }

    fn within(&self, limits: &Limits) -> Result<Value, Fault> {
        // A map of plain values nests two deep.
        if self.bytes <= limits.value_bytes_max && limits.value_depth_max >= 2 {
            return Ok(self.value.clone());
        }
        check(std::slice::from_ref(&self.value), limits).map(|()| self.value.clone())
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
        None => Machine::new(Vm::new(functions)?),
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
