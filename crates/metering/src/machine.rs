//! The meter that asks the machine.

use std::sync::atomic::{AtomicU64, Ordering};

use rustix::time::{ClockId, clock_gettime};

use crate::{MemoryLap, Meter, Reading};

/// Reads the CPU clock of the calling thread (`CLOCK_THREAD_CPUTIME_ID`) and, where [`crate::CountingAllocator`] is installed, its memory peak.
///
/// One reading of the clock costs about 200 ns, a system call; a lap takes one. It may be sent to another thread; the lap that follows reads
/// zero and starts over there, because the clocks of two threads have nothing in common.
#[derive(Debug, Clone, Default)]
pub struct MachineMeter {
    /// The thread of the last reading; 0 before the first.
    thread: u64,
    last_ns: u64,
    memory: MemoryLap,
}

impl MachineMeter {
    /// A meter that has not started.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn begin(&mut self, thread: u64, now_ns: u64) {
        self.thread = thread;
        self.last_ns = now_ns;
        self.memory = MemoryLap::begin();
    }
}

impl Meter for MachineMeter {
    fn name(&self) -> &'static str {
        "machine"
    }

    fn start(&mut self) {
        self.begin(thread_number(), thread_cpu_ns());
    }

    fn lap(&mut self) -> Reading {
        let (thread, now_ns) = (thread_number(), thread_cpu_ns());
        let reading = if thread == self.thread {
            Reading {
                cpu_ns: now_ns.saturating_sub(self.last_ns),
                memory_peak_bytes: self.memory.peak_bytes(),
            }
        } else {
            Reading::default()
        };
        self.begin(thread, now_ns);
        reading
    }
}

/// CPU time that the calling thread has used since it began, in nanoseconds.
#[must_use]
pub fn thread_cpu_ns() -> u64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    let secs = u64::try_from(now.tv_sec).unwrap_or(0);
    secs.saturating_mul(1_000_000_000).saturating_add(u64::try_from(now.tv_nsec).unwrap_or(0))
}

/// A number that no other thread of this process has or had: addresses and system ids are used again.
fn thread_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    thread_local! {
        static NUMBER: u64 = NEXT.fetch_add(1, Ordering::Relaxed);
    }
    // A thread that is ending has no number any more and counts as no thread.
    NUMBER.try_with(|number| *number).unwrap_or(0)
}
