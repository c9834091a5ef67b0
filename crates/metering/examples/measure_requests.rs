//! Bills two customers of a service for what their requests really used: CPU time, peak memory, bytes written and bandwidth.
//!
//! Run with `cargo run -p ecology-metering --example measure_requests`.

#![expect(clippy::print_stdout, reason = "an example prints what it shows")]

use std::hint::black_box;

use ecology_metering::{AgentTotals, CountingAllocator, MachineMeter, Meter, Traffic, cgroup, process};
use ecology_types::Key;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::system();

/// A request that sorts `size` numbers.
fn serve(size: u32) -> u64 {
    let mut numbers: Vec<u32> = (0..size).map(|n| n.wrapping_mul(2_654_435_761)).collect();
    numbers.sort_unstable();
    u64::from(black_box(numbers)[0]) + u64::from(size)
}

fn main() {
    let customers = [("small", Key(12), 100_u32), ("large", Key(13), 50_000)];
    let mut totals = [AgentTotals::default(); 2];
    let mut meter = MachineMeter::new();
    meter.start();
    for _ in 0..100 {
        for ((_, key, size), totals) in customers.iter().zip(&mut totals) {
            let bandwidth_bytes = serve(*size);
            let traffic = Traffic { written_bytes: 0, bandwidth_bytes };
            totals.add(&meter.lap().measurement(*key, traffic));
        }
    }
    for ((name, ..), totals) in customers.iter().zip(&totals) {
        println!(
            "{name}: {} requests, {} µs of CPU, {} bytes at most in one request, {} bytes of bandwidth",
            totals.actions, totals.cpu_us, totals.memory_peak_bytes, totals.bandwidth_bytes
        );
    }
    match process::own_memory() {
        Ok(memory) => println!("whole process: {} bytes at its peak", memory.peak_bytes),
        Err(error) => println!("whole process: {error}"),
    }
    match cgroup::Reader::of_self().and_then(|mut reader| reader.read()) {
        Ok(reading) => println!("control group: {reading:?}"),
        Err(error) => println!("control group: {error}"),
    }
}
