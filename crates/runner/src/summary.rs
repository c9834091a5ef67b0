//! Making the report of a run.

use std::collections::BTreeMap;

use ecology_minds::statistics::gini;
use ecology_shadow::Report;
use ecology_types::{Axis, EventKind, Key, RefusalCode, Resource, Scrip};
use ecology_world::{LoopState, StateHash, World};

use crate::enforcement::LimitsOutcome;
use crate::report::{
    Actions, CodeReport, HashReport, LimitsReport, MeteringReport, MintReport, Money, Population, RunReport,
    ShadowLatency, ShadowSummary, Trade, User,
};
use crate::scenario::Scenario;
use crate::tally::Tally;

/// The version of the report's layout.
const REPORT_VERSION: u32 = 1;
/// How many of the biggest users are listed.
const USERS_MAX: usize = 5;

/// The report of a world as it stands; what only the run knows is left empty.
pub(crate) fn report(
    world: &World,
    tally: &Tally,
    scenario: &dyn Scenario,
    limits: &LimitsOutcome,
    hash: StateHash,
) -> RunReport {
    let axes = world.axes();
    let (run, _, name, seed) = world.run();
    let (live, deleted) = world.parts().ontology.counts();
    let agents = world.parts().ontology.agents();
    let shadowing = Axis::ALL
        .into_iter()
        .filter_map(|axis| Some((axis.name().to_owned(), axes.shadowing(axis)?.to_owned())))
        .collect();
    RunReport {
        report_version: REPORT_VERSION,
        version: String::new(),
        scenario: name.to_owned(),
        seed: seed.0,
        serves: Axis::ALL
            .into_iter()
            .map(|axis| (axis.name().to_owned(), axes.serving(axis).to_owned()))
            .collect(),
        shadows: shadowing,
        mode: String::new(),
        world: None,
        run,
        resumed: false,
        taken_up: None,
        ended: String::new(),
        minds_started_anew: 0,
        ticks: world.tick(),
        world_time_us: world.time().0,
        elapsed_ms: 0,
        records: world.last_record(),
        events: world.last_event(),
        population: Population {
            agents: agents.len() as u64,
            principals: world.parts().ontology.principals().len() as u64,
            live,
            deleted,
        },
        actions: Actions {
            done: tally.count(EventKind::ActionDone),
            refused: tally.count(EventKind::ActionRefused),
            thoughts: tally.count(EventKind::Thought),
            done_by_kind: tally.done_by_kind(world),
            refused_by_code: tally.refused.iter().map(|(code, n)| (code.name().to_owned(), *n)).collect(),
        },
        money: money(world, tally, agents),
        limits: LimitsReport {
            implementation: world.parts().limiter.name().to_owned(),
            decisions: tally.count(EventKind::ActionDone)
                + tally.count(EventKind::ActionRefused)
                + tally.count(EventKind::Thought),
            rate_refusals: tally.refused.get(&RefusalCode::RateExceeded).copied().unwrap_or(0)
                + tally.refused.get(&RefusalCode::RateTooLarge).copied().unwrap_or(0),
            blocked: tally.count(EventKind::AgentBlocked),
            process_limits: limits.implementation.to_owned(),
            plans: limits.plans,
            plans_exceeded: tally.plans_exceeded.len() as u64,
            loops_stopped: tally.loops_stopped,
            reservations_made: tally.count(EventKind::ReservationMade),
            reservations_settled: tally.count(EventKind::ReservationSettled),
            reservations_released: tally.count(EventKind::ReservationReleased),
        },
        metering: metering(world),
        code: CodeReport::default(),
        trade: Trade {
            trades: tally.count(EventKind::EscrowSold),
            volume: tally.volume,
            open_orders: world.orders().len() as u64,
            orders_opened: tally.count(EventKind::EscrowOpened),
            orders_cancelled: tally.count(EventKind::EscrowCancelled),
        },
        deprecations_used: tally.deprecations.iter().map(ToString::to_string).collect(),
        mint: MintReport {
            rounds: world.mint().round(),
            bids: tally.count(EventKind::BidPlaced),
            basic_income: tally.basic_income,
            pool: world.mint().pool().0,
        },
        loops: loops(world),
        biggest_users: biggest_users(world),
        findings: scenario.findings(world),
        library: scenario.library(),
        shadow: shadows(world, limits),
        state_hash: HashReport { decided: hash.decided_hex(), measured: hash.measured_hex() },
        broken_law: world.check_invariants().err().map(|broken| broken.to_string()),
    }
}

fn money(world: &World, tally: &Tally, agents: &[Key]) -> Money {
    let balances: Vec<Scrip> = agents.iter().map(|agent| world.accounts().scrip(*agent)).collect();
    Money {
        supply: world.accounts().supply().0,
        minted: tally.minted,
        gini_millionths: u64::try_from(crate::scenario::millionths(gini(&balances))).unwrap_or(0),
        penniless: balances.iter().filter(|balance| **balance == Scrip::ZERO).count() as u64,
        richest: balances.iter().max().map_or(0, |balance| balance.0),
    }
}

fn metering(world: &World) -> MeteringReport {
    let mut sum = MeteringReport::default();
    let mut cpu_ns = 0_u64;
    for (_, row) in world.measured().iter() {
        sum.turns_measured += row.rows;
        cpu_ns = cpu_ns.saturating_add(row.cpu_ns);
        sum.memory_peak_bytes = sum.memory_peak_bytes.max(row.memory_peak_bytes);
        sum.written_bytes += row.written_bytes;
        sum.bandwidth_bytes += row.bandwidth_bytes;
    }
    sum.cpu_us = cpu_ns / 1_000;
    sum
}

fn loops(world: &World) -> BTreeMap<String, u64> {
    let mut by_state = BTreeMap::new();
    for (_, row) in world.agents().iter() {
        let name = match row.state {
            LoopState::New => "new",
            LoopState::Running => "running",
            LoopState::Sleeping { .. } => "sleeping",
            LoopState::Blocked { .. } => "blocked",
            LoopState::BackingOff { .. } => "backing_off",
            LoopState::Paused => "paused",
            LoopState::Stopped => "stopped",
        };
        *by_state.entry(name.to_owned()).or_default() += 1;
    }
    by_state
}

fn biggest_users(world: &World) -> Vec<User> {
    let mut users: Vec<User> = world
        .parts()
        .ontology
        .principals()
        .iter()
        .map(|key| {
            let measured = world.measured().get(*key);
            User {
                id: world.id(*key).to_string(),
                actions: world.usage().get(*key).actions_done,
                cpu_us: measured.cpu_ns / 1_000,
                memory_peak_bytes: measured.memory_peak_bytes,
                disk_bytes: world.used(*key, Resource::Disk, world.time()),
                bandwidth_bytes: measured.bandwidth_bytes,
                scrip: world.accounts().scrip(*key).0,
            }
        })
        .filter(|user| user.actions > 0)
        .collect();
    users.sort_by(|a, b| b.cpu_us.cmp(&a.cpu_us).then_with(|| a.id.cmp(&b.id)));
    users.truncate(USERS_MAX);
    users
}

fn shadows(world: &World, limits: &LimitsOutcome) -> BTreeMap<String, ShadowSummary> {
    let mut reports = world.parts().shadow_reports();
    reports.extend(limits.shadow.clone().map(|report| (Axis::ResourceLimits, report)));
    reports.into_iter().map(|(axis, report)| (axis.name().to_owned(), shadow(report))).collect()
}

fn shadow(report: Report) -> ShadowSummary {
    ShadowSummary {
        serving: report.serving,
        candidate: report.candidate,
        compared: report.compared,
        same: report.same,
        expected: report.expected.into_iter().collect(),
        unexplained: report.mismatched,
        candidate_failures: report.candidate_failures,
        failures: report.failures.into_iter().collect(),
        switched_off: report.switched_off,
        one_in: report.one_in,
        kinds: report.kinds.into_iter().collect(),
        commands: report.occasions.into_iter().collect(),
        latency: report.latency.map(|latency| ShadowLatency {
            timed: latency.timed,
            serving_p50_ns: latency.serving.p50_ns,
            serving_p99_ns: latency.serving.p99_ns,
            serving_max_ns: latency.serving.max_ns,
            candidate_p50_ns: latency.candidate.p50_ns,
            candidate_p99_ns: latency.candidate.p99_ns,
            candidate_max_ns: latency.candidate.max_ns,
        }),
        reproductions: Vec::new(),
        first_unexplained: report
            .first_unexplained
            .into_iter()
            .map(|unexplained| format!("{}: {}", unexplained.kind, unexplained.detail))
            .collect(),
    }
}
