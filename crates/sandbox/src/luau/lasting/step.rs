//! What one instruction does to what is known of the registers.

use super::bytecode::{Constant, Proto};
use super::flow::{Flow, Registers, Shape};
use super::held::{Held, Upvalue};
use super::instruction::{Instruction, capture, op};

/// One instruction on one of the ways through a function. Every operation that takes a value in a way that is not followed refuses one that
/// lasts, by ending with nothing.
pub(super) struct Step<'p> {
    proto: &'p Proto,
    function: usize,
    at: usize,
    shape: &'p Shape,
    /// What the registers hold, before it and then after it.
    pub(super) registers: Registers,
    /// Where it may go on.
    pub(super) next: Vec<usize>,
}

impl<'p> Step<'p> {
    pub(super) const fn new(
        proto: &'p Proto,
        function: usize,
        at: usize,
        shape: &'p Shape,
        registers: Registers,
    ) -> Self {
        Self { proto, function, at, shape, registers, next: Vec::new() }
    }

    /// Takes it.
    pub(super) fn take(&mut self, flow: &mut Flow<'_, '_>) -> Option<()> {
        let code = Instruction(self.proto.code[self.at]);
        let after = self.at + code.words()?;
        let (a, b, c) = (code.a(), code.b(), code.c());
        match code.op() {
            // Natives in place of calls, which nothing here is called by: globals that may be anything switch them off. The call itself follows.
            op::FASTCALL | op::FASTCALL1 | op::FASTCALL2 | op::FASTCALL2K | op::FASTCALL3 => {}
            op::NOP | op::PREPVARARGS | op::CLOSEUPVALS => {}
            op::LOADNIL
            | op::LOADN
            | op::LOADK
            | op::LOADKX
            | op::GETGLOBAL
            | op::NEWTABLE
            | op::DUPTABLE => {
                self.set(a, Held::Harmless)?;
            }
            op::LOADB => {
                self.set(a, Held::Harmless)?;
                self.next.push(after + c);
                return Some(());
            }
            op::MOVE => self.set(a, self.copied(b)?)?,
            op::GETIMPORT => self.set(a, flow.native(self.proto, self.extra()?)?)?,
            op::GETUPVAL => self.set(a, flow.upvalue(self.function, b)?.held)?,
            op::SETUPVAL => {
                self.harmless(a)?;
                if flow.upvalue(self.function, b)?.lasts {
                    return None;
                }
            }
            // A table that lasts holds no other, so what is read is harmless.
            op::GETTABLE => {
                self.harmless(c)?;
                self.read(a, b)?;
            }
            op::GETTABLEKS | op::GETTABLEN | op::LENGTH => self.read(a, b)?,
            op::SETTABLE => self.all_harmless(&[a, b, c])?,
            op::SETTABLEKS | op::SETTABLEN => self.all_harmless(&[a, b])?,
            op::SETLIST => {
                self.harmless(a)?;
                self.harmless_row(b, c)?;
            }
            op::NAMECALL => {
                self.harmless(b)?;
                self.set(a, Held::Harmless)?;
                self.set(a + 1, Held::Harmless)?;
            }
            op::CALL => self.call(flow, a, b, c)?,
            op::RETURN => {
                self.harmless_row(a, b)?;
                return Some(());
            }
            op::NEWCLOSURE => {
                let made = *self.proto.children.get(code.index())?;
                return self.closure(flow, a, made, after);
            }
            op::DUPCLOSURE => match self.proto.constants.get(code.index())? {
                Constant::Closure(made) => return self.closure(flow, a, *made, after),
                _ => return None,
            },
            op::JUMP | op::JUMPBACK => return self.jump(code.d()),
            op::JUMPX => return self.jump(code.e()),
            op::JUMPIF | op::JUMPIFNOT | op::JUMPXEQKNIL..=op::JUMPXEQKS => {
                self.registers.get(a)?;
                self.jump(code.d())?;
            }
            op::JUMPIFEQ..=op::JUMPIFNOTLT => {
                self.all_harmless(&[a, self.extra()? as usize])?;
                self.jump(code.d())?;
            }
            op::ADD..=op::POW | op::IDIV => {
                self.all_harmless(&[b, c])?;
                self.set(a, Held::Harmless)?;
            }
            op::ADDK..=op::POWK | op::IDIVK | op::MINUS => {
                self.harmless(b)?;
                self.set(a, Held::Harmless)?;
            }
            op::SUBRK | op::DIVRK => {
                self.harmless(c)?;
                self.set(a, Held::Harmless)?;
            }
            op::AND | op::OR => self.set(a, self.copied(b)?.or(self.copied(c)?))?,
            op::ANDK | op::ORK => self.set(a, self.copied(b)?.or(Held::Harmless))?,
            op::NOT => self.read(a, b)?,
            op::CONCAT => {
                (b..=c).try_for_each(|register| self.harmless(register))?;
                self.set(a, Held::Harmless)?;
            }
            op::FORNPREP | op::FORNLOOP => {
                self.all_harmless(&[a, a + 1, a + 2])?;
                (a..a + 3).try_for_each(|register| self.set(register, Held::Harmless))?;
                self.jump(code.d())?;
            }
            op::FORGPREP | op::FORGPREP_NEXT | op::FORGPREP_INEXT => {
                self.walk(code)?;
                return self.jump(code.d());
            }
            op::FORGLOOP => {
                self.walk(code)?;
                self.jump(code.d())?;
            }
            op::GETVARARGS => {
                let end = if b == 0 { self.registers.len() } else { a + b - 1 };
                (a..end).try_for_each(|register| self.set(register, Held::Harmless))?;
            }
            _ => return None,
        }
        self.next.push(after);
        Some(())
    }

    /// The word that belongs to the instruction.
    fn extra(&self) -> Option<u32> {
        self.proto.code.get(self.at + 1).copied()
    }

    fn set(&mut self, register: usize, held: Held) -> Option<()> {
        let held = match (held, self.shape.is_referred.get(register)?) {
            (Held::Lasting, true) => return None,
            // Functions within may put anything there.
            (_, true) => Held::Harmless,
            (held, false) => held,
        };
        *self.registers.get_mut(register)? = held;
        Some(())
    }

    /// What a copy of a register holds. What walks is only known where the walk began.
    fn copied(&self, register: usize) -> Option<Held> {
        let held = *self.registers.get(register)?;
        Some(if held == Held::Walking { Held::Harmless } else { held })
    }

    fn harmless(&self, register: usize) -> Option<()> {
        (*self.registers.get(register)? != Held::Lasting).then_some(())
    }

    fn all_harmless(&self, registers: &[usize]) -> Option<()> {
        registers.iter().try_for_each(|register| self.harmless(*register))
    }

    /// The registers that `count`, one more than there are, begins at `from`; all from there on when it is 0.
    fn harmless_row(&self, from: usize, count: usize) -> Option<()> {
        let end = if count == 0 { self.registers.len() } else { from + count - 1 };
        (from..end).try_for_each(|register| self.harmless(register))
    }

    /// Something is learnt of a value, which may last, and put into a register.
    fn read(&mut self, into: usize, from: usize) -> Option<()> {
        self.registers.get(from)?;
        self.set(into, Held::Harmless)
    }

    fn jump(&mut self, by: i32) -> Option<()> {
        let to = i64::try_from(self.at).ok()? + 1 + i64::from(by);
        self.next.push(usize::try_from(to).ok()?);
        Some(())
    }

    fn call(&mut self, flow: &mut Flow<'_, '_>, a: usize, b: usize, c: usize) -> Option<()> {
        let called = *self.registers.get(a)?;
        let end = if b == 0 { self.registers.len() } else { a + b };
        let given = self.registers.get(a + 1..end)?;
        let lasting: Vec<usize> = (0..given.len()).filter(|at| given[*at] == Held::Lasting).collect();
        let is_walk = match (called, &lasting[..]) {
            (Held::Lasting, _) => return None,
            (_, []) => false,
            // How many there are must be known: one that is left over could be meant.
            _ if b == 0 => return None,
            (Held::Function(function), _) => {
                lasting.iter().try_for_each(|parameter| flow.given(function as usize, *parameter))?;
                false
            }
            (Held::Reader, [0]) => false,
            (Held::Walker, [0]) if c == 4 => true,
            _ => return None,
        };
        // What is called has its own registers from here on, and what it gives back is harmless.
        (a..self.registers.len()).try_for_each(|register| self.set(register, Held::Harmless))?;
        self.registers.get(a..a + c.saturating_sub(1))?;
        if is_walk {
            self.set(a, Held::Walking)?;
            self.set(a + 1, Held::Lasting)?;
        }
        Some(())
    }

    /// A loop over what an iterator gives: from A on the iterator, what it walks through, where it is, and what it gave.
    fn walk(&mut self, code: Instruction) -> Option<()> {
        let a = code.a();
        let [walker, through] = [*self.registers.get(a)?, *self.registers.get(a + 1)?];
        self.harmless(a + 2)?;
        match (code.op(), walker, through) {
            // A table itself: the machine walks through it without a call, because those that last have no metatable.
            (op::FORGPREP, Held::Lasting, Held::Lasting) => return None,
            (op::FORGPREP, Held::Lasting, _) => {
                self.set(a, Held::Walking)?;
                self.set(a + 1, Held::Lasting)?;
            }
            (_, Held::Lasting, _) => return None,
            (op::FORGPREP_NEXT | op::FORGPREP_INEXT | op::FORGLOOP, Held::Walking, Held::Lasting) => {}
            (_, _, Held::Lasting) => return None,
            _ => {
                self.set(a, Held::Harmless)?;
                self.set(a + 1, Held::Harmless)?;
            }
        }
        self.set(a + 2, Held::Harmless)?;
        if code.op() == op::FORGLOOP {
            let variables = (self.extra()? & 0xff) as usize;
            (a + 3..a + 3 + variables).try_for_each(|register| self.set(register, Held::Harmless))?;
        }
        Some(())
    }

    /// A function is made, from the words after `next` on, which say what it has from here.
    fn closure(&mut self, flow: &mut Flow<'_, '_>, register: usize, made: usize, next: usize) -> Option<()> {
        self.set(register, Held::Function(u32::try_from(made).ok()?))?;
        let count = flow.upvalues_of(made)?;
        let mut upvalues = Vec::with_capacity(count);
        for word in self.proto.code.get(next..next + count)? {
            let from = Instruction(*word);
            if from.op() != op::CAPTURE {
                return None;
            }
            upvalues.push(match from.a() {
                capture::VAL => Upvalue { held: self.copied(from.b())?, lasts: false },
                capture::REF => {
                    self.harmless(from.b())?;
                    Upvalue { held: Held::Harmless, lasts: false }
                }
                capture::UPVAL => flow.upvalue(self.function, from.b())?,
                _ => return None,
            });
        }
        flow.made(made, &upvalues)?;
        self.next.push(next + count);
        Some(())
    }
}
