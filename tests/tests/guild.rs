//! Agents of the commune write every contract of the library once contracts decide, and others meet them.

use ecology_tests::{Scratch, report_number};
use serde_json::Value;

const CONTRACT: [&str; 4] =
    ["--set", "features.artifact_ontology=unified", "--set", "features.access_control=contract"];
const CONTINUOUS: [&str; 4] =
    ["--set", "features.rate_limiting=rolling", "--set", "features.execution_mode=continuous"];

const LIBRARY: [&str; 15] = [
    "allow_list",
    "approval",
    "auction",
    "bounty",
    "delegation",
    "first_reader",
    "freeware",
    "lease",
    "licence",
    "paywall",
    "private",
    "public",
    "self_owned",
    "subscription",
    "time_lock",
];

/// Every contract said yes and no to somebody else than its author, and its records say so as well.
#[track_caller]
fn all_in_use(scratch: &Scratch, report: &Value) {
    let finding = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["name"] == "library contracts in use");
    let finding = finding.expect("the report says how many are in use");
    assert_eq!((&finding["measured_millionths"], &finding["agrees"]), (&15_000_000.into(), &true.into()));
    assert_eq!((&finding["least_millionths"], &finding["due"]), (&15_000_000.into(), &true.into()));
    let names: Vec<&String> = report["library"].as_object().unwrap().keys().collect();
    assert_eq!(names, LIBRARY);
    for name in LIBRARY {
        let said = |what: &str| report_number(report, &format!("/library/{name}/{what}"));
        assert!(said("allowed") > 0, "{name}");
        assert!(name == "public" || said("refused") > 0, "{name}");
        let law = format!("law_{name}_0");
        let found = scratch.ecology(&["inspect", "a.world", "contract", &law, "--json"]).json();
        let answered = |what: &str| report_number(&found, &format!("/contract/answers/{what}"));
        assert!(answered("allowed") > 0 && (name == "public" || answered("denied") > 0), "{name}: {found:#}");
        assert_eq!(answered("faults"), 0, "{name}");
        assert!(name == "self_owned" || report_number(&found, "/contract/governs/count") > 0, "{name}");
    }
    assert!(report["broken_law"].is_null());
    assert_eq!(report["code"]["unavailable"], 0);
}

#[test]
fn a_commune_uses_every_contract_of_the_library_in_both_modes() {
    for mode in [&[][..], &CONTINUOUS] {
        let scratch = Scratch::new();
        let size = ["--scenario", "commune", "--agents", "26", "--ticks", "160", "--seed", "2"];
        let report = scratch.run("a.world", &[&size[..], &CONTRACT, mode].concat());
        all_in_use(&scratch, &report);
        let text = scratch.ecology(&[&["run", "--world", "b.world"], &size[..], &CONTRACT, mode].concat());
        let text = text.ended_with(0).stdout;
        let line = text.lines().find(|line| line.contains("library contracts in use"));
        assert!(line.is_some_and(|line| line.contains("15")), "{text}");
        assert_eq!(scratch.replay("a.world")["state_hash"], report["state_hash"]);
    }
}

/// Before contracts have decided for long, how many are in use says nothing yet, and is not said to agree.
#[test]
fn contracts_of_the_library_are_not_judged_before_they_are_due() {
    let scratch = Scratch::new();
    let size = ["--scenario", "commune", "--agents", "26", "--ticks", "6", "--seed", "2"];
    let report = scratch.run("a.world", &[&size[..], &CONTRACT].concat());
    let findings = report["findings"].as_array().unwrap();
    for finding in findings {
        let is_library = finding["name"] == "library contracts in use";
        assert_eq!(finding["due"], !is_library, "{finding}");
    }
    let text = scratch.ecology(&[&["run", "--world", "b.world"], &size[..], &CONTRACT].concat());
    let text = text.ended_with(0).stdout;
    let line = text.lines().find(|line| line.contains("library contracts in use"));
    let line = line.unwrap_or_else(|| panic!("no such finding: {text}"));
    assert!(line.contains("not yet due") && !line.contains("agrees"), "{line}");
}

/// Policies under every combination of lists and prices; all gates hold, and then agents write contracts, and ask those that were made.
#[test]
fn a_commune_that_began_with_policies_begins_to_write_contracts_when_it_is_moved() {
    let scratch = Scratch::new();
    let size = ["--scenario", "commune", "--agents", "26", "--ticks", "330", "--seed", "6"];
    let report = scratch.run("a.world", &size);
    assert!(report["library"].is_null() && report["code"]["checks"] == 0, "{report:#}");
    let artifacts = scratch.ecology(&["inspect", "a.world", "artifacts", "--limit", "0", "--json"]).json();
    let ids: Vec<&str> =
        artifacts["rows"].as_array().unwrap().iter().filter_map(|row| row["id"].as_str()).collect();
    for part in 0..2 {
        for combination in 0..54 {
            let id = format!("listed_{part}_0_{combination}");
            assert!(ids.contains(&id.as_str()), "{id} is not there");
        }
    }
    for axis in ["artifact_ontology=unified", "access_control=contract"] {
        let to = format!("features.{axis}");
        let moved = scratch.ecology(&["migrate", "a.world", "--to", &to, "--json"]).json();
        let gates = moved["gates"].as_array().unwrap();
        assert!(gates.iter().all(|gate| gate["passed"] == true), "{gates:#?}");
        if axis.starts_with("access") {
            let gate = gates.iter().find(|gate| gate["name"] == "contracts answer like policies").unwrap();
            let found = gate["found"].as_str().unwrap();
            let numbers: Vec<u64> = found.split_whitespace().filter_map(|word| word.parse().ok()).collect();
            assert_eq!(numbers[0], numbers[1], "{found}");
            assert!(numbers[2] > 500, "too few recorded requests: {found}");
        }
    }
    let report = scratch.run("a.world", &["--ticks", "170"]);
    assert_eq!(
        (&report["serves"]["access_control"], &report["minds_started_anew"]),
        (&"contract".into(), &0.into())
    );
    all_in_use(&scratch, &report);

    let artifacts = scratch.ecology(&["inspect", "a.world", "artifacts", "--limit", "0", "--json"]).json();
    let rows = artifacts["rows"].as_array().unwrap();
    let mut made =
        rows.iter().filter_map(|row| row["id"].as_str()).filter(|id| id.starts_with("genesis_policy_"));
    let is_asked = |id: &str| {
        let found = scratch.ecology(&["inspect", "a.world", "contract", id, "--json"]).json();
        assert_eq!(found["contract"]["answers"]["faults"], 0, "{found:#}");
        report_number(&found, "/contract/answers/allowed") + report_number(&found, "/contract/answers/denied")
            > 0
    };
    assert!(made.any(is_asked), "no contract that was made of a policy was ever asked");
}
