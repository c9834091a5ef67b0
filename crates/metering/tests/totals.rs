//! Sums per agent lose nothing.

use ecology_metering::{AgentTotals, CpuRemainder, Reading, Traffic};
use ecology_types::{Action, Charges, Draft, Id, Key, Refusal, RefusalCode, Resource, Value};
use proptest::prelude::*;

proptest! {
    /// After any number of actions, the microseconds charged are the nanoseconds used, rounded down once.
    #[test]
    fn nothing_is_lost_by_rounding(laps in proptest::collection::vec(0_u64..5_000_000, 0..200)) {
        let mut totals = AgentTotals::default();
        let mut charged = Charges::NONE;
        for cpu_ns in &laps {
            let reading = Reading { cpu_ns: *cpu_ns, memory_peak_bytes: cpu_ns % 77 };
            let traffic = Traffic { written_bytes: cpu_ns % 13, bandwidth_bytes: cpu_ns % 17 };
            charged = charged.saturating_add(&totals.add(&reading.measurement(Key(12), traffic)));
        }
        let total_ns: u64 = laps.iter().sum();
        prop_assert_eq!(totals.cpu_us, total_ns / 1_000);
        prop_assert_eq!(u64::from(totals.cpu_rest.ns()), total_ns % 1_000);
        prop_assert_eq!(charged[Resource::Cpu], totals.cpu_us);
        prop_assert_eq!(charged[Resource::DiskWrites], totals.written_bytes);
        prop_assert_eq!(charged[Resource::Bandwidth], totals.bandwidth_bytes);
        prop_assert_eq!(totals.memory_peak_bytes, laps.iter().map(|ns| ns % 77).max().unwrap_or(0));
        prop_assert_eq!(totals.actions, laps.len() as u64);
        prop_assert_eq!(totals.charges()[Resource::Cpu], totals.cpu_us);
    }
}

#[test]
fn the_largest_numbers_do_not_wrap() {
    let mut rest = CpuRemainder::default();
    assert_eq!(rest.carry(u64::MAX), u64::MAX / 1_000);
    assert_eq!(rest.carry(u64::MAX), u64::MAX / 1_000 + 1, "615 ns twice make another microsecond");
    let huge = Reading { cpu_ns: u64::MAX, memory_peak_bytes: u64::MAX };
    let traffic = Traffic { written_bytes: u64::MAX, bandwidth_bytes: u64::MAX };
    let mut totals = AgentTotals { cpu_us: u64::MAX, ..AgentTotals::default() };
    for _ in 0..2 {
        totals.add(&huge.measurement(Key(1), traffic));
    }
    assert_eq!((totals.cpu_us, totals.written_bytes, totals.bandwidth_bytes), (u64::MAX, u64::MAX, u64::MAX));
}

#[test]
fn traffic_follows_from_the_action() {
    let doc = || Id::known("doc");
    let done = Ok(Value::Null);
    let write = Action::Write(Box::new(Draft::new(doc(), "0123456789")));
    assert_eq!(Traffic::of(&write, &done), Traffic { written_bytes: 10, bandwidth_bytes: 3 + 10 + 8 });
    let refused = Err(Refusal::new(RefusalCode::NotPermitted, "no way"));
    assert_eq!(Traffic::of(&write, &refused), Traffic { written_bytes: 0, bandwidth_bytes: 3 + 10 + 6 });
    let edit =
        Action::Edit { artifact: doc(), find: "ab".into(), replace: "abcd".into(), expected_version: None };
    assert_eq!(Traffic::of(&edit, &done), Traffic { written_bytes: 4, bandwidth_bytes: 3 + 6 + 8 });
    let read = Action::Read { artifact: doc() };
    let content = Ok(Value::text("0123456789"));
    assert_eq!(Traffic::of(&read, &content), Traffic { written_bytes: 0, bandwidth_bytes: 3 + 10 });
    let invoke = Action::invoke(doc(), "run", Value::map([("n", Value::Int(1))]));
    assert_eq!(Traffic::request_bytes(&invoke), 3 + 3 + 8 + 1 + 8);
    assert_eq!(Traffic::of(&Action::Noop, &done).written_bytes, 0);
}
