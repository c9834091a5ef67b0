//! What is on its way out is told of, counted in the journal, or refused on request.

use ecology_tests::Scratch;

const NEW: [&str; 10] = [
    "--scenario",
    "commune",
    "--ticks",
    "16",
    "--set",
    "features.rate_limiting=rolling",
    "--set",
    "features.artifact_ontology=unified",
    "--set",
    "features.access_control=contract",
];

fn run(more: &[&str]) -> ecology_tests::Done {
    let scratch = Scratch::new();
    let args = [&["run", "--world", "a.world", "--json", "--quiet"], &NEW[..], more].concat();
    scratch.ecology(&args).ended_with(0)
}

#[test]
fn a_run_says_once_what_its_agents_used() {
    let done = run(&[]);
    assert_eq!(done.stderr.matches("ECO-D001").count(), 1, "{done}");
    assert!(done.stderr.contains("access_contract"), "the warning says what to write instead: {done}");
    assert_eq!(done.json()["deprecations_used"], serde_json::json!(["ECO-D001"]));
}

#[test]
fn what_is_allowed_is_not_mentioned() {
    let done = run(&["--set", "deprecations.ECO-D001=allow"]);
    assert!(!done.stderr.contains("ECO-D001"), "{done}");
    assert_eq!(done.json()["deprecations_used"], serde_json::json!([]));
}

#[test]
fn what_is_denied_is_refused_to_the_agents() {
    let report = run(&["--deny-deprecations"]).json();
    assert_eq!(report["deprecations_used"], serde_json::json!([]));
    assert!(
        report["actions"]["refused_by_code"]["not_supported"].as_u64() > Some(0),
        "{}",
        report["actions"]
    );
}

#[test]
fn the_old_access_control_warns_of_nothing() {
    let scratch = Scratch::new();
    let done = scratch
        .ecology(&["run", "--world", "a.world", "--json", "--quiet", "--scenario", "commune", "--ticks", "8"])
        .ended_with(0);
    assert!(!done.stderr.contains("ECO-D"), "{done}");
}
