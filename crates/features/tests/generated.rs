//! The files under `config/` are what the code would write.

use std::path::Path;

use ecology_features::{Config, Sources, all_new, find, load, reference, schema, settings, variable};

fn committed(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config").join(name);
    std::fs::read_to_string(path).unwrap_or_default()
}

const REMEDY: &str = "is stale: run `cargo run -p ecology-features --example schema`";

#[test]
fn the_schema_is_current() {
    let written: serde_json::Value =
        serde_json::from_str(&committed("ecology.schema.json")).unwrap_or_default();
    assert!(written == schema(), "config/ecology.schema.json {REMEDY}");
}

#[test]
fn the_reference_is_current() {
    assert!(committed("ecology.toml") == reference(), "config/ecology.toml {REMEDY}");
    assert!(committed("all-new.toml") == all_new(), "config/all-new.toml {REMEDY}");
}

#[test]
fn the_reference_with_its_marks_taken_away_is_the_default() {
    let text: String = reference()
        .lines()
        .filter(|line| !line.starts_with("##") && !line.ends_with("# not set by default"))
        .map(|line| format!("{}\n", line.strip_prefix("# ").unwrap_or(line)))
        .collect();
    let loaded = load(Sources::new().file("reference", text)).expect("the defaults are a configuration");
    assert_eq!(loaded.config, Config::default());
    let set = loaded.origins.values().filter(|origin| **origin != ecology_features::Origin::Default).count();
    assert_eq!(set, settings().iter().filter(|key| key.default.is_some()).count());
}

#[test]
fn every_setting_can_be_set_in_every_layer() {
    for key in settings() {
        let value = key.default.clone().unwrap_or_else(|| match key.path.as_str() {
            "run.world" => "worlds/a.world".into(),
            "run.agents" => 100_i64.into(),
            // Large enough for the shares of a hundred agents.
            _ => 1_000_000_000_000_000_i64.into(),
        });
        let name = variable(&key.path);
        let by_environment = load(Sources::new().environment([(name.clone(), value.to_string())]));
        let loaded = by_environment.unwrap_or_else(|errors| panic!("{name}: {errors:?}"));
        assert_eq!(loaded.origins[&key.path].to_string(), format!("environment {name}"));
        let by_set = load(Sources::new().set("--set", format!("{}={value}", key.path)));
        let loaded = by_set.unwrap_or_else(|errors| panic!("{}: {errors:?}", key.path));
        assert_eq!(loaded.origins[&key.path].to_string(), "--set");
        assert!(find(&key.path).is_some());
    }
}
