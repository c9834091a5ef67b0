//! What it costs that contracts are code, in CPU time of this thread.
//!
//! Lines: `TIME <name> <nanoseconds>` and `RATIO <name> <what> <value> <target>`, where a value up to its target is good: nanoseconds over those
//! that are allowed, and for the throughput of a world the required part of the native one over the achieved part. The best of interleaved rounds
//! counts.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::unwrap_used, reason = "a benchmark fails loudly")]

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::sync::Arc;

use ecology_contracts::Request;
use ecology_runner::code::{Asker, HOST_FUNCTIONS};
use ecology_runner::compose;
use ecology_sandbox::LuauEngine;
use ecology_types::{
    Act, Action, Axis, AxisVector, Charges, Command, Draft, Founder, Genesis, Id, Interface, Method,
    Resource, Rules, Scrip, Seed, Side, SmolStr, Span, Time, Value, Verb,
};
use ecology_world::World;

const ROUNDS: usize = 9;
const ACTIONS: usize = 20_000;
const CALLS: usize = 200_000;
const READERS: usize = 64;
const PAGES: usize = 256;

const GATE: &str = "function check_permission(request) \
    return { allow = request.action == 'read', reason = 'for reading', cacheable = true } end";

/// Many who read many pages: those with even numbers are open, the others are governed by code.
struct Library {
    world: World,
    asker: Asker,
}

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

impl Library {
    fn new() -> Self {
        let mut axes = AxisVector::default();
        for axis in [Axis::ArtifactOntology, Axis::AccessControl] {
            axes = axes.with(axis, Side::New);
        }
        let engine = Arc::new(LuauEngine::new(HOST_FUNCTIONS));
        let mut library = Self {
            world: World::new(compose::parts(axes).unwrap()),
            asker: Asker::new(engine, NonZeroUsize::MIN, 1_000),
        };
        let founders = (0..READERS).map(|at| Founder {
            id: id(&format!("reader_{at}")),
            is_agent: true,
            config: "mind".into(),
            scrip: Scrip(1_000),
            quotas: Charges([1 << 40; Resource::COUNT]),
        });
        let rules = Rules { window: Span::from_secs(60), ..Rules::default() };
        let genesis = Genesis { rules, founders: founders.collect(), artifacts: Vec::new() };
        let start = Command::StartRun {
            version: SmolStr::new("0"),
            scenario: SmolStr::new("bench"),
            seed: Seed(1),
            axes,
        };
        for command in [Command::Create(Box::new(genesis)), start] {
            library.world.step(&command, Time::ZERO).unwrap();
        }
        let mut gate = Draft::new(id("gate"), GATE);
        gate.can_execute = Some(true);
        let method = Method {
            name: "check_permission".into(),
            description: "decides".into(),
            input_schema: Value::Map(Vec::new()),
        };
        gate.interface = Some(Arc::new(Interface { description: "gate".into(), methods: vec![method] }));
        library.act(0, Action::Write(Box::new(gate)));
        for at in 0..PAGES {
            let mut page = Draft::new(id(&format!("page_{at}")), "a line of text");
            page.access_contract = (at % 2 == 1).then(|| id("gate"));
            library.act(0, Action::Write(Box::new(page)));
        }
        library
    }

    fn act(&mut self, reader: usize, action: Action) {
        let agent = self.world.symbols().key(&format!("reader_{reader}")).unwrap();
        let act = Act { agent, action, thought: None, answers: Vec::new() };
        let command = self.asker.command(&self.world, act, Time::ZERO);
        self.world.step(&command, Time::ZERO).unwrap().outcome.unwrap();
    }

    fn reads(&self, is_mixed: bool) -> Vec<Act> {
        let acts = (0..ACTIONS).map(|at| {
            let agent = self.world.symbols().key(&format!("reader_{}", at % READERS)).unwrap();
            let page = (at.wrapping_mul(7) / 2 * 2 + usize::from(is_mixed && at % 2 == 1)) % PAGES;
            Act {
                agent,
                action: Action::Read { artifact: id(&format!("page_{page}")) },
                thought: None,
                answers: Vec::new(),
            }
        });
        acts.collect()
    }

    /// Nanoseconds of each action, with the asking, the step and the encoding.
    fn carry_out(&mut self, acts: Vec<Act>) -> f64 {
        let mut bytes = Vec::new();
        per_operation(ACTIONS, || {
            for act in acts {
                let command = self.asker.command(&self.world, act, Time::ZERO);
                bytes.clear();
                let step = self.world.step_into(&command, Time::ZERO, &mut bytes).unwrap();
                assert!(step.outcome.is_ok(), "{:?}", step.outcome);
            }
        })
    }
}

fn cpu_ns() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}

#[expect(clippy::cast_precision_loss, reason = "nanoseconds of one round fit a double exactly")]
fn per_operation(count: usize, run: impl FnOnce()) -> f64 {
    let begin = cpu_ns();
    run();
    (cpu_ns() - begin) as f64 / count as f64
}

fn least(times: &[f64]) -> f64 {
    times.iter().copied().fold(f64::INFINITY, f64::min)
}

fn main() {
    let mut library = Library::new();
    let reader = library.world.symbols().key("reader_1").unwrap();
    let [open, coded] = ["page_0", "page_1"].map(|page| library.world.symbols().key(page).unwrap());
    let act = Act {
        agent: reader,
        action: Action::Read { artifact: id("page_1") },
        thought: None,
        answers: Vec::new(),
    };
    let answered = library.asker.complete(&library.world, act, Time::ZERO);
    let access = compose::accesses(Side::New).0;
    let view = NoArtifacts;
    let question = |key, answers| Request {
        artifact: library.world.live(key).unwrap(),
        verb: Verb::Read,
        caller: reader,
        method: None,
        args: None,
        answers,
    };
    let stock = question(open, &[]);
    let mut times: [Vec<f64>; 4] = Default::default();
    for _ in 0..ROUNDS {
        times[0].push(per_operation(CALLS, || {
            for _ in 0..CALLS {
                assert!(black_box(&*access).decide(black_box(&stock), black_box(&view)).is_allowed());
            }
        }));
        let answers = &answered.answers[..];
        times[1].push(per_operation(CALLS, || {
            for _ in 0..CALLS {
                assert!(black_box(&library.world).holds(black_box(&answers[0]), Time::ZERO));
            }
        }));
    }
    assert!(library.world.live(coded).is_some());
    // Everybody has asked once.
    for is_mixed in [false, true] {
        let acts = library.reads(is_mixed);
        let _ = library.carry_out(acts);
    }
    for _ in 0..ROUNDS {
        for (at, is_mixed) in [(2, false), (3, true)] {
            let acts = library.reads(is_mixed);
            times[at].push(library.carry_out(acts));
        }
    }
    let counts = library.asker.counts();
    assert!(counts.from_cache > counts.asked * 10, "{counts:?}");
    let [stock, held, native, mixed] = [0, 1, 2, 3].map(|at| least(&times[at]));
    println!("TIME stock_contract {stock:.1}");
    println!("TIME cached_answer_held {held:.1}");
    println!("TIME native_read {native:.1}");
    println!("TIME half_contract_read {mixed:.1}");
    println!("RATIO code_stock nanoseconds/100 {:.3} 1.0", stock / 100.0);
    println!("RATIO code_cached nanoseconds/150 {:.3} 1.0", held / 150.0);
    println!("RATIO code_throughput 0.7/achieved {:.3} 1.0", 0.7 * mixed / native);
}

struct NoArtifacts;

impl ecology_contracts::AccessView for NoArtifacts {
    fn artifact(&self, _: ecology_types::Key) -> Option<&ecology_types::ArtifactRecord> {
        None
    }
    fn balance(&self, _: ecology_types::Key) -> Scrip {
        Scrip::ZERO
    }
    fn contract_depth_max(&self) -> u32 {
        10
    }
}
