//! Ctrl-C: the first one ends a run in order, the second one at once; neither loses anything.

use std::time::{Duration, Instant};

use ecology_tests::{Running, Scratch, report_number};
use rustix::process::Signal;

const CONTINUOUS: [&str; 4] =
    ["--set", "features.rate_limiting=rolling", "--set", "features.execution_mode=continuous"];

/// Waits until `happened`, at most a minute.
#[track_caller]
fn until(run: &mut Running, mut happened: impl FnMut(&Running) -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !happened(run) {
        assert!(run.is_running(), "it ended too early: {}", run.talk());
        assert!(Instant::now() < deadline, "it does not get there: {}", run.talk());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Starts a long run and waits until it is under way.
fn long_run(scratch: &Scratch, more: &[&str]) -> Running {
    let call = ["run", "--world", "a.world", "--json", "--scenario", "commune", "--agents", "26"];
    let mut run = scratch.start(&[&call, more].concat());
    until(&mut run, |_| {
        let seen = scratch.ecology(&["inspect", "a.world", "--json"]);
        seen.exit() == Some(0) && report_number(&seen.json(), "/actions/done") > 0
    });
    run
}

#[track_caller]
fn ends_in_order(more: &[&str], signal: Signal) {
    let scratch = Scratch::new();
    let run = long_run(&scratch, more);
    run.signal(signal);
    let done = run.wait();
    assert!(done.stderr.contains("stopping"), "it says what it does:\n{done}");
    let report = done.json();
    assert_eq!(report["ended"], "interrupted");
    assert_eq!(report["broken_law"], serde_json::Value::Null);
    assert_eq!(
        report_number(&report, "/limits/reservations_made"),
        report_number(&report, "/limits/reservations_settled")
            + report_number(&report, "/limits/reservations_released"),
        "nothing stays reserved"
    );
    assert_eq!(scratch.replay("a.world")["state_hash"], report["state_hash"]);
    let again = scratch.run("a.world", &[&["--duration", "2s"], &more[2..]].concat());
    assert_eq!((&again["resumed"], &again["minds_started_anew"]), (&true.into(), &0.into()));
}

#[test]
fn one_ctrl_c_in_ticks() {
    ends_in_order(&["--ticks", "1000000"], Signal::INT);
}

#[test]
fn one_ctrl_c_in_virtual_time() {
    ends_in_order(&[&["--duration", "1000h"], &CONTINUOUS[..]].concat(), Signal::INT);
}

#[test]
fn a_request_to_terminate_on_a_real_clock() {
    ends_in_order(
        &[&["--duration", "2h", "--set", "run.clock=real"], &CONTINUOUS[..]].concat(),
        Signal::TERM,
    );
}

/// Signals arrive in bursts; from the second one on the process may end at any point of its orderly end.
#[test]
fn two_ctrl_c_quit_at_once_or_were_not_needed() {
    for _ in 0..4 {
        let scratch = Scratch::new();
        let mut run = long_run(&scratch, &["--ticks", "1000000"]);
        let before = report_number(&scratch.replay("a.world"), "/records");
        run.signal(Signal::INT);
        until(&mut run, |run| run.talk().contains("stopping"));
        run.signal(Signal::INT);
        let done = run.wait();
        // The orderly end takes milliseconds: the second signal may come too late to cut it short.
        assert!(matches!(done.exit(), Some(0 | 130)), "{done}");
        assert!(report_number(&scratch.replay("a.world"), "/records") >= before);
    }
}
