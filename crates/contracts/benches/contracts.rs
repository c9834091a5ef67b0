//! What one decision costs, in CPU time of this thread, against the least that any decision costs: a boxed closure that compares two keys.
//!
//! Cases take turns within one run, and each figure is the median of its rounds, so that noise of the machine hits all of them alike.
//! Lines: `TIME name nanoseconds` and `RATIO name a/b value target`.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::hint::black_box;
use std::sync::Arc;

use ecology_contracts::conformance::{FixtureView, request};
use ecology_contracts::{AccessControl, AccessView, ContractAccess, PolicyAccess, Request, ShadowAccess};
use ecology_types::{AllowList, ArtifactRecord, GenesisArtifact, Grant, Key, Policy, Scrip, Verb};
use rustix::time::{ClockId, clock_gettime};

const DECISIONS: u64 = 200_000;
const ROUNDS: usize = 15;

/// A slab, as a world keeps its artifacts.
struct Slab(Vec<ArtifactRecord>);

impl AccessView for Slab {
    fn artifact(&self, key: Key) -> Option<&ArtifactRecord> {
        self.0.get(key.index())
    }

    fn balance(&self, _key: Key) -> Scrip {
        Scrip::ZERO
    }

    fn contract_depth_max(&self) -> u32 {
        10
    }
}

/// A name and one decision that tells whether it came out right.
type Case<'a> = (&'static str, Box<dyn Fn() -> bool + 'a>);

fn cpu_ns() -> u64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    now.tv_sec.unsigned_abs() * 1_000_000_000 + now.tv_nsec.unsigned_abs()
}

fn main() {
    let mut world = FixtureView::new();
    let [creator, friend, stranger] = ["creator", "friend", "stranger"].map(|name| world.add_principal(name));
    let doc = world.add_artifact("doc", creator);
    let gate = world.add_artifact("gate", creator);
    world.record_mut(gate).can_execute = true;
    let priced = world.add_artifact("priced", creator);
    let list = || AllowList::Only(vec![creator, friend]);
    world.record_mut(priced).policy = Some(Arc::new(Policy {
        read: list(),
        write: list(),
        invoke: list(),
        read_price: Scrip(2),
        invoke_price: Scrip(2),
    }));
    world.record_mut(priced).access_contract = Some(GenesisArtifact::Private.key());
    let gated = world.add_artifact("gated", creator);
    world.record_mut(gated).access_contract = Some(gate);
    let slab = Slab((0..=gated.0).map(|key| world.record(Key(key)).clone()).collect());
    let answers = [world.answer_of(&request(world.record(gated), Verb::Read, friend), Ok(Grant::default()))];

    let policy: Box<dyn AccessControl> = black_box(Box::new(PolicyAccess));
    let contract: Box<dyn AccessControl> = black_box(Box::new(ContractAccess));
    let pair: Box<dyn AccessControl> =
        black_box(Box::new(ShadowAccess::new(Box::new(PolicyAccess), Box::new(ContractAccess))));
    let closure: Box<dyn Fn(&Request<'_>) -> bool> =
        black_box(Box::new(|request| request.caller == request.artifact.creator));

    let record = |key: Key| &slab.0[key.index()];
    let write = request(record(doc), Verb::Write, creator);
    let listed = request(record(priced), Verb::Read, friend);
    let refused = request(record(priced), Verb::Read, stranger);
    let coded = Request { answers: &answers, ..request(record(gated), Verb::Read, friend) };
    let decide = |access: &dyn AccessControl, question: &Request<'_>| {
        black_box(black_box(access).decide(black_box(question), black_box(&slab))).is_allowed()
    };
    let cases: [Case<'_>; 7] = [
        ("native_closure", Box::new(|| black_box(&closure)(black_box(&write)))),
        ("policy_owner", Box::new(|| decide(&*policy, &write))),
        ("policy_list_priced", Box::new(|| decide(&*policy, &listed))),
        ("contract_stock", Box::new(|| decide(&*contract, &write))),
        ("contract_stock_refused", Box::new(|| !decide(&*contract, &refused))),
        ("contract_code_answered", Box::new(|| decide(&*contract, &coded))),
        ("shadow_pair", Box::new(|| decide(&*pair, &write))),
    ];

    let mut times: Vec<Vec<u64>> = vec![Vec::new(); cases.len()];
    for _ in 0..ROUNDS {
        for ((name, case), times) in cases.iter().zip(&mut times) {
            let begin = cpu_ns();
            for _ in 0..DECISIONS {
                assert!(case(), "{name} gave the wrong answer");
            }
            times.push(cpu_ns() - begin);
        }
    }
    let medians: Vec<u64> = times
        .iter_mut()
        .map(|times| {
            times.sort_unstable();
            times[ROUNDS / 2]
        })
        .collect();
    for ((name, _), median) in cases.iter().zip(&medians) {
        println!("TIME {name} {}", tenths(*median, DECISIONS));
    }
    let ratio = |name: &str, a: usize, b: usize, target: &str| {
        let (over, under) = (cases[a].0, cases[b].0);
        println!("RATIO {name} {over}/{under} {} {target}", tenths(medians[a], medians[b]));
    };
    ratio("contracts_stock", 3, 0, "<=5.0");
    ratio("contracts_policy", 1, 0, "<=5.0");
    ratio("contracts_stock_vs_policy", 3, 1, "<=2.0");
    ratio("contracts_code_vs_stock", 5, 3, "-");
    ratio("contracts_shadow_vs_policy", 6, 1, "-");
}

/// A quotient with one decimal.
fn tenths(over: u64, under: u64) -> String {
    let tenths = over * 10 / under.max(1);
    format!("{}.{}", tenths / 10, tenths % 10)
}
