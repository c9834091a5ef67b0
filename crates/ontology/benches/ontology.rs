//! How the cost of resolving, changing, creating and finding depends on how much exists.
//!
//! Prints one line per figure: `RATIO <name> <a>/<b> <value> <target>`, where a and b are nanoseconds with a million and with a hundred artifacts.
//! `uniform` touches all artifacts alike, which at a million is a walk through main memory; `hot` touches a hundred of them, as agents that
//! work on their own things do. Absolute figures follow as `NANOS` and `BYTES` lines.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock; nothing here decides anything")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use ecology_ontology::{Change, Legacy, Ontology, Query, Resolution, ShadowOntology, Symbols, Unified};
use ecology_types::{ArtifactRecord, Id, Key, Seed, SeededRng, SmolStr, Time};
use rand::Rng;

const SMALL: u32 = 100;
const LARGE: u32 = 1_000_000;
const OPERATIONS: u32 = 2_000_000;
const ROUNDS: usize = 5;
const AGENTS: u32 = 50;

/// A number below `n`, by Lemire's multiplication.
fn below(rng: &mut SeededRng, n: u32) -> u32 {
    ((u64::from(rng.next_u32()) * u64::from(n)) >> 32) as u32
}

fn record(key: u32) -> ArtifactRecord {
    let standing = key < AGENTS;
    ArtifactRecord {
        key: Key(key),
        id: Id::new(format!("artifact_{key}")).expect("letters and digits"),
        creator: Key(key % AGENTS),
        owner: Key(key % AGENTS),
        kind: SmolStr::new_static(if standing { "agent" } else { "data" }),
        content: Arc::from("some content"),
        version: 1,
        created_at: Time(0),
        changed_at: Time(0),
        has_standing: standing,
        can_execute: standing,
        access_contract: None,
        policy: None,
        interface: None,
        memory: None,
    }
}

fn pair() -> ShadowOntology {
    ShadowOntology::new(Box::new(Legacy::new()), Box::new(Unified::new()))
}

/// Nanoseconds of one operation: the best of several rounds, because what disturbs a round only ever adds.
fn nanos(mut round: impl FnMut(&mut SeededRng)) -> f64 {
    let mut best = f64::MAX;
    for number in 0..ROUNDS {
        let mut rng = Seed(7).derive("round", number as u64).rng();
        let start = Instant::now();
        round(&mut rng);
        best = best.min(start.elapsed().as_nanos() as f64 / f64::from(OPERATIONS));
    }
    best
}

struct Figures {
    resolve: f64,
    resolve_hot: f64,
    change: f64,
    change_hot: f64,
    create: f64,
    page_of_owner: f64,
    page_of_everything: f64,
}

fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) * 1024
}

/// Resident memory per artifact when all share one content.
fn bytes_per_artifact() -> u64 {
    let content: Arc<str> = Arc::from("shared");
    let before = resident_bytes();
    let mut ontology = Unified::new();
    for key in 0..LARGE {
        ontology.apply(&Change::Created(&ArtifactRecord { content: Arc::clone(&content), ..record(key) }));
    }
    let bytes = resident_bytes().saturating_sub(before) / u64::from(LARGE);
    black_box(ontology.counts());
    bytes
}

/// The floor: an array of records that is indexed with the key, without a table of slots, tombstones or a virtual call.
fn bare_array(n: u32) -> f64 {
    let records: Vec<_> = (0..n).map(record).collect();
    nanos(|rng| {
        for _ in 0..OPERATIONS {
            if let Some(record) = records.get(below(rng, n) as usize) {
                black_box(record.version);
            }
        }
    })
}

fn measure(make: &dyn Fn() -> Box<dyn Ontology>, n: u32) -> Figures {
    let records: Vec<_> = (0..n).map(record).collect();
    let mut ontology = make();
    let repeats = LARGE / n;
    let start = Instant::now();
    for _ in 0..repeats {
        ontology = make();
        for record in &records {
            ontology.apply(&Change::Created(record));
        }
    }
    let create = start.elapsed().as_nanos() as f64 / f64::from(repeats * n);

    let resolve = |ontology: &dyn Ontology, among: u32| {
        nanos(|rng| {
            for _ in 0..OPERATIONS {
                let key = Key(below(rng, among) * (n / among));
                if let Resolution::Live(record) = ontology.artifact(key) {
                    black_box(record.version);
                }
            }
        })
    };
    let content: Arc<str> = Arc::from("other content");
    let change = |ontology: &mut dyn Ontology, among: u32| {
        nanos(|rng| {
            for version in 0..OPERATIONS {
                ontology.apply(&Change::Changed {
                    key: Key(below(rng, among) * (n / among)),
                    version: u64::from(version),
                    at: Time(u64::from(version)),
                    content: Some(&content),
                    kind: None,
                    can_execute: None,
                    access_contract: None,
                    policy: None,
                    interface: None,
                    memory: None,
                });
            }
        })
    };
    let page = |ontology: &dyn Ontology, owner: bool| {
        let pages = 2_000;
        nanos(|rng| {
            for _ in 0..pages {
                let owner = owner.then(|| Key(below(rng, AGENTS)));
                let query = Query { owner, limit: 1, ..Query::default() };
                black_box(ontology.search(&query, &|_| true));
            }
        }) * f64::from(OPERATIONS)
            / f64::from(pages)
    };
    Figures {
        resolve: resolve(ontology.as_ref(), n),
        resolve_hot: resolve(ontology.as_ref(), SMALL),
        change_hot: change(ontology.as_mut(), SMALL),
        change: change(ontology.as_mut(), n),
        create,
        page_of_owner: page(ontology.as_ref(), true),
        page_of_everything: page(ontology.as_ref(), false),
    }
}

/// Nanoseconds for each KiB of content that a text search goes through without finding anything.
fn text_search() -> f64 {
    const ARTIFACTS: u32 = 10_000;
    let mut rng = Seed(3).rng();
    let mut ontology = Unified::new();
    for key in 0..ARTIFACTS {
        let letters = (0..1024).map(|_| char::from(b"etaoinshrdlucm  "[below(&mut rng, 16) as usize]));
        let content: Arc<str> = Arc::from(letters.collect::<String>());
        ontology.apply(&Change::Created(&ArtifactRecord { content, ..record(key) }));
    }
    let query = Query { text: Some(SmolStr::new_static("Shortage of grain")), limit: 10, ..Query::default() };
    let searches = nanos(|_| {
        black_box(ontology.search(&query, &|_| true));
    });
    searches * f64::from(OPERATIONS) / f64::from(ARTIFACTS)
}

fn symbols(n: u32) -> f64 {
    let names: Vec<String> = (0..n).map(|key| format!("artifact_{key}")).collect();
    let mut symbols = Symbols::default();
    for name in &names {
        symbols.intern(&Id::new(name).expect("letters and digits"));
    }
    nanos(|rng| {
        for _ in 0..OPERATIONS {
            black_box(symbols.key(&names[below(rng, n) as usize]));
        }
    })
}

fn main() {
    // `cargo test --benches` runs this as well; figures of a build without optimisation say nothing.
    if cfg!(debug_assertions) {
        return;
    }
    // First of all, while freed memory of other measurements cannot be taken for free memory.
    println!("BYTES unified_per_artifact_without_content {}", bytes_per_artifact());
    println!("NANOS unified_text_search_per_kib {:.0}", text_search());
    let ratio = |name: &str, large: f64, small: f64| {
        println!("RATIO {name} {large:.1}/{small:.1} {:.2} <=4.0", large / small);
    };
    let floor = [bare_array(SMALL), bare_array(LARGE)];
    ratio("floor_bare_array_uniform_1M_100", floor[1], floor[0]);
    #[expect(clippy::type_complexity, reason = "a table of names and constructors, used once")]
    let implementations: [(&str, &dyn Fn() -> Box<dyn Ontology>); 3] = [
        ("legacy", &|| Box::new(Legacy::new())),
        ("unified", &|| Box::new(Unified::new())),
        ("pair", &|| Box::new(pair())),
    ];
    for (name, make) in implementations {
        let small = measure(make, SMALL);
        let large = measure(make, LARGE);
        ratio(&format!("{name}_resolve_hot_1M_100"), large.resolve_hot, small.resolve_hot);
        ratio(&format!("{name}_resolve_uniform_1M_100"), large.resolve, small.resolve);
        ratio(&format!("{name}_resolve_uniform_1M_floor_1M"), large.resolve, floor[1]);
        ratio(&format!("{name}_change_hot_1M_100"), large.change_hot, small.change_hot);
        ratio(&format!("{name}_change_uniform_1M_100"), large.change, small.change);
        ratio(&format!("{name}_create_1M_100"), large.create, small.create);
        ratio(&format!("{name}_page_of_owner_1M_100"), large.page_of_owner, small.page_of_owner);
        ratio(&format!("{name}_page_of_all_1M_100"), large.page_of_everything, small.page_of_everything);
    }
    ratio("symbols_key_uniform_1M_100", symbols(LARGE), symbols(SMALL));
}
