//! A world is moved one axis at a time while it goes on between the steps, back one step and forward again; whatever kills the
//! process on the way loses nothing.

use std::time::Duration;

use ecology_tests::{Scratch, report_number};
use rustix::process::Signal;
use serde_json::Value;

const STEPS: [(&str, &str, &str); 4] = [
    ("rate_limiting", "tick", "rolling"),
    ("artifact_ontology", "legacy", "unified"),
    ("access_control", "policy", "contract"),
    ("execution_mode", "tick", "continuous"),
];

fn commune(scratch: &Scratch) -> Value {
    let size = ["--scenario", "commune", "--agents", "26", "--ticks", "30", "--seed", "4"];
    scratch.run("a.world", &size)
}

#[track_caller]
fn migrate(scratch: &Scratch, axis: &str, to: &str) -> Value {
    let to = format!("features.{axis}={to}");
    let moved =
        scratch.ecology(&["migrate", "a.world", "--to", &to, "--decisions-min", "500", "--json"]).json();
    assert!(moved["done"].is_object(), "{moved}");
    assert!(moved["gates"].as_array().unwrap().iter().all(|gate| gate["passed"] == true), "{moved}");
    assert_eq!(scratch.replay("a.world")["records"], moved["done"]["record"]);
    moved
}

#[track_caller]
fn goes_on(scratch: &Scratch, serves: &[(&str, &str)]) -> Value {
    let report = scratch.run("a.world", &["--ticks", "4"]);
    for (axis, implementation) in serves {
        assert_eq!(report["serves"][axis], *implementation, "{axis}");
    }
    assert_eq!(report["minds_started_anew"], 0, "a migration is nothing that minds notice");
    assert_eq!(scratch.replay("a.world")["state_hash"], report["state_hash"]);
    report
}

#[test]
fn one_axis_at_a_time_there_back_and_there_again() {
    let scratch = Scratch::new();
    let _ = commune(&scratch);
    let mut serves: Vec<(&str, &str)> = STEPS.iter().map(|(axis, old, _)| (*axis, *old)).collect();
    for (at, (axis, old, new)) in STEPS.into_iter().enumerate() {
        let dry = ["migrate", "a.world", "--to", &format!("features.{axis}={new}"), "--dry-run"];
        let before = scratch.replay("a.world");
        let done = scratch.ecology(&dry).ended_with(0);
        assert!(done.stdout.contains("Nothing was changed"), "{done}");
        assert_eq!(scratch.replay("a.world"), before);

        let _ = migrate(&scratch, axis, new);
        serves[at].1 = new;
        let report = goes_on(&scratch, &serves);
        // What a limiter remembers is its own; everything else is taken up where the last run left it, however long it was.
        let snapshot = report_number(&report, "/taken_up/snapshot");
        assert_eq!(snapshot > 0, axis != "rate_limiting", "{axis}: {}", report["taken_up"]);
        if at == 2 {
            let _ = migrate(&scratch, axis, old);
            serves[at].1 = old;
            let _ = goes_on(&scratch, &serves);
            let _ = migrate(&scratch, axis, new);
            serves[at].1 = new;
            let _ = goes_on(&scratch, &serves);
        }
    }
    let again = scratch.ecology(&["replay", "a.world", "--redecide", "--json"]).json();
    assert_eq!(again["agrees"], true);
    assert!(again["stretches"].as_array().unwrap().len() > STEPS.len(), "every position left its stretch");
}

#[test]
fn there_and_back_with_nothing_in_between_is_where_it_was() {
    let scratch = Scratch::new();
    let _ = commune(&scratch);
    for (axis, old, new) in &STEPS[..3] {
        let _ = migrate(&scratch, axis, new);
        if *axis == "access_control" {
            let there = migrate(&scratch, axis, old);
            assert!(report_number(&there, "/done/converted") > 0);
            assert_eq!(there["done"]["ranges_changed"], 0, "{there}");
            assert!(report_number(&there, "/done/ranges_same") > 0);
        }
    }
}

#[test]
fn gates_that_are_not_met_keep_a_world_where_it_is_unless_somebody_says_why() {
    let scratch = Scratch::new();
    let _ = commune(&scratch);
    let before = scratch.replay("a.world");
    let migrate =
        ["migrate", "a.world", "--to", "features.rate_limiting=rolling", "--decisions-min", "999999"];
    let done = scratch.ecology(&migrate).ended_with(1);
    assert!(done.stderr.contains("migrate::gates") && done.stderr.contains("--force"), "{done}");
    assert!(done.stdout.contains("decisions compared"), "{done}");
    assert_eq!(scratch.replay("a.world"), before);
    let done = scratch.ecology(&[&migrate[..], &["--force", " "]].concat()).ended_with(2);
    assert!(done.stderr.contains("write why"), "{done}");

    let _ = scratch.ecology(&[&migrate[..], &["--force", "a rehearsal"]].concat()).ended_with(0);
    let events =
        scratch.ecology(&["inspect", "a.world", "events", "--kind", "migration_begun", "--json"]).json();
    assert_eq!(events["events"][0]["forced"], "a rehearsal", "{events}");
    let done = scratch.ecology(&migrate).ended_with(0);
    assert!(done.stdout.contains("nothing to do"), "{done}");
}

#[test]
fn what_cannot_be_is_refused_with_the_way_out() {
    let scratch = Scratch::new();
    let _ = commune(&scratch);
    let before = scratch.replay("a.world");
    for (to, exit, says) in [
        ("features.access_control=contract", 3, "migrate a.world --to features.artifact_ontology=unified"),
        ("features.execution_mode=continuous", 3, "migrate a.world --to features.rate_limiting=rolling"),
        ("features.resource_limits=docker", 3, "not built"),
        ("features.acess_control=contract", 3, "did you mean features.access_control?"),
        ("features.access_control=kontract", 3, "contract"),
        ("run.ticks=3", 2, "features.AXIS=IMPLEMENTATION"),
    ] {
        let done = scratch.ecology(&["migrate", "a.world", "--to", to]).ended_with(exit);
        // Long lines are wrapped.
        let said = done.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(says), "{done}");
    }
    assert_eq!(scratch.replay("a.world"), before);
    let done =
        scratch.ecology(&["migrate", "none.world", "--to", "features.rate_limiting=rolling"]).ended_with(4);
    assert!(done.stderr.contains("world::not_found"), "{done}");
}

/// The snapshot that a migration leaves holds nothing of what runs observe: a run passes it over, which is no affair of whoever reads.
#[test]
fn a_run_after_a_migration_says_how_it_was_taken_up_and_no_more() {
    let scratch = Scratch::new();
    let _ = commune(&scratch);
    let _ = migrate(&scratch, "artifact_ontology", "unified");
    let text = scratch.ecology(&["run", "--world", "a.world", "--ticks", "2"]).ended_with(0).stdout;
    assert!(text.contains("taken up from the snapshot at record"), "{text}");
    assert!(!text.contains("passed over") && !text.contains("snapshots"), "{text}");
}

#[test]
fn the_configuration_is_edited_in_place_and_shown() {
    let scratch = Scratch::new();
    let _ = commune(&scratch);
    let text = "# ours\n[features]\nrate_limiting = \"tick\" # until it is proven\n[run]\nticks = 5\n";
    scratch.write("my.toml", text);
    let to = ["--to", "features.rate_limiting=rolling", "--decisions-min", "500"];
    let call = [&["migrate", "a.world", "--config", "my.toml"], &to[..]].concat();
    let done = scratch.ecology(&call).ended_with(0);
    let after = std::fs::read_to_string(scratch.path("my.toml")).unwrap();
    assert_eq!(after, text.replace("\"tick\"", "\"rolling\""));
    assert!(done.stdout.contains("- rate_limiting = \"tick\" # until"), "{done}");
    assert!(done.stdout.contains("+ rate_limiting = \"rolling\" # until"), "{done}");
    let report = scratch.run("a.world", &["--config", "my.toml"]);
    assert_eq!(report["serves"]["rate_limiting"], "rolling");
}

/// Moments at which a migration is killed: as soon as its log has grown so many times, which is once for each batch of records, and a little
/// later, by as much as the seed says.
const MOMENTS: u64 = 10;

#[test]
fn killed_at_any_moment_it_goes_on_where_it_was() {
    let scratch = Scratch::new();
    let size = ["--scenario", "boltzmann", "--agents", "300", "--ticks", "1"];
    let _ = scratch.run("fresh.world", &size);
    let call = |world| {
        let to = ["--to", "features.artifact_ontology=unified", "--force", "no read in boltzmann"];
        [&["migrate", world, "--batch-keys", "25"], &to[..]].concat()
    };
    let copy = |name: &str| {
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(scratch.path(&format!("{name}{suffix}")));
        }
        std::fs::copy(scratch.path("fresh.world"), scratch.path(name)).unwrap();
    };
    let log_bytes = || std::fs::metadata(scratch.path("a.world-wal")).map_or(0, |file| file.len());
    let before = report_number(&scratch.replay("fresh.world"), "/records");
    copy("whole.world");
    let _ = scratch.ecology(&call("whole.world")).ended_with(0);
    let whole = scratch.replay("whole.world");
    let steps = report_number(&whole, "/records") - before;
    assert!(steps > MOMENTS, "a beginning, a batch for 25 keys each, and an end: {steps}");
    let seed: u64 = std::env::var("ECOLOGY_CRASH_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let mut places = std::collections::BTreeSet::new();
    let mut killed = 0;
    for moment in 0..MOMENTS {
        copy("a.world");
        let mut run = scratch.start(&call("a.world"));
        let (grows_at, later_us) =
            (moment / 2 + 1, moment % 2 * (seed.wrapping_mul(7_919) % 997 + 100 * moment));
        let (mut grown, mut length) = (0, 0);
        while run.is_running() && grown < grows_at {
            let now = log_bytes();
            grown += u64::from(now > length);
            length = now;
            std::thread::sleep(Duration::from_micros(20));
        }
        std::thread::sleep(Duration::from_micros(later_us));
        if run.is_running() {
            run.signal(Signal::KILL);
            killed += 1;
        }
        let _ = run.wait();
        let found = report_number(&scratch.replay("a.world"), "/records");
        assert!(
            (before..=before + steps).contains(&found),
            "what was there is lost, or more is there (ECOLOGY_CRASH_SEED={seed}, moment {moment})"
        );
        places.insert(found - before);
        let _ = scratch.ecology(&call("a.world")).ended_with(0);
        let again = scratch.replay("a.world");
        let hash = |replay: &Value| replay["state_hash"]["decided"].clone();
        assert_eq!(
            (&again["records"], hash(&again)),
            (&whole["records"], hash(&whole)),
            "it ends where one that nobody killed does (ECOLOGY_CRASH_SEED={seed}, moment {moment})"
        );
    }
    println!("killed {killed} of {MOMENTS}, with so many records of the migration done: {places:?}");
    // How far each came is the machine's affair; that some came to the middle is what the test is about.
    assert!(killed > 0, "every round was over before it could be killed");
    assert!(places.iter().any(|done| (1..steps).contains(done)), "no kill came in the middle: {places:?}");
    let report = scratch.run("a.world", &["--ticks", "1"]);
    assert_eq!(report["serves"]["artifact_ontology"], "unified");
}
