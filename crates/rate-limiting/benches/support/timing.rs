//! Interleaved rounds, by CPU time of this thread.

use std::hint::black_box;

use crate::Row;

/// Carries out so many decisions; returns something that depends on all of them.
pub type Contender<'a> = (&'static str, Box<dyn FnMut(u64) -> u64 + 'a>);

const ROUNDS: usize = 15;

fn cpu_ns() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    u64::try_from(time.tv_sec).unwrap() * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap()
}

/// Median nanoseconds per decision of each contender.
#[expect(clippy::cast_precision_loss, reason = "nanoseconds of one round")]
pub fn medians(decisions: u64, contenders: &mut [Contender<'_>]) -> Vec<f64> {
    let mut rounds = vec![Vec::new(); contenders.len()];
    for round in 0..=ROUNDS {
        for (times, (_, run)) in rounds.iter_mut().zip(contenders.iter_mut()) {
            let start = cpu_ns();
            black_box(run(decisions));
            // The first round warms up.
            if round > 0 {
                times.push((cpu_ns() - start) as f64 / decisions as f64);
            }
        }
    }
    let median = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    rounds.iter_mut().map(median).collect()
}

/// One row: the first contender against the second; further ones are told against the second.
/// Those with a target run alone with their peer: others would take their place in the cache.
pub fn compare(
    names: &[&'static str],
    decisions: u64,
    target: Option<f64>,
    mut contenders: Vec<Contender<'_>>,
) -> Vec<Row> {
    let medians = medians(decisions, &mut contenders);
    let row = |name: &'static str, at: usize, target: Option<f64>| Row {
        name,
        ours: format!("{:.1}ns:{}", medians[at], contenders[at].0),
        peer: format!("{:.1}ns:{}", medians[1], contenders[1].0),
        value: medians[at] / medians[1],
        target,
    };
    let mut rows = vec![row(names[0], 0, target)];
    rows.extend(names[1..].iter().enumerate().map(|(more, name)| row(name, more + 2, None)));
    rows
}
