//! Files that must pass and files that must fail, each with what its reader sees.

use std::path::{Path, PathBuf};

use ecology_features::{ConfigError, Sources, load, schema};

fn folder(name: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let stem = path.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned();
            (stem, std::fs::read_to_string(&path).expect("readable"))
        })
        .collect()
}

fn rendered(errors: &[ConfigError]) -> String {
    errors.iter().map(ConfigError::render).collect::<Vec<_>>().join("\n")
}

#[test]
fn files_that_must_pass() {
    let schema = schema();
    let validator = jsonschema::draft202012::new(&schema).expect("the schema is a schema");
    let mut all = folder("pass");
    for name in ["ecology", "all-new"] {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config").join(name).with_extension("toml");
        all.push((name.to_owned(), std::fs::read_to_string(path).expect("readable")));
    }
    for (name, text) in all {
        if let Err(errors) = load(Sources::new().file(format!("{name}.toml"), text.clone())) {
            panic!("{name} must pass:\n{}", rendered(&errors));
        }
        let value: serde_json::Value = toml::from_str(&text).expect("TOML");
        let complaints: Vec<_> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(complaints.is_empty(), "{name} does not fit the schema: {complaints:?}");
    }
}

#[test]
fn files_that_must_fail() {
    for (name, text) in folder("fail") {
        match load(Sources::new().file(format!("{name}.toml"), text)) {
            Ok(_) => panic!("{name} must fail"),
            Err(errors) => insta::assert_snapshot!(format!("fail__{name}"), rendered(&errors)),
        }
    }
}

/// Whatever the schema refuses, loading refuses: an editor that follows the schema warns of nothing that works.
#[test]
fn the_schema_refuses_no_more_than_loading_does() {
    let schema = schema();
    let validator = jsonschema::draft202012::new(&schema).expect("the schema is a schema");
    for (name, text) in folder("fail") {
        let Ok(value) = toml::from_str::<serde_json::Value>(&text) else { continue };
        let errors = load(Sources::new().file(name.clone(), text)).expect_err("it must fail");
        let of_one_setting = errors.iter().any(|error| {
            matches!(
                error.code(),
                "config::unknown_key"
                    | "config::wrong_type"
                    | "config::out_of_range"
                    | "config::unknown_choice"
            )
        });
        assert_eq!(validator.is_valid(&value), !of_one_setting, "{name}");
    }
}
