//! What honest agents get done on the clock of the machine while others have ten thousand hostile contracts run.
//!
//! Lines: `TIME <name> <nanoseconds>` per action of the honest, and `RATIO <name> <what> <value> <target>`, where a value up to its target is good:
//! the required part of what they get done alone, over the part that they got done among the hostile. The median of interleaved rounds counts.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::unwrap_used, reason = "a benchmark fails loudly")]

use std::num::NonZeroUsize;
use std::sync::Arc;

use ecology_minds::{Decision, Mind, MindError, Perception, Then};
use ecology_runner::clock::RealClock;
use ecology_runner::code::{Asker, CodeCounts, HOST_FUNCTIONS};
use ecology_runner::{ContinuousLimits, Equipment, Host, Observers, Stop, compose, run_continuously};
use ecology_sandbox::LuauEngine;
use ecology_types::{
    Act, Action, Axis, AxisVector, Charges, Command, Draft, Founder, Genesis, Id, Interface, Method,
    Resource, Rules, Scrip, Seed, Side, SmolStr, Span, Time, Value,
};
use ecology_world::World;

const ROUNDS: usize = 5;
const LASTS: Span = Span::from_millis(1_000);
const ATTACKERS: u64 = 20;
/// Contracts of each attacker.
const EACH: u64 = 500;
const HONEST: u64 = 50;

const KINDS: [&str; 5] = [
    "while true do end",
    "local s = 'x' while true do s = s .. s end",
    "local t = {} for i = 1, 1e9 do t[i] = i end",
    "while true do world.balance('honest_1') end",
    "return { pcall(check_permission, request) }",
];

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

/// Does one thing every millisecond.
struct Worker {
    name: String,
    turns: u64,
    is_attacker: bool,
}

impl Mind for Worker {
    fn name(&self) -> &'static str {
        "worker"
    }

    fn estimate(&self) -> Charges {
        Charges::NONE
    }

    fn think(&mut self, _: &dyn Perception) -> Result<Decision, MindError> {
        self.turns += 1;
        let action = if self.is_attacker {
            let whose = (self.turns * 7) % ATTACKERS;
            Action::Read { artifact: id(&format!("gate_{whose}_{}", self.turns % EACH)) }
        } else {
            Action::Write(Box::new(Draft::new(id(&format!("note_of_{}", self.name)), self.turns.to_string())))
        };
        let decision = Decision { usage: Charges::NONE, ..Decision::act(action) };
        Ok(decision.then(Then::Delay(Span::from_millis(1))))
    }

    fn save(&self) -> Vec<u8> {
        Vec::new()
    }

    fn restore(&mut self, _: &[u8]) -> Result<(), MindError> {
        Ok(())
    }
}

fn axes() -> AxisVector {
    [Axis::ExecutionMode, Axis::RateLimiting, Axis::ArtifactOntology, Axis::AccessControl]
        .into_iter()
        .fold(AxisVector::default(), |axes, axis| axes.with(axis, Side::New))
}

/// All of them and the contracts of the attackers, which govern themselves: whoever reads one asks it.
fn town() -> World {
    let mut world = World::new(compose::parts(axes()).unwrap());
    let founder = |name: String| Founder {
        config: format!("work {name}").into(),
        id: id(&name),
        is_agent: true,
        scrip: Scrip(1_000),
        quotas: Charges([1 << 32; Resource::COUNT]),
    };
    let attackers = (0..ATTACKERS).map(|who| founder(format!("attacker_{who}")));
    let honest = (0..HONEST).map(|who| founder(format!("honest_{who}")));
    let founders = attackers.chain(honest).collect();
    let mut step = |command: &Command| {
        let step = world.step(command, Time::ZERO).unwrap();
        assert!(step.outcome.is_ok(), "{:?}", step.outcome);
    };
    step(&Command::Create(Box::new(Genesis { rules: rules(), founders, artifacts: Vec::new() })));
    let start = Command::StartRun {
        version: SmolStr::new("0"),
        scenario: SmolStr::new("hostile"),
        seed: Seed(1),
        axes: axes(),
    };
    step(&start);
    for who in 0..ATTACKERS {
        for at in 0..EACH {
            let action = Action::Write(Box::new(gate(who, at)));
            let agent = world.symbols().key(&format!("attacker_{who}")).unwrap();
            let act = Act { agent, action, thought: None, answers: Vec::new() };
            let step = world.step(&Command::Act(act), Time::ZERO).unwrap();
            assert!(step.outcome.is_ok(), "{:?}", step.outcome);
        }
    }
    world
}

fn rules() -> Rules {
    let mut rules = Rules { window: Span::from_secs(60), ..Rules::default() };
    rules.mint.interval = Span::ZERO;
    rules.action_estimate = Charges::NONE;
    rules
}

fn gate(who: u64, at: u64) -> Draft {
    let kind = KINDS[usize::try_from(at).unwrap() % KINDS.len()];
    let name = id(&format!("gate_{who}_{at}"));
    let mut draft =
        Draft::new(name.clone(), format!("-- {who} {at}\nfunction check_permission(request) {kind} end"));
    draft.can_execute = Some(true);
    draft.access_contract = Some(name);
    let method = Method {
        name: "check_permission".into(),
        description: "asks".into(),
        input_schema: Value::Map(Vec::new()),
    };
    draft.interface = Some(Arc::new(Interface { description: "a gate".into(), methods: vec![method] }));
    draft
}

/// Actions that honest agents got done, and what code came to.
fn run(with_attackers: bool) -> (u64, CodeCounts) {
    let world = town();
    let before = honest_actions(&world);
    let equipment = Equipment {
        meter: compose::meter_source(ecology_features::config::MeteringSource::Machine),
        make_mind: Box::new(move |config, _| {
            let name = config.trim_start_matches("work ").to_owned();
            let is_attacker = name.starts_with("attacker");
            if is_attacker && !with_attackers {
                return ecology_minds::build("kind = \"idle\"", Seed(0)).map_err(|error| error.to_string());
            }
            Ok(Box::new(Worker { name, turns: 0, is_attacker }))
        }),
        scorer: compose::scorer(),
        seed: Seed(1),
        minds: ecology_runner::FormerMinds::None,
        think_timeout: Span::from_secs(300),
        arrivals: Vec::new(),
        code: Asker::new(Arc::new(LuauEngine::new(HOST_FUNCTIONS)), NonZeroUsize::MIN, 60_000),
    };
    let clock = Box::new(RealClock::starting_at(Time::ZERO));
    let limits = ContinuousLimits { grace: Span::ZERO, ..ContinuousLimits::lasting(LASTS) };
    let host = Host::unrecorded(world);
    let stop = Stop::default();
    let outcome =
        run_continuously(host, equipment, clock, limits, &stop, &mut Observers::default(), &mut |_| {})
            .unwrap();
    (honest_actions(outcome.host.world()) - before, outcome.code)
}

fn honest_actions(world: &World) -> u64 {
    let keys = (0..HONEST).map(|who| world.symbols().key(&format!("honest_{who}")).unwrap());
    keys.map(|key| world.usage().get(key).actions_done).sum()
}

fn median(mut counts: Vec<u64>) -> u64 {
    counts.sort_unstable();
    counts[counts.len() / 2]
}

#[expect(clippy::cast_precision_loss, reason = "counts of one second fit a double exactly")]
fn main() {
    let (mut alone, mut among) = (Vec::new(), Vec::new());
    let mut last = CodeCounts::default();
    for _ in 0..ROUNDS {
        alone.push(run(false).0);
        let (done, counts) = run(true);
        among.push(done);
        last = counts;
    }
    let [alone, among] = [alone, among].map(|counts| median(counts) as f64);
    let faults = last.faults.max(1);
    assert!(last.asked >= 100, "nobody attacked: {last:?}");
    println!("TIME honest_action_alone {:.1}", 1e9 / alone);
    println!("TIME honest_action_among_hostile {:.1}", 1e9 / among);
    println!("TIME hostile_check {:.1}", 1e9 / faults as f64);
    println!("RATIO hostile_honest 0.8/achieved {:.3} 1.0", 0.8 * alone / among);
}
