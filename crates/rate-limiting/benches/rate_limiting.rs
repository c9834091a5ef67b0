//! Ours, the peer and the floor in one interleaved run.
//!
//! `cargo bench -p ecology-rate-limiting [-- --only NAME] [-- --long]`. Every comparison runs its contenders in turn, A B C A B C, and takes
//! the median of CPU time per round; there are no timings without a peer. Ends with exit code 1 when a target is missed.
#![allow(clippy::print_stdout, reason = "a bench reports on the standard output")]
#![allow(clippy::unwrap_used, reason = "a bench ends when its own numbers are impossible")]
#![allow(missing_docs, unreachable_pub, reason = "a bench is not a library")]

#[path = "support/laws.rs"]
mod laws;
#[path = "support/speed.rs"]
mod speed;
#[path = "support/timing.rs"]
mod timing;
#[path = "support/world.rs"]
mod world;

use std::process::ExitCode;

/// One line of the report.
pub struct Row {
    pub name: &'static str,
    pub ours: String,
    pub peer: String,
    pub value: f64,
    /// The most that `value` may be; the least when negative; nothing when it is only told.
    pub target: Option<f64>,
}

impl Row {
    fn is_met(&self) -> bool {
        match self.target {
            None => true,
            Some(target) if target < 0.0 => self.value >= -target,
            Some(target) => self.value <= target,
        }
    }
}

type Measure = fn(long: bool) -> Vec<Row>;

const MEASURES: &[(&str, Measure)] = &[
    ("idle_key", speed::idle_key), // first: later ones leave memory behind that the allocator gives out again
    ("single", speed::single),
    ("dense_1", speed::dense_1),
    ("dense_10k", speed::dense_10k),
    ("dense_1m", speed::dense_1m),
    ("hashed_10k", speed::hashed_10k),
    ("own_clock", speed::own_clock),
    ("tick", speed::tick),
    ("world", world::world),
    ("violations", laws::violations),
    ("violations_mixed", laws::violations_mixed),
    ("granted", laws::granted),
    ("used_exact", laws::used_exact),
];

fn main() -> ExitCode {
    let mut only = None;
    let mut long = std::env::var_os("ECOLOGY_BENCH_LONG").is_some();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--only" => only = args.next(),
            "--long" => long = true,
            "--bench" => {}
            other => {
                println!("unknown argument {other}; there are --only NAME and --long");
                return ExitCode::from(2);
            }
        }
    }
    let chosen: Vec<_> =
        MEASURES.iter().filter(|(name, _)| only.as_deref().is_none_or(|only| only == *name)).collect();
    if chosen.is_empty() {
        println!(
            "no such measure; there are:{}",
            MEASURES.iter().map(|(name, _)| format!(" {name}")).collect::<String>()
        );
        return ExitCode::from(2);
    }
    let mut rows = Vec::new();
    for (_, measure) in chosen {
        for row in measure(long) {
            let target = match row.target {
                None => "-".to_owned(),
                Some(target) if target < 0.0 => format!(">={}", -target),
                Some(target) => format!("<={target}"),
            };
            println!("RATIO {} {}/{} {:.4} {target}", row.name, row.ours, row.peer, row.value);
            rows.push(row);
        }
    }
    println!("\n{:<34} {:>16} {:>16} {:>9} {:>10}", "comparison", "ours", "peer", "ratio", "target");
    for row in &rows {
        let target = match row.target {
            None => "told".to_owned(),
            Some(target) if target < 0.0 => format!(">= {:.3}", -target),
            Some(target) => format!("<= {target:.3}"),
        };
        let verdict = if row.is_met() { "" } else { "  MISSED" };
        println!(
            "{:<34} {:>16} {:>16} {:>9.4} {:>10}{verdict}",
            row.name, row.ours, row.peer, row.value, target
        );
    }
    if rows.iter().all(Row::is_met) { ExitCode::SUCCESS } else { ExitCode::from(1) }
}
