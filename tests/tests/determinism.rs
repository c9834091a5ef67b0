//! The same seed gives the same world, in tick mode always and in continuous mode on a virtual clock.

use ecology_tests::Scratch;
use serde_json::Value;

const CONTINUOUS: [&str; 4] =
    ["--set", "features.rate_limiting=rolling", "--set", "features.execution_mode=continuous"];

fn decided(value: &Value) -> String {
    value["state_hash"]["decided"].as_str().unwrap().to_owned()
}

/// The digest of what the rules decided, after a run that a replay confirms.
fn run(scenario: &str, seed: &str, more: &[&str]) -> String {
    let scratch = Scratch::new();
    // Vickrey's experiments say themselves how many bidders they have.
    let agents: &[&str] = if scenario == "vickrey" { &[] } else { &["--agents", "26"] };
    let args = [&["--scenario", scenario, "--ticks", "20", "--seed", seed], agents, more].concat();
    let run = decided(&scratch.run("a.world", &args));
    assert_eq!(decided(&scratch.replay("a.world")), run, "{scenario} {seed}");
    run
}

#[test]
fn ticks_of_one_seed_give_one_world() {
    for scenario in ["market", "commune", "boltzmann", "vickrey"] {
        let first = run(scenario, "7", &[]);
        assert_eq!(run(scenario, "7", &[]), first, "{scenario}");
        assert_ne!(run(scenario, "8", &[]), first, "{scenario}");
    }
}

#[test]
fn virtual_time_of_one_seed_gives_one_world() {
    for scenario in ["market", "boltzmann", "commune"] {
        let first = run(scenario, "7", &CONTINUOUS);
        assert_eq!(run(scenario, "7", &CONTINUOUS), first, "{scenario}");
        assert_ne!(run(scenario, "8", &CONTINUOUS), first, "{scenario}");
    }
}

/// Two halves of a run are the whole run, because ticks go on counting where they stopped: what was decided until the break is the same.
#[test]
fn a_replay_to_an_earlier_record_is_the_world_of_that_time() {
    let scratch = Scratch::new();
    let _ = scratch.run("a.world", &["--scenario", "commune", "--agents", "26", "--ticks", "10"]);
    let first = scratch.replay("a.world");
    let _ = scratch.run("a.world", &["--ticks", "10"]);
    let records = first["records"].to_string();
    let again = scratch.ecology(&["replay", "a.world", "--until", &records, "--json"]).json();
    assert_eq!(again["state_hash"], first["state_hash"]);
    assert_eq!(again["agrees"], true);
}
