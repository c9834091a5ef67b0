//! Disks that are full and pipes that nobody reads.

use ecology_tests::{Scratch, report_number};

/// A limit on the size of files stands for a full disk: a write fails in the middle of a run.
#[test]
fn a_full_disk_stops_the_run_and_harms_nothing() {
    let scratch = Scratch::new();
    // 512-byte blocks in some shells, 1024 in others. Without the trap the system would end the process before it can say anything.
    let done = scratch.shell(
        "trap '' XFSZ; ulimit -f 700; exec \"$ecology\" run --world a.world --quiet --agents 26 --ticks 1000000",
    );
    let done = done.ended_with(5);
    assert!(done.stdout.is_empty() && done.stderr.contains("error[journal::"), "{done}");
    assert!(done.stderr.contains("help: "), "{done}");
    assert!(!done.stderr.contains("panicked"), "{done}");
    let before = report_number(&scratch.replay("a.world"), "/records");
    assert!(before > 0);
    // There is room again.
    let report = scratch.run("a.world", &["--ticks", "2"]);
    assert!(report_number(&report, "/records") > before);
    assert_eq!(scratch.replay("a.world")["state_hash"], report["state_hash"]);
}

/// A disk on which not even the empty world fits: nothing is left that looks like a world.
#[test]
fn a_full_disk_from_the_start() {
    let scratch = Scratch::new();
    let done = scratch.shell(
        "trap '' XFSZ; ulimit -f 4; exec \"$ecology\" run --world a.world --quiet --agents 26 --ticks 10",
    );
    assert!(matches!(done.exit(), Some(4 | 5)), "{done}");
    assert!(done.stderr.contains("help: ") && !done.stderr.contains("panicked"), "{done}");
    let _ = scratch.run("a.world", &["--ticks", "2", "--agents", "26"]);
    let _ = scratch.replay("a.world");
}

#[test]
fn nobody_reads_to_the_end() {
    let scratch = Scratch::new();
    let _ = scratch.run("a.world", &["--agents", "26", "--ticks", "20"]);
    for command in ["inspect a.world events --limit 0", "inspect a.world events --limit 0 --json", "explain"]
    {
        let done =
            scratch.shell(&format!("{{ \"$ecology\" {command}; echo $? >code; }} | head -n 1")).ended_with(0);
        assert!(done.stderr.is_empty(), "{done}");
        let code = std::fs::read_to_string(scratch.path("code")).unwrap();
        assert_eq!(code.trim(), "0", "{command}");
    }
}

#[test]
fn a_full_disk_behind_the_output() {
    if !std::path::Path::new("/dev/full").exists() {
        return;
    }
    let scratch = Scratch::new();
    let _ = scratch.run("a.world", &["--agents", "26", "--ticks", "2"]);
    let done =
        scratch.shell("exec \"$ecology\" inspect a.world events --limit 0 --json >/dev/full").ended_with(5);
    assert!(done.stderr.contains("output::failed"), "{done}");
}
