//! Files of the older program become a world that runs, replays and can be inspected.

use std::fs;
use std::path::Path;

use ecology_tests::{Scratch, report_number};
use serde_json::Value;

/// The folder of a run as the older program left it.
fn old_run(scratch: &Scratch) {
    let write = |name: &str, text: &str| {
        let path = scratch.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("old/checkpoint.json", CHECKPOINT);
    write(
        "old/config.yaml",
        "resources:\n  stock:\n    llm_budget: {total: 1.00}\n    disk: {total: 50000}\nscrip: {starting_amount: 100}\n",
    );
    write("old/agents/alpha/agent.yaml", "id: alpha\nllm_model: m1\nstarting_credits: 100\n");
    write("old/agents/alpha/system_prompt.md", "You are alpha.\n");
    write("old/run.jsonl", "{\"timestamp\": \"2023-05-01\", \"event_type\": \"tick\", \"tick\": 1}\n{\"ti");
}

const CHECKPOINT: &str = r#"{
  "tick": 137,
  "balances": {
    "alpha": {"compute": 40, "scrip": 120},
    "beta": {"compute": 10, "scrip": 33},
    "genesis_escrow": {"compute": 0, "scrip": 7}
  },
  "cumulative_api_cost": 0.25,
  "artifacts": [
    {"id": "note", "type": "data", "content": "hello", "owner_id": "alpha", "created_at": "2023-05-01T10:00:00", "updated_at": "2023-05-01T10:00:00"},
    {"id": "tool", "type": "code", "content": "adds", "owner_id": "beta", "executable": true, "price": 5, "has_code": true, "policy": {"invoke_price": 5, "allow_write": ["note", "alpha"], "allow_invoke": ["@vault"]}},
    {"id": "for_sale", "type": "data", "content": "x", "owner_id": "genesis_escrow"}
  ],
  "agent_ids": ["alpha", "beta"],
  "reason": "budget"
}
"#;

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn an_old_run_becomes_a_world_that_goes_on() {
    let scratch = Scratch::new();
    old_run(&scratch);
    let answer = scratch.ecology(&["import", "old", "--world", "new.world", "--json"]).json();
    assert_eq!(report_number(&answer, "/report/totals/scrip_carried"), 160);
    assert_eq!(files(scratch.folder()), ["new.import.json", "new.toml", "new.world", "old"]);
    let beside: Value =
        serde_json::from_str(&fs::read_to_string(scratch.path("new.import.json")).unwrap()).unwrap();
    assert_eq!(beside, answer["report"]);
    let inside = scratch.ecology(&["inspect", "new.world", "import"]).json();
    assert_eq!(inside, beside);

    // It is what the answer says, before and after it runs, with its configuration and without.
    let replay = scratch.replay("new.world");
    assert_eq!(replay["state_hash"], answer["state_hash"]);
    assert!(replay["recorded"].is_object());
    fs::copy(scratch.path("new.world"), scratch.path("bare.world")).unwrap();
    let report = scratch.run("new.world", &["--config", "new.toml", "--ticks", "3"]);
    assert_eq!(report["scenario"], "imported");
    assert_eq!(report["findings"].as_array().unwrap().iter().filter(|one| one["agrees"] == false).count(), 0);
    let _ = scratch.replay("new.world");
    let _ = scratch.run("bare.world", &["--ticks", "2"]);
    let _ = scratch.replay("bare.world");
    let rows = scratch.ecology(&["inspect", "new.world", "balances", "--json"]).json();
    let scrip = |id: &str| {
        let row =
            rows["rows"].as_array().unwrap().iter().find(|row| row["id"] == id || row["principal"] == id);
        row.unwrap_or_else(|| panic!("{id} in {rows:#}"))["scrip"].as_u64().unwrap()
    };
    assert_eq!((scrip("alpha"), scrip("beta"), scrip("imported:genesis_escrow")), (120, 33, 7));
    let tool = scratch.ecology(&["inspect", "new.world", "artifact", "tool", "--json"]).json().to_string();
    assert!(
        tool.contains("\"write_policy\":[\"alpha\",\"note\"]") || tool.contains("[\"note\",\"alpha\"]"),
        "{tool}"
    );
    let mind = scratch.ecology(&["inspect", "new.world", "artifact", "alpha"]).ended_with(0).stdout;
    assert!(mind.contains("You are alpha."), "{mind}");

    // The new half of every axis takes it as well.
    let axes = ["--set", "features.artifact_ontology=unified", "--set", "features.access_control=contract"];
    let _ = scratch.run("new.world", &[&["--config", "new.toml", "--ticks", "2"], &axes[..]].concat());
    let axes = ["--set", "features.rate_limiting=rolling", "--set", "features.execution_mode=continuous"];
    let _ = scratch.run("bare.world", &[&["--duration", "3s"], &axes[..]].concat());
    let _ = scratch.replay("new.world");
    let _ = scratch.replay("bare.world");
    let other = scratch.ecology(&["run", "--world", "new.world", "--scenario", "market"]).ended_with(4);
    assert!(other.stderr.contains("made for the scenario imported"), "{other}");
}

/// As for runs, the folder of worlds is made when it is not there; no other folder is, and what fails leaves none of the files in it.
#[test]
fn the_folder_of_worlds_is_made_and_holds_the_three_files() {
    let scratch = Scratch::new();
    old_run(&scratch);
    let import = ["import", "old", "--world", "worlds/new.world"];
    let _ = scratch.ecology(&[&import[..], &["--dry-run"]].concat()).ended_with(0);
    assert!(!scratch.path("worlds").exists(), "a dry run makes no folder");
    let done = scratch.ecology(&import).ended_with(0);
    let all = ["new.import.json", "new.toml", "new.world"];
    assert_eq!(files(&scratch.path("worlds")), all);
    for file in all {
        assert!(done.stdout.contains(&format!("worlds/{file}")), "{file} is not named: {done}");
    }
    // What is there already belongs to somebody: the import is refused, and takes back what it had written.
    for taken in ["new.toml", "new.import.json"] {
        let other = scratch.path("worlds").join(taken.replace("new", "other"));
        fs::write(&other, "mine").unwrap();
        let refused = scratch.ecology(&["import", "old", "--world", "worlds/other.world"]).ended_with(4);
        assert!(refused.stderr.contains("import::output_exists"), "{refused}");
        assert_eq!(fs::read_to_string(&other).unwrap(), "mine");
        fs::remove_file(&other).unwrap();
        assert_eq!(files(&scratch.path("worlds")), all);
    }
    // In there it runs, with its configuration and from its folder.
    let _ = scratch.run("worlds/new.world", &["--config", "worlds/new.toml", "--ticks", "2"]);
    let _ = scratch.replay("worlds/new.world");
    let elsewhere = scratch.ecology(&["import", "old", "--world", "elsewhere/new.world"]).ended_with(4);
    assert!(!scratch.path("elsewhere").exists(), "{elsewhere}");
}

#[test]
fn one_of_something_is_told_as_one() {
    let scratch = Scratch::new();
    old_run(&scratch);
    let report = scratch.ecology(&["import", "old", "--dry-run", "--json"]).json()["report"].to_string();
    assert!(
        report.contains("data, 1 byte, owned by") && report.contains("data, 5 bytes, owned by"),
        "{report}"
    );
    assert!(!report.contains("1 bytes"), "{report}");
}

#[test]
fn the_report_on_a_terminal() {
    let scratch = Scratch::new();
    old_run(&scratch);
    let done = scratch.ecology(&["import", "old", "--world", "new.world"]).ended_with(0);
    let program = ecology_tests::binary().display().to_string();
    insta::assert_snapshot!(done.stdout.replace(&program, "ecology"));
}

#[test]
fn a_dry_run_writes_nothing_and_says_the_same() {
    let scratch = Scratch::new();
    old_run(&scratch);
    let dry = scratch.ecology(&["import", "old", "--dry-run", "--json"]).json();
    assert_eq!(files(scratch.folder()), ["old"]);
    assert_eq!(dry["world"], Value::Null);
    let real = scratch.ecology(&["import", "old", "--world", "new.world", "--json"]).json();
    assert_eq!((&dry["report"], &dry["state_hash"]), (&real["report"], &real["state_hash"]));
    let alone = scratch.ecology(&["import", "old/checkpoint.json", "--dry-run"]).ended_with(0);
    assert!(alone.stdout.contains("Nothing was written"), "{alone}");
}

#[test]
fn an_import_that_fails_leaves_nothing() {
    let scratch = Scratch::new();
    old_run(&scratch);
    let before = |scratch: &Scratch| files(scratch.folder());
    let refused = |text: &str, exit: i32, words: &str| {
        scratch.write("old/checkpoint.json", text);
        let done = scratch.ecology(&["import", "old", "--world", "new.world"]).ended_with(exit);
        assert!(done.stderr.contains(words) && done.stdout.is_empty(), "{words}: {done}");
        assert_eq!(before(&scratch), ["old"]);
    };
    refused(&CHECKPOINT[..400], 6, "checkpoint.json:");
    refused(&CHECKPOINT.replace("120", "NaN"), 6, "checkpoint.json:4:39: NaN is no amount");
    refused(&CHECKPOINT.replace("\"note\", \"type\"", "\"my note\", \"type\""), 6, "--rename-ids");
    refused("", 6, "error[import::syntax]");
    scratch.write("old/checkpoint.json", CHECKPOINT);
    for (args, exit) in [
        (&["import", "nowhere", "--world", "new.world"][..], 6),
        (&["import", "old", "--world", "no/such/new.world"], 4),
        (&["import", "old", "--world", "new.world", "--config-out", "old/config.yaml"], 4),
        (&["import", "old", "--world", "old"], 4),
        (&["import", "old", "--world", "new.world", "--content-bytes-max", "3"], 6),
        (&["import", "old"], 2),
    ] {
        let done = scratch.ecology(args).ended_with(exit);
        assert!(!done.stderr.is_empty(), "{done}");
        assert_eq!(before(&scratch), ["old"], "{done}");
    }
    // A world that is there is not touched.
    let _ = scratch.ecology(&["import", "old", "--world", "new.world"]).ended_with(0);
    let bytes = fs::read(scratch.path("new.world")).unwrap();
    let again = scratch.ecology(&["import", "old", "--world", "new.world"]).ended_with(4);
    assert!(again.stderr.contains("world::exists"), "{again}");
    assert_eq!(fs::read(scratch.path("new.world")).unwrap(), bytes);
    let renamed = CHECKPOINT.replace("\"note\"", "\"my note\"");
    scratch.write("old/checkpoint.json", renamed);
    let answer =
        scratch.ecology(&["import", "old", "--world", "renamed.world", "--rename-ids", "--json"]).json();
    assert!(answer["report"].to_string().contains("my_note-"), "{answer:#}");
    let _ = scratch.replay("renamed.world");
    let none = scratch.ecology(&["run", "--scenario", "imported"]).ended_with(4);
    assert!(none.stderr.contains("ecology import"), "{none}");
    assert!(!scratch.path("worlds").exists());
}
