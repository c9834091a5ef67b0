//! Replacing a linear search by a binary one: the new one runs beside the old one until nobody doubts it.

#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use std::sync::Arc;
use std::time::Instant;

use ecology_shadow::{Budget, Comparison, Divergence, Options, Subject, Verdict};

/// What may differ, and why. Everything else is a bug.
const REGISTER: &[Divergence] = &[Divergence {
    code: "SE-1",
    title: "another one of several equal entries",
    old: "the first entry that is equal",
    new: "any entry that is equal",
    affected: "whoever relies on the position of the first one",
    instead: "keep entries unique",
}];

static SEARCH: Subject = Subject { kinds: &["find"], often: None, register: REGISTER };

/// The pair: whoever calls it notices nothing of the candidate.
struct Finder {
    entries: Vec<u32>,
    comparison: Comparison,
}

impl Finder {
    fn find(&self, wanted: u32) -> Option<usize> {
        self.comparison.ask(
            0,
            || self.entries.iter().position(|entry| *entry == wanted),
            || self.entries.binary_search(&wanted).ok(),
            |old, new| match (*old, *new) {
                (old, new) if old == new => Verdict::Same,
                (Some(old), Some(new)) if self.entries[old] == self.entries[new] => {
                    Verdict::Expected { code: "SE-1" }
                }
                _ => Verdict::Mismatch { detail: format!("{wanted}: {old:?} and {new:?}") },
            },
            || wanted.to_string(),
        )
    }
}

fn main() {
    let begun = Instant::now();
    let options = Options {
        stopwatch: Some(Arc::new(move || u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX))),
        budget: Budget { latency_ratio_max: 2, ..Budget::default() },
        ..Options::default()
    };
    // Every tenth entry stands twice, and one is out of order: that is what the shadow shall find.
    let mut entries: Vec<u32> = (0..1_000).flat_map(|n| vec![n; 1 + usize::from(n % 10 == 0)]).collect();
    entries.swap(500, 900);
    let finder = Finder { entries, comparison: Comparison::new(&SEARCH, "linear", "binary", options) };
    let found = (0..1_000).filter(|wanted| finder.find(*wanted).is_some()).count();
    let report = finder.comparison.report();
    println!("{found} of 1000 found by {}", report.serving);
    println!("{} compared, {} the same, expected {:?}", report.compared, report.same, report.expected);
    println!("{} not explained, first: {:?}", report.mismatched, report.first_unexplained.first());
    if let Some(latency) = report.latency {
        println!("99 of 100 within {} ns and {} ns", latency.serving.p99_ns, latency.candidate.p99_ns);
    }
}
