//! What people read: the positions, the settings with their origins, the deprecations.

use std::fmt::Write as _;

use ecology_features::{AXES, Config, DEPRECATIONS, Sources, Stage, all_new, find, load, table};
use ecology_types::Axis;

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
            "[run]\nscenario = \"boltzmann\"\n[capacity]\nllm_tokens = 1_000_000_000\n",
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

/// The descriptions in schema and reference are doc comments; this is what keeps them true when a stage changes.
#[test]
fn descriptions_agree_with_the_stages() {
    let meaning =
        |path: &str| find(path).unwrap_or_else(|| panic!("{path} is not a setting")).meaning.clone();
    for entry in &DEPRECATIONS {
        let says = meaning(&format!("deprecations.{}", entry.code)).contains("Not in force in this release");
        assert_eq!(says, !entry.is_in_force(), "{}", entry.code);
    }
    for entry in &AXES {
        let text = meaning(&format!("features.{}", entry.axis));
        assert_eq!(text.contains("not built"), entry.new.stage == Stage::Absent, "{text}");
        for need in entry.new.needs {
            let other = need.axis.implementation(need.side);
            assert!(
                text.contains(&format!("{:?} needs {} = {other:?}", entry.new.name, need.axis)),
                "{text}"
            );
        }
        assert_eq!(Config::default().features.side(entry.axis), entry.default_side(), "{}", entry.axis);
    }
}

/// Each of the four positions can be configured on each axis that has them, and none that has not.
#[test]
fn every_position_that_exists_can_be_taken() {
    let needs = |axis: Axis| match axis {
        Axis::ExecutionMode => "rate_limiting=rolling",
        Axis::AccessControl => "artifact_ontology=unified",
        _ => "resource_limits=config",
    };
    for entry in &AXES {
        for (serves, shadow) in [
            (entry.old.name, "off"),
            (entry.old.name, entry.new.name),
            (entry.new.name, entry.old.name),
            (entry.new.name, "off"),
        ] {
            let sources = Sources::new()
                .set("--set", format!("features.{}", needs(entry.axis)))
                .set("--set", format!("features.{}={serves}", entry.axis))
                .set("--set", format!("shadow.{}={shadow}", entry.axis));
            let possible = match entry.axis {
                Axis::ExecutionMode => shadow == "off",
                Axis::ResourceLimits => serves == "config" && shadow == "off",
                _ => true,
            };
            match load(sources) {
                Ok(loaded) => {
                    assert!(possible, "{} = {serves}, shadow {shadow} must be refused", entry.axis);
                    let vector = loaded.axis_vector();
                    assert_eq!(vector.serving(entry.axis), serves);
                    assert_eq!(vector.shadowing(entry.axis).unwrap_or("off"), shadow);
                }
                Err(errors) => assert!(!possible, "{errors:?}"),
            }
        }
    }
}
