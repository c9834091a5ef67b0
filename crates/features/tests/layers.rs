//! Which layer wins, and what each layer refuses.

use std::path::Path;

use ecology_features::{ConfigError, Origin, Sources, config::ScenarioName, file, load};

fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn complaint(sources: Sources) -> String {
    let errors = load(sources).expect_err("it must be refused");
    errors.iter().map(ConfigError::render).collect::<Vec<_>>().join("\n")
}

#[test]
fn later_layers_win_and_are_named() {
    let file = "[run]\nseed = 1\nagents = 10\nscenario = \"vickrey\"\nclock = \"real\"\n";
    let sources = Sources::new()
        .file("config/ecology.toml", file)
        .environment(environment(&[
            ("ECOLOGY_RUN__SEED", "2"),
            ("ECOLOGY_RUN__AGENTS", "20"),
            ("PATH", "/bin"),
        ]))
        .set("--set", "run.agents=30")
        .set("--set", "run.agents = 40")
        .set("--scenario", "run.scenario=boltzmann");
    let loaded = load(sources).expect("it is in order");
    let run = &loaded.config.run;
    assert_eq!((run.seed, run.agents, run.scenario), (2, Some(40), ScenarioName::Boltzmann));
    let origin = |key: &str| loaded.origins[key].clone();
    assert_eq!(origin("run.seed"), Origin::Environment { name: "ECOLOGY_RUN__SEED".to_owned() });
    assert_eq!(origin("run.agents"), Origin::Argument { option: "--set".to_owned() });
    assert_eq!(origin("run.scenario"), Origin::Argument { option: "--scenario".to_owned() });
    assert_eq!(
        origin("run.clock"),
        Origin::File { name: "config/ecology.toml".to_owned(), line: 5, column: 9 }
    );
    assert_eq!(origin("time.tick_ms"), Origin::Default);
}

#[test]
fn values_of_assignments_are_toml_or_bare_text() {
    let path = |text: &str| {
        let loaded = load(Sources::new().set("--set", text)).expect("it is in order");
        loaded.config.run.world.expect("it is set").display().to_string()
    };
    assert_eq!(path("run.world=a.world"), "a.world");
    assert_eq!(path("run.world=\"a b.world\""), "a b.world");
    assert_eq!(path("run.world=2024-01-01"), "2024-01-01", "a text that looks like a date stays a text");
    assert_eq!(path("run.world=1"), "1");
    assert_eq!(path("run.world=a=b"), "a=b");
    let loaded = load(
        Sources::new().set("--set", "features={rate_limiting=\"rolling\", execution_mode=\"continuous\"}"),
    );
    assert_eq!(loaded.expect("a section at once").axis_vector().to_string().matches("rolling").count(), 1);
}

#[test]
fn variables_of_other_programs_are_left_alone() {
    let others = environment(&[
        ("ECOLOGY_PORT", "tcp://10.0.0.1:80"),
        ("ECOLOGY_SERVICE_HOST", "10.0.0.1"),
        ("ECOLOGY_LOG", "info"),
    ]);
    load(Sources::new().environment(others)).expect("they set nothing");
}

#[test]
fn what_the_environment_refuses() {
    let sources = Sources::new().environment(environment(&[
        ("ECOLOGY_FEATURES_ACCESS_CONTROL", "contract"),
        ("ECOLOGY_FEATURES__RATE_LIMIT", "rolling"),
        ("ECOLOGY_RUN__AGENTS", "many"),
        ("ECOLOGY_RUN__SEED", "1"),
        ("ECOLOGY_run__seed", "2"),
    ]));
    insta::assert_snapshot!(complaint(sources));
}

#[test]
fn what_assignments_refuse() {
    let sources = Sources::new()
        .set("--set", "features.rate_limiting")
        .set("--set", "=3")
        .set("--set", "feature.access_control=contract")
        .set("--set", "rate_limiting=rolling")
        .set("--shadow", "shadow.access_control=contrat")
        .set("--seed", "run.seed=18446744073709551615")
        .set("--agents", "run.agents=ten");
    insta::assert_snapshot!(complaint(sources));
}

#[test]
fn a_number_in_quotes_is_answered_with_that_number() {
    for (assignment, help) in [
        ("run.agents=\"8\"", "write agents = 8"),
        ("run.agents=8.0", "write agents = 8"),
        ("run.agents=\"0\"", "write agents = 1"),
        ("run.agents=8.5", "write agents = 1"),
    ] {
        let errors = load(Sources::new().set("--set", assignment)).expect_err("no number");
        assert_eq!(errors[0].help(), help, "{assignment}");
    }
}

#[test]
fn a_clash_names_the_places_of_both_layers() {
    let sources = Sources::new()
        .file(
            "config/ecology.toml",
            "[features]\nrate_limiting = \"rolling\"\nexecution_mode = \"continuous\"\n",
        )
        .environment(environment(&[("ECOLOGY_FEATURES__RATE_LIMITING", "tick")]));
    insta::assert_snapshot!(complaint(sources));
}

#[test]
fn an_error_that_hides_what_was_meant_is_not_followed_by_guesses() {
    let sources = Sources::new()
        .file("a.toml", "[features]\nexecution_mode = \"continuous\"\nrate_limitng = \"rolling\"\n");
    let errors = load(sources).expect_err("a slip");
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0].code(), "config::unknown_key");
    let sources = Sources::new()
        .file("a.toml", "[features]\nexecution_mode = \"continuous\"\nrate_limiting = \"roling\"\n");
    assert_eq!(load(sources).expect_err("a slip").len(), 1);
}

#[test]
fn files_that_cannot_be_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let of = |name: &str| folder.path().join(name);
    std::fs::write(of("latin1.toml"), b"[run]\n# gr\xfc\xdfe\n").expect("written");
    std::fs::write(of("large.toml"), vec![b'#'; 1_048_577]).expect("written");
    let said = |path: &Path| {
        let error = file::read_file(path).expect_err("not readable");
        error.render().replace(&folder.path().display().to_string(), "DIR")
    };
    let all =
        [said(&of("none.toml")), said(folder.path()), said(&of("latin1.toml")), said(&of("large.toml"))];
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn files_from_other_systems_are_read() {
    let text = "\u{feff}[run]\r\nseed = 9\r\nagents = 0\r\n";
    let errors = load(Sources::new().file("a.toml", text)).expect_err("no agents");
    let place = &errors[0].places()[0];
    assert_eq!(
        (errors.len(), place.line(), place.column(), place.line_text()),
        (1, 3, 10, "agents = 0".to_owned())
    );
    let loaded = load(Sources::new().file("a.toml", text.replace("agents = 0", ""))).expect("it is in order");
    assert_eq!(loaded.config.run.seed, 9);
}

#[test]
fn the_agents_of_an_auction_are_its_bidders() {
    let sources = || {
        Sources::new()
            .set("--scenario", "run.scenario=vickrey")
            .set("--set", "capacity.cpu=1000000")
            .set("--set", "shares.cpu=100000")
    };
    load(sources()).expect("ten bidders share it");
    let errors = load(sources().set("--set", "scenario.vickrey.bidders=[2,11]")).expect_err("eleven do not");
    assert!(errors[0].help().contains("shares.cpu = 90909 or less"), "{}", errors[0].render());
}
