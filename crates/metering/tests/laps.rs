//! Laps add up, and count the thread's own work only.

use std::hint::black_box;
use std::thread;
use std::time::Duration;

use ecology_metering::{MachineMeter, Meter, ModelledMeter, NullMeter, Reading, thread_cpu_ns};
use proptest::prelude::*;

fn work(turns: u64) {
    for turn in 0..turns {
        black_box(turn.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The sum of the laps is the total: between the clock readings around them and those inside lie two system calls and nothing else.
    #[test]
    fn laps_add_up_to_the_total(turns in proptest::collection::vec(0_u64..20_000, 1..50)) {
        let mut meter = MachineMeter::new();
        let before = thread_cpu_ns();
        meter.start();
        let after_start = thread_cpu_ns();
        let mut sum = 0;
        for turns in turns {
            work(turns);
            sum += meter.lap().cpu_ns;
        }
        let total = thread_cpu_ns();
        prop_assert!(sum <= total - before, "{sum} ns in laps, {} ns at most", total - before);
        // Everything after the start but the last reading of the clock itself, for which 2 ms is generous on a busy machine.
        prop_assert!(sum + 2_000_000 >= total - after_start, "{sum} ns in laps, {} ns in all", total - after_start);
    }

    #[test]
    fn a_modelled_meter_is_exact_and_repeats(bytes in proptest::collection::vec(0_u64..10_000, 0..20)) {
        let (mut one, mut other) = (ModelledMeter::new(700, 3), ModelledMeter::new(700, 3));
        let read = |meter: &mut ModelledMeter| -> Vec<Reading> {
            meter.start();
            bytes.iter().map(|bytes| { meter.note_bytes(*bytes); meter.lap() }).collect()
        };
        let readings = read(&mut one);
        prop_assert_eq!(&readings, &read(&mut other));
        for (reading, bytes) in readings.iter().zip(&bytes) {
            prop_assert_eq!(reading.cpu_ns, 700 + 3 * bytes);
        }
    }
}

#[test]
fn work_counts_and_sleep_does_not() {
    let mut meter = MachineMeter::new();
    meter.start();
    let begin = thread_cpu_ns();
    while thread_cpu_ns() - begin < 20_000_000 {
        work(1_000);
    }
    let busy = meter.lap().cpu_ns;
    thread::sleep(Duration::from_millis(50));
    let asleep = meter.lap().cpu_ns;
    assert!(busy >= 20_000_000, "{busy}");
    assert!(asleep < 10_000_000, "{asleep} ns of CPU while asleep");
}

#[test]
fn the_work_of_other_threads_is_theirs() {
    let mut meter = MachineMeter::new();
    meter.start();
    let others = thread::spawn(|| {
        let begin = thread_cpu_ns();
        while thread_cpu_ns() - begin < 30_000_000 {
            work(1_000);
        }
    });
    others.join().expect("it only works");
    let own = meter.lap().cpu_ns;
    assert!(own < 15_000_000, "{own} ns of CPU while another thread used 30 ms");
}

#[test]
fn a_meter_carried_to_another_thread_starts_over() {
    let begin = thread_cpu_ns();
    while thread_cpu_ns() - begin < 5_000_000 {
        work(1_000);
    }
    let mut meter = MachineMeter::new();
    meter.start();
    let readings = thread::spawn(move || {
        let first = meter.lap();
        work(100_000);
        (first, meter.lap())
    });
    let (first, second) = readings.join().expect("it only works");
    assert_eq!(first, Reading::default(), "two threads' clocks have nothing in common");
    assert!(second.cpu_ns > 0);
    assert_eq!(MachineMeter::new().lap(), Reading::default(), "a meter that never started");
}

#[test]
fn meters_are_objects_that_threads_can_own() {
    let mut meters: Vec<Box<dyn Meter + Send>> =
        vec![Box::new(MachineMeter::new()), Box::new(ModelledMeter::new(5, 0)), Box::new(NullMeter)];
    let names: Vec<&str> = meters
        .iter_mut()
        .map(|meter| {
            meter.start();
            meter.note_bytes(1);
            meter.lap();
            meter.name()
        })
        .collect();
    assert_eq!(names, ["machine", "modelled", "null"]);
}

#[test]
fn a_model_stops_at_the_largest_number() {
    let mut meter = ModelledMeter::new(u64::MAX, u64::MAX);
    meter.start();
    meter.note_bytes(u64::MAX);
    meter.note_bytes(1);
    assert_eq!(meter.lap(), Reading { cpu_ns: u64::MAX, memory_peak_bytes: u64::MAX });
}
