//! Counts what a running call uses, and remembers why it must stop.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use crate::{Fault, Limits};

/// The clock is looked at once in this many instructions; more often in a long program, where much can happen between two.
const INSTRUCTIONS_PER_CLOCK: u64 = 16;

/// Why a run must stop. Once set it stays: code cannot catch its way out.
pub(crate) struct Stopped;

/// The clock starts after so many instructions: a call without loops needs none, and looking at it costs as much as some of its steps.
const INSTRUCTIONS_BEFORE_CLOCK: u64 = 4;

/// Counts what a running call uses. Belongs to one virtual machine, is reset by every call.
#[derive(Default)]
pub(crate) struct Meter {
    used: Cell<u64>,
    max: Cell<u64>,
    weight: Cell<u64>,
    host_calls_left: Cell<u32>,
    clock_every: Cell<u64>,
    until_clock: Cell<u64>,
    /// Whether the clock has not been started by an instruction yet.
    is_first_look: Cell<bool>,
    /// Milliseconds that the call may take; nothing when it is nobody's call.
    wall_ms_max: Cell<Option<u64>>,
    deadline: Cell<Option<Instant>>,
    /// Where memory ends; 0 when there is no end.
    memory_max: Cell<usize>,
    /// Where memory ends for the next instruction, as the machine was told last; 0 when it was told nothing.
    memory_step: Cell<usize>,
    random: Cell<u64>,
    stop: RefCell<Option<Fault>>,
}

impl Meter {
    /// Starts counting for a call.
    pub(crate) fn start(&self, limits: &Limits, weight: u64, seed: u64) {
        self.used.set(0);
        self.max.set(limits.instructions_max);
        self.weight.set(weight);
        self.host_calls_left.set(limits.host_calls_max);
        self.clock_every.set(INSTRUCTIONS_PER_CLOCK / weight.max(1));
        self.until_clock.set(self.clock_every.get().min(INSTRUCTIONS_BEFORE_CLOCK));
        self.is_first_look.set(true);
        self.wall_ms_max.set(Some(limits.wall_ms_max));
        self.deadline.set(None);
        self.random.set(seed);
        *self.stop.borrow_mut() = None;
    }

    /// Where memory ends for the call, of everything that the machine has taken; 0 when there is no end.
    pub(crate) fn set_memory_max(&self, bytes: usize) {
        self.memory_max.set(bytes);
        self.memory_step.set(0);
    }

    /// Takes note of where memory ends for the next instruction; whether that is another place than the last one.
    pub(crate) fn is_new_step(&self, bytes: usize) -> bool {
        self.memory_step.replace(bytes) != bytes
    }

    pub(crate) fn memory_max(&self) -> usize {
        self.memory_max.get()
    }

    /// Lets trusted code run freely between calls.
    pub(crate) fn idle(&self) {
        self.memory_max.set(0);
        self.max.set(u64::MAX);
        self.wall_ms_max.set(None);
        self.deadline.set(None);
        *self.stop.borrow_mut() = None;
    }

    /// Counts one instruction.
    #[inline]
    pub(crate) fn tick(&self) -> Result<(), Stopped> {
        let left = self.until_clock.get();
        if left == 0 {
            self.until_clock.set(self.clock_every.get());
            self.look_at_clock();
        } else {
            self.until_clock.set(left - 1);
        }
        self.charge(self.weight.get())
    }

    /// Counts `amount` instructions.
    #[inline]
    pub(crate) fn charge(&self, amount: u64) -> Result<(), Stopped> {
        let used = self.used.get().saturating_add(amount);
        if used > self.max.get() {
            self.used.set(self.max.get());
            self.stop(Fault::OutOfInstructions);
            return Err(Stopped);
        }
        self.used.set(used);
        if self.has_stopped() { Err(Stopped) } else { Ok(()) }
    }

    /// Counts one question to the host.
    pub(crate) fn ask(&self) -> Result<(), Stopped> {
        // The host may take its time.
        if self.deadline.get().is_none() {
            self.start_clock();
        }
        match self.host_calls_left.get().checked_sub(1) {
            Some(left) => self.host_calls_left.set(left),
            None => self.stop(Fault::TooManyHostCalls),
        }
        self.charge(crate::limits::INSTRUCTIONS_PER_HOST_CALL)
    }

    /// Remembers why the run must stop; the first reason stays.
    pub(crate) fn stop(&self, why: Fault) {
        self.stop.borrow_mut().get_or_insert(why);
    }

    pub(crate) fn has_stopped(&self) -> bool {
        self.stop.borrow().is_some()
    }

    pub(crate) fn take_stop(&self) -> Option<Fault> {
        self.stop.borrow_mut().take()
    }

    pub(crate) fn used(&self) -> u64 {
        self.used.get()
    }

    /// The next number of the call's own stream: SplitMix64 (Steele, Lea & Flood 2014).
    pub(crate) fn random(&self) -> u64 {
        let state = self.random.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.random.set(state);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    #[cold]
    fn look_at_clock(&self) {
        if self.is_first_look.replace(false) {
            if self.deadline.get().is_none() {
                self.start_clock();
            }
            // It is looked at where it would be, had it run from the first instruction.
            self.until_clock.set(self.clock_every.get().saturating_sub(INSTRUCTIONS_BEFORE_CLOCK));
        } else if self.deadline.get().is_some_and(|deadline| Instant::now() > deadline) {
            self.stop(Fault::TooSlow);
        }
    }

    fn start_clock(&self) {
        let wall_ms_max = self.wall_ms_max.get().map(Duration::from_millis);
        self.deadline.set(wall_ms_max.and_then(|wall_max| Instant::now().checked_add(wall_max)));
    }
}
