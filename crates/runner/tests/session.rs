//! Whole runs from configuration to report, on files.

use std::path::{Path, PathBuf};

use ecology_features::config::{Config, ExecutionMode, JournalBackend, RateLimiting, ScenarioName};
use ecology_journal::{Journal, OpenMode, SqliteJournal};
use ecology_runner::session::{self, SessionError, SessionSpec};
use ecology_runner::store::OpenError;
use ecology_runner::{Stop, report::RunReport};
use ecology_types::RECORD_VERSION;

fn config(scenario: ScenarioName, agents: u32, ticks: u64) -> Config {
    let mut config = Config::default();
    config.sandbox.isolation = ecology_features::config::SandboxIsolation::InProcess;
    config.run.scenario = scenario;
    config.run.agents = Some(agents);
    config.run.ticks = Some(ticks);
    config
}

fn continuous(mut config: Config) -> Config {
    config.features.execution_mode = ExecutionMode::Continuous;
    config.features.rate_limiting = RateLimiting::Rolling;
    config
}

fn run(config: &Config, path: &Path) -> Result<RunReport, SessionError> {
    let spec = SessionSpec {
        config: config.clone(),
        path: Some(path.to_owned()),
        stop: Stop::default(),
        version: "test",
    };
    session::run(spec, &mut |_| {})
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.world");
    (folder, path)
}

fn bytes(path: &Path) -> (Vec<u8>, u64) {
    let last = SqliteJournal::open(path, OpenMode::Read).unwrap().last();
    (std::fs::read(path).unwrap(), last)
}

#[test]
fn session_tick_and_continuous_resume_and_replay() {
    for make in [|c: Config| c, continuous] {
        let config = make(config(ScenarioName::Commune, 14, 6));
        let (_folder, path) = folder();
        let first = run(&config, &path).unwrap();
        assert!(!first.resumed);
        let second = run(&config, &path).unwrap();
        assert!(second.resumed);
        assert_eq!(second.minds_started_anew, 0);
        assert_eq!(second.world_time_us, 2 * first.world_time_us);
        assert!(second.events > first.events);
        assert_eq!(second.broken_law, None);
        let replay = session::replay(&path, None).unwrap();
        assert!(replay.agrees() && replay.recorded.is_some(), "{replay:?}");
        assert_eq!(replay.records, second.records);
    }
}

#[test]
fn session_tick_to_continuous_on_one_file() {
    let config = config(ScenarioName::Boltzmann, 30, 10);
    let (_folder, path) = folder();
    run(&config, &path).unwrap();
    let report = run(&continuous(config), &path).unwrap();
    assert_eq!(report.broken_law, None);
    assert!(report.resumed);
    assert!(session::replay(&path, None).unwrap().agrees());
}

#[test]
fn session_another_scenario_is_refused_and_nothing_is_written() {
    let (_folder, path) = folder();
    run(&config(ScenarioName::Boltzmann, 10, 3), &path).unwrap();
    let before = bytes(&path);
    let error = run(&config(ScenarioName::Vickrey, 10, 3), &path).unwrap_err();
    assert!(matches!(&error, SessionError::OtherScenario { found, .. } if found == "boltzmann"), "{error}");
    assert_eq!(bytes(&path).1, before.1, "records were written to a world of another scenario");
    run(&config(ScenarioName::Boltzmann, 10, 3), &path).unwrap();
}

#[test]
fn session_a_world_of_a_newer_version_is_refused() {
    let (_folder, path) = folder();
    let config = config(ScenarioName::Boltzmann, 10, 3);
    run(&config, &path).unwrap();
    let mut journal = SqliteJournal::open(&path, OpenMode::Write).unwrap();
    journal.set_meta("record_version", &(RECORD_VERSION + 1).to_string()).unwrap();
    drop(journal);
    let error = run(&config, &path).unwrap_err();
    assert!(matches!(&error, SessionError::Open(OpenError::Journal(_))), "{error:?}");
    assert!(error.to_string().contains("version"), "{error}");
    assert!(session::replay(&path, None).is_err());
    assert!(session::open_for_reading(&path).is_err());
}

#[test]
fn session_an_empty_file_a_folder_and_another_file_are_refused_in_plain_words() {
    let (folder, path) = folder();
    let config = config(ScenarioName::Boltzmann, 10, 3);
    std::fs::write(&path, b"").unwrap();
    let empty = run(&config, &path).unwrap_err();
    assert!(!empty.to_string().is_empty());
    assert_eq!(std::fs::read(&path).unwrap(), b"", "the file was changed");
    let error = run(&config, folder.path()).unwrap_err();
    assert!(
        error.to_string().to_lowercase().contains("director") || error.to_string().contains("folder"),
        "{error}"
    );
    let text = folder.path().join("letter.txt");
    std::fs::write(&text, b"Dear Sir, this is no world but a letter of some length, with words.").unwrap();
    let error = run(&config, &text).unwrap_err();
    assert!(!error.to_string().is_empty());
    assert!(std::fs::read(&text).unwrap().starts_with(b"Dear Sir"));
}

#[test]
fn session_a_world_that_is_in_use_is_refused() {
    let (_folder, path) = folder();
    let config = config(ScenarioName::Boltzmann, 10, 3);
    run(&config, &path).unwrap();
    let other = SqliteJournal::open(&path, OpenMode::Write).unwrap();
    let error = run(&config, &path).unwrap_err();
    assert!(error.to_string().contains("use"), "{error}");
    drop(other);
    run(&config, &path).unwrap();
}

#[test]
fn session_an_impossible_world_leaves_no_file() {
    let (_folder, path) = folder();
    let mut config = config(ScenarioName::Boltzmann, 10, 3);
    config.limits.id_bytes_max = 3;
    assert!(run(&config, &path).is_err());
    assert!(!path.exists());
}

#[test]
fn session_a_stop_before_the_beginning_leaves_a_world_that_resumes() {
    let (_folder, path) = folder();
    let config = config(ScenarioName::Commune, 14, 6);
    let stop = Stop::default();
    stop.request();
    let spec = SessionSpec { config: config.clone(), path: Some(path.clone()), stop, version: "test" };
    let report = session::run(spec, &mut |_| {}).unwrap();
    assert_eq!(report.ended, "interrupted");
    assert_eq!(run(&config, &path).unwrap().broken_law, None);
}

#[test]
fn session_tick_a_hundred_thousand_founders_fit_the_journal() {
    let mut config = config(ScenarioName::Boltzmann, 100_000, 1);
    config.journal.backend = JournalBackend::Memory;
    let report = run(&config, Path::new("")).unwrap();
    assert_eq!(report.population.agents, 100_000);
    assert_eq!(report.broken_law, None);
}

#[test]
fn session_commune_rescues_and_failures_in_both_modes() {
    for make in [|c: Config| c, continuous] {
        let mut config = make(config(ScenarioName::Commune, 60, 40));
        config.journal.backend = JournalBackend::Memory;
        let report = run(&config, Path::new("")).unwrap();
        let rescued = report.findings.iter().find(|finding| finding.name == "frozen agents rescued").unwrap();
        assert!(rescued.agrees, "{rescued:?}");
        let average = report.actions.thoughts / 60 / 40;
        assert!(average <= 3, "{average} thoughts per agent and tick: somebody has no rhythm");
    }
}
