//! Shadows in whole runs: candidates that lie, panic or are slow on every axis and in both directions, and what is kept of it.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ecology_contracts::{AccessControl, AccessView, Answer, Request, ShadowAccess};
use ecology_features::Config;
use ecology_journal::{Journal, OpenMode, SqliteJournal};
use ecology_ontology::{Ask as Check, Change, NotAllowed, Ontology, Page, Query, Resolution, ShadowOntology};
use ecology_rate_limiting::{Ask, Decision, RateEvent, RateLimiter, ShadowLimiter};
use ecology_runner::reproduce::{self, Reproduction, Sides};
use ecology_runner::session::{self, SessionSpec};
use ecology_runner::verdicts::{self, Source};
use ecology_runner::{
    Equipment, Host, MeterSource, Observers, Stop, TickLimits, compose, occasion, run_ticks, scenario, store,
};
use ecology_shadow::{Budget, Options, Report};
use ecology_types::{
    ArtifactRecord, Axis, AxisVector, Command, Effect, Id, Key, Limits, Record, RefusalCode, Resource, Seed,
    Side, Span, Time, Value,
};
use ecology_world::{Parts, StateHash, World};

/// How a candidate misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Nothing,
    Lies,
    Panics,
    IsSlow,
}

/// A candidate with a fault, around one that has none. Being slow moves the stopwatch.
struct Faulty<T: ?Sized> {
    fault: Fault,
    time_ns: Arc<AtomicU64>,
    inner: Box<T>,
}

impl<T: ?Sized> Faulty<T> {
    fn answer<A>(&self, honest: A, lie: A) -> A {
        match self.fault {
            Fault::Nothing => honest,
            Fault::Lies => lie,
            Fault::Panics => panic!("planted"),
            Fault::IsSlow => {
                self.time_ns.fetch_add(2_000_000_000, Ordering::Relaxed);
                honest
            }
        }
    }
}

impl RateLimiter for Faulty<dyn RateLimiter> {
    fn name(&self) -> &'static str {
        self.inner.name()
    }
    fn decide(&self, ask: &Ask<'_>, now: Time) -> Decision {
        let lie = Decision::Wait { until: Time(7), resource: Resource::Cpu };
        self.answer(self.inner.decide(ask, now), lie)
    }
    fn apply(&mut self, event: &RateEvent<'_>, now: Time) {
        self.inner.apply(event, now);
    }
    fn share(&self, principal: Key, resource: Resource) -> u64 {
        self.inner.share(principal, resource)
    }
    fn used(&self, principal: Key, resource: Resource, now: Time) -> u64 {
        self.inner.used(principal, resource, now)
    }
    fn overrun(&self, principal: Key, resource: Resource) -> u64 {
        self.inner.overrun(principal, resource)
    }
    fn set_window(&mut self, window: Span) {
        self.inner.set_window(window);
    }
    fn window(&self) -> Span {
        self.inner.window()
    }
    fn digest(&self, resource: Resource, into: &mut Vec<u8>) {
        self.inner.digest(resource, into);
    }
    fn save(&self) -> Vec<u8> {
        self.inner.save()
    }
    fn restore(&mut self, saved: &[u8]) -> Result<(), String> {
        self.inner.restore(saved)
    }
}

impl Ontology for Faulty<dyn Ontology> {
    fn name(&self) -> &'static str {
        self.inner.name()
    }
    fn check(&self, ask: &Check<'_>, limits: &Limits) -> Result<(), NotAllowed> {
        self.inner.check(ask, limits)
    }
    fn apply(&mut self, change: &Change<'_>) {
        self.inner.apply(change);
    }
    fn artifact(&self, key: Key) -> Resolution<'_> {
        let honest = self.inner.artifact(key);
        // Time zero is the same everywhere, so that a lie about it would need no history.
        if matches!(honest, Resolution::Live(_)) { self.answer(honest, Resolution::Free) } else { honest }
    }
    fn principal(&self, key: Key) -> Resolution<'_> {
        self.inner.principal(key)
    }
    fn principals(&self) -> &[Key] {
        self.inner.principals()
    }
    fn agents(&self) -> &[Key] {
        self.inner.agents()
    }
    fn counts(&self) -> (u64, u64) {
        self.inner.counts()
    }
    fn search(&self, query: &Query, may_see: &dyn Fn(&ArtifactRecord) -> bool) -> Page {
        self.inner.search(query, may_see)
    }
    fn describe(&self, record: &ArtifactRecord, name: &dyn Fn(Key) -> Id) -> Value {
        self.inner.describe(record, name)
    }
    fn digest(&self, into: &mut Vec<u8>) {
        self.inner.digest(into);
    }
    fn save(&self) -> Vec<u8> {
        self.inner.save()
    }
    fn restore(&mut self, saved: &[u8]) -> Result<(), String> {
        self.inner.restore(saved)
    }
}

impl AccessControl for Faulty<dyn AccessControl> {
    fn name(&self) -> &'static str {
        self.inner.name()
    }
    fn decide(&self, request: &Request<'_>, view: &dyn AccessView) -> Answer {
        let lie = Answer::Deny { code: RefusalCode::NotPermitted, reason: "planted".to_owned() };
        self.answer(self.inner.decide(request, view), lie)
    }
    fn needs_code(&self, _: &Request<'_>, _: &dyn AccessView) -> Option<Key> {
        panic!("only the serving side is asked")
    }
}

/// A pair with a fault, and everything else honest.
#[derive(Clone)]
struct Planted {
    axis: Axis,
    serving: Side,
    fault: Fault,
    time_ns: Arc<AtomicU64>,
}

impl Planted {
    fn new(axis: Axis, serving: Side, fault: Fault) -> Self {
        Self { axis, serving, fault, time_ns: Arc::default() }
    }

    fn faulty<T: ?Sized>(&self, (serving, inner): (Box<T>, Box<T>)) -> (Box<T>, Faulty<T>) {
        (serving, Faulty { fault: self.fault, time_ns: Arc::clone(&self.time_ns), inner })
    }

    fn sides(&self) -> Sides {
        let (one, two, three) = (self.clone(), self.clone(), self.clone());
        Sides {
            limiters: Box::new(move || {
                let (serving, candidate) = one.faulty(compose::limiters(one.serving));
                (serving, Box::new(candidate))
            }),
            ontologies: Box::new(move || {
                let (serving, candidate) = two.faulty(compose::ontologies(two.serving));
                (serving, Box::new(candidate))
            }),
            accesses: Box::new(move || {
                let (serving, candidate) = three.faulty(compose::accesses(three.serving));
                (serving, Box::new(candidate))
            }),
        }
    }

    fn axes(&self) -> AxisVector {
        AxisVector::default().with(self.axis, self.serving)
    }

    fn parts(&self) -> Parts {
        let reading = Arc::clone(&self.time_ns);
        let options = Options {
            stopwatch: Some(Arc::new(move || reading.load(Ordering::Relaxed))),
            timed_one_in: 1,
            budget: Budget { answer_ns_max: 1_000_000_000, latency_ratio_max: 0, failures_max: 0 },
            context: Arc::new(occasion::context()),
            ..Options::default()
        };
        let (sides, mut parts) = (self.sides(), compose::parts(self.axes()).unwrap());
        match self.axis {
            Axis::RateLimiting => {
                let (serving, candidate) = (sides.limiters)();
                parts.limiter = Box::new(ShadowLimiter::with(serving, candidate, options));
            }
            Axis::ArtifactOntology => {
                let (serving, candidate) = (sides.ontologies)();
                parts.ontology = Box::new(ShadowOntology::with(serving, candidate, options));
            }
            _ => {
                let (serving, candidate) = (sides.accesses)();
                parts.access = Box::new(ShadowAccess::with(serving, candidate, options));
            }
        }
        parts
    }
}

fn host(parts: Parts, path: &Path, snapshot_every: u64) -> Host {
    let mut config = Config::default();
    config.sandbox.isolation = ecology_features::config::SandboxIsolation::InProcess;
    config.run.agents = Some(6);
    let scenario = scenario::build(&config);
    let mut rules = config.rules().unwrap();
    scenario.adapt(&mut rules);
    let axes = parts.axes;
    let mut journal = SqliteJournal::open(path, OpenMode::Create).unwrap();
    store::stamp(&mut journal).unwrap();
    let mut host = Host::new(World::new(parts), Box::new(journal), 1_024, snapshot_every).unwrap();
    let start = Command::StartRun { version: "test".into(), scenario: "market".into(), seed: Seed(1), axes };
    for command in [Command::Create(Box::new(scenario.genesis(rules))), start] {
        host.step(&command, Time::ZERO, &mut Observers::default()).unwrap();
    }
    host
}

/// A little market by ticks.
fn play(parts: Parts, path: &Path) -> (StateHash, Vec<(Axis, Report)>) {
    let equipment = Equipment {
        think_timeout: ecology_types::Span::from_secs(300),
        meter: MeterSource::Exact(Box::new(ecology_metering::ModelledMeter::new(1_000, 1))),
        make_mind: compose::minds(false),
        scorer: compose::scorer(),
        seed: Seed(1),
        minds: ecology_runner::FormerMinds::None,
        arrivals: Vec::new(),
        code: ecology_runner::compose::asker(&ecology_features::config::Sandbox {
            isolation: ecology_features::config::SandboxIsolation::InProcess,
            ..Default::default()
        })
        .unwrap(),
    };
    let limits = TickLimits { ticks: 8, threads: NonZeroUsize::MIN };
    let (host, mut nobody) = (host(parts, path, 0), Observers::default());
    let outcome = run_ticks(host, equipment, limits, &Stop::default(), &mut nobody, &mut |_| {}).unwrap();
    let found = outcome.host.world().parts().shadow_reports();
    let world = outcome.host.close().unwrap();
    world.check_invariants().unwrap();
    (world.hash(), found)
}

/// The details of the divergences in a journal.
fn divergences(path: &Path) -> Vec<(Axis, String)> {
    let mut journal = SqliteJournal::open(path, OpenMode::Read).unwrap();
    let mut found = Vec::new();
    journal
        .for_each(1, u64::MAX, &mut |_, bytes| {
            let record = Record::decode(bytes).unwrap();
            if let Command::Divergence { axis, detail } = &record.command {
                let same = |effect: &Effect| matches!(effect, Effect::PermissionDivergence { axis: a, detail: d } if a == axis && d == detail);
                assert!(record.effects.iter().any(same));
                found.push((*axis, detail.to_string()));
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    found
}

const AXES: [Axis; 3] = [Axis::RateLimiting, Axis::ArtifactOntology, Axis::AccessControl];

#[test]
fn planted_candidates_are_found_told_of_and_never_felt() {
    let folder = tempfile::tempdir().unwrap();
    for axis in AXES {
        for serving in [Side::Old, Side::New] {
            let world = |name: &str| folder.path().join(format!("{axis}-{serving:?}-{name}.world"));
            let alone = Planted::new(axis, serving, Fault::Nothing).axes();
            let (hash, found) = play(compose::parts(alone).unwrap(), &world("alone"));
            assert!(found.is_empty());
            for fault in [Fault::Nothing, Fault::Lies, Fault::Panics, Fault::IsSlow] {
                let path = world(&format!("{fault:?}"));
                let planted = Planted::new(axis, serving, fault);
                let (with, found) = play(planted.parts(), &path);
                let what = format!("{axis}, {serving:?} serves, the candidate: {fault:?}");
                let [(_, report)] = found.as_slice() else { panic!("{what}: {found:?}") };
                let sorts: Vec<&str> = report.failures.iter().map(|(sort, _)| sort.as_str()).collect();
                let told = divergences(&path);
                assert!(told.iter().all(|(of, _)| *of == axis), "{what}");
                assert_eq!(told.len(), report.first_unexplained.len(), "{what}");
                for ((_, told), found) in told.iter().zip(&report.first_unexplained) {
                    // A refusal's detail has a largest length.
                    assert!(
                        found.detail.starts_with(told.trim_end_matches('…').trim_end_matches("...")),
                        "{what}: {told}"
                    );
                }
                match fault {
                    Fault::Nothing => {
                        assert_eq!((report.mismatched, told.len(), sorts.len()), (0, 0, 0), "{what}")
                    }
                    Fault::Lies => {
                        assert!(report.mismatched > 1 && sorts.is_empty(), "{what}: {report:#?}");
                        assert!(told.len() > 1, "{what}");
                    }
                    Fault::Panics => assert_eq!(sorts, ["panicked"], "{what}"),
                    Fault::IsSlow => assert_eq!((sorts, report.mismatched), (vec!["too_slow"], 0), "{what}"),
                }
                let is_off = matches!(fault, Fault::Panics | Fault::IsSlow);
                assert_eq!(
                    (report.switched_off.is_some(), report.candidate_failures),
                    (is_off, u64::from(is_off)),
                    "{what}"
                );
                if told.is_empty() {
                    assert_eq!(with, hash, "{what}: the world is the same as without it");
                }
                let kept = verdicts::of_world(&path).unwrap();
                assert_eq!(kept.len(), 1, "{what}");
                assert_eq!(
                    (kept[0].axis, kept[0].ended, kept[0].source, kept[0].run),
                    (axis, true, Source::Run, 1)
                );
                assert_eq!((kept[0].from_record, &kept[0].report), (2, report), "{what}");
            }
        }
    }
}

#[test]
fn every_lie_has_a_file_that_reproduces_it_with_little_history() {
    let folder = tempfile::tempdir().unwrap();
    for axis in AXES {
        for serving in [Side::Old, Side::New] {
            let path = folder.path().join(format!("{axis}-{serving:?}.world"));
            let planted = Planted::new(axis, serving, Fault::Lies);
            play(planted.parts(), &path);
            let kept = verdicts::of_world(&path).unwrap();
            let files = reproduce::write_files(&path, &kept, &|_| planted.sides()).unwrap();
            assert!((1..=reproduce::FILES_MAX).contains(&files.len()), "{files:?}");
            for (of, file) in files {
                assert_eq!((of, file.parent()), (axis, Some(reproduce::folder(&path).as_path())));
                let found = Reproduction::read(&file).unwrap();
                let what = format!("{axis}, {serving:?} serves: {found:#?}");
                assert!(found.is_reproduced && found.is_minimal, "{what}");
                assert!(found.case.history_len() <= 2, "{what}");
                assert!(found.record > 1 && !found.occasion.is_empty() && !found.found.is_empty());
                let again = found.ask(&planted.sides());
                assert!(again.is_mismatch() && again.serving != again.candidate, "{again:?}");
                let mended = found.ask(&found.sides().unwrap());
                assert!(!mended.is_mismatch(), "without the lie there is nothing left: {mended:?}");
            }
        }
    }
}

#[test]
fn a_crash_loses_only_what_was_found_after_the_last_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.world");
    let planted = Planted::new(Axis::AccessControl, Side::Old, Fault::Lies);
    let mut host = host(planted.parts(), &path, 0);
    assert_eq!(verdicts::of_world(&path).unwrap(), []);
    let agent = host.world().living_agents()[0];
    let look = Command::Act(ecology_types::Act {
        agent,
        action: ecology_types::Action::Read { artifact: Id::known("genesis_handbook") },
        thought: None,
        answers: Vec::new(),
    });
    let mut nobody = Observers::default();
    host.step(&look, Time(1), &mut nobody).unwrap();
    host.snapshot().unwrap();
    let record = host.world().last_record();
    host.step(&look, Time(2), &mut nobody).unwrap();
    drop(host);
    let kept = verdicts::of_world(&path).unwrap();
    let [kept] = kept.as_slice() else { panic!("{kept:?}") };
    assert_eq!((kept.ended, kept.to_record, kept.report.mismatched), (false, record, 1));
    assert_eq!(kept.report.occasions, [("act.read".to_owned(), 1)]);
    assert!(kept.report.occasions_never.contains(&"act.write".to_owned()));
}

#[test]
fn each_run_of_a_world_keeps_what_its_shadows_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.world");
    let mut compared = Vec::new();
    for one_in in [1, 10] {
        let mut config = Config::default();
        config.sandbox.isolation = ecology_features::config::SandboxIsolation::InProcess;
        config.run.agents = Some(6);
        config.run.ticks = Some(10);
        config.comparison.one_in = one_in;
        for axis in AXES {
            config.shadow.set(axis, Some(Side::New));
        }
        let spec = SessionSpec { config, path: Some(path.clone()), stop: Stop::default(), version: "test" };
        let report = session::run(spec, &mut |_| {}).unwrap();
        for found in report.shadow.values() {
            assert_eq!((found.unexplained, found.candidate_failures, found.one_in), (0, 0, one_in));
            assert_eq!(found.commands.values().sum::<u64>(), found.compared);
            assert_eq!(found.kinds.values().sum::<u64>(), found.compared);
            assert!(found.reproductions.is_empty());
        }
        compared.push(report.shadow["rate_limiting"].compared);
    }
    assert!(compared[0] > 5 * compared[1] && compared[1] > 0, "{compared:?}");
    let kept = session::verdicts(&path).unwrap();
    let which: Vec<_> = kept.iter().map(|kept| (kept.run, kept.axis)).collect();
    assert_eq!(which, [1, 2].into_iter().flat_map(|run| AXES.map(|axis| (run, axis))).collect::<Vec<_>>());
    assert!(kept.iter().all(|kept| kept.ended && kept.from_record < kept.to_record));
    assert!(kept[3].from_record > kept[0].to_record);
    let latency = kept[0].report.latency.expect("it is timed by default");
    assert!(latency.timed > 0 && latency.serving.p50_ns <= latency.serving.p99_ns);
    assert!(!reproduce::folder(&path).exists(), "nothing to reproduce");
}
