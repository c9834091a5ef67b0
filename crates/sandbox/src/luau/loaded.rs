//! The programs that a machine keeps ready.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use ecology_types::SmolStr;
use mlua::{Function, Table};

/// Programs that one machine keeps ready.
const PROGRAMS_MAX: usize = 1024;
/// Bytes of bytecode that one machine keeps ready.
const BYTECODE_BYTES_MAX: usize = 16 << 20;

/// What of a program a machine keeps ready.
pub(super) enum Ready {
    /// Its top level, which every call runs anew.
    Chunk(Function),
    /// What its top level left, which lasts.
    Lasting(Lasting),
}

/// What the top level of a program left: its globals, frozen.
pub(super) struct Lasting {
    globals: Table,
    /// The function that was called last. Only this one has a handle: a program may have thousands.
    called: Option<(SmolStr, Function)>,
}

impl Lasting {
    pub(super) const fn new(globals: Table) -> Self {
        Self { globals, called: None }
    }

    /// Makes a function the one that is called.
    pub(super) fn choose(&mut self, name: &str) -> mlua::Result<()> {
        if self.called.as_ref().is_none_or(|(known, _)| known != name) {
            self.called = Some((SmolStr::new(name), self.globals.raw_get(name)?));
        }
        Ok(())
    }

    /// The function that is called.
    pub(super) fn chosen(&self) -> Option<&Function> {
        self.called.as_ref().map(|(_, function)| function)
    }
}

/// The programs that a machine keeps ready, by their numbers.
#[derive(Default)]
pub(super) struct Loaded {
    programs: HashMap<u64, Program, BuildHasherDefault<ById>>,
    bytes: usize,
    uses: u64,
}

struct Program {
    ready: Ready,
    bytes: usize,
    last_use: u64,
}

impl Loaded {
    /// A program that is about to be used, if it is ready.
    pub(super) fn used(&mut self, id: u64) -> Option<&mut Ready> {
        self.uses += 1;
        let program = self.programs.get_mut(&id)?;
        program.last_use = self.uses;
        Some(&mut program.ready)
    }

    /// A program, if it is ready.
    pub(super) fn get(&self, id: u64) -> Option<&Ready> {
        self.programs.get(&id).map(|program| &program.ready)
    }

    /// Keeps a program of so many bytes ready. When there is no room, the half used longest ago goes.
    pub(super) fn keep(&mut self, id: u64, bytes: usize, ready: Ready) {
        self.make_room(bytes);
        self.uses += 1;
        self.bytes += bytes;
        self.programs.insert(id, Program { ready, bytes, last_use: self.uses });
    }

    fn make_room(&mut self, bytes: usize) {
        if self.programs.len() < PROGRAMS_MAX && self.bytes + bytes <= BYTECODE_BYTES_MAX {
            return;
        }
        let mut uses: Vec<u64> = self.programs.values().map(|program| program.last_use).collect();
        let middle = uses.len() / 2;
        if uses.is_empty() {
            return;
        }
        let (_, oldest_kept, _) = uses.select_nth_unstable(middle);
        let oldest_kept = *oldest_kept;
        self.programs.retain(|_, program| program.last_use > oldest_kept);
        self.bytes = self.programs.values().map(|program| program.bytes).sum();
    }
}

/// Numbers of programs are given one after the other, by us: they need no hash that withstands anybody.
#[derive(Default)]
struct ById(u64);

impl Hasher for ById {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte) ^ self.0.rotate_left(8));
        }
    }

    fn write_u64(&mut self, id: u64) {
        // The map wants its upper bits to differ as well (Fibonacci hashing, Knuth 6.4).
        self.0 = id.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}
