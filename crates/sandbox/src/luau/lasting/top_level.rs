//! What the top level of a chunk leaves behind, when it does nothing but define.

use std::collections::HashSet;

use super::bytecode::{Bytecode, Constant, Proto};
use super::held::{Held, Upvalue};
use super::instruction::{Instruction, capture, op};

/// Registers that one instruction can return.
const RETURNED_MAX: usize = 254;

/// What the top level of a chunk leaves behind.
#[derive(Debug)]
pub(super) struct TopLevel<'a> {
    /// The functions it makes, with what they have from it.
    pub(super) functions: Vec<(usize, Vec<Upvalue>)>,
    /// The globals it sets.
    pub(super) globals: HashSet<&'a [u8]>,
    /// The functions among them.
    global_functions: Vec<(usize, &'a [u8])>,
    /// Functions that something else has as well: other functions, tables, other variables.
    shared: HashSet<usize>,
    /// The byte of the chunk where its last instruction is.
    pub(super) return_at: usize,
    /// That instruction, changed to return every register, and so every table that a function has from it.
    pub(super) return_all: u32,
}

/// What a register of the top level holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Defined {
    /// A constant, or something of the library, which nobody can change.
    Value,
    Function(u32),
    /// A table, by its number. It holds values and functions, and no other table.
    Table(u32),
}

struct Walk<'a, 'b> {
    bytecode: &'b Bytecode<'a>,
    main: &'b Proto,
    registers: Vec<Option<Defined>>,
    tables: u32,
    captured: HashSet<u32>,
    globals_read: HashSet<&'a [u8]>,
    left: TopLevel<'a>,
}

impl<'a> TopLevel<'a> {
    /// Reads the top level; nothing when it does more than to define, so that running it once is not the same as running it for every call.
    ///
    /// It may make functions and flat tables, and set globals to anything but tables. It calls nothing, has no branch and no loop, and no function
    /// gets one of its variables to change.
    pub(super) fn read(bytecode: &Bytecode<'a>) -> Option<Self> {
        let main = &bytecode.protos[bytecode.main];
        let left = Self {
            functions: Vec::new(),
            globals: HashSet::new(),
            global_functions: Vec::new(),
            shared: HashSet::new(),
            return_at: 0,
            return_all: 0,
        };
        let mut walk = Walk {
            bytecode,
            main,
            registers: vec![None; main.registers],
            tables: 0,
            captured: HashSet::new(),
            globals_read: HashSet::new(),
            left,
        };
        let mut at = 0;
        while at < main.code.len() {
            at = walk.step(at)?;
        }
        // A global that is read and set is one thing before and another thing after.
        (walk.left.return_at != 0 && walk.globals_read.is_disjoint(&walk.left.globals)).then_some(walk.left)
    }

    /// The functions that only the host can call: they are globals which no function reads, and nothing else. A function that another place of
    /// the chunk makes as well is not one of them: a chunk that asks for it (`--!optimize 2`) is compiled with functions copied to where they are called.
    pub(super) fn called_by_host_alone(&self, bytecode: &Bytecode<'a>) -> Option<Vec<usize>> {
        let mut read = HashSet::new();
        let mut made = vec![0_u32; bytecode.protos.len()];
        for proto in &bytecode.protos {
            let mut at = 0;
            while at < proto.code.len() {
                let code = Instruction(proto.code[at]);
                let extra = || proto.code.get(at + 1).copied();
                let function = match code.op() {
                    op::GETGLOBAL => {
                        read.insert(bytecode.text(proto, extra()? as usize)?);
                        None
                    }
                    op::GETIMPORT => {
                        read.insert(bytecode.text(proto, (extra()? >> 20 & 0x3ff) as usize)?);
                        None
                    }
                    op::NEWCLOSURE => Some(*proto.children.get(code.index())?),
                    op::DUPCLOSURE => match proto.constants.get(code.index())? {
                        Constant::Closure(function) => Some(*function),
                        _ => return None,
                    },
                    _ => None,
                };
                if let Some(function) = function {
                    *made.get_mut(function)? += 1;
                }
                at += code.words()?;
            }
        }
        let is_read = self.global_functions.iter().filter(|(_, name)| read.contains(name));
        let is_read: HashSet<usize> = is_read.map(|(function, _)| *function).collect();
        let functions = self.global_functions.iter().map(|(function, _)| *function);
        let alone = |function: &usize| {
            made.get(*function) == Some(&1) && !self.shared.contains(function) && !is_read.contains(function)
        };
        Some(functions.filter(alone).collect())
    }
}

impl<'a> Walk<'a, '_> {
    /// Takes the instruction at a place and tells the next place; nothing when it is not one of those that only define.
    fn step(&mut self, at: usize) -> Option<usize> {
        let code = Instruction(self.main.code[at]);
        let next = at + code.words()?;
        let extra = || self.main.code.get(at + 1).copied();
        match code.op() {
            op::NOP | op::PREPVARARGS => {}
            op::LOADNIL | op::LOADN | op::LOADK | op::LOADKX => self.set(code.a(), Defined::Value)?,
            op::LOADB if code.c() == 0 => self.set(code.a(), Defined::Value)?,
            op::MOVE => {
                self.share(code.b());
                self.set(code.a(), self.get(code.b())?)?;
            }
            op::GETGLOBAL => {
                self.globals_read.insert(self.text(extra()?)?);
                self.set(code.a(), Defined::Value)?;
            }
            op::GETIMPORT => {
                let first = extra()? >> 20 & 0x3ff;
                self.globals_read.insert(self.text(first)?);
                self.set(code.a(), Defined::Value)?;
            }
            op::SETGLOBAL => {
                self.untabled(code.a())?;
                let name = self.text(extra()?)?;
                self.left.globals.insert(name);
                if let Some(Defined::Function(function)) = self.get(code.a()) {
                    self.left.global_functions.push((function as usize, name));
                }
            }
            op::NEWTABLE | op::DUPTABLE => {
                self.tables += 1;
                self.set(code.a(), Defined::Table(self.tables))?;
            }
            op::SETTABLEKS | op::SETTABLEN => {
                self.table(code.b())?;
                self.untabled(code.a())?;
                self.share(code.a());
            }
            op::SETTABLE => {
                self.table(code.b())?;
                self.untabled(code.a())?;
                // The order of a table whose keys are functions depends on where in memory they are: it would be one for each machine, instead of another
                // for each call, which is the old way.
                if self.get(code.c())? != Defined::Value {
                    return None;
                }
                self.share(code.a());
            }
            op::SETLIST if code.c() != 0 => {
                self.table(code.a())?;
                for register in code.b()..code.b() + code.c() - 1 {
                    self.untabled(register)?;
                    self.share(register);
                }
            }
            op::NEWCLOSURE => {
                let function = *self.main.children.get(code.index())?;
                return self.function(code.a(), function, next);
            }
            op::DUPCLOSURE => match self.main.constants.get(code.index())? {
                Constant::Closure(function) => return self.function(code.a(), *function, next),
                _ => return None,
            },
            op::RETURN if next == self.main.code.len() && code.b() == 1 => self.finish(at)?,
            _ => return None,
        }
        Some(next)
    }

    fn get(&self, register: usize) -> Option<Defined> {
        *self.registers.get(register)?
    }

    fn set(&mut self, register: usize, defined: Defined) -> Option<()> {
        *self.registers.get_mut(register)? = Some(defined);
        Some(())
    }

    /// What a register holds is had by something else from now on.
    fn share(&mut self, register: usize) {
        if let Some(Defined::Function(function)) = self.get(register) {
            self.left.shared.insert(function as usize);
        }
    }

    fn table(&self, register: usize) -> Option<()> {
        matches!(self.get(register)?, Defined::Table(_)).then_some(())
    }

    fn untabled(&self, register: usize) -> Option<()> {
        (!matches!(self.get(register)?, Defined::Table(_))).then_some(())
    }

    fn text(&self, constant: u32) -> Option<&'a [u8]> {
        self.bytecode.text(self.main, constant as usize)
    }

    /// A function is made, from the words after `next` on, which say what it has from here.
    fn function(&mut self, register: usize, function: usize, next: usize) -> Option<usize> {
        let place = u32::try_from(function).ok()?;
        // First, because it may have itself.
        self.set(register, Defined::Function(place))?;
        let count = self.bytecode.protos.get(function)?.upvalues;
        let mut upvalues = Vec::with_capacity(count);
        for word in self.main.code.get(next..next + count)? {
            let from = Instruction(*word);
            if from.op() != op::CAPTURE || from.a() != capture::VAL {
                return None;
            }
            let held = match self.get(from.b())? {
                Defined::Value => Held::Harmless,
                Defined::Function(place) => {
                    self.share(from.b());
                    Held::Function(place)
                }
                Defined::Table(table) => {
                    self.captured.insert(table);
                    Held::Lasting
                }
            };
            upvalues.push(Upvalue { held, lasts: true });
        }
        self.left.functions.push((function, upvalues));
        Some(next + count)
    }

    /// The end: every table that lasts must still be at hand, so that it can be frozen.
    fn finish(&mut self, at: usize) -> Option<()> {
        let count = self.registers.iter().take_while(|register| register.is_some()).count();
        let is_at_hand = |table: &u32| self.registers[..count].contains(&Some(Defined::Table(*table)));
        if count > RETURNED_MAX || !self.captured.iter().all(is_at_hand) {
            return None;
        }
        self.left.return_at = self.main.code_at + at * 4;
        self.left.return_all = u32::from_le_bytes([op::RETURN, 0, u8::try_from(count + 1).ok()?, 0]);
        Some(())
    }
}
