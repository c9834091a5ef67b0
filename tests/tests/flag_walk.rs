//! Every flag is moved by the same end-to-end test: a run, a replay, a resumed run, a replay, and every view of the world.
//!
//! `cargo xtask verify-phase` finds the tests of an axis by its name in theirs.

use ecology_tests::{Scratch, report_number};
use serde_json::Value;

const AXES: [(&str, &str, &str); 5] = [
    ("rate_limiting", "tick", "rolling"),
    ("execution_mode", "tick", "continuous"),
    ("artifact_ontology", "legacy", "unified"),
    ("access_control", "policy", "contract"),
    ("resource_limits", "config", "docker"),
];

const VIEWS: [&[&str]; 8] = [
    &["summary"],
    &["balances", "--limit", "0"],
    &["artifacts", "--limit", "0"],
    &["artifact", "genesis_ledger"],
    &["agents", "--limit", "0"],
    &["events", "--limit", "0"],
    &["escrow", "--limit", "0"],
    &["mint"],
];

/// The walk in one position: `features` and `shadow` name what differs from the default.
#[track_caller]
fn walk(features: &[(&str, &str)], shadow: &[(&str, &str)]) {
    for scenario in ["commune", "market"] {
        let settings = settings(features, shadow);
        let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
        let scratch = Scratch::new();
        let first = scratch.run(
            "a.world",
            &[&["--scenario", scenario, "--agents", "26", "--ticks", "16", "--seed", "3"], &*settings]
                .concat(),
        );
        check_positions(&first, features, shadow);
        let replay = scratch.replay("a.world");
        assert_eq!(replay["state_hash"], first["state_hash"], "{scenario}");

        let second = scratch.run("a.world", &[&["--ticks", "6"], &*settings].concat());
        check_positions(&second, features, shadow);
        assert_eq!(second["resumed"], true);
        assert_eq!(second["minds_started_anew"], 0, "{scenario}: an orderly end keeps the minds");
        assert_eq!(second["scenario"], scenario);
        for pointer in ["/records", "/events", "/actions/done", "/world_time_us"] {
            assert!(report_number(&second, pointer) > report_number(&first, pointer), "{scenario} {pointer}");
        }
        let replay = scratch.replay("a.world");
        assert_eq!(replay["state_hash"], second["state_hash"], "{scenario}");
        views(&scratch, &second);
    }
}

fn settings(features: &[(&str, &str)], shadow: &[(&str, &str)]) -> Vec<String> {
    let mut args = Vec::new();
    for (axis, implementation) in features {
        args.extend(["--set".to_owned(), format!("features.{axis}={implementation}")]);
    }
    for (axis, implementation) in shadow {
        args.extend(["--shadow".to_owned(), format!("{axis}={implementation}")]);
    }
    args
}

#[track_caller]
fn check_positions(report: &Value, features: &[(&str, &str)], shadow: &[(&str, &str)]) {
    for (axis, old, _) in AXES {
        let wanted = features.iter().find(|(name, _)| *name == axis).map_or(old, |(_, wanted)| wanted);
        assert_eq!(report["serves"][axis], wanted, "{axis}");
    }
    assert_eq!(report["shadows"].as_object().unwrap().len(), shadow.len());
    for (axis, candidate) in shadow {
        let found = &report["shadow"][axis];
        assert_eq!(report["shadows"][axis], **candidate);
        assert_eq!(found["candidate"], **candidate);
        assert!(
            report_number(found, "/compared") > 0,
            "{axis}: a shadow that is never asked agrees with nothing"
        );
    }
}

/// Every view works as text and as JSON, and what they count is what the report counts.
#[track_caller]
fn views(scratch: &Scratch, report: &Value) {
    for view in VIEWS {
        let text = scratch.ecology(&[&["inspect", "a.world"], view].concat()).ended_with(0);
        assert!(!text.stdout.trim().is_empty(), "{view:?} shows nothing");
    }
    let json = |view: &[&str]| scratch.ecology(&[&["inspect", "a.world", "--json"], view].concat()).json();
    let _ = (json(&["summary"]), json(&["escrow"]), json(&["mint"]), json(&["artifact", "genesis_ledger"]));
    let balances = json(&["balances", "--limit", "0"]).to_string();
    let agents = json(&["agents", "--limit", "0"]).to_string();
    let events = json(&["events", "--limit", "3"]).to_string();
    assert!(!balances.is_empty() && !agents.is_empty());
    assert!(
        events.contains(&report["events"].to_string()),
        "the newest event is the report's last: {events}"
    );
}

/// A position that cannot be is refused before anything is made, and the refusal names the way out.
#[track_caller]
fn refused(args: &[&str], code: &str, remedies: &[&str]) {
    let scratch = Scratch::new();
    let done = scratch.ecology(&[&["run", "--world", "a.world", "--quiet"], args].concat()).ended_with(3);
    assert!(done.stdout.is_empty() && done.stderr.contains(code), "{done}");
    for remedy in remedies {
        assert!(done.stderr.contains(remedy), "{remedy} is not in\n{done}");
    }
    assert_eq!(std::fs::read_dir(scratch.folder()).unwrap().count(), 0, "nothing is made");
}

#[test]
fn all_old() {
    walk(&[], &[]);
}

#[test]
fn all_new() {
    walk(
        &[
            ("rate_limiting", "rolling"),
            ("execution_mode", "continuous"),
            ("artifact_ontology", "unified"),
            ("access_control", "contract"),
        ],
        &[],
    );
}

#[test]
fn all_new_beside_all_old() {
    walk(
        &[
            ("rate_limiting", "rolling"),
            ("execution_mode", "continuous"),
            ("artifact_ontology", "unified"),
            ("access_control", "contract"),
        ],
        &[("rate_limiting", "tick"), ("artifact_ontology", "legacy"), ("access_control", "policy")],
    );
}

#[test]
fn rate_limiting_new_alone() {
    walk(&[("rate_limiting", "rolling")], &[]);
}

#[test]
fn rate_limiting_old_serves_beside_new() {
    walk(&[], &[("rate_limiting", "rolling")]);
}

#[test]
fn rate_limiting_new_serves_beside_old() {
    walk(&[("rate_limiting", "rolling")], &[("rate_limiting", "tick")]);
}

#[test]
fn execution_mode_new_with_what_it_needs() {
    walk(&[("rate_limiting", "rolling"), ("execution_mode", "continuous")], &[]);
}

#[test]
fn execution_mode_new_alone_is_refused() {
    let remedy = r#"write features.rate_limiting = "rolling" too"#;
    refused(&["--set", "features.execution_mode=continuous"], "config::needs", &[remedy]);
}

#[test]
fn execution_mode_has_no_shadow() {
    refused(&["--shadow", "execution_mode=continuous"], "config::cannot_shadow", &["compare whole runs"]);
}

#[test]
fn artifact_ontology_new_alone() {
    walk(&[("artifact_ontology", "unified")], &[]);
}

#[test]
fn artifact_ontology_old_serves_beside_new() {
    walk(&[], &[("artifact_ontology", "unified")]);
}

#[test]
fn artifact_ontology_new_serves_beside_old() {
    walk(&[("artifact_ontology", "unified")], &[("artifact_ontology", "legacy")]);
}

#[test]
fn access_control_new_with_what_it_needs() {
    walk(&[("artifact_ontology", "unified"), ("access_control", "contract")], &[]);
}

#[test]
fn access_control_new_alone_is_refused() {
    let remedy = r#"write features.artifact_ontology = "unified" too"#;
    refused(&["--set", "features.access_control=contract"], "config::needs", &[remedy]);
}

#[test]
fn access_control_old_serves_beside_new() {
    walk(&[("artifact_ontology", "unified")], &[("access_control", "contract")]);
}

#[test]
fn access_control_new_serves_beside_old() {
    walk(
        &[("artifact_ontology", "unified"), ("access_control", "contract")],
        &[("access_control", "policy")],
    );
}

#[test]
fn resource_limits_new_is_not_built_and_says_so() {
    let remedy = r#"write features.resource_limits = "config""#;
    refused(&["--set", "features.resource_limits=docker"], "config::not_built", &[remedy]);
    refused(
        &["--shadow", "resource_limits=docker"],
        "config::not_built",
        &[r#"write shadow.resource_limits = "off""#],
    );
}

#[test]
fn a_shadow_of_what_serves_is_refused() {
    refused(
        &["--shadow", "rate_limiting=tick"],
        "config::shadows_itself",
        &[r#"write shadow.rate_limiting = "rolling""#],
    );
}

/// One world is taken through every position and back, without losing anything: a step forward is never a step into a trap.
#[test]
fn every_axis_moves_on_a_living_world() {
    let rolling = ("rate_limiting", "rolling");
    let unified = ("artifact_ontology", "unified");
    let contract = ("access_control", "contract");
    let continuous = ("execution_mode", "continuous");
    let positions: [&[(&str, &str)]; 9] = [
        &[],
        &[rolling],
        &[rolling, continuous],
        &[rolling],
        &[rolling, unified],
        &[rolling, unified, contract],
        &[rolling, unified, contract, continuous],
        &[unified],
        &[],
    ];
    for scenario in ["commune", "market"] {
        let scratch = Scratch::new();
        let mut done = 0;
        for (step, features) in positions.into_iter().enumerate() {
            let settings = settings(features, &[]);
            let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
            let begin: &[&str] =
                if step == 0 { &["--scenario", scenario, "--agents", "26", "--seed", "5"] } else { &[] };
            let report = scratch.run("a.world", &[begin, &["--ticks", "6"], &*settings].concat());
            check_positions(&report, features, &[]);
            let now = report_number(&report, "/actions/done");
            assert!(now > done, "{scenario}: nothing happens in position {step}");
            assert_eq!(scratch.replay("a.world")["state_hash"], report["state_hash"], "{scenario} {step}");
            done = now;
        }
    }
}

/// What runs in the shadow serves nothing: with it and without it the rules decide the same.
#[test]
fn a_shadow_changes_nothing() {
    for (axis, features, candidate) in [
        ("rate_limiting", &[][..], "rolling"),
        ("artifact_ontology", &[][..], "unified"),
        ("access_control", &[("artifact_ontology", "unified")][..], "contract"),
    ] {
        let decided = |shadow: &[(&str, &str)]| {
            let scratch = Scratch::new();
            let settings = settings(features, shadow);
            let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
            let report = scratch.run(
                "a.world",
                &[&["--scenario", "commune", "--agents", "26", "--ticks", "16"], &*settings].concat(),
            );
            report["actions"].to_string()
        };
        assert_eq!(decided(&[]), decided(&[(axis, candidate)]), "{axis}");
    }
}
