//! Commands without a world.

use std::process::Stdio;

use crate::program::Program;

#[test]
fn version_and_help_are_data() {
    let program = Program::new();
    assert_eq!(program.run(&["--version"]).expect(0).out, format!("ecology {}\n", env!("CARGO_PKG_VERSION")));
    let help = program.run(&["--help"]).expect(0);
    assert!(help.out.contains("Exit codes:") && help.talk.is_empty());
    let nothing = program.run(&[]).expect(2);
    assert!(nothing.out.is_empty() && nothing.talk.contains("Usage"));
}

#[test]
fn usage_is_2_and_configuration_is_3() {
    let program = Program::new();
    program.run(&["walk"]).expect(2);
    program.run(&["run", "--duration", "soon"]).expect(2);
    program.run(&["explain", "RL-99"]).expect(2);
    let near = program.run(&["run", "--scenario", "markt"]).expect(3);
    assert!(near.talk.contains("did you mean \"market\"?") && near.out.is_empty(), "{}", near.talk);
    let needs = program.run(&["run", "--set", "features.execution_mode=continuous"]).expect(3);
    assert!(needs.talk.contains("error[config::needs]"), "{}", needs.talk);
    let absent = program.run(&["run", "--set", "features.resource_limits=docker"]).expect(3);
    assert!(absent.talk.contains("not built yet"), "{}", absent.talk);
    program.run(&["run", "--config", "nowhere.toml"]).expect(3);
    program.run(&["run", "--shadow", "access_control"]).expect(3);
    let mut command = program.command(&["features"]);
    let slip = command.env("ECOLOGY_FEATURES_RATE_LIMITING", "rolling").output().unwrap();
    assert_eq!(slip.status.code(), Some(3));
    // Nothing of all that has made a world.
    assert_eq!(std::fs::read_dir(program.folder()).unwrap().count(), 0);
}

#[test]
fn every_json_is_one_value() {
    let program = Program::new();
    for args in [
        &["features", "--json"][..],
        &["scenarios", "--json"],
        &["explain", "--json"],
        &["explain", "AC-1", "--json"],
        &["config", "show", "--json"],
        &["config", "check", "--json"],
        &["config", "schema"],
        &["doctor", "--json"],
    ] {
        program.run(args).expect(0).json();
    }
    let refused = program.run(&["config", "check", "--set", "run.agents=0", "--json"]).expect(3).json();
    assert_eq!(refused["errors"][0]["code"], "config::out_of_range");
    assert_eq!(refused["ok"], false);
}

#[test]
fn what_config_prints_can_be_read_back() {
    let program = Program::new();
    for what in ["show", "reference"] {
        let text = program.run(&["config", what]).expect(0).out;
        let file = format!("{what}.toml");
        std::fs::write(program.path(&file), text).unwrap();
        program.run(&["config", "check", &file]).expect(0);
    }
}

#[test]
fn every_shell_has_completions() {
    let program = Program::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(program.run(&["completions", shell]).expect(0).out.contains("inspect"), "{shell}");
    }
}

/// Reports of every shape: fresh and resumed, with shadows, with code.
#[test]
fn a_report_is_what_its_schema_says() {
    let program = Program::new();
    let schema = serde_json::from_str(&program.run(&["run", "--json-schema"]).expect(0).out).unwrap();
    let schema = jsonschema::draft202012::new(&schema).unwrap();
    let market = ["run", "--json", "--quiet", "--agents", "12", "--ticks", "3", "--world", "a.world"];
    let shadow = ["--shadow", "access_control=contract", "--set", "journal.snapshot_every_records=50"];
    let contracts = [
        "run",
        "--json",
        "--quiet",
        "--scenario",
        "bazaar",
        "--agents",
        "60",
        "--ticks",
        "20",
        "--set",
        "sandbox.isolation=in_process",
    ];
    for call in [market.to_vec(), [&market[..], &shadow].concat(), contracts.to_vec()] {
        let report: serde_json::Value = serde_json::from_str(&program.run(&call).expect(0).out).unwrap();
        let problems: Vec<String> =
            schema.iter_errors(&report).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(problems.is_empty(), "{call:?}: {problems:#?}");
    }
    assert!(!schema.is_valid(&serde_json::json!({ "report_version": 1 })), "it asks for something");
}

#[test]
fn doctor_leaves_nothing_behind() {
    let program = Program::new();
    let answer = program.run(&["doctor"]).expect(0);
    assert!(answer.out.contains("SQLite") && answer.out.contains("sync"), "{}", answer.out);
    assert_eq!(std::fs::read_dir(program.folder()).unwrap().count(), 0);
}

#[test]
fn nobody_reading_is_no_failure() {
    let program = Program::new();
    let mut child = program
        .command(&["explain", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn colours_are_a_matter_of_choice() {
    let program = Program::new();
    assert!(!program.run(&["features"]).expect(0).out.contains('\u{1b}'));
    assert!(program.run(&["features", "--color", "always"]).expect(0).out.contains('\u{1b}'));
}
