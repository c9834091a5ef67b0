//! Instructions of the bytecode: what they are called and how they are packed.

/// Numbers of the operations, in the order of the format's own list.
pub(super) mod op {
    pub(in super::super) const NOP: u8 = 0;
    pub(in super::super) const LOADNIL: u8 = 2;
    pub(in super::super) const LOADB: u8 = 3;
    pub(in super::super) const LOADN: u8 = 4;
    pub(in super::super) const LOADK: u8 = 5;
    pub(in super::super) const MOVE: u8 = 6;
    pub(in super::super) const GETGLOBAL: u8 = 7;
    pub(in super::super) const SETGLOBAL: u8 = 8;
    pub(in super::super) const GETUPVAL: u8 = 9;
    pub(in super::super) const SETUPVAL: u8 = 10;
    pub(in super::super) const CLOSEUPVALS: u8 = 11;
    pub(in super::super) const GETIMPORT: u8 = 12;
    pub(in super::super) const GETTABLE: u8 = 13;
    pub(in super::super) const SETTABLE: u8 = 14;
    pub(in super::super) const GETTABLEKS: u8 = 15;
    pub(in super::super) const SETTABLEKS: u8 = 16;
    pub(in super::super) const GETTABLEN: u8 = 17;
    pub(in super::super) const SETTABLEN: u8 = 18;
    pub(in super::super) const NEWCLOSURE: u8 = 19;
    pub(in super::super) const NAMECALL: u8 = 20;
    pub(in super::super) const CALL: u8 = 21;
    pub(in super::super) const RETURN: u8 = 22;
    pub(in super::super) const JUMP: u8 = 23;
    pub(in super::super) const JUMPBACK: u8 = 24;
    pub(in super::super) const JUMPIF: u8 = 25;
    pub(in super::super) const JUMPIFNOT: u8 = 26;
    pub(in super::super) const JUMPIFEQ: u8 = 27;
    pub(in super::super) const JUMPIFNOTLT: u8 = 32;
    pub(in super::super) const ADD: u8 = 33;
    pub(in super::super) const POW: u8 = 38;
    pub(in super::super) const ADDK: u8 = 39;
    pub(in super::super) const POWK: u8 = 44;
    pub(in super::super) const AND: u8 = 45;
    pub(in super::super) const OR: u8 = 46;
    pub(in super::super) const ANDK: u8 = 47;
    pub(in super::super) const ORK: u8 = 48;
    pub(in super::super) const CONCAT: u8 = 49;
    pub(in super::super) const NOT: u8 = 50;
    pub(in super::super) const MINUS: u8 = 51;
    pub(in super::super) const LENGTH: u8 = 52;
    pub(in super::super) const NEWTABLE: u8 = 53;
    pub(in super::super) const DUPTABLE: u8 = 54;
    pub(in super::super) const SETLIST: u8 = 55;
    pub(in super::super) const FORNPREP: u8 = 56;
    pub(in super::super) const FORNLOOP: u8 = 57;
    pub(in super::super) const FORGLOOP: u8 = 58;
    pub(in super::super) const FORGPREP_INEXT: u8 = 59;
    pub(in super::super) const FASTCALL3: u8 = 60;
    pub(in super::super) const FORGPREP_NEXT: u8 = 61;
    pub(in super::super) const GETVARARGS: u8 = 63;
    pub(in super::super) const DUPCLOSURE: u8 = 64;
    pub(in super::super) const PREPVARARGS: u8 = 65;
    pub(in super::super) const LOADKX: u8 = 66;
    pub(in super::super) const JUMPX: u8 = 67;
    pub(in super::super) const FASTCALL: u8 = 68;
    pub(in super::super) const CAPTURE: u8 = 70;
    pub(in super::super) const SUBRK: u8 = 71;
    pub(in super::super) const DIVRK: u8 = 72;
    pub(in super::super) const FASTCALL1: u8 = 73;
    pub(in super::super) const FASTCALL2: u8 = 74;
    pub(in super::super) const FASTCALL2K: u8 = 75;
    pub(in super::super) const FORGPREP: u8 = 76;
    pub(in super::super) const JUMPXEQKNIL: u8 = 77;
    pub(in super::super) const JUMPXEQKS: u8 = 80;
    pub(in super::super) const IDIV: u8 = 81;
    pub(in super::super) const IDIVK: u8 = 82;
}

/// How a function within gets a variable of the one around it: the value, the variable itself, or what that one got from outside.
pub(super) mod capture {
    pub(in super::super) const VAL: usize = 0;
    pub(in super::super) const REF: usize = 1;
    pub(in super::super) const UPVAL: usize = 2;
}

/// One instruction, without the word that may follow it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Instruction(pub(super) u32);

impl Instruction {
    pub(super) const fn op(self) -> u8 {
        self.0.to_le_bytes()[0]
    }

    pub(super) const fn a(self) -> usize {
        self.0.to_le_bytes()[1] as usize
    }

    pub(super) const fn b(self) -> usize {
        self.0.to_le_bytes()[2] as usize
    }

    pub(super) const fn c(self) -> usize {
        self.0.to_le_bytes()[3] as usize
    }

    /// The upper half as a jump.
    pub(super) const fn d(self) -> i32 {
        self.0.cast_signed() >> 16
    }

    /// The upper half as a place in a list.
    pub(super) const fn index(self) -> usize {
        (self.0 >> 16) as usize
    }

    /// All but the operation, as a jump.
    pub(super) const fn e(self) -> i32 {
        self.0.cast_signed() >> 8
    }

    /// Words that it takes, its own and the one that belongs to it; nothing for an operation that is not known.
    pub(super) const fn words(self) -> Option<usize> {
        Some(match self.op() {
            op::GETGLOBAL
            | op::SETGLOBAL
            | op::GETIMPORT
            | op::GETTABLEKS
            | op::SETTABLEKS
            | op::NAMECALL
            | op::JUMPIFEQ..=op::JUMPIFNOTLT
            | op::NEWTABLE
            | op::SETLIST
            | op::FORGLOOP
            | op::LOADKX
            | op::FASTCALL2
            | op::FASTCALL2K
            | op::FASTCALL3
            | op::JUMPXEQKNIL..=op::JUMPXEQKS => 2,
            // A stop of a debugger, a call into machine code, a counter of coverage: the compiler writes none of them here.
            1 | 62 | 69 => return None,
            op::NOP..=op::IDIVK => 1,
            _ => return None,
        })
    }
}
