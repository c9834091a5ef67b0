//! Whatever is wrong is refused in plain words that name the remedy. Each refusal is a snapshot, because people read it.

use std::fs;

use ecology_tests::{Done, Scratch};
use rusqlite::Connection;

/// The refusal as a person sees it, without what differs from machine to machine.
fn shown(scratch: &Scratch, done: &Done, exit: i32) -> String {
    assert_eq!(done.exit(), Some(exit), "{done}");
    assert!(done.stdout.is_empty(), "a refusal is no data:\n{done}");
    assert!(!done.stderr.contains("panicked"), "{done}");
    let folder = scratch.folder();
    let real = fs::canonicalize(folder).unwrap();
    let mut text = done.stderr.clone();
    for path in [&*real, folder] {
        text = text.replace(path.to_str().unwrap(), "[SCRATCH]");
    }
    assert!(
        !text.contains(|c: char| c.is_control() && c != '\n'),
        "control characters reach the terminal:\n{text:?}"
    );
    format!("$ {}\nexit {exit}\n{text}", done.called.replace(char::is_control, "?"))
}

/// All refusals of a list, each with its exit code.
#[track_caller]
fn refusals(scratch: &Scratch, exit: i32, calls: &[&[&str]]) -> String {
    let texts = calls.iter().map(|call| shown(scratch, &scratch.ecology(call), exit));
    texts.collect::<Vec<_>>().join("\n")
}

/// A small world that is in order.
fn world() -> Scratch {
    let scratch = Scratch::new();
    let _ = scratch.run("a.world", &["--agents", "26", "--ticks", "2"]);
    scratch
}

#[test]
fn configuration_files() {
    let scratch = Scratch::new();
    let mut texts = Vec::new();
    for (name, content) in [
        ("malformed.toml", "[features\nrate_limiting = \"tick\"\n"),
        ("unknown-flag.toml", "[features]\nrate_limitting = \"rolling\"\n"),
        ("unknown-table.toml", "[feature]\nrate_limiting = \"rolling\"\n"),
        ("unknown-value.toml", "[features]\nrate_limiting = \"roling\"\n"),
        ("wrong-type.toml", "[run]\nseed = \"one\"\n"),
        ("impossible.toml", "[features]\nexecution_mode = \"continuous\"\naccess_control = \"contract\"\n"),
        ("zero.toml", "[run]\nagents = 0\n[time]\nwindow_ms = 0\n[scenario.boltzmann]\nscrip_each = 0\n"),
        ("negative.toml", "[shares]\ncpu = -1\n"),
        ("overflow.toml", "[shares]\ncpu = 9223372036854775808\n"),
        ("too-large.toml", "[scenario.market]\nprice_max = 1000000001\n[run]\nagents = 10000001\n"),
        ("ids.toml", "[limits]\nid_bytes_max = 129\nname_bytes_max = 3\n"),
        ("twice.toml", "[run]\nseed = 1\nseed = 2\n"),
    ] {
        scratch.write(name, content);
        let done = scratch.ecology(&["run", "--world", "a.world", "--config", name]);
        texts.push(shown(&scratch, &done, 3));
    }
    scratch.write("not-text.toml", [0xff, 0xfe, 0x00]);
    texts.push(refusals(
        &scratch,
        3,
        &[&["run", "--config", "not-text.toml"], &["run", "--config", "gone.toml"]],
    ));
    assert!(!scratch.path("a.world").exists() && !scratch.path("worlds").exists(), "nothing is made");
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn settings() {
    let scratch = Scratch::new();
    let text = refusals(
        &scratch,
        3,
        &[
            &["run", "--scenario", "marked"],
            &["run", "--set", "features.rate_limiting"],
            &["run", "--set", "features.acess_control=contract"],
            &["run", "--agents", "0"],
            &["run", "--set", "run.agents=99999999999999999999"],
            &["run", "--set", "shares.cpu=18446744073709551616"],
            &["run", "--set", "scenario.vickrey.bidders=[1]"],
            // Shares that add up to more than the numbers of a world can hold.
            &["run", "--agents", "1000", "--set", "shares.cpu=9223372036854775807"],
            &["run", "--scenario", "boltzmann", "--set", "scenario.boltzmann.scrip_each=1000000001"],
        ],
    );
    assert_eq!(fs::read_dir(scratch.folder()).unwrap().count(), 0, "nothing is made");
    insta::assert_snapshot!(text);
}

#[test]
fn command_lines() {
    let scratch = world();
    let long = "x".repeat(200);
    let text = refusals(
        &scratch,
        2,
        &[
            &["rum"],
            &["run", "--tick", "3"],
            &["run", "--ticks", "3", "--duration", "3s"],
            &["run", "--duration", "0s"],
            &["run", "--duration", "3 weeks"],
            &["run", "--ticks", "18446744073709551616"],
            &["explain", "RL-l"],
            &["explain", "world::lokced"],
            &["inspect", "a.world", "event"],
            &["inspect", "a.world", "x\u{1b}[31m"],
            &["inspect", "a.world", "artifact", "genesis_leger"],
            &["inspect", "a.world", "artifact", &long],
            &["inspect", "a.world", "artifact", "a\u{7}b\u{1b}[31m"],
            &["inspect", "a.world", "balances", "--owner", "nobody_here"],
        ],
    );
    insta::assert_snapshot!(text);
}

#[test]
fn files_that_are_no_worlds() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.path("folder.world")).unwrap();
    scratch.write("text.world", "this is a letter, and not a short one either\n".repeat(40));
    scratch.write("empty.world", "");
    Connection::open(scratch.path("other.world")).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    let mut calls: Vec<[&str; 3]> = Vec::new();
    for name in ["folder.world", "text.world", "empty.world", "other.world", "text.world/below.world"] {
        calls.push(["run", "--world", name]);
    }
    for name in ["folder.world", "text.world", "empty.world", "other.world", "gone.world"] {
        calls.push(["replay", name, "--json"]);
    }
    calls.push(["run", "--world", "no/such/folder/a.world"]);
    calls.push(["run", "--world", "red\u{1b}[31m/bell\u{7}.world"]);
    calls.push(["inspect", "text.world", "summary"]);
    let before = fs::read(scratch.path("text.world")).unwrap();
    let calls: Vec<&[&str]> = calls.iter().map(|call| &call[..]).collect();
    let text = refusals(&scratch, 4, &calls);
    assert_eq!(fs::read(scratch.path("text.world")).unwrap(), before, "it is left alone");
    insta::assert_snapshot!(text);
}

#[test]
fn a_folder_that_cannot_be_written() {
    let scratch = Scratch::new();
    // Not even root can make a file here.
    let text = refusals(&scratch, 4, &[&["run", "--world", "/proc/a.world"]]);
    insta::assert_snapshot!(text);
    scratch.write("worlds", "a file where the folder for worlds should be");
    insta::assert_snapshot!(refusals(&scratch, 4, &[&["run"]]));
}

#[test]
fn a_world_marked_read_only() {
    let scratch = world();
    let path = scratch.path("a.world");
    let mut permissions = fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).unwrap();
    insta::assert_snapshot!(refusals(&scratch, 4, &[&["run", "--world", "a.world", "--ticks", "1"]]));
    // Looking is allowed.
    let _ = scratch.replay("a.world");
}

#[test]
fn worlds_of_a_newer_version() {
    let scratch = world();
    let connection = Connection::open(scratch.path("a.world")).unwrap();
    connection.execute("UPDATE meta SET value = '99' WHERE key = 'record_version'", []).unwrap();
    let calls: &[&[&str]] =
        &[&["run", "--world", "a.world"], &["replay", "a.world"], &["inspect", "a.world"]];
    insta::assert_snapshot!("newer_records", refusals(&scratch, 4, calls));
    connection.execute("UPDATE meta SET value = '1' WHERE key = 'record_version'", []).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    insta::assert_snapshot!("newer_format", refusals(&scratch, 4, calls));
}

#[test]
fn a_world_in_which_bytes_were_changed() {
    let scratch = world();
    let connection = Connection::open(scratch.path("a.world")).unwrap();
    let changed = connection.execute(
        "UPDATE batch SET body = CAST(substr(body, 1, 40) || x'ff' || substr(body, 42) AS BLOB)
         WHERE first = (SELECT min(first) FROM batch)",
        [],
    );
    assert_eq!(changed.unwrap(), 1);
    drop(connection);
    for call in [&["replay", "a.world"][..], &["run", "--world", "a.world", "--ticks", "1"]] {
        let done = scratch.ecology(call).ended_with(4);
        assert!(done.stderr.contains("error[world::"), "{done}");
        assert!(done.stderr.contains("help: "), "{done}");
    }
}

#[test]
fn a_world_that_another_process_runs() {
    let scratch = world();
    let mut first = scratch.start(&["run", "--world", "a.world", "--quiet", "--ticks", "1000000"]);
    let records = || {
        let seen = scratch.ecology(&["inspect", "a.world", "--json"]).json();
        ecology_tests::report_number(&seen, "/records")
    };
    let before = records();
    while records() == before {
        assert!(first.is_running());
    }
    let done = scratch.ecology(&["run", "--world", "a.world", "--ticks", "1"]);
    let text = shown(&scratch, &done, 4);
    let digits: String = text
        .split_inclusive(|c: char| !c.is_ascii_digit())
        .map(|part| {
            let number = part.trim_end_matches(|c: char| !c.is_ascii_digit());
            if number.len() > 1 { format!("[PROCESS]{}", &part[number.len()..]) } else { part.to_owned() }
        })
        .collect();
    insta::assert_snapshot!(digits);
    assert!(first.is_running(), "the first one is not disturbed");
    first.signal(rustix::process::Signal::INT);
    let _ = first.wait().ended_with(0);
    let _ = scratch.replay("a.world");
}

#[test]
fn another_scenario_than_the_world_has() {
    let scratch = world();
    let text = refusals(&scratch, 4, &[&["run", "--world", "a.world", "--scenario", "commune"]]);
    insta::assert_snapshot!(text);
    let _ = scratch.replay("a.world");
}

/// Moving one axis must not cost two settings, so this is told and not refused; where the clock counts nothing is said.
#[test]
fn a_clock_that_ticks_do_not_ask() {
    let scratch = Scratch::new();
    let told = |settings: &[&str]| {
        let mut call = vec!["run", "--agents", "4", "--duration", "1s", "--quiet"];
        call.extend(settings.iter().flat_map(|setting| ["--set", setting]));
        let done = scratch.ecology(&call).ended_with(0);
        done.stderr.contains("run.clock = \"real\" (--set) has no effect under execution_mode = \"tick\"")
    };
    assert!(told(&["run.clock=real"]));
    assert!(!told(&[]));
    assert!(!told(&[
        "run.clock=real",
        "features.rate_limiting=rolling",
        "features.execution_mode=continuous"
    ]));
}

#[test]
fn lines_are_as_wide_as_the_environment_says() {
    let scratch = world();
    let widest = |columns: &str| {
        let done = scratch.shell(&format!("COLUMNS={columns} $ecology diff a.world a.world"));
        let positions = done.stdout.lines().filter(|line| line.contains("_limiting="));
        positions.map(|line| line.chars().count()).max().unwrap_or(0)
    };
    assert!((1..=60).contains(&widest("60")), "{}", widest("60"));
    assert!((81..=100).contains(&widest("100")), "{}", widest("100"));
    assert_eq!(widest("nonsense"), widest("80"));
}
