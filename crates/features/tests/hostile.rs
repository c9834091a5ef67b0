//! Whatever is written, loading answers; it does not panic, and every place lies within its text.

use ecology_features::{ConfigError, Sources, load};
use proptest::prelude::*;

fn sane(result: Result<ecology_features::Loaded, Vec<ConfigError>>) {
    match result {
        Ok(loaded) => {
            load(Sources::new().file("again", loaded.show())).expect("what is shown can be read back");
        }
        Err(errors) => {
            assert!(!errors.is_empty());
            for error in errors {
                assert!(!error.help().is_empty());
                assert!(!matches!(error.problem(), ecology_features::Problem::Internal { .. }), "{error}");
                for place in error.places() {
                    assert!(place.text().get(place.span()).is_some());
                    assert!(place.line() >= 1 && place.column() >= 1);
                }
                assert!(error.render().contains("help: "));
            }
        }
    }
}

fn near_toml() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("[features]".to_owned()),
        Just("[scenario.market]".to_owned()),
        Just("rate_limiting".to_owned()),
        Just("seed".to_owned()),
        Just(" = ".to_owned()),
        Just("=".to_owned()),
        Just("\"rolling\"".to_owned()),
        Just("[[".to_owned()),
        Just("{".to_owned()),
        Just("}".to_owned()),
        Just("'''".to_owned()),
        Just("\n".to_owned()),
        Just(".".to_owned()),
        Just("é".to_owned()),
        Just("\u{0}".to_owned()),
        "[0-9a-z_.\"-]{0,8}",
        any::<i64>().prop_map(|n| n.to_string()),
        any::<f64>().prop_map(|n| n.to_string()),
    ];
    prop::collection::vec(word, 0..24).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_file(text in prop_oneof![".{0,200}", near_toml()]) {
        sane(load(Sources::new().file("a.toml", text)));
    }

    #[test]
    fn any_assignment(text in prop_oneof![".{0,60}", near_toml()], at in 0..200_usize) {
        sane(load(Sources::new().set("--set", text.clone())));
        let settings = ecology_features::settings();
        let path = &settings[at % settings.len()].path;
        sane(load(Sources::new().set("--set", format!("{path}={text}"))));
    }

    #[test]
    fn any_variable(name in "ECOLOGY_[A-Za-z_é.-]{0,30}", value in near_toml()) {
        sane(load(Sources::new().environment([(name, value)])));
    }
}

#[test]
fn deep_nesting_and_long_names_are_refused_in_little_time() {
    let deep = format!("run = {}{}", "[".repeat(100_000), "]".repeat(100_000));
    sane(load(Sources::new().file("deep.toml", deep)));
    let long = format!("{} = 1\n", "k".repeat(1_000_000));
    let errors = load(Sources::new().file("long.toml", long)).expect_err("no such setting");
    assert!(errors[0].to_string().len() < 200);
}

#[test]
fn control_characters_are_not_shown() {
    let errors =
        load(Sources::new().set("--set", "run.scenario=\u{1b}[31mred")).expect_err("no such scenario");
    assert!(!errors[0].render().contains('\u{1b}'), "{:?}", errors[0].render());
}

#[test]
fn very_many_errors_are_cut_short() {
    let text: String = (0..50_000).map(|number| format!("key_{number} = 1\n")).collect();
    let errors = load(Sources::new().file("many.toml", text)).expect_err("no such settings");
    assert_eq!(errors.len(), ecology_features::ERRORS_MAX);
}
