//! Commands on worlds.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::program::{Answer, Program};

const SHORT: &[&str] =
    &["run", "--world", "a.world", "--agents", "8", "--ticks", "12", "--seed", "7", "--json"];

#[test]
fn run_inspect_replay_resume() {
    let program = Program::new();
    let report = program.run(SHORT).expect(0);
    assert!(report.talk.is_empty(), "{}", report.talk);
    let report = report.json();
    assert_eq!((report["scenario"].as_str(), report["seed"].as_u64()), (Some("market"), Some(7)));
    assert_eq!((report["ticks"].as_u64(), report["ended"].as_str()), (Some(12), Some("finished")));

    let replay = program.run(&["replay", "a.world", "--json"]).expect(0).json();
    assert_eq!(replay["agrees"], true);
    assert_eq!(replay["state_hash"], report["state_hash"]);

    let summary = program.run(&["inspect", "a.world", "--json"]).expect(0).json();
    assert_eq!(summary["state_hash"], report["state_hash"]);
    assert_eq!(summary["events"], report["events"]);
    for view in ["summary", "balances", "artifacts", "agents", "events", "escrow", "mint"] {
        program.run(&["inspect", "a.world", view, "--json"]).expect(0).json();
        assert!(!program.run(&["inspect", "a.world", view]).expect(0).out.is_empty(), "{view}");
    }
    let balances =
        program.run(&["inspect", "a.world", "balances", "--limit", "0", "--json"]).expect(0).json();
    let sum: u64 =
        balances["rows"].as_array().unwrap().iter().map(|row| row["scrip"].as_u64().unwrap()).sum();
    assert_eq!(sum, report["money"]["supply"].as_u64().unwrap());

    // It goes on with its own scenario and seed.
    let again = program
        .run(&["run", "--world", "a.world", "--agents", "8", "--ticks", "3", "--json"])
        .expect(0)
        .json();
    assert_eq!(
        (again["resumed"].as_bool(), again["run"].as_u64(), again["seed"].as_u64()),
        (Some(true), Some(2), Some(7))
    );
    program.run(&["replay", "a.world"]).expect(0);
    let other = program.run(&["run", "--world", "a.world", "--scenario", "boltzmann"]).expect(4);
    assert!(other.talk.contains("error[world::other_scenario]"), "{}", other.talk);
    assert!(program.run(&["repair", "a.world"]).expect(0).out.contains("nothing to repair"));
}

#[test]
fn a_view_that_does_not_exist_is_refused_with_those_that_do() {
    let program = Program::new();
    program.run(SHORT).expect(0);
    let all = "the views are summary, balances, artifacts, artifact, contract, agents, events, escrow, mint, import";
    for (args, name, near) in [
        (&["inspect", "a.world", "balance"][..], "balance", "did you mean balances? "),
        (&["inspect", "a.world", "event", "--limit", "3", "--json"], "event", "did you mean events? "),
        (&["inspect", "a.world", "foo", "--json"], "foo", ""),
        // What is typed is wrong whether or not the world is there.
        (&["inspect", "nowhere.world", "foo"], "foo", ""),
    ] {
        let refused = program.run(args).expect(2);
        let says = format!("error[usage::unknown_view]: there is no view \"{name}\"\n  help: {near}{all}\n");
        assert_eq!((refused.out.as_str(), refused.talk), ("", says));
    }
    let option = program.run(&["inspect", "a.world", "--foo"]).expect(2);
    assert!(option.talk.contains("unexpected argument '--foo'"), "{}", option.talk);
    assert!(!program.run(&["inspect", "--help"]).expect(0).out.contains("unknown"));
}

#[test]
fn events_come_from_the_whole_journal() {
    let program = Program::new();
    program.run(SHORT).expect(0);
    let events = |args: &[&str]| {
        let args = [&["inspect", "a.world", "events", "--json"], args].concat();
        let answer = program.run(&args).expect(0).json();
        let seqs = answer["events"].as_array().unwrap().iter().map(|event| event["seq"].as_u64().unwrap());
        seqs.collect::<Vec<u64>>()
    };
    let all = events(&["--limit", "0"]);
    assert_eq!(all, (1..=all.len() as u64).collect::<Vec<_>>());
    let end = all.len() as u64;
    assert_eq!(events(&["--limit", "2"]), [end - 1, end]);
    assert_eq!(events(&["--limit", "2", "--offset", "1"]), [end - 2, end - 1]);
    assert_eq!(events(&["--limit", "2", "--since", "5"]), [5, 6]);
    assert_eq!(events(&["--limit", "2", "--since", "5", "--offset", "1"]), [6, 7]);
    assert_eq!(events(&["--kind", "tick_started", "--limit", "0"]).len(), 12);
    program.run(&["inspect", "a.world", "events", "--kind", "tick_start"]).expect(2);
    program.run(&["inspect", "a.world", "events", "--actor", "nobody_at_all"]).expect(2);
}

#[test]
fn a_world_goes_on_with_what_it_was_made_with() {
    let program = Program::new();
    let made = ["--agents", "8", "--set", "scenario.market.price_max=50", "--set", "shares.cpu=20000"];
    let run = |more: &[&str]| {
        let args = [&["run", "--world", "a.world", "--ticks", "30", "--json"], more].concat();
        program.run(&args)
    };
    let first = run(&made).expect(0).json();
    // Without the settings, with them, and in the other mode: the same agents, and figures about the same markets.
    let second = run(&[]).expect(0).json();
    for key in ["agents", "principals"] {
        assert_eq!(first["population"][key], second["population"][key], "{key}");
    }
    assert_eq!(run(&made).expect(0).json()["population"]["agents"], 8);
    for (option, value, key) in [
        ("--agents", "9", "run.agents = 8, and 9"),
        ("--agents", "100", "run.agents = 8, and 100"),
        ("--set", "scenario.market.price_max=200", "scenario.market.price_max = 50, and 200"),
        ("--set", "shares.cpu=30000", "shares.cpu = 20000, and 30000"),
        ("--set", "time.tick_ms=500", "time.tick_ms = 1000, and 500"),
    ] {
        let before = std::fs::read(program.path("a.world")).unwrap();
        let refused = run(&[option, value]).expect(4);
        let talk = refused.talk.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(talk.contains("error[world::made_otherwise]") && talk.contains(key), "{talk}");
        assert_eq!(std::fs::read(program.path("a.world")).unwrap(), before);
    }
    // What belongs to another scenario does not matter here.
    run(&["--set", "scenario.vickrey.auctions=5"]).expect(0);
    program.run(&["replay", "a.world"]).expect(0);
}

#[test]
fn a_clock_that_ticks_do_not_look_at_is_told_of() {
    let program = Program::new();
    let ticks = ["run", "--world", "a.world", "--agents", "8", "--ticks", "2", "--json"];
    let note = "has no effect under execution_mode = \"tick\"";
    let told = program.run(&[&ticks[..], &["--set", "run.clock=real"]].concat()).expect(0).talk;
    assert!(told.contains("note: run.clock = \"real\" (--set)") && told.contains(note), "{told}");
    let by_environment = program.command(&ticks).env("ECOLOGY_RUN__CLOCK", "real").output().unwrap();
    let told = Answer::from(by_environment).expect(0).talk;
    assert!(told.contains("(environment ECOLOGY_RUN__CLOCK)") && told.contains(note), "{told}");
    std::fs::write(program.path("real.toml"), "[run]\nclock = \"real\"\n").unwrap();
    let told = program.run(&[&ticks[..], &["--config", "real.toml"]].concat()).expect(0).talk;
    assert!(told.contains("(real.toml:2)") && told.contains(note), "{told}");
    // What nobody asked for, and what is done as it was asked for, needs no word.
    for quiet in [&[][..], &["--set", "run.clock=virtual"]] {
        let told = program.run(&[&ticks[..], quiet].concat()).expect(0).talk;
        assert!(told.is_empty(), "{told}");
    }
    let rolling = ["--set", "features.rate_limiting=rolling", "--set", "features.execution_mode=continuous"];
    let real = ["run", "--agents", "8", "--duration", "1s", "--json", "--quiet", "--set", "run.clock=real"];
    let told = program.run(&[&real[..], &rolling].concat()).expect(0).talk;
    assert!(!told.contains("run.clock"), "{told}");
}

#[test]
fn a_diff_accounts_for_every_event() {
    let program = Program::new();
    program.run(&["run", "--quiet", "--world", "a.world", "--agents", "8", "--ticks", "12"]).expect(0);
    program.run(&["fork", "a.world", "--to", "b.world"]).expect(0);
    let same = program.run(&["diff", "a.world", "b.world", "--json"]).expect(0).json();
    let (common, all) = (&same["events_in_common"], &same["worlds"][0]["events"]);
    let [measured, of_b] = [0, 1].map(|at| same["events_measured"][at].as_u64().unwrap());
    assert!(measured > 0 && measured == of_b, "{same:#}");
    assert_eq!(common.as_u64().unwrap() + measured, all.as_u64().unwrap(), "{same:#}");
    let text = program.run(&["diff", "a.world", "b.world"]).expect(0).out;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains(" decided events in common; passed over: "), "{text}");
    assert!(text.contains(" events that settle measurements state: decided same"), "{text}");

    program.run(&["run", "--quiet", "--world", "b.world", "--ticks", "2"]).expect(0);
    let parted = program.run(&["diff", "a.world", "b.world", "--json"]).expect(1).json();
    let number = |pointer: &str| parted.pointer(pointer).and_then(serde_json::Value::as_u64).unwrap();
    let up_to_there = number("/events_in_common") + number("/events_measured/1");
    assert_eq!(number("/first/sides/1/event"), up_to_there + 1, "{parted:#}");
}

/// Prose keeps within the width; commands to type, lines of events and JSON stay whole.
#[test]
fn what_is_read_keeps_within_the_width() {
    let program = Program::new();
    let world = ["run", "--quiet", "--scenario", "commune", "--agents", "26", "--ticks", "30"];
    // No worker processes: they begin from the file of the binary, which tests of another package build anew meanwhile.
    let alone = "sandbox.isolation=in_process";
    program.run(&[&world[..], &["--world", "a.world", "--set", alone]].concat()).expect(0);
    std::fs::copy(program.path("a.world"), program.path("b.world")).unwrap();
    program.run(&["run", "--quiet", "--world", "b.world", "--ticks", "2", "--set", alone]).expect(0);
    let unified = "features.artifact_ontology=unified";
    let calls = [
        &["agree", "a.world"][..],
        &["agree", "market.world"],
        &["replay", "a.world", "--redecide", "--set", "features.rate_limiting=rolling"],
        &["replay", "a.world", "--redecide", "--set", unified],
        &["compare-modes", "--seeds", "1", "--ticks", "12", "--set", alone],
        &["diff", "a.world", "b.world", "--fields", "0"],
        &["migrate", "a.world", "--to", unified, "--dry-run"],
        &["migrate", "a.world", "--to", unified, "--force", "a test"],
    ];
    program.run(&["run", "--quiet", "--agents", "8", "--ticks", "3", "--world", "market.world"]).expect(0);
    let called = env!("CARGO_BIN_EXE_ecology");
    for call in calls {
        // What is no width of a screen is as good as nothing: there it is 80.
        for (columns, most) in [("72", 72), ("", 80), ("9999999", 80), ("120", 120)] {
            if call.contains(&"--force") {
                std::fs::copy(program.path("b.world"), program.path("a.world")).unwrap();
            }
            let answer = Answer::from(program.command(call).env("COLUMNS", columns).output().unwrap());
            assert!(answer.code == 0 || answer.code == 1, "{call:?}: {}", answer.talk);
            let lines = answer.out.lines().filter(|line| !line.contains(called));
            let longest = lines.max_by_key(|line| line.chars().count()).unwrap_or_default();
            assert!(longest.chars().count() <= most, "{call:?} in {columns:?} columns: {longest}");
        }
    }
    let agree = |columns: &str| {
        let output = program.command(&["agree", "a.world"]).env("COLUMNS", columns).output().unwrap();
        Answer::from(output).out.lines().map(|line| line.chars().count()).max().unwrap()
    };
    assert!(agree("120") > 80, "more columns are used where somebody asks for them");
    let mut events = program.command(&["inspect", "a.world", "events", "--limit", "0"]);
    let events = Answer::from(events.env("COLUMNS", "60").output().unwrap()).out;
    let is_whole = |line: &str| line.split_whitespace().next().is_some_and(|seq| seq.parse::<u64>().is_ok());
    assert!(events.lines().all(is_whole), "an event is one line");
    let help = program.run(&["inspect", "events", "--help"]).expect(0).out;
    assert!(help.contains("Each event is one line"), "{help}");
}

#[test]
fn what_is_no_world_is_refused_and_left_alone() {
    let program = Program::new();
    std::fs::write(program.path("text"), "hello").unwrap();
    std::fs::create_dir(program.path("folder")).unwrap();
    for (name, code) in
        [("nothing", "world::not_found"), ("text", "world::not_a_world"), ("folder", "world::directory")]
    {
        for command in ["inspect", "replay"] {
            let answer = program.run(&[command, name]).expect(4);
            assert!(answer.out.is_empty() && answer.talk.contains(code), "{}", answer.talk);
        }
    }
    program.run(&["run", "--world", "text"]).expect(4);
    program.run(&["run", "--world", "folder"]).expect(4);
    program.run(&["run", "--world", "no/such/folder/a.world"]).expect(4);
    assert_eq!(std::fs::read_to_string(program.path("text")).unwrap(), "hello");
}

#[test]
fn the_report_fits_eighty_columns_and_its_commands_work() {
    let program = Program::new();
    let text = program.run(&SHORT[..SHORT.len() - 1]).expect(0).out;
    let (report, next) = text.split_once("\nNext\n").expect("it says what comes next");
    for line in report.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let commands: Vec<&str> =
        next.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   ")).collect();
    assert_eq!(commands.len(), 3, "{next}");
    for command in commands {
        // As typed, in the same folder; runs are made short. They are of as many agents and the seed that were asked for.
        let short = if command.contains(" run ") {
            assert!(command.contains("--agents 8 --seed 7"), "{command}");
            format!("{command} --ticks 2")
        } else {
            command.to_owned()
        };
        let short = short.replace(
            "--ticks",
            if short.contains("continuous") {
                "--duration 2s --set run.clock=virtual --quiet #"
            } else {
                "--ticks"
            },
        );
        let output = std::process::Command::new("sh")
            .args(["-c", &short])
            .current_dir(program.folder())
            .output()
            .unwrap();
        assert!(output.status.success(), "{short}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn one_ctrl_c_ends_in_order() {
    let program = Program::new();
    let args = ["run", "--world", "a.world", "--agents", "8", "--ticks", "100000000", "--json", "--quiet"];
    let child = program.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    while !program.path("a.world").exists() && began.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(200));
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let answer = Answer::from(child.wait_with_output().unwrap()).expect(0);
    assert_eq!(answer.json()["ended"], "interrupted");
    program.run(&["replay", "a.world"]).expect(0);
}

/// What was used under ticks may be more than a window holds; windows that serve from then on are not to blame for it.
#[test]
fn a_world_that_was_moved_to_windows_is_lawful_from_its_first_tick_on() {
    let program = Program::new();
    let commune = ["run", "--quiet", "--scenario", "commune", "--agents", "26", "--world", "a.world"];
    program.run(&[&commune[..], &["--ticks", "48"]].concat()).expect(0);
    std::fs::copy(program.path("a.world"), program.path("b.world")).unwrap();
    program.run(&["migrate", "a.world", "--to", "features.rate_limiting=rolling"]).expect(0);
    let moved = program.run(&["inspect", "a.world"]).expect(0).out;
    assert!(moved.contains("rate_limiting=rolling, from the next run on"), "{moved}");
    for ticks in ["2", "3"] {
        program.run(&["run", "--quiet", "--world", "a.world", "--ticks", ticks]).expect(0);
        program.run(&["replay", "a.world"]).expect(0);
        let looked = program.run(&["inspect", "a.world"]).expect(0).out;
        assert!(looked.contains("laws         hold"), "{looked}");
    }
    // Also without a migration.
    let switch = ["--set", "features.rate_limiting=rolling", "--set", "features.execution_mode=continuous"];
    let here = ["run", "--quiet", "--world", "b.world", "--duration", "2s"];
    let told = program.run(&[&here[..], &switch].concat()).expect(0).talk;
    assert!(told.contains("rate_limiting=tick execution_mode=tick; this run goes on with"), "{told}");
    program.run(&["replay", "b.world"]).expect(0);
}

#[test]
fn minds_go_on_in_a_fork_and_not_in_what_a_dump_made() {
    let program = Program::new();
    let commune = ["run", "--quiet", "--scenario", "commune", "--agents", "20", "--ticks", "8"];
    program.run(&[&commune[..], &["--world", "a.world"]].concat()).expect(0);
    program.run(&["fork", "a.world", "--to", "b.world"]).expect(0);
    let dump = program.run(&["dump", "a.world"]).expect(0).out;
    std::fs::write(program.path("twice"), format!("{dump}{dump}")).unwrap();
    let twice = program.run(&["load", "twice", "--to", "c.world"]).expect(4).talk;
    assert!(twice.contains("twice: line") && twice.contains("something follows"), "{twice}");
    std::fs::write(program.path("text"), dump).unwrap();
    program.run(&["load", "text", "--to", "c.world"]).expect(0);
    let go_on = |world: &str| {
        let run = program.run(&["run", "--json", "--quiet", "--world", world, "--ticks", "4"]).expect(0);
        serde_json::from_str::<serde_json::Value>(&run.out).unwrap()
    };
    let (original, forked, loaded) = (go_on("a.world"), go_on("b.world"), go_on("c.world"));
    assert_eq!(forked["minds_started_anew"], 0);
    assert_eq!(forked["state_hash"]["decided"], original["state_hash"]["decided"], "a fork goes on alike");
    assert_ne!(loaded["minds_started_anew"], 0, "a dump holds no minds, and that is told");
}

#[test]
fn runs_that_begin_at_once_get_worlds_of_their_own() {
    let program = Program::new();
    let mut runs: Vec<_> = (0..4)
        .map(|_| {
            program
                .command(&["run", "--json", "--quiet", "--agents", "12", "--ticks", "2"])
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let mut worlds: Vec<String> = runs
        .drain(..)
        .map(|run| {
            let output = run.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            report["world"].as_str().unwrap().to_owned()
        })
        .collect();
    worlds.sort_unstable();
    worlds.dedup();
    assert_eq!(worlds.len(), 4, "{worlds:?}");
}

#[test]
fn a_move_that_needs_another_one_names_it() {
    let program = Program::new();
    let run = ["run", "--quiet", "--agents", "12", "--ticks", "2", "--world"];
    program.run(&[&run[..], &["a.world"]].concat()).expect(0);
    let new =
        ["b.world", "--set", "features.rate_limiting=rolling", "--set", "features.execution_mode=continuous"];
    program.run(&[&run[..], &new].concat()).expect(0);
    for (world, to, first) in [
        ("a.world", "access_control=contract", "features.artifact_ontology=unified"),
        ("a.world", "execution_mode=continuous", "features.rate_limiting=rolling"),
        ("b.world", "rate_limiting=tick", "features.execution_mode=tick"),
    ] {
        let said = program.run(&["migrate", world, "--to", &format!("features.{to}")]).expect(3).talk;
        let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(&format!("migrate {world} --to {first}")), "{said}");
    }
}

#[test]
fn what_is_damaged_is_named() {
    let program = Program::new();
    let run = ["run", "--quiet", "--agents", "12", "--ticks", "2", "--world"];
    program.run(&[&run[..], &["a.world"]].concat()).expect(0);
    let mut bytes = std::fs::read(program.path("a.world")).unwrap();
    let middle = bytes.len() / 3;
    for byte in &mut bytes[middle..middle + 64] {
        *byte ^= 0x5a;
    }
    std::fs::write(program.path("b.world"), bytes).unwrap();
    let said = program.run(&["replay", "b.world"]).expect(4).talk;
    assert!(said.contains("b.world"), "{said}");
}

#[test]
fn why_names_goods_and_a_dump_that_nobody_reads_ends_quietly() {
    let program = Program::new();
    let run = ["run", "--quiet", "--agents", "40", "--ticks", "30", "--world", "a.world"];
    program.run(&run).expect(0);
    let kind = ["inspect", "a.world", "events", "--kind", "ownership_transferred", "--limit", "1"];
    let sold = program.run(&kind).expect(0).out;
    let seq = sold.split_whitespace().next().expect("something was sold").replace(',', "");
    let found = program.run(&["why", "a.world", &seq, "--json"]).expect(0).json();
    let handed_over = found["consequences"].as_array().unwrap();
    assert!(handed_over.iter().any(|one| one["artifact"].is_string()), "{found:#}");
    let mut child =
        program.command(&["dump", "a.world"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}
