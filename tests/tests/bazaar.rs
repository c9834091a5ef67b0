//! A market of code that agents write: every finding agrees, in both modes and wherever the code runs.

use ecology_tests::{Scratch, report_number};
use serde_json::Value;

const CONTINUOUS: [&str; 4] =
    ["--set", "features.rate_limiting=rolling", "--set", "features.execution_mode=continuous"];
const PROCESS: [&str; 2] = ["--set", "sandbox.isolation=process"];

/// The digest of what the rules decided, after a run in which every finding agrees and code ran, and that a replay confirms.
fn run(more: &[&[&str]]) -> String {
    let scratch = Scratch::new();
    let more = more.concat();
    let args = [&["--scenario", "bazaar", "--seed", "7"], &*more].concat();
    let report = scratch.run("a.world", &args);
    let findings = report["findings"].as_array().unwrap();
    assert!(!findings.is_empty());
    for finding in findings {
        assert_eq!(finding["agrees"], true, "{more:?}: {finding:#}");
    }
    assert!(report_number(&report, "/code/checks") > 0, "{more:?}: {:#}", report["code"]);
    assert!(report_number(&report, "/code/tool_runs") > 0, "{more:?}: {:#}", report["code"]);
    assert_eq!(report["code"]["unavailable"], 0, "{more:?}");
    let decided = |value: &Value| value["state_hash"]["decided"].as_str().unwrap().to_owned();
    assert_eq!(decided(&scratch.replay("a.world")), decided(&report), "{more:?}");
    decided(&report)
}

#[test]
fn ticks_give_one_bazaar() {
    let first = run(&[]);
    assert_eq!(run(&[]), first, "the same seed twice");
}

#[test]
fn virtual_time_gives_one_bazaar() {
    let first = run(&[&CONTINUOUS]);
    assert_eq!(run(&[&CONTINUOUS]), first, "the same seed twice");
}

#[test]
fn worker_processes_give_the_same_bazaar() {
    assert_eq!(run(&[&PROCESS]), run(&[]), "ticks");
    assert_eq!(run(&[&CONTINUOUS, &PROCESS]), run(&[&CONTINUOUS]), "virtual time");
}
