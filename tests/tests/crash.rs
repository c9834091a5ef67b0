//! A run that is killed at any moment loses nothing that it had acknowledged.

use std::time::Duration;

use ecology_tests::{Scratch, report_number};
use rustix::process::Signal;

const IN_TICKS: &[&str] = &["--ticks", "1000000"];
const CONTINUOUSLY: &[&str] = &[
    "--duration",
    "2h",
    "--set",
    "features.rate_limiting=rolling",
    "--set",
    "features.execution_mode=continuous",
];
const ON_A_REAL_CLOCK: &[&str] = &[
    "--duration",
    "2h",
    "--set",
    "run.clock=real",
    "--set",
    "features.rate_limiting=rolling",
    "--set",
    "features.execution_mode=continuous",
];

/// Moments from a seed, so that a failure can be shown again as far as a scheduler lets it.
struct Moments(u64);

impl Moments {
    /// Up to `most` milliseconds; splitmix64.
    fn next(&mut self, most: u64) -> Duration {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Duration::from_millis((z ^ (z >> 31)) % most)
    }
}

/// How many records a reader sees; none as long as there is no world.
fn records(scratch: &Scratch) -> u64 {
    let seen = scratch.ecology(&["replay", "a.world", "--json"]);
    if seen.exit() == Some(0) {
        let replay = seen.json();
        assert_eq!(replay["agrees"], true, "{replay:#}");
        return report_number(&replay, "/records");
    }
    let young = ["world::not_found", "world::empty"].iter().any(|code| seen.stderr.contains(code));
    assert!(young, "a reader of a running world sees a whole world:\n{seen}");
    0
}

/// Kills one world again and again; it is always taken up where a reader saw it last, or later.
fn rounds(scenario: &str, mode: &[&str], count: usize, seed: u64) {
    let scratch = Scratch::new();
    let mut moments = Moments(seed);
    let mut before = 0;
    let call =
        [&["run", "--world", "a.world", "--quiet", "--scenario", scenario, "--agents", "26"], mode].concat();
    for round in 0..count {
        let mut run = scratch.start(&call);
        std::thread::sleep(moments.next(500));
        let seen = records(&scratch);
        std::thread::sleep(moments.next(100));
        assert!(run.is_running(), "round {round} ended by itself:\n{}", run.wait());
        run.signal(Signal::KILL);
        assert_eq!(run.wait().exit(), None, "it was killed");
        let after = records(&scratch);
        assert!(after >= seen && seen >= before, "round {round}: {before}, then {seen}, then {after}");
        before = after;
    }
    assert!(before > 0, "every round was over before the world was made");
    // It still goes on, and ends in order.
    let mut last = call;
    last.truncate(8);
    let length = if mode == IN_TICKS { ["--ticks", "3"] } else { ["--duration", "300ms"] };
    let rest = if mode == IN_TICKS { &[][..] } else { &mode[2..] };
    let report = scratch.ecology(&[&*last, &length, rest, &["--json"]].concat()).json();
    assert_eq!(report["resumed"], true);
    assert_eq!(report["broken_law"], serde_json::Value::Null);
    assert!(report_number(&report, "/records") > before);
    assert_eq!(scratch.replay("a.world")["state_hash"], report["state_hash"]);
}

#[test]
fn killed_in_ticks() {
    rounds("market", IN_TICKS, 4, 1);
    rounds("commune", IN_TICKS, 2, 2);
}

#[test]
fn killed_in_virtual_time() {
    rounds("market", CONTINUOUSLY, 3, 3);
    rounds("commune", CONTINUOUSLY, 2, 4);
}

#[test]
fn killed_on_a_real_clock() {
    rounds("commune", ON_A_REAL_CLOCK, 3, 5);
}

/// The first moments, in which the world is being made, are moments like any other.
#[test]
fn killed_while_the_world_is_made() {
    let mut moments = Moments(6);
    for round in 0..12 {
        let scratch = Scratch::new();
        let call = ["run", "--world", "a.world", "--quiet", "--json", "--agents", "26", "--ticks", "2"];
        let run = scratch.start(&call);
        std::thread::sleep(moments.next(60));
        run.signal(Signal::KILL);
        let _ = run.wait();
        let before = records(&scratch);
        let report = scratch.ecology(&call).json();
        assert_eq!(report["broken_law"], serde_json::Value::Null);
        assert!(report_number(&report, "/records") > before, "round {round}");
        let _ = scratch.replay("a.world");
    }
}
