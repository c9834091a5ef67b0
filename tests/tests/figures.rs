//! Published results, with fewer agents than the scenarios have by default; the tolerances of the report grow accordingly.

use ecology_tests::{Scratch, report_number};
use serde_json::Value;

const TICK: &[&str] = &[];
const CONTINUOUS: &[&str] =
    &["--set", "features.rate_limiting=rolling", "--set", "features.execution_mode=continuous"];

/// Runs a scenario; each figure agrees with what was published, and a replay agrees with all of it.
#[track_caller]
fn findings(args: &[&str], mode: &[&str]) -> Vec<Value> {
    let scratch = Scratch::new();
    let report = scratch.run("a.world", &[&["--seed", "1"], args, mode].concat());
    let findings = report["findings"].as_array().unwrap().clone();
    assert!(!findings.is_empty());
    for finding in &findings {
        assert_eq!(finding["agrees"], true, "{finding:#}");
        assert!(!finding["published"].as_str().unwrap().is_empty());
        assert!(!finding["source"].as_str().unwrap().is_empty());
    }
    assert_eq!(scratch.replay("a.world")["state_hash"], report["state_hash"]);
    assert_eq!(report["ended"], "finished");
    findings
}

fn millionths(finding: &Value) -> i64 {
    finding["measured_millionths"].as_i64().unwrap()
}

/// Dragulescu and Yakovenko 2000: the order of the transfers shows in the result.
#[test]
fn boltzmann_tells_the_two_modes_apart() {
    let args = ["--scenario", "boltzmann", "--agents", "1200", "--set", "scenario.boltzmann.ticks=30"];
    let in_ticks = millionths(&findings(&args, TICK)[0]);
    let continuously = millionths(&findings(&args, CONTINUOUS)[0]);
    // 0.628 ± 0.004 and 0.6646 ± 0.0024 for ten thousand agents: three times that for a ninth of them, and three deviations.
    assert!((in_ticks - 628_000).abs() < 36_000, "{in_ticks}");
    assert!((continuously - 664_600).abs() < 22_000, "{continuously}");
    assert!(in_ticks < continuously, "{in_ticks} and {continuously}");
}

/// Gode and Sunder 1993: a budget constraint alone makes traders without any intelligence efficient.
#[track_caller]
fn market(mode: &[&str]) {
    let findings = findings(&["--scenario", "market", "--agents", "40"], mode);
    let (constrained, unconstrained) = (millionths(&findings[0]), millionths(&findings[1]));
    assert!(constrained >= 97_000_000, "{constrained}");
    assert!(
        unconstrained <= constrained - 5_000_000,
        "{unconstrained} is not visibly less than {constrained}"
    );
}

#[test]
fn market_in_ticks() {
    market(TICK);
}

#[test]
fn market_continuously() {
    market(CONTINUOUS);
}

/// Vickrey 1961: 1/3, 2/3 and 9/11 of the highest value are paid by 2, 5 and 10 bidders.
#[test]
fn vickrey_in_both_modes() {
    let args = ["--scenario", "vickrey", "--set", "scenario.vickrey.auctions=150"];
    for mode in [TICK, CONTINUOUS] {
        let revenues: Vec<_> = findings(&args, mode).iter().map(millionths).collect();
        assert!(revenues.is_sorted() && revenues.len() == 3, "{revenues:?}");
    }
}

#[test]
fn commune_uses_every_service_in_both_modes() {
    for mode in [TICK, CONTINUOUS] {
        let findings =
            findings(&["--scenario", "commune", "--agents", "26", "--set", "scenario.commune.days=8"], mode);
        assert!(findings.iter().any(|finding| finding["name"] == "services used"));
    }
}

/// Everything that an agent does goes through the limiter and is measured.
#[test]
fn every_action_is_limited_and_measured() {
    for mode in [TICK, CONTINUOUS] {
        let scratch = Scratch::new();
        let args = [&["--scenario", "commune", "--agents", "26", "--ticks", "24"], mode].concat();
        let report = scratch.run("a.world", &args);
        let number = |pointer| report_number(&report, pointer);
        let actions = number("/actions/done") + number("/actions/refused");
        assert!(number("/limits/decisions") >= actions);
        assert_eq!(
            number("/limits/reservations_made"),
            number("/limits/reservations_settled") + number("/limits/reservations_released"),
            "an orderly end leaves nothing reserved"
        );
        assert!(number("/metering/turns_measured") >= actions);
        assert!(number("/metering/cpu_us") > 0 && number("/metering/bandwidth_bytes") > 0);
    }
}
