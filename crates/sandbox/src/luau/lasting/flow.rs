//! Follows the tables that last through all functions of a chunk, along every way through their code.

use std::collections::HashSet;

use super::bytecode::{Bytecode, Proto};
use super::held::{Held, Upvalue};
use super::instruction::{Instruction, capture, op};
use super::step::Step;
use super::top_level::TopLevel;

/// Registers that are looked at in all, instruction by instruction, before a program counts as one that is not understood.
const WORK_MAX: usize = 1 << 19;

/// What is known of a chunk's functions so far.
pub(super) struct Flow<'a, 'b> {
    bytecode: &'b Bytecode<'a>,
    globals: &'b HashSet<&'a [u8]>,
    inputs: Vec<Inputs>,
    waiting: Vec<usize>,
    work_left: usize,
}

/// What may come into a function.
#[derive(Debug, Clone)]
struct Inputs {
    parameters: Vec<Held>,
    /// Nothing before the function is made anywhere.
    upvalues: Option<Vec<Upvalue>>,
    is_waiting: bool,
}

/// What the registers hold where an instruction begins.
pub(super) type Registers = Box<[Held]>;

impl<'a, 'b> Flow<'a, 'b> {
    /// Whether nothing that a call does to what the top level left can outlive the call.
    pub(super) fn is_closed(bytecode: &'b Bytecode<'a>, top_level: &'b TopLevel<'a>) -> bool {
        let inputs = bytecode
            .protos
            .iter()
            .map(|proto| Inputs {
                parameters: vec![Held::Harmless; proto.parameters],
                upvalues: None,
                is_waiting: false,
            })
            .collect();
        let mut flow =
            Self { bytecode, globals: &top_level.globals, inputs, waiting: Vec::new(), work_left: WORK_MAX };
        flow.follow(top_level).is_some()
    }

    fn follow(&mut self, top_level: &TopLevel<'_>) -> Option<()> {
        for (at, proto) in self.bytecode.protos.iter().enumerate() {
            if at != self.bytecode.main && sets_globals(proto)? {
                return None;
            }
        }
        for (function, upvalues) in &top_level.functions {
            self.made(*function, upvalues)?;
        }
        while let Some(function) = self.waiting.pop() {
            self.inputs[function].is_waiting = false;
            self.function(function)?;
        }
        Some(())
    }

    fn wait(&mut self, function: usize) {
        if !std::mem::replace(&mut self.inputs[function].is_waiting, true) {
            self.waiting.push(function);
        }
    }

    /// A function is made somewhere, with these variables from around it.
    pub(super) fn made(&mut self, function: usize, upvalues: &[Upvalue]) -> Option<()> {
        if function == self.bytecode.main || self.bytecode.protos.get(function)?.upvalues != upvalues.len() {
            return None;
        }
        let known = &mut self.inputs[function].upvalues;
        let joined: Vec<Upvalue> = match known {
            None => upvalues.to_vec(),
            Some(known) => known
                .iter()
                .zip(upvalues)
                .map(|(one, two)| Upvalue { held: one.held.or(two.held), lasts: one.lasts || two.lasts })
                .collect(),
        };
        if known.as_ref() != Some(&joined) {
            *known = Some(joined);
            self.wait(function);
        }
        Some(())
    }

    /// A function is called with a table that lasts as this parameter.
    pub(super) fn given(&mut self, function: usize, parameter: usize) -> Option<()> {
        // One more than it names goes where it is not followed.
        let known = self.inputs.get_mut(function)?.parameters.get_mut(parameter)?;
        if *known != Held::Lasting {
            *known = Held::Lasting;
            self.wait(function);
        }
        Some(())
    }

    /// Follows one function along all its ways.
    fn function(&mut self, function: usize) -> Option<()> {
        let bytecode = self.bytecode;
        let proto = &bytecode.protos[function];
        let shape = Shape::read(proto)?;
        let mut first: Registers = vec![Held::Harmless; proto.registers].into();
        first[..proto.parameters].copy_from_slice(&self.inputs[function].parameters);
        if first
            .iter()
            .zip(&shape.is_referred)
            .any(|(held, is_referred)| *is_referred && *held == Held::Lasting)
        {
            return None;
        }
        let mut states: Vec<Option<Registers>> = vec![None; proto.code.len()];
        *states.first_mut()? = Some(first);
        let mut waiting = vec![0];
        let mut is_waiting = vec![false; proto.code.len()];
        self.work_left = self.work_left.checked_sub(proto.code.len())?;
        while let Some(at) = waiting.pop() {
            is_waiting[at] = false;
            self.work_left = self.work_left.checked_sub(proto.registers + 1)?;
            let mut step = Step::new(proto, function, at, &shape, states[at].clone()?);
            step.take(self)?;
            let Step { registers, next, .. } = step;
            for to in next {
                if !*shape.is_start.get(to)? {
                    return None;
                }
                let has_news = match &mut states[to] {
                    Some(known) => join(known, &registers),
                    unknown => {
                        *unknown = Some(registers.clone());
                        true
                    }
                };
                if has_news && !std::mem::replace(&mut is_waiting[to], true) {
                    waiting.push(to);
                }
            }
        }
        Some(())
    }

    /// A variable that a function has from around it.
    pub(super) fn upvalue(&self, function: usize, at: usize) -> Option<Upvalue> {
        self.inputs[function].upvalues.as_ref()?.get(at).copied()
    }

    /// How many variables a function has from around it.
    pub(super) fn upvalues_of(&self, function: usize) -> Option<usize> {
        Some(self.bytecode.protos.get(function)?.upvalues)
    }

    /// What a path of names from the globals leads to.
    pub(super) fn native(&self, proto: &Proto, path: u32) -> Option<Held> {
        let mut names = Vec::with_capacity(3);
        for shift in [20, 10, 0].into_iter().take((path >> 30) as usize) {
            names.push(self.bytecode.text(proto, (path >> shift & 0x3ff) as usize)?);
        }
        Some(if self.globals.contains(names.first()?) { Held::Harmless } else { Held::native(&names) })
    }
}

/// Takes over what is known of another way to the same place; whether that is news.
fn join(known: &mut [Held], other: &[Held]) -> bool {
    let mut has_news = false;
    for (known, other) in known.iter_mut().zip(other) {
        let joined = known.or(*other);
        has_news |= joined != *known;
        *known = joined;
    }
    has_news
}

/// Whether a function sets a global anywhere; nothing when it is not understood.
fn sets_globals(proto: &Proto) -> Option<bool> {
    let mut at = 0;
    while at < proto.code.len() {
        let code = Instruction(proto.code[at]);
        if code.op() == op::SETGLOBAL {
            return Some(true);
        }
        at += code.words()?;
    }
    Some(false)
}

/// What a function looks like before anything is followed.
pub(super) struct Shape {
    /// Where instructions begin.
    is_start: Vec<bool>,
    /// Registers whose variables functions within may change: what they hold is never certain.
    pub(super) is_referred: Vec<bool>,
}

impl Shape {
    fn read(proto: &Proto) -> Option<Self> {
        let mut is_start = vec![false; proto.code.len()];
        let mut is_referred = vec![false; proto.registers];
        let mut at = 0;
        while at < proto.code.len() {
            let code = Instruction(proto.code[at]);
            if code.op() == op::CAPTURE {
                if code.a() == capture::REF {
                    *is_referred.get_mut(code.b())? = true;
                }
            } else {
                is_start[at] = true;
            }
            at += code.words()?;
        }
        (at == proto.code.len()).then_some(Self { is_start, is_referred })
    }
}
