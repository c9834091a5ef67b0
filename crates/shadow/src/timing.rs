//! How long both sides take, and whether the candidate stays within its budget.

use crate::{Budget, Histogram, Latency, Quantiles};

/// What was timed so far.
#[derive(Debug, Default)]
pub(crate) struct Timing {
    serving: Histogram,
    candidate: Histogram,
    /// The window that is being filled: nanoseconds of the serving side and of the candidate.
    window: Vec<(u64, u64)>,
}

impl Timing {
    /// Enters one answer of each side. Gives what both took over a window when this answer ends one in which the candidate exceeded the ratio.
    pub(crate) fn enter(
        &mut self,
        serving_ns: u64,
        candidate_ns: u64,
        budget: &Budget,
    ) -> Option<(u64, u64)> {
        self.serving.enter(serving_ns);
        self.candidate.enter(candidate_ns);
        if budget.latency_ratio_max == 0 {
            return None;
        }
        self.window.push((serving_ns, candidate_ns));
        if self.window.len() < Budget::WINDOW_ANSWERS {
            return None;
        }
        let kept = |side: fn(&(u64, u64)) -> u64| {
            let mut took: Vec<u64> = self.window.iter().map(side).collect();
            took.sort_unstable();
            took.truncate(Budget::WINDOW_ANSWERS - Budget::OUTLIERS);
            took.iter().fold(0_u64, |sum, ns| sum.saturating_add(*ns))
        };
        let (serving, candidate) = (kept(|pair| pair.0), kept(|pair| pair.1));
        self.window.clear();
        // A side that the stopwatch cannot see is taken for one nanosecond an answer.
        let least = (Budget::WINDOW_ANSWERS - Budget::OUTLIERS) as u64;
        let bound = u128::from(serving.max(least)) * u128::from(budget.latency_ratio_max);
        (u128::from(candidate) > bound).then_some((serving, candidate))
    }

    pub(crate) fn latency(&self) -> Option<Latency> {
        let quantiles = |side: &Histogram| Quantiles {
            p50_ns: side.percentile(50),
            p99_ns: side.percentile(99),
            max_ns: side.max(),
        };
        (self.serving.count() > 0).then(|| Latency {
            timed: self.serving.count(),
            serving: quantiles(&self.serving),
            candidate: quantiles(&self.candidate),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_interruptions_do_not_break_the_budget_and_a_slow_candidate_does() {
        let budget = Budget { latency_ratio_max: 10, ..Budget::default() };
        let mut timing = Timing::default();
        for n in 0..Budget::WINDOW_ANSWERS {
            let interrupted = n < Budget::OUTLIERS;
            assert_eq!(timing.enter(100, if interrupted { 50_000_000 } else { 1_000 }, &budget), None);
        }
        let mut broken = None;
        for _ in 0..Budget::WINDOW_ANSWERS {
            broken = broken.or(timing.enter(100, 1_001, &budget));
        }
        assert_eq!(broken, Some((6_000, 60_060)));
        assert_eq!(timing.latency().map(|latency| latency.timed), Some(128));
    }
}
