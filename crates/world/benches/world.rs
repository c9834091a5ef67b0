//! What an action costs.
//!
//! Lines: `TIME <name> <nanoseconds>` and `RATIO <name> <what> <value> <target>`, where a value up to its target is good. For rates the
//! value is the required rate divided by the achieved one. All times are CPU time of this thread, the best of interleaved rounds.

use std::hint::black_box;

use ecology_contracts::{ContractAccess, PolicyAccess};
use ecology_minds::{Summary, SummaryBounds};
use ecology_ontology::{Legacy, Unified};
use ecology_rate_limiting::{RollingLimiter, TickLimiter};
use ecology_types::{
    Act, Action, Axis, AxisVector, Charges, Command, Draft, Founder, Genesis, GenesisArtifact, Id, Key,
    Measurement, Record, Resource, Rules, Scrip, Seed, Side, SmolStr, Span, Time, Value,
};
use ecology_world::{Parts, World};

/// Rounds of every measurement; the fastest counts.
const ROUNDS: usize = 15;
/// Actions of one round.
const ACTIONS: usize = 100_000;
/// Commands that are made at a time.
const BATCH: usize = 250;

fn main() {
    // `cargo bench -p ecology-world -- transfers` runs one part alone.
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let parts: [(&str, Part); 4] =
        [("actions", actions), ("flatness", flatness), ("summaries", summaries), ("transfers", transfers)];
    for (name, part) in parts {
        if only.as_deref().is_none_or(|only| only == name) {
            part(&mut Report);
        }
    }
}

/// One part of the benchmark.
type Part = fn(&mut Report);

/// Prints figures.
struct Report;

#[expect(clippy::print_stdout, reason = "the figures are what a benchmark is for")]
impl Report {
    fn time(&mut self, name: &str, nanos: f64) {
        println!("TIME {name} {nanos:.1}");
    }

    fn ratio(&mut self, name: &str, what: &str, value: f64, target: f64) {
        println!("RATIO {name} {what} {value:.3} {target}");
    }
}

fn cpu_ns() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}

/// Nanoseconds of CPU time for each of `count` operations.
#[expect(clippy::cast_precision_loss, reason = "nanoseconds of one round fit a double exactly")]
fn per_operation(count: usize, run: impl FnOnce()) -> f64 {
    let start = cpu_ns();
    run();
    (cpu_ns() - start) as f64 / count as f64
}

/// The fastest round: what else runs on the machine only ever adds.
fn best(values: Vec<f64>) -> f64 {
    values.into_iter().fold(f64::INFINITY, f64::min)
}

/// Every axis on one side.
fn parts(side: Side) -> Parts {
    let mut axes = AxisVector::default();
    for axis in [Axis::RateLimiting, Axis::ArtifactOntology, Axis::AccessControl] {
        axes = axes.with(axis, side);
    }
    match side {
        Side::Old => Parts {
            limiter: Box::new(TickLimiter::new(Span::from_secs(1))),
            ontology: Box::new(Legacy::new()),
            access: Box::new(PolicyAccess),
            axes,
        },
        Side::New => Parts {
            limiter: Box::new(RollingLimiter::new(Span::from_secs(60))),
            ontology: Box::new(Unified::new()),
            access: Box::new(ContractAccess),
            axes,
        },
    }
}

fn id(text: impl AsRef<str>) -> Id {
    Id::new(text).expect("the benchmark's own ids are well formed")
}

struct Bench {
    world: World,
    agents: Vec<Key>,
    artifacts: Vec<Id>,
    now: Time,
}

/// A world in which `artifacts` are shared among `agents`.
fn bench_world(side: Side, agents: usize, artifacts: usize, rules: Rules) -> Bench {
    let quotas = Charges([1 << 40; Resource::COUNT]);
    let founders: Vec<Founder> = (0..agents)
        .map(|n| Founder {
            id: id(format!("agent_{n}")),
            is_agent: true,
            config: "mind = \"idle\"".into(),
            scrip: Scrip(1_000_000),
            quotas,
        })
        .collect();
    let things: Vec<(Id, Draft)> = (0..artifacts)
        .map(|n| {
            (
                founders[n % agents].id.clone(),
                Draft::new(id(format!("thing_{n}")), format!("content of thing {n}")),
            )
        })
        .collect();
    let ids = things.iter().map(|(_, draft)| draft.artifact.clone()).collect();
    let mut world = World::new(parts(side));
    let first = u32::try_from(GenesisArtifact::ALL.len()).expect("twelve");
    let keys = (0..u32::try_from(agents).expect("few agents")).map(|n| Key(first + n)).collect();
    let genesis = Genesis { rules, founders, artifacts: things };
    world.step_unrecorded(&Command::Create(Box::new(genesis)), Time::ZERO).expect("the world can be made");
    let start = Command::StartRun {
        version: SmolStr::new("bench"),
        scenario: SmolStr::new("bench"),
        seed: Seed(1),
        axes: world.axes(),
    };
    world.step_unrecorded(&start, Time::ZERO).expect("the run can begin");
    Bench { world, agents: keys, artifacts: ids, now: Time::ZERO }
}

fn act(agent: Key, action: Action) -> Command {
    Command::Act(Act { agent, action, thought: None, answers: Vec::new() })
}

/// A fixed sequence of numbers that looks random.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % bound
    }
}

const LEDGER: GenesisArtifact = GenesisArtifact::Ledger;
const ESCROW: GenesisArtifact = GenesisArtifact::Escrow;

fn transfer(from: Key, to: &Id) -> Command {
    let args = Value::map([("to", Value::text(to.as_str())), ("amount", Value::Int(1))]);
    act(from, Action::invoke(LEDGER.id(), "transfer", args))
}

/// One fifth each: nothing, read, replace, transfer, offer and its cancellation.
fn mix(bench: &Bench, count: usize, dice: &mut Dice) -> Vec<Command> {
    let mut order = bench.world.orders().next();
    let mut open = None;
    (0..count)
        .map(|n| {
            let agent = dice.below(bench.agents.len());
            let key = bench.agents[agent];
            match n % 5 {
                0 => act(key, Action::Noop),
                1 => {
                    let artifact = bench.artifacts[dice.below(bench.artifacts.len())].clone();
                    act(key, Action::Read { artifact })
                }
                2 => {
                    let nth = dice.below(bench.artifacts.len());
                    let owner = bench.agents[nth % bench.agents.len()];
                    let draft = Draft::new(bench.artifacts[nth].clone(), format!("content {n:08}"));
                    act(owner, Action::Write(Box::new(draft)))
                }
                3 => transfer(key, bench.world.id(bench.agents[dice.below(bench.agents.len())])),
                _ => match open.take() {
                    Some((owner, order)) => {
                        let args = Value::map([("order", Value::count(order))]);
                        act(owner, Action::invoke(ESCROW.id(), "cancel", args))
                    }
                    None => {
                        open = Some((key, order));
                        order += 1;
                        let args = Value::map([("kind", "wheat".into()), ("price", Value::Int(5))]);
                        act(key, Action::invoke(ESCROW.id(), "offer", args))
                    }
                },
            }
        })
        .collect()
}

fn run(bench: &mut Bench, commands: &[Command], encode: bool) {
    for command in commands {
        bench.now = bench.now.after(Span(100));
        let step = if encode {
            bench.world.step(command, bench.now)
        } else {
            bench.world.step_unrecorded(command, bench.now)
        };
        let step = step.expect("the benchmark makes sense");
        assert!(step.outcome.is_ok(), "{:?}", step.outcome);
        black_box(step.bytes.len());
    }
}

/// Nanoseconds for each of [`ACTIONS`] actions. Commands are made just before they are carried out, as a runner makes them, and not timed.
#[expect(clippy::cast_precision_loss, reason = "nanoseconds of one round fit a double exactly")]
fn timed(bench: &mut Bench, encode: bool, mut make: impl FnMut(&Bench, usize) -> Vec<Command>) -> f64 {
    let (mut nanos, mut count) = (0, 0);
    while count < ACTIONS {
        let commands = make(bench, BATCH);
        let start = cpu_ns();
        run(bench, &commands, encode);
        nanos += cpu_ns() - start;
        count += commands.len();
    }
    nanos as f64 / count as f64
}

/// The bytes that a world's steps give.
fn recorded(bench: &mut Bench, commands: &[Command]) -> Vec<Record> {
    let mut records = Vec::with_capacity(commands.len());
    for command in commands {
        bench.now = bench.now.after(Span(100));
        let step = bench.world.step(command, bench.now).expect("the benchmark makes sense");
        records.push(Record::decode(&step.bytes).expect("a step encodes a record"));
    }
    records
}

/// Raw transfers between integers in a slab: what no ledger can beat.
fn slab_transfers(count: usize) {
    let mut balances = vec![1_000_000_u64; 1_000];
    let mut dice = Dice(7);
    for _ in 0..count {
        let (from, to) = (dice.below(1_000), dice.below(1_000));
        if balances[from] > 0 {
            balances[from] -= 1;
            balances[to] += 1;
        }
    }
    black_box(balances);
}

fn actions(report: &mut Report) {
    for (name, side) in [("old", Side::Old), ("new", Side::New)] {
        let mut bench = bench_world(side, 1_000, 10_000, Rules::default());
        let mut dice = Dice(11);
        let mut times: [Vec<f64>; 4] = Default::default();
        for _ in 0..ROUNDS {
            times[0].push(timed(&mut bench, true, |bench, count| mix(bench, count, &mut dice)));
            times[1].push(timed(&mut bench, false, |bench, count| mix(bench, count, &mut dice)));
            let commands = mix(&bench, ACTIONS / 10, &mut dice);
            let records = recorded(&mut bench, &commands);
            times[2].push(per_operation(records.len(), || {
                for record in &records {
                    black_box(record.as_ref().encode(Vec::with_capacity(192)).map(|bytes| bytes.len()).ok());
                }
            }));
            times[3].push(per_operation(ACTIONS, || slab_transfers(ACTIONS)));
        }
        let [full, unrecorded, encoding, slab] = times.map(best);
        report.time(&format!("action/{name}"), full);
        report.time(&format!("action/{name}/unrecorded"), unrecorded);
        report.time(&format!("action/{name}/floor/encode_alone"), encoding);
        report.time(&format!("action/{name}/floor/slab_transfer"), slab);
        report.ratio(&format!("world/action/{name}"), "1000000_per_cpu_second/achieved", full / 1_000.0, 1.0);
        by_kind(report, name, &mut bench, &mut dice);
    }
    settled(report);
}

fn by_kind(report: &mut Report, name: &str, bench: &mut Bench, dice: &mut Dice) {
    let kinds = ["noop", "read", "write", "transfer", "escrow"];
    for (at, kind) in kinds.into_iter().enumerate() {
        let mut times = Vec::new();
        for _ in 0..3 {
            times.push(timed(bench, true, |bench, count| {
                let commands = mix(bench, count, dice).into_iter().enumerate();
                commands.filter(|(n, _)| n % 5 == at).map(|(_, command)| command).collect()
            }));
        }
        report.time(&format!("action/{name}/{kind}"), best(times));
    }
}

/// The same with CPU time reserved for every action and settled in batches.
fn settled(report: &mut Report) {
    let rules = Rules { action_estimate: Charges::of(Resource::Cpu, 50), ..Rules::default() };
    let mut bench = bench_world(Side::New, 1_000, 10_000, rules);
    let mut dice = Dice(13);
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let commands = mix(&bench, ACTIONS, &mut dice);
        times.push(per_operation(ACTIONS, || {
            for batch in commands.chunks(64) {
                let mut rows = Vec::with_capacity(64);
                for command in batch {
                    bench.now = bench.now.after(Span(100));
                    let step = bench.world.step(command, bench.now).expect("the benchmark makes sense");
                    let Command::Act(act) = command else { continue };
                    rows.push(Measurement {
                        principal: act.agent,
                        reservation: step.reservation,
                        cpu_ns: 1_500,
                        memory_peak_bytes: 0,
                        written_bytes: step.written_bytes,
                        bandwidth_bytes: step.bandwidth_bytes,
                    });
                }
                bench.world.step(&Command::Settle { rows }, bench.now).expect("the rows can be booked");
            }
        }));
    }
    report.time("action/new/reserved_and_settled", best(times));
}

fn flatness(report: &mut Report) {
    let mut worlds: Vec<Bench> = [100, 1_000_000]
        .into_iter()
        .map(|artifacts| bench_world(Side::New, 100, artifacts, Rules::default()))
        .collect();
    let mut times: [Vec<f64>; 2] = Default::default();
    let mut dice = Dice(17);
    for _ in 0..ROUNDS {
        for (bench, times) in worlds.iter_mut().zip(&mut times) {
            times.push(timed(bench, true, |bench, count| mix(bench, count, &mut dice)));
        }
    }
    let [few, many] = times.map(best);
    report.time("flat/artifacts_100", few);
    report.time("flat/artifacts_1000000", many);
    report.ratio("world/flat", "artifacts_1000000/artifacts_100", many / few, 2.0);
}

fn summaries(report: &mut Report) {
    let mut bench = bench_world(Side::New, 1_000, 10_000, Rules::default());
    let mut dice = Dice(19);
    while bench.world.last_event() < 1_000_000 {
        let commands = mix(&bench, ACTIONS, &mut dice);
        run(&mut bench, &commands, false);
    }
    let bounds = SummaryBounds { kinds: vec![SmolStr::new("wheat")], ..SummaryBounds::default() };
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        times.push(per_operation(1_000, || {
            for agent in &bench.agents {
                black_box(Summary::capture(&bench.world.view(*agent, bench.now, 0, None), &bounds));
            }
        }));
    }
    let capture = best(times);
    report.time("summary/events_1000000", capture);
    report.ratio("world/summary", "captured/20us", capture / 20_000.0, 1.0);
}

fn transfers(report: &mut Report) {
    for (name, side) in [("old", Side::Old), ("new", Side::New)] {
        let mut bench = bench_world(side, 10_000, 1, Rules::default());
        let mut dice = Dice(23);
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            times.push(timed(&mut bench, true, |bench, count| {
                let mut agent = || bench.agents[dice.below(bench.agents.len())];
                (0..count).map(|_| transfer(agent(), bench.world.id(agent()))).collect()
            }));
        }
        let each = best(times);
        report.time(&format!("transfer/{name}/agents_10000"), each);
        report.ratio(
            &format!("world/transfer/{name}"),
            "1000000_per_cpu_second/achieved",
            each / 1_000.0,
            1.0,
        );
    }
}
