//! What measuring costs, against one bare reading of the thread's CPU clock; and what counting memory adds to an allocation.
//!
//! Cases take turns within one run, and each figure is the median of its rounds. Lines: `TIME name nanoseconds` and `RATIO name a/b value target`.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(unsafe_code, reason = "allocators are called directly, to leave everything else out")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;

use ecology_metering::{AgentTotals, CountingAllocator, MachineMeter, Meter, Traffic, cgroup, thread_cpu_ns};
use ecology_types::Key;
use rustix::time::{ClockId, clock_gettime};

const TURNS: u64 = 50_000;
const ROUNDS: usize = 15;

/// A name and something to do.
type Case<'a> = (&'static str, Box<dyn FnMut() + 'a>);

fn allocate(allocator: &impl GlobalAlloc) {
    let layout = Layout::new::<[u64; 12]>();
    // SAFETY: the layout is not empty, and what was allocated is freed with the same layout by the same allocator.
    unsafe {
        let pointer = black_box(allocator.alloc(layout));
        if !pointer.is_null() {
            allocator.dealloc(pointer, layout);
        }
    }
}

fn main() {
    let (mut meter, mut totals) = (MachineMeter::new(), AgentTotals::default());
    let counting = CountingAllocator::system();
    let mut cases: Vec<Case<'_>> = vec![
        (
            "raw_clock",
            Box::new(|| {
                black_box(clock_gettime(ClockId::ThreadCPUTime));
            }),
        ),
        (
            "lap",
            Box::new(|| {
                black_box(meter.lap());
            }),
        ),
        (
            "lap_and_totals",
            Box::new({
                let mut meter = MachineMeter::new();
                let traffic = Traffic { written_bytes: 10, bandwidth_bytes: 30 };
                move || {
                    black_box(totals.add(&meter.lap().measurement(Key(12), traffic)));
                }
            }),
        ),
        ("alloc_system", Box::new(|| allocate(&System))),
        ("alloc_counted", Box::new(|| allocate(&counting))),
    ];
    let group = cgroup::Reader::of_self();
    if let Ok(mut reader) = group {
        cases.push((
            "cgroup_cpu",
            Box::new(move || {
                black_box(reader.cpu_ns()).ok();
            }),
        ));
    }

    let mut times: Vec<Vec<u64>> = vec![Vec::new(); cases.len()];
    for _ in 0..ROUNDS {
        for ((_, case), times) in cases.iter_mut().zip(&mut times) {
            let begin = thread_cpu_ns();
            for _ in 0..TURNS {
                case();
            }
            times.push(thread_cpu_ns() - begin);
        }
    }
    let medians: Vec<u64> = times
        .iter_mut()
        .map(|times| {
            times.sort_unstable();
            times[ROUNDS / 2]
        })
        .collect();
    let names: Vec<&str> = cases.iter().map(|(name, _)| *name).collect();
    for (name, median) in names.iter().zip(&medians) {
        println!("TIME {name} {}", hundredths(*median, TURNS));
    }
    let ratio = |name: &str, a: usize, b: usize, target: &str| {
        println!("RATIO {name} {}/{} {} {target}", names[a], names[b], hundredths(medians[a], medians[b]));
    };
    ratio("metering_lap", 1, 0, "<=1.15");
    ratio("metering_lap_and_totals", 2, 0, "<=1.25");
    ratio("metering_allocation", 4, 3, "<=1.50");
}

/// A quotient with two decimals.
fn hundredths(over: u64, under: u64) -> String {
    let hundredths = over * 100 / under.max(1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}
