//! The peak of memory of each lap.

use std::alloc::System;
use std::hint::black_box;
use std::thread;

use ecology_metering::{CountingAllocator, MachineMeter, MemoryLap, Meter};

const MIB: usize = 1 << 20;

fn peak(action: impl FnOnce()) -> u64 {
    let lap = MemoryLap::begin();
    action();
    lap.peak_bytes()
}

#[test]
fn this_binary_counts_its_memory() {
    assert!(CountingAllocator::<System>::is_installed());
}

#[test]
fn the_peak_is_what_was_in_use_at_once() {
    assert_eq!(peak(|| ()), 0);
    let one = peak(|| drop(black_box(vec![1_u8; MIB])));
    assert_eq!(one, MIB as u64);
    let in_turn = peak(|| (0..5).for_each(|_| drop(black_box(vec![1_u8; MIB]))));
    assert_eq!(in_turn, MIB as u64);
    let at_once = peak(|| drop(black_box([vec![1_u8; MIB], vec![0_u8; MIB], Vec::with_capacity(MIB)])));
    assert_eq!(at_once, 3 * MIB as u64);
}

#[test]
fn growing_and_shrinking_counts() {
    let grown = peak(|| {
        let mut bytes: Vec<u8> = Vec::with_capacity(MIB);
        bytes.reserve_exact(4 * MIB);
        bytes.shrink_to(2 * MIB);
        drop(black_box(bytes));
    });
    assert_eq!(grown, 4 * MIB as u64);
}

#[test]
fn only_the_rise_above_the_beginning_counts() {
    let kept = black_box(vec![1_u8; 8 * MIB]);
    assert_eq!(peak(|| drop(black_box(vec![1_u8; MIB]))), MIB as u64);
    assert_eq!(peak(move || drop(kept)), 0, "freeing what was there before is no peak");
}

#[test]
fn other_threads_do_not_count() {
    let lap = MemoryLap::begin();
    let theirs =
        thread::spawn(|| peak(|| drop(black_box(vec![1_u8; 32 * MIB])))).join().expect("it only works");
    assert_eq!(theirs, 32 * MIB as u64);
    assert!(lap.peak_bytes() < MIB as u64, "{} bytes for a thread's handle", lap.peak_bytes());
}

#[test]
fn each_lap_of_a_meter_has_its_own_peak() {
    let mut meter = MachineMeter::new();
    meter.start();
    drop(black_box(vec![1_u8; 2 * MIB]));
    let first = meter.lap().memory_peak_bytes;
    let second = meter.lap().memory_peak_bytes;
    let kept = black_box(vec![1_u8; MIB]);
    let third = meter.lap().memory_peak_bytes;
    drop(kept);
    assert_eq!([first, second, third], [2 * MIB as u64, 0, MIB as u64]);
}
