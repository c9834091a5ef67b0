//! A fixed report and its picture.

use std::collections::BTreeMap;

use ecology_runner::report::{
    Actions, CodeReport, Finding, HashReport, LimitsReport, MeteringReport, MintReport, Money, Population,
    RunReport, ShadowLatency, ShadowSummary, TakenUp, Trade, User,
};

use super::render;
use crate::terminal::Style;

fn counts(pairs: &[(&str, u64)]) -> BTreeMap<String, u64> {
    pairs.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect()
}

fn words(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, word)| ((*name).to_owned(), (*word).to_owned())).collect()
}

fn finding(name: &str, measured: i64, least: i64, greatest: i64, unit: &str, agrees: bool) -> Finding {
    Finding {
        name: name.to_owned(),
        measured_millionths: measured,
        unit: unit.to_owned(),
        published: "97 to 99.9 % of the possible surplus with constrained traders, 49 to 90 % with unconstrained ones".to_owned(),
        least_millionths: Some(least),
        greatest_millionths: Some(greatest),
        source: "Gode and Sunder 1993".to_owned(),
        due: true,
        agrees,
    }
}

pub(crate) fn report() -> RunReport {
    let user = |n: u64| User {
        id: format!("trader_{n:03}"),
        actions: 240 + n,
        cpu_us: 12_345 - n,
        memory_peak_bytes: 48_000,
        disk_bytes: 1_024 * n,
        bandwidth_bytes: 65_536,
        scrip: 100_000 * n,
    };
    RunReport {
        report_version: 1,
        version: "0.1.0".to_owned(),
        scenario: "market".to_owned(),
        seed: 1,
        serves: words(&[
            ("rate_limiting", "tick"),
            ("execution_mode", "tick"),
            ("artifact_ontology", "legacy"),
            ("access_control", "policy"),
            ("resource_limits", "config"),
        ]),
        shadows: words(&[("rate_limiting", "rolling")]),
        mode: "tick".to_owned(),
        world: Some("worlds/market-001.world".to_owned()),
        run: 1,
        resumed: false,
        taken_up: None,
        ended: "finished".to_owned(),
        minds_started_anew: 0,
        ticks: 360,
        world_time_us: 360_000_000,
        elapsed_ms: 1_234,
        records: 36_001,
        events: 123_456,
        population: Population { agents: 100, principals: 115, live: 415, deleted: 0 },
        actions: Actions {
            done: 23_456,
            refused: 789,
            thoughts: 36_000,
            done_by_kind: counts(&[
                ("genesis_escrow.deposit", 9_000),
                ("genesis_escrow.offer", 8_000),
                ("genesis_escrow.cancel", 4_000),
                ("noop", 2_000),
                ("write", 300),
                ("read", 90),
                ("edit", 60),
                ("delete", 6),
            ]),
            refused_by_code: counts(&[("insufficient_scrip", 700), ("rate_exceeded", 89)]),
        },
        money: Money {
            supply: 2_000_000,
            minted: 0,
            gini_millionths: 412_345,
            penniless: 3,
            richest: 98_765,
        },
        limits: LimitsReport {
            implementation: "tick".to_owned(),
            decisions: 60_245,
            rate_refusals: 89,
            blocked: 12,
            process_limits: "config".to_owned(),
            plans: 100,
            plans_exceeded: 0,
            loops_stopped: 0,
            reservations_made: 36_000,
            reservations_settled: 35_000,
            reservations_released: 1_000,
        },
        metering: MeteringReport {
            meter: "machine".to_owned(),
            turns_measured: 36_000,
            cpu_us: 512_345,
            memory_peak_bytes: 51_200,
            written_bytes: 1_234_567,
            bandwidth_bytes: 7_654_321,
        },
        code: CodeReport {
            checks: 1_234,
            checks_from_cache: 5_678,
            tool_runs: 90,
            faults: 1,
            instructions: 1_234_567,
            ..CodeReport::default()
        },
        trade: Trade {
            trades: 2_345,
            volume: 234_567,
            open_orders: 17,
            orders_opened: 17_000,
            orders_cancelled: 4_000,
        },
        deprecations_used: Vec::new(),
        mint: MintReport { rounds: 36, bids: 70, basic_income: 0, pool: 0 },
        loops: counts(&[("running", 98), ("stopped", 2)]),
        biggest_users: (1..=5).map(user).collect(),
        findings: vec![
            finding("efficiency, constrained traders", 98_700_000, 97_000_000, 100_000_000, "%", true),
            finding("efficiency, unconstrained traders", 93_210_000, 49_000_000, 90_000_000, "%", false),
            finding(
                "services used by somebody at least once in the whole run",
                7_000_000,
                7_000_000,
                9_000_000,
                "",
                true,
            ),
            finding("Gini", 628_000, 624_000, 632_000, "", true),
            Finding {
                least_millionths: None,
                greatest_millionths: None,
                due: false,
                ..finding("contracts in use", 3_000_000, 0, 0, "", true)
            },
        ],
        library: BTreeMap::new(),
        shadow: BTreeMap::from([(
            "rate_limiting".to_owned(),
            ShadowSummary {
                serving: "tick".to_owned(),
                candidate: "rolling".to_owned(),
                compared: 60_245,
                same: 60_000,
                expected: counts(&[("RL-1", 200), ("RL-2", 44)]),
                unexplained: 1,
                candidate_failures: 1,
                failures: counts(&[("over_budget", 1)]),
                switched_off: Some("rolling took 9000 ns over a window".to_owned()),
                one_in: 1,
                kinds: counts(&[("use", 60_245)]),
                commands: counts(&[("act invoke", 60_245)]),
                latency: Some(ShadowLatency {
                    timed: 3_765,
                    serving_p99_ns: 120,
                    candidate_p99_ns: 4_800,
                    ..ShadowLatency::default()
                }),
                reproductions: Vec::new(),
                first_unexplained: vec![
                    "use of cpu by trader_001 at 12 s: serving Admit, candidate Wait\u{1b}[2J".to_owned(),
                ],
            },
        )]),
        state_hash: HashReport { decided: "ab".repeat(32), measured: "cd".repeat(32) },
        broken_law: None,
    }
}

fn next() -> Vec<(String, String)> {
    vec![(
        "ecology replay worlds/market-001.world".to_owned(),
        "compute the state again and compare the hash".to_owned(),
    )]
}

#[test]
fn a_run_with_everything() {
    let text = render(&report(), &next(), Style::PLAIN, 80);
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line:?} is too long");
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
    insta::assert_snapshot!(text);
}

#[test]
fn a_run_that_was_interrupted_and_broke_a_law() {
    let report = RunReport {
        ended: "interrupted".to_owned(),
        ticks: 0,
        mode: "continuous (virtual clock)".to_owned(),
        resumed: true,
        taken_up: Some(TakenUp {
            snapshot: 100_000,
            replayed: 1_234,
            elapsed_us: 5,
            minds: Some(100_000),
            passed_over: vec![
                "the one at record 101234: what was observed until then is not kept".to_owned(),
                "the one at record 100500: it is of record 100501".to_owned(),
            ],
        }),
        run: 2,
        minds_started_anew: 1,
        findings: Vec::new(),
        code: CodeReport::default(),
        library: BTreeMap::new(),
        shadow: BTreeMap::new(),
        biggest_users: Vec::new(),
        world: None,
        broken_law: Some("the balances add up to 99, the supply is 100".to_owned()),
        ..report()
    };
    insta::assert_snapshot!(render(&report, &[], Style::PLAIN, 80));
}

#[test]
fn the_largest_figures_do_not_break_it() {
    let mut report = report();
    report.money.supply = u64::MAX;
    report.money.gini_millionths = u64::MAX;
    report.limits.reservations_settled = u64::MAX;
    report.findings[0].measured_millionths = i64::MIN;
    report.biggest_users[0].scrip = u64::MAX;
    report.elapsed_ms = u64::MAX;
    assert!(render(&report, &next(), Style::PLAIN, 60).contains("18,446,744,073,709,551,615"));
}
