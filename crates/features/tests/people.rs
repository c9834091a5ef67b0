//! What people read: the positions, the settings with their origins, the deprecations.

use std::fmt::Write as _;

use ecology_features::{DEPRECATIONS, Sources, all_new, load, table};

fn features(sources: Sources) -> String {
    let loaded = load(sources).expect("it is in order");
    let mut text = String::new();
    for row in table(&loaded) {
        writeln!(
            text,
            "{:18} {:11} {:9} {:17} {:8} {}",
            row.axis,
            row.serves,
            row.shadows.unwrap_or("-"),
            row.state,
            row.stage,
            row.next_step
        )
        .expect("a string");
    }
    text
}

#[test]
fn features_from_off_to_complete() {
    let with_shadows = Sources::new()
        .set("--shadow", "shadow.rate_limiting=rolling")
        .set("--shadow", "shadow.access_control=contract");
    let way_back =
        Sources::new().file("all-new.toml", all_new()).set("--shadow", "shadow.access_control=policy");
    let all = [
        features(Sources::new()),
        features(with_shadows),
        features(way_back),
        features(Sources::new().file("all-new.toml", all_new())),
    ];
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn settings_with_their_origins() {
    let sources = Sources::new()
        .file(
            "config/ecology.toml",
            "[run]\nscenario = \"boltzmann\"\n[capacity]\nllm_tokens = 100_000_000\n",
        )
        .environment([("ECOLOGY_DEPRECATIONS__ECO_D001".to_owned(), "deny".to_owned())])
        .set("--set", "run.world=worlds/a.world")
        .set("--seed", "run.seed=7");
    let loaded = load(sources).expect("it is in order");
    let shown = loaded.show();
    load(Sources::new().file("shown", shown.clone())).expect("what is shown can be read back");
    insta::assert_snapshot!(shown);
}

#[test]
fn deprecations_of_this_release() {
    let old = load(Sources::new()).expect("it is in order");
    assert!(old.deprecations().is_empty());
    let new = load(Sources::new().file("all-new.toml", all_new())).expect("it is in order");
    assert_eq!(new.deprecations().len(), 1);
    let silent = Sources::new().file("all-new.toml", all_new()).set("--set", "deprecations.ECO-D001=allow");
    assert!(load(silent).expect("it is in order").deprecations().is_empty());
    let all: Vec<_> = DEPRECATIONS
        .iter()
        .map(|entry| format!("{entry}{}", if entry.is_in_force() { " (in force)" } else { "" }))
        .collect();
    insta::assert_snapshot!(all.join("\n"));
}
