//! A history that was decided otherwise than it would be is told of.

use ecology_features::Config;
use ecology_features::config::ScenarioName;
use ecology_journal::{Frame, Journal, OpenMode, SqliteJournal};
use ecology_runner::redecide::redecide;
use ecology_runner::session::{SessionSpec, run};
use ecology_runner::{Stop, store};
use ecology_types::{Command, Effect, Record};

#[test]
fn a_decision_that_nothing_explains_is_shown_in_full_and_changes_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.world");
    let mut config = Config::default();
    config.sandbox.isolation = ecology_features::config::SandboxIsolation::InProcess;
    config.run.scenario = ScenarioName::Boltzmann;
    config.run.agents = Some(10);
    config.run.ticks = Some(3);
    let spec = SessionSpec { config, path: Some(path.clone()), stop: Stop::default(), version: "test" };
    let report = run(spec, &mut |_| {}).unwrap();

    let mut journal = SqliteJournal::open(&path, OpenMode::Write).unwrap();
    let axes = store::last_axes(&mut journal).unwrap();
    for (more, tick) in [(1, 99), (2, 100)] {
        let (number, first_event) = (report.records + more, report.events + more);
        let record = Record {
            number,
            first_event,
            time: ecology_types::Time(report.world_time_us),
            axes,
            actor: None,
            command: Command::Tick,
            effects: vec![Effect::TickStarted { tick }],
        };
        let bytes = record.as_ref().encode(Vec::new()).unwrap();
        journal.append(&[Frame { number, bytes: &bytes }]).unwrap();
    }
    drop(journal);

    let found = redecide(&path, None, &Ok).unwrap();
    assert!(!found.agrees());
    let totals = found.totals();
    assert_eq!((totals.compared, totals.unexplained), (report.records + 2, 1), "{found:#?}");
    let parting = &found.first_unexplained[0];
    assert_eq!((parting.record, parting.command), (report.records + 1, "tick"));
    assert_eq!((&parting.recorded[0]["tick"], &parting.redecided[0]["tick"]), (&99.into(), &4.into()));

    let found = redecide(&path, Some(report.records), &Ok).unwrap();
    assert!(found.agrees(), "up to there nothing differs");
}
