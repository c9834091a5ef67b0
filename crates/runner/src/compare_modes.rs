//! Compares running by ticks with running continuously.
//!
//! The two modes take turns in another order, so single decisions cannot be compared. What is compared is declared: laws and sums that have
//! to be equal at every point of synchronisation, what each founder has where the scenario declares that order cannot matter, and figures that have
//! to be within their published interval in either mode. Of a world that exists its own history is held to the laws besides.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::Path;

use ecology_features::Config;
use ecology_features::config::{Clock, ExecutionMode, JournalBackend, RateLimiting};
use ecology_journal::{Journal, OpenMode, SqliteJournal};
use ecology_types::{GenesisArtifact, Key, Record, Resource};
use ecology_world::World;
use ecology_world::laws::{History, HistoryLaw as _};
use serde::Serialize;

use crate::host::Observers;
use crate::report::RunReport;
use crate::scenario;
use crate::session::{self, SessionError, SessionSpec, run_and_look};
use crate::stop::Stop;
use crate::store::{self, OpenError, Recover};

/// Points of synchronisation in one run: after each third of it.
const POINTS: u64 = 3;

/// What comparing the modes gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModesCompared {
    /// The scenario.
    pub scenario: String,
    /// The world whose scenario and settings these are, if it is one that exists.
    pub world: Option<String>,
    /// Seeds that were run.
    pub seeds: Vec<u64>,
    /// Ticks of the longest run; continuous runs last as long in world time.
    pub ticks: u64,
    /// Every declared equivalence, in a fixed order.
    pub equivalences: Vec<Equivalence>,
}

/// One declared equivalence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Equivalence {
    /// What is compared.
    pub name: String,
    /// How.
    pub sort: Sort,
    /// Times it was compared: seeds times points.
    pub compared: u64,
    /// Times it held.
    pub held: u64,
    /// The first time it did not hold, in one sentence.
    pub first_broken: Option<String>,
    /// For figures: the mean in ticks and continuously, in millionths.
    pub means_millionths: Option<[i64; 2]>,
}

/// How an equivalence is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// Holds in either mode.
    Law,
    /// Has the same value in both modes.
    Equal,
    /// Is within its interval in either mode.
    Distribution,
}

impl ModesCompared {
    /// Whether every equivalence held every time.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.equivalences.iter().all(|one| one.held == one.compared)
    }
}

/// Holds the history of a world to the laws: each record, the state after each third of them, and what the last run kept of it.
///
/// # Errors
/// [`OpenError`] when the history cannot be replayed; a law that does not hold is an equivalence that does not.
pub fn judge_history(path: &Path, compared: &mut ModesCompared) -> Result<(), OpenError> {
    compared.world = Some(path.display().to_string());
    let found = &mut compared.equivalences;
    let mut journal = SqliteJournal::open(path, OpenMode::Read)?;
    let last = journal.last();
    let (mut laws, mut unlawful, mut failed) = (History::default(), None, None);
    let points: BTreeSet<u64> = (1..=POINTS).map(|point| (last * point).div_ceil(POINTS)).collect();
    let mut decided_under = Vec::new();
    journal.for_each(1, last, &mut |number, bytes| match Record::decode(bytes) {
        Ok(record) => {
            if let Err(broken) = laws.hear(&record) {
                unlawful.get_or_insert_with(|| format!("record {number}: {broken}"));
            }
            if points.contains(&number) {
                decided_under.push((number, record.axes));
            }
            ControlFlow::Continue(())
        }
        Err(error) => {
            failed = Some(OpenError::Record { number, error });
            ControlFlow::Break(())
        }
    })?;
    failed.map_or(Ok(()), Err)?;
    for (number, axes) in decided_under {
        // The halves that decided then say what was within the limits: a window of the one is none of the other.
        let how = Recover { until: number, use_snapshot: false };
        let world = store::recover(&mut journal, axes, how, &mut Observers::default())?;
        let broken = world.check_invariants().err();
        let told =
            || format!("record {number}: {}", broken.as_ref().map_or_else(String::new, ToString::to_string));
        let name = "every law of the world holds in its own history";
        note(found, name, Sort::Law, broken.is_none(), told);
    }
    let name = "every record of its own history is lawful";
    note(found, name, Sort::Law, unlawful.is_none(), || unlawful.clone().unwrap_or_default());
    let replay = session::replay(path, None)?;
    let name = "its own history gives the state that was kept";
    note(found, name, Sort::Law, replay.agrees(), || {
        format!("record {}: `ecology replay` shows both states", replay.records)
    });
    Ok(())
}

/// What is compared of a world at one point.
struct Point {
    report: RunReport,
    founders: BTreeSet<String>,
    /// What each founder has, by the name of what is declared to be the same in any order.
    each: Vec<(String, BTreeMap<String, u64>)>,
    shares: Vec<(Resource, u64)>,
    services: u64,
}

/// Runs a scenario in both modes, once for each seed and point, in memory and on a virtual clock, and compares them.
///
/// # Errors
/// [`SessionError`] when a run does not take place.
pub fn compare_modes(
    config: &Config,
    ticks: u64,
    seeds: &[u64],
    told: &mut dyn FnMut(u64),
) -> Result<ModesCompared, SessionError> {
    let mut found: Vec<Equivalence> = Vec::new();
    for seed in seeds {
        told(*seed);
        for point in 1..=POINTS {
            let ticks = (ticks * point).div_ceil(POINTS).max(1);
            let by_ticks = run_one(config, ExecutionMode::Tick, *seed, ticks)?;
            let continuously = run_one(config, ExecutionMode::Continuous, *seed, ticks)?;
            let place = format!("seed {seed}, after {ticks} ticks");
            compare(&mut found, &place, &by_ticks, &continuously);
            if point == POINTS {
                figures(&mut found, &place, &by_ticks.report, &continuously.report);
            }
        }
    }
    for one in &mut found {
        if let Some(sums) = &mut one.means_millionths {
            for sum in sums {
                *sum /= i64::try_from(one.compared).unwrap_or(1).max(1);
            }
        }
    }
    Ok(ModesCompared {
        scenario: config.run.scenario.name().to_owned(),
        world: None,
        seeds: seeds.to_vec(),
        ticks,
        equivalences: found,
    })
}

fn run_one(config: &Config, mode: ExecutionMode, seed: u64, ticks: u64) -> Result<Point, SessionError> {
    let mut config = config.clone();
    config.features.execution_mode = mode;
    // Continuous mode needs the rolling window; what is compared is the mode alone.
    config.features.rate_limiting = RateLimiting::Rolling;
    config.run.clock = Clock::Virtual;
    config.run.seed = seed;
    config.run.ticks = Some(ticks);
    config.run.duration_ms = None;
    config.run.world = None;
    config.journal.backend = JournalBackend::Memory;
    let spec = SessionSpec { config, path: None, stop: Stop::default(), version: env!("CARGO_PKG_VERSION") };
    let order_free = scenario::build(&spec.config).order_free();
    let (mut founders, mut shares, mut services, mut each) = (BTreeSet::new(), Vec::new(), 0, Vec::new());
    let report = run_and_look(spec, &mut |_| {}, &mut |world| {
        let alive = founders_of(world);
        each = each_founder_has(world, &alive, order_free);
        founders = alive.into_keys().collect();
        shares = Resource::ALL.into_iter().map(|resource| (resource, shares_of(world, resource))).collect();
        services =
            GenesisArtifact::ALL.into_iter().filter(|one| world.live(one.key()).is_some()).count() as u64;
    })?;
    Ok(Point { report, founders, each, shares, services })
}

/// Principals that the operator put there and that still are.
fn founders_of(world: &World) -> BTreeMap<String, Key> {
    let ontology = &world.parts().ontology;
    ontology
        .principals()
        .iter()
        .filter_map(|key| world.principal(*key))
        .filter(|record| record.creator == GenesisArtifact::Genesis.key())
        .map(|record| (record.id.to_string(), record.key))
        .collect()
}

fn each_founder_has(
    world: &World,
    founders: &BTreeMap<String, Key>,
    order_free: scenario::OrderFree,
) -> Vec<(String, BTreeMap<String, u64>)> {
    let of_each = |what: &dyn Fn(Key) -> u64| -> BTreeMap<String, u64> {
        founders.iter().map(|(id, key)| (id.clone(), what(*key))).collect()
    };
    let scrip = order_free.scrip.then(|| {
        let balances = of_each(&|key| world.accounts().scrip(key).0);
        ("scrip of each founder".to_owned(), balances)
    });
    let shares = order_free.shares.iter().map(|resource| {
        let shares = of_each(&|key| world.accounts().get(key).map_or(0, |account| account.quotas[*resource]));
        (format!("{resource} of each founder"), shares)
    });
    scrip.into_iter().chain(shares).collect()
}

fn shares_of(world: &World, resource: Resource) -> u64 {
    world.accounts().iter().map(|(_, account)| account.quotas[resource]).fold(0, u64::saturating_add)
}

fn compare(found: &mut Vec<Equivalence>, place: &str, tick: &Point, continuous: &Point) {
    for (mode, report) in [("in ticks", &tick.report), ("continuously", &continuous.report)] {
        let law = report.broken_law.as_ref();
        let name = format!("every law of the world holds {mode}");
        note(found, &name, Sort::Law, law.is_none(), || {
            format!("{place}: {}", law.map_or("", String::as_str))
        });
        let open = report.limits.reservations_made
            - report.limits.reservations_settled
            - report.limits.reservations_released;
        let name = format!("every reservation is settled or released {mode}");
        note(found, &name, Sort::Law, open == 0, || format!("{place}: {open} are open"));
    }
    let mut equal = |name: &str, a: u64, b: u64| {
        note(found, name, Sort::Equal, a == b, || format!("{place}: {a} in ticks, {b} continuously"));
    };
    let endowed = |point: &Point| point.report.money.supply.saturating_sub(point.report.money.minted);
    equal("scrip that was not minted", endowed(tick), endowed(continuous));
    equal("artifacts of time zero", tick.services, continuous.services);
    for ((resource, a), (_, b)) in tick.shares.iter().zip(&continuous.shares) {
        // Stocks are spent, so what is left of them depends on who acted.
        if resource.kind() != ecology_types::ResourceKind::Depletable {
            equal(&format!("shares of {resource}, summed"), *a, *b);
        }
    }
    for ((name, a), (_, b)) in tick.each.iter().zip(&continuous.each) {
        let differs = a.iter().find_map(|(id, a)| b.get(id).filter(|b| *b != a).map(|b| (id, a, b)));
        note(found, name, Sort::Equal, differs.is_none(), || {
            differs.map_or_else(String::new, |(id, a, b)| {
                format!("{place}: {id} has {a} in ticks, {b} continuously")
            })
        });
    }
    let same = tick.founders == continuous.founders;
    note(found, "founders that live", Sort::Equal, same, || {
        let only =
            |a: &Point, b: &Point| a.founders.difference(&b.founders).take(3).cloned().collect::<Vec<_>>();
        format!(
            "{place}: only in ticks {:?}, only continuously {:?}",
            only(tick, continuous),
            only(continuous, tick)
        )
    });
}

/// Figures follow laws of distribution: each has to be within its own interval in either mode.
fn figures(found: &mut Vec<Equivalence>, place: &str, tick: &RunReport, continuous: &RunReport) {
    // Names can hold counts that differ from run to run; the place in the list and the words do not.
    let words = |name: &str| name.replace(|c: char| c.is_ascii_digit(), "");
    for (at, finding) in tick.findings.iter().enumerate() {
        let known = found.iter().filter(|one| one.sort == Sort::Distribution).nth(at);
        let name = known.map_or_else(|| finding.name.clone(), |one| one.name.clone());
        let other = continuous.findings.get(at).filter(|other| words(&other.name) == words(&finding.name));
        let Some(other) = other else {
            note(found, &name, Sort::Distribution, false, || format!("{place}: only in ticks"));
            continue;
        };
        let holds = finding.agrees && other.agrees;
        let values = [finding.measured_millionths, other.measured_millionths];
        note(found, &name, Sort::Distribution, holds, || {
            let millionths =
                |value: i64| format!("{}.{:06}", value / 1_000_000, value.unsigned_abs() % 1_000_000);
            format!("{place}: {} in ticks, {} continuously", millionths(values[0]), millionths(values[1]))
        });
        if let Some(one) = found.iter_mut().find(|one| one.name == name) {
            let sums = one.means_millionths.get_or_insert([0, 0]);
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum = sum.saturating_add(value);
            }
        }
    }
}

fn note(found: &mut Vec<Equivalence>, name: &str, sort: Sort, holds: bool, why: impl FnOnce() -> String) {
    let at = found.iter().position(|one| one.name == name).unwrap_or_else(|| {
        found.push(Equivalence {
            name: name.to_owned(),
            sort,
            compared: 0,
            held: 0,
            first_broken: None,
            means_millionths: None,
        });
        found.len() - 1
    });
    let one = &mut found[at];
    one.compared += 1;
    if holds {
        one.held += 1;
    } else {
        one.first_broken.get_or_insert_with(why);
    }
}

#[cfg(test)]
mod tests {
    use ecology_features::config::ScenarioName;

    use super::*;

    #[test]
    fn the_modes_are_equivalent_where_they_have_to_be() {
        let mut config = Config::default();
        config.sandbox.isolation = ecology_features::config::SandboxIsolation::InProcess;
        config.run.scenario = ScenarioName::Commune;
        config.run.agents = Some(26);
        let found = compare_modes(&config, 24, &[1], &mut |_| {}).unwrap();
        assert!(found.agrees(), "{found:#?}");
        assert!(found.equivalences.iter().any(|one| one.sort == Sort::Distribution));
        assert!(found.equivalences.iter().all(|one| one.compared > 0));
    }

    #[test]
    fn what_each_founder_has_is_compared_where_order_cannot_matter() {
        for scenario in ScenarioName::ALL.into_iter().filter(|one| *one != ScenarioName::Imported) {
            let mut config = Config::default();
            config.sandbox.isolation = ecology_features::config::SandboxIsolation::InProcess;
            config.run.scenario = scenario;
            if scenario != ScenarioName::Vickrey {
                config.run.agents = Some(26);
            }
            for (axis, side) in crate::scenario::needs(scenario) {
                config.features.set(*axis, *side);
            }
            config.scenario.boltzmann.scrip_each = 0;
            config.scenario.vickrey.auctions = 4;
            let found = compare_modes(&config, 24, &[1, 2], &mut |_| {}).unwrap();
            let each: Vec<_> =
                found.equivalences.iter().filter(|one| one.name.ends_with("of each founder")).collect();
            let least = match scenario {
                ScenarioName::Boltzmann => 8,
                // Who comes first buys, spawns and is given shares: its findings are declared, not what each has.
                ScenarioName::Bazaar => 0,
                _ => 5,
            };
            assert!(each.len() >= least, "{scenario:?}: {each:#?}");
            assert!(each.iter().all(|one| one.held == one.compared), "{scenario:?}: {each:#?}");
        }
    }

    #[test]
    fn one_founder_that_differs_is_named() {
        let mut config = Config::default();
        config.sandbox.isolation = ecology_features::config::SandboxIsolation::InProcess;
        config.run.scenario = ScenarioName::Boltzmann;
        config.run.agents = Some(3);
        let [a, mut b] = [(); 2].map(|()| run_one(&config, ExecutionMode::Tick, 1, 1).unwrap());
        let (name, shares) = &mut b.each[0];
        let name = name.clone();
        // Two that differ by as much: the sum cannot tell.
        *shares.get_mut("agent_1").unwrap() += 1;
        *shares.get_mut("agent_2").unwrap() -= 1;
        let mut found = Vec::new();
        compare(&mut found, "here", &a, &b);
        let broken: Vec<_> = found.iter().filter(|one| one.held < one.compared).collect();
        assert_eq!(broken.len(), 1, "{broken:#?}");
        assert!(broken[0].name == name && broken[0].first_broken.as_deref().unwrap().contains("agent_1"));
    }

    #[test]
    fn what_differs_is_told_once_and_counted_always() {
        let mut found = Vec::new();
        for (holds, place) in [(true, "a"), (false, "b"), (false, "c")] {
            note(&mut found, "sum", Sort::Equal, holds, || place.to_owned());
        }
        assert_eq!((found[0].compared, found[0].held), (3, 1));
        assert_eq!(found[0].first_broken.as_deref(), Some("b"));
    }
}
