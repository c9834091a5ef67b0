//! What an action really used: CPU time, peak memory, bytes written and bandwidth, in integers.
//!
//! * [`Meter`] measures one action after the other on one thread: [`MachineMeter`] asks the machine, [`ModelledMeter`] computes what a
//!   virtual clock can repeat, [`NullMeter`] measures nothing.
//! * [`CountingAllocator`] makes memory measurable: a program that installs it as its global allocator gets the peak of each action.
//! * [`Traffic`] counts the bytes that an action writes and moves; these follow from the action and are the same in every run.
//! * [`AgentTotals`] sums up per agent and turns nanoseconds into whole microseconds without losing any ([`CpuRemainder`]).
//! * [`cgroup::Reader`] and [`process::memory`] measure whole processes, for agents that run in containers or as children.
//!
//! Invariants:
//!
//! * Integers only; sums are exact or stop at the largest number, and never wrap.
//! * Laps are chained: the clock reading that ends one action begins the next one, so that laps add up to the total to the nanosecond and one
//!   system call per action is enough.
//! * A meter measures the thread that it runs on. Carried to another thread it starts over instead of reporting nonsense.
//!
//! Why not `getrusage`: its thread times move only every 4 ms, and a child's `ru_maxrss` begins at that of its parent.
//!
//! # Unsafe code
//! The workspace forbids it; this crate denies it everywhere but in the implementation of [`std::alloc::GlobalAlloc`] for
//! [`CountingAllocator`], a trait that is unsafe by definition. That implementation passes every call on unchanged and counts beside it.
//!
//! ```
//! use ecology_metering::{AgentTotals, Meter, ModelledMeter, Traffic};
//! use ecology_types::Key;
//!
//! let mut meter = ModelledMeter::new(2_500, 1);
//! let mut totals = AgentTotals::default();
//! meter.start();
//! for _ in 0..2 {
//!     let traffic = Traffic { written_bytes: 100, bandwidth_bytes: 150 };
//!     meter.note_bytes(traffic.bandwidth_bytes);
//!     totals.add(&meter.lap().measurement(Key(12), traffic));
//! }
//! assert_eq!((totals.actions, totals.cpu_us, totals.written_bytes), (2, 5, 200));
//! ```

mod allocator;
pub mod cgroup;
mod machine;
mod meter;
mod modelled;
mod null;
pub mod process;
mod reading;
mod remainder;
mod totals;
mod traffic;

pub use allocator::{CountingAllocator, MemoryLap};
pub use machine::{MachineMeter, thread_cpu_ns};
pub use meter::Meter;
pub use modelled::ModelledMeter;
pub use null::NullMeter;
pub use reading::Reading;
pub use remainder::CpuRemainder;
pub use totals::AgentTotals;
pub use traffic::Traffic;

/// The README's code, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
