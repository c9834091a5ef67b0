//! A decision is explained from its record, through the binary, on a world in which agents write code.

use std::collections::BTreeSet;

use ecology_tests::{Scratch, report_number};
use serde_json::Value;

#[test]
fn decisions_of_a_bazaar_are_explained() {
    let scratch = Scratch::new();
    let _ = scratch.run("a.world", &["--scenario", "bazaar", "--ticks", "60"]);
    let before = std::fs::read(scratch.path("a.world")).unwrap();
    let events = scratch.ecology(&["inspect", "a.world", "events", "--limit", "0", "--json"]).json();
    let events = events["events"].as_array().unwrap().clone();
    let last = report_number(events.last().unwrap(), "/seq");

    let (mut contracts, mut tools, mut natives) = (BTreeSet::new(), 0, 0);
    let is_about_something = |event: &&Value| {
        (event["kind"] == "action_done" || event["kind"] == "action_refused") && event["verb"] != "noop"
    };
    for event in events.iter().filter(is_about_something).step_by(5) {
        let seq = report_number(event, "/seq").to_string();
        let found = scratch.ecology(&["why", "a.world", &seq, "--json"]).json();
        assert_eq!(found["seq"], event["seq"]);
        assert_eq!(found["actor"], event["actor"], "{found:#}");
        assert_eq!(found["outcome"]["done"], event["kind"] == "action_done", "{found:#}");
        for answer in found["answers"].as_array().unwrap() {
            assert_eq!(answer["kind"], "code");
            let _ = contracts.insert(answer["contract"].as_str().unwrap().to_owned());
        }
        tools += usize::from(!found["run"].is_null());
        natives += usize::from(!found["native"].is_null());
        let text = scratch.ecology(&["why", "a.world", &seq]).ended_with(0).stdout;
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
    assert!(!contracts.is_empty() && tools > 0 && natives > 0, "{contracts:?} {tools} {natives}");

    let contract = contracts.first().unwrap();
    let found = scratch.ecology(&["inspect", "a.world", "contract", contract, "--json"]).json();
    let answered = |name: &str| report_number(&found, &format!("/contract/answers/{name}"));
    assert!(answered("allowed") + answered("denied") + answered("faults") > 0, "{found:#}");
    assert!(report_number(&found, "/contract/governs/count") > 0, "{found:#}");
    let text = scratch.ecology(&["inspect", "a.world", "contract", contract]).ended_with(0).stdout;
    assert!(text.starts_with(contract.as_str()), "{text}");
    let stock = scratch.ecology(&["inspect", "a.world", "contract", "genesis_freeware", "--json"]).json();
    assert_eq!(stock["contract"]["kind"], "stock");

    for seq in ["0".to_owned(), (last + 1).to_string()] {
        let refused = scratch.ecology(&["why", "a.world", &seq]).ended_with(2).stderr;
        assert!(refused.contains("usage::no_such_event") && refused.contains(&last.to_string()), "{refused}");
    }
    let refused = scratch.ecology(&["inspect", "a.world", "contract", "genesis_ledger"]).ended_with(2).stderr;
    assert!(refused.contains("usage::not_a_contract"), "{refused}");
    let _ = scratch.ecology(&["why", "nowhere.world", "1"]).ended_with(4);
    assert_eq!(before, std::fs::read(scratch.path("a.world")).unwrap(), "the world is only read");
}
