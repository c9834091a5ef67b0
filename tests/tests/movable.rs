//! Histories are decided again by other implementations, compared and forked, through the binary.

use ecology_tests::{Scratch, report_number};
use serde_json::Value;

/// Every way to ask other implementations about a history that was decided by old ones.
const ASKED: [&[&str]; 4] = [
    &[],
    &["--set", "features.rate_limiting=rolling"],
    &["--set", "features.artifact_ontology=unified"],
    &["--set", "features.artifact_ontology=unified", "--set", "features.access_control=contract"],
];

/// Every way to ask about one that was decided by new ones.
const ASKED_BACK: [&[&str]; 3] = [
    &[],
    &["--set", "features.access_control=policy"],
    &["--set", "features.artifact_ontology=legacy", "--set", "features.access_control=policy"],
];

const NEW: [&str; 8] = [
    "--set",
    "features.rate_limiting=rolling",
    "--set",
    "features.execution_mode=continuous",
    "--set",
    "features.artifact_ontology=unified",
    "--set",
    "features.access_control=contract",
];

#[track_caller]
fn redecided(scratch: &Scratch, asked: &[&str]) -> Value {
    let found = scratch.ecology(&[&["replay", "a.world", "--redecide", "--json"], asked].concat()).json();
    assert_eq!(found["agrees"], true, "{asked:?}: {found}");
    assert_eq!(found["totals"]["unexplained"], 0, "{asked:?}");
    assert!(report_number(&found, "/totals/compared") > 100, "{asked:?}");
    found
}

#[test]
fn every_history_is_decided_again_without_an_unexplained_difference() {
    for scenario in ["commune", "market", "boltzmann"] {
        for seed in ["1", "2"] {
            let scratch = Scratch::new();
            let size = ["--scenario", scenario, "--agents", "26", "--ticks", "16", "--seed", seed];
            let _ = scratch.run("a.world", &size);
            for asked in ASKED {
                let found = redecided(&scratch, asked);
                if asked.is_empty() {
                    assert_eq!(
                        found["totals"]["same"], found["totals"]["compared"],
                        "the same decide the same"
                    );
                }
            }
        }
    }
}

#[test]
fn a_history_of_the_new_halves_is_decided_again_by_the_old_ones() {
    for seed in ["1", "2"] {
        let scratch = Scratch::new();
        let size = ["--scenario", "commune", "--agents", "26", "--ticks", "16", "--seed", seed];
        let _ = scratch.run("a.world", &[&size[..], &["--set", "run.clock=virtual"], &NEW].concat());
        for asked in ASKED_BACK {
            let _ = redecided(&scratch, asked);
        }
    }
}

#[test]
fn a_history_with_a_change_of_positions_is_decided_again_stretch_by_stretch() {
    let scratch = Scratch::new();
    let _ = scratch.run("a.world", &["--scenario", "commune", "--agents", "26", "--ticks", "8"]);
    let _ = scratch.run("a.world", &["--ticks", "8", "--set", "features.artifact_ontology=unified"]);
    for asked in ASKED {
        let found = redecided(&scratch, asked);
        assert_eq!(found["stretches"].as_array().unwrap().len(), 2, "{found}");
    }
}

#[test]
fn what_is_asked_for_has_to_be_possible() {
    let scratch = Scratch::new();
    let _ = scratch.run("a.world", &["--scenario", "boltzmann", "--agents", "10", "--ticks", "2"]);
    for (set, exit, says) in [
        ("run.ticks=3", 2, "features.AXIS=IMPLEMENTATION"),
        ("features.acess_control=contract", 3, "did you mean features.access_control?"),
        ("features.access_control=contract", 3, "artifact_ontology = \"unified\" too"),
        ("features.resource_limits=docker", 3, "not built"),
    ] {
        let done = scratch.ecology(&["replay", "a.world", "--redecide", "--set", set]).ended_with(exit);
        assert!(done.stderr.contains(says), "{done}");
    }
    let done =
        scratch.ecology(&["replay", "a.world", "--set", "features.rate_limiting=rolling"]).ended_with(2);
    assert!(done.stderr.contains("--redecide"), "{done}");
}

#[test]
fn two_runs_of_one_seed_are_the_same_world_and_another_seed_is_another() {
    let scratch = Scratch::new();
    let size = ["--scenario", "commune", "--agents", "26", "--ticks", "8"];
    let _ = scratch.run("a.world", &size);
    let _ = scratch.run("b.world", &size);
    let _ = scratch.run("c.world", &[&size[..], &["--seed", "5"]].concat());
    let same = scratch.ecology(&["diff", "a.world", "b.world", "--json"]).json();
    assert_eq!((&same["same"], &same["first"]), (&Value::Bool(true), &Value::Null));
    let done = scratch.ecology(&["diff", "a.world", "c.world", "--json"]).ended_with(1);
    let other: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(other["first"]["sides"][0]["command"], "start_run", "the seed is where they part");
    assert!(report_number(&other, "/fields_differing") > 20);
    let text = scratch.ecology(&["diff", "a.world", "c.world", "--fields", "2"]).ended_with(1);
    assert!(text.stdout.contains("clock.seed") && text.stdout.contains("--fields"), "{text}");
}

#[test]
fn a_fork_shares_its_history_and_goes_its_own_way() {
    let scratch = Scratch::new();
    let first = scratch.run("a.world", &["--scenario", "commune", "--agents", "26", "--ticks", "12"]);
    let at = (report_number(&first, "/records") / 2).to_string();
    let fork = ["fork", "a.world", "--at", &at, "--to", "f.world", "--json"];
    let sets = ["--set", "features.artifact_ontology=unified", "--set", "features.access_control=contract"];
    let forked = scratch.ecology(&[&fork[..], &sets].concat()).json();
    assert_eq!(forked["records"].to_string(), at);
    let replay = scratch.replay("f.world");
    assert_eq!(replay["state_hash"], forked["state_hash"]);

    let second = scratch.run("f.world", &["--config", "f.toml", "--ticks", "4"]);
    assert_eq!(second["serves"]["access_control"], "contract");
    assert_eq!(scratch.replay("f.world")["state_hash"], second["state_hash"]);
    let done = scratch.ecology(&["diff", "a.world", "f.world", "--json"]).ended_with(1);
    let parted: Value = serde_json::from_str(&done.stdout).unwrap();
    let record = report_number(&parted, "/first/sides/1/record");
    assert_eq!(record.to_string(), (at.parse::<u64>().unwrap() + 1).to_string());
    let again = scratch.replay("a.world");
    assert_eq!(again["state_hash"], first["state_hash"], "the old world is only read");
}

#[test]
fn a_fork_that_cannot_be_leaves_nothing_behind() {
    let scratch = Scratch::new();
    let _ = scratch.run("a.world", &["--scenario", "commune", "--agents", "26", "--ticks", "2"]);
    // Readers leave an index of shared memory behind.
    let _ = scratch.replay("a.world");
    let before = std::fs::read_dir(scratch.folder()).unwrap().count();
    for (args, exit, says) in [
        (&["--at", "999999", "--to", "f.world"][..], 2, "choose one of 1 to"),
        (&["--to", "a.world"], 4, "exists already"),
        (&["--to", "no/f.world"], 4, "does not exist"),
        (&["--to", "f.world", "--set", "run.agents=3"], 4, "run.agents = 26"),
        (&["--to", "f.world", "--set", "features.nothing=3"], 3, "features.nothing"),
    ] {
        let done = scratch.ecology(&[&["fork", "a.world"], args].concat()).ended_with(exit);
        assert!(done.stderr.contains(says), "{done}");
        assert_eq!(std::fs::read_dir(scratch.folder()).unwrap().count(), before, "{args:?}");
    }
}

#[test]
fn the_modes_are_compared_by_what_has_to_be_equal() {
    let scratch = Scratch::new();
    for scenario in ["commune", "boltzmann"] {
        let call =
            ["compare-modes", "--scenario", scenario, "--agents", "26", "--ticks", "24", "--seeds", "2"];
        let done = scratch.ecology(&call).ended_with(0);
        assert!(done.stdout.contains("every declared equivalence holds"), "{done}");
        let found = scratch.ecology(&[&call[..], &["--json"]].concat()).json();
        assert_eq!(found["agrees"], true);
    }
    let done = scratch.ecology(&["compare-modes", "--scenario", "comune"]).ended_with(3);
    assert!(done.stderr.contains("did you mean"), "{done}");
    assert_eq!(std::fs::read_dir(scratch.folder()).unwrap().count(), 0, "it leaves nothing behind");
}

#[test]
fn the_modes_are_compared_as_a_world_was_made() {
    let scratch = Scratch::new();
    let size = ["--scenario", "commune", "--agents", "26", "--ticks", "50", "--seed", "5"];
    let first = scratch.run("a.world", &[&size[..], &["--set", "shares.llm_calls=7000"]].concat());
    let found = scratch.ecology(&["compare-modes", "a.world", "--seeds", "2", "--json"]).json();
    assert_eq!(found["agrees"], true, "{found}");
    assert_eq!((&found["scenario"], &found["ticks"]), (&"commune".into(), &50.into()));
    assert_eq!(found["seeds"], serde_json::json!([5, 6]), "its own seed and those that follow");
    let compared = |name: &str| {
        let mut all = found["equivalences"].as_array().unwrap().iter();
        let one = all.find(|one| one["name"] == name).unwrap_or_else(|| panic!("{name}: {found}"));
        one["compared"].as_u64().unwrap()
    };
    assert_eq!(compared("every law of the world holds in its own history"), 3);
    assert_eq!(compared("every record of its own history is lawful"), 1);
    assert_eq!(compared("its own history gives the state that was kept"), 1);
    assert_eq!(compared("llm_tokens of each founder"), 6);
    assert_eq!(scratch.replay("a.world")["state_hash"], first["state_hash"], "the world is only read");
    let text = scratch.ecology(&["compare-modes", "a.world", "--seeds", "1", "--ticks", "40"]).ended_with(0);
    assert!(text.stdout.contains("as a.world was made"), "{text}");
    for (args, exit, says) in [
        (&["none.world"][..], 4, "world::not_found"),
        (&["a.world", "--agents", "3"], 2, "cannot be used with"),
        (&["a.world", "--set", "shares.llm_calls=3"], 4, "7000"),
    ] {
        let done = scratch.ecology(&[&["compare-modes"], args].concat()).ended_with(exit);
        assert!(done.stderr.contains(says), "{done}");
    }
}

#[test]
fn what_shadows_found_is_kept_and_judged() {
    let scratch = Scratch::new();
    let _ = scratch.run("plain.world", &["--scenario", "commune", "--agents", "26", "--ticks", "4"]);
    let done = scratch.ecology(&["agree", "plain.world", "--runs-only"]).ended_with(1);
    assert!(done.stdout.contains("--shadow"), "nothing was compared, and it says how to: {done}");
    let done = scratch.ecology(&["agree", "execution_mode", "plain.world"]).ended_with(1);
    assert!(done.stdout.contains("decides no single command"), "{done}");

    let shadows = ["--shadow", "rate_limiting=rolling", "--shadow", "artifact_ontology=unified"];
    let size = ["--scenario", "commune", "--agents", "26", "--ticks", "12"];
    let _ = scratch.run("a.world", &[&size[..], &shadows].concat());
    let _ = scratch.run("a.world", &[&["--ticks", "4"][..], &shadows].concat());
    let done = scratch.ecology(&["agree", "a.world"]).ended_with(0);
    for word in ["rate_limiting", "artifact_ontology", "ON-5"] {
        assert!(done.stdout.contains(word), "{word}: {done}");
    }
    let found = scratch.ecology(&["agree", "artifact_ontology", "a.world", "--json"]).json();
    assert_eq!(found["agrees"], true, "{found}");
    assert_eq!(found["axes"].as_array().unwrap().len(), 1);
    let done = scratch.ecology(&["agree", "artifact_ontologie", "a.world"]).ended_with(2);
    assert!(done.stderr.contains("artifact_ontology"), "{done}");
}

#[test]
fn what_no_shadow_compared_is_decided_again() {
    let scratch = Scratch::new();
    let size =
        ["--scenario", "commune", "--agents", "26", "--ticks", "6", "--shadow", "rate_limiting=rolling"];
    let first = scratch.run("a.world", &size);
    // Ways that leave gaps: no shadow, a sample, and positions that change.
    let _ = scratch.run("a.world", &["--ticks", "4"]);
    let sampled = ["--shadow", "rate_limiting=rolling", "--set", "comparison.one_in=3"];
    let _ = scratch.run("a.world", &[&["--ticks", "4"][..], &sampled].concat());
    let last = scratch.run("a.world", &["--ticks", "4", "--set", "features.rate_limiting=rolling"]);
    let found = scratch.ecology(&["agree", "a.world", "--json"]).json();
    assert_eq!(found["agrees"], true, "{found}");
    let axes = found["axes"].as_array().unwrap();
    assert_eq!(axes.len(), 3, "every axis that decides");
    for axis in axes {
        let name = axis["axis"].as_str().unwrap();
        let mut covered: Vec<(u64, u64)> = axis["runs"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|run| run["one_in"] == 1)
            .map(|run| (report_number(run, "/from_record"), report_number(run, "/to_record")))
            .collect();
        covered.sort_unstable();
        let end = covered.iter().fold(0, |end, (from, to)| {
            assert_eq!(*from, end + 1, "{name}: neither a hole nor anything twice, {covered:?}");
            *to
        });
        assert_eq!(end, report_number(&last, "/records"), "{name}");
        let sum = |number: &str| {
            let of = |source: &str| axis["sources"][source][number].as_u64().unwrap_or(0);
            of("run") + of("redecided")
        };
        for number in ["compared", "same", "unexplained", "failures"] {
            assert_eq!(sum(number), report_number(axis, &format!("/{number}")), "{name}: {number}");
        }
        assert_eq!(axis["sources"]["run"].is_object(), name == "rate_limiting");
        assert!(report_number(axis, "/sources/redecided/compared") > 0, "{name}");
    }
    assert!(report_number(&first, "/records") > 0);
    let text = scratch.ecology(&["agree", "a.world"]).ended_with(0);
    assert!(text.stdout.contains("decided again") && text.stdout.contains("while it ran"), "{text}");
}

#[test]
fn a_world_of_contracts_and_tools_that_are_code_is_compared_decided_again_and_forked() {
    for more in [&[][..], &NEW] {
        let scratch = Scratch::new();
        let size = ["--scenario", "bazaar", "--seed", "2", "--set", "run.clock=virtual"];
        let report = scratch.run("a.world", &[&size[..], more].concat());
        let calls = report_number(&report, "/code/checks") + report_number(&report, "/code/tool_runs");
        assert!(calls > 50, "{more:?}: {:#}", report["code"]);

        // The same decide the same: what code answered is part of the commands.
        let same = redecided(&scratch, &[]);
        assert_eq!(same["totals"]["same"], same["totals"]["compared"]);
        for asked in ASKED_BACK {
            let _ = redecided(&scratch, asked);
        }
        let agreed = scratch.ecology(&["agree", "a.world", "--json"]).json();
        assert_eq!(agreed["agrees"], true, "{agreed:#}");

        // A fork shares what code decided and goes on with code of its own.
        let at = (report_number(&report, "/records") / 2).to_string();
        let _ = scratch.ecology(&["fork", "a.world", "--at", &at, "--to", "fork.world"]).ended_with(0);
        let parted = scratch.ecology(&["diff", "a.world", "fork.world", "--json"]).ended_with(1);
        assert!(parted.stdout.contains("events_in_common"), "{parted}");
        let gone_on = scratch.run("fork.world", &[&["--ticks", "5"], more].concat());
        assert_eq!(gone_on["broken_law"], Value::Null);
        assert_eq!(scratch.replay("fork.world")["state_hash"], gone_on["state_hash"]);
        let same = scratch.ecology(&["replay", "fork.world", "--redecide", "--json"]).json();
        assert_eq!(same["totals"]["same"], same["totals"]["compared"], "{same:#}");
        let _ = scratch.ecology(&["diff", "a.world", "a.world"]).ended_with(0);
        assert_eq!(scratch.replay("a.world")["state_hash"], report["state_hash"], "the old one is only read");
    }
}
