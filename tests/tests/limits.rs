//! Limits of processes through the binary: shares become plans, and a turn above its plan stops its loop.

use ecology_tests::{Scratch, report_number};
use serde_json::Value;

const CONTINUOUS: [&str; 4] =
    ["--set", "features.rate_limiting=rolling", "--set", "features.execution_mode=continuous"];

/// A commune in which every agent has so little memory that some of its turns need more. The modelled meter makes it the same in every run.
const TINY: [&str; 10] = [
    "--scenario",
    "commune",
    "--agents",
    "26",
    "--ticks",
    "20",
    "--set",
    "shares.memory=400",
    "--set",
    "metering.source=modelled",
];

fn events(scratch: &Scratch, kind: &str) -> Vec<Value> {
    let args = ["inspect", "a.world", "events", "--kind", kind, "--limit", "0", "--json"];
    let shown = scratch.ecology(&args).json();
    shown.as_array().or_else(|| shown["events"].as_array()).expect("a list of events").clone()
}

#[test]
fn a_tiny_share_stops_loops_in_both_modes_and_replays() {
    for mode in [&[][..], &CONTINUOUS] {
        let args = [&TINY[..], mode].concat();
        let scratch = Scratch::new();
        let report = scratch.run("a.world", &args);
        let stopped = report_number(&report, "/limits/loops_stopped");
        let exceeded = report_number(&report, "/limits/plans_exceeded");
        assert_eq!(report_number(&report, "/limits/plans"), 26, "{report}");
        assert!((1..26).contains(&exceeded) && stopped >= exceeded, "{report}");
        assert!(report_number(&report, "/loops/blocked") >= 1, "{report}");
        assert!(report_number(&report, "/actions/done") > 100, "the others go on: {report}");
        let told = events(&scratch, "limit_exceeded");
        assert!(told.len() as u64 >= stopped);
        for event in &told {
            assert_eq!(event["resource"], "memory");
            assert_eq!(event["allowed"], 400);
            assert!(event["used"].as_u64() > Some(400), "{event}");
        }
        assert_eq!(scratch.replay("a.world")["state_hash"], report["state_hash"]);
        // Whoever was stopped is still stopped in the next run.
        let again = scratch.run("a.world", &[&["--ticks", "5"], mode].concat());
        assert!(report_number(&again, "/loops/blocked") >= 1, "{again}");

        let other = Scratch::new();
        let second = other.run("a.world", &args);
        assert_eq!(second["state_hash"], report["state_hash"], "modelled amounts are the same in every run");
    }
}

#[test]
fn a_byte_of_memory_stops_everybody_under_the_meter_of_the_machine() {
    let scratch = Scratch::new();
    let args = ["--scenario", "market", "--agents", "20", "--ticks", "10", "--set", "shares.memory=1"];
    let report = scratch.run("a.world", &args);
    assert_eq!(report_number(&report, "/limits/plans_exceeded"), 20, "{report}");
    assert_eq!(report_number(&report, "/limits/loops_stopped"), 20, "{report}");
    assert_eq!(report_number(&report, "/loops/blocked"), 20, "{report}");
    assert_eq!(scratch.replay("a.world")["state_hash"], report["state_hash"]);
}

#[test]
fn nobody_exceeds_the_shares_that_are_given_by_default() {
    for scenario in ["market", "commune", "boltzmann", "vickrey"] {
        let report = Scratch::new().run("a.world", &["--scenario", scenario, "--ticks", "20"]);
        assert!(report_number(&report, "/limits/plans") >= 1, "{report}");
        assert_eq!(report_number(&report, "/limits/plans_exceeded"), 0, "{report}");
    }
}

#[test]
fn a_shadow_that_is_not_built_says_so() {
    let done = Scratch::new().ecology(&["run", "--scenario", "market", "--shadow", "resource_limits=docker"]);
    let done = done.ended_with(3);
    assert!(done.stderr.contains("is not built yet"), "{done}");
}
